"""JSON text in pieces: harmless in a terminal and a CI log, and never whole in memory."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from ...facts.ledger.line import escape_surrogates


def to_json_line(value: Any) -> str:
    """Return a value as one line of ASCII JSON, without a line end. Equal values give equal bytes.

    Other characters are escaped, lone surrogates too, so that no reader refuses the text.
    """
    text = json.dumps(escape_surrogates(value), ensure_ascii=True, allow_nan=False, separators=(", ", ": "))
    # `##[name]` anywhere in a line is a command to a CI server. Only JSON strings contain it.
    return text.replace("##", "#\\u0023")


def array(values: Iterable[Any]) -> Iterator[str]:
    """Yield a JSON array in pieces, one value a line."""
    opening = "[\n"
    for value in values:
        yield f"{opening}{to_json_line(value)}"
        opening = ",\n"
    yield "[]" if opening == "[\n" else "\n]"


def members(fields: Iterable[tuple[str, Any]]) -> str:
    """Return the fields of an object as text, without its braces."""
    return ",\n".join(f"{to_json_line(name)}: {to_json_line(value)}" for name, value in fields)
