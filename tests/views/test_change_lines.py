"""What changed, in a report: what is worse first, with its cause."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from wcwidth import wcswidth

from pytest_readiness.verdict.changes import Change
from pytest_readiness.views.change_lines import change_groups, change_lines
from pytest_readiness.views.gate import render_verdict
from pytest_readiness.views.line_writer import LineWriter, plain_lines
from pytest_readiness.views.report import ReportedSession
from pytest_readiness.views.terminal import render_report

from . import values
from .hostile import HOSTILE, dangers

BETTER = Change("UC-002", "IN_PROGRESS", "READY_FOR_GO_LIVE", because="7 passed")
WORSE = Change("UC-001", "READY_FOR_GO_LIVE", "BLOCKED", because="6/rotation failed")
PART = Change("UC-001", "COMPLETE", "FAILING", "UC-001/6/rotation", "failed")
GONE = Change("UC-009", "IN_PROGRESS", "")
NEW = Change("UC-010", "", "NOT_STARTED")


def test_what_is_worse_comes_first_and_use_cases_before_requirements():
    """A regression is the line that everybody wants, whatever else the run changed."""
    report = replace(values.mixed(), changes=(BETTER, NEW, PART, WORSE, GONE))
    lines = change_lines(report, LineWriter(100))
    assert plain_lines(lines).splitlines() == [
        "",
        "what this run changed",
        "  UC-001: READY_FOR_GO_LIVE -> BLOCKED (6/rotation failed)",
        "  UC-009: IN_PROGRESS -> gone",
        "  UC-001/6/rotation: COMPLETE -> FAILING (failed)",
        "  UC-002: IN_PROGRESS -> READY_FOR_GO_LIVE (7 passed)",
        "  UC-010: new -> NOT_STARTED",
    ]
    assert [style for line in lines[2:] for text, style in line if text.strip()] == ["bad", "bad", "bad", "good", ""]


def test_the_report_says_it_right_after_the_verdict():
    """Before what fails and who must act; without a session it says what changed, and without changes nothing."""
    report = replace(values.mixed(), changes=(WORSE,))
    text = plain_lines(render_report(report, 100))
    assert text.index("NOT ELIGIBLE") < text.index("what this run changed") < text.index("what fails: ")
    compared = replace(report, context=replace(report.context, session=None))
    assert "\nwhat changed\n  UC-001: READY" in plain_lines(render_verdict(compared, 100))
    assert "changed" not in plain_lines(render_report(values.mixed(), 100))
    assert isinstance(report.context.session, ReportedSession)


def test_equal_steps_share_a_line():
    """A first run changes every use case in the same way: three or more with one cause are one line; with -v each."""
    names = values.tracker_ids(20)
    changes = [Change(name, "NOT_STARTED", "IN_PROGRESS", because="1 passed") for name in names]
    changes += [Change(name, "MISSING", "COMPLETE", f"{name}/{key}", "passed") for name in names for key in "13"]
    changes += [Change(name, "MISSING", "COMPLETE", f"{name}/2/staging", "passed") for name in names[:3]]
    changes += [Change(name, "COMPLETE", "FAILING", f"{name}/4", "failed") for name in names[:2]]
    changes += [Change(name, "PASSED", "", f"{name}/5", "is gone", test="test_5") for name in names[:3]]
    report = replace(values.mixed(), changes=tuple(changes))
    lines = plain_lines(change_lines(report, LineWriter(100))).splitlines()
    assert lines[2:] == [
        "  UC-001/4: COMPLETE -> FAILING (failed)",
        "  UC-002/4: COMPLETE -> FAILING (failed)",
        "  UC-001/5 test_5: PASSED -> gone (is gone)",
        "  UC-002/5 test_5: PASSED -> gone (is gone)",
        "  UC-003/5 test_5: PASSED -> gone (is gone)",
        "  UC-001 to UC-020: NOT_STARTED -> IN_PROGRESS (1 passed)",
        "  items 1, 3 of UC-001 to UC-020: MISSING -> COMPLETE (passed)",
        "  item 2/staging of UC-001 to UC-003: MISSING -> COMPLETE (passed)",
    ]
    assert sum(len(group.changes) for group in change_groups(changes)) == len(changes)
    assert len(change_lines(report, LineWriter(100), verbosity=1)) == 2 + len(changes)


def test_many_changes_are_counted():
    """A run that changes every use case in its own way: twelve lines and a number; with -v all."""
    changes = tuple(Change(f"UC-{n:03}", "NOT_STARTED", "IN_PROGRESS", because=f"{n} passed") for n in range(1, 33))
    report = replace(values.mixed(), changes=changes)
    assert plain_lines(change_lines(report, LineWriter(100))).splitlines()[-1] == "  20 more changes: -v shows all"
    assert plain_lines(render_report(report, 100, verbosity=1)).count("NOT_STARTED -> IN_PROGRESS") == 32


@pytest.mark.parametrize("bad", HOSTILE)
@pytest.mark.parametrize("unicode", [True, False])
def test_hostile_text_is_harmless_and_fits(bad, unicode):
    """No name and no cause gets to the terminal raw or beyond its width."""
    change = Change(bad, bad, bad, bad, bad, bad, bad)
    output = plain_lines(change_lines(replace(values.mixed(), changes=(change,)), LineWriter(60, unicode=unicode)))
    assert dangers(output) == []
    assert max(map(wcswidth, output.split("\n"))) <= 60
    assert unicode or output.isascii()
