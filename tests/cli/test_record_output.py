"""``readiness record --junit``: what is printed of what was recorded."""

from __future__ import annotations

import pytest

from tests.cli.test_record_map import record, suite
from tests.project import CONFIG, Project

pytestmark = pytest.mark.slow


@pytest.fixture
def placed(project: Project) -> Project:
    """A project in staging."""
    project.monkeypatch.setenv("READINESS_ENVIRONMENT", "staging")
    return project.configured()


def test_of_very_many_pieces_the_passes_are_counted(placed: Project) -> None:
    """What failed, or passed only after a failed attempt, is not lost among thousands of lines; nor among skips."""
    flaky = '<testcase classname="c" name="f"><flakyFailure/></testcase>'
    skips = (
        '<testcase classname="c" name="s1"><skipped/></testcase><testcase classname="c" name="s2"><skipped/></testcase>'
    )
    many = suite("s", *(f"c::t{number}" for number in range(120)), "c::bad!").replace(
        "</testsuite>", f"{flaky}{skips}</testsuite>"
    )
    result = record(placed, many, "c::*=UC-001/1", "c::t1=UC-002/1")
    *told, last = result.stdout.splitlines()
    assert told == [
        "UC-001/1 FAILED by c::bad",
        "UC-001/1 PASSED by c::f (FLAKY: an earlier attempt did not pass)",
        "UC-001/1 120 PASSED, 1 FLAKY, 2 SKIPPED, 1 FAILED",
        "UC-002/1 1 PASSED",
    ]
    assert last.startswith("125 pieces of evidence recorded as run 20")


def test_a_pass_after_a_failed_attempt_is_called_flaky(placed: Project) -> None:
    """As ``why`` calls it."""
    flaky = '<testsuite><testcase classname="c" name="f"><flakyFailure/></testcase></testsuite>'
    result = record(placed, flaky, "*=UC-001/1")
    assert result.stdout.startswith("UC-001/1 PASSED by c::f (FLAKY: an earlier attempt did not pass)\n")


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


SCOPED = """
[environments.production]
real = true
[items.9]
title = "Keys of customers"
scope = "provider_mode"
[items.10]
title = "Runs replay"
proof = "replay"
[items.11]
title = "In each environment"
scope = "environment"
"""


def test_a_pass_that_satisfies_nothing_is_told(placed: Project) -> None:
    """Of an item that asks for a provider mode, or for the kind of a replay: what was not said, and by which option."""
    placed.configured(CONFIG + SCOPED)
    mode = "no provider mode is given: use --provider-mode or READINESS_PROVIDER_MODE"
    result = record(placed, suite("s", "c::a", "c::b"), "*=UC-001/9", "*::b=UC-002/9")
    assert result.stderr.splitlines() == [
        f"readiness: 3 passes for UC-001/9, UC-002/9 do not count: {mode}",
    ]
    alone = placed.cli("record", "UC-001", "--item=10", "--result=PASSED")
    kind = "the replay mode (FULL or TRACE_ONLY) is not given: use --replay-mode"
    assert alone.stderr.splitlines() == [f"readiness: 1 pass for UC-001/10 does not count: {kind}"]
    limited = record(placed, suite("s", "c::a", "c::b"), "*=UC-001/11/production")
    assert "readiness: 2 passes for UC-001/11 do not count: its claim is limited to production" in limited.stderr


def test_what_satisfies_something_or_failed_says_no_such_thing(placed: Project) -> None:
    """With the mode or the kind that is asked for, or where a failure is recorded, there is nothing to tell."""
    placed.configured(CONFIG + SCOPED)
    for arguments in (
        ("--item=9", "--result=PASSED", "--provider-mode=BYOK"),
        ("--item=9", "--result=FAILED"),
        ("--item=10", "--result=PASSED", "--replay-mode=FULL"),
        ("--item=11", "--result=PASSED"),
        ("--item=1", "--result=PASSED"),
    ):
        assert placed.cli("record", "UC-001", *arguments).stderr == "", arguments


def test_the_part_that_it_is_for_is_told(placed: Project) -> None:
    """Of an item with parts, such as the browsers of a suite, each has its own line and its own count."""
    placed.configured(CONFIG + '[items.9]\ntitle = "In each browser"\nparts = ["chromium", "firefox"]\n')
    some = suite("chromium", "c::a", "c::b!") + suite("firefox", "c::a")
    maps = "chromium/*=UC-001/9/chromium", "firefox/*=UC-001/9/firefox", "c::a=UC-002/9"
    assert record(placed, some, *maps).stdout.splitlines()[:-1] == [
        "UC-002/9 PASSED by c::a",
        "UC-001/9/chromium PASSED by chromium/c::a",
        "UC-001/9/chromium FAILED by chromium/c::b",
        "UC-001/9/firefox PASSED by firefox/c::a",
    ]
