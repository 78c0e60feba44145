"""Difference between two evaluations: what became ready, what no longer is, and all else that changed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from operator import attrgetter

from msgspec import Struct

from ..verdict.changes import Change
from ..verdict.readiness import Status
from .change_lines import ChangeGroup, cause_text, change_groups, explained_step, step_text
from .document import plain_change
from .json_text import to_json_text
from .line_writer import Line, LineWriter
from .sanitise.github import ANNOTATIONS_AT_MOST, Level, annotation
from .sanitise.markdown import markdown_row, to_markdown
from .text_format import count, name_list

SCHEMA = "readiness/diff/v1"
_READY = Status.READY_FOR_GO_LIVE.value
MOST_MARKDOWN = 60_000
"""Characters of a Markdown text: a comment on GitHub has at most 65,536."""
BY_RESULT = "tests are compared by their results only: one of the reports is of a version that says no more of them"

_LONGEST_SIDE = 1_000
"""Characters of the line about one of the evaluations."""


class ComparedSide(Struct, frozen=True):
    """One of the two evaluations."""

    name: str
    """As the user named it."""
    kind: str
    """``report``, ``bundle``, ``run``, ``time``, ``revision`` or ``now``."""
    at: str
    """The moment that is judged (UTC); empty: unknown."""
    ready: int
    """Number of use cases that are ready."""
    use_cases: int

    @property
    def sentence(self) -> str:
        """Name, moment and number of ready use cases."""
        at = f" at {self.at}" if self.at else ""
        kind = "" if self.name == self.kind else f"{self.kind} "
        return f"{kind}{self.name}{at}: {self.ready} of {self.use_cases} ready"


class Difference(Struct, frozen=True):
    """Everything that stands differently in the later of two evaluations."""

    register: str
    old: ComparedSide
    new: ComparedSide
    changes: tuple[Change, ...]
    """Sorted by use case; each stands before its requirements, and these before their tests."""
    tests: Mapping[str, str]
    """Tests of the evidence behind the changes, by its id."""
    by_result: bool = False
    """Whether tests were compared by their results only, as a report of an older version says no more of them."""
    limits: tuple[str, ...] = ()
    """That only some use cases are compared, as one side is limited to them, a sentence each; empty: all are."""

    @property
    def notes(self) -> tuple[str, ...]:
        """What is not compared, and why, a sentence each."""
        return (*self.limits, *((BY_RESULT,) if self.by_result else ()))

    @property
    def became_ready(self) -> tuple[str, ...]:
        """Ids of the use cases that are ready and were not."""
        return tuple(change.use_case for change in self._of_use_cases if change.after == _READY)

    @property
    def no_longer_ready(self) -> tuple[str, ...]:
        """Ids of the use cases that were ready and are not, or are gone."""
        return tuple(change.use_case for change in self._of_use_cases if change.before == _READY)

    @property
    def worst_first(self) -> tuple[Change, ...]:
        """The changes: of use cases that are no longer ready, then all others that are worse, then the rest."""
        lost = {*self.no_longer_ready}
        return tuple(sorted(self.changes, key=lambda change: (change.use_case not in lost, not change.is_worse)))

    @property
    def _of_use_cases(self) -> Iterator[Change]:
        return (change for change in self.changes if change.requirement is None)

    def cause(self, change: Change) -> str:
        """Return the cause of a change with its evidence, as text."""
        return cause_text(change, self.tests)


def render_difference(difference: Difference, width: int, *, unicode: bool = True) -> list[Line]:
    """Return the two sides, what became ready and what no longer is, and each use case with its changes."""
    writer = LineWriter(width, unicode=unicode)
    lines = [
        *writer.paragraph(difference.old.sentence, lead=("old: ", "dim")),
        *writer.paragraph(difference.new.sentence, lead=("new: ", "dim")),
    ]
    if difference.no_longer_ready:
        lines += writer.paragraph(name_list(list(difference.no_longer_ready)), lead=("no longer ready: ", "bad"))
    if difference.became_ready:
        lines += writer.paragraph(name_list(list(difference.became_ready)), lead=("became ready: ", "good"))
    for note in difference.notes:
        lines += writer.paragraph(note, lead=("note: ", "dim"))
    if not difference.changes:
        return [*lines, writer.line("nothing changed")]
    by_name = {name: list(changes) for name, changes in groupby(difference.changes, key=attrgetter("use_case"))}
    groups = _alike_use_cases(by_name.values())
    shown: set[str] = set()
    for name, changes in by_name.items():
        if name in shown:
            continue
        lines.append(())
        if group := groups.get(name):
            shown.update(change.use_case for change in group.changes)
            style = "bad" if changes[0].is_worse else ""
            lead = (f"{group.subject}  ", "strong")
            lines += writer.paragraph(explained_step(changes[0]), lead=lead, style=style)
        else:
            lines.extend(_use_case_lines(name, changes, difference, writer))
    return lines


def _alike_use_cases(by_name: Iterable[list[Change]]) -> dict[str, ChangeGroup]:
    """Return the groups of three or more use cases of which nothing but the same step is told, by each of their ids."""
    alone = [changes[0] for changes in by_name if len(changes) == 1 and changes[0].requirement is None]
    groups = (group for group in change_groups(alone) if len(group.changes) > 1)
    return {change.use_case: group for group in groups for change in group.changes}


def _folded(difference: Difference) -> list[ChangeGroup]:
    """Return the changes, the worst first; equal steps of use cases of which nothing else is told share a row."""
    groups = _alike_use_cases(list(changes) for _, changes in groupby(difference.changes, key=attrgetter("use_case")))
    folded: dict[int, ChangeGroup] = {}
    for change in difference.worst_first:
        group = groups.get(change.use_case) or ChangeGroup(change.subject, (change,))
        folded.setdefault(id(group) if len(group.changes) > 1 else id(change), group)
    return list(folded.values())


def _use_case_lines(name: str, changes: list[Change], difference: Difference, writer: LineWriter) -> Iterator[Line]:
    if changes[0].requirement is not None:
        yield writer.line((name, "strong"), "  the same status")
    for change in changes:
        style = "bad" if change.is_worse else ""
        if change.requirement is None:
            yield from writer.paragraph(explained_step(change), lead=(f"{name}  ", "strong"), style=style)
        else:
            yield from writer.paragraph(f"{change.subject}: {step_text(change)}", indent=2, style=style)
            yield from writer.paragraph(difference.cause(change), indent=6)


def _group_cause(group: ChangeGroup, difference: Difference) -> str:
    """Return the cause of a change with its evidence, or what several have in common."""
    return difference.cause(group.changes[0]) if len(group.changes) == 1 else group.changes[0].because


def render_markdown(difference: Difference) -> Iterator[str]:
    """Yield the difference as Markdown, the worst first, within the limit of a comment on GitHub."""
    sides = (f"- {to_markdown(side.sentence, _LONGEST_SIDE)}\n" for side in (difference.old, difference.new))
    notes = (f"- {to_markdown(note, _LONGEST_SIDE)}\n" for note in difference.notes)
    head = f"### {_headline(difference)}\n\n{''.join((*sides, *notes))}"
    if not difference.changes:
        yield head
        return
    yield (head := f"{head}\n| | was | is | because |\n| --- | --- | --- | --- |\n")
    written = len(head)
    written_changes = 0
    for group in _folded(difference):
        cells = (group.subject, *group.changes[0].words, _group_cause(group, difference))
        row = f"{markdown_row(cells)}\n"
        written += len(row)
        if written > MOST_MARKDOWN:
            more = count(len(difference.changes) - written_changes, "more change")
            yield f"\n{more}: `readiness diff` shows all\n"
            return
        yield row
        written_changes += len(group.changes)


def render_annotations(difference: Difference) -> Iterator[str]:
    """Yield a GitHub annotation for each use case that changed, what is no longer ready first, and at most ten."""
    changes = [
        group for group in _folded(difference) if group.changes[0].requirement is None or group.changes[0].is_worse
    ]
    shown = changes if len(changes) <= ANNOTATIONS_AT_MOST else changes[: ANNOTATIONS_AT_MOST - 1]
    for group in shown:
        change = group.changes[0]
        level: Level = "error" if change.is_worse else "notice"
        message = f"{group.subject}: {step_text(change)} ({_group_cause(group, difference)})"
        yield f"{annotation(level, message, title=_title(change))}\n"
    if len(shown) < len(changes):
        more = count(sum(len(group.changes) for group in changes[len(shown) :]), "more change")
        yield f"{annotation('notice', f'{more}: readiness diff shows all', title=_headline(difference))}\n"
    if not changes:
        yield f"{annotation('notice', difference.new.sentence, title=_headline(difference))}\n"


def render_json(difference: Difference) -> Iterator[str]:
    """Yield the difference as ASCII JSON (``readiness/diff/v1``)."""
    document = {
        "schema": SCHEMA,
        "register": difference.register,
        "old": _plain_side(difference.old),
        "new": _plain_side(difference.new),
        "became_ready": list(difference.became_ready),
        "no_longer_ready": list(difference.no_longer_ready),
        "by_result": difference.by_result,
        "limits": list(difference.limits),
        "changes": [
            {
                **plain_change(change),
                "evidence_test": difference.tests.get(change.evidence or ""),
                "worse": change.is_worse,
            }
            for change in difference.changes
        ],
    }
    yield to_json_text(document)


def _plain_side(side: ComparedSide) -> dict[str, object]:
    return {
        "name": side.name,
        "kind": side.kind,
        "at": side.at or None,
        "ready": side.ready,
        "use_cases": side.use_cases,
    }


def _title(change: Change) -> str:
    return "worse than before" if change.is_worse else "changed"


def _headline(difference: Difference) -> str:
    lost, won = len(difference.no_longer_ready), len(difference.became_ready)
    parts = [f"{lost} no longer ready"] if lost else []
    parts += [f"{won} became ready"] if won else []
    if not parts:
        parts = [f"{count(len(difference.changes), 'change')}, no difference in what is ready"]
    return ", ".join(parts) if difference.changes else "Nothing changed"
