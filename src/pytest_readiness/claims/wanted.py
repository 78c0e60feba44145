"""By what a register is known, in any format: its headers, its words for a status, and what is left out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from ..frozen import dataclass
from .markdown import folded

COLUMNS = {
    "uc": "UC",
    "status": "Prod Readiness Status",
    "architecture_status": "Architecture Status",
    "owner": "Owner",
    "last_updated": "Last Updated",
    "notes": "Notes",
}
_TITLES = ("Title", "Use Case", "Name")
DECIDE = ("uc", "status")
"""The columns that make a register."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """By what a register is known."""

    headers: Mapping[str, tuple[str, ...]]
    """The headers that each column may have, by our name of it."""
    words: frozenset[str]
    """The words for a status, folded."""
    skip: tuple[str, ...]
    """Patterns (glob) of the headings under which nothing is read."""

    @classmethod
    def of(cls, columns: Mapping[str, str], words: Iterable[str], skip: Sequence[str]) -> Wanted:
        """Return what is wanted where the tracker has these words for columns and statuses."""
        headers: dict[str, tuple[str, ...]] = {key: (columns.get(key, header),) for key, header in COLUMNS.items()}
        headers["title"] = (columns["title"],) if "title" in columns else _TITLES
        return cls(headers, frozenset(map(folded, words)), tuple(skip))

    def names(self, cells: Sequence[str]) -> tuple[str, ...]:
        """Return our name of each column; one that we do not know goes by its position."""
        ours: dict[str, str] = {}
        for key, known in self.headers.items():
            for header in known:
                ours.setdefault(folded(header), key)
        return tuple(ours.get(folded(cell), str(number)) for number, cell in enumerate(cells))

    def is_header(self, cells: Sequence[str]) -> bool:
        """Return whether these are headers of a register."""
        return set(DECIDE) <= set(self.names(cells))

    def is_row(self, cells: Sequence[str], columns: Sequence[str]) -> bool:
        """Return whether these could be the cells of a row under these columns."""
        uc, status = columns.index("uc"), columns.index("status")
        return len(cells) > max(uc, status) and self.is_status(cells[status]) and self.is_name(cells[uc])

    def is_status(self, cell: str) -> bool:
        """Return whether it is a word for a status."""
        return folded(cell) in self.words

    def is_name(self, cell: str) -> bool:
        """Return whether it could be the id of a use case."""
        return bool(cell) and not any(map(str.isspace, cell)) and not self.is_status(cell)
