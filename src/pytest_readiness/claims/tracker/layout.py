"""By what a register is known, in any format: its headers, its words for a status, and what is left out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from ...fast_values import dataclass
from .markdown_parser import fold_text
from .status_words import READY, StatusSettings, StatusWords, box_of, strip_box

COLUMNS = {
    "uc": "UC",
    "status": "Prod Readiness Status",
    "architecture_status": "Architecture Status",
    "owner": "Owner",
    "last_updated": "Last Updated",
    "notes": "Notes",
}
_TITLES = ("Title", "Use Case", "Name")
CHECK_LISTS = "[ ]"
"""As the header of statuses: the items of check lists are the register."""
PREFIX = "prefix"
"""The key beside the headers under which what stands before the numbers of rows is said."""
STATUS_IN = "status:"
"""Our name of a column with the status in one environment begins so."""

ColumnSettings = Mapping[str, str | int | Mapping[str, str]]
"""The header of each column by our name of it: a text, the position of the id's column from 1, or by environment."""


@dataclass(frozen=True, slots=True)
class RegisterLayout:
    """By what a register is known."""

    headers: Mapping[str, tuple[str, ...]]
    """The headers that each column may have, by our name of it."""
    decide: tuple[str, ...]
    """The columns that make a register."""
    words: StatusWords
    skip: tuple[str, ...]
    """Patterns (glob) of the headings under which nothing is read."""
    position: int | None = None
    """Of the column of ids, from 0, where its header does not matter."""
    falls_back: bool = False
    """Ids stand in the first column where no table has a header for them."""
    prefix: str = ""
    """Stands before an id without a letter."""

    @classmethod
    def from_config(cls, columns: ColumnSettings, statuses: StatusSettings, skip: Sequence[str]) -> RegisterLayout:
        """Return what is wanted where the tracker has these words for columns and statuses."""
        headers: dict[str, tuple[str, ...]] = {}
        for key, header in COLUMNS.items():
            said = columns.get(key, header)
            headers[key] = (said,) if isinstance(said, str) else ()
        title, uc, status = (columns.get(key) for key in ("title", "uc", "status"))
        headers["title"] = (title,) if isinstance(title, str) else _TITLES
        by_environment = status if isinstance(status, Mapping) else {}
        headers |= {STATUS_IN + name: (header,) for name, header in by_environment.items()}
        decide = ("uc", *(STATUS_IN + name for name in by_environment)) if by_environment else ("uc", "status")
        if not by_environment and headers["status"] == headers["uc"]:  # the box in its cell is the status
            del headers["status"]
            decide = ("uc",)
        return cls(
            headers,
            decide,
            StatusWords.from_config(statuses),
            tuple(skip),
            position=uc - 1 if isinstance(uc, int) else None,
            falls_back=uc is None and isinstance(status, str | Mapping),
            prefix=str(columns.get(PREFIX, "")),
        )

    @property
    def is_checklist(self) -> bool:
        """The register is check lists, and no table."""
        return self.headers.get("status") == (CHECK_LISTS,)

    @property
    def is_by_environment(self) -> bool:
        """There is a status for each of several environments."""
        return self.decide[-1].startswith(STATUS_IN)

    @property
    def has_ids(self) -> bool:
        """Ids are words of their own; in a column that is called otherwise, they may be made of any text."""
        return self.position is None and self.headers["uc"] == (COLUMNS["uc"],)

    def suited(self, headers: Iterable[Sequence[str]]) -> RegisterLayout:
        """Return what is wanted of tables with these headers: ids in the first column, where nobody says otherwise."""
        known = set(map(fold_text, self.headers["uc"]))
        if self.falls_back and not any(fold_text(cell) in known for cells in headers for cell in cells):
            return replace(self, position=0)
        return self

    def unwritable_reason(self) -> str:
        """Return why no status can be written; nothing where each can."""
        others = self.words.with_ready()
        if not others:
            return ""
        told = f"'{self.words.written[READY]}' stands for {READY} and for {' and '.join(others)}"
        return f"{told}: give {READY} a word of its own under [statuses], or keep the statuses by hand"

    def shown(self, key: str) -> str:
        """Return how a column is called in a message."""
        found = self.headers.get(key, ())
        return found[0] if found else COLUMNS.get(key, key)

    def names(self, cells: Sequence[str]) -> tuple[str, ...]:
        """Return our name of each column; one that we do not know goes by its position."""
        ours: dict[str, str] = {}
        for key, known in self.headers.items():
            for header in known:
                ours.setdefault(fold_text(header), key)
        names = [ours.get(fold_text(cell), str(number)) for number, cell in enumerate(cells)]
        if self.position is not None and self.position < len(names):
            names = [str(number) if name == "uc" else name for number, name in enumerate(names)]
            if not names[self.position].startswith("status"):
                names[self.position] = "uc"
        return tuple(names)

    def is_header(self, cells: Sequence[str]) -> bool:
        """Return whether these are headers of a register."""
        return not self.is_checklist and set(self.decide) <= set(self.names(cells))

    def is_row(self, cells: Sequence[str], columns: Sequence[str]) -> bool:
        """Return whether these could be the cells of a row under these columns."""
        places = {key: columns.index(key) for key in self.decide}
        if len(cells) <= max(places.values()):
            return False
        name = cells[places["uc"]]
        statuses = [cells[place] for key, place in places.items() if key != "uc"]
        return (
            bool(strip_box(name))
            and not self.is_status(name)
            and all(map(self.words.knows, statuses or [box_of(name)]))
        )

    def is_status(self, cell: str) -> bool:
        """Return whether it is a word for a status."""
        return bool(cell) and bool(self.words.meaning(cell))

    def is_name(self, cell: str) -> bool:
        """Return whether it could be the id of a use case that is a single word."""
        return bool(cell) and not any(map(str.isspace, cell)) and not self.is_status(cell)

    def statuses_by_environment(self, columns: Iterable[str]) -> Iterator[tuple[str, str]]:
        """Yield (environment, our name of the column) of each column with the status in one environment."""
        for column in columns:
            if column.startswith(STATUS_IN):
                yield column.removeprefix(STATUS_IN), column
