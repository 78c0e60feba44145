"""A text as it is read from left to right: its lines, its quotes, and where what was asked for comes next.

Places are asked for in their order. What was read once to no avail is remembered, so that no text takes longer than its
length: a quote that is not closed, or a byte that does not come, is looked for once.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

_CLOSED: Mapping[bytes, re.Pattern[bytes]] = {
    quote: re.compile(rb"[^%b\\\n]*+(?:\\.[^%b\\\n]*+)*+%b" % (quote, quote, quote)) for quote in (b'"', b"'")
}
"""A quoted value after its opening quote, where none of its quotes is escaped but those within."""
_QUOTES = re.compile(rb"""(\\{0,16})(["'])""")


class TextLines:
    """The lines of a text."""

    def __init__(self, data: bytes, *, goes_on: bool = False) -> None:
        """Begin at the first line; ``goes_on``: more follows that is looked at later."""
        self._data = data
        self._goes_on = goes_on
        self._at = 0
        self._line = 0
        self._json = (-1, False)
        self._quotes = (0, 0)
        self._next: dict[bytes, int] = {}
        self._unclosed: dict[tuple[bytes, int], int] = {}
        self._ends: dict[object, tuple[int, int]] = {}

    def begin(self, at: int) -> int:
        """Return where the line of a place begins."""
        if at > self._at:
            newline = self._data.rfind(b"\n", self._at, at)
            if newline >= 0:
                self._line = newline + 1
            self._at = at
        return self._line

    def in_json(self, at: int) -> bool:
        """Return whether the line begins as JSON does."""
        line = self.begin(at)
        if self._json[0] != line:
            self._json = line, self._data[line : line + 64].lstrip()[:1] in (b"{", b"[", b'"')
        return self._json[1]

    def in_a_text(self, at: int) -> bool:
        """Return whether an odd number of quotes stands before, in the line."""
        line = self.begin(at)
        read, quotes = self._quotes if self._quotes[0] >= line else (line, 0)
        passed = self._data[read:at].replace(b"\\\\", b"")
        quotes += passed.count(b'"') - passed.count(b'\\"')
        self._quotes = max(at, read), quotes
        return quotes % 2 == 1

    def find(self, what: bytes, at: int) -> int:
        """Return where this stands next, at a place or after it; the length of the text if it does not."""
        known = self._next.get(what, -1)
        if known < at:
            known = self._data.find(what, at)
            self._next[what] = known = len(self._data) if known < 0 else known
        return known

    def run(self, pattern: re.Pattern[bytes], at: int) -> int:
        """Return where a run of such bytes ends that goes on at a place; a run is read once."""
        begun, ended = self._ends.get(pattern, (0, -1))
        if not begun <= at <= ended:
            found = pattern.match(self._data, at)
            ended = at if found is None else found.end()
            self._ends[pattern] = (at, ended)
        return ended

    def closing(self, opening: re.Match[bytes]) -> int:
        r"""Return where a quoted value ends: at the quote that is escaped as often as the one that opened it. Else -1.

        In JSON inside of JSON a value stands between ``\"``, and a quote in it is ``\\\"``. ``opening`` has two groups:
        backslashes, and the quote.
        """
        level, quote, start = len(opening[1]), opening[2], opening.end()
        if start < self._unclosed.get((quote, level), -1):
            return -1
        if level == 0 and quote in _CLOSED:
            found = _CLOSED[quote].match(self._data, start)
            close = -1 if found is None else found.end() - 1
        else:
            close = self._escaped(quote, level, start)
        if close >= 0:
            return close
        limit = self.find(b"\n", start)
        if self._goes_on and limit == len(self._data):
            return limit
        self._unclosed[quote, level] = limit
        return -1

    def _escaped(self, quote: bytes, level: int, start: int) -> int:
        limit = self.find(b"\n", start)
        if len(quote) > 1:  # an entity of XML
            return self._data.find(quote, start, limit)
        for found in _QUOTES.finditer(self._data, start, limit):
            backslashes = len(found[1])
            if found[2] == quote and backslashes >= level and (backslashes - level) % (2 * (level + 1)) == 0:
                return found.end() - 1 - level
        return -1
