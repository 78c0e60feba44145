"""What became of a use case: runs, decisions, promotions and demotions, newest last."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from ..facts.decision import Decision
from ..facts.evidence import BADNESS, Evidence, Result
from ..facts.run_conditions import RunConditions
from ..verdict.causes import decision_sentence
from ..verdict.history import HistoryEvent, StatusChange, UseCaseHistory
from ..verdict.readiness import Phase, Status
from .line_writer import Line, LineWriter
from .text_format import count

_KIND = len("promoted")
_NAMED = 3
"""Tests that a run names; the rest is counted."""


def render_history(history: UseCaseHistory, width: int, *, unicode: bool = True) -> list[Line]:
    """Return what happened, each with its moment (UTC), and after what changed a use case the change."""
    pen = LineWriter(width, unicode=unicode)
    told = [(event.at, 0, _event(event, pen)) for event in history.events]
    told += [(change.at, 1, _change(change, pen)) for change in history.changes]
    lines = [line for _, _, ones in sorted(told, key=lambda one: one[:2]) for line in ones]
    return lines or [pen.line("nothing has happened to it yet")]


def _event(event: HistoryEvent, pen: LineWriter) -> list[Line]:
    if event.decision is not None:
        return _told(event.at, "decision", _decision(event.decision), "", pen)
    return [
        line for run in _by_run(event.evidence) for line in _told(event.at, "run", _run(run, event.conditions), "", pen)
    ]


def _decision(decision: Decision) -> str:
    return f"{decision_sentence(decision)} (known by {decision.known_by}; {decision.id})"


def _by_run(evidence: tuple[Evidence, ...]) -> Iterator[list[Evidence]]:
    runs: dict[str, list[Evidence]] = {}
    for one in evidence:
        runs.setdefault(one.run_id, []).append(one)
    yield from runs.values()


def _run(evidence: list[Evidence], conduct: RunConditions) -> str:
    """Return ``RUN in staging: 7 passed, 1 failed (test_drill)``; a test with several claims ran once."""
    executions = {(one.test_id, one.started_at, one.result): one for one in evidence if not one.covered}.values()
    numbers = Counter(one.result for one in executions)
    results = ", ".join(f"{numbers[one]} {one.value}" for one in sorted(numbers, key=BADNESS.__getitem__, reverse=True))
    where = ", ".join(sorted({one.environment for one in executions if one.environment})) or "no environment"
    bad = [one.test_id for one in executions if one.result is not Result.PASSED]
    more = f" and {len(bad) - _NAMED} more" if len(bad) > _NAMED else ""
    names = f": {', '.join(bad[:_NAMED])}{more}" if bad else ""
    rehearsed = sum(not one.real for one in executions)
    rehearsal = f", {count(rehearsed, 'rehearsal')}" if rehearsed else ""
    called = f"called with {', '.join(conduct.session_options)}" if conduct.session_options else ""
    remarks = "".join(f"; {remark}" for remark in (*conduct.remarks(), called) if remark)
    return f"{evidence[0].run_id} in {where}: {results}{rehearsal}{names}{remarks}"


def _change(change: StatusChange, pen: LineWriter) -> list[Line]:
    kind, style = ("demoted", "bad") if change.is_demotion else ("promoted", "good")
    became = f"{_standing(change.from_status, change.from_phase)} -> {_standing(change.to_status, change.to_phase)}"
    return _told(change.at, kind, f"{became}: {change.cause}", style, pen)


def _standing(status: Status, phase: Phase | None) -> str:
    return f"{status}, {phase}" if phase else status.value


def _told(at: str, kind: str, text: str, style: str, pen: LineWriter) -> list[Line]:
    lead = f"{at}  {pen.pad(kind, _KIND)}  "
    return pen.paragraph(text, lead=(lead, style)) if pen.width >= 2 * len(lead) else _narrow(lead, text, style, pen)


def _narrow(lead: str, text: str, style: str, pen: LineWriter) -> list[Line]:
    return [pen.line((lead, style)), *pen.paragraph(text, indent=4)]
