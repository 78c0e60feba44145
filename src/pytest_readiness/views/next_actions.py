"""View of the next actions by person. The same action for several use cases is one task."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec import Struct

from ..hints import typed
from ..verdict.actions import DIFFERENCE, OR_ACKNOWLEDGE
from ..verdict.explanations import proof_to_record, recording_text
from ..verdict.owners import UNASSIGNED, is_selected, owner_name
from ..verdict.people import People
from ..verdict.readiness import Action
from . import text_format
from .line_writer import Line, LineWriter, Segment

URGENT = "fix"
"""Kind of the actions for failures, blockers and rejections."""
BY_ITEM = ("collect", "prove")
"""Kinds of actions for evidence that is missing or unproven, which are summed up by item."""
_ONE_BY_ONE = 12
"""Most failures, blockers and rejections with a line each. Of more failures, each person has a list of their ids."""
_LISTED = 24
"""Most failures of a person in such a list; the others are counted."""
_URGENT_LINES = 8
"""Most lines of a failure, blocker or rejection: in a narrow terminal the way out is at the end of several."""
_STYLES = {"fix": "bad", "rerun": "warn", "finish": "warn", "declare": "warn"}
_COMMON = {"prove": "record the proof in the test and run it"}
"""What several actions of a kind have in common, although their texts differ."""


class Task(Struct, frozen=True):
    """One kind of action of one person, for the same items of one or more use cases."""

    action: str
    items: tuple[str, ...]
    """Keys of the items; none if the task concerns the whole use case."""
    actions: tuple[Action, ...]

    @property
    def use_cases(self) -> tuple[str, ...]:
        """Ids of the use cases, sorted."""
        return tuple(sorted({action.use_case for action in self.actions}, key=text_format.natural_key))


def by_person(actions: Iterable[Action]) -> list[tuple[str, list[Task]]]:
    """Return people with their tasks: first everybody with a failure, blocker or rejection, then everybody else.

    The most urgent person and task come first. A person with both kinds of tasks is there twice, unless nobody stands
    between them.
    """
    by_urgency: dict[bool, dict[str, list[Action]]] = {True: {}, False: {}}
    for action in actions:
        by_urgency[action.action == URGENT].setdefault(action.who, []).append(action)
    people: list[tuple[str, list[Task]]] = []
    for by_name in by_urgency.values():
        for who, own_actions in by_name.items():
            tasks = _tasks(own_actions)
            if people and people[-1][0] == who:
                people[-1][1].extend(tasks)
            else:
                people.append((who, tasks))
    return people


def _tasks(actions: Sequence[Action]) -> list[Task]:
    """Return the tasks: what is urgent one by one, evidence by item, everything else by use cases."""
    by_kind: dict[str, list[Action]] = {}
    for action in actions:
        by_kind.setdefault(action.action, []).append(action)
    tasks: list[Task] = []
    for kind, group in by_kind.items():
        if kind == URGENT:
            tasks += _urgent_tasks(group)
        elif kind in BY_ITEM:
            tasks += _tasks_by_item(kind, group)
        else:
            tasks += _tasks_by_use_case(kind, group)
    return tasks


def _urgent_tasks(actions: Iterable[Action]) -> list[Task]:
    """Return a task for each text: several requirements of a use case may fail by one test."""
    by_text: dict[tuple[str, str], list[Action]] = {}
    for action in actions:
        by_text.setdefault((action.use_case, action.text), []).append(action)
    return [Task(URGENT, _item_keys(group), tuple(group)) for group in by_text.values()]


def _tasks_by_item(kind: str, actions: Iterable[Action]) -> list[Task]:
    """Return a task for the items that the same use cases need."""
    by_item: dict[str, list[Action]] = {}
    for action in actions:
        by_item.setdefault(_item(action), []).append(action)
    by_use_cases: dict[frozenset[str], list[Action]] = {}
    for key in sorted(by_item, key=text_format.natural_key):
        names = frozenset(action.use_case for action in by_item[key])
        by_use_cases.setdefault(names, []).extend(by_item[key])
    return [Task(kind, _item_keys(group), tuple(group)) for group in by_use_cases.values()]


def _tasks_by_use_case(kind: str, actions: Iterable[Action]) -> list[Task]:
    by_use_case: dict[str, list[Action]] = {}
    for action in actions:
        by_use_case.setdefault(action.use_case, []).append(action)
    by_items: dict[tuple[str, ...], list[Action]] = {}
    for group in by_use_case.values():
        by_items.setdefault(_item_keys(group), []).extend(group)
    return [Task(kind, keys, tuple(group)) for keys, group in by_items.items()]


def _item_keys(actions: Iterable[Action]) -> tuple[str, ...]:
    keys = {_item(action) for action in actions if action.requirement is not None}
    return tuple(sorted(keys, key=text_format.natural_key))


def _item(action: Action) -> str:
    tail = (action.requirement or "").removeprefix(f"{action.use_case}/")
    return tail.split("/", 1)[0]


def task_text(task: Task, *, every: bool = False) -> str:
    """Return the text of a single action, or the items and use cases of several; ``every``: of all of them."""
    first = task.actions[0]
    if len(task.actions) == 1:
        return _action_text(first)
    names = task.use_cases
    where = text_format.name_list(names, most=len(names) if every else 6)
    if len(names) > 1:
        where = f"{where} ({len(names)} use cases)"
    what = f"{text_format.item_list(task.items)} of {where}" if task.items and task.items != ("",) else where
    return f"{what}: {text}" if (text := _common_text(task)) else what


def _common_text(task: Task) -> str:
    """Return what all actions of a task have in common; empty: nothing."""
    texts = {action.text for action in task.actions}
    if len(texts) == 1:
        return task.actions[0].text
    if task.action == "sync":
        return task.actions[0].text.partition(DIFFERENCE)[0]
    if task.action == "collect":
        return _proofs_to_record(task.actions)
    common = _COMMON.get(task.action, "")
    acknowledge = common and all(text.endswith(OR_ACKNOWLEDGE) for text in texts)
    return f"{common}{OR_ACKNOWLEDGE}" if acknowledge else common


def _proofs_to_record(actions: Sequence[Action]) -> str:
    """Return which proofs the evidence for several requirements must have, by item; empty: none."""
    proofs: dict[str, dict[str, None]] = {}
    for action in actions:
        if proof := proof_to_record(action.text):
            proofs.setdefault(_item(action), {})[proof] = None
    if not proofs:
        return ""
    kinds = sorted({kind for by_name in proofs.values() for kind in by_name})
    if kinds == kinds[:1] and len({_item(action) for action in actions}) == len(proofs):
        return recording_text(kinds[0])
    by_item = [f"{key} {' and '.join(sorted(proofs[key]))}" for key in sorted(proofs, key=text_format.natural_key)]
    return f"recording the proofs {', '.join(by_item)} (record_evidence)"


def _action_text(action: Action) -> str:
    name = action.requirement or action.use_case
    text = action.text.removeprefix("review ") if action.action == "review" else action.text  # the lead says it
    return text if name in text else f"{name}: {text}"


def write_urgent(actions: Sequence[Action], writer: LineWriter, *, verbosity: int = 0) -> list[Line]:
    """Return lines for all failures, blockers and rejections, by the person who must act; none if there are none."""
    urgent = [action for action in actions if action.action == URGENT]
    if not urgent:
        return []
    lines = [writer.line(), writer.line(("failures, blockers and rejections", "bad"))]
    people = by_person(urgent)
    one_by_one = verbosity > 0 or sum(len(tasks) for _, tasks in people) <= _ONE_BY_ONE
    for who, tasks in people:
        lines.append(writer.line("  ", (who, "strong")))
        failures = [action.requirement for task in tasks for action in task.actions if action.requirement is not None]
        if failures and not one_by_one:
            text = f"failing: {text_format.name_list(failures, most=_LISTED)}"
            lines += writer.paragraph(text, lead=_lead(URGENT, writer, _STYLES[URGENT]), indent=4)
        for task in tasks:
            if one_by_one or not task.items:
                lines += _write(task, writer, most=_URGENT_LINES)
    return lines


def write_people(actions: Sequence[Action], writer: LineWriter, *, people: int, tasks: int) -> list[Line]:
    """Return lines for at most ``people`` people with ``tasks`` tasks each, and the number of further actions."""
    lines: list[Line] = []
    shown, is_cut = 0, False
    for who, own_tasks in by_person(actions)[:people]:
        lines.append(writer.line("  ", (who, "strong")))
        for task in own_tasks[:tasks]:
            lines.extend(_write(task, writer, most=2))
            is_cut = is_cut or len(_write(task, writer)) > 2  # noqa: PLR2004 - as above
            shown += len(task.actions)
    if shown < len(actions) or is_cut:
        more = text_format.count(len(actions) - shown, "more action") if shown < len(actions) else "cut off here"
        command = typed("next")
        lines += writer.paragraph(f"{more}: {command} shows all", indent=2, style="dim", commands=(command,))
    return lines


def _write(task: Task, writer: LineWriter, most: int | None = None) -> list[Line]:
    lead = _lead(task.action, writer, _STYLES.get(task.action, ""))
    return writer.paragraph(task_text(task, every=most is None), lead=lead, indent=4, most=most)


def alike_actions(actions: Iterable[Action]) -> list[list[Action]]:
    """Return the actions on one use case, of which those with the same person and text share a line, in their order."""
    by_text: dict[tuple[str, str, str], list[Action]] = {}
    for action in actions:
        by_text.setdefault((action.who, action.action, action.text), []).append(action)
    return list(by_text.values())


def write_actions(alike: Sequence[Action], writer: LineWriter, *, indent: int) -> list[Line]:
    """Return one line for actions that ask the same of the same person: ``items 1 to 4 of UC-001: make ... pass``."""
    first = alike[0]
    text = task_text(Task(first.action, _item_keys(alike), tuple(alike)))
    return writer.paragraph(f"{text} ({first.who})", lead=_lead(first.action, writer), indent=indent)


def write_action(action: Action, writer: LineWriter, *, indent: int) -> list[Line]:
    """Return one action with its person, below what it is about."""
    return writer.paragraph(f"{_action_text(action)} ({action.who})", lead=_lead(action.action, writer), indent=indent)


def _lead(kind: str, writer: LineWriter, style: str = "") -> Segment:
    return writer.pad(kind, 7) + "  ", style


def actions_of(actions: Sequence[Action], owner: str | None, people: People) -> list[Action]:
    """Return the actions of an owner (in any spelling), or all of them if it is None."""
    return [action for action in actions if owner is None or is_selected(action.who, owner, people)]


def render_next(
    wanted: Sequence[Action], width: int, *, owner: str | None = None, verbosity: int = 0, unicode: bool = True
) -> list[Line]:
    """Return who must do what, most urgent first; ``owner``: whose actions these are, None: everybody's.

    The same action for several use cases is one line. With ``verbosity`` above 0 each action has its own line.
    """
    writer = LineWriter(width, unicode=unicode)
    if not wanted:
        return [writer.line("nothing to do" if owner is None else f"nothing to do for {owner_name(owner)}")]
    lines: list[Line] = []
    for who, tasks in by_person(wanted):
        lines.append(writer.line((who, "strong")))
        for task in tasks:
            single = [Task(task.action, task.items, (action,)) for action in task.actions]
            for part in single if verbosity > 0 else [task]:
                lines.extend(_write(part, writer))
    return [*lines, writer.line((_total(wanted, owner), "dim"))]


def _total(actions: Sequence[Action], owner: str | None) -> str:
    """Return the number of actions, of people, and of unassigned actions with how to select them."""
    assigned = [action.who for action in actions if action.who != UNASSIGNED]
    people = text_format.count(len(set(assigned)), "person", "people")
    total, unassigned = text_format.count(len(actions), "action"), len(actions) - len(assigned)
    if not unassigned:
        return f"{total} for {people}"
    if not assigned:
        return f"{total}, unassigned"
    select = f" (--owner {UNASSIGNED} selects them)" if owner is None else ""
    return f"{total}: {len(assigned)} for {people}, {unassigned} unassigned{select}"
