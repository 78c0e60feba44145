"""View of what changed: one line for each use case or requirement that stands differently than before."""

from __future__ import annotations

from collections.abc import Iterable

from ..verdict.changes import Change
from ..verdict.readiness import State, Status
from . import text_format
from .line_writer import Line, LineWriter
from .report import Report

MOST_CHANGES = 12
"""Changes that a report lists; the others are counted."""
_GOOD = frozenset({Status.READY_FOR_GO_LIVE.value, State.COMPLETE.value})


def change_text(change: Change) -> str:
    """Return ``UC-001: READY_FOR_GO_LIVE -> BLOCKED (6/rotation failed)``. The caller sanitises it."""
    return f"{change.subject}: {explained_step(change)}"


def explained_step(change: Change) -> str:
    """Return ``READY_FOR_GO_LIVE -> BLOCKED (6/rotation failed)``."""
    because = f" ({change.because})" if change.because else ""
    return f"{step_text(change)}{because}"


def step_text(change: Change) -> str:
    """Return ``READY_FOR_GO_LIVE -> BLOCKED``."""
    return " -> ".join(change.words)


def worst_first(changes: Iterable[Change]) -> list[Change]:
    """Return changes with what is worse first, and use cases before requirements; otherwise in their order."""
    return sorted(changes, key=_weight)


def change_lines(report: Report, writer: LineWriter, *, verbosity: int = 0) -> list[Line]:
    """Return the changes under a title, the worst first; none without any. ``verbosity`` above 0: all of them."""
    if not report.changes:
        return []
    title = "what this run changed" if report.context.session is not None else "what changed"
    lines = [writer.line(), writer.line((title, "strong"))]
    shown = worst_first(report.changes)[: None if verbosity > 0 else MOST_CHANGES]
    for change in shown:
        lines += writer.paragraph(change_text(change), indent=2, style=_style(change), most=2)
    if more := len(report.changes) - len(shown):
        lines.append(writer.line("  ", (f"{text_format.count(more, 'more change')}: -v shows all", "dim")))
    return lines


def _weight(change: Change) -> tuple[bool, bool]:
    return not change.is_worse, change.requirement is not None


def _style(change: Change) -> str:
    if change.is_worse:
        return "bad"
    return "good" if change.after in _GOOD else ""
