"""View of what changed: one line for each use case or requirement that stands differently than before."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct

from ..verdict.changes import Change
from ..verdict.readiness import State, Status
from . import text_format
from .line_writer import Line, LineWriter
from .report import Report

MOST_CHANGES = 12
"""Changes that a report lists; the others are counted."""
_GOOD = frozenset({Status.READY_FOR_GO_LIVE.value, State.COMPLETE.value})


def explained_step(change: Change) -> str:
    """Return ``READY_FOR_GO_LIVE -> BLOCKED (6/rotation failed)``."""
    because = f" ({change.because})" if change.because else ""
    return f"{step_text(change)}{because}"


def step_text(change: Change) -> str:
    """Return ``READY_FOR_GO_LIVE -> BLOCKED``."""
    return " -> ".join(change.words)


def cause_text(change: Change, tests: Mapping[str, str]) -> str:
    """Return the cause of a change with its evidence. ``tests``: the test of each piece of evidence, by its id."""
    if change.evidence is None:
        return change.because
    test = None if change.test is not None else tests.get(change.evidence)
    evidence = f"{test}, {change.evidence}" if test else change.evidence
    return f"{change.because}: {evidence}" if change.because else evidence


def worst_first(changes: Iterable[Change]) -> list[Change]:
    """Return changes with what is worse first, and use cases before requirements; otherwise in their order."""
    return sorted(changes, key=_weight)


class ChangeGroup(Struct, frozen=True):
    """Changes that share a line: one change, or equal steps of several use cases or requirements with one cause."""

    subject: str
    changes: tuple[Change, ...]

    @property
    def text(self) -> str:
        """The line; the caller sanitises it."""
        return f"{self.subject}: {explained_step(self.changes[0])}"


def change_groups(changes: Iterable[Change]) -> list[ChangeGroup]:
    """Return changes with what is worse first, in which three or more equal steps with one cause share a line.

    A first run, for example, changes every use case in the same way.
    """
    alike: dict[tuple[object, ...], list[Change]] = {}
    for number, change in enumerate(worst_first(changes)):
        level = number if change.test is not None else change.requirement is not None
        alike.setdefault((type(level), level, change.words, change.because), []).append(change)
    return [group for equal in alike.values() for group in _grouped(equal)]


def _grouped(equal: list[Change]) -> Iterator[ChangeGroup]:
    if len(equal) < text_format.RANGE:
        yield from (ChangeGroup(change.subject, (change,)) for change in equal)
    elif equal[0].requirement is None:
        yield ChangeGroup(text_format.name_list([change.use_case for change in equal]), tuple(equal))
    else:
        by_id = {change.requirement or "": change for change in equal}
        for subject, ids in text_format.requirement_groups((change.use_case, id_) for id_, change in by_id.items()):
            yield ChangeGroup(subject, tuple(by_id[id_] for id_ in ids))


def change_lines(report: Report, writer: LineWriter, *, verbosity: int = 0) -> list[Line]:
    """Return the changes under a title, the worst first; none without any.

    Equal steps share a line. ``verbosity`` above 0: each change has a line of its own, and none is left out.
    """
    if not report.changes:
        return []
    title = "what this run changed" if report.context.session is not None else "what changed"
    lines = [writer.line(), writer.line((title, "strong"))]
    if verbosity > 0:
        groups = [ChangeGroup(change.subject, (change,)) for change in worst_first(report.changes)]
    else:
        groups = change_groups(report.changes)[:MOST_CHANGES]
    for group in groups:
        lines += writer.paragraph(group.text, indent=2, style=_style(group.changes[0]), most=2)
    if more := len(report.changes) - sum(len(group.changes) for group in groups):
        lines.append(writer.line("  ", (f"{text_format.count(more, 'more change')}: -v shows all", "dim")))
    return lines


def _weight(change: Change) -> tuple[bool, bool]:
    return not change.is_worse, change.requirement is not None


def _style(change: Change) -> str:
    if change.is_worse:
        return "bad"
    return "good" if change.better or change.after in _GOOD else ""
