"""The verdict: every rule, what is weaker than its default, and what completes each use case."""

from __future__ import annotations

from textwrap import dedent

import pytest
from msgspec.structs import replace
from wcwidth import wcswidth

from pytest_readiness.verdict.readiness import Phase, ReviewState, ReviewSummary, State, Status, Verdict
from pytest_readiness.views.gate import render_verdict
from pytest_readiness.views.line_writer import plain_lines

from . import values
from .hostile import HOSTILE, dangers


def shown(expected):
    """Return a dedented expectation without its outer line breaks."""
    return dedent(expected).strip("\n")


def test_the_verdict_of_a_mixed_register():
    """Passed and failed rules, then the worst use case first; alike ones as one with their states."""
    report = values.mixed()
    report = replace(report, verdict=replace(report.verdict, weaker=("[gate] asserted = accept",)))
    assert plain_lines(render_verdict(report, 80)) == shown("""
        NOT ELIGIBLE: 1 of 32 ready, 1 blocked (1 failing), 1 in progress, 29 not
        started
        what fails: evidence incomplete
          ✓ passed  config is sound (1 of 1)
          ✗ failed  evidence complete (256 requirements checked): 31 are not
        relaxed setting: [gate] asserted = accept
        UC-007  BLOCKED
            fix      UC-007/2/staging: test_handshake failed: mend it and run it again
                     (trace-team@example.com)
            rerun    UC-007/7: run test_drill again: it passed only when retried
                     (trace-team@example.com)
        UC-003  IN_PROGRESS, COLLECTING
            collect  collect UC-003/2/staging (trace-team@example.com)
            collect  collect UC-003/3/staging (trace-team@example.com)
            collect  collect UC-003/7 (trace-team@example.com)
        UC-002, UC-004 to UC-006, UC-008 to UC-032 (29 use cases)  NOT_STARTED
            · MISSING  items 1 to 7
            must act: unassigned; readiness why UC-002 shows what is missing
    """)


def test_what_is_not_applicable_is_listed_with_its_reason():
    """A requirement that the config takes out is part of the verdict, use cases with the same reason together."""
    ids = values.tracker_ids(3)
    catalogue = values.catalogue(ids, not_applicable=(("5", "replays nothing"),))
    report = values.report(values.use_case(catalogue, name, {"5": State.NOT_APPLICABLE}) for name in ids)
    assert (
        "not applicable: 5 of UC-001 to UC-003: replays nothing" in plain_lines(render_verdict(report, 80)).splitlines()
    )


def test_without_actions_each_requirement_says_what_completes_it():
    """A failing use case is never left without what would complete it."""
    catalogue = values.catalogue(["UC-001"])
    output = plain_lines(render_verdict(values.report([values.use_case(catalogue, "UC-001")], actions=[]), 80))
    assert "UC-001/4: run a test that is evidence for UC-001/4" in output


def test_a_rejection_is_told_once():
    """The line says who rejected the use case and why, without the word twice."""
    why = ("ben@example.com rejected it: the wrong region",)
    review = ReviewSummary(ReviewState.REJECTED, by=("ben@example.com",), why=why)
    catalogue = values.catalogue(["UC-001"])
    use_case = values.use_case(catalogue, "UC-001", status=Status.BLOCKED, review=review)
    output = plain_lines(render_verdict(values.report([use_case], actions=[]), 80)).splitlines()
    assert "    ben@example.com rejected it: the wrong region" in output
    assert sum("reject" in line.lower() for line in output if line.startswith("    ")) == 1


def test_runs_that_hold_the_gate_are_named():
    """An open run and an incomplete group stand with the use cases that they hold, one or several."""
    catalogue = values.catalogue(["UC-001"])
    use_case = values.use_case(
        catalogue,
        "UC-001",
        status=Status.IN_PROGRESS,
        phase=Phase.COLLECTING,
        group_holds=(values.hold("g"),),
        open_runs=("r",),
    )
    for held_too in ([use_case], [use_case, replace(use_case, use_case=replace(use_case.use_case, id="UC-002"))]):
        output = plain_lines(render_verdict(values.report(held_too, actions=[]), 80))
        assert "run group g in staging, started at" in output
        assert "run r is open" in output


def test_a_use_case_that_is_not_there_is_told():
    """The gate may fail for a use case that the register has not."""
    report = replace(values.untouched(1), verdict=Verdict(False, "review", (), (), ("UC-999",)))
    assert "UC-999  is not in the register" in plain_lines(render_verdict(report, 80))


def test_drift_is_nothing_that_opens_the_gate():
    """A sync action is not told as what completes a use case."""
    catalogue = values.catalogue(["UC-001"])
    report = values.report([values.use_case(catalogue, "UC-001")], actions=[values.action("a", "sync", "UC-001")])
    assert "sync" not in plain_lines(render_verdict(report, 80))


def test_actions_and_use_cases_are_capped():
    """Four actions a use case and six use cases, then numbers and where the rest is."""
    ids = [f"UC-{n:03}" for n in range(1, 20, 2)]
    catalogue = values.catalogue(ids)
    states = list(State)
    use_cases = [values.use_case(catalogue, name, {"4": states[number]}) for number, name in enumerate(ids)]
    lines = plain_lines(render_verdict(values.report(use_cases), 80)).splitlines()
    assert [line.split()[0] for line in lines if line.startswith("UC-")] == ids[:6]
    assert "    3 more: readiness why UC-001" in lines
    assert lines[-1] == "4 more use cases: readiness next shows who must act"


@pytest.mark.parametrize("bad", HOSTILE)
@pytest.mark.parametrize("unicode", [True, False])
def test_hostile_text_is_harmless_and_fits(bad, unicode):
    """No rule, setting, name or reason gets to the terminal raw or beyond its width."""
    output = plain_lines(render_verdict(values.hostile_report(bad), 60, unicode=unicode))
    assert dangers(output) == []
    assert max(map(wcswidth, output.split("\n"))) <= 60
    assert unicode or output.isascii()
