"""The layout of a register in any format: its headers, its status words, and what is skipped."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

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
"""The default header of each column, by key."""
_TITLES = ("Title", "Use Case", "Name")
CHECKLIST = "[ ]"
"""The header of the status column if the items of check lists are the register."""
PREFIX = "prefix"
"""The key, among those of the headers, of the text before the numbers of rows."""
STATUS_COLUMN_PREFIX = "status:"
"""The start of the key of a column with the status in one environment."""

ColumnSettings = Mapping[str, str | int | Mapping[str, str]]
"""The header of each column by key: a text, the position of the id column from 1, or headers by environment."""


class RegisterLayout(Struct, frozen=True):
    """The headers and words by which a register is recognised and read."""

    headers: Mapping[str, tuple[str, ...]]
    """The possible headers of each column, by key."""
    key_columns: tuple[str, ...]
    """The keys of the columns that a register must have."""
    status_words: StatusWords
    skip: tuple[str, ...]
    """Patterns (glob) of the headings under which nothing is read."""
    id_position: int | None = None
    """Position of the id column, from 0, if its header does not matter."""
    may_lack_id_header: bool = False
    """Ids are in the first column if no table has a header for them."""
    prefix: str = ""
    """Text before an id without a letter."""

    @classmethod
    def from_config(cls, columns: ColumnSettings, statuses: StatusSettings, skip: Sequence[str]) -> RegisterLayout:
        """Return the layout with the headers and status words of a config."""
        headers: dict[str, tuple[str, ...]] = {}
        for key, default in COLUMNS.items():
            header = columns.get(key, default)
            headers[key] = (header,) if isinstance(header, str) else ()
        title, uc, status = (columns.get(key) for key in ("title", "uc", "status"))
        headers["title"] = (title,) if isinstance(title, str) else _TITLES
        by_environment = status if isinstance(status, Mapping) else {}
        headers |= {STATUS_COLUMN_PREFIX + name: (header,) for name, header in by_environment.items()}
        status_columns = tuple(STATUS_COLUMN_PREFIX + name for name in by_environment) or ("status",)
        if not by_environment and headers["status"] == headers["uc"]:  # The box in the id cell is the status.
            del headers["status"]
            status_columns = ()
        return cls(
            headers,
            ("uc", *status_columns),
            StatusWords.from_config(statuses),
            tuple(skip),
            id_position=uc - 1 if isinstance(uc, int) else None,
            may_lack_id_header=uc is None and isinstance(status, str | Mapping),
            prefix=str(columns.get(PREFIX, "")),
        )

    @property
    def is_checklist(self) -> bool:
        """Whether the register is made of check lists, not of tables."""
        return self.headers.get("status") == (CHECKLIST,)

    @property
    def is_by_environment(self) -> bool:
        """Whether there is a status column for each of several environments."""
        return self.key_columns[-1].startswith(STATUS_COLUMN_PREFIX)

    @property
    def has_single_word_ids(self) -> bool:
        """Whether ids are single words; in a column with another header than ``UC`` they may be made of any text."""
        return self.id_position is None and self.headers["uc"] == (COLUMNS["uc"],)

    def adapted_to(self, headers: Iterable[Sequence[str]]) -> RegisterLayout:
        """Return the layout for tables with these headers: ids are in the first column if no header is for ids."""
        id_headers = set(map(fold_text, self.headers["uc"]))
        if self.may_lack_id_header and not any(fold_text(cell) in id_headers for cells in headers for cell in cells):
            return replace(self, id_position=0)
        return self

    def unwritable_reason(self) -> str:
        """Return why no status can be written to the tracker; empty: each status can."""
        shared = self.status_words.shared_with_ready()
        if not shared:
            return ""
        message = f"'{self.status_words.written[READY]}' stands for {READY} and for {' and '.join(shared)}"
        return f"{message}: give {READY} a word of its own under [statuses], or keep the statuses by hand"

    def header_of(self, key: str) -> str:
        """Return the header of a column, for messages."""
        headers = self.headers.get(key, ())
        return headers[0] if headers else COLUMNS.get(key, key)

    def column_keys(self, headers: Sequence[str]) -> tuple[str, ...]:
        """Return the key of each column; an unknown column has its position as key."""
        keys_by_header: dict[str, str] = {}
        for key, known_headers in self.headers.items():
            for header in known_headers:
                keys_by_header.setdefault(fold_text(header), key)
        keys = [keys_by_header.get(fold_text(header), str(position)) for position, header in enumerate(headers)]
        if self.id_position is not None and self.id_position < len(keys):
            keys = [str(position) if key == "uc" else key for position, key in enumerate(keys)]
            if not keys[self.id_position].startswith("status"):
                keys[self.id_position] = "uc"
        return tuple(keys)

    def is_header(self, cells: Sequence[str]) -> bool:
        """Return whether these are the headers of a register."""
        return not self.is_checklist and set(self.key_columns) <= set(self.column_keys(cells))

    def is_row(self, cells: Sequence[str], columns: Sequence[str]) -> bool:
        """Return whether these can be the cells of a row with these columns."""
        positions = {key: columns.index(key) for key in self.key_columns}
        if len(cells) <= max(positions.values()):
            return False
        name = cells[positions["uc"]]
        statuses = [cells[position] for key, position in positions.items() if key != "uc"]
        return (
            bool(strip_box(name))
            and not self.is_status(name)
            and all(map(self.status_words.is_known, statuses or [box_of(name)]))
        )

    def is_status(self, cell: str) -> bool:
        """Return whether a cell is a status word."""
        return bool(cell) and bool(self.status_words.statuses_of(cell))

    def is_single_word_id(self, cell: str) -> bool:
        """Return whether a cell can be the id of a use case that is a single word."""
        return bool(cell) and not any(map(str.isspace, cell)) and not self.is_status(cell)

    def status_columns(self, columns: Iterable[str]) -> Iterator[tuple[str, str]]:
        """Yield (environment, column key) of each column with the status in one environment."""
        for column in columns:
            if column.startswith(STATUS_COLUMN_PREFIX):
                yield column.removeprefix(STATUS_COLUMN_PREFIX), column
