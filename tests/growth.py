"""How work grows with what it is given, told by calls and not by time: the same on every machine, however busy."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any


def calls(act: Callable[[], Any]) -> int:
    """Return how many functions are called while something is done, those of C included."""
    count = 0

    def seen(_: FrameType, event: str, __: Any) -> None:
        nonlocal count
        if event in ("call", "c_call"):
            count += 1

    before = sys.getprofile()
    sys.setprofile(seen)
    try:
        act()
    finally:
        sys.setprofile(before)
    return count


def assert_linear(few: Callable[[], Any], many: Callable[[], Any], *, times: int) -> None:
    """Assert that so many times as much is no more than that many times the work, and half of that."""
    few()  # what is loaded or remembered once is not what grows
    assert calls(many) < 1.5 * times * calls(few)


def assert_steady(made: Callable[[int], Callable[[], Any]], few: int) -> None:
    """Assert that what is added costs no more than what was there, whatever it costs to do so little as nothing.

    ``made``: what makes ready for so many, and returns what is to be counted.
    """
    made(few)()  # what is loaded or remembered once is not what grows
    # The least of two: what was remembered may be forgotten in between, such as a pattern.
    one, two, four = (min(calls(made(times * few)) for _ in range(2)) for times in (1, 2, 4))
    assert four - two < 1.1 * 2 * (two - one) + _CHANCE, (one, two, four)


_CHANCE = 15_000
"""Calls that differ from time to time."""
