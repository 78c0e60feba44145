"""Later runs: they show whether a failed test still exists."""

from __future__ import annotations

import pytest

from pytest_readiness.verdict.requirement.later_runs import LaterRuns
from tests.verdict.judging import FAILED, INTERRUPTED, Evidence, Result, ran

BAD = ran(FAILED, test="a.py::test[x1]", days=3, run_id="first")


@pytest.mark.parametrize(
    ("later", "expected"),
    [
        ([], ""),
        ([ran(test="a.py::test[x2]", days=2, run_id="later")], "a.py::test[*"),
        ([ran(test="a.py::other", days=2, run_id="later")], "a.py::test[x1]"),
        ([ran(test="b.py::other", days=2, run_id="later")], "a.py::test[x1]"),
        ([ran(test="a.py::test[x2]", days=4, run_id="later")], ""),
        ([ran(test="a.py::test[x2]", days=3, run_id="first")], ""),
        ([ran(test="a.py::test[x2]", days=2, run_id="later", environment="prod")], ""),
        ([ran(test="a.py::test[x2]", days=2, run_id="later", method="imported")], ""),
        ([ran(test="a.py::test[x2]", days=2, run_id="both"), ran(Result.SKIPPED, test=BAD.test_id, days=2, run_id="both")], ""),
        ([ran(test="b.py::other", days=1, run_id="later"), ran(test="a.py::test[x2]", days=2, run_id="older")], "a.py::test[*"),
        ([ran(test="b.py::other", days=2, run_id="later"), ran(Result.NOT_RUN, test=BAD.test_id, days=1, run_id="last")], ""),
    ],
    ids=[
        "nothing", "renamed", "others of the file", "other tests", "before it", "the same run", "elsewhere",
        "no test", "skipped", "another file", "planned",
    ],
)  # fmt: skip
def test_a_test_is_gone_if_a_later_run_ran_others_and_not_it(later: list[Evidence], expected: str) -> None:
    """A test counts as removed only if a later run in its environment neither ran nor planned it."""
    result = LaterRuns([BAD, *later])
    advice = result.retirement_advice(BAD)
    assert bool(advice) is bool(expected)
    assert f"readiness retire '{expected}'" in advice or not expected
    assert ("ran others but" in advice) is expected.endswith("*")
    assert list(result.later_runs_without([BAD.test_id, "unknown"])) == ([BAD.test_id] if expected else [])


def test_what_still_runs_somewhere_is_not_gone() -> None:
    """A test of two environments counts as removed only if both lack it."""
    there = ran(INTERRUPTED, test=BAD.test_id, days=5, run_id="prod", environment="prod")
    others = [ran(test="a.py::test[x2]", days=2, run_id="later")]
    assert LaterRuns([BAD, there, *others]).later_runs_without([BAD.test_id]) == {}
    others.append(ran(test="a.py::test[x2]", days=2, run_id="later", environment="prod"))
    assert list(LaterRuns([BAD, there, *others]).later_runs_without([BAD.test_id])) == [BAD.test_id]


def test_an_imported_result_is_never_gone() -> None:
    """Imported results are not compared with later pytest runs."""
    item = ran(FAILED, test=BAD.test_id, days=3, run_id="first", method="imported")
    assert LaterRuns([item, ran(test="a.py::other", days=2, run_id="later")]).retirement_advice(item) == ""
