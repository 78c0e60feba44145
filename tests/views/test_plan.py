"""The plan: which tests claim what, and what no test claims."""

from __future__ import annotations

from textwrap import dedent

import pytest
from wcwidth import wcswidth

from pytest_readiness.views.line_writer import plain_lines
from pytest_readiness.views.plan import PlanRow, render_plan

from . import values
from .hostile import HOSTILE, dangers


def test_claimed_requirements_name_their_tests_and_the_rest_is_folded():
    """Each claimed requirement with its tests, then the unclaimed of use cases that lack the same, then totals."""
    ids = values.tracker_ids()
    catalogue = values.catalogue(ids)
    tests = {"UC-003/4": ("tests/a.py::test_x", "tests/a.py::test_y"), "UC-003/5": ("tests/a.py::test_x",)}
    rows = [
        PlanRow(need.id, catalogue.items[need.item].title, tests.get(need.id, ()))
        for name in ids
        for need in catalogue.requirements(name)
    ]
    expected = """
        UC-003/4  A real run leaves a deterministic trace
            tests/a.py::test_x
            tests/a.py::test_y
        UC-003/5  A recorded run replays, and says whether FULL or TRACE_ONLY
            tests/a.py::test_x

        not claimed by any test
          UC-001, UC-002, UC-004 to UC-032
            1/BYOK, 2/staging, 3/staging, 4, 5, 6/rotation, 6/revocation, 7
          UC-003
            1/BYOK, 2/staging, 3/staging, 6/rotation, 6/revocation, 7

        2 of 256 requirements claimed, by 2 tests; 254 not claimed
    """
    assert plain_lines(render_plan(rows, 80)) == dedent(expected).strip("\n")


def test_a_register_that_requires_nothing_says_so():
    """No requirement at all is told as a number."""
    assert plain_lines(render_plan([], 80)) == "0 of 0 requirements claimed; 0 not claimed"


@pytest.mark.parametrize("bad", HOSTILE)
@pytest.mark.parametrize("unicode", [True, False])
def test_hostile_text_is_harmless_and_fits(bad, unicode):
    """No node id or title gets to the terminal raw or beyond its width."""
    rows = [PlanRow(bad, bad, (bad, bad)), PlanRow(f"{bad}/4", bad, ())]
    output = plain_lines(render_plan(rows, 60, unicode=unicode))
    assert dangers(output) == []
    assert max(map(wcswidth, output.split("\n"))) <= 60
    assert unicode or output.isascii()
