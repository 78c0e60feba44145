"""Text whose values are parted by a sign, as RFC 4180 has it for commas: where each value stands, and how to write it.

The reader of the standard library does not tell where a value stands. A quoted value may hold the sign, quotes written
twice and line ends; blanks may stand before and after its quotes. What is no such text is refused with its line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from .located_value import LineIndex, LocatedValue

DELIMITERS = (",", ";", "\t", "|")
"""What values are parted by, most usual first."""

Record = tuple[LocatedValue, ...]


class DelimitedTextError(ValueError):
    """The text cannot be read further."""

    def __init__(self, line: int, what: str) -> None:
        super().__init__(what)
        self.line = line
        self.what = what


def read_records(text: str, sign: str, start: int = 0) -> Iterator[Record]:
    """Yield the values of each record from a position on, blank lines too: these have one value, which is empty.

    Raises:
        SeparatedError: a quoted value does not end, or goes on after its quote.
    """
    plain, quoted = _patterns(sign)
    at, values = start, list[LocatedValue]()
    while at < len(text):
        found = quoted.match(text, at)
        if found:
            values.append(_quoted(found))
        else:
            found = plain.match(text, at)
            assert found is not None  # it matches anything  # noqa: S101
            if found[0].lstrip(" \t").startswith('"'):
                raise _broken(text, sign, at)
            values.append(_plain(found))
        at = found.end()
        if text.startswith(sign, at):
            at += 1
            if at < len(text):
                continue
            values.append(LocatedValue("", at, at))
        yield tuple(values)
        values = []
        at += 2 if text.startswith("\r\n", at) else 1


@cache
def _patterns(sign: str) -> tuple[re.Pattern[str], re.Pattern[str]]:
    part = re.escape(sign)
    blank = "[ ]*" if sign == "\t" else "[ \t]*"
    plain = re.compile(rf"[^{part}\r\n]*+")
    quoted = re.compile(rf'{blank}("([^"]*+(?:""[^"]*+)*+)"){blank}(?=[{part}\r\n]|\Z)')
    return plain, quoted


def _quoted(found: re.Match[str]) -> LocatedValue:
    return LocatedValue(found[2].replace('""', '"').strip(), found.start(1), found.end(1), '"')


def _plain(found: re.Match[str]) -> LocatedValue:
    told = found[0].strip()
    start = found.start() + len(found[0]) - len(found[0].lstrip())
    return LocatedValue(told, start, start + len(told))


def _broken(text: str, sign: str, at: int) -> DelimitedTextError:
    line = LineIndex(text).at(at)
    opened = text.index('"', at)
    closed = re.compile(r'"[^"]*+(?:""[^"]*+)*+"').match(text, opened)
    if closed is None:
        return DelimitedTextError(
            line, "a quote opens a value here and no other closes it: close it, or write it twice"
        )
    shown = "a tab" if sign == "\t" else f"'{sign}'"
    return DelimitedTextError(
        line, f"a value goes on after its closing quote: put {shown} behind it, or write each quote within it twice"
    )


def respell(text: str, value: LocatedValue, new: str, sign: str) -> str:
    """Return how a new value is written in place of an old one: in quotes where that was, or where it must be.

    Args:
        text: that the value stands in.
        value: to be replaced.
        new: without blanks around it.
        sign: what values are parted by.
    """
    if value.style:
        inner = text[value.start + 1 : value.end - 1]
        lead = inner[: len(inner) - len(inner.lstrip())]
        trail = inner[len(inner.rstrip()) :] if inner.strip() else ""
        return '"' + lead + new.replace('"', '""') + trail + '"'
    if new.startswith('"') or any(one in new for one in (sign, "\r", "\n")):
        return '"' + new.replace('"', '""') + '"'
    return new
