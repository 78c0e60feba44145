"""Parts of JSON text, for documents whose long lists are not at their top."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from ..json_text import to_json_line


def array(values: Iterable[Any]) -> Iterator[str]:
    """Yield a JSON array in pieces, one value a line."""
    opening = "[\n"
    for value in values:
        yield f"{opening}{to_json_line(value)}"
        opening = ",\n"
    yield "[]" if opening == "[\n" else "\n]"


def members(fields: Iterable[tuple[str, Any]]) -> str:
    """Return the fields of an object as text, without its braces, one a line."""
    return ",\n".join(f"{to_json_line(name)}:{to_json_line(value)}" for name, value in fields)
