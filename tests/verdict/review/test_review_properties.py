"""Properties of reviews and decisions, for any evidence."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, assume, given, settings, strategies as st
from msgspec.structs import replace

from pytest_readiness.claims.catalogue import Catalogue, UseCase
from pytest_readiness.facts.evidence import Result
from pytest_readiness.verdict.evaluation import Facts, evaluate
from pytest_readiness.verdict.gate import evaluate_gate
from pytest_readiness.verdict.history import HistoryEvent, replay_history
from pytest_readiness.verdict.policy import Policy
from pytest_readiness.verdict.readiness import State, Status
from tests.growth import assert_linear
from tests.verdict.judging import CATALOGUE, FAILED, INTERRUPTED, NOW, UC, complete, days_ago, ran
from tests.verdict.people import (
    LEAD,
    ORIGINS,
    REVIEWED,
    SECOND,
    approval,
    blocker,
    judge_all,
    judged,
    known_facts,
    rejection,
    retirement,
    unblock,
    waiver,
)
from tests.verdict.test_properties import SMALL, executions

pytestmark = pytest.mark.slow

BASE = [execution for execution in complete(days=4) if execution.item in SMALL.items]
SIGNED = approval(BASE, days=3.5, catalogue=SMALL)
PEOPLE = (LEAD, SECOND, "stranger@example.com")
POLICIES = (
    REVIEWED,
    replace(REVIEWED, waivers="accept"),
    replace(REVIEWED, on="evidence", waivers="accept"),
    replace(REVIEWED, asserted="accept", flaky="accept"),
    replace(REVIEWED, required=2),
    replace(REVIEWED, separate=False),
)
moments = st.sampled_from((3.4, 2.5, 1.5, 0.5, 0.1, -1))
people = st.sampled_from(PEOPLE)
decision = st.one_of(
    st.builds(lambda days, by: replace(SIGNED, at=days_ago(days), by=by), moments, people),
    st.builds(rejection, moments, people),
    st.builds(waiver, st.sampled_from(("4", "2/staging", "plain", "99")), moments, people),
    st.builds(blocker, moments, people),
    st.builds(unblock, moments, people),
    st.builds(retirement, st.sampled_from(("a", BASE[0].test_id)), moments, people),
)
decisions = st.lists(decision, max_size=6)
history = st.lists(executions(), max_size=5).map(lambda more: [*BASE, *more])
judging = settings(max_examples=150, suppress_health_check=list(HealthCheck))


def judge(evidence, decided, policy=REVIEWED):
    """Return the readiness by the small register."""
    return judge_all(evidence, decided, policy, SMALL)


def opens(result, policy) -> bool:
    """Return whether the gate opens."""
    return evaluate_gate(result, policy).eligible


@judging
@given(history, decisions, st.sampled_from(POLICIES), executions(result=FAILED, open_scope=False))
def test_a_failure_never_opens_the_gate(evidence, decided, policy, failure):
    """Adding a failure opens no gate and makes nothing READY, whatever was decided."""
    assume(failure.item in SMALL.items)
    evidence = [replace(execution, open_scope=False) for execution in evidence]
    before, after = judge(evidence, decided, policy), judge([*evidence, failure], decided, policy)
    assert opens(before, policy) or not opens(after, policy)
    assert before.totals[Status.READY_FOR_GO_LIVE] >= after.totals[Status.READY_FOR_GO_LIVE]


@judging
@given(history, decisions, st.sampled_from(POLICIES), executions(result=Result.PASSED, environment="dev"))
def test_a_pass_that_is_not_real_changes_nothing_that_counts(evidence, decided, policy, rehearsal):
    """Adding a pass that is not real changes no review, no status but the first, and no verdict."""
    evidence = [execution for execution in evidence if execution.standing != "unscoped"]
    before, after = judge(evidence, decided, policy), judge([*evidence, rehearsal], decided, policy)
    assert before.use_cases[0].review == after.use_cases[0].review
    assert (before.totals, opens(before, policy)) == (after.totals, opens(after, policy))


@judging
@given(st.data(), history, decisions, st.sampled_from(POLICIES))
def test_order_of_arrival_does_not_matter(data, evidence, decided, policy):
    """The same evidence and decisions in any order, and some of them twice, are the same readiness."""
    decided = list({decision.at: decision for decision in decided}.values())
    shuffled = data.draw(st.permutations(evidence)), data.draw(st.permutations(decided))
    before = judge(evidence, decided, policy)
    after = judge([*shuffled[0], *shuffled[0][:2]], shuffled[1], policy)
    assert before.use_cases == after.use_cases


@judging
@given(st.lists(st.sampled_from((3.0, 2.0, 1.0, 0.5, 0.0)), max_size=4))
def test_running_the_same_passes_again_keeps_a_review(again):
    """However often the same tests pass again, with the same proofs in the same places, the review stays current."""
    more = [
        replace(execution, id=f"run.{n}{i}.2", started_at=days_ago(d))
        for n, d in enumerate(again)
        for i, execution in enumerate(BASE)
    ]
    result = judge([*BASE, *more], [SIGNED]).use_cases[0]
    assert (result.status, result.review.state) == ("READY_FOR_GO_LIVE", "CURRENT")


@judging
@given(
    st.sampled_from([execution for execution in BASE if execution.environment == "staging"]),
    st.sampled_from((FAILED, Result.ERROR)),
    st.sampled_from((3.9, 3.45, 2.0, 0.5)),
    st.booleans(),
)
def test_an_adverse_event_in_between_makes_a_review_suspect(execution, result, days, hidden):
    """A failure after what was signed leaves the review suspect whatever passes after it, and a new review mends that."""
    bad = replace(execution, id="run.0.1", result=result, started_at=days_ago(days))
    passes = [replace(execution, id=f"run.9{n}.1", started_at=days_ago(0.2)) for n, execution in enumerate(BASE)]
    seen = {"adverse": [bad]} if hidden else {}
    evidence = [*BASE, *passes] if hidden else [*BASE, bad, *passes]
    found = judge_all(evidence, [SIGNED], catalogue=SMALL, **seen).use_cases[0]
    assert (found.phase, found.review.state) == ("REVIEW_SUSPECT", "SUSPECT")
    again = approval(evidence, days=0.1, catalogue=SMALL)
    assert judge_all(evidence, [SIGNED, again], catalogue=SMALL, **seen).use_cases[0].status == "READY_FOR_GO_LIVE"


@judging
@given(history, decisions, st.sampled_from(POLICIES), st.sampled_from(("4", "2/staging", "plain", "6/rotation")))
def test_a_waiver_never_gives_ready(evidence, decided, policy, tail):
    """Adding a waiver makes nothing READY, and nothing that is waived is READY."""
    before = judge(evidence, decided, policy)
    after = judge(evidence, [*decided, waiver(tail, 0.05)], policy)
    assert before.totals[Status.READY_FOR_GO_LIVE] >= after.totals[Status.READY_FOR_GO_LIVE]
    for use_case in after.use_cases:
        waived = any(requirement.state is State.WAIVED for requirement in use_case.required)
        assert not (waived and use_case.status is Status.READY_FOR_GO_LIVE)


@judging
@given(history, decisions, st.sampled_from(POLICIES), st.sampled_from((LEAD, SECOND)))
def test_removing_a_reviewer_never_opens_the_gate(evidence, decided, policy, removed):
    """With one reviewer fewer on the list nothing opens that was closed, and nothing is READY that was not."""
    fewer = replace(policy, reviewers=tuple(name for name in policy.reviewers if name != removed))
    before, after = judge(evidence, decided, policy), judge(evidence, decided, fewer)
    assert opens(before, policy) or not opens(after, fewer)
    assert before.totals[Status.READY_FOR_GO_LIVE] >= after.totals[Status.READY_FOR_GO_LIVE]


@judging
@given(history, decisions, st.sampled_from(POLICIES))
def test_what_makes_worse_never_makes_better(evidence, decided, policy):
    """A blocker and a rejection, by whomever, block; no decision by a stranger makes anything READY."""
    for worse in (blocker(0.05, "stranger@example.com"), rejection(0.05, "stranger@example.com")):
        assert judge(evidence, [*decided, worse], policy).totals[Status.BLOCKED] == 1
    own = [replace(decision, by="stranger@example.com") for decision in decided]
    assert judge(evidence, own, policy).totals[Status.READY_FOR_GO_LIVE] == 0


@judging
@given(history, decisions)
def test_a_replay_ends_where_the_evaluation_is(evidence, decided):
    """The last change of a replay leads to the status and phase of the evaluation of everything."""
    evidence = [execution for execution in evidence if execution.run_id == "run"]
    result = judge(evidence, decided).use_cases[0]
    events = [HistoryEvent(execution.started_at, (execution,)) for execution in evidence]
    events += [HistoryEvent.from_decision(decision, NOW) for decision in decided]
    changes = replay_history(UC, events, lambda _: (SMALL, REVIEWED), NOW, constant=Facts(origins=ORIGINS)).changes
    future = [execution for execution in evidence if execution.started_at > NOW]
    assume(not future)
    last = (changes[-1].to_status, changes[-1].to_phase) if changes else (Status.NOT_STARTED, None)
    assert last == (result.status, result.phase)


def test_the_properties_meet_what_they_speak_of():
    """The evidence and the approval that the properties start from are READY and open the gate."""
    result = judge(BASE, [SIGNED])
    assert result.totals[Status.READY_FOR_GO_LIVE] == 1
    assert opens(result, REVIEWED)
    assert judged([*BASE, ran(INTERRUPTED, days=1)], [SIGNED], catalogue=SMALL).phase == "COLLECTING"


def reviewed(count: int) -> tuple[Catalogue, Facts]:
    """Return that many complete use cases with a review each."""
    names = [f"UC-{number:04}" for number in range(count)]
    row = UseCase("", environments=("staging",), provider_modes=("BYOK",))
    items = {key: item for key, item in CATALOGUE.items.items() if key != "plain"}
    catalogue = replace(CATALOGUE, items=items, use_cases={name: replace(row, id=name) for name in names})
    pieces = [execution for execution in complete() if execution.item in items and execution.environment == "staging"]
    evidence = [
        replace(execution, uc=name, id=f"run.{name}{execution.seq}{n}.1")
        for name in names
        for n, execution in enumerate(pieces)
    ]
    first = evaluate(catalogue, REVIEWED, known_facts(evidence), NOW)
    reviews = [
        replace(SIGNED, use_case=use_case.use_case.id, basis=use_case.basis, at=days_ago(0.5))
        for use_case in first.use_cases
    ]
    return catalogue, Facts(evidence, decisions=reviews, origins=ORIGINS)


def test_judging_grows_with_what_is_reviewed():
    """A register of four times as many use cases with a review each is four times the work."""

    def judge_all(count: int) -> Callable[[], None]:
        catalogue, facts = reviewed(count)

        def act() -> None:
            result = evaluate(catalogue, REVIEWED, facts, NOW)
            assert result.totals[Status.READY_FOR_GO_LIVE] == count
            assert evaluate_gate(result, Policy(reviewers=REVIEWED.reviewers)).eligible

        return act

    assert_linear(judge_all(50), judge_all(200), times=4)


TRACE_TEST = next(execution for execution in BASE if execution.item == "4")
failures = st.lists(
    st.tuples(
        st.sampled_from((200.0, 179.0, 10.0, 4.5, 3.8, 3.6, 2.0, 0.5)),
        st.sampled_from((TRACE_TEST.test_id, "other")),
        st.sampled_from(("staging", "prod")),
        st.sampled_from(("r1", "r2", "r3")),
    ),
    max_size=4,
)
AGED = replace(SMALL, items={key: item for key, item in SMALL.items.items() if item.max_age_days})


@judging
@given(failures, st.sets(st.sampled_from(("r1", "r2", "r3"))), st.booleans())
def test_exactly_what_could_not_be_seen_makes_suspect(drawn, known_runs, hidden):
    """A failure after the review, or of a run that was not known, within the longest age and with no newer pass pinned."""
    base = [execution for execution in BASE if execution.item in AGED.items]
    longest = max(item.max_age_days for item in AGED.items.values())
    wrong = [
        ran(FAILED, days=days, test=test, environment=place, run_id=run, id=f"{run}.{number}.1")
        for number, (days, test, place, run) in enumerate(drawn)
    ]
    mended = [
        replace(
            execution,
            id=f"{execution.id}9",
            run_id="run",
            result=Result.PASSED,
            started_at=days_ago(0.2),
            proofs=TRACE_TEST.proofs,
        )
        for execution in {(execution.test_id, execution.environment): execution for execution in wrong}.values()
    ]
    seen = approval(base, days=3.5, catalogue=AGED, failed_runs={UC: known_runs})
    expected = any(
        days < 3.5
        or (
            days < 3.5 + longest
            and run not in known_runs
            and not ((test, place) == (TRACE_TEST.test_id, "staging") and days > 4)
        )
        for days, test, place, run in drawn
    )
    evidence = [*base, *mended] if hidden else [*base, *wrong, *mended]
    facts = {"adverse": wrong} if hidden else {}
    result = judge_all(evidence, [seen], catalogue=AGED, **facts).use_cases[0]
    assert result.review.state == ("SUSPECT" if expected else "CURRENT")
    again = approval(evidence, days=0.1, catalogue=AGED, failed_runs={UC: {execution.run_id for execution in wrong}})
    assert judge_all(evidence, [seen, again], catalogue=AGED, **facts).use_cases[0].status == "READY_FOR_GO_LIVE"


@judging
@given(st.lists(st.tuples(st.sampled_from(BASE), st.sampled_from(("run", "mine")), st.sampled_from((3.0, 1.0, 0.2)))))
def test_an_approval_holds_exactly_while_others_recorded_what_decides(again):
    """Whoever recorded the same tests since, in whatever order: what decides now is asked, and nothing before it."""
    more = [
        replace(execution, id=f"{run}.{number}.9", run_id=run, started_at=days_ago(days))
        for number, (execution, run, days) in enumerate(again)
    ]
    result = judge([*BASE, *more], [SIGNED]).use_cases[0]
    deciding = {execution.run_id for requirement in result.required for execution in requirement.deciding}
    assert (result.review.state == "CURRENT") is ("mine" not in deciding)
    assert result.review.state in ("CURRENT", "NONE")
