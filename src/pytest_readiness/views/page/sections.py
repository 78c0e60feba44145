"""Sections of the page beside the matrix, as plain values for its template."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ...verdict.counts import count_verdict
from ...verdict.expiry import Expiry, expiring_within
from ...verdict.owners import owner_of
from ...verdict.readiness import Status, UseCaseReadiness
from .. import text_format
from ..change_lines import change_groups
from ..gate import retirement_sentences
from ..headline import compared_headline
from ..next_actions import by_person, task_text
from ..page_material import PageMaterial
from ..report import Report
from ..rule_words import checked_rules, checked_text
from ..run_conditions import run_notes
from ..sanitise.html import to_href
from .burn_up_svg import draw
from .matrix_rows import STATUS_CLASSES

DAYS = 30
"""Length of the runway of what expires, in days."""
TASKS_AT_MOST = 25
"""Number of tasks shown for a person."""
EXPIRING_AT_MOST = 200


def overview(report: Report, material: PageMaterial) -> dict[str, Any]:
    """Return the values of everything around the matrix and the evidence."""
    readiness, verdict, context = report.readiness, report.verdict, report.context
    expiring = _expiring(
        expiring_within(readiness, DAYS), {row.use_case.id: owner_of(row) for row in readiness.use_cases}
    )
    required = count_verdict(readiness, verdict).requirements
    drawing = draw(material.burn_up, required, len(readiness.use_cases)) if material.burn_up else None
    values = {
        "register": readiness.register,
        "headline": compared_headline(report),
        "verdict": verdict,
        "context": context,
        "tiles": [
            {"css": STATUS_CLASSES[status], "number": number, "name": status.value}
            for status, number in readiness.totals.items()
        ],
        "changes": [group.text for group in change_groups(report.changes)],
        "people": _people(report),
        "statuses": [status.value for status in Status],
        "owners": sorted({owner_of(use_case) for use_case in readiness.use_cases}),
        "blockers": [blocker for use_case in readiness.use_cases for blocker in _blockers(use_case)],
        "waivers": [waiver for use_case in readiness.use_cases for waiver in _waivers(use_case)],
        "retirements": [f"{kind}: {sentence}" for kind, sentence in retirement_sentences(readiness.use_cases)],
        "days": DAYS,
        "expiring": expiring[:EXPIRING_AT_MOST],
        "more_expiring": len(expiring[EXPIRING_AT_MOST:]),
        "drawing": drawing,
        "demotions": material.burn_up.demotions if material.burn_up else (),
        "no_drawing": material.no_burn_up or "Nothing has happened yet.",
        "rules": [(rule, checked_text(rule)) for rule in checked_rules(verdict)],
        "notes": (*context.notes, *run_notes(report)),
        "removed": [departed.sentence for departed in readiness.removed],
    }
    return {**values, "sections": list(_sections(values))}


def _sections(values: dict[str, Any]) -> Any:
    if values["context"].problems:
        yield "problems", "Problems"
    if values["changes"]:
        yield "changes", "What changed"
    yield from (
        ("people", "Who must act"),
        ("matrix", "Use cases and items"),
        ("exceptions", "Blockers and waivers"),
        ("expiring", "Expiring"),
        ("burn-up", "Burn-up"),
        ("rules", "Rules"),
        ("details", "Evidence"),
    )


def _expiring(expiries: Iterable[Expiry], owners: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return what expires by day, kind and owner; requirements that the same use cases have share a line."""
    alike: dict[tuple[str, str, str], list[tuple[str, str]]] = {}
    for expiry in expiries:
        key = expiry.at[:10], expiry.kind, owners[expiry.use_case]
        alike.setdefault(key, []).append((expiry.use_case, expiry.requirement))
    return [
        {"day": day, "kind": kind, "what": what, "owner": owner}
        for (day, kind, owner), requirements in alike.items()
        for what, _ids in text_format.requirement_groups(requirements)
    ]


def _people(report: Report) -> list[dict[str, Any]]:
    people = []
    for who, tasks in by_person(report.actions):
        more = sum(len(task.actions) for task in tasks[TASKS_AT_MOST:])
        people.append(
            {
                "name": who,
                "number": text_format.count(sum(len(task.actions) for task in tasks), "action"),
                "tasks": [{"action": task.action, "text": task_text(task)} for task in tasks[:TASKS_AT_MOST]],
                "more": text_format.count(more, "more action") if more else "",
            }
        )
    return people


def _blockers(use_case: UseCaseReadiness) -> list[dict[str, Any]]:
    return [
        {
            "use_case": use_case.use_case.id,
            "by": standing.decision.by,
            "at": standing.decision.at,
            "due": standing.decision.due,
            "reason": standing.decision.reason,
            "link": standing.decision.link,
            "href": to_href(standing.decision.link) if standing.decision.link else None,
            "still_open": standing.still_open,
        }
        for standing in use_case.blockers
    ]


def _waivers(use_case: UseCaseReadiness) -> list[dict[str, Any]]:
    waivers = []
    for standing in use_case.waivers:
        waiver = standing.decision
        state = f"void ({standing.void})" if standing.void else "waived" if standing.used else "not needed now"
        waivers.append(
            {
                "requirement": waiver.requirement,
                "state": state,
                "until": standing.until,
                "by": waiver.by,
                "requested_by": waiver.requested_by,
                "reason": waiver.reason,
            }
        )
    return waivers
