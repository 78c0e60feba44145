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
