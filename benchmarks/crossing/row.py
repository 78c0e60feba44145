"""What is known of a plugin: a small suite, and the truth about its tests."""

from __future__ import annotations

from dataclasses import dataclass, field

P, F, E, S, XF, CUT = "PASSED", "FAILED", "ERROR", "SKIPPED", "XFAILED", "INTERRUPTED"
R = "PASSED (rehearsal)"
TWO = """
def test_good(): pass
def test_bad(): assert 0
"""
GOOD_AND_BAD = {"test_good": P, "test_bad": F}
MARKED = "import pytest\npytestmark = [pytest.mark.evidence('UC-001', item=1)]\n"
"""Begins a module whose tests are all evidence for one requirement."""


@dataclass(frozen=True)
class Broken:
    """What happens with versions in which a plugin does not work."""

    note: str
    truth: dict[str, str]
    state: str
    exit_code: int | None = None
    """Exit code of pytest where the plugin ends the session, with and without pytest-readiness."""


@dataclass(frozen=True)
class Row:
    """A plugin, and what is recorded of its suite."""

    name: str
    pinned: tuple[str, ...]
    """Requirements at the versions that were looked at first; without ``==...`` they are the newest."""
    suite: str = TWO
    """Tests of ``test_it.py``, all marked; empty: a rule of the config claims the items of all files."""
    truth: dict[str, str] = field(default_factory=lambda: dict(GOOD_AND_BAD))
    """The result of each test, by its id without ``test_it.py::``; of one that ran again, its failed attempts' too."""
    options: tuple[str, ...] = ()
    state: str = "FAILING"
    """State of the requirement."""
    files: dict[str, str] = field(default_factory=dict)
    xdist: bool = True
    """Whether the same is recorded under ``-n 2``; if not, that is not tried."""
    newest: Broken | None = None
    """The truth with the newest versions, where it is another than with the pinned ones."""
    needs: str = ""
    """Programs of which one must be on PATH; else the row is not tried."""
