"""What ends within some days: evidence that turns stale, and waivers."""

from __future__ import annotations

from datetime import timedelta

import pytest
from msgspec.structs import replace

from pytest_readiness.facts.decision import Waiver
from pytest_readiness.facts.timestamps import parse_timestamp
from pytest_readiness.verdict.expiry import expiring_within
from pytest_readiness.verdict.readiness import Readiness, State, WaiverStanding
from tests.views import values

END = "2026-05-13T18:28:01.000Z"
"""When complete requirements of ``values`` turn stale."""


def readiness(at: str, **waiver: object) -> Readiness:
    """UC-001 with one complete requirement, and a waiver until 2026-05-20."""
    catalogue = values.catalogue(["UC-001"], owner="ana@example.com")
    decision = Waiver(
        register="payments", at=values.NOW, by="qa", requirement="UC-001/5", reason="x", requested_by="ana", until="2026-05-20"
    )  # fmt: skip
    standing = WaiverStanding(decision, "2026-05-20", **{"used": True, **waiver})
    row = values.use_case(catalogue, "UC-001", {"4": State.COMPLETE, "5": State.WAIVED}, waivers=(standing,))
    return replace(values.report([row]).readiness, at=at)


def test_soonest_first_with_kind_and_owner() -> None:
    """Evidence ends at its moment, a waiver with the day after its last one."""
    first, second = expiring_within(readiness("2026-05-01T00:00:00.000Z"), 30)
    assert (first.at, first.requirement, first.kind, first.owner) == (END, "UC-001/4", "evidence", "ana@example.com")
    assert (second.at, second.requirement, second.kind) == ("2026-05-21T00:00:00.000Z", "UC-001/5", "waiver")


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        (timedelta(days=30), ["UC-001/4"]),
        (timedelta(days=30, milliseconds=1), []),
        (timedelta(0), ["UC-001/4", "UC-001/5"]),
        (timedelta(milliseconds=-1), ["UC-001/5"]),
    ],
)
def test_the_edges_of_the_period(before: timedelta, expected: list[str]) -> None:
    """What ends at the last moment of the period is in it, and what has ended is not."""
    at = (parse_timestamp(END) - before).replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"
    assert [expiry.requirement for expiry in expiring_within(readiness(at), 30)] == expected


def test_a_waiver_that_does_nothing_is_no_matter() -> None:
    """A void waiver, and one that is not used, end nothing."""
    for waiver in ({"void": "it has no reviewer"}, {"used": False}):
        (only,) = expiring_within(readiness("2026-05-01T00:00:00.000Z", **waiver), 30)
        assert only.kind == "evidence"


def test_at_the_end_of_the_calendar_nothing_is_wrong() -> None:
    """A bundle is judged at the last moment that a timestamp has."""
    assert expiring_within(readiness("9999-12-31T23:59:59.999Z"), 30) == ()
