"""The evidence mark: its name, and tests for it. A session without evidence tests loads nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

NAME = "evidence"
DESCRIPTION = (
    "evidence(*use_cases, item, environment=None, provider_mode=None, part=None, replay_mode=None): "
    "this test is evidence for these items of these use cases"
)

CASES = pytest.StashKey[dict[str, int]]()
"""Number of cases of each parametrised function of the session, by node id, selected or not."""


def cases_of(item: Any) -> int | None:
    """Return the number of cases of a parametrised test's function; None if it is unknown."""
    parent, config = getattr(item, "parent", None), getattr(item, "config", None)
    if parent is None or config is None:
        return None
    cases: dict[str, int] = config.stash.get(CASES, {})
    return cases.get(f"{parent.nodeid}::{getattr(item, 'originalname', '')}")


def is_tagged(item: pytest.Item) -> bool:
    """Return whether a test carries an evidence mark: its own, or that of its class or module."""
    return item.get_closest_marker(NAME) is not None


_CONFIGS = (("readiness.toml", (b"claims",)), ("pyproject.toml", (b"readiness", b"claims")))
"""Names of the files that may be the config, and words that each file with rules for claims contains."""


def may_have_rules(root: Path) -> bool:
    """Return whether the config nearest to a folder may have rules for claims: it parses nothing.

    Each session without an evidence mark calls this, so it is small and loads nothing.
    """
    for folder in (root, *root.parents):
        for name, words in _CONFIGS:
            path = folder / name
            try:
                data = path.read_bytes() if path.is_file() else b""  # reading a pipe might never end
            except OSError:
                continue
            if all(word in data for word in words) and b"claims" in _without_comments(data):
                return True
    return False


def _without_comments(data: bytes) -> bytes:
    """Return a TOML text without its comments, and without the ends of lines with a text that contains a ``#``."""
    return b"\n".join(line.partition(b"#")[0] for line in data.splitlines())


def late_note(tests: Sequence[str]) -> str:
    """Return the message about tests that were marked while they ran."""
    names = ", ".join([*tests[:3], *(["…"] if len(tests) > 3 else [])])  # noqa: PLR2004
    if len(tests) == 1:
        return f"1 test was marked as evidence while it ran ({names}), which records nothing: mark it at collection"
    message = f"{len(tests)} tests were marked as evidence while they ran ({names}), which records nothing"
    return f"{message}: mark them at collection"
