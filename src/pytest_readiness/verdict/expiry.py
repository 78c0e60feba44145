"""Expiry of what is valid now: evidence that turns stale, and waivers that end."""

from __future__ import annotations

from datetime import date, timedelta

from msgspec import Struct

from ..facts.timestamps import parse_timestamp
from .owners import owner_of
from .readiness import Readiness


class Expiry(Struct, frozen=True):
    """One requirement that is no longer met when its evidence turns stale, or its waiver ends."""

    at: str
    """The first moment at which it is no longer valid (UTC)."""
    use_case: str
    requirement: str
    """Id of the requirement."""
    kind: str
    """``evidence`` or ``waiver``."""
    owner: str
    """Owner of the use case; ``unassigned`` if its row names nobody."""


def expiring_within(readiness: Readiness, days: int) -> tuple[Expiry, ...]:
    """Return what ends within so many days after the judged moment, soonest first."""
    start = parse_timestamp(readiness.at)
    try:
        end = start + timedelta(days=days)
    except OverflowError:  # a moment at the end of the calendar
        return ()
    expiries = []
    for use_case in readiness.use_cases:
        row, owner = use_case.use_case, owner_of(use_case)
        expiries += [
            Expiry(requirement.expires_at, row.id, requirement.requirement.id, "evidence", owner)
            for requirement in use_case.required
            if requirement.expires_at and start <= parse_timestamp(requirement.expires_at) <= end
        ]
        for waiver in use_case.waivers:
            # A waiver is valid on its last day too.
            last_day = date.fromisoformat(waiver.until)
            if waiver.used and waiver.void is None and last_day < date.max:
                at = f"{(last_day + timedelta(days=1)).isoformat()}T00:00:00.000Z"
                if start <= parse_timestamp(at) <= end:
                    expiries.append(Expiry(at, row.id, waiver.decision.requirement, "waiver", owner))
    return tuple(sorted(expiries, key=lambda expiry: (expiry.at, expiry.requirement, expiry.kind)))
