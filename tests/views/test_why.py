"""Why: from the status of a use case down to the evidence."""

from __future__ import annotations

from textwrap import dedent

import pytest
from wcwidth import wcswidth

from pytest_readiness.errors import ClaimError
from pytest_readiness.facts.evidence import Result
from pytest_readiness.verdict.readiness import Phase, ReviewState, ReviewSummary, State, Status
from pytest_readiness.views.line_writer import plain_lines
from pytest_readiness.views.why import render_why

from . import values
from .hostile import HOSTILE, dangers


def headings(lines):
    """Return the ids of the requirements that are told."""
    return [line[0][0] for line in lines if line and line[0][0].startswith("UC-003/")]


def test_an_item_is_told_down_to_its_evidence():
    """Status, drift, owner and review of the use case, then the requirement and what it rests on."""
    expected = """
        UC-003
        IN_PROGRESS, COLLECTING, 1 of 8 requirements complete
        drift: the tracker says NOT_STARTED, not IN_PROGRESS: run `readiness sync`
        architecture status: GREEN (does not affect the readiness)
        owner: trace-team@example.com
        review: NONE, 1 approval required

        UC-003/4  ✓ COMPLETE
          why: shown
          expires: 2026-05-13T18:28:01.000Z
          level: L1, sealed
          evidence: PASSED at 2026-02-12T18:28:02.000Z in staging, proofs trace
              tests/test_trace.py::test_trace
              readiness show 20260212T182800Z-0a1b2c3d.5.1
    """
    assert plain_lines(render_why(values.mixed(), "UC-003", "4", 80)) == dedent(expected).strip("\n")


def test_a_use_case_is_told_by_what_it_lacks():
    """Without a requirement each one that is not COMPLETE is told, in order, with what completes it."""
    lines = render_why(values.mixed(), "UC-003", None, 80)
    ends = ("1/BYOK", "2/staging", "3/staging", "5", "6/rotation", "6/revocation", "7")
    assert headings(lines) == [f"UC-003/{end}" for end in ends]
    assert "  to complete: run a test that is evidence for UC-003/5" in plain_lines(lines).splitlines()


@pytest.mark.parametrize(
    ("tail", "ids"),
    [
        ("6", ["UC-003/6/rotation", "UC-003/6/revocation"]),
        ("secrets", ["UC-003/6/rotation", "UC-003/6/revocation"]),
        ("6/rotation", ["UC-003/6/rotation"]),
        ("Secrets/rotation", ["UC-003/6/rotation"]),
        ("UC-003/4", ["UC-003/4"]),
    ],
)
def test_a_requirement_is_found_by_item_name_or_id(tail, ids):
    """The item's number, its name, the end of an id and a whole id all lead to the requirement."""
    assert headings(render_why(values.mixed(), "uc-003", tail, 80)) == ids


def test_the_names_of_use_cases_and_requirements_must_be_known():
    """An unknown use case or requirement is an error that names the nearest known one."""
    with pytest.raises(ClaimError, match=r"no use case 'UC-3' in register 'payments' \(did you mean 'UC-003'"):
        render_why(values.mixed(), "UC-3", None, 80)
    with pytest.raises(ClaimError, match=r"UC-003 has no requirement 'UC-003/6/rotatoin' .*'UC-003/6/rotation'"):
        render_why(values.mixed(), "UC-003", "6/rotatoin", 80)


def test_failures_and_rehearsals_say_why_they_do_not_count():
    """The message of a failure, the reason of a rehearsal and a replay that is TRACE_ONLY stand with the evidence."""
    catalogue = values.catalogue(["UC-003"])
    bad = values.evidence(result=Result.FAILED, message="digests differ\nat event 3", proofs=())
    tried = values.evidence(real=False, not_real_because="a stub", environment=None, replay_mode="TRACE_ONLY")
    use_case = values.use_case(catalogue, "UC-003", {"4": State.FAILING}, status=Status.BLOCKED, found=(bad, tried))
    brief = plain_lines(render_why(values.report([use_case]), "UC-003", "4", 120))
    assert "evidence: FAILED" in brief
    assert "PASSED" not in brief
    assert "and 1 more: readiness why UC-003/4 -v" in brief
    output = plain_lines(render_why(values.report([use_case]), "UC-003", "4", 120, verbosity=1))
    assert "evidence: FAILED at 2026-02-12T18:28:02.000Z in staging\n" in output
    assert "      digests differ\n      at event 3\n" in output
    assert "evidence: PASSED at 2026-02-12T18:28:02.000Z in no environment, replay TRACE_ONLY, proofs trace" in output
    assert "a rehearsal: a stub" in output


def test_a_complete_use_case_says_what_its_review_lacks():
    """Where all requirements are COMPLETE the review and what holds the gate are what is left to tell."""
    catalogue = values.catalogue(["UC-003"])
    complete = {need.id.removeprefix("UC-003/"): State.COMPLETE for need in catalogue.requirements("UC-003")}
    review = ReviewSummary(ReviewState.SUSPECT, 1, 2, ("qa@example.com",))
    use_case = values.use_case(
        catalogue,
        "UC-003",
        complete,
        status=Status.IN_PROGRESS,
        phase=Phase.REVIEW_SUSPECT,
        review=review,
        open_runs=("run-7",),
    )
    output = plain_lines(render_why(values.report([use_case]), "UC-003", None, 80))
    assert "IN_PROGRESS, REVIEW_SUSPECT, 8 of 8 requirements complete" in output
    assert "review: SUSPECT by qa@example.com, 1 of 2 approvals" in output
    assert "run run-7 is open" in output
    assert output.endswith("every requirement is COMPLETE; readiness show UC-003 shows the evidence")


@pytest.mark.parametrize("bad", HOSTILE)
@pytest.mark.parametrize("unicode", [True, False])
def test_hostile_text_is_harmless_and_fits(bad, unicode):
    """No name, reason, message or test id gets to the terminal raw or beyond its width."""
    report = values.hostile_report(bad)
    output = plain_lines(render_why(report, report.readiness.use_cases[0].use_case.id, None, 60, unicode=unicode))
    assert dangers(output) == []
    assert max(map(wcswidth, output.split("\n"))) <= 60
    assert unicode or output.isascii()
