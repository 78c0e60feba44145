"""Tracker drift: cells of a row whose status differs from the derived one."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from .readiness import ReviewState, State, Status, UseCaseReadiness


class CellDifference(Struct, frozen=True):
    """Cell of a row with another status than the derived one."""

    declared: str
    derived: str
    environment: str = ""
    """Environment of its column; empty: the status of the use case."""

    @property
    def where(self) -> str:
        """The environment, as it follows a status in a sentence."""
        return f" in {self.environment}" if self.environment else ""


def cell_differences(readiness: UseCaseReadiness) -> Iterator[CellDifference]:
    """Yield the cells of a use case's row that differ from the derived status."""
    if readiness.drift:
        yield CellDifference(readiness.declared, readiness.status.value)
    for environment, statuses in readiness.use_case.declared_in:
        derived = status_in(readiness, environment)
        if derived is not None and derived.value not in statuses:
            yield CellDifference(statuses[0] if statuses else "", derived.value, environment)


def has_drift(readiness: UseCaseReadiness) -> bool:
    """Return whether any cell of the row differs from the derived status."""
    return next(cell_differences(readiness), None) is not None


def status_in(readiness: UseCaseReadiness, environment: str) -> Status | None:
    """Return the status of a use case in a real environment; None: the use case needs nothing there.

    It is ready there only when it is ready as a whole, as a review signs all of its evidence.
    """
    asked_in = readiness.use_case.environments
    if asked_in is not None and environment not in asked_in:
        return None
    if readiness.status is Status.READY_FOR_GO_LIVE:
        return readiness.status
    requirements = [
        requirement for requirement in readiness.required if requirement.requirement.environment in (None, environment)
    ]
    if readiness.blockers or readiness.review.state is ReviewState.REJECTED:
        return Status.BLOCKED
    if any(state is State.FAILING for requirement in requirements for state in requirement.policy_states):
        return Status.BLOCKED
    began = any(
        execution.environment == environment for requirement in requirements for execution in requirement.deciding
    )
    return Status.IN_PROGRESS if began else Status.NOT_STARTED
