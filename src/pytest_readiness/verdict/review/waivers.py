"""Validity of waivers."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, timedelta

from ...facts.decision import Waiver
from ..explanations import first_line
from ..policy import Policy
from .authority import may_decide

CAP_DAYS = 90
"""Most days that a waiver is valid after the day it was made, whatever it says."""
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


def last_day(waiver: Waiver) -> str:
    """Return the last valid day (UTC) of a waiver: the day that it names, or an earlier one by the cap."""
    named_day, made_on = _day(waiver.until), _day(waiver.at[:10])
    if named_day is None or made_on is None:
        return waiver.until
    return min(named_day, made_on + timedelta(days=CAP_DAYS)).isoformat()


def void_because(waiver: Waiver, policy: Policy, recorders: Iterable[str], now: str) -> str | None:
    """Return one sentence why a waiver is void; None: it is valid.

    Args:
        waiver: of an existing requirement.
        policy: the people who may approve it.
        recorders: recorders of the requirement's evidence at the time of the waiver.
        now: the moment being judged.
    """
    if not waiver.reason.strip():
        return "it gives no reason"
    if not policy.people.person(waiver.requested_by):
        return "it does not name who requested it"
    if _day(waiver.until) is None:
        return f"its end is no date (YYYY-MM-DD): '{first_line(waiver.until)}'"
    if now[:10] > last_day(waiver):
        capped = f" ({CAP_DAYS} days after it was made)" if waiver.until > last_day(waiver) else ""
        return f"it expired after {last_day(waiver)}{capped}"
    if policy.people.is_same_person(waiver.by, waiver.requested_by):
        return f"{first_line(waiver.by)} requested it and cannot approve it too"
    return may_decide(waiver.by, waiver.known_by, policy, recorders)


def _day(text: str) -> date | None:
    if not _DAY.fullmatch(text):
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
