"""Known values, found fast: any number of spellings in one pass over the text.

Four bytes of a text in every four are looked up in a table. A spelling of seven bytes or more holds four such bytes
wherever it begins, so the table has the first four places of each. The pass itself is done in C, without a pattern that
would have to be compiled.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from .finding import Finding

_WIDTH = 4
_SAMPLED = 2 * _WIDTH - 1
"""Bytes that a spelling must have to hold four of every four."""
_SHORTENED = (b"...", b"\xe2\x80\xa6", b"\\u2026", b"&hellip;", b" chars]", b"runcated", b"identical ", b"'+", b'"+')
"""How a text says that something was left out of it."""


class KnownValues:
    """The spellings of secrets, each with the rule that it was learned by."""

    def __init__(self) -> None:
        self._rules: dict[bytes, str] = {}
        self._grams: dict[int, list[tuple[bytes, int]]] = {}
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
            for at in range(_WIDTH):
                gram = int.from_bytes(spelling[at : at + _WIDTH], sys.byteorder)
                self._grams.setdefault(gram, []).append((spelling, at))

    def __contains__(self, spelling: bytes) -> bool:
        return spelling in self._rules

    def since(self, count: int) -> Iterator[tuple[bytes, str]]:
        """Yield the spellings with their rules, but for so many that were learned first."""
        return islice(self._rules.items(), count, None)

    def find(self, data: bytes) -> Iterator[Finding]:
        """Yield the places where a spelling stands, in no order; those of one that overlap are one place."""
        last: dict[bytes, tuple[int, int]] = {}
        for begin, spelling in self._places(data):
            end = begin + len(spelling)
            known = last.get(spelling)
            if known is not None and known[0] <= begin < known[1]:
                if end > known[1]:
                    last[spelling] = (known[0], end)
                continue
            if known is not None:
                yield Finding(*known, self._rules[spelling], known[0])
            last[spelling] = (begin, end)
        for spelling, (begin, end) in last.items():
            yield Finding(begin, end, self._rules[spelling], begin)

    def is_shortened(self, data: bytes) -> bool:
        """Return whether a text says that something was left out of it, which may be a part of a value."""
        return bool(self._rules) and any(said in data for said in _SHORTENED)

    def find_each(self, data: bytes) -> Iterator[Finding]:
        """Yield every place where a spelling stands, in no order."""
        for begin, spelling in self._places(data):
            yield Finding(begin, begin + len(spelling), self._rules[spelling], begin)

    def _places(self, data: bytes) -> Iterator[tuple[int, bytes]]:
        for spelling in self._short:
            at = data.find(spelling)
            while at >= 0:
                yield at, spelling
                at = data.find(spelling, at + 1)
        sampled = memoryview(data)[: len(data) // _WIDTH * _WIDTH].cast("I")
        if self._grams.keys().isdisjoint(sampled):
            return
        grams = self._grams
        for index, gram in enumerate(sampled.tolist()):
            if gram in grams:
                place = index * _WIDTH
                for spelling, at in grams[gram]:
                    begin = place - at
                    if begin >= 0 and data.startswith(spelling, begin):
                        yield begin, spelling
