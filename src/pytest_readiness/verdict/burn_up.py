"""Burn-up of a set of use cases: numbers of what is done over time, and every demotion."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from .history import StatusChange, UseCaseHistory
from .readiness import Status


class BurnUpPoint(Struct, frozen=True):
    """Numbers over all use cases from a moment on."""

    at: str
    done: int
    """Requirements that are complete or accepted by a review."""
    ready: int
    """Use cases that are READY_FOR_GO_LIVE."""


class BurnUp(Struct, frozen=True):
    """Progress of a set of use cases."""

    points: tuple[BurnUpPoint, ...]
    """Oldest first; each differs from the one before, except the last, which is the judged moment."""
    demotions: tuple[StatusChange, ...]
    """Each change by which a use case got further from going live, oldest first."""


def burn_up_of(histories: Sequence[UseCaseHistory], now: str) -> BurnUp:
    """Return the progress over all histories. Several changes at one moment are one point."""
    steps: list[tuple[str, int, int, int]] = []
    for number, history in enumerate(histories):
        steps += [(progress.at, number, 0, progress.done) for progress in history.burn_up]
        steps += [(change.at, number, 1, change.to_status is Status.READY_FOR_GO_LIVE) for change in history.changes]
    finished, ready = [0] * len(histories), [0] * len(histories)
    points: list[BurnUpPoint] = []
    done, prepared = 0, 0
    for at, number, kind, value in sorted(steps):
        if kind:
            prepared += value - ready[number]
            ready[number] = value
        else:
            done += value - finished[number]
            finished[number] = value
        if points and points[-1].at == at:
            points.pop()
        if not points or (points[-1].done, points[-1].ready) != (done, prepared):
            points.append(BurnUpPoint(at, done, prepared))
    if points and points[-1].at < now:
        points.append(BurnUpPoint(now, done, prepared))
    demotions = [change for history in histories for change in history.changes if change.is_demotion]
    return BurnUp(tuple(points), tuple(sorted(demotions, key=lambda change: (change.at, change.use_case))))
