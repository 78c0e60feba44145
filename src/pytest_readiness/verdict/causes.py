"""Causes of a status change: a sentence, and the evidence or the decision behind it."""

from __future__ import annotations

from collections.abc import Sequence

from ..facts.decision import (
    Blocker,
    Decision,
    Departure,
    Retirement,
    Review,
    ReviewMeaning,
    RunRetirement,
    Unblock,
    Waiver,
)
from ..facts.evidence import Evidence
from .explanations import execution_text, first_line
from .readiness import WORST_FIRST, Phase, State, Status, UseCaseReadiness

Cause = tuple[str, str | None]
"""A sentence, and the id of the evidence or of the decision; None: neither."""


def cause_of(
    before: UseCaseReadiness | None, after: UseCaseReadiness, evidence: Sequence[Evidence], decision: Decision | None
) -> Cause:
    """Return the cause of a use case's new readiness.

    Args:
        before: its earlier readiness; None: there was none.
        after: its new readiness.
        evidence: new evidence of a run; empty if a decision was made, or only time passed.
        decision: the new decision; None: there is none.
    """
    if decision is not None:
        return decision_sentence(decision), decision.id
    cause = _suspect_cause(before, after, evidence) or _requirement_cause(before, after, evidence)
    if cause is not None:
        return cause
    if before is not None and before.review.basis_digest != after.review.basis_digest:
        return "what is required changed", _first_id(evidence)
    if evidence:
        return f"evidence came in: {execution_text(evidence[0])}", evidence[0].id
    return "time passed", None


def decision_sentence(decision: Decision) -> str:
    """Return a decision with its maker and reason as a sentence."""
    by = first_line(decision.by)
    if isinstance(decision, Review):
        comment = f": {first_line(decision.comment)}" if decision.comment.strip() else ""
        done = "rejected" if decision.meaning is ReviewMeaning.REJECTED else "approved"
        return f"{by} {done} it{comment}"
    if isinstance(decision, Waiver):
        what, until = first_line(decision.requirement), first_line(decision.until)
        return f"{by} waived {what} until {until}: {first_line(decision.reason)}"
    if isinstance(decision, Retirement | RunRetirement):
        what = (
            first_line(decision.test_id) if isinstance(decision, Retirement) else f"run {first_line(decision.run_id)}"
        )
        return f"{by} retired {what}: {first_line(decision.reason)}"
    if isinstance(decision, Departure):
        return f"{by} retired it after it left the register: {first_line(decision.reason)}"
    if isinstance(decision, Blocker | Unblock):
        return f"{by} {'blocked' if isinstance(decision, Blocker) else 'unblocked'} it: {first_line(decision.reason)}"
    return f"{by} decided ({decision.KIND})"


def _suspect_cause(
    before: UseCaseReadiness | None, after: UseCaseReadiness, evidence: Sequence[Evidence]
) -> Cause | None:
    was = before.phase if before is not None else None
    if after.phase is not Phase.REVIEW_SUSPECT or was is Phase.REVIEW_SUSPECT or not after.review.why:
        return None
    return f"the review is suspect: {after.review.why[0]}", _first_id(evidence)


def _requirement_cause(
    before: UseCaseReadiness | None, after: UseCaseReadiness, evidence: Sequence[Evidence]
) -> Cause | None:
    """Return the requirement that explains the change best: the worst that got worse, else the first that improved."""
    was = (
        {requirement.requirement.id: requirement.state for requirement in before.required} if before is not None else {}
    )
    changed = [
        requirement
        for requirement in after.required
        if requirement.state is not was.get(requirement.requirement.id, State.MISSING)
    ]
    worse = [
        requirement
        for requirement in changed
        if _rank(requirement.state) < _rank(was.get(requirement.requirement.id, State.MISSING))
    ]
    if after.status is Status.BLOCKED:
        worse = [requirement for requirement in worse if requirement.state is State.FAILING] or worse
    better = [requirement for requirement in changed if requirement not in worse]
    chosen = min(worse, key=lambda requirement: _rank(requirement.state)) if worse else next(iter(better), None)
    if chosen is None:
        return None
    new_ids = {execution.id for execution in evidence}
    shown = next(
        (execution for execution in chosen.evidence if execution.id in new_ids), next(iter(chosen.evidence), None)
    )
    return f"{chosen.requirement.id} is {chosen.state.value}: {chosen.why}", shown.id if shown else None


def _rank(state: State) -> int:
    return WORST_FIRST.index(state)


def _first_id(evidence: Sequence[Evidence]) -> str | None:
    return evidence[0].id if evidence else None
