"""Reader and writer of delimited text (RFC 4180) that keeps the position of each value.

The reader of the standard library does not return positions. A quoted value may contain the delimiter, doubled quotes
and line breaks, and blanks may surround its quotes. Malformed text is refused with its line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from .located_value import LineIndex, LocatedValue

DELIMITERS = (",", ";", "\t", "|")
"""The known delimiters, the most usual first."""

Record = tuple[LocatedValue, ...]


class DelimitedTextError(ValueError):
    """The text cannot be read further."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line
        self.message = message


def read_records(text: str, delimiter: str, start: int = 0) -> Iterator[Record]:
    """Yield the values of each record from a position on; a blank line gives one empty value.

    Raises:
        DelimitedTextError: a quoted value does not end, or has text after its closing quote.
    """
    plain, quoted = _patterns(delimiter)
    position, values = start, list[LocatedValue]()
    while position < len(text):
        match = quoted.match(text, position)
        if match:
            values.append(_quoted_value(match))
        else:
            match = plain.match(text, position)
            assert match is not None  # The pattern also matches an empty text.  # noqa: S101
            if match[0].lstrip(" \t").startswith('"'):
                raise _quoting_error(text, delimiter, position)
            values.append(_plain_value(match))
        position = match.end()
        if text.startswith(delimiter, position):
            position += 1
            if position < len(text):
                continue
            values.append(LocatedValue("", position, position))
        yield tuple(values)
        values = []
        position += 2 if text.startswith("\r\n", position) else 1


@cache
def _patterns(delimiter: str) -> tuple[re.Pattern[str], re.Pattern[str]]:
    escaped = re.escape(delimiter)
    blank = "[ ]*" if delimiter == "\t" else "[ \t]*"
    plain = re.compile(rf"[^{escaped}\r\n]*+")
    quoted = re.compile(rf'{blank}("([^"]*+(?:""[^"]*+)*+)"){blank}(?=[{escaped}\r\n]|\Z)')
    return plain, quoted


def _quoted_value(match: re.Match[str]) -> LocatedValue:
    return LocatedValue(match[2].replace('""', '"').strip(), match.start(1), match.end(1), '"')


def _plain_value(match: re.Match[str]) -> LocatedValue:
    text = match[0].strip()
    start = match.start() + len(match[0]) - len(match[0].lstrip())
    return LocatedValue(text, start, start + len(text))


def _quoting_error(text: str, delimiter: str, position: int) -> DelimitedTextError:
    line = LineIndex(text).line_at(position)
    opening = text.index('"', position)
    closed = re.compile(r'"[^"]*+(?:""[^"]*+)*+"').match(text, opening)
    if closed is None:
        return DelimitedTextError(line, "a quote opens a value here and is never closed: close it, or write it twice")
    shown = "a tab" if delimiter == "\t" else f"'{delimiter}'"
    return DelimitedTextError(
        line, f"a value has text after its closing quote: put {shown} behind it, or write each quote within it twice"
    )


def respell(text: str, value: LocatedValue, new: str, delimiter: str) -> str:
    """Return the spelling of a new value that replaces an old one: in quotes if the old one was, or if necessary.

    Args:
        text: The text of the file.
        value: The old value.
        new: The new value, without blanks around it.
        delimiter: The delimiter of the file.
    """
    if value.style:
        inner = text[value.start + 1 : value.end - 1]
        leading = inner[: len(inner) - len(inner.lstrip())]
        trailing = inner[len(inner.rstrip()) :] if inner.strip() else ""
        return '"' + leading + new.replace('"', '""') + trailing + '"'
    if new.startswith('"') or any(character in new for character in (delimiter, "\r", "\n")):
        return '"' + new.replace('"', '""') + '"'
    return new
