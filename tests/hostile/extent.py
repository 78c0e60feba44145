"""How much of each hostile condition a run tries: a part in CI, and all of it where HOSTILE=all (``nox -s hostile``)."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")
ALL = os.environ.get("HOSTILE") == "all"


def part_of(cases: Sequence[T], number: int) -> list[T]:
    """Return all cases, or so many of them, spread evenly, with the first and the last."""
    if ALL or len(cases) <= number:
        return list(cases)
    return [cases[at * (len(cases) - 1) // (number - 1)] for at in range(number)]


def size(whole: int, part: int) -> int:
    """Return the size of a case, or of the smaller one that stands for it."""
    return whole if ALL else part
