"""Search for fragments of known secrets in texts that pytest, unittest or others shortened.

A fragment is searched for only if the text shows that something was left out, and only beside that mark.
"""

from __future__ import annotations

import re
from bisect import bisect, insort
from collections.abc import Iterator, Sequence
from itertools import islice, takewhile

from ..late_pattern import late_pattern
from .known_secrets import KnownSecrets
from .match import Match

SHORTEST_FRAGMENT = 8
"""Least size of a fragment, in bytes."""
_LEFT_OUT = rb"(?:\.\.\.|\xe2\x80\xa6|\\u2026|&hellip;|\[\d+ chars\])"
_FOLLOWS = late_pattern(_LEFT_OUT + rb"""|[ ]?\[?(?:\.\.\. ?)?truncated|["']\+\d""")
_PRECEDES = late_pattern(_LEFT_OUT + rb"\Z")
_MIDDLE = late_pattern(rb"\[\d+ chars\]([^\s'\"\[]{%d,})" % SHORTEST_FRAGMENT)
"""How unittest shows two texts that differ in their middle."""
_DIFF = late_pattern(rb"identical (?:leading|trailing) characters in diff")
_MOST_OF_A_DIFF = 4096
_LINES = 12
_LINE_OF_DIFF = late_pattern(rb"^(?:E[ ])?[ ]*[-+] (.{%d,})$" % SHORTEST_FRAGMENT, re.MULTILINE)


def find_truncated(data: bytes, secrets: KnownSecrets) -> Iterator[Match]:
    """Yield the fragments of known secrets in a truncated text."""
    with secrets.lock:
        if secrets.truncated is None:
            secrets.truncated = TruncatedSecrets(secrets)
        truncated: TruncatedSecrets = secrets.truncated
        truncated.update()
    return truncated.find(data)


class TruncatedSecrets:
    """The beginnings and ends of the known secrets."""

    def __init__(self, secrets: KnownSecrets) -> None:
        self._secrets = secrets
        self._count = 0
        self._heads = KnownSecrets()
        self._tails = KnownSecrets()
        self._by_head: dict[bytes, list[bytes]] = {}
        """The spellings by their beginnings, in order."""
        self._by_tail: dict[bytes, list[bytes]] = {}
        """The spellings from their last byte to their first one, by their ends, in order."""
        self._texts = b""
        """All secrets, also as Python shows them, one per line, to test for a part of any of them."""
        self._values = 0
        """Number of secrets in it."""

    def find(self, data: bytes) -> Iterator[Match]:
        """Yield the fragments beside a mark that something was left out."""
        is_diff = _DIFF.search(data) is not None
        for head in self._heads.find_all(data):
            following = data[head.start : head.start + self._secrets.longest]
            end = head.start + _longest_common(following, self._by_head[data[head.start : head.end]])
            if _FOLLOWS.match(data, end) or (is_diff and data[end : end + 1] in (b"", b"\n", b"\r")):
                yield from _fragment(head.start, end, head.rule, data)
        for tail in self._tails.find_all(data):
            before = data[max(tail.end - self._secrets.longest, 0) : tail.end][::-1]
            start = tail.end - _longest_common(before, self._by_tail[data[tail.start : tail.end]])
            before = data[max(start - 16, 0) : start]
            if _PRECEDES.search(before) or (is_diff and before.endswith((b"- ", b"+ "))):
                yield from _fragment(start, tail.end, tail.rule, data)
        for middle in _MIDDLE.finditer(data):
            if middle[1][:SHORTEST_FRAGMENT] in self._texts or middle[1][-SHORTEST_FRAGMENT:] in self._texts:
                yield from _fragment(*middle.span(1), "registered", data)
        for mark in _DIFF.finditer(data):
            yield from self._find_in_diff(data, mark.end())

    def update(self) -> None:
        """Add the spellings that are new since the last call. The caller holds the lock."""
        if values := self._secrets.values[self._values :]:
            self._values += len(values)
            texts = "".join(f"{text}\n" for value, _ in values for text in (value, repr(value)))
            self._texts += texts.encode("utf-8", "surrogatepass")
        for spelling, rule in self._secrets.spellings_after(self._count):
            self._count += 1
            if len(spelling) <= SHORTEST_FRAGMENT:
                continue
            head, tail = spelling[:SHORTEST_FRAGMENT], spelling[-SHORTEST_FRAGMENT:]
            insort(self._by_head.setdefault(head, []), spelling)
            insort(self._by_tail.setdefault(tail, []), spelling[::-1])
            self._heads.add((head,), rule)  # last: another thread may search at this moment
            self._tails.add((tail,), rule)

    def _find_in_diff(self, data: bytes, at: int) -> Iterator[Match]:
        """Yield the fragments in a diff of pytest, which leaves out equal beginnings and ends of two texts."""
        for line in islice(_LINE_OF_DIFF.finditer(data, at, at + _MOST_OF_A_DIFF), _LINES):
            text = line[1].strip()
            if len(text) < SHORTEST_FRAGMENT or text not in self._texts:
                continue
            for value, rule in self._secrets.values:
                encodings = (value.encode("utf-8", "surrogatepass"), repr(value).encode("utf-8", "surrogatepass"))
                if any(text in encoding for encoding in encodings):
                    yield Match(*line.span(1), rule, line.start(1))
                    break


def _fragment(start: int, end: int, rule: str, data: bytes) -> Iterator[Match]:
    if not data.endswith(b"://", start, end):  # the beginning of every URL
        yield Match(start, end, rule, start)


def _longest_common(text: bytes, ordered: Sequence[bytes]) -> int:
    """Return the length of the longest beginning that a text shares with one of the spellings.

    In their order, that spelling is beside the place of the text.
    """
    place = bisect(ordered, text)
    return max(_common_prefix(text, spelling) for spelling in ordered[max(place - 1, 0) : place + 1])


def _common_prefix(text: bytes, spelling: bytes) -> int:
    if text.startswith(spelling):
        return len(spelling)
    return sum(1 for _ in takewhile(bool, map(int.__eq__, spelling, text)))
