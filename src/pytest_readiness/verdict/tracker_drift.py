"""Tracker drift: cells of a row whose status differs from the derived one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec import Struct

from ..errors import first_names
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


def is_unexplained(readiness: UseCaseReadiness) -> bool:
    """Return whether a row says READY_FOR_GO_LIVE, and this store is not where it came from.

    The store has no review of the use case, or not the evidence behind one. Either the store was lost or is another
    one, or somebody typed the status. Passes of a first run say nothing about that: they are also in a store that
    replaces a lost one. What is BLOCKED is explained by that.
    """
    standings = readiness.review.standings
    if readiness.status is Status.BLOCKED or (standings and not any(standing.lacks_evidence for standing in standings)):
        return False
    return any(cell.declared == Status.READY_FOR_GO_LIVE for cell in cell_differences(readiness))


def is_more_than_initial(declared: str) -> bool:
    """Return whether a declared status can only come from evidence or a decision."""
    return declared not in ("", Status.NOT_STARTED)


def drift_remedy(use_cases: Iterable[UseCaseReadiness], *, has_store: bool) -> str:
    """Return what brings the tracker into step with these use cases, in the imperative.

    It is ``run `readiness sync` ``, unless sync would refuse: without a store, or if a row is unexplained.
    """
    unexplained: list[str] = []
    for use_case in use_cases:
        if not has_store and any(is_more_than_initial(cell.declared) for cell in cell_differences(use_case)):
            return "restore the store, name the right one, or record a run; then run `readiness sync`"
        unexplained += [use_case.use_case.id] if is_unexplained(use_case) else []
    if not unexplained:
        return "run `readiness sync`"
    return (
        f"restore the store with the review of {first_names(unexplained, 3)}, or run `readiness sync --take-back`"
        " if the status was typed by hand"
    )


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
