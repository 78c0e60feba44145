"""Counts of a verdict: the use cases that are ready, blocked and why, in progress, and not started."""

from __future__ import annotations

from collections import Counter
from enum import StrEnum

from msgspec import Struct

from .readiness import Readiness, ReviewState, State, Status, UseCaseReadiness, Verdict


class BlockReason(StrEnum):
    """Reason why a use case is BLOCKED, the most urgent first."""

    FAILING = "failing"
    BLOCKER = "blocker"
    REJECTED = "rejected"


class VerdictCounts(Struct, frozen=True):
    """Numbers of use cases. Ready, blocked, in progress and not started add up to all of them."""

    use_cases: int
    """All in scope."""
    ready: int
    """READY_FOR_GO_LIVE, or in progress and accepted by the gate (on evidence alone, or with an accepted waiver)."""
    blocked: int
    failing: int
    """BLOCKED by a failing requirement."""
    with_blocker: int
    """BLOCKED by an open blocker; nothing is failing."""
    rejected: int
    """BLOCKED by a rejection; nothing is failing, and no blocker is open."""
    in_progress: int
    not_started: int
    requirements: int = 0
    """Number of requirements of all use cases, without those that are NOT_APPLICABLE."""
    waived: int = 0
    """Number of waived requirements."""
    departed: tuple[str, ...] = ()
    """Ids of the use cases that left the register with something open and keep the gate closed."""


def block_reasons(use_case: UseCaseReadiness) -> tuple[BlockReason, ...]:
    """Return all reasons why a use case is BLOCKED, the most urgent first; empty: it is not."""
    if use_case.status is not Status.BLOCKED:
        return ()
    reasons: list[BlockReason] = []
    if any(State.FAILING in requirement.policy_states for requirement in use_case.required):
        reasons.append(BlockReason.FAILING)
    if use_case.blockers:
        reasons.append(BlockReason.BLOCKER)
    if use_case.review.state is ReviewState.REJECTED:
        reasons.append(BlockReason.REJECTED)
    return tuple(reasons)


def worst_use_case(readiness: Readiness, verdict: Verdict) -> str | None:
    """Return the id of the use case that keeps the gate closed and stands worst; None: no use case does.

    A failing one comes first, then one with a blocker, a rejected one, one in progress, one not started. Of equals it
    is the first of the register.
    """
    closing = {*verdict.failing}
    candidates = [use_case for use_case in readiness.use_cases if use_case.use_case.id in closing]
    if candidates:
        return min(candidates, key=urgency).use_case.id
    return verdict.failing[0] if verdict.failing else None


def urgency(use_case: UseCaseReadiness) -> tuple[int, int]:
    """Return the sort key that puts the worst use case first: failing, blocked, rejected, in progress, not started."""
    reasons = block_reasons(use_case)
    return _WORST_STATUS.index(use_case.status), list(BlockReason).index(reasons[0]) if reasons else len(BlockReason)


_WORST_STATUS = (Status.BLOCKED, Status.IN_PROGRESS, Status.NOT_STARTED, Status.READY_FOR_GO_LIVE)


def count_verdict(readiness: Readiness, verdict: Verdict) -> VerdictCounts:
    """Return the counts of the use cases in scope. A blocked one is counted by its most urgent reason."""
    statuses: Counter[Status] = Counter()
    reasons: Counter[BlockReason] = Counter()
    requirements = waived = 0
    ready, closing = ready_use_cases(readiness, verdict), {*verdict.failing}
    for use_case in readiness.use_cases:
        status = use_case.status
        if status is Status.BLOCKED:
            reasons.update(block_reasons(use_case)[:1])
        elif use_case.use_case.id in ready:
            status = Status.READY_FOR_GO_LIVE
        statuses[status] += 1
        requirements += len(use_case.required)
        waived += use_case.waived
    return VerdictCounts(
        use_cases=len(readiness.use_cases),
        ready=statuses[Status.READY_FOR_GO_LIVE],
        blocked=statuses[Status.BLOCKED],
        failing=reasons[BlockReason.FAILING],
        with_blocker=reasons[BlockReason.BLOCKER],
        rejected=reasons[BlockReason.REJECTED],
        in_progress=statuses[Status.IN_PROGRESS],
        not_started=statuses[Status.NOT_STARTED],
        requirements=requirements,
        waived=waived,
        departed=tuple(departed.use_case for departed in readiness.removed_here if departed.use_case in closing),
    )


def ready_use_cases(readiness: Readiness, verdict: Verdict) -> frozenset[str]:
    """Return the ids of the use cases that are ready.

    A use case is ready if it is READY_FOR_GO_LIVE, or in progress and accepted by the gate.
    """
    closing = {*verdict.failing}
    return frozenset(
        use_case.use_case.id
        for use_case in readiness.use_cases
        if use_case.status is Status.READY_FOR_GO_LIVE
        or (use_case.status is Status.IN_PROGRESS and verdict.rules and use_case.use_case.id not in closing)
    )
