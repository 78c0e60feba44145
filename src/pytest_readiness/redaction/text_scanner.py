"""Scanner for the lines and quotes of a text, from left to right.

Positions are queried in order. A search without a result is remembered, so that the time is linear in the size of a
text: an unclosed quote, or a byte that does not follow, is searched for once.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from ..late_pattern import late_pattern

_REST_OF_QUOTED: Mapping[bytes, re.Pattern[bytes]] = {
    quote: late_pattern(rb"[^%b\\\n]*+(?:\\.[^%b\\\n]*+)*+%b" % (quote, quote, quote)) for quote in (b'"', b"'")
}
"""The rest of a quoted value after its opening quote, for quotes that are not escaped."""
_QUOTES = late_pattern(rb"""(\\{0,16})(["'])""")


class TextLines:
    """The lines of a text, and the quotes in them."""

    def __init__(self, data: bytes, *, has_more: bool = False) -> None:
        """Begin at the first line. ``has_more``: the text continues after this part."""
        self._data = data
        self._has_more = has_more
        self._position = 0
        self._line_start = 0
        self._json = (-1, False)
        self._quotes = (0, 0)
        self._next_positions: dict[bytes, int] = {}
        self._unclosed: dict[tuple[bytes, int], int] = {}
        self._ends: dict[object, tuple[int, int]] = {}

    def line_start(self, at: int) -> int:
        """Return the start of the line at a position."""
        if at > self._position:
            newline = self._data.rfind(b"\n", self._position, at)
            if newline >= 0:
                self._line_start = newline + 1
            self._position = at
        return self._line_start

    def is_json(self, at: int) -> bool:
        """Return whether the line at a position begins like JSON."""
        line = self.line_start(at)
        if self._json[0] != line:
            self._json = line, self._data[line : line + 64].lstrip()[:1] in (b"{", b"[", b'"')
        return self._json[1]

    def is_in_string(self, at: int) -> bool:
        """Return whether the line has an odd number of double quotes before a position."""
        line = self.line_start(at)
        read, quotes = self._quotes if self._quotes[0] >= line else (line, 0)
        between = self._data[read:at].replace(b"\\\\", b"")
        quotes += between.count(b'"') - between.count(b'\\"')
        self._quotes = max(at, read), quotes
        return quotes % 2 == 1

    def find(self, text: bytes, at: int) -> int:
        """Return the next position of a text, or the size of the whole if there is none."""
        position = self._next_positions.get(text, -1)
        if position < at:
            position = self._data.find(text, at)
            self._next_positions[text] = position = len(self._data) if position < 0 else position
        return position

    def run_end(self, pattern: re.Pattern[bytes], at: int) -> int:
        """Return the end of a run of matching bytes that includes a position. A run is read once."""
        begin, end = self._ends.get(pattern, (0, -1))
        if not begin <= at <= end:
            match = pattern.match(self._data, at)
            end = at if match is None else match.end()
            self._ends[pattern] = (at, end)
        return end

    def closing_quote(self, opening: re.Match[bytes]) -> int:
        r"""Return the position of the closing quote: it is escaped as often as the opening one. -1: there is none.

        In JSON inside of JSON a value has the quotes ``\"``, and a quote in it is ``\\\"``. ``opening`` has two groups:
        backslashes, and the quote.
        """
        level, quote, start = len(opening[1]), opening[2], opening.end()
        if start < self._unclosed.get((quote, level), -1):
            return -1
        if level == 0 and quote in _REST_OF_QUOTED:
            match = _REST_OF_QUOTED[quote].match(self._data, start)
            close = -1 if match is None else match.end() - 1
        else:
            close = self._escaped_quote(quote, level, start)
        if close >= 0:
            return close
        limit = self.find(b"\n", start)
        if self._has_more and limit == len(self._data):
            return limit
        self._unclosed[quote, level] = limit
        return -1

    def _escaped_quote(self, quote: bytes, level: int, start: int) -> int:
        limit = self.find(b"\n", start)
        if len(quote) > 1:  # an entity of XML
            return self._data.find(quote, start, limit)
        for match in _QUOTES.finditer(self._data, start, limit):
            backslashes = len(match[1])
            if match[2] == quote and backslashes >= level and (backslashes - level) % (2 * (level + 1)) == 0:
                return match.end() - 1 - level
        return -1
