"""Cells of the matrix: partly done, skipped and unstarted are told apart from nothing at all."""

from __future__ import annotations

import pytest

from pytest_readiness.facts.evidence import Result
from pytest_readiness.verdict.cells import CellProgress, cell_of
from pytest_readiness.verdict.readiness import State
from tests.views import values


def cell(states, *results):
    """Return the cell of item 6, with rotation and revocation, in these states, with evidence of these results."""
    catalogue = values.catalogue(["UC-001"])
    pieces = tuple(values.evidence(uc="UC-001", item="6", result=result, proofs=()) for result in results)
    use_case = values.use_case(catalogue, "UC-001", states, found=pieces)
    return cell_of(next(item for item in use_case.items if item.item.key == "6"))


@pytest.mark.parametrize(
    ("rotation", "revocation", "expected"),
    [
        (State.COMPLETE, State.MISSING, CellProgress.PARTLY),
        (State.ASSERTED, State.REHEARSED, CellProgress.PARTLY),
        (State.WAIVED, State.MISSING, CellProgress.PARTLY),
        (State.STALE, State.MISSING, State.MISSING),
        (State.REHEARSED, State.REHEARSED, State.REHEARSED),
        (State.COMPLETE, State.FAILING, State.FAILING),
        (State.COMPLETE, State.FLAKY, State.FLAKY),
        (State.COMPLETE, State.COMPLETE, State.COMPLETE),
    ],
)
def test_half_done_is_news_and_hides_no_failure(rotation, revocation, expected):
    """A part that is met beside a missing one is partly done; whatever is worse than missing keeps its sign."""
    assert cell({"6/rotation": rotation, "6/revocation": revocation}) is expected


@pytest.mark.parametrize(
    ("results", "expected"),
    [
        ((), State.MISSING),
        ((Result.SKIPPED,), CellProgress.SKIPPED),
        ((Result.XFAILED,), CellProgress.SKIPPED),
        ((Result.XPASSED, Result.NOT_RUN), CellProgress.SKIPPED),
        ((Result.NOT_RUN,), CellProgress.NOT_RUN),
        ((Result.PASSED,), State.MISSING),
    ],
)
def test_missing_says_how_far_it_has_come(results, expected):
    """No test, a skipped one, one that was planned and never started, and a pass that does not count."""
    assert cell({}, *results) is expected


def test_every_sign_stands_for_one_thing():
    """No two cells share a sign, in Unicode or in ASCII."""
    from pytest_readiness.views.line_writer import LineWriter, can_show_signs

    cells = [*State, *CellProgress]
    for unicode in (True, False):
        signs = [LineWriter(80, unicode=unicode).sign(cell) for cell in cells]
        assert len({*signs}) == len(cells)
        assert all(len(sign) == 1 for sign in signs)
        assert unicode or "".join(signs).isascii()
    assert not can_show_signs("cp1252")
