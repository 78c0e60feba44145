"""History: promotions and demotions replayed from events."""

from __future__ import annotations

import random

import pytest
from msgspec.structs import replace

from pytest_readiness.facts.evidence import Result
from pytest_readiness.verdict.history import HistoryEvent, replay_history
from pytest_readiness.verdict.inputs import Facts
from pytest_readiness.verdict.policy import Policy
from tests.verdict.judging import CATALOGUE, FAILED, INTERRUPTED, NOW, UC, complete, days_ago, ran
from tests.verdict.people import (
    LEAD,
    ORIGINS,
    REVIEWED,
    approval,
    blocker,
    judged,
    rejection,
    retirement,
    unblock,
    waiver,
)


def run(*evidence, days=None):
    """Return the end of a run with this evidence, at its start unless another moment is given."""
    return HistoryEvent(
        days_ago(days) if days is not None else max(execution.started_at for execution in evidence), tuple(evidence)
    )


def decision_event(decision):
    """Return the event of a decision."""
    return HistoryEvent(decision.at, decision=decision)


def replayed(*events, in_force=None, now=NOW, missing=(), **more):
    """Return the history of these events under the register, or under other requirements."""
    constant = Facts(origins=ORIGINS, missing=missing)
    return replay_history(UC, events, in_force or (lambda _: (CATALOGUE, REVIEWED)), now, constant=constant, **more)


def steps(history):
    """Return each change as its new status and phase."""
    return [change.to_phase.value if change.to_phase else change.to_status.value for change in history.changes]


BASE = complete(days=20)
SIGNED = approval(BASE, days=19)


def test_the_whole_story():
    """Each promotion and demotion of a use case's life is there in order, with its cause and what caused it."""
    bad, good = ran(FAILED, days=25, item="7", test="drill"), ran(days=24, item="7", test="drill", proofs=("drill",))
    later_bad, later_good = ran(FAILED, days=10), ran(days=9, proofs=("trace",))
    recorded = [bad, good, *BASE]
    first = approval(recorded, days=19)
    again = approval([*recorded, later_bad, later_good], days=8)
    history = replayed(
        run(ran(days=30, environment="dev")),
        run(bad),
        run(good),
        run(*BASE),
        decision_event(first),
        run(*complete(days=15)),
        run(later_bad),
        run(later_good),
        decision_event(again),
        now=days_ago(-80),
    )
    assert steps(history) == [
        *("COLLECTING", "BLOCKED", "COLLECTING", "AWAITING_REVIEW", "READY_FOR_GO_LIVE"),
        *("BLOCKED", "REVIEW_SUSPECT", "READY_FOR_GO_LIVE", "COLLECTING"),
    ]
    result = {change.at: change for change in history.changes}
    assert result[bad.started_at].because_of == bad.id
    assert "FAILED" in result[bad.started_at].cause
    assert (result[first.at].cause, result[first.at].because_of) == (f"{LEAD} approved it", first.id)
    assert (result[later_bad.started_at].is_demotion, result[later_bad.started_at].because_of) == (True, later_bad.id)
    assert "suspect" in result[later_good.started_at].cause
    stale = history.changes[-1]
    assert (stale.is_demotion, "STALE" in stale.cause) == (True, True)
    assert [change.is_demotion for change in history.changes] == [
        *(False, True, False, False, False),
        *(True, False, False, True),
    ]


def test_the_replay_ends_where_the_evaluation_is():
    """After the last event the replayed status and phase are those of the evaluation of everything known."""
    events = [run(*BASE), decision_event(SIGNED), run(ran(FAILED, days=5)), run(ran(days=4, proofs=("trace",)))]
    every = [execution for event in events for execution in event.evidence]
    now = judged(every, [SIGNED])
    last = replayed(*events).changes[-1]
    assert (last.to_status, last.to_phase) == (now.status, now.phase)


def test_events_in_any_order():
    """The order in which events are given does not matter, and nothing that happened later is known earlier."""
    events = [
        run(*BASE),
        decision_event(SIGNED),
        run(ran(FAILED, days=5)),
        run(ran(days=4, proofs=("trace",))),
        decision_event(blocker(3)),
    ]
    expected = replayed(*events)
    for seed in range(5):
        shuffled = random.Random(seed).sample(events, len(events))
        assert replayed(*shuffled) == expected
    assert replayed(*events, now=days_ago(10)).changes == tuple(
        change for change in expected.changes if change.at <= days_ago(10)
    )


def test_what_arrives_late_is_known_late():
    """An execution counts from the end of its run, and a failure that arrives after a newer pass changes nothing."""
    late = run(ran(FAILED, days=21), days=1)
    history = replayed(run(*BASE), late)
    assert steps(history) == ["AWAITING_REVIEW"]
    assert [point.at for point in history.burn_up] == [BASE[0].started_at, late.at]


def test_an_old_pass_that_arrives_late_hides_no_failure():
    """A pass that started before a failure and arrives after it leaves the use case BLOCKED."""
    old = run(ran(days=30, proofs=("trace",)), days=1)
    assert steps(replayed(run(ran(FAILED, days=5)), old)) == ["BLOCKED"]


@pytest.mark.parametrize(
    ("decisions", "changes", "cause"),
    [
        (
            [decision_event(blocker(5)), decision_event(unblock(4, ended=[blocker(5)]))],
            ["BLOCKED", "AWAITING_REVIEW"],
            "unblocked it",
        ),
        ([decision_event(rejection(5))], ["BLOCKED"], "rejected it: no rollback plan"),
        (
            [decision_event(rejection(5)), decision_event(approval(BASE, 4))],
            ["BLOCKED", "READY_FOR_GO_LIVE"],
            "approved it",
        ),
        (
            [decision_event(SIGNED), decision_event(retirement(BASE[0].test_id, 4))],
            ["READY_FOR_GO_LIVE", "COLLECTING"],
            "retired",
        ),
        ([decision_event(waiver("4", 5))], [], None),
    ],
)
def test_decisions(decisions, changes, cause):
    """What people decide changes the status at its moment, and the cause says who did what and why."""
    history = replayed(run(*BASE), *decisions)
    assert steps(history)[1:] == changes
    assert cause is None or cause in history.changes[-1].cause


def test_a_waiver_that_ends():
    """The end of a waiver demotes on the day after its last, and the pass that turned stale on the day it did."""
    policy = replace(REVIEWED, waivers="accept")
    but_one = [execution for execution in complete(days=3) if execution.item != "4"]
    decided = waiver("4", 2, until=days_ago(-2)[:10])
    history = replayed(
        run(*but_one), decision_event(decided), in_force=lambda _: (CATALOGUE, policy), now=days_ago(-10)
    )
    assert steps(history) == ["COLLECTING", "AWAITING_REVIEW", "COLLECTING"]
    assert history.changes[-1].at == days_ago(-3)[:10] + "T00:00:00.000Z"
    assert "MISSING" in history.changes[-1].cause


def test_staleness_has_its_moment():
    """A pass turns stale a millisecond after its age, and a renewal promotes again."""
    history = replayed(run(*BASE), decision_event(SIGNED), run(*complete(days=-15)), now=days_ago(-20))
    assert steps(history) == ["AWAITING_REVIEW", "READY_FOR_GO_LIVE", "COLLECTING", "READY_FOR_GO_LIVE"]
    assert history.changes[2].at == "2026-06-11T12:00:00.001Z"
    assert history.status_since == history.changes[3].at


def test_judged_by_what_was_in_force():
    """Each moment is judged by the requirements and the list of reviewers of that time."""
    fewer = replace(CATALOGUE, items={"4": CATALOGUE.items["4"]})
    change = days_ago(10)

    def in_force(at):
        return (fewer if at < change else CATALOGUE), REVIEWED

    trace = [ran(days=20, proofs=("trace",))]
    review = approval(trace, 19, catalogue=fewer)
    history = replayed(run(*trace), decision_event(review), run(ran(days=5, proofs=("trace",))), in_force=in_force)
    assert steps(history) == ["AWAITING_REVIEW", "READY_FOR_GO_LIVE", "COLLECTING"]
    assert [(point.complete, point.required) for point in history.burn_up] == [(1, 1), (1, 1), (1, 11)]
    nobody = replayed(run(*BASE), decision_event(SIGNED), in_force=lambda _: (CATALOGUE, Policy()))
    assert steps(nobody) == ["AWAITING_REVIEW"]


def test_only_the_policy_changed():
    """Where nothing but what is asked changed, that is the cause."""
    asserted = [*(execution for execution in BASE if execution.item != "4"), ran(days=20)]

    def in_force(at):
        return CATALOGUE, replace(REVIEWED, asserted="refuse" if at > days_ago(10) else "acknowledge")

    skipped = run(ran(Result.SKIPPED, days=5))
    history = replayed(run(*asserted), skipped, in_force=in_force)
    assert steps(history) == ["AWAITING_REVIEW", "COLLECTING"]
    assert history.changes[-1].cause == "what is required changed"


def test_a_use_case_that_was_not_in_the_register():
    """While the register does not have the use case nothing changes, though evidence came in."""
    empty = replace(CATALOGUE, use_cases={})
    history = replayed(
        run(*BASE), run(*complete(days=5)), in_force=lambda at: (empty if at < days_ago(9) else CATALOGUE, REVIEWED)
    )
    assert [change.at for change in history.changes] == [complete(days=5)[0].started_at]


def test_nothing_happened():
    """Without events there are no changes, and the status was never another."""
    assert replayed() == replace(replayed(), changes=(), burn_up=())
    assert replayed().status_since is None


def test_interruptions():
    """An interrupted execution demotes until the test runs to its end; the review holds if that passed."""
    history = replayed(
        run(*BASE), decision_event(SIGNED), run(ran(INTERRUPTED, days=5)), run(ran(days=4, proofs=("trace",)))
    )
    assert steps(history)[-2:] == ["COLLECTING", "READY_FOR_GO_LIVE"]


def test_burn_up_counts_what_is_complete():
    """Each event counts the complete and the required requirements of its moment."""
    pieces = complete(days=3)
    history = replayed(*(run(execution, days=3 - number / 10) for number, execution in enumerate(pieces)))
    counts = [point.complete for point in history.burn_up]
    assert counts == sorted(counts)
    assert (counts[-1], {point.required for point in history.burn_up}) == (11, {11})
    assert [point.done for point in history.burn_up] == counts


def test_a_missing_pin_is_missing_in_the_past_too():
    """A review whose evidence the store lacks is suspect from the start."""
    history = replayed(run(*BASE), decision_event(SIGNED), missing={BASE[0].id})
    assert steps(history) == ["AWAITING_REVIEW", "REVIEW_SUSPECT"]


def test_release():
    """Where a release is required, evidence for another never completes anything."""
    policy = replace(REVIEWED, release="required")
    assert steps(replayed(run(*BASE), in_force=lambda _: (CATALOGUE, policy), release="1.4")) == ["COLLECTING"]
