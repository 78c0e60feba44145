"""JSON report, in the format ``readiness/report/v1``."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from ..facts.evidence import Evidence
from ..facts.ledger.line import escape_surrogates
from ..facts.subject import plain_subjects
from ..verdict.changes import Change
from ..verdict.evidence_standing import MATCHES_NOTHING, EvidenceStanding, standing_at
from ..verdict.explanations import execution_message
from ..verdict.readiness import (
    Action,
    ItemReadiness,
    Readiness,
    RequirementReadiness,
    RuleResult,
    UseCaseReadiness,
    Verdict,
)
from ..verdict.run_groups import GroupHold
from ..verdict.snapshots import SCHEMA
from ..verdict.tracker_drift import has_drift
from .decision_document import to_blocker, to_retirement, to_review, to_waiver
from .json_text import json_pieces
from .report import Report, ReportContext
from .run_conditions import deciding_runs, to_run


def to_document(report: Report) -> dict[str, Any]:
    """Return the report as plain data, with its keys in the published order.

    Lone surrogates, which JSON text cannot contain, are escaped.
    """
    document = {**_head(report), **{name: list(entries) for name, entries in _lists(report).items()}}
    escaped: dict[str, Any] = escape_surrogates(document)
    return escaped


def to_json(report: Report) -> str:
    """Return the document as ASCII JSON text with a final newline. Equal reports give equal bytes."""
    return "".join(render(report))


def render(report: Report) -> Iterator[str]:
    """Yield the document as ASCII JSON text in pieces, a few use cases at a time (see ``json_text``)."""
    return json_pieces(_head(report), _lists(report))


def _head(report: Report) -> dict[str, Any]:
    """Return the members of the document that do not grow with the register."""
    return {
        "schema": SCHEMA,
        "generated_at": report.context.generated_at,
        "context": plain_context(report.context),
        "verdict": plain_verdict(report.verdict),
        "totals": plain_totals(report.readiness),
    }


def _lists(report: Report) -> dict[str, Iterator[Any]]:
    """Return the lists of the document, which are made as they are read."""
    readiness = report.readiness
    return {
        "use_cases": map(plain_use_case, readiness.use_cases),
        "unclaimed": (
            requirement.requirement.id
            for use_case in readiness.use_cases
            for requirement in use_case.required
            if not requirement.evidence
        ),
        "other_evidence": map(plain_data, readiness.other_evidence),
        "next": map(plain_action, report.actions),
        "runs": (to_run(id_, origin) for id_, origin in deciding_runs(report).items()),
        "warnings": iter(report.context.notes),
        "changes": map(plain_change, report.changes),
    }


def report_schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of the document, from the package."""
    from importlib.resources import files  # loaded late: few processes need the schema

    text = files(__package__ or "").joinpath("report-v1.schema.json").read_text(encoding="utf-8")
    schema: dict[str, Any] = json.loads(text)
    return schema


def plain_data(evidence: Evidence, standing: EvidenceStanding = MATCHES_NOTHING) -> dict[str, Any]:
    """Return one piece of evidence as plain data: its id, the ten template fields, then the other fields.

    Args:
        evidence: the piece of evidence.
        standing: what it is worth for the requirement at which it is shown.
    """
    return {
        "id": evidence.id,
        "uc": evidence.uc,
        "tenant_id": evidence.tenant_id,
        "project_id": evidence.project_id,
        "environment": evidence.environment,
        "provider_mode": evidence.provider_mode,
        "item": evidence.item,
        "test_id": evidence.test_id,
        "result": evidence.result.value,
        "timestamp": evidence.timestamp,
        "references": list(evidence.reference_texts),
        "real": evidence.real,
        "not_real_because": evidence.not_real_because,
        "started_at": evidence.started_at,
        "attempts": len(evidence.attempts),
        "proofs": [proof.kind for proof in evidence.proofs],
        "artifacts": [
            {
                "name": artifact.name,
                "sha256": artifact.sha256,
                "size": artifact.size,
                "unread": artifact.unread or None,
            }
            for artifact in evidence.artifacts
        ],
        # A TRACE_ONLY replay must be visible as such everywhere.
        "replay_mode": evidence.replay_mode,
        "connections": [
            {
                "to": connection.to,
                "kind": connection.kind,
                "address": connection.address,
                "expected": connection.expected,
                "earlier": connection.earlier,
            }
            for connection in evidence.connections
        ],
        "warnings": list(evidence.warnings),
        "counts": standing.counts,
        "why_not": standing.why_not or None,
        "state": standing.state.value,
        "proven": standing.proven,
    }


def plain_change(change: Change) -> dict[str, Any]:
    """Return a change as plain data. What did not exist, or no longer does, is null."""
    return {
        "use_case": change.use_case,
        "requirement": change.requirement,
        "test": change.test,
        "before": change.before or None,
        "after": change.after or None,
        "because": change.because,
        "evidence": change.evidence,
    }


def plain_context(context: ReportContext) -> dict[str, Any]:
    """Return the origin of a report as plain data."""
    return {
        "register": context.register,
        "store": context.store,
        "requirements_digest": context.requirements_digest,
        "release": context.release,
        "subjects": plain_subjects(context.subjects),
        "subjects_of_release": context.subjects_of_release,
        "scope": None if context.scope is None else list(context.scope),
    }


def plain_totals(readiness: Readiness) -> dict[str, int]:
    """Return the number of use cases with each status as plain data."""
    return {status.value: number for status, number in readiness.totals.items()}


def plain_verdict(verdict: Verdict) -> dict[str, Any]:
    """Return a verdict with its rules as plain data."""
    return {
        "eligible": verdict.eligible,
        "on": verdict.on,
        "rules": [_rule(rule) for rule in verdict.rules],
        "weaker": list(verdict.weaker),
        "regression": _rule(verdict.regression) if verdict.regression else None,
        "enforced": verdict.enforced,
    }


def _rule(rule: RuleResult) -> dict[str, Any]:
    return {"rule": rule.rule, "passed": rule.passed, "looked_at": rule.looked_at, "detail": rule.detail}


def plain_use_case(readiness: UseCaseReadiness) -> dict[str, Any]:
    """Return a use case with its items, review, blockers and waivers as plain data."""
    use_case = readiness.use_case
    return {
        "id": use_case.id,
        "title": use_case.title,
        "owner": use_case.owner,
        "architecture_status": use_case.architecture_status,
        "status": readiness.status.value,
        "phase": readiness.phase.value if readiness.phase else None,
        "declared_status": readiness.declared,
        "drift": has_drift(readiness),
        "requirements_complete": readiness.complete,
        "requirements_count": len(readiness.required),
        "items": [_item(item) for item in readiness.items],
        "review": to_review(readiness),
        "blockers": [to_blocker(blocker) for blocker in readiness.blockers],
        "waivers": [to_waiver(waiver) for waiver in readiness.waivers],
        "retirements": [to_retirement(retirement) for retirement in readiness.retirements],
        "held_by_groups": [_group_hold(hold) for hold in readiness.group_holds],
    }


def _group_hold(hold: GroupHold) -> dict[str, Any]:
    return {
        "group": hold.group,
        "environment": hold.environment,
        "provider_mode": hold.provider_mode,
        "began_at": hold.began,
        "parts": hold.sizes[0] if len(hold.sizes) == 1 else None,
        "arrived": list(hold.arrived),
        "unended": hold.unfinished,
        "runs": list(hold.runs),
        "why": hold.why,
    }


def _item(readiness: ItemReadiness) -> dict[str, Any]:
    return {
        "item": readiness.item.key,
        "title": readiness.item.title,
        "state": readiness.state.value,
        "requirements": [plain_requirement(requirement) for requirement in readiness.requirements],
    }


def plain_requirement(readiness: RequirementReadiness) -> dict[str, Any]:
    """Return a requirement with its evidence as plain data."""
    requirement = readiness.requirement
    return {
        "id": requirement.id,
        "environment": requirement.environment,
        "provider_mode": requirement.provider_mode,
        "part": requirement.part,
        "state": readiness.state.value,
        "why": readiness.why,
        "completes_it": readiness.completes_it,
        "level": readiness.level,
        "expires_at": readiness.expires_at,
        "evidence": [plain_data(evidence, standing_at(readiness, evidence)) for evidence in readiness.evidence],
        "waived_from": readiness.waived_from.value if readiness.waived_from else None,
        "skipped_since": [
            {
                "id": skip.id,
                "test_id": skip.test_id,
                "result": skip.result.value,
                "started_at": skip.started_at,
                "text": execution_message(skip),
            }
            for skip in readiness.skipped_since
        ],
    }


def plain_action(action: Action) -> dict[str, Any]:
    """Return a next action as plain data."""
    return {
        "who": action.who,
        # The verb of the first version of the format: the text says both ways out of an unproven pass.
        "action": "collect" if action.action == "prove" else action.action,
        "use_case": action.use_case,
        "requirement": action.requirement,
        "text": action.text,
    }
