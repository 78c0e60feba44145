"""The name of the mark, and whether a test carries it: all that a session without evidence needs to know of us."""

from __future__ import annotations

import pytest

NAME = "evidence"
DESCRIPTION = (
    "evidence(*use_cases, item, environment=None, provider_mode=None, part=None, replay_mode=None): "
    "this test is evidence for these items of these use cases"
)


def is_tagged(item: pytest.Item) -> bool:
    """Return whether a test carries an evidence mark, wherever it was put."""
    return item.get_closest_marker(NAME) is not None
