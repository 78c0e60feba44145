"""Who must act: the actions by person, the same action for many use cases told once."""

from __future__ import annotations

from collections.abc import Sequence

from ..fast_values import dataclass
from ..verdict.actions import UNASSIGNED
from ..verdict.readiness import Action
from . import text_format
from .line_writer import Line, LineWriter

_LONGEST = 1_000
"""More digits than the number of an item has."""
_STYLES = {"fix": "bad", "rerun": "warn", "finish": "warn", "declare": "warn"}


@dataclass(frozen=True, slots=True)
class Task:
    """One kind of action of one person, for the same items of one or several use cases."""

    action: str
    items: tuple[str, ...]
    """Keys of the items; none where it concerns the whole use case."""
    actions: tuple[Action, ...]

    @property
    def use_cases(self) -> tuple[str, ...]:
        """The use cases it concerns, in order."""
        return tuple(dict.fromkeys(action.use_case for action in self.actions))


def by_person(actions: Sequence[Action]) -> dict[str, list[Task]]:
    """Return each person's tasks; the person with the most urgent action, and its most urgent task, first."""
    people: dict[str, list[Action]] = {}
    for action in actions:
        people.setdefault(action.who, []).append(action)
    return {who: _tasks(theirs) for who, theirs in people.items()}


def _tasks(actions: Sequence[Action]) -> list[Task]:
    of_use_case: dict[tuple[str, str], list[Action]] = {}
    for action in actions:
        of_use_case.setdefault((action.action, action.use_case), []).append(action)
    alike: dict[tuple[str, tuple[str, ...]], list[Action]] = {}
    for (kind, _), theirs in of_use_case.items():
        keys = tuple(sorted({_item(action) for action in theirs if action.requirement is not None}, key=_numbered))
        alike.setdefault((kind, keys), []).extend(theirs)
    return [Task(kind, keys, tuple(theirs)) for (kind, keys), theirs in alike.items()]


def _item(action: Action) -> str:
    tail = (action.requirement or "").removeprefix(f"{action.use_case}/")
    return tail.split("/", 1)[0]


def _numbered(key: str) -> tuple[int, str]:
    """Numbers in their order, before names."""
    return (len(key), key) if key.isdigit() else (_LONGEST, key)


def task_text(task: Task, pen: LineWriter) -> str:
    """Return what must be done: the action's own words, or the items and use cases that several have in common."""
    first = task.actions[0]
    if len(task.actions) == 1:
        return _own_words(first)
    names = task.use_cases
    where = text_format.name_list(names, pen)
    if len(names) > 1:
        where = f"{where} ({len(names)} use cases)"
    what = f"{text_format.item_list(task.items)} of {where}" if task.items else where
    shared = first.text if len({action.text for action in task.actions}) == 1 else ""
    return f"{what}: {shared}" if shared else what


def _own_words(action: Action) -> str:
    name = action.requirement or action.use_case
    return action.text if name in action.text else f"{name}: {action.text}"


def write_people(actions: Sequence[Action], pen: LineWriter, *, people: int, tasks: int) -> list[Line]:
    """Return the lines of at most so many people with at most so many tasks each, and how many actions are left out."""
    lines: list[Line] = []
    told = 0
    for who, theirs in list(by_person(actions).items())[:people]:
        lines.append(pen.line("  ", (who, "strong")))
        for task in theirs[:tasks]:
            lines.extend(_write(task, pen, most=2))
            told += len(task.actions)
    if told < len(actions):
        left = text_format.count(len(actions) - told, "more action")
        lines.append(pen.line("  ", (f"{left}: readiness next shows all", "dim")))
    return lines


def _write(task: Task, pen: LineWriter, most: int | None = None) -> list[Line]:
    lead = (pen.pad(task.action, 7) + "  ", _STYLES.get(task.action, ""))
    return pen.paragraph(task_text(task, pen), lead=lead, indent=4, most=most)


def render_next(
    actions: Sequence[Action], width: int, *, owner: str | None = None, verbosity: int = 0, unicode: bool = True
) -> list[Line]:
    """Return who must do what, most urgent first: for everybody, or for one owner (in any letter case).

    The same action for many use cases is one line; with ``verbosity`` above 0 each action is told in its own words.
    """
    pen = LineWriter(width, unicode=unicode)
    wanted = [action for action in actions if owner is None or action.who.casefold() == owner.casefold()]
    if not wanted:
        return [pen.line("nobody has anything to do" if owner is None else f"{owner} has nothing to do")]
    people = by_person(wanted)
    lines: list[Line] = []
    for who, tasks in people.items():
        lines.append(pen.line((who, "strong")))
        for task in tasks:
            single = [Task(task.action, task.items, (action,)) for action in task.actions]
            for part in single if verbosity > 0 else [task]:
                lines.extend(_write(part, pen))
    return [*lines, pen.line((_total(wanted), "dim"))]


def _total(actions: Sequence[Action]) -> str:
    """Return how many actions for how many people; nobody is no person."""
    whose = [action.who for action in actions if action.who != UNASSIGNED]
    people = text_format.count(len(set(whose)), "person", "people")
    every, left = text_format.count(len(actions), "action"), len(actions) - len(whose)
    if not left:
        return f"{every} for {people}"
    return f"{every}: {len(whose)} for {people}, {left} unassigned" if whose else f"{every}, unassigned"
