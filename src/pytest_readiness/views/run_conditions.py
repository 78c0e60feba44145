"""Run conditions in a report: notes on how the deciding runs were made, and the runs as plain data."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from ..errors import first_names
from ..facts.run_conditions import RunConditions
from ..facts.subject import plain_subjects
from ..verdict.inputs import RunOrigin
from ..verdict.readiness import RequirementReadiness
from .report import Report
from .text_format import count

_MOST = 3
"""Maximum runs to list one by one; the others are counted."""


def deciding_runs(report: Report) -> dict[str, RunOrigin]:
    """Return the runs whose evidence decides on a requirement of the report, newest first."""
    requirements = _required(report)
    ids = {evidence.run_id for requirement in requirements for evidence in requirement.deciding}
    origins = {id_: report.origins[id_] for id_ in ids if id_ in report.origins}
    return dict(sorted(origins.items(), key=lambda run: (run[1].started_at, run[0]), reverse=True))


def run_notes(report: Report) -> Iterator[str]:
    """Yield a sentence for each run condition that a reader should know."""
    runs = deciding_runs(report)
    yield from _remarks(runs, "clocks disagree", lambda conditions: conditions.clock_remark)
    yield from _remarks(runs, "edits were hidden from git", lambda conditions: conditions.hidden_remark)
    yield from _remarks(runs, "evidence tests were deselected", _deselected)
    yield from _unread(report)


def _deselected(conditions: RunConditions) -> str | None:
    return f"it deselected {conditions.deselected_text}" if conditions.deselected_text else None


def _unread(report: Report) -> Iterator[str]:
    """Yield a sentence about artifacts that were not checked for secrets, if there are any."""
    requirements = _required(report)
    pieces = {piece.id: piece for requirement in requirements for piece in requirement.deciding if piece.artifacts}
    artifacts = (artifact for piece in pieces.values() for artifact in piece.artifacts)
    unread = {(artifact.sha256, artifact.name): artifact for artifact in artifacts if artifact.unread}
    if unread:
        names = [f"{artifact.name} ({artifact.unread})" for artifact in unread.values()]
        yield f"not checked for secrets: {count(len(names), 'artifact')}: {first_names(names, _MOST)}"


def _required(report: Report) -> Iterator[RequirementReadiness]:
    return (requirement for use_case in report.readiness.use_cases for requirement in use_case.required)


def _remarks(runs: dict[str, RunOrigin], kind: str, remark: Callable[[RunConditions], str | None]) -> Iterator[str]:
    remarks = [(id_, text) for id_, origin in runs.items() if (text := remark(origin.conditions))]
    yield from (f"run {id_}: {text}" for id_, text in remarks[:_MOST])
    if (more := len(remarks) - _MOST) > 0:
        yield f"{kind} in {count(more, 'more run')}"


def to_run(id_: str, origin: RunOrigin) -> dict[str, Any]:
    """Return a run as plain data of the JSON report."""
    conditions = origin.conditions
    return {
        "id": id_,
        "started_at": origin.started_at,
        "actor": origin.actor,
        "started_by": conditions.started_by or None,
        "commit": origin.commit,
        "dirty": origin.dirty,
        "hidden_edits": conditions.hidden,
        "clock_skew_ms": conditions.skew_ms,
        "evidence_tests": conditions.tests,
        "left_out": conditions.deselected,
        "uncollected": conditions.uncollected,
        "subjects": plain_subjects(origin.subjects),
        "ci": dict(conditions.ci),
        "called": list(conditions.session_options),
    }
