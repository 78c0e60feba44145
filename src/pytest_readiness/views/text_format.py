"""Words for many things at once: ranges, lists and numbers of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from ..errors import count
from .line_writer import LineWriter

__all__ = ["count", "is_successor", "item_list", "name_list", "name_range", "name_runs"]

_NUMBERED = re.compile(r"(.*?)([0-9]{1,18})", re.DOTALL)
_RANGE = 3
"""Fewer are named one by one."""
_ROOMY = 70
"""Columns from which a range has blanks in it."""


def is_successor(name: str, before: str) -> bool:
    """Return whether ``name`` is numbered directly after ``before``, as UC-005 is after UC-004."""
    one, two = _NUMBERED.fullmatch(before), _NUMBERED.fullmatch(name)
    if one is None or two is None or one[1] != two[1]:
        return False
    return int(two[2]) == int(one[2]) + 1 and two[2] == str(int(two[2])).zfill(len(one[2]))


def name_runs(names: Iterable[str]) -> list[list[str]]:
    """Return the names as runs in which each is numbered directly after the one before."""
    found: list[list[str]] = []
    for name in names:
        if found and is_successor(name, found[-1][-1]):
            found[-1].append(name)
        else:
            found.append([name])
    return found


def name_range(names: Sequence[str], pen: LineWriter) -> str:
    """Return ``UC-001 … UC-032`` for a run of names, or the name of the only one."""
    joint = "…" if pen.unicode else ".."
    if pen.width >= _ROOMY:
        joint = f" {joint} "
    return names[0] if len(names) == 1 else f"{names[0]}{joint}{names[-1]}"


def name_list(names: Sequence[str], pen: LineWriter, most: int = 6) -> str:
    """Return ``UC-001 … UC-030, UC-032``; beyond ``most`` parts, the number of names left out."""
    groups = [
        group for run in name_runs(names) for group in ([run] if len(run) >= _RANGE else [[name] for name in run])
    ]
    shown = groups[:most]
    left = sum(len(group) for group in groups[most:])
    text = ", ".join(name_range(group, pen) for group in shown)
    return f"{text} and {left} more" if left else text


def item_list(keys: Sequence[str]) -> str:
    """Return ``item 4``, ``items 1-7`` or ``items 1, 4-7``."""
    groups = [group for run in name_runs(keys) for group in ([run] if len(run) >= _RANGE else [[key] for key in run])]
    texts = [group[0] if len(group) == 1 else f"{group[0]}-{group[-1]}" for group in groups]
    return f"{'item' if len(keys) == 1 else 'items'} {', '.join(texts)}"
