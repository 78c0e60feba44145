"""View of what changed: one line for each use case or requirement that stands differently than before."""

from __future__ import annotations

from ..verdict.changes import Change
from ..verdict.readiness import State, Status
from . import text_format
from .line_writer import Line, LineWriter
from .report import Report

_MOST = 12
"""Changes that a report lists; the others are counted."""
_GOOD = frozenset({Status.READY_FOR_GO_LIVE.value, State.COMPLETE.value})


def change_text(change: Change) -> str:
    """Return ``UC-001: READY_FOR_GO_LIVE -> BLOCKED (6/rotation failed)``. The caller sanitises it."""
    because = f" ({change.because})" if change.because else ""
    return f"{change.subject}: {change.before or 'new'} -> {change.after or 'gone'}{because}"


def change_lines(report: Report, writer: LineWriter, *, most: int = _MOST) -> list[Line]:
    """Return the changes under a title: what is worse first, then use cases before requirements; none without any.

    At most ``most`` of them are listed.
    """
    if not report.changes:
        return []
    title = "what this run changed" if report.context.session is not None else "what changed"
    lines = [writer.line(), writer.line((title, "strong"))]
    for change in sorted(report.changes, key=_weight)[:most]:
        lines += writer.paragraph(change_text(change), indent=2, style=_style(change), most=2)
    if (more := len(report.changes) - most) > 0:
        lines.append(writer.line("  ", (f"{text_format.count(more, 'more change')}: -v shows all", "dim")))
    return lines


def _weight(change: Change) -> tuple[bool, bool]:
    return not change.is_worse, change.requirement is not None


def _style(change: Change) -> str:
    if change.is_worse:
        return "bad"
    return "good" if change.after in _GOOD else ""
