"""Outcomes of requirements as the formats of other tools need them: fewer words than the states have."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import StrEnum

from ..verdict.readiness import RequirementReadiness, State, Status, UseCaseReadiness
from .report import Report


class Outcome(StrEnum):
    """Outcome of one requirement. Only ``MET`` and ``ACCEPTED`` are a pass in any format."""

    MET = "met"
    """COMPLETE."""
    ACCEPTED = "accepted"
    """Not COMPLETE, but its use case is READY_FOR_GO_LIVE: a review accepted it as it is."""
    FAILED = "failed"
    """FAILING: a test says no."""
    UNCLEAR = "unclear"
    """INTERRUPTED or FLAKY: the tests give no clear answer."""
    OPEN = "open"
    """Nothing has shown it yet: MISSING, REHEARSED, STALE, ASSERTED."""
    WAIVED = "waived"
    """WAIVED, and no review has accepted that yet."""
    NOT_REQUIRED = "not required"
    """NOT_APPLICABLE. It counts as no requirement."""

    @property
    def passes(self) -> bool:
        """Whether the requirement is satisfied."""
        return self in _PASSES


_PASSES = frozenset({Outcome.MET, Outcome.ACCEPTED})
_OUTCOMES = {
    State.COMPLETE: Outcome.MET,
    State.NOT_APPLICABLE: Outcome.NOT_REQUIRED,
    State.FAILING: Outcome.FAILED,
    State.INTERRUPTED: Outcome.UNCLEAR,
    State.FLAKY: Outcome.UNCLEAR,
    State.WAIVED: Outcome.WAIVED,
}
_REVIEWED = frozenset({State.ASSERTED, State.FLAKY, State.WAIVED})
"""States that a review can accept."""


def outcome_of(use_case: UseCaseReadiness, requirement: RequirementReadiness) -> Outcome:
    """Return the outcome of a requirement of a use case."""
    if requirement.state in _REVIEWED and use_case.status is Status.READY_FOR_GO_LIVE:
        return Outcome.ACCEPTED
    return _OUTCOMES.get(requirement.state, Outcome.OPEN)


def outcomes(report: Report) -> Iterator[tuple[UseCaseReadiness, RequirementReadiness, Outcome]]:
    """Yield each requirement of the report with its use case and its outcome, in the order of the register."""
    for use_case in report.readiness.use_cases:
        for requirement in use_case.requirements:
            yield use_case, requirement, outcome_of(use_case, requirement)


def reason(use_case: UseCaseReadiness, requirement: RequirementReadiness, outcome: Outcome) -> str:
    """Return why a requirement has its outcome, with the people who accepted it."""
    if outcome is Outcome.ACCEPTED:
        return f"{requirement.described}, accepted by the review of {', '.join(use_case.review.by)}: {requirement.why}"
    return f"{requirement.described}: {requirement.why}"


def holds(use_case: UseCaseReadiness) -> Iterator[str]:
    """Yield a sentence for each thing beside its requirements that keeps a use case from being ready."""
    for standing in use_case.blockers:
        yield f"blocked by {standing.decision.by}: {standing.decision.reason}"
    review = use_case.review
    yield from (f"review {review.state.value}: {why}" for why in review.why)


def duration_ms(requirement: RequirementReadiness) -> int:
    """Return how long the deciding executions took in their last attempts, together, in milliseconds."""
    return sum(max(0, evidence.attempts[-1].duration_ms) for evidence in requirement.deciding if evidence.attempts)


class UniqueNames:
    """Names that are unique in a document: two texts may be the same once a format has cleaned them."""

    def __init__(self) -> None:
        self._names: set[str] = set()

    def add(self, name: str) -> str:
        """Return the name, with a number if it is in use already."""
        unique = next(filter(lambda text: text not in self._names, _numbered(name)))
        self._names.add(unique)
        return unique


def _numbered(name: str) -> Iterable[str]:
    yield name
    number = 1
    while True:
        number += 1
        yield f"{name}-{number}"
