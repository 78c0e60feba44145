"""Cells of the matrix: the state of an item, and for a missing one how far it has come."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from ..facts.evidence import Result
from .readiness import ItemReadiness, RequirementReadiness, State


class CellProgress(StrEnum):
    """What a cell says beyond the worst state of its item."""

    PARTLY = "PARTLY DONE"
    """Some of its requirements are met, and the others are MISSING or REHEARSED."""
    SKIPPED = "SKIPPED"
    """MISSING: its tests were skipped, or are expected to fail."""
    NOT_RUN = "NOT RUN"
    """MISSING: a test is tagged for it, and a session that planned it never started it."""

    @property
    def sign(self) -> str:
        """Sign in a matrix, so that colour is never the only mark."""
        return _SIGNS[self]


_SIGNS = {CellProgress.PARTLY: "◐", CellProgress.SKIPPED: "»", CellProgress.NOT_RUN: "o"}

Cell = State | CellProgress
"""What a cell shows."""
CELLS: tuple[Cell, ...] = (*State, *CellProgress)
"""All cells in the order of a legend."""

SKIPPED = frozenset({Result.SKIPPED, Result.XFAILED, Result.XPASSED})
"""Results of tests that say nothing: they were skipped, or are expected to fail."""
ALL_EXPECTED = "expected to fail"
"""What is said of skipped tests that are all marked as expected to fail."""
_EXPECTED = frozenset({Result.XFAILED, Result.XPASSED})
_OPEN = frozenset({State.MISSING, State.REHEARSED})
_MET = frozenset({State.COMPLETE, State.ASSERTED, State.WAIVED})


def cell_of(item: ItemReadiness) -> Cell:
    """Return what the matrix shows for an item."""
    state = item.state
    if state not in _OPEN:
        return state
    if len(item.requirements) > 1 and any(requirement.state in _MET for requirement in item.requirements):
        return CellProgress.PARTLY
    if state is State.REHEARSED:
        return state
    return missing_cell(item.requirements)


def cell_of_requirement(requirement: RequirementReadiness) -> Cell:
    """Return the state of a requirement, and for a missing one how far it has come."""
    return missing_cell((requirement,)) if requirement.state is State.MISSING else requirement.state


def missing_cell(requirements: Iterable[RequirementReadiness]) -> Cell:
    """Return how far requirements have come that are MISSING, as far as recorded evidence shows.

    A test that was never in a session, or always deselected, leaves no evidence: that is the same as no test.
    """
    results = {execution.result for requirement in requirements for execution in requirement.evidence}
    if not results:
        return State.MISSING
    if not results.isdisjoint(SKIPPED):
        return CellProgress.SKIPPED
    return CellProgress.NOT_RUN if Result.NOT_RUN in results else State.MISSING


def skip_note(requirements: Iterable[RequirementReadiness]) -> str:
    """Return what SKIPPED does not say: that all tests of requirements, or some, are expected to fail; empty: none."""
    skipped = [requirement for requirement in requirements if cell_of_requirement(requirement) is CellProgress.SKIPPED]
    results = [piece.result for requirement in skipped for piece in requirement.evidence if piece.result in SKIPPED]
    expected = [result for result in results if result in _EXPECTED]
    if not expected:
        return ""
    return ALL_EXPECTED if len(expected) == len(results) else "some are expected to fail"


def cell_words(cell: Cell, requirements: Iterable[RequirementReadiness]) -> str:
    """Return the words of a cell of requirements: ``SKIPPED (expected to fail)`` where that is why."""
    note = skip_note(requirements) if cell is CellProgress.SKIPPED else ""
    return f"{cell.value} ({note})" if note else cell.value
