"""Known values, found fast: any number of spellings in one pass over the text.

Four bytes of a text in every four are looked up in a table. A spelling of seven bytes or more holds four such bytes
wherever it begins, so the table has the first four places of each. The pass itself is done in C, without a pattern that
would have to be compiled.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator

from .finding import Finding

_WIDTH = 4
_SAMPLED = 2 * _WIDTH - 1
"""Bytes that a spelling must have to hold four of every four."""


class KnownValues:
    """The spellings of secrets, each with the rule that it was learned by."""

    def __init__(self) -> None:
        self._rules: dict[bytes, str] = {}
        self._grams: dict[int, list[tuple[bytes, int]]] = {}
        self._short: list[bytes] = []
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
            for at in range(_WIDTH):
                gram = int.from_bytes(spelling[at : at + _WIDTH], sys.byteorder)
                self._grams.setdefault(gram, []).append((spelling, at))

    def __contains__(self, spelling: bytes) -> bool:
        return spelling in self._rules

    def find(self, data: bytes) -> Iterator[Finding]:
        """Yield every place where a spelling stands, in no order; places may overlap."""
        for spelling in self._short:
            at = data.find(spelling)
            while at >= 0:
                yield Finding(at, at + len(spelling), self._rules[spelling], at)
                at = data.find(spelling, at + 1)
        sampled = memoryview(data)[: len(data) // _WIDTH * _WIDTH].cast("I")
        if self._grams.keys().isdisjoint(sampled):
            return
        grams = self._grams
        for index, gram in enumerate(sampled.tolist()):
            if gram in grams:
                yield from self._there(data, index * _WIDTH, grams[gram])

    def _there(self, data: bytes, place: int, candidates: list[tuple[bytes, int]]) -> Iterator[Finding]:
        for spelling, at in candidates:
            begin = place - at
            if begin >= 0 and data.startswith(spelling, begin):
                yield Finding(begin, begin + len(spelling), self._rules[spelling], begin)
