"""State of one requirement: the first rule that applies."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from functools import lru_cache
from typing import NamedTuple

from msgspec import Struct, field
from msgspec.structs import replace

from ...claims.catalogue import Requirement
from ...facts.evidence import BAD, Evidence, Result, execution_of
from ...facts.suite_failure import ABSENT
from ...facts.timestamps import is_timestamp, parse_timestamp
from .. import explanations
from ..evidence_standing import RAN_HERE, proves
from ..inputs import SignedRun
from ..readiness import Explanation, RequirementReadiness, State
from .execution_ledger import BROKEN, ExecutionLedger, RequirementExecutions
from .later_runs import LaterRuns
from .levels import level_of, weakest_level
from .skipped_since import skipped_since
from .uncounted import Uncounted, expired, why_uncounted

SOON = 0.75
"""Fraction of the max age after which a pass is reported as expiring soon."""


class EvaluationContext(Struct, frozen=True):
    """Context of an evaluation besides the requirement and its evidence."""

    now: str
    open_runs: Collection[str]
    real_declared: bool
    """Whether at least one environment is declared real."""
    signed: Mapping[str, SignedRun] = field(default_factory=dict)
    """The signed runs, by id."""
    later: LaterRuns = field(default_factory=lambda: LaterRuns(()))
    """Used only for failures."""


class _Assessment(NamedTuple):
    state: State
    explanation: Explanation
    expires_at: str | None = None
    expires_soon: bool = False
    unproven: bool = False


def requirement_state(
    requirement: Requirement, ledger: ExecutionLedger, context: EvaluationContext
) -> tuple[RequirementReadiness, Sequence[Evidence]]:
    """Return the readiness of a requirement, and all evidence about it."""
    sole = ledger.sole_pass(requirement) if requirement.not_applicable is None else None
    if sole is not None:
        executions = (sole,)
        assessment = _assess_passes(requirement, executions, context)
        if assessment is not None:
            over = {} if assessment.state is not State.STALE else {sole.id: expired(requirement)}
            return _readiness(requirement, assessment, executions, executions, context, over), executions
    selected = ledger.select(requirement)
    deciding, shown = selected.deciding, selected.deciding + selected.uncounted
    if requirement.not_applicable is not None:
        explanation = Explanation(explanations.first_line(requirement.not_applicable))
        return RequirementReadiness(
            requirement, State.NOT_APPLICABLE, explanation, shown, deciding=deciding
        ), selected.matching
    assessment = (
        _assess_failures(requirement, selected, context)
        or _assess_passes(requirement, deciding, context)
        or _assess_uncovered(requirement, selected, context, ledger)
    )
    if selected.future_passes or selected.excluded:
        explanation = Explanation(
            assessment.explanation.why + _notes(assessment.state, selected), assessment.explanation.completes_it
        )
        assessment = assessment._replace(explanation=explanation)
    counting = _counting(requirement, deciding)
    uncounted = _uncounted(requirement, shown, counting, selected, ledger, context)
    readiness = _readiness(requirement, assessment, shown, counting, context, uncounted)
    if skips := skipped_since(selected, ledger):
        readiness = replace(readiness, skipped_since=skips)
    return readiness, selected.matching


def _uncounted(
    requirement: Requirement,
    shown: Sequence[Evidence],
    counting: Collection[Evidence],
    selected: RequirementExecutions,
    ledger: ExecutionLedger,
    context: EvaluationContext,
) -> Mapping[str, Uncounted]:
    """Return why the shown executions that do not count do not, by id."""
    counted = {execution.id for execution in counting}
    reasons: dict[str, Uncounted] = {}
    for execution in shown:
        passed = execution.result is Result.PASSED
        if passed and execution.method == ABSENT:
            reasons[execution.id] = (State.MISSING, "it satisfies nothing: it only says that a failure is over")
        elif passed and not _satisfies(requirement, execution):
            reasons[execution.id] = (State.MISSING, "it does not say whether the replay was FULL or TRACE_ONLY")
        elif execution.id not in counted:
            reasons[execution.id] = why_uncounted(requirement, execution, selected, ledger)
        elif passed and _is_over(expiry_of(execution.started_at, requirement.max_age_days), context.now):
            reasons[execution.id] = expired(requirement)
    return reasons


def _counting(requirement: Requirement, deciding: tuple[Evidence, ...]) -> tuple[Evidence, ...]:
    """Return the executions that decide, without passes that satisfy nothing, unless there are no others."""
    counting = [
        execution
        for execution in deciding
        if execution.result is not Result.PASSED or _satisfies(requirement, execution)
    ]
    return tuple(counting) if counting else deciding


def _readiness(
    requirement: Requirement,
    assessment: _Assessment,
    shown: tuple[Evidence, ...],
    deciding: tuple[Evidence, ...],
    context: EvaluationContext,
    uncounted: Mapping[str, Uncounted],
) -> RequirementReadiness:
    state, explanation, expires_at, expires_soon, unproven = assessment
    levels = [level_of(execution, context.open_runs, context.signed) for execution in deciding]
    level = levels[0] if len(levels) == 1 else weakest_level(levels)
    return RequirementReadiness(
        requirement, state, explanation, shown, expires_at, expires_soon, level, deciding, None, unproven, uncounted
    )


def _notes(state: State, selected: RequirementExecutions) -> str:
    excluded_note = "" if state is State.COMPLETE else explanations.excluded_note(selected.excluded.values())
    return explanations.future_note(selected.future_passes) + excluded_note


def _assess_failures(
    requirement: Requirement, selected: RequirementExecutions, context: EvaluationContext
) -> _Assessment | None:
    adverse = [execution for execution in selected.deciding if execution.result in BROKEN]
    if not adverse:
        return None
    failing = [execution for execution in adverse if execution.result in BAD]
    shown = failing or adverse
    elsewhere = selected.other_places.get(shown[0].id)
    why = explanations.why_bad(requirement, shown[0], len(shown) - 1, elsewhere)
    state = State.FAILING if failing else State.INTERRUPTED
    others = len({execution.test_id for execution in shown} - {shown[0].test_id})
    remedy = explanations.completes_bad(requirement, shown[0], others, elsewhere)
    return _Assessment(state, Explanation(why, remedy + context.later.retirement_advice(shown[0], elsewhere)))


def _assess_passes(
    requirement: Requirement, deciding: Sequence[Evidence], context: EvaluationContext
) -> _Assessment | None:
    first = fresh = proven = flaky = None
    for execution in deciding:
        if not _satisfies(requirement, execution):
            continue
        if flaky is None and execution.flaky:
            flaky = execution
        if proven is None:
            candidate = execution, expiry_of(execution.started_at, requirement.max_age_days)
            first = first or candidate
            if not _is_over(candidate[1], context.now):
                fresh = fresh or candidate
                proven = candidate if proves(requirement, execution) else None
    if first is None:
        return None
    rests_on, expires_at = proven or fresh or first
    if fresh is None:
        state = State.STALE
    elif flaky is not None:
        state = State.FLAKY
    else:
        state = State.ASSERTED if proven is None else State.COMPLETE
    soon = state is not State.STALE and is_soon(rests_on.started_at, requirement.max_age_days, context.now)
    explained = flaky if flaky is not None and state is State.FLAKY else rests_on
    unproven = proven is None
    explanation = Explanation(
        _why_passed(requirement, state, explained, deciding, unproven=unproven),
        _completes_passed(requirement, state, explained, unproven=unproven),
    )
    return _Assessment(state, explanation, expires_at, soon, unproven)


def _satisfies(requirement: Requirement, evidence: Evidence) -> bool:
    if evidence.result is not Result.PASSED or evidence.method == ABSENT:
        return False
    return requirement.proof != "replay" or explanations.replay_mode(evidence) is not None


def _why_passed(
    requirement: Requirement, state: State, evidence: Evidence, deciding: Sequence[Evidence], *, unproven: bool
) -> str:
    """Return why a requirement with a pass has its state.

    Args:
        requirement: the requirement.
        state: its state.
        evidence: the pass that it rests on, or that is flaky.
        deciding: all deciding executions, including other claims of the same execution.
        unproven: no counting pass has the proof.
    """
    passed = explanations.execution_text(evidence)
    if requirement.proof == "replay" and "TRACE_ONLY" in map(explanations.replay_mode, _claims(evidence, deciding)):
        passed += ", TRACE_ONLY"
    if state is State.COMPLETE:
        return passed if requirement.proof == "none" else f"{passed} with {_proof_name(requirement)}"
    if state is State.STALE:
        return f"{passed}, more than {requirement.max_age_days} days ago"
    ran_here = evidence.method in RAN_HERE
    without = f"without {_proof_name(requirement)}"
    lack = without if ran_here else f"but was only {explanations.first_line(evidence.method)}"
    if state is State.FLAKY:
        passed += f" only at attempt {len(evidence.attempts)}"
        return f"{passed}, {lack}" if unproven else passed
    return f"{passed} {lack}" if ran_here else f"{passed}, {lack}"


def _claims(evidence: Evidence, deciding: Sequence[Evidence]) -> list[Evidence]:
    """Return the claims of an execution for the requirement: several marks add up."""
    execution = execution_of(evidence)
    return [claim for claim in deciding if execution_of(claim) == execution]


def _completes_passed(requirement: Requirement, state: State, evidence: Evidence, *, unproven: bool) -> str:
    """Return what would complete a requirement with a pass."""
    if state is State.COMPLETE:
        return ""
    place = explanations.place_of(requirement)
    test, recording = explanations.first_line(evidence.test_id), explanations.recording(requirement)
    if state is State.STALE:
        return f"run {test} again{place}{explanations.recording(requirement, evidence)}"
    if state is State.FLAKY:
        at_once = f"make {test} pass{place} at its first attempt"
        return f"{at_once}{recording}" if unproven else at_once
    if evidence.method not in RAN_HERE:
        return f"run a test tagged {explanations.marker_text(requirement)}{place}{recording}"
    return f"record {explanations.proof_text(requirement)} in {test} and run it{place}"


def _proof_name(requirement: Requirement) -> str:
    return f"the {requirement.proof} proof" if requirement.proof != "none" else "a proof"


def _assess_uncovered(
    requirement: Requirement, selected: RequirementExecutions, context: EvaluationContext, ledger: ExecutionLedger
) -> _Assessment:
    """Return the assessment of a requirement without a counting execution."""
    counted = (
        execution
        for execution in selected.deciding + selected.uncounted
        if execution not in selected.future_passes and execution.id not in selected.excluded
    )
    state, newest = State.MISSING, next(counted, None)
    if requirement.undeclared_environment:
        why = "no real environment is declared for it"
    elif selected.rehearsals and not selected.deciding:
        state, newest = State.REHEARSED, selected.rehearsals[0]
        because = explanations.first_line(newest.not_real_because or explanations.not_real_now(newest))
        why = f"only rehearsed: {explanations.execution_text(newest)}, not real: {because}"
    else:
        can_run = newest is None and context.real_declared
        elsewhere = _pass_elsewhere(requirement, ledger) if can_run else None
        why = explanations.why_missing(requirement, newest, elsewhere)
        if elsewhere is not None:
            return _Assessment(state, Explanation(why, explanations.completes_elsewhere(requirement, elsewhere)))
    completes_it = explanations.completes_missing(requirement, newest, real_declared=context.real_declared)
    return _Assessment(state, Explanation(why, completes_it))


def _pass_elsewhere(requirement: Requirement, ledger: ExecutionLedger) -> Evidence | None:
    """Return the newest pass of a test that claims the item, and could run in the place of the requirement too."""
    for execution in ledger.executions:
        if (
            execution.result is Result.PASSED
            and execution.real
            and execution.id not in ledger.excluded
            and (requirement.part is None or requirement.part in execution.parts)
            and execution.claim_environment in (None, requirement.environment)
            and execution.claim_provider_mode in (None, requirement.provider_mode)
        ):
            return execution
    return None


def expiry_of(started_at: str, max_age_days: int | None) -> str | None:
    """Return the moment until which a pass is fresh; None: always."""
    if max_age_days is None:
        return None
    if not is_timestamp(started_at):
        return _later(started_at, max_age_days)
    # Whole days do not change the time of day, and executions share few days, so that the cache is used.
    day = _day_after(started_at[:10], max_age_days)
    return day and day + started_at[10:]


def is_soon(started_at: str, max_age_days: int | None, now: str) -> bool:
    """Return whether three quarters of the max age have passed."""
    if max_age_days is None:
        return False
    latest = _later(now, -max_age_days * SOON)
    return latest is not None and started_at <= latest


def _is_over(expires_at: str | None, now: str) -> bool:
    return expires_at is not None and now > expires_at


@lru_cache(maxsize=1024)
def _day_after(day: str, days: int) -> str | None:
    later = _later(f"{day}T00:00:00.000Z", days)
    return later and later[:10]


@lru_cache(maxsize=4096)
def _later(started_at: str, days: float | None) -> str | None:
    if days is None:
        return None
    try:
        later = parse_timestamp(started_at) + timedelta(days=days)
    except OverflowError:  # after the year 9999, or before the year 1
        return None
    return later.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"
