"""A tracker in CSV, TSV, or text that was copied from a spreadsheet."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from ...errors import ConfigError, location, one_line
from .delimited_text import DELIMITERS, DelimitedTextError, Record, read_records, respell
from .layout import RegisterLayout
from .located_value import LineIndex, column_keys_of
from .misspelt_headers import missing_column
from .parsed_register import Entry, Register, RegisterRow, Span

_DELIMITER = re.compile(r"[,;|\t\"]")
_LINE_BREAK = re.compile(r"\r\n|\r|\n")
_TAB_SUFFIXES = (".tsv", ".tab")
_ROW_IN_QUOTES = "this looks like a row of the register, but is within quotes that a row above opens: close them there"
_ROW_ABOVE_HEADER = "this looks like a row of the register, but is above its header: move it below"
_TOO_MANY_VALUES = (
    "this row has more values than the header: put a value that contains {} in quotes, or remove the extra values"
)


class DelimitedDocument:
    """A ``TrackerDocument``. A value keeps its quotes, and gets new ones only if it needs them."""

    items: Sequence[Entry] = ()
    legend: Sequence[str] = ()

    def __init__(self, path: Path, text: str, layout: RegisterLayout, starts: Sequence[int] | None = None) -> None:
        """Read a text (without byte order mark).

        Args:
            path: For messages, and for the delimiter: ``.tsv`` and ``.tab`` have tabs, others that of their header.
            text: The whole text of the tracker.
            layout: The layout of the register.
            starts: Positions of the headers of tables with tabs that end at a blank line; None: it is one sheet.

        Raises:
            ConfigError: it has no register, or a register that cannot be read.
        """
        if layout.may_lack_id_header:
            layout = layout.adapted_to(_DELIMITER.split(line) for line in text.splitlines())
        self._path, self._text, self._layout, self._lines = path, text, layout, LineIndex(text)
        self._records: list[Record] = []
        has_tabs = starts is not None or path.suffix.casefold() in _TAB_SUFFIXES
        self._delimiter, first = ("\t", 0) if has_tabs else _find_delimiter(text, layout)
        self._problems: list[tuple[int, str]] = []
        self._empty_cells: dict[str, str] = {}
        """The known columns: a record may end before them."""
        rows = [
            row
            for start in (starts if starts is not None else [first])
            for row in self._rows(start, to_blank_line=starts is not None)
        ]
        self.problems: Sequence[tuple[int, str]] = ()
        self.register = Register(tuple(rows), tuple(self._problems), layout.skip)
        if not rows and not self._problems:
            raise ConfigError(f"{location(path)}: the register has no rows: add a row for each use case")

    def span(self, row: RegisterRow, column: str) -> Span | None:
        """Return the span of a value, with its quotes; None: the record has fewer values."""
        position, record = row.columns.index(column), self._records[row.locator]
        return (record[position].start, record[position].end) if position < len(record) else None

    def spellings(self, row: RegisterRow, column: str, new: str) -> Iterator[str]:
        """Yield the new value, in quotes if the old one was."""
        yield respell(self._text, self._records[row.locator][row.columns.index(column)], new, self._delimiter)

    def _rows(self, start: int, *, to_blank_line: bool) -> Iterator[RegisterRow]:
        """Yield the rows below each header of the register."""
        columns: tuple[str, ...] = ()
        records_above: list[Record] = []
        try:
            for record in read_records(self._text, self._delimiter, start):
                if not any(value.text for value in record):
                    if to_blank_line:
                        break
                elif set(self._layout.key_columns) <= set(keys := column_keys_of(self._layout, _texts(record))):
                    columns = self._checked_columns(record, keys)
                    self._empty_cells = dict.fromkeys((key for key in columns if not key.isdigit()), "")
                elif columns:
                    yield from self._row(record, columns)
                else:
                    records_above.append(record)
        except DelimitedTextError as error:
            raise ConfigError(f"{location(self._path, error.line)}: {error.message}") from None
        self._check_records_above(records_above, columns)

    def _checked_columns(self, header: Record, columns: tuple[str, ...]) -> tuple[str, ...]:
        for key in self._layout.key_columns:
            if columns.count(key) > 1:
                message = f"two columns are called '{one_line(self._layout.header_of(key), 60)}': rename one"
                raise ConfigError(f"{location(self._path, self._line_of(header))}: {message}")
        return columns

    def _row(self, record: Record, columns: tuple[str, ...]) -> Iterator[RegisterRow]:
        # "#pay" is an id, and "# pay" a comment.
        is_id = not record[0].text[1:2].isspace() and self._layout.is_row(_texts(record), columns)
        if _is_comment(record, columns) and not is_id:
            return
        line = self._line_of(record)
        if any(value.text for value in record[len(columns) :]):
            shown = "a tab" if self._delimiter == "\t" else f"'{self._delimiter}'"
            self._problems.append((line, _TOO_MANY_VALUES.format(shown)))
        self._problems += ((quoted_line, _ROW_IN_QUOTES) for quoted_line in self._quoted_rows(record, columns))
        # Reversed, so that the first of two columns with one key is read.
        cells = self._empty_cells | dict(reversed(list(zip(columns, _texts(record), strict=False))))
        self._records.append(record)
        yield RegisterRow(line, cells, columns, locator=len(self._records) - 1)

    def _quoted_rows(self, record: Record, columns: tuple[str, ...]) -> Iterator[int]:
        """Yield the lines within quotes that look like rows: two unmatched quotes hide the rows between them."""
        for value in record:
            if value.style and any(line_break in value.text for line_break in "\r\n"):
                first = self._lines.line_at(value.start)
                for offset, line in enumerate(_LINE_BREAK.split(self._text[value.start : value.end - 1])):
                    cells = [cell.strip() for cell in line.split(self._delimiter)]
                    # Prose that contains a status has no id before it.
                    if (
                        offset
                        and self._layout.is_row(cells, columns)
                        and self._layout.is_single_word_id(cells[columns.index("uc")])
                    ):
                        yield first + offset

    def _check_records_above(self, records: Sequence[Record], columns: tuple[str, ...]) -> None:
        """Add a problem for each row above the header.

        Raises:
            ConfigError: there is no header (no ``columns``).
        """
        if columns:
            rows = [record for record in records if self._layout.is_row(_texts(record), columns)]
            self._problems += [(self._line_of(row), _ROW_ABOVE_HEADER) for row in rows]
            return
        uc, *others = map(self._layout.header_of, self._layout.key_columns)
        message = f"no line has the columns {' and '.join(map(repr, (uc, *others)))}"
        width = len(records[0]) if records else 0
        table = list(zip(*(_texts(record) for record in records if len(record) == width), strict=True))
        status = others[0] if others else uc
        if missing := missing_column(table, (uc, status), self._layout.is_status, self._layout.is_single_word_id):
            message = f"the columns are {_shown_header(records[0])}, and none of them is called '{missing}'"
        raise ConfigError(
            f"{location(self._path, self._line_of(records[0]) if records else None)}: {message}: "
            "add them, or name yours under [tracker_columns] in readiness.toml"
        )

    def _line_of(self, record: Record) -> int:
        return self._lines.line_at(record[0].start)


def _find_delimiter(text: str, layout: RegisterLayout) -> tuple[str, int]:
    """Return the delimiter of a text and the position of its first record.

    It is the delimiter that gives a header of a register, else the most frequent one. Spreadsheets may write it into
    the first line (``sep=;``).
    """
    if text.startswith("sep=") and text[5:6] in ("\r", "\n"):
        return text[4], 5
    for delimiter in DELIMITERS:
        try:
            if any(
                set(layout.key_columns) <= set(column_keys_of(layout, _texts(record)))
                for record in read_records(text, delimiter)
            ):
                return delimiter, 0
        except DelimitedTextError:  # The text may be correct with another delimiter.
            continue
    return max(DELIMITERS, key=text.count), 0


def _texts(record: Record) -> list[str]:
    return [value.text for value in record]


def _is_comment(record: Record, columns: Sequence[str]) -> bool:
    """Return whether a record is a comment, such as ``# as of May``; ``#12`` may be an id."""
    first = record[0]
    is_marked = not first.style and first.text.startswith("#") and not first.text[1:2].isdigit()
    return is_marked and len(record) < len(columns)


def _shown_header(header: Record) -> str:
    return ", ".join(f"'{one_line(text, 30)}'" for text in _texts(header)[:8])
