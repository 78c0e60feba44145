"""Properties of evaluations, for any evidence."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, assume, given, settings, strategies as st
from msgspec.structs import replace

from pytest_readiness.claims.catalogue import UseCase
from pytest_readiness.facts.evidence import Result
from pytest_readiness.verdict.actions import next_actions
from pytest_readiness.verdict.coverage import RealPlaces
from pytest_readiness.verdict.evaluation import Facts, evaluate
from pytest_readiness.verdict.gate import evaluate_gate
from pytest_readiness.verdict.policy import Policy
from pytest_readiness.verdict.readiness import WORST_FIRST, Explanation, State, Status
from pytest_readiness.verdict.requirement.execution_ledger import ExecutionLedger, RequirementExecutions
from tests.growth import assert_linear
from tests.verdict.judging import CATALOGUE, FAILED, IDLE, INTERRUPTED, NOW, UC, complete, ran, readiness, states

pytestmark = pytest.mark.slow

ITEMS = ("2", "4", "5", "6", "plain")
SMALL = replace(
    CATALOGUE,
    items={key: CATALOGUE.items[key] for key in ITEMS},
    use_cases={UC: UseCase(UC, environments=("staging",), provider_modes=("BYOK",))},
)
"""Few enough requirements that random evidence meets them."""
POLICY = Policy(on="evidence")
SAID = {"environment_by": "scope", "provider_mode_by": "scope"}


def executions(**fixed):
    """Generate one execution; days before now from a few, so that equal moments happen."""
    fields = {
        "result": st.sampled_from((Result.PASSED, Result.PASSED, FAILED, INTERRUPTED, *IDLE)),
        "item": st.sampled_from(ITEMS),
        "days": st.sampled_from((-1, 0, 1, 2, 3, 95)),
        "test": st.sampled_from(("a", "b")),
        "environment": st.sampled_from(("staging", "prod", "dev", None)),
        "provider_mode": st.sampled_from((None, "BYOK", "FAKE")),
        "parts": st.sampled_from(((), ("rotation",), ("revocation",))),
        "proofs": st.sampled_from(((), ("trace", "handshake", "replay", "rotation", "revocation"))),
        "attempts": st.sampled_from((1, 1, 2)),
        "open_scope": st.booleans(),
        "environment_by": st.sampled_from((None, "scope")),
        "provider_mode_by": st.sampled_from((None, "scope", "credential")),
        "replay_mode": st.sampled_from((None, "FULL", "TRACE_ONLY")),
        "run_id": st.sampled_from(("run", "run", "open")),
    }
    return st.builds(ran, **{**fields, **{name: st.just(value) for name, value in fixed.items()}})


some = st.lists(executions(), max_size=8)
nearly = st.builds(
    lambda more, left_out: [*(execution for n, execution in enumerate(complete(days=4)) if n != left_out), *more],
    some,
    st.none() | st.integers(0, 9),
)
"""Evidence that is complete, or lacks one piece, and what else was recorded."""
judging = settings(max_examples=150, suppress_health_check=list(HealthCheck))


def judge(evidence):
    """Return the readiness by the small register, with one run open."""
    return readiness(evidence, POLICY, SMALL, open_runs={"open": ()})


def ranks(result) -> list[int]:
    """Return how good each requirement's state is (0 is the worst); a rehearsal is as little as nothing."""
    states = [requirement.state for requirement in result.use_cases[0].requirements]
    return [WORST_FIRST.index(State.MISSING if state is State.REHEARSED else state) for state in states]


def opens(result) -> bool:
    """Return whether the gate opens, the open run aside (it closes every gate, and would hide what is looked at)."""
    closed = replace(result, use_cases=tuple(replace(use_case, open_runs=()) for use_case in result.use_cases))
    return evaluate_gate(closed, POLICY).eligible


def ledgers(evidence, left_out=()):
    """Yield each requirement of the small register, and the ledger of its item."""
    why = dict.fromkeys((execution.id for execution in left_out), "its test was retired")
    for requirement in SMALL.requirements(UC):
        own = [execution for execution in evidence if execution.item == requirement.item]
        yield requirement, ExecutionLedger.build(own, NOW, {"open"}, RealPlaces.from_catalogue(SMALL), why)


@judging
@given(nearly, st.integers(0, 3))
def test_a_sole_pass_is_what_a_selection_finds(evidence, left_out):
    """Where a pass is told to decide alone, choosing among all there is finds that pass, and nothing beside it."""
    for requirement, ledger in ledgers(evidence, evidence[:left_out]):
        sole = ledger.sole_pass(requirement)
        assert sole is None or ledger.select(requirement) == RequirementExecutions((sole,), (), (), (), (sole,), {}, {})


def test_complete_evidence_is_made_of_sole_passes():
    """One pass for each requirement, and nothing else, takes no choosing."""
    assert all(ledger.sole_pass(requirement) is not None for requirement, ledger in ledgers(complete(days=4)))


@judging
@given(nearly, executions(result=FAILED) | executions(result=Result.ERROR))
def test_a_failure_never_improves_what_it_covers(evidence, failure):
    """Adding a real failure never improves a requirement that it covers, whatever else there is."""
    before, after = judge(evidence), judge([*evidence, failure])
    places = RealPlaces.from_catalogue(SMALL)
    for old, new in zip(before.use_cases[0].requirements, after.use_cases[0].requirements, strict=True):
        if places.covers(old.requirement, failure):
            assert new.state in (State.FAILING, State.INTERRUPTED, old.state)


@judging
@given(nearly, executions(result=FAILED) | executions(result=Result.ERROR))
def test_a_failure_never_improves_anything_where_all_named_their_scope(evidence, failure):
    """Without executions that ended before they named their scope, a failure improves no requirement and no verdict.

    A failed rehearsal is a rehearsal: it may be all that is known of a requirement that was MISSING.
    """
    evidence = [replace(execution, open_scope=False, **SAID) for execution in evidence]
    before, after = judge(evidence), judge([*evidence, failure])
    assert all(new <= old for new, old in zip(ranks(after), ranks(before), strict=True))
    assert opens(before) or not opens(after)


@judging
@given(nearly, executions(result=FAILED))
def test_a_failure_of_a_requirement_never_opens_the_gate(evidence, failure):
    """Adding a real failure of anything required never opens a closed gate."""
    requirements = SMALL.requirements(UC)
    assume(any(RealPlaces.from_catalogue(SMALL).covers(requirement, failure) for requirement in requirements))
    assert opens(judge(evidence)) or not opens(judge([*evidence, failure]))


@judging
@given(nearly, st.data())
def test_a_rehearsal_changes_nothing_that_counts(evidence, data):
    """A pass that is not real makes at most a MISSING requirement REHEARSED, and mends nothing."""
    rehearsal = data.draw(executions(result=Result.PASSED, environment="dev"))
    before, after = judge(evidence), judge([*evidence, rehearsal])
    for old, new in zip(before.use_cases[0].requirements, after.use_cases[0].requirements, strict=True):
        assert new.state == old.state or (old.state, new.state) == (State.MISSING, State.REHEARSED)
    assert opens(before) == opens(after)


@judging
@given(nearly.flatmap(lambda evidence: st.tuples(st.just(evidence), st.permutations(evidence))))
def test_order_of_arrival_does_not_matter(both):
    """The same evidence in any order, and some of it twice, is the same readiness and asks for the same actions."""
    evidence, shuffled = both
    before, after = judge(evidence), judge([*shuffled, *shuffled[:2]])
    assert before.use_cases == after.use_cases
    assert next_actions(before, POLICY) == next_actions(after, POLICY)


@judging
@given(
    nearly,
    st.sampled_from(IDLE).flatmap(lambda result: executions(result=result, environment_by=None, provider_mode_by=None)),
)
def test_what_did_not_run_changes_nothing(evidence, idle):
    """A skip, an expected failure, an unexpected pass and a test that never ran change no state and no status.

    One that had said where it runs tells where a crash of its test counts, and any tells whether a test that went wrong
    is still there.
    """
    before, after = judge(evidence).use_cases[0], judge([*evidence, idle]).use_cases[0]
    assert (before.status, before.phase) == (after.status, after.phase)
    for old, new in zip(before.requirements, after.requirements, strict=True):
        same = {"evidence": (), "explanation": Explanation(""), "uncounted": {}}
        assert replace(old, **same) == replace(new, **same)
        assert old.state is State.MISSING or _explanation(old) == _explanation(new)


def _explanation(requirement):
    """Return the explanation without the advice about a removed test."""
    return requirement.why, requirement.completes_it.partition("; if it was removed")[0]


@judging
@given(nearly, executions(result=Result.PASSED, run_id="open"))
def test_a_pass_in_an_open_run_changes_nothing(evidence, unsealed):
    """A pass in a run that is not sealed changes no state, no status and no verdict."""
    before, after = judge(evidence), judge([*evidence, unsealed])
    assert ranks(before) == ranks(after)
    assert before.totals == after.totals
    assert opens(before) == opens(after)


@judging
@given(nearly, executions(result=Result.PASSED, days=-1))
def test_a_pass_after_this_moment_changes_nothing(evidence, future):
    """A pass that starts after the moment being judged changes no state, no status and no verdict."""
    before, after = judge(evidence), judge([*evidence, future])
    assert ranks(before) == ranks(after)
    assert before.totals == after.totals
    assert opens(before) == opens(after)


@judging
@given(
    nearly, executions(result=FAILED, run_id="run", environment_by=None, provider_mode=None), st.sampled_from((0, -2))
)
def test_a_crash_without_a_scope_opens_nothing(evidence, crash, days):
    """The newest crash before a test names its scope fails all that it once placed itself in, wherever it crashed."""
    crash = replace(crash, started_at=ran(days=days).started_at, claim_environment=None, parts=())
    placed = ran(item=crash.item, test=crash.test_id, environment="staging", environment_by="scope", days=99)
    after = judge([*evidence, placed, crash])
    assert {
        requirement.state
        for requirement in after.use_cases[0].requirements
        if requirement.requirement.item == crash.item
    } == {State.FAILING}


@judging
@given(nearly)
def test_a_gate_that_opens_rests_on_passes_alone(evidence):
    """Where the gate opens each requirement has a real, settled pass, and no deciding execution is anything else."""
    result = judge(evidence)
    assume(opens(result))
    for requirement in result.use_cases[0].requirements:
        real = [e for e in requirement.evidence if e.real and e.run_id == "run" and e.started_at <= NOW]
        assert any(e.result is Result.PASSED for e in real)
        assert requirement.state in (State.COMPLETE, State.ASSERTED, State.FLAKY)


@judging
@given(some, st.sampled_from((POLICY, Policy(), Policy(asserted="accept", flaky="accept", waivers="accept"))))
def test_zero_use_cases_are_never_eligible(evidence, policy):
    """A verdict on no use case is closed, whatever was recorded and whatever the policy accepts."""
    nothing = evaluate(SMALL, policy, Facts(evidence), NOW, [])
    assert evaluate_gate(nothing, policy).eligible is False


@judging
@given(nearly, st.sampled_from((Policy(), POLICY)))
def test_nobody_is_ready_without_a_review(evidence, policy):
    """Evidence alone makes no use case READY_FOR_GO_LIVE."""
    assert readiness(evidence, policy, SMALL).totals[Status.READY_FOR_GO_LIVE] == 0


def test_the_properties_meet_an_open_gate():
    """The evidence that the properties start from opens the gate, so that they speak of open gates too."""
    assert opens(judge(complete(days=4)))
    assert set(states(complete(days=4)).values()) == {"COMPLETE"}


def test_judging_grows_with_the_evidence():
    """A register of four times as many use cases, with as much evidence for each, is four times the work."""

    def judge_all(count: int) -> Callable[[], None]:
        names = [f"UC-{number:04}" for number in range(count)]
        catalogue = replace(CATALOGUE, use_cases={name: UseCase(name, environments=("staging",)) for name in names})
        evidence = [
            replace(execution, uc=name, id=f"{name}.{execution.id}") for name in names for execution in complete()
        ]
        return lambda: evaluate(catalogue, POLICY, Facts(evidence), NOW)

    assert_linear(judge_all(100), judge_all(400), times=4)
