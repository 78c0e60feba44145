"""Rows of the page's matrix: one for each use case, with a cell for each item."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec import Struct

from ...errors import first_names
from ...verdict.cells import CELLS, Cell as CellState, CellProgress, cell_of_requirement, cell_words
from ...verdict.owners import owner_of
from ...verdict.readiness import Readiness, RequirementReadiness, ReviewState, State, Status, UseCaseReadiness
from ...verdict.tracker_drift import has_drift
from .. import text_format
from ..matrix import item_titles
from .anchors import anchors_of

_NAMED = 3
"""Most people and requirements that a row names."""
STATE_CLASSES: dict[CellState, str] = {
    State.COMPLETE: "C",
    State.ASSERTED: "A",
    State.WAIVED: "W",
    State.NOT_APPLICABLE: "N",
    State.STALE: "S",
    State.REHEARSED: "R",
    State.MISSING: "M",
    State.FLAKY: "L",
    State.INTERRUPTED: "I",
    State.FAILING: "F",
    CellProgress.SKIPPED: "K",
    CellProgress.NOT_RUN: "O",
}
"""Class of what a sign stands for in the page's style sheet; a cell that is partly done has several signs."""
STATUS_CLASSES = {
    Status.NOT_STARTED: "M",
    Status.IN_PROGRESS: "S",
    Status.BLOCKED: "F",
    Status.READY_FOR_GO_LIVE: "C",
}


class Part(Struct, frozen=True):
    """One sign of a cell: the state of one requirement, and for a missing one how far it has come."""

    sign: str
    css: str
    text: str
    """The state in words, with the scope of the requirement if it has one."""


class Cell(Struct, frozen=True):
    """One cell: a use case and an item."""

    anchor: str
    css: str
    parts: tuple[Part, ...]
    """One for each requirement; empty: the use case has no such item."""

    @property
    def is_uniform(self) -> bool:
        """Whether all requirements have one state."""
        return len({part.css for part in self.parts}) <= 1

    @property
    def signs(self) -> str:
        """All signs."""
        return "".join(part.sign for part in self.parts)

    @property
    def label(self) -> str:
        """All states in words."""
        return ", ".join(part.text for part in self.parts)


class Row(Struct, frozen=True):
    """One row: a use case."""

    readiness: UseCaseReadiness
    anchor: str
    cells: tuple[Cell, ...]
    css: str
    reason: str
    """Why it is where it is, in a few words."""
    drift: bool

    @property
    def id(self) -> str:
        """Id of the use case."""
        return self.readiness.use_case.id

    @property
    def done(self) -> str:
        """How many of its requirements are done."""
        return text_format.done_text(self.readiness)

    @property
    def owner(self) -> str:
        """Its owner; ``unassigned`` if its row names nobody."""
        return owner_of(self.readiness)

    @property
    def title(self) -> str:
        """Its title, or what the row of the tracker notes."""
        return self.readiness.use_case.title or self.readiness.use_case.notes


class Matrix(Struct, frozen=True):
    """All rows, and the items that are their columns."""

    items: tuple[tuple[str, str], ...]
    """(key, title)."""
    rows: tuple[Row, ...]
    states: tuple[tuple[CellState, str], ...]
    """The signs that occur, with the words of what they stand for."""


def matrix_of(readiness: Readiness) -> Matrix:
    """Return the matrix of the use cases, in the order of the register."""
    use_cases = readiness.use_cases
    titles = item_titles(use_cases)
    anchors = anchors_of((use_case.use_case.id for use_case in use_cases), "u-")
    item_anchors = anchors_of(titles, ".")
    by_state: dict[CellState, list[RequirementReadiness]] = {}
    for requirement in (requirement for use_case in use_cases for requirement in use_case.requirements):
        by_state.setdefault(cell_of_requirement(requirement), []).append(requirement)
    rows = tuple(_row(use_case, anchors[use_case.use_case.id], item_anchors) for use_case in use_cases)
    states = tuple((state, cell_words(state, by_state[state])) for state in CELLS if state in by_state)
    return Matrix(tuple(titles.items()), rows, states)


def _row(use_case: UseCaseReadiness, anchor: str, items: dict[str, str]) -> Row:
    by_key = {item.item.key: item for item in use_case.items}
    cells = []
    for key, item_anchor in items.items():
        item = by_key.get(key)
        parts = tuple(_part(requirement) for requirement in item.requirements) if item else ()
        alike = {part.css for part in parts}
        css = alike.pop() if len(alike) == 1 else STATE_CLASSES[item.state] if item else ""
        cells.append(Cell(f"{anchor}{item_anchor}", css, parts))
    reason = "; ".join(_reasons(use_case)) or (use_case.phase.value if use_case.phase else "")
    return Row(use_case, anchor, tuple(cells), STATUS_CLASSES[use_case.status], reason, has_drift(use_case))


def _part(readiness: RequirementReadiness) -> Part:
    state = cell_of_requirement(readiness)
    scope = scope_of(readiness)
    words = cell_words(state, (readiness,))
    return Part(state.sign, STATE_CLASSES[state], f"{scope} {words}" if scope else words)


def scope_of(readiness: RequirementReadiness) -> str:
    """Return the environment, provider mode and part of a requirement; empty if it has none."""
    requirement = readiness.requirement
    return " ".join(filter(None, (requirement.environment, requirement.provider_mode, requirement.part)))


def _reasons(use_case: UseCaseReadiness) -> Iterator[str]:
    if use_case.blockers:
        yield f"blocked by {_names(blocker.decision.by for blocker in use_case.blockers)}"
    if use_case.review.state is ReviewState.REJECTED:
        yield f"rejected by {_names(use_case.review.by)}"
    failing = [req.requirement.id.partition("/")[2] for req in use_case.required if req.state is State.FAILING]
    if failing:
        yield f"{'item' if len(failing) == 1 else 'items'} {first_names(failing, _NAMED)} failing"


def _names(names: Iterable[str]) -> str:
    return first_names(list(dict.fromkeys(names)), _NAMED)
