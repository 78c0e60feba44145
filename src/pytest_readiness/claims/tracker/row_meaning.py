"""What the cells of a row mean: its id, the statuses that it may stand for, and whether it is left out."""

from __future__ import annotations

from collections.abc import Sequence

from ...fast_values import dataclass, fast_constructor
from .layout import STATUS_IN, RegisterLayout
from .parsed_register import RegisterRow
from .row_ids import row_id
from .status_words import box_of, strip_box


@dataclass(frozen=True, slots=True)
class InterpretedRow:
    """A row, understood."""

    row: RegisterRow
    id: str
    name: str
    """What the id is made of."""
    said: str
    """The word for its status."""
    box: str
    """Before its name; nothing where there is none."""
    statuses: tuple[str, ...]
    """That its word and its box may stand for; none: it is no word that is known, or they contradict each other."""
    contradicts: bool
    by_environment: tuple[tuple[str, tuple[str, ...]], ...]
    """(environment, the statuses that its cell may stand for); none: the cell is empty."""
    unknown: tuple[str, ...]
    """What stands in such a cell and is no word."""
    skip_reason: str
    """Why it is no use case; nothing where it is one."""


_make_entry = fast_constructor(InterpretedRow)


def interpret_row(row: RegisterRow, wanted: RegisterLayout) -> InterpretedRow:
    """Return what a row means."""
    box, name = box_of(row.cells["uc"]), strip_box(row.cells["uc"])
    said = row.cells.get("status", "")
    words = wanted.words
    every, cells = [], []
    if wanted.is_by_environment:
        every = [(name, row.cells[column]) for name, column in wanted.statuses_by_environment(row.columns)]
        cells = [(name, cell) for name, cell in every if not words.leaves_out(cell, "")]  # n/a: nothing to compare
    # Where each environment has a cell there is none for the whole, and an empty word stands for nothing.
    by_word, by_box = () if every else words.meaning(said), words.meaning_of_box(box)
    if box and not said:
        said, statuses = box, by_box
    elif box and by_word:
        statuses = tuple(status for status in by_word if status in by_box)
    else:
        statuses = by_word
    return _make_entry(
        row=row,
        id=row_id(name, wanted.prefix),
        name=name,
        said=said,
        box=box,
        statuses=statuses,
        contradicts=bool(by_word) and not statuses,
        by_environment=tuple([(environment, words.meaning(cell)) for environment, cell in cells]),
        unknown=tuple([cell for _, cell in cells if cell and not words.meaning(cell)]),
        skip_reason=_skip_reason(row, [cell for _, cell in every] or [said], name, wanted),
    )


def _skip_reason(row: RegisterRow, said: Sequence[str], name: str, wanted: RegisterLayout) -> str:
    if row.struck:
        return "struck out"
    if not wanted.words.leaves_any_out:
        return ""
    beside = (cell for key, cell in row.cells.items() if key != "uc" and not key.startswith(STATUS_IN))
    is_alone = "" not in wanted.words.skipped or not any(beside)
    if all(wanted.words.leaves_out(one, name, is_alone=is_alone) for one in said):
        return f"[statuses] skip: '{name}' says '{', '.join(filter(None, said))}'"
    return ""
