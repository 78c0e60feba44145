"""Standing of one piece of evidence: what it alone shows, and why it does not count."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from pytest_readiness.facts.evidence import Result
from pytest_readiness.verdict.evidence_standing import EvidenceStandings, counts_text, standing_at
from pytest_readiness.verdict.readiness import State
from tests.verdict.judging import CATALOGUE, ERROR, INTERRUPTED, ran, readiness, requirement
from tests.verdict.people import judge_all, retirement

TRACE = {"proofs": ("trace",)}


@pytest.mark.parametrize(
    ("fields", "state", "proven"),
    [
        (TRACE, State.COMPLETE, True),
        ({}, State.ASSERTED, False),
        ({**TRACE, "method": "examined"}, State.ASSERTED, False),
        ({**TRACE, "attempts": 2}, State.FLAKY, True),
        ({"attempts": 2}, State.FLAKY, False),
        ({"result": ERROR}, State.FAILING, False),
        ({"result": INTERRUPTED}, State.INTERRUPTED, False),
    ],
)
def test_what_counts_shows_a_state(fields, state, proven):
    """The state that the requirement has with this evidence alone."""
    piece = ran(**fields)
    row = requirement("4", [piece])
    standing = standing_at(row, piece)
    assert (standing.counts, standing.state, standing.proven) == (True, row.state, proven)
    assert row.state is state


@pytest.mark.parametrize(
    ("tail", "fields", "state", "why"),
    [
        ("4", {**TRACE, "real": False}, State.REHEARSED, "a rehearsal: the network was replaced"),
        ("4", {**TRACE, "environment": None}, State.REHEARSED, "a rehearsal: "),
        ("4", {**TRACE, "days": 200}, State.STALE, "it expired: it is more than 90 days old"),
        ("4", {**TRACE, "days": -1}, State.MISSING, "it starts after this moment"),
        ("4", {"result": Result.SKIPPED}, State.MISSING, "SKIPPED neither satisfies nor replaces anything"),
        ("5", {"item": "5"}, State.MISSING, "it does not say whether the replay was FULL or TRACE_ONLY"),
        ("1/BYOK", {"item": "1"}, State.MISSING, "it does not state a provider mode"),
    ],
)
def test_what_does_not_count_says_why(tail, fields, state, why):
    """One sentence, whether it is alone or another test counts beside it."""
    piece = ran(**fields)
    mode = {"provider_mode": "BYOK"} if tail.startswith("1") else {}
    other = ran(item=piece.item, test="t.py::test_other", replay_mode="FULL", **mode)
    for evidence in ([piece], [piece, other]):
        standing = standing_at(requirement(tail, evidence), piece)
        assert (standing.counts, standing.state) == (False, state)
        assert standing.why_not.startswith(why)


def test_what_the_config_takes_out_says_so():
    """An environment that is no longer real, and a requirement that does not apply."""
    piece = ran(**TRACE)
    staging = replace(CATALOGUE.environments["staging"], real=False)
    catalogue = replace(CATALOGUE, environments={**CATALOGUE.environments, "staging": staging})
    standing = standing_at(requirement("4", [piece], catalogue), piece)
    assert standing.why_not == "environment 'staging' is no longer declared real"
    (use_case,) = CATALOGUE.use_cases.values()
    left_out = replace(use_case, not_applicable={"4": "there is none"})
    row = requirement("4", [piece], replace(CATALOGUE, use_cases={use_case.id: left_out}))
    assert standing_at(row, piece).why_not == "the requirement does not apply"


def test_a_run_that_has_not_ended():
    """Its passes do not count yet; what it failed does."""
    piece, failed = ran(**TRACE), ran(ERROR, test="t.py::test_failed")
    row = requirement("4", [piece, failed], open_runs={"run": frozenset()})
    assert standing_at(row, piece).why_not.startswith("its run has not ended")
    assert standing_at(row, failed).counts


def test_what_no_requirement_shows():
    """It was replaced, its run was retired, or it is about nothing that is required."""
    piece, newer = ran(**TRACE, days=2), ran(**TRACE)
    foreign = ran(item="nothing")
    judged = EvidenceStandings(readiness([newer, foreign]))
    assert counts_text(judged.find(newer)) == "yes, for UC-003/4"
    assert counts_text(judged.find(piece, retired=False)) == "no: a newer execution of the test replaced it"
    assert counts_text(judged.find(piece)).endswith("replaced it, or its run was retired")
    assert counts_text(judged.find(piece, retired=True)) == "no: its run was retired"
    assert counts_text(judged.find(replace(piece, real=False))).startswith("no: a rehearsal: ")
    assert counts_text(judged.find(foreign)) == "no: it matches no requirement in force"


def test_a_retired_test_says_who_retired_it():
    """Its pass shows nothing, and its failure is excused."""
    piece = ran(ERROR, test="t.py::test_old")
    row = judge_all([piece], [retirement("t.py::test_old")]).use_cases[0]
    (shown,) = [standing_at(needed, piece) for needed in row.requirements if piece in needed.evidence]
    assert (shown.counts, shown.state, "retired" in shown.why_not) == (False, State.MISSING, True)
