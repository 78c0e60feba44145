"""A text that repeats itself is looked at a few times, and what is found there is told of each time.

A program in a loop prints the same line ten thousand times, and all names in it are the same. In a stretch in which
each byte equals the one so and so many bytes before it, a name finds what the same name found one turn earlier. For the
rules read no further than some hundred bytes, or to the first byte of a kind, which each turn has or none has. What
they carry from name to name is where the last value ended, and whether the quotes before are paired, which every second
turn agrees on. So the turns from one such state to the next are looked at, and those that follow are copies of them.
About both ends of the stretch, where something else is within reach, all is looked at.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain, repeat
from typing import NamedTuple

from .match import Match, finding

EACH = 64
"""Names that are looked at until it is asked again whether the text repeats itself."""
_SAMPLE = 64
_LONGEST = 4096
"""Bytes of a turn."""
_BEFORE = 1280
"""Bytes before a name that its rules may read."""
_BEYOND = 4096
"""Bytes after a name that its rules may read, but for those that look for the first byte of a kind."""
_MOST_STATES = 1024
_CLOSED = -128
"""How far the last value ended before a name that has nothing to do with it."""


class Skip(NamedTuple):
    """Where to go on after what is a copy."""

    name: int
    """Which one is the next."""
    by: int
    """How many bytes further it stands."""


class RepeatTracker:
    """Follows the names of a text, and knows where it repeats itself."""

    def __init__(self, data: bytes, names: list[tuple[int, int]], every: list[Match]) -> None:
        """Begin with the first name; ``every``: what was found, and is found from now on."""
        self._data = data
        self._names = names
        self._every = every
        self._looked = 0
        self._stretch: _Stretch | None = None

    def pass_over(self, index: int, done: int) -> Skip | None:
        """Return where to go on if a name is where one was before it; what is passed over is found.

        Args:
            index: which name is looked at next.
            done: where the last value ends.
        """
        self._looked += 1
        if self._stretch is None:
            if self._looked % EACH == 0:
                self._stretch = _stretch(self._data, self._names[index][0])
            return None
        at = self._names[index][0]
        if at >= self._stretch.end:
            self._stretch = None
            return None
        before = self._stretch.seen(at, done, (index, at, len(self._every)))
        return None if before is None else self._jump(index, before)

    def _jump(self, index: int, before: tuple[int, int, int]) -> Skip | None:
        """Take in the copies of what was found since a name that stood where this one does."""
        assert self._stretch is not None  # noqa: S101 - asked above
        first, begun, found = before
        at, end = self._names[index]
        by = at - begun
        times = (self._stretch.last - at) // by
        self._stretch = None
        onward, further = index + times * (index - first), times * by
        if times < 1 or self._names[onward : onward + 1] != [(at + further, end + further)]:
            return None
        self._every += _copies(self._every[found:], by, times)
        return Skip(onward, further)


class _Stretch:
    """A part of a text that repeats itself."""

    def __init__(self, turn: int, since: int, end: int) -> None:
        self.end = end
        """Where it ends, or a little before."""
        self.last = end - _BEYOND - 2 * turn
        """Where the last name may stand that is a copy of one before."""
        self._turn = turn
        self._since = since
        self._states: dict[tuple[int, int], tuple[int, int, int]] = {}

    def seen(self, at: int, done: int, place: tuple[int, int, int]) -> tuple[int, int, int] | None:
        """Return the place of a name that stood where this one does; None: there is none yet."""
        if at < self._since:
            return None
        state = at % (2 * self._turn), max(done - at, _CLOSED)
        before = self._states.get(state)
        if before is None and len(self._states) < _MOST_STATES:
            self._states[state] = place
        return before


def _stretch(data: bytes, at: int) -> _Stretch | None:
    """Return what begins at a place and repeats itself, if it is long enough."""
    following = data.find(data[at : at + _SAMPLE], at + 1, at + _LONGEST + _SAMPLE)
    if following < 0:
        return None
    turn = following - at
    end = _end(data, at, turn)
    since = at if at >= _BEFORE and _is_equal(data, at - _BEFORE, at, turn) else at + _BEFORE
    return None if end - since < _BEYOND + 6 * turn else _Stretch(turn, since, end)


def _is_equal(data: bytes, begin: int, end: int, turn: int) -> bool:
    return data[begin:end] == data[begin + turn : end + turn]


def _end(data: bytes, at: int, turn: int) -> int:
    """Return where a stretch ends, or a little before."""
    end, step = at, _BEYOND
    while step >= _SAMPLE:
        if end + step + turn <= len(data) and _is_equal(data, end, end + step, turn):
            end += step
            step *= 2
        else:
            step //= 2
    return end + turn


def _copies(found: Sequence[Match], by: int, times: int) -> Iterator[Match]:
    """Yield what is found so many times more, each time so many bytes further."""
    each = []
    for start, end, rule, since, quote in found:
        starts, ends, sinces = (range(at + by, at + times * by + 1, by) for at in (start, end, since))
        each.append(map(finding, zip(starts, ends, repeat(rule), sinces, repeat(quote), strict=False)))
    yield from chain.from_iterable(zip(*each, strict=True))
