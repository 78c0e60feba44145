"""How the runs that a report rests on were conducted: what a reader should know of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from ..facts.run_conditions import RunConditions
from ..verdict.inputs import RunOrigin
from .report import Report
from .text_format import count

_MOST = 3
"""Runs that are told one by one; of more there is only the number."""


def deciding_runs(report: Report) -> dict[str, RunOrigin]:
    """Return the runs whose evidence decides on a requirement in the report, the newest first."""
    requirements = (one for use_case in report.readiness.use_cases for one in use_case.required)
    ids = {evidence.run_id for requirement in requirements for evidence in requirement.deciding}
    known = {id_: report.origins[id_] for id_ in ids if id_ in report.origins}
    return dict(sorted(known.items(), key=lambda run: (run[1].started_at, run[0]), reverse=True))


def run_notes(report: Report) -> Iterator[str]:
    """Yield what a reader should know before relying on the report, a sentence each."""
    runs = deciding_runs(report)
    yield from _told(runs, "clocks disagree", lambda conduct: conduct.clock_remark)
    yield from _told(runs, "edits were hidden from git", lambda conduct: conduct.hidden_remark)
    yield from _told(runs, "evidence tests were left out", _left_out)
    yield from _unread(report)


def _left_out(conduct: RunConditions) -> str | None:
    return f"it left out {conduct.deselected_text}" if conduct.deselected_text else None


def _unread(report: Report) -> Iterator[str]:
    """Yield a sentence about artifacts that nobody looked at for secrets, if there are any."""
    requirements = (one for use_case in report.readiness.use_cases for one in use_case.required)
    pieces = {piece.id: piece for requirement in requirements for piece in requirement.deciding if piece.artifacts}
    unread = {(one.sha256, one.name): one for piece in pieces.values() for one in piece.artifacts if one.unread}
    if unread:
        names = [f"{one.name} ({one.unread})" for one in unread.values()]
        more = f" and {len(names) - _MOST} more" if names[_MOST:] else ""
        yield f"not looked at for secrets: {count(len(names), 'artifact')}: {', '.join(names[:_MOST])}{more}"


def _told(runs: dict[str, RunOrigin], kind: str, remark: Callable[[RunConditions], str | None]) -> Iterator[str]:
    told = [(id_, text) for id_, origin in runs.items() if (text := remark(origin.conditions))]
    yield from (f"run {id_}: {text}" for id_, text in told[:_MOST])
    if (left := len(told) - _MOST) > 0:
        yield f"{kind} in {count(left, 'more run')}"


def to_run(id_: str, origin: RunOrigin) -> dict[str, Any]:
    """Return a run as plain data, for the JSON report."""
    conduct = origin.conditions
    return {
        "id": id_,
        "started_at": origin.started_at,
        "actor": origin.actor,
        "started_by": conduct.started_by or None,
        "commit": origin.commit,
        "dirty": origin.dirty,
        "hidden_edits": conduct.hidden,
        "clock_skew_ms": conduct.skew_ms,
        "evidence_tests": conduct.tests,
        "left_out": conduct.deselected,
        "uncollected": conduct.uncollected,
        "ci": dict(conduct.ci),
        "called": list(conduct.session_options),
    }
