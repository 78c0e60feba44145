"""The meaning of a register row: its id, its possible statuses, and whether it is skipped."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from .layout import STATUS_COLUMN_PREFIX, RegisterLayout
from .parsed_register import RegisterRow
from .row_ids import row_id
from .status_words import box_of, strip_box


class InterpretedRow(Struct, frozen=True):
    """A row and its meaning."""

    row: RegisterRow
    id: str
    name: str
    """The text that the id is made of."""
    status_text: str
    """The text of its status."""
    box: str
    """The box before its name; empty: none."""
    statuses: tuple[str, ...]
    """The statuses that its status text and its box may mean; empty: the text is unknown, or the two contradict."""
    is_contradictory: bool
    """The status text and the box mean different statuses."""
    by_environment: tuple[tuple[str, tuple[str, ...]], ...]
    """(environment, statuses that its cell may mean); no statuses: the cell is empty or unknown."""
    unknown_texts: tuple[str, ...]
    """The texts of such cells that are not empty and mean no status."""
    skip_reason: str
    """Why it is no use case; empty: it is one."""


def interpret_row(row: RegisterRow, layout: RegisterLayout) -> InterpretedRow:
    """Return a row with its meaning."""
    box, name = box_of(row.cells["uc"]), strip_box(row.cells["uc"])
    status_text = row.cells.get("status", "")
    words = layout.status_words
    all_cells, compared_cells = [], []
    if layout.is_by_environment:
        all_cells = [(environment, row.cells[column]) for environment, column in layout.status_columns(row.columns)]
        # A cell such as "n/a" has no status to compare.
        compared_cells = [pair for pair in all_cells if not words.skips_row(pair[1], "")]
    # A row with a cell for each environment has no status text of its own, so that an empty text means nothing.
    by_text, by_box = () if all_cells else words.statuses_of(status_text), words.statuses_of_box(box)
    if box and not status_text:
        status_text, statuses = box, by_box
    elif box and by_text:
        statuses = tuple(status for status in by_text if status in by_box)
    else:
        statuses = by_text
    return InterpretedRow(
        row=row,
        id=row_id(name, layout.prefix),
        name=name,
        status_text=status_text,
        box=box,
        statuses=statuses,
        is_contradictory=bool(by_text) and not statuses,
        by_environment=tuple([(environment, words.statuses_of(cell)) for environment, cell in compared_cells]),
        unknown_texts=tuple([cell for _, cell in compared_cells if cell and not words.statuses_of(cell)]),
        skip_reason=_skip_reason(row, [cell for _, cell in all_cells] or [status_text], name, layout),
    )


def _skip_reason(row: RegisterRow, status_texts: Sequence[str], name: str, layout: RegisterLayout) -> str:
    if row.is_struck:
        return "struck out"
    if not layout.status_words.skips_any:
        return ""
    other_cells = (cell for key, cell in row.cells.items() if key != "uc" and not key.startswith(STATUS_COLUMN_PREFIX))
    is_alone = "" not in layout.status_words.skipped or not any(other_cells)
    if all(layout.status_words.skips_row(text, name, is_alone=is_alone) for text in status_texts):
        return f"[statuses] skip: '{name}' says '{', '.join(filter(None, status_texts))}'"
    return ""
