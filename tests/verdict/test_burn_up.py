"""The burn-up: numbers over all use cases at each moment, and every demotion."""

from __future__ import annotations

from pytest_readiness.verdict.burn_up import BurnUpPoint, burn_up_of
from pytest_readiness.verdict.history import Progress, StatusChange, UseCaseHistory
from pytest_readiness.verdict.readiness import Status


def at(day: int) -> str:
    """A moment of January."""
    return f"2026-01-{day:02}T00:00:00.000Z"


def change(day: int, use_case: str, before: Status, after: Status) -> StatusChange:
    """A change of status."""
    return StatusChange(at(day), use_case, before, after, "x", None)


def test_numbers_add_up_over_use_cases() -> None:
    """Each point has the latest number of what is done in every use case; two changes at one moment are one point."""
    ready, blocked, started = Status.READY_FOR_GO_LIVE, Status.BLOCKED, Status.IN_PROGRESS
    first = UseCaseHistory(
        "UC-1",
        (change(2, "UC-1", started, ready), change(4, "UC-1", ready, blocked)),
        (Progress(at(1), 1, 3, 1), Progress(at(2), 0, 3, 3), Progress(at(4), 2, 3, 2)),
    )
    second = UseCaseHistory(
        "UC-2", (change(4, "UC-2", started, ready),), (Progress(at(2), 2, 2, 2), Progress(at(3), 2, 2, 2))
    )
    burn_up = burn_up_of([first, second], at(9))
    assert burn_up.points == (
        BurnUpPoint(at(1), 1, 0),
        BurnUpPoint(at(2), 5, 1),
        BurnUpPoint(at(4), 4, 1),
        BurnUpPoint(at(9), 4, 1),
    )
    assert [(each.use_case, each.at) for each in burn_up.demotions] == [("UC-1", at(4))]


def test_without_a_history_there_is_no_point() -> None:
    """Nothing happened, or nothing was asked about."""
    assert burn_up_of([], at(1)).points == ()
    assert burn_up_of([UseCaseHistory("UC-1", (), ())], at(1)).points == ()
