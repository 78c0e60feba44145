"""Order of statuses and phases, by how far a use case is from going live."""

from __future__ import annotations

from .readiness import Phase, Status

STATUSES = (Status.BLOCKED, Status.NOT_STARTED, Status.IN_PROGRESS, Status.READY_FOR_GO_LIVE)
"""The furthest first."""
_PHASES = (None, Phase.COLLECTING, Phase.REVIEW_SUSPECT, Phase.AWAITING_REVIEW)


def standing_rank(status: Status, phase: Phase | None) -> tuple[int, int]:
    """Return a number for status and phase that is higher the nearer a use case is to going live."""
    return STATUSES.index(status), _PHASES.index(phase)
