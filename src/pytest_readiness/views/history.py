"""View of the history of a use case: runs, decisions and status changes, newest last."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator

from ..errors import first_names
from ..facts.decision import Decision
from ..facts.evidence import BADNESS, Evidence, Result
from ..facts.run_conditions import RunConditions
from ..verdict.causes import decision_sentence
from ..verdict.history import HistoryEvent, StatusChange, UseCaseHistory
from ..verdict.readiness import Phase, Status
from .line_writer import Line, LineWriter
from .text_format import count, identity

_KIND = len("promoted")
_NAMED = 3
"""Maximum tests to name for a run; the others are counted."""


def render_history(history: UseCaseHistory, width: int, *, unicode: bool = True) -> list[Line]:
    """Return each event with its time (UTC), followed by the status change that it caused."""
    writer = LineWriter(width, unicode=unicode)
    entries = [(event.at, 0, _event(event, writer)) for event in history.events]
    entries += [(change.at, 1, _change(change, writer)) for change in history.changes]
    lines = [line for _, _, entry_lines in sorted(entries, key=lambda entry: entry[:2]) for line in entry_lines]
    return lines or [writer.line("no history yet")]


def _event(event: HistoryEvent, writer: LineWriter) -> list[Line]:
    if event.decision is not None:
        return _entry(event.at, "decision", _decision(event.decision), "", writer)
    return [
        line
        for run in _by_run(event.evidence)
        for line in _entry(event.at, "run", _run(run, event.conditions), "", writer)
    ]


def _decision(decision: Decision) -> str:
    return f"{decision_sentence(decision)} ({identity(decision.known_by)}; {decision.id})"


def _by_run(evidence: tuple[Evidence, ...]) -> Iterator[list[Evidence]]:
    runs: dict[str, list[Evidence]] = {}
    for piece in evidence:
        runs.setdefault(piece.run_id, []).append(piece)
    yield from runs.values()


def _run(evidence: list[Evidence], conditions: RunConditions) -> str:
    """Return ``RUN in staging: 7 PASSED, 1 FAILED (test_drill)``. A test with several claims counts once."""
    pieces = [piece for piece in evidence if not piece.covered]
    executions = {(piece.test_id, piece.started_at, piece.result): piece for piece in pieces}.values()
    numbers = Counter(execution.result for execution in executions)
    passed_first = sorted(numbers, key=lambda result: (result is not Result.PASSED, -BADNESS[result]))
    results = ", ".join(f"{numbers[result]} {result.value}{_names(executions, result)}" for result in passed_first)
    environments = {execution.environment for execution in executions if execution.environment}
    where = ", ".join(sorted(environments)) or "no environment"
    rehearsed = sum(not execution.real for execution in executions)
    rehearsal = f", {count(rehearsed, 'rehearsal')}" if rehearsed else ""
    called = f"called with {', '.join(conditions.session_options)}" if conditions.session_options else ""
    remarks = "".join(f"; {remark}" for remark in (*conditions.remarks(), called) if remark)
    return f"{evidence[0].run_id} in {where}: {results}{rehearsal}{remarks}"


def _names(executions: Collection[Evidence], result: Result) -> str:
    """Return the first tests with a result that is no pass, in parentheses."""
    if result is Result.PASSED:
        return ""
    tests = [execution.test_id for execution in executions if execution.result is result]
    return f" ({first_names(tests, _NAMED)})"


def _change(change: StatusChange, writer: LineWriter) -> list[Line]:
    kind, style = ("demoted", "bad") if change.is_demotion else ("promoted", "good")
    change_text = f"{_status(change.from_status, change.from_phase)} -> {_status(change.to_status, change.to_phase)}"
    return _entry(change.at, kind, f"{change_text}: {change.cause}", style, writer)


def _status(status: Status, phase: Phase | None) -> str:
    return f"{status}, {phase}" if phase else status.value


def _entry(at: str, kind: str, text: str, style: str, writer: LineWriter) -> list[Line]:
    lead = f"{at}  {writer.pad(kind, _KIND)}  "
    if writer.width >= 2 * len(lead):
        return writer.paragraph(text, lead=(lead, style))
    return [writer.line((lead, style)), *writer.paragraph(text, indent=4)]
