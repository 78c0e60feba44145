"""The name of the mark, and whether a test carries it: all that a session without evidence needs to know of us."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

NAME = "evidence"
DESCRIPTION = (
    "evidence(*use_cases, item, environment=None, provider_mode=None, part=None, replay_mode=None): "
    "this test is evidence for these items of these use cases"
)

CASES = pytest.StashKey[dict[str, int]]()
"""Of a session, by node id: how many cases each parametrised function has, whichever of them are asked for."""


def cases_of(item: Any) -> int | None:
    """Return how many cases the function of a parametrised test has; None: not known."""
    parent, config = getattr(item, "parent", None), getattr(item, "config", None)
    if parent is None or config is None:
        return None
    known: dict[str, int] = config.stash.get(CASES, {})
    return known.get(f"{parent.nodeid}::{getattr(item, 'originalname', '')}")


def is_tagged(item: pytest.Item) -> bool:
    """Return whether a test carries an evidence mark, wherever it was put."""
    return item.get_closest_marker(NAME) is not None


def late_note(tests: Sequence[str]) -> str:
    """Return what is to be said of tests that were marked while they ran."""
    names = ", ".join([*tests[:3], *(["…"] if len(tests) > 3 else [])])  # noqa: PLR2004
    if len(tests) == 1:
        return f"1 test was marked as evidence while it ran ({names}), which records nothing: mark it at collection"
    told = f"{len(tests)} tests were marked as evidence while they ran ({names}), which records nothing"
    return f"{told}: mark them at collection"
