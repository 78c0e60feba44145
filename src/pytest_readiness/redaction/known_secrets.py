"""Known values, found fast: any number of spellings in one pass over the text.

Four bytes of a text in every four are looked up in a table. A spelling of seven bytes or more holds four such bytes
wherever it begins, so the table has the first four places of each. The pass itself is done in C, without a pattern that
would have to be compiled.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping
from itertools import compress, count, islice
from threading import RLock as _RLock
from typing import Any

from .match import Match

_WIDTH = 4
_SAMPLED = 2 * _WIDTH - 1
"""Bytes that a spelling must have to hold four of every four."""
_SHORTENED = (
    (b".", b"..."), (b"\xa6", b"\xe2\x80\xa6"), (b"\\", b"\\u2026"), (b"&", b"&hellip;"), (b"]", b" chars]"),
    (b"n", b"runcated"), (b"n", b"identical "), (b"+", b"'+"), (b"+", b'"+'),
)  # fmt: skip
"""How a text says that something was left out of it; before each, its rarest byte: one alone is found much faster."""


class KnownValues:
    """The spellings of secrets, each with the rule that it was learned by."""

    def __init__(self) -> None:
        self.lock = _RLock()
        """Held while something is learned: threads of a test tell secrets and texts at once."""
        self._rules: dict[bytes, str] = {}
        self._grams: dict[int, list[tuple[bytes, int]]] = {}
        self._sought: set[int] = set()
        """The same four bytes: a set is asked faster than a table."""
        self._short: list[bytes] = []
        self.pieces: Any = None
        """What looks for parts of them; made with the first text that was shortened."""
        self.values: list[tuple[str, str]] = []
        """The values themselves, with their rules."""
        self.longest = 0
        """Bytes of the longest spelling."""
        self.fingerprints: set[bytes] = set()
        """What stands for a secret where it must not stand itself; no secret, also beside a telling name."""

    def add(self, spellings: Iterable[bytes], rule: str) -> None:
        """Look for these from now on; the first rule of a spelling stays."""
        for spelling in spellings:
            if spelling in self._rules:
                continue
            self._rules[spelling] = rule
            self.longest = max(self.longest, len(spelling))
            if len(spelling) < _SAMPLED:
                self._short.append(spelling)
                continue
            for at in reversed(range(_WIDTH)):  # the places of one spelling come in order
                gram = int.from_bytes(spelling[at : at + _WIDTH], sys.byteorder)
                self._grams.setdefault(gram, []).append((spelling, at))
                self._sought.add(gram)

    def __contains__(self, spelling: bytes) -> bool:
        return spelling in self._rules

    def since(self, count: int) -> Iterator[tuple[bytes, str]]:
        """Yield the spellings with their rules, but for so many that were learned first."""
        return islice(self._rules.items(), count, None)

    def find(self, data: bytes) -> Iterator[Match]:
        """Yield the places where a spelling stands, in no order; those of one that overlap are one place."""
        ended: dict[bytes, int] = {}
        for begin, spelling in self._places(data, ended):
            size, last = len(spelling), begin
            while (further := data.rfind(spelling, last + 1, last + 2 * size - 1)) >= 0:
                last = further
            ended[spelling] = last + size
            yield Match(begin, last + size, self._rules[spelling], begin)

    def is_shortened(self, data: bytes) -> bool:
        """Return whether a text says that something was left out of it, which may be a part of a value."""
        return bool(self._rules) and any(rare in data and said in data for rare, said in _SHORTENED)

    def find_each(self, data: bytes) -> Iterator[Match]:
        """Yield every place where a spelling stands, in no order."""
        for begin, spelling in self._places(data, {}):
            yield Match(begin, begin + len(spelling), self._rules[spelling], begin)

    def _places(self, data: bytes, ended: Mapping[bytes, int]) -> Iterator[tuple[int, bytes]]:
        """Yield where a spelling begins, those of one in order; ``ended``: where what was read of each ends."""
        for spelling in self._short:
            at = data.find(spelling)
            while at >= 0:
                yield at, spelling
                at = data.find(spelling, max(at + 1, ended.get(spelling, 0)))
        if not self._sought:
            return
        sampled = memoryview(data)[: len(data) // _WIDTH * _WIDTH].cast("I")
        if self._sought.isdisjoint(sampled):
            return
        grams, end_of = self._grams, ended.get
        for index in compress(count(), map(self._sought.__contains__, sampled)):
            place = index * _WIDTH
            for spelling, at in grams[sampled[index]]:
                begin = place - at
                if begin >= end_of(spelling, 0) and data.startswith(spelling, begin):
                    yield begin, spelling
