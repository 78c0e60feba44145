"""JSON documents of the commands other than ``report``, made of the same parts as the JSON report."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from ..claims.catalogue import Catalogue
from ..errors import Problem
from ..facts.decision import Decision
from ..verdict.causes import decision_sentence
from ..verdict.history import HistoryEvent, StatusChange, UseCaseHistory
from ..verdict.readiness import Action
from .document import (
    plain_action,
    plain_context,
    plain_data,
    plain_requirement,
    plain_totals,
    plain_use_case,
    plain_verdict,
)
from .report import Report
from .why import explained_requirements


def gate_document(report: Report, exit_code: int, verdict_id: str | None = None) -> dict[str, Any]:
    """Return the verdict in the format ``readiness/gate/v1``: the rules, and what closes the gate.

    Args:
        report: the report.
        exit_code: the exit code of the command.
        verdict_id: the id of the stored verdict; None: it was not stored.
    """
    failing = {*report.verdict.failing}
    return {
        **_head("gate", report),
        "exit_code": exit_code,
        "verdict": plain_verdict(report.verdict),
        "totals": plain_totals(report.readiness),
        "failing": list(report.verdict.failing),
        "next": [plain_action(action) for action in report.actions if action.use_case in failing],
        "warnings": list(report.context.notes),
        "problems": list(report.context.problems),
        "kept": verdict_id,
    }


def next_document(report: Report, actions: Sequence[Action]) -> dict[str, Any]:
    """Return actions in the format ``readiness/next/v1``, most urgent first."""
    return {**_head("next", report), "next": [plain_action(action) for action in actions]}


def why_document(report: Report, use_case_id: str, tail: str | None) -> dict[str, Any]:
    """Return what explains a use case, in the format ``readiness/why/v1``.

    The requirements are those that ``tail`` selects, COMPLETE or not; without it, those that are not COMPLETE.

    Raises:
        ClaimError: there is no such use case or requirement in the report.
    """
    readiness, chosen = explained_requirements(report, use_case_id, tail)
    use_case = plain_use_case(readiness)
    del use_case["items"]  # its requirements stand beside it
    return {
        **_head("why", report),
        "use_case": use_case,
        "requirements": [plain_requirement(requirement) for requirement in chosen],
        "departed": None,
        "next": [plain_action(action) for action in report.actions if action.use_case == readiness.use_case.id],
    }


def departed_document(report: Report, name: str) -> dict[str, Any] | None:
    """Return what a use case that left the register has open, in the format ``readiness/why/v1``; None: nothing."""
    for departed in report.readiness.removed:
        if departed.use_case.casefold() == name.casefold():
            return {
                **_head("why", report),
                "use_case": None,
                "requirements": [],
                "departed": {
                    "use_case": departed.use_case,
                    "why": list(departed.why),
                    "void": list(departed.void),
                    "in_other_commits": departed.in_other_commits,
                },
                "next": [plain_action(action) for action in report.actions if action.use_case == departed.use_case],
            }
    return None


def history_document(history: UseCaseHistory) -> dict[str, Any]:
    """Return the history of a use case in the format ``readiness/history/v1``, oldest first."""
    return {
        "schema": "readiness/history/v1",
        "use_case": history.use_case,
        "events": [_event(event) for event in history.events],
        "changes": [_change(change) for change in history.changes],
        "burn_up": msgspec.to_builtins(history.burn_up),
    }


def _event(event: HistoryEvent) -> dict[str, Any]:
    return {
        "at": event.at,
        "decision": _decision(event.decision) if event.decision is not None else None,
        "runs": list(dict.fromkeys(piece.run_id for piece in event.evidence)),
        "evidence": [plain_data(piece) for piece in event.evidence],
    }


def _decision(decision: Decision) -> dict[str, Any]:
    return {
        "id": decision.id,
        "kind": decision.KIND,
        "at": decision.at,
        "by": decision.by,
        "known_by": decision.known_by.value,
        "text": decision_sentence(decision),
    }


def _change(change: StatusChange) -> dict[str, Any]:
    return {
        "at": change.at,
        "from_status": change.from_status.value,
        "from_phase": change.from_phase.value if change.from_phase else None,
        "to_status": change.to_status.value,
        "to_phase": change.to_phase.value if change.to_phase else None,
        "demotion": change.is_demotion,
        "cause": change.cause,
        "because_of": change.because_of,
    }


def check_document(problems: Iterable[Problem], notes: Iterable[str], catalogue: Catalogue | None) -> dict[str, Any]:
    """Return the result of a check in the format ``readiness/check/v1``, and the meaning of each item.

    ``catalogue``: the register and its items; None: the config cannot be read.
    """
    return {
        "schema": "readiness/check/v1",
        "problems": [{"where": problem.where, "what": problem.what} for problem in problems],
        "notes": list(notes),
        "register": catalogue.register if catalogue else None,
        "items": [
            {
                "item": item.key,
                "name": item.name,
                "title": item.title,
                "scope": list(item.scope),
                "parts": list(item.parts),
                "proof": item.proof,
                "connection": item.connection,
                "max_age_days": item.max_age_days,
            }
            for item in (catalogue.items.values() if catalogue else ())
        ],
        "use_cases": [
            {"id": name, "requirements": [requirement.id for requirement in catalogue.requirements(name)]}
            for name in catalogue.use_cases
        ]
        if catalogue
        else [],
    }


def _head(command: str, report: Report) -> dict[str, Any]:
    return {
        "schema": f"readiness/{command}/v1",
        "generated_at": report.context.generated_at,
        "context": plain_context(report.context),
    }
