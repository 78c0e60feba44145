"""What the cells of a row mean: its id, the statuses that it may stand for, and whether it is left out."""

from __future__ import annotations

from ..frozen import dataclass
from .naming import id_of
from .source import Row
from .wanted import Wanted
from .words import box_of, without_box


@dataclass(frozen=True, slots=True)
class Entry:
    """A row, understood."""

    row: Row
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
    left_out: str
    """Why it is no use case; nothing where it is one."""


def understood(row: Row, wanted: Wanted) -> Entry:
    """Return what a row means."""
    box, name = box_of(row.cells["uc"]), without_box(row.cells["uc"])
    said = row.cells.get("status", "")
    words = wanted.words
    by_word, by_box = words.meaning(said), words.meaning_of_box(box)
    if box and not said:
        said, statuses = box, by_box
    elif box and by_word:
        statuses = tuple(status for status in by_word if status in by_box)
    else:
        statuses = by_word
    return Entry(
        row=row,
        id=id_of(name, wanted.prefix),
        name=name,
        said=said,
        box=box,
        statuses=statuses,
        contradicts=bool(by_word) and not statuses,
        left_out=_left_out(row, said, name, wanted),
    )


def _left_out(row: Row, said: str, name: str, wanted: Wanted) -> str:
    if row.struck:
        return "struck out"
    if wanted.words.leaves_out(said, name):
        return f"[statuses] skip: '{name}' says '{said}'"
    return ""
