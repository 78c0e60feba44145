"""JSON text of documents, in ASCII and in pieces: a large document is never in memory as a whole."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

import msgspec

from ..facts.ledger.line import escape_surrogates

_AT_ONCE = 16
"""Number of entries of a list that are written at one time."""
_UNSAFE = re.compile(r"[^ -~]")
"""Characters that ``json.dumps`` escapes and msgspec writes as they are: all but printable ASCII."""


def to_json_text(document: Mapping[str, Any]) -> str:
    """Return a document as JSON text with a final newline, as ``json_pieces`` writes it."""
    return "".join(json_pieces(document, {}))


def json_pieces(head: Mapping[str, Any], lists: Mapping[str, Iterable[Any]]) -> Iterator[str]:
    """Yield the JSON text of one object in pieces: the members of ``head``, then the lists with their entries.

    The text has the layout of ``json.dumps(..., indent=2)`` and a final newline. It is ASCII, and every other character
    is escaped, so that a terminal or CI log executes nothing in it. Lone surrogates, which JSON text cannot contain,
    are escaped in the values first.

    Args:
        head: the first members, at least one, of texts, numbers, booleans, null, lists and objects.
        lists: the other members. Each iterable is read once, a few entries at a time.
    """
    yield _formatted(head)[: -len("\n}")]
    for name, entries in lists.items():
        begin = f',\n  "{name}": ['
        remaining = iter(entries)
        yield begin
        separator = ""
        while batch := list(islice(remaining, _AT_ONCE)):
            # The entries are formatted inside a list of a member, so that they get their indent from the formatter.
            yield separator + _formatted({"": batch})[len('{\n  "": [') : -len("\n  ]\n}")]
            separator = ","
        yield "\n  ]" if separator else "]"
    yield "\n}\n"


def to_json_line(value: Any) -> str:
    """Return a value as JSON text in one line without blanks or a line end, escaped as ``json_pieces`` does it."""
    return _encoded(value).decode()


def _formatted(value: Any) -> str:
    return msgspec.json.format(_encoded(value), indent=2).decode()


def _encoded(value: Any) -> bytes:
    try:
        data = msgspec.json.encode(value)
    except UnicodeEncodeError:
        data = msgspec.json.encode(escape_surrogates(value))
    if not data.isascii() or b"\x7f" in data:
        data = _UNSAFE.sub(_escape, data.decode()).encode()
    # `##[name]` anywhere in a line is a command to a CI server. Only JSON strings contain it.
    if b"##" in data:
        data = data.replace(b"##", b"#\\u0023")
    return data


def _escape(match: re.Match[str]) -> str:
    return json.dumps(match[0])[1:-1]
