"""Shortcut for repetitive texts: matches of a few periods are copied to all others.

A program in a loop prints the same line ten thousand times, with the same names in it. In a range in which each byte
equals the one a period before it, a name gives the same match as the same name one period earlier. For the rules read
at most some hundred bytes, or to the next byte of a kind, which every period has or none has.

Two states carry over from name to name: where the last value ended, and whether the quotes before are paired. The
second one repeats after two periods. So the periods between two equal states are scanned, and those that follow are
copies of them. Near both ends of the range, where other text is within reach of the rules, every name is scanned.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain, repeat
from typing import NamedTuple

from .match import Match, make_match

NAMES_BETWEEN_TESTS = 64
"""Number of names after which the text is tested for repetition again."""
_SAMPLE = 64
_LONGEST = 4096
"""Longest period, in bytes."""
_BEFORE = 1280
"""Bytes before a name that its rules may read."""
_AFTER = 4096
"""Bytes after a name that its rules may read, except those that search for the next byte of a kind."""
_MAX_STATES = 1024
_NO_EFFECT = -128
"""Stands for every distance at which the last value has no effect on a name."""


class Skip(NamedTuple):
    """Where to continue after copied matches."""

    next_index: int
    """Index of the next name."""
    distance: int
    """Distance to the next name, in bytes."""


class RepeatTracker:
    """The names of a text while they are scanned, to find ranges that repeat."""

    def __init__(self, data: bytes, names: list[tuple[int, int]], matches: list[Match]) -> None:
        """Begin with the first name. ``matches``: all matches so far; the caller and this object append to it."""
        self._data = data
        self._names = names
        self._matches = matches
        self._count = 0
        self._range: _RepeatedRange | None = None

    def skip_copies(self, index: int, value_end: int) -> Skip | None:
        """Return where to continue if a name is in the state of an earlier one. The matches in between are added.

        Args:
            index: Index of the next name.
            value_end: End of the last value.
        """
        self._count += 1
        if self._range is None:
            if self._count % NAMES_BETWEEN_TESTS == 0:
                self._range = _find_range(self._data, self._names[index][0])
            return None
        at = self._names[index][0]
        if at >= self._range.end:
            self._range = None
            return None
        earlier = self._range.find_equal_state(at, value_end, (index, at, len(self._matches)))
        return None if earlier is None else self._add_copies(index, earlier)

    def _add_copies(self, index: int, earlier: tuple[int, int, int]) -> Skip | None:
        """Add the copies of all matches since ``earlier``, a name in the same state."""
        assert self._range is not None  # noqa: S101 - tested by the caller
        first, begin, match_count = earlier
        at, end = self._names[index]
        distance = at - begin
        times = (self._range.last_name - at) // distance
        self._range = None
        next_index, further = index + times * (index - first), times * distance
        if times < 1 or self._names[next_index : next_index + 1] != [(at + further, end + further)]:
            return None
        self._matches += _copy_matches(self._matches[match_count:], distance, times)
        return Skip(next_index, further)


class _RepeatedRange:
    """A range of a text that repeats with a fixed period."""

    def __init__(self, period: int, begin: int, end: int) -> None:
        self.end = end
        """End of the range, or a little before."""
        self.last_name = end - _AFTER - 2 * period
        """Last position of a name whose match may be a copy."""
        self._period = period
        self._begin = begin
        self._states: dict[tuple[int, int], tuple[int, int, int]] = {}

    def find_equal_state(self, at: int, value_end: int, current: tuple[int, int, int]) -> tuple[int, int, int] | None:
        """Return the position of an earlier name in the same state, or None, and remember this one."""
        if at < self._begin:
            return None
        state = at % (2 * self._period), max(value_end - at, _NO_EFFECT)
        earlier = self._states.get(state)
        if earlier is None and len(self._states) < _MAX_STATES:
            self._states[state] = current
        return earlier


def _find_range(data: bytes, at: int) -> _RepeatedRange | None:
    """Return the repeating range that begins at a position, if it is long enough."""
    following = data.find(data[at : at + _SAMPLE], at + 1, at + _LONGEST + _SAMPLE)
    if following < 0:
        return None
    period = following - at
    end = _range_end(data, at, period)
    begin = at if at >= _BEFORE and _is_equal(data, at - _BEFORE, at, period) else at + _BEFORE
    return None if end - begin < _AFTER + 6 * period else _RepeatedRange(period, begin, end)


def _is_equal(data: bytes, begin: int, end: int, period: int) -> bool:
    return data[begin:end] == data[begin + period : end + period]


def _range_end(data: bytes, at: int, period: int) -> int:
    """Return the end of a repeating range, or a little before."""
    end, step = at, _AFTER
    while step >= _SAMPLE:
        if end + step + period <= len(data) and _is_equal(data, end, end + step, period):
            end += step
            step *= 2
        else:
            step //= 2
    return end + period


def _copy_matches(matches: Sequence[Match], distance: int, times: int) -> Iterator[Match]:
    """Yield the matches ``times`` times more, each time ``distance`` bytes further."""
    columns = []
    for start, end, rule, context_start, quote in matches:
        starts, ends, context_starts = (
            range(at + distance, at + times * distance + 1, distance) for at in (start, end, context_start)
        )
        columns.append(map(make_match, zip(starts, ends, repeat(rule), context_starts, repeat(quote), strict=False)))
    yield from chain.from_iterable(zip(*columns, strict=True))
