"""Status of a use case, and its phase while in progress."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from .policy import Policy
from .readiness import Phase, RequirementReadiness, ReviewState, ReviewSummary, State, Status


def is_reviewed(review: ReviewSummary) -> bool:
    """Return whether there are enough current reviews; no reviews are never enough."""
    return review.state is ReviewState.CURRENT and review.approvals >= max(1, review.required)


def status_of(
    required: Sequence[RequirementReadiness],
    review: ReviewSummary,
    policy: Policy,
    *,
    started: bool,
    blocked: bool = False,
) -> tuple[Status, Phase | None]:
    """Return the first status that applies, and the phase while IN_PROGRESS.

    Args:
        required: the requirements that count (all except NOT_APPLICABLE).
        review: the state of the reviews.
        policy: the states that a review can accept.
        started: there is evidence that starts a use case, or a decision.
        blocked: a blocker is open.
    """
    states = {state for requirement in required for state in requirement.policy_states}
    if blocked or review.state is ReviewState.REJECTED or State.FAILING in states:
        return Status.BLOCKED, None
    # Without requirements nothing is ready: ``all`` would be true of an empty set.
    if states and all(map(policy.reviewable, states)) and is_reviewed(review):
        return Status.READY_FOR_GO_LIVE, None
    if started:
        return Status.IN_PROGRESS, _phase(states, review, policy)
    return Status.NOT_STARTED, None


def accepted_requirements(
    required: Iterable[RequirementReadiness], review: ReviewSummary, policy: Policy
) -> tuple[str, ...]:
    """Return the ids of the unproven and flaky requirements that the config accepts, or a current review named."""
    unsure = [requirement for requirement in required if requirement.state in (State.ASSERTED, State.FLAKY)]
    if not unsure:  # the usual case
        return ()
    current = (standing.decision for standing in review.standings if standing.state is ReviewState.CURRENT)
    named = {name for decision in current for name in decision.acknowledged}
    return tuple(
        requirement.requirement.id
        for requirement in unsure
        if all(
            policy.leniency(state) == "accept"
            or (policy.leniency(state) == "acknowledge" and requirement.requirement.id in named)
            for state in requirement.policy_states
        )
    )


def _phase(states: Collection[State], review: ReviewSummary, policy: Policy) -> Phase:
    if not states or not all(map(policy.acceptable, states)):
        return Phase.COLLECTING
    return Phase.REVIEW_SUSPECT if review.state is ReviewState.SUSPECT else Phase.AWAITING_REVIEW
