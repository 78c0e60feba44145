"""Counts of a verdict: each use case once, blocked ones by their most urgent reason."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from pytest_readiness.facts.decision import Blocker
from pytest_readiness.verdict.counts import BlockReason, block_reasons, count_verdict
from pytest_readiness.verdict.readiness import (
    BlockerStanding,
    Phase,
    RemovedUseCase,
    ReviewState,
    ReviewSummary,
    State,
    Status,
    Verdict,
)
from pytest_readiness.views.headline import headline_sentence
from tests.views import values

BLOCKER = BlockerStanding(Blocker(register="payments", at=values.NOW, by="ana", use_case="UC-003", reason="legal"))
REJECTED = ReviewSummary(ReviewState.REJECTED, by=("ben",))


def report_of(**use_cases):
    """Return the report of use cases, each given by its status, states and what keeps it."""
    names = [name.replace("_", "-") for name in use_cases]
    catalogue = values.catalogue(names)
    return values.report(
        values.use_case(catalogue, name, given.pop("states", {}), **given)
        for name, given in zip(names, use_cases.values(), strict=True)
    )


def whole():
    """Return a report with every status, and with each reason to be blocked alone and together."""
    failing = {"4": State.FAILING}
    return report_of(
        UC_001={"status": Status.READY_FOR_GO_LIVE},
        UC_002={"status": Status.BLOCKED, "states": failing},
        UC_003={"status": Status.BLOCKED, "blockers": (BLOCKER,)},
        UC_004={"status": Status.BLOCKED, "review": REJECTED},
        UC_005={"status": Status.BLOCKED, "states": failing, "blockers": (BLOCKER,), "review": REJECTED},
        UC_006={"status": Status.IN_PROGRESS, "phase": Phase.COLLECTING, "states": {"4": State.COMPLETE}},
        UC_007={},
    )


def test_each_use_case_is_counted_once_by_its_most_urgent_reason() -> None:
    """Ready, blocked, in progress and not started add up to all, and the reasons to those that are blocked."""
    report = whole()
    counts = count_verdict(report.readiness, report.verdict)
    assert (counts.failing, counts.with_blocker, counts.rejected) == (2, 1, 1)
    assert counts.ready + counts.blocked + counts.in_progress + counts.not_started == counts.use_cases == 7
    assert headline_sentence(report) == (
        "NOT ELIGIBLE: 1 of 7 ready, 4 blocked (2 failing, 1 by a blocker, 1 rejected), 1 in progress, 1 not started"
    )
    reasons = [block_reasons(use_case) for use_case in report.readiness.use_cases]
    assert reasons[4] == (BlockReason.FAILING, BlockReason.BLOCKER, BlockReason.REJECTED)
    assert reasons[5] == ()


def test_what_the_gate_accepts_is_ready() -> None:
    """In progress and kept closed by no rule (on evidence alone, with a waiver): it is counted as ready, and says so."""
    report = report_of(UC_001={"status": Status.IN_PROGRESS, "states": {"4": State.WAIVED}}, UC_002={})
    opened = Verdict(True, "review", report.verdict.rules, failing=())
    readiness = replace(report.readiness, use_cases=report.readiness.use_cases[:1])
    assert headline_sentence(replace(report, verdict=opened, readiness=readiness)) == (
        "ELIGIBLE with 1 waiver: 1 of 1 ready"
    )
    evidence = Verdict(False, "evidence", report.verdict.rules, failing=("UC-002",))
    assert headline_sentence(replace(report, verdict=evidence)) == (
        "NOT ELIGIBLE (on evidence): 1 of 2 with enough evidence, 1 not started"
    )
    assert count_verdict(report.readiness, Verdict(False, "review", ())).ready == 0  # no rule accepted anything


@pytest.mark.parametrize(("let_through", "lead"), [("", ""), ("--report-only", "LET THROUGH (--report-only), ")])
def test_a_gate_that_lets_through_says_so_first(let_through: str, lead: str) -> None:
    """What exits 0 and is not eligible is said before anything else; what is eligible is not let through."""
    assert headline_sentence(report_of(UC_001={}), let_through=let_through) == (
        f"{lead}NOT ELIGIBLE: 0 of 1 ready, 1 not started"
    )
    ready = report_of(UC_001={"status": Status.READY_FOR_GO_LIVE})
    assert headline_sentence(ready, let_through=let_through) == "ELIGIBLE: 1 of 1 ready"


def test_what_no_count_explains_is_said() -> None:
    """All ready and closed: the failed rule, or what left the register; nothing in scope is no number."""
    report = report_of(UC_001={"status": Status.READY_FOR_GO_LIVE})
    closed = replace(
        report.verdict, eligible=False, rules=(replace(report.verdict.rules[0], passed=False, detail="x"),)
    )
    assert headline_sentence(replace(report, verdict=closed)) == "NOT ELIGIBLE: 1 of 1 ready; config is sound: x"
    departed = replace(report.readiness, removed=(RemovedUseCase("UC-009", ("a failure",)),))
    closed = replace(closed, failing=("UC-009",))
    assert headline_sentence(replace(report, verdict=closed, readiness=departed)) == (
        "NOT ELIGIBLE: 1 of 1 ready; UC-009 left the register with something open"
    )
    nothing = replace(report, verdict=Verdict(False, "review", ()), readiness=replace(report.readiness, use_cases=()))
    assert headline_sentence(nothing) == "NOT ELIGIBLE: no use case is in scope; no rule was checked"
