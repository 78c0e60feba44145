"""Fast search for any number of known secrets in one pass over a text.

Every fourth window of four bytes is looked up in a table. A spelling of seven bytes or more has such a window wherever
it begins, so the table holds four windows of it that follow each other: those that the fewest other spellings have,
because secrets of one kind begin alike. For shorter spellings every window is looked up. The pass runs in C, without a
pattern that would have to be compiled.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping
from itertools import compress, count
from threading import RLock as _RLock
from typing import Any

from .match import Match

_WIDTH = 4
_SAMPLED = 2 * _WIDTH - 1
"""Least size in bytes of a spelling that always covers one window."""
_FEW = 8
"""Entries of a spelling's first windows up to which no others are tried."""
_TRUNCATION_MARKS = (
    (b".", b"..."), (b"\xa6", b"\xe2\x80\xa6"), (b"\\", b"\\u2026"), (b"&", b"&hellip;"), (b"]", b" chars]"),
    (b"n", b"runcated"), (b"n", b"identical "), (b"+", b"'+"), (b"+", b'"+'),
)  # fmt: skip
"""How a text shows that something was left out. Before each mark is its rarest byte: a single byte is found much
faster."""


class KnownSecrets:
    """The spellings of the known secrets, each with its rule."""

    def __init__(self) -> None:
        self.lock = _RLock()
        """Held while secrets are added: threads of a test may register and redact at the same time."""
        self._rules: dict[bytes, str] = {}
        self._ordered: list[bytes] = []
        """The spellings in the order in which they were added."""
        self._grams: dict[int, list[tuple[bytes, int]]] = {}
        self._gram_set: set[int] = set()
        """The keys of ``_grams``: a set is faster to query than a dict."""
        self._short: dict[int, list[bytes]] = {}
        """Spellings that are too short to be sampled, by their first window."""
        self._short_set: set[int] = set()
        self.truncated: Any = None
        """The search for fragments (``TruncatedSecrets``); made with the first truncated text."""
        self.values: list[tuple[str, str]] = []
        """The secrets themselves, with their rules."""
        self.longest = 0
        """Size of the longest spelling, in bytes."""
        self.fingerprints: set[bytes] = set()
        """Fingerprints, which replace secrets in names. They are no secrets, even beside a secret name."""

    def add(self, spellings: Iterable[bytes], rule: str) -> None:
        """Search for these spellings of at least four bytes from now on. A spelling keeps its first rule."""
        for spelling in spellings:
            if spelling in self._rules:
                continue
            self._rules[spelling] = rule
            self._ordered.append(spelling)
            self.longest = max(self.longest, len(spelling))
            if len(spelling) < _SAMPLED:
                gram = _gram(spelling, 0)
                self._short.setdefault(gram, []).append(spelling)
                self._short_set.add(gram)
                continue
            first = self._rarest_windows(spelling)
            for at in range(first + _WIDTH - 1, first - 1, -1):  # so that the positions of one spelling come in order
                gram = _gram(spelling, at)
                self._grams.setdefault(gram, []).append((spelling, at))
                self._gram_set.add(gram)

    def _rarest_windows(self, spelling: bytes) -> int:
        """Return where the four windows of a spelling begin that have the fewest entries so far."""
        last = len(spelling) - _SAMPLED
        best, entries = 0, self._count_entries(spelling, 0)
        for first in (*range(_WIDTH, last, _WIDTH), last):
            if entries <= _FEW:
                break
            if (count := self._count_entries(spelling, first)) < entries:
                best, entries = first, count
        return best

    def _count_entries(self, spelling: bytes, first: int) -> int:
        return sum(len(self._grams.get(_gram(spelling, at), ())) for at in range(first, first + _WIDTH))

    def __contains__(self, spelling: bytes) -> bool:
        return spelling in self._rules

    def spellings_after(self, count: int) -> Iterator[tuple[bytes, str]]:
        """Yield the spellings with their rules, except the first ``count``."""
        return ((spelling, self._rules[spelling]) for spelling in self._ordered[count:])

    @property
    def sizes(self) -> tuple[int, int]:
        """Number of spellings and of secrets; both only grow."""
        return len(self._ordered), len(self.values)

    def since(self, sizes: tuple[int, int]) -> KnownSecrets:
        """Return only the secrets that were added after these were the sizes."""
        newer = KnownSecrets()
        with self.lock:
            spellings, values = sizes
            for spelling, rule in self.spellings_after(spellings):
                newer.add((spelling,), rule)
            newer.values = self.values[values:]
        return newer

    def find(self, data: bytes) -> Iterator[Match]:
        """Yield the matches, in no order. Overlapping matches of one spelling are merged."""
        ends: dict[bytes, int] = {}
        for begin, spelling in self._find_positions(data, ends):
            size, last = len(spelling), begin
            while (following := data.rfind(spelling, last + 1, last + 2 * size - 1)) >= 0:
                last = following
            ends[spelling] = last + size
            yield Match(begin, last + size, self._rules[spelling], begin)

    def is_truncated(self, data: bytes) -> bool:
        """Return whether a text shows that something was left out, so that it may hold a fragment of a secret."""
        return bool(self._rules) and shows_truncation(data)

    def find_all(self, data: bytes) -> Iterator[Match]:
        """Yield every position of a spelling as a match, in no order."""
        for begin, spelling in self._find_positions(data, {}):
            yield Match(begin, begin + len(spelling), self._rules[spelling], begin)

    def _find_positions(self, data: bytes, ends: Mapping[bytes, int]) -> Iterator[tuple[int, bytes]]:
        """Yield each position with its spelling; those of one spelling are in order.

        ``ends``: by spelling, the end of its last match.
        """
        if self._short_set:
            yield from self._find_short(data, ends)
        if not self._gram_set:
            return
        sampled = memoryview(data)[: len(data) // _WIDTH * _WIDTH].cast("I")
        if self._gram_set.isdisjoint(sampled):
            return
        grams, end_of = self._grams, ends.get
        for index in compress(count(), map(self._gram_set.__contains__, sampled)):
            position = index * _WIDTH
            for spelling, at in grams[sampled[index]]:
                begin = position - at
                if begin >= end_of(spelling, 0) and data.startswith(spelling, begin):
                    yield begin, spelling

    def _find_short(self, data: bytes, ends: Mapping[bytes, int]) -> Iterator[tuple[int, bytes]]:
        """Yield each position of the spellings that are too short to be sampled."""
        begins: list[int] = []
        for shift in range(min(_WIDTH, len(data))):
            sampled = memoryview(data)[shift : shift + (len(data) - shift) // _WIDTH * _WIDTH].cast("I")
            if not self._short_set.isdisjoint(sampled):
                windows = compress(count(), map(self._short_set.__contains__, sampled))
                begins += [index * _WIDTH + shift for index in windows]
        for begin in sorted(begins):
            for spelling in self._short[_gram(data, begin)]:
                if begin >= ends.get(spelling, 0) and data.startswith(spelling, begin):
                    yield begin, spelling


def _gram(data: bytes, at: int) -> int:
    return int.from_bytes(data[at : at + _WIDTH], sys.byteorder)


def shows_truncation(data: bytes) -> bool:
    """Return whether a text shows that something was left out."""
    return any(rare in data and mark in data for rare, mark in _TRUNCATION_MARKS)
