"""Outcomes of requirements as the formats of other tools need them: fewer words than the states have."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import StrEnum

from ..verdict.counts import ready_use_cases
from ..verdict.readiness import RequirementReadiness, State, Status, UseCaseReadiness
from .report import Report


class Outcome(StrEnum):
    """Outcome of one requirement. Only ``MET`` and ``ACCEPTED`` are a pass in any format."""

    MET = "met"
    """COMPLETE."""
    ACCEPTED = "accepted"
    """Not COMPLETE, but its use case is ready: a review or the policy of the gate accepts it as it is."""
    FAILED = "failed"
    """FAILING: a test says no."""
    UNCLEAR = "unclear"
    """INTERRUPTED or FLAKY: the tests give no clear answer."""
    OPEN = "open"
    """Nothing has shown it yet: MISSING, REHEARSED, STALE, ASSERTED."""
    WAIVED = "waived"
    """WAIVED, and its use case is not ready."""
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
_ACCEPTABLE = frozenset({State.ASSERTED, State.FLAKY, State.WAIVED})
"""States that a review or a policy can accept."""


def outcomes(report: Report) -> Iterator[tuple[UseCaseReadiness, RequirementReadiness, Outcome]]:
    """Yield each requirement of the report with its use case and its outcome, in the order of the register."""
    for use_case, results in outcomes_by_use_case(report):
        for requirement, outcome in results:
            yield use_case, requirement, outcome


def outcomes_by_use_case(
    report: Report,
) -> Iterator[tuple[UseCaseReadiness, list[tuple[RequirementReadiness, Outcome]]]]:
    """Yield each use case with its requirements and their outcomes."""
    ready = ready_use_cases(report.readiness, report.verdict)
    for use_case in report.readiness.use_cases:
        is_ready = use_case.use_case.id in ready
        yield use_case, [(each, _outcome(each, is_ready=is_ready)) for each in use_case.requirements]


def _outcome(requirement: RequirementReadiness, *, is_ready: bool) -> Outcome:
    if is_ready and requirement.state in _ACCEPTABLE:
        return Outcome.ACCEPTED
    return _OUTCOMES.get(requirement.state, Outcome.OPEN)


def reason(use_case: UseCaseReadiness, requirement: RequirementReadiness, outcome: Outcome) -> str:
    """Return why a requirement has its outcome, and who accepted it."""
    if outcome is Outcome.ACCEPTED:
        is_reviewed = use_case.status is Status.READY_FOR_GO_LIVE
        who = f"the review of {', '.join(use_case.review.by)}" if is_reviewed else "the policy of the gate"
        return f"{requirement.described}, accepted by {who}: {requirement.why}"
    return f"{requirement.described}: {requirement.why}"


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
