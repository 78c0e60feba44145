"""Badge of a report, as the JSON that shields.io reads from an address."""

from __future__ import annotations

import json
from collections.abc import Iterator

from ...verdict.counts import count_verdict
from ..report import Report

LABEL = "readiness"


def render(report: Report) -> Iterator[str]:
    """Yield the JSON of an endpoint badge: ``schemaVersion`` 1, ``label``, ``message`` (never empty), ``color``.

    See https://shields.io/badges/endpoint-badge. ``isError`` is true if the store is not intact.
    """
    message, color = badge_of(report)
    badge = {"schemaVersion": 1, "label": LABEL, "message": message, "color": color}
    if report.context.problems:
        badge["isError"] = True
    yield json.dumps(badge, ensure_ascii=True) + "\n"


def badge_of(report: Report) -> tuple[str, str]:
    """Return the message of the badge, and its colour by shields' names."""
    counts = count_verdict(report.readiness, report.verdict)
    if report.context.problems:
        return "not intact", "red"
    not_enforced = "" if report.verdict.enforced else ", not enforced"
    if not counts.use_cases:
        return f"nothing in scope{not_enforced}", "lightgrey"
    message = f"{counts.ready} of {counts.use_cases} ready{not_enforced}"
    if report.verdict.eligible:
        return message, "brightgreen"
    if counts.blocked:
        return f"{message}, {counts.blocked} blocked", "red"
    if counts.ready == counts.use_cases:  # a rule about something else keeps the gate closed
        return f"not eligible, {message}", "red"
    return message, "yellow" if counts.ready or counts.in_progress else "lightgrey"
