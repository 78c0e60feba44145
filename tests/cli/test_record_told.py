"""``readiness record --junit``: what is printed of what was recorded."""

from __future__ import annotations

import pytest

from tests.cli.test_record_map import record, suite
from tests.project import Project

pytestmark = pytest.mark.slow


@pytest.fixture
def placed(project: Project) -> Project:
    """A project in staging."""
    project.monkeypatch.setenv("READINESS_ENVIRONMENT", "staging")
    return project.configured()


def test_of_very_many_pieces_the_passes_are_counted(placed: Project) -> None:
    """What did not pass, or only after a failed attempt, is not lost among thousands of lines."""
    flaky = '<testcase classname="c" name="f"><flakyFailure/></testcase>'
    many = suite("s", *(f"c::t{number}" for number in range(120)), "c::bad!").replace(
        "</testsuite>", f"{flaky}</testsuite>"
    )
    result = record(placed, many, "c::*=UC-001/1", "c::t1=UC-002/1")
    *told, last = result.stdout.splitlines()
    assert told == [
        "UC-001/1 FAILED by c::bad",
        "UC-001/1 PASSED by c::f (FLAKY: an attempt before it did not pass)",
        "UC-001/1 121 PASSED, 1 FAILED",
        "UC-002/1 1 PASSED",
    ]
    assert last.startswith("123 pieces of evidence recorded as run 20")


def test_a_pass_after_a_failed_attempt_is_called_flaky(placed: Project) -> None:
    """As ``why`` calls it."""
    flaky = '<testsuite><testcase classname="c" name="f"><flakyFailure/></testcase></testsuite>'
    result = record(placed, flaky, "*=UC-001/1")
    assert result.stdout.startswith("UC-001/1 PASSED by c::f (FLAKY: an attempt before it did not pass)\n")


def test_why_all_of_it_is_a_rehearsal_is_told_once(placed: Project) -> None:
    """With the option of this command."""
    placed.monkeypatch.delenv("READINESS_ENVIRONMENT")
    result = record(placed, suite("s", "c::a", "c::b"), "*=UC-001/1")
    reason = "the run states no environment: give --environment or READINESS_ENVIRONMENT"
    assert result.stderr.splitlines() == [f"readiness: all of it is a rehearsal: {reason}"]
    assert result.stdout.splitlines()[:2] == [
        "UC-001/1 PASSED by c::a (a rehearsal)",
        "UC-001/1 PASSED by c::b (a rehearsal)",
    ]
    alone = record(placed, suite("s", "c::a"), "*=UC-001/1")
    assert f"UC-001/1 PASSED by c::a (a rehearsal: {reason})\n" in alone.stdout
