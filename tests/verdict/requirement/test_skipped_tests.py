"""Skipped tests: a deselected test keeps a strict gate closed until it ran to an end later."""

from __future__ import annotations

import pytest

from pytest_readiness.facts.evidence import Evidence, Result
from pytest_readiness.facts.run import PlanEntry
from pytest_readiness.verdict.gate import evaluate_gate
from pytest_readiness.verdict.inputs import RunOrigin
from pytest_readiness.verdict.policy import Policy
from pytest_readiness.verdict.requirement.skipped_tests import SkippedTest, find_skipped
from tests.verdict.judging import FAILED, INTERRUPTED, UC, complete, days_ago, ran, readiness

LEFT = PlanEntry("t::left", ((UC, "4"), ("UC-009", "4")), selected=False)
RUN = RunOrigin(started_at=days_ago(1), deselected_tests=(LEFT,))
NOT_YET = [SkippedTest("run", "t::left", UC)]


def skipped(*evidence: Evidence, run: RunOrigin = RUN, others: dict[str, RunOrigin] | None = None) -> list[SkippedTest]:
    """Return the skipped tests of a deciding run that deselected a test, and of further runs."""
    return list(find_skipped(readiness([*complete(), *evidence]), {"run": run, **(others or {})}))


def test_what_is_left_out_is_told_and_closes_a_gate_that_asks() -> None:
    """A deselected test that no run ran since is reported; only a strict policy closes the gate."""
    assert skipped() == NOT_YET
    for asks in ("refuse", "accept"):
        verdict = evaluate_gate(readiness(complete()), Policy(on="evidence", deselected=asks), origins={"run": RUN})
        assert ("deselected" in [rule.rule for rule in verdict.rules]) is (asks == "refuse")
        assert verdict.eligible is (asks == "accept")


def test_what_claims_another_use_case_is_none_of_this_one() -> None:
    """A deselected test is reported for the use cases that it claims."""
    elsewhere = PlanEntry("t::left", (("UC-009", "4"),), selected=False)
    assert skipped(run=RunOrigin(started_at=days_ago(1), deselected_tests=(elsewhere,))) == []
    assert skipped(run=RunOrigin(started_at=days_ago(1))) == []


@pytest.mark.parametrize("result", Result)
def test_only_what_ran_to_an_end_there_since_replaces_it(result: Result) -> None:
    """A pass, a failure and an interruption show that the test ran; skips and rehearsals do not."""
    ended = result in {Result.PASSED, FAILED, Result.ERROR}
    since = {"test": "t::left", "days": 0.5, "run_id": "since"}
    if result is not INTERRUPTED:
        assert (skipped(ran(result, **since)) == []) is ended
    assert skipped(ran(result, environment="dev", **since)) == NOT_YET
    assert skipped(ran(result, **{**since, "days": 2})) == NOT_YET


def test_it_may_have_run_for_an_item_that_is_asked_no_more() -> None:
    """A later run counts whatever item the test was evidence for."""
    assert skipped(ran(test="t::left", days=0.5, run_id="since", item="no item")) == []


@pytest.mark.parametrize(
    ("group", "other", "expected"), [("g", "g", []), ("g", "h", NOT_YET), (None, None, NOT_YET), (None, "g", NOT_YET)]
)
def test_another_part_of_the_same_run_group_may_have_run_it_before(
    group: str | None, other: str | None, expected: list[SkippedTest]
) -> None:
    """Parts of one logical run stand for each other; runs of no group do not."""
    run = RunOrigin(started_at=days_ago(1), group=group, deselected_tests=(LEFT,))
    before = ran(test="t::left", days=2, run_id="part")
    assert skipped(before, run=run, others={"part": RunOrigin(started_at=days_ago(2), group=other)}) == expected
    unknown = ran(test="t::left", days=2, run_id="unknown")
    assert skipped(unknown, run=run) == NOT_YET
