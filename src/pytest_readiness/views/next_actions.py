"""View of the next actions by person. The same action for several use cases is one task."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from ..verdict.actions import UNASSIGNED
from ..verdict.readiness import Action
from . import text_format
from .line_writer import Line, LineWriter

_LONGEST = 1_000
"""Sort key that puts item names after item numbers: no number has so many digits."""
_STYLES = {"fix": "bad", "rerun": "warn", "finish": "warn", "declare": "warn"}


class Task(Struct, frozen=True):
    """One kind of action of one person, for the same items of one or more use cases."""

    action: str
    items: tuple[str, ...]
    """Keys of the items; none if the task concerns the whole use case."""
    actions: tuple[Action, ...]

    @property
    def use_cases(self) -> tuple[str, ...]:
        """Ids of the use cases, in order."""
        return tuple(dict.fromkeys(action.use_case for action in self.actions))


def by_person(actions: Sequence[Action]) -> dict[str, list[Task]]:
    """Return the tasks of each person. The most urgent person and task come first."""
    people: dict[str, list[Action]] = {}
    for action in actions:
        people.setdefault(action.who, []).append(action)
    return {who: _tasks(own_actions) for who, own_actions in people.items()}


def _tasks(actions: Sequence[Action]) -> list[Task]:
    by_use_case: dict[tuple[str, str], list[Action]] = {}
    for action in actions:
        by_use_case.setdefault((action.action, action.use_case), []).append(action)
    by_items: dict[tuple[str, tuple[str, ...]], list[Action]] = {}
    for (kind, _), group in by_use_case.items():
        keys = tuple(sorted({_item(action) for action in group if action.requirement is not None}, key=_sort_key))
        by_items.setdefault((kind, keys), []).extend(group)
    return [Task(kind, keys, tuple(group)) for (kind, keys), group in by_items.items()]


def _item(action: Action) -> str:
    tail = (action.requirement or "").removeprefix(f"{action.use_case}/")
    return tail.split("/", 1)[0]


def _sort_key(key: str) -> tuple[int, str]:
    """Return a sort key that puts numbers in their order, before names."""
    return (len(key), key) if key.isdigit() else (_LONGEST, key)


def task_text(task: Task) -> str:
    """Return the text of a single action, or the items and use cases of several."""
    first = task.actions[0]
    if len(task.actions) == 1:
        return _action_text(first)
    names = task.use_cases
    where = text_format.name_list(names)
    if len(names) > 1:
        where = f"{where} ({len(names)} use cases)"
    what = f"{text_format.item_list(task.items)} of {where}" if task.items else where
    common_text = first.text if len({action.text for action in task.actions}) == 1 else ""
    return f"{what}: {common_text}" if common_text else what


def _action_text(action: Action) -> str:
    name = action.requirement or action.use_case
    return action.text if name in action.text else f"{name}: {action.text}"


def write_people(actions: Sequence[Action], writer: LineWriter, *, people: int, tasks: int) -> list[Line]:
    """Return lines for at most ``people`` people with ``tasks`` tasks each, and the number of further actions."""
    lines: list[Line] = []
    shown = 0
    for who, own_tasks in list(by_person(actions).items())[:people]:
        lines.append(writer.line("  ", (who, "strong")))
        for task in own_tasks[:tasks]:
            lines.extend(_write(task, writer, most=2))
            shown += len(task.actions)
    if shown < len(actions):
        more = text_format.count(len(actions) - shown, "more action")
        lines.append(writer.line("  ", (f"{more}: readiness next shows all", "dim")))
    return lines


def _write(task: Task, writer: LineWriter, most: int | None = None) -> list[Line]:
    lead = (writer.pad(task.action, 7) + "  ", _STYLES.get(task.action, ""))
    return writer.paragraph(task_text(task), lead=lead, indent=4, most=most)


def actions_of(actions: Sequence[Action], owner: str | None) -> list[Action]:
    """Return the actions of an owner (in any letter case), or all of them if it is None."""
    return [action for action in actions if owner is None or action.who.casefold() == owner.casefold()]


def render_next(
    actions: Sequence[Action], width: int, *, owner: str | None = None, verbosity: int = 0, unicode: bool = True
) -> list[Line]:
    """Return who must do what, most urgent first: all actions, or those of one owner (in any letter case).

    The same action for several use cases is one line. With ``verbosity`` above 0 each action has its own line.
    """
    writer = LineWriter(width, unicode=unicode)
    wanted = actions_of(actions, owner)
    if not wanted:
        return [writer.line("nothing to do" if owner is None else f"nothing to do for {owner}")]
    people = by_person(wanted)
    lines: list[Line] = []
    for who, tasks in people.items():
        lines.append(writer.line((who, "strong")))
        for task in tasks:
            single = [Task(task.action, task.items, (action,)) for action in task.actions]
            for part in single if verbosity > 0 else [task]:
                lines.extend(_write(part, writer))
    return [*lines, writer.line((_total(wanted), "dim"))]


def _total(actions: Sequence[Action]) -> str:
    """Return the number of actions, of people, and of unassigned actions."""
    assigned = [action.who for action in actions if action.who != UNASSIGNED]
    people = text_format.count(len(set(assigned)), "person", "people")
    total, unassigned = text_format.count(len(actions), "action"), len(actions) - len(assigned)
    if not unassigned:
        return f"{total} for {people}"
    return f"{total}: {len(assigned)} for {people}, {unassigned} unassigned" if assigned else f"{total}, unassigned"
