"""Pieces of known values: what pytest, unittest and others left of one when they shortened a text before we saw it.

A piece is looked for only in a text that says that something was left out, and only beside the place where it says so.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice, takewhile

from .known_secrets import KnownValues
from .match import Match

SHORTEST_PIECE = 8
"""Bytes of a piece that is looked for."""
_LEFT_OUT = rb"(?:\.\.\.|\xe2\x80\xa6|\\u2026|&hellip;|\[\d+ chars\])"
_FOLLOWS = re.compile(_LEFT_OUT + rb"""|[ ]?\[?(?:\.\.\. ?)?truncated|["']\+\d""")
_PRECEDES = re.compile(_LEFT_OUT + rb"\Z")
_MIDDLE = re.compile(rb"\[\d+ chars\]([^\s'\"\[]{%d,})" % SHORTEST_PIECE)
"""What unittest shows of two texts that differ in their middle."""
_DIFF = re.compile(rb"identical (?:leading|trailing) characters in diff")
_MOST_OF_A_DIFF = 4096
_LINES = 12
_LINE_OF_DIFF = re.compile(rb"^(?:E[ ])?[ ]*[-+] (.{%d,})$" % SHORTEST_PIECE, re.MULTILINE)


def find_truncated(data: bytes, known: KnownValues) -> Iterator[Match]:
    """Yield what is left of known values in a text that was shortened."""
    with known.lock:
        if known.pieces is None:
            known.pieces = TruncatedSecrets(known)
        pieces: TruncatedSecrets = known.pieces
        pieces.learn()
    return pieces.find(data)


class TruncatedSecrets:
    """The beginnings and ends of known values; made when a text is first shortened."""

    def __init__(self, known: KnownValues) -> None:
        self._known = known
        self._count = 0
        self._heads = KnownValues()
        self._tails = KnownValues()
        self._by_head: dict[bytes, list[bytes]] = {}
        self._by_tail: dict[bytes, list[bytes]] = {}
        self._texts = b""
        """All values, to be asked for a part of any."""

    def find(self, data: bytes) -> Iterator[Match]:
        """Yield the pieces of known values that stand beside what was left out."""
        diff = _DIFF.search(data) is not None
        for head in self._heads.find_each(data):
            spelled = self._by_head[data[head.start : head.end]]
            end = max(head.start + _common(data, head.start, one) for one in spelled)
            if _FOLLOWS.match(data, end) or (diff and data[end : end + 1] in (b"", b"\n", b"\r")):
                yield from _piece(head.start, end, head.rule, data)
        for tail in self._tails.find_each(data):
            spelled = self._by_tail[data[tail.start : tail.end]]
            start = min(tail.end - _common_end(data, tail.end, one) for one in spelled)
            before = data[max(start - 16, 0) : start]
            if _PRECEDES.search(before) or (diff and before.endswith((b"- ", b"+ "))):
                yield from _piece(start, tail.end, tail.rule, data)
        for middle in _MIDDLE.finditer(data):
            if middle[1][:SHORTEST_PIECE] in self._texts or middle[1][-SHORTEST_PIECE:] in self._texts:
                yield from _piece(*middle.span(1), "registered", data)
        for skipped in _DIFF.finditer(data):
            yield from self._of_diff(data, skipped.end())

    def learn(self) -> None:
        """Take in what is known since the last time; the lock is held."""
        new = list(self._known.since(self._count))
        if new:
            shown = [text for value, _ in self._known.values for text in (value, repr(value)[1:-1])]
            self._texts = "\n".join(dict.fromkeys(shown)).encode("utf-8", "surrogatepass")
        for spelling, rule in new:
            self._count += 1
            if len(spelling) <= SHORTEST_PIECE:
                continue
            head, tail = spelling[:SHORTEST_PIECE], spelling[-SHORTEST_PIECE:]
            self._by_head.setdefault(head, []).append(spelling)
            self._by_tail.setdefault(tail, []).append(spelling)
            self._heads.add((head,), rule)  # last: another thread may be looking at this moment
            self._tails.add((tail,), rule)

    def _of_diff(self, data: bytes, at: int) -> Iterator[Match]:
        """Of two texts that begin or end alike pytest shows what lies between, and a little more."""
        for line in islice(_LINE_OF_DIFF.finditer(data, at, at + _MOST_OF_A_DIFF), _LINES):
            text = line[1].strip()
            for value, rule in self._known.values:
                shown = (value.encode("utf-8", "surrogatepass"), repr(value).encode("utf-8", "surrogatepass"))
                if len(text) >= SHORTEST_PIECE and any(text in one for one in shown):
                    yield Match(*line.span(1), rule, line.start(1))
                    break


def _piece(start: int, end: int, rule: str, data: bytes) -> Iterator[Match]:
    if not data.endswith(b"://", start, end):  # the beginning of every URL
        yield Match(start, end, rule, start)


def _common(data: bytes, at: int, spelling: bytes) -> int:
    """Return how many bytes of a spelling stand at a place."""
    if data.startswith(spelling, at):
        return len(spelling)
    return sum(1 for _ in takewhile(bool, map(int.__eq__, spelling, data[at : at + len(spelling)])))


def _common_end(data: bytes, end: int, spelling: bytes) -> int:
    """Return how many bytes of the end of a spelling stand before a place."""
    there = data[max(end - len(spelling), 0) : end]
    return sum(1 for _ in takewhile(bool, map(int.__eq__, reversed(spelling), reversed(there))))
