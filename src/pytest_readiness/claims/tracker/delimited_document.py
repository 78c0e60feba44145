"""A tracker whose values are parted by a sign: CSV, TSV, and what was copied from a spreadsheet into another text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from ...errors import ConfigError, location, one_line
from .delimited_text import DELIMITERS, DelimitedTextError, Record, read_records, respell
from .layout import RegisterLayout
from .located_value import LineIndex, column_names
from .misspelt_headers import missing_column
from .parsed_register import Entry, Register, RegisterRow, Span

_PARTING = re.compile(r"[,;|\t\"]")
_BREAK = re.compile(r"\r\n|\r|\n")
_TABBED = (".tsv", ".tab")
_AS_QUOTED = "this looks like a row of the register, and stands within quotes that a row above opens: close them there"
_AS_ROW = "this looks like a row of the register, and stands above its header: put it below"
_TOO_MANY = "there are more values than the header has: put one that holds {} in quotes, or take out what is too much"


class DelimitedDocument:
    """A ``Source``. A value keeps its quotes, and gets some only where it could not be read without."""

    items: Sequence[Entry] = ()
    legend: Sequence[str] = ()

    def __init__(self, path: Path, text: str, wanted: RegisterLayout, starts: Sequence[int] | None = None) -> None:
        """Read a text (without byte order mark); ``path`` is for messages.

        Args:
            path: a name that ends in ``.tsv`` or ``.tab`` has tabs, another whatever its header has.
            text: of the whole tracker.
            wanted: by what a register is known.
            starts: where the headers stand of tables with tabs that end at a blank line; None: it is all one sheet.

        Raises:
            ConfigError: it has no register, or a register that cannot be read.
        """
        if wanted.falls_back:
            wanted = wanted.suited(_PARTING.split(line) for line in text.splitlines())
        self._path, self._text, self._wanted, self._lines = path, text, wanted, LineIndex(text)
        self._records: list[Record] = []
        tabbed = starts is not None or path.suffix.casefold() in _TABBED
        self._sign, first = ("\t", 0) if tabbed else _sign_of(text, wanted)
        self._doubts: list[tuple[int, str]] = []
        rows = [
            row
            for start in (starts if starts is not None else [first])
            for row in self._rows(start, to_blank=starts is not None)
        ]
        self.doubts: Sequence[tuple[int, str]] = ()
        self.register = Register(tuple(rows), tuple(self._doubts), wanted.skip)
        if not rows and not self._doubts:
            raise ConfigError(f"{location(path)}: the register has no rows: add a row for each use case")

    def span(self, row: RegisterRow, column: str) -> Span | None:
        """Return where the value stands, with its quotes; None: the record has fewer."""
        number, record = row.columns.index(column), self._records[row.hint]
        return (record[number].start, record[number].end) if number < len(record) else None

    def spellings(self, row: RegisterRow, column: str, new: str) -> Iterator[str]:
        """Yield the new value, in quotes where the old one was."""
        yield respell(self._text, self._records[row.hint][row.columns.index(column)], new, self._sign)

    def _rows(self, start: int, *, to_blank: bool) -> Iterator[RegisterRow]:
        """Yield the rows below each header of the register."""
        columns: tuple[str, ...] = ()
        above: list[Record] = []
        try:
            for record in read_records(self._text, self._sign, start):
                if not any(value.text for value in record):
                    if to_blank:
                        break
                elif set(self._wanted.decide) <= set(names := column_names(self._wanted, _texts(record))):
                    columns = self._judged(record, names)
                elif columns:
                    yield from self._row(record, columns)
                else:
                    above.append(record)
        except DelimitedTextError as error:
            raise ConfigError(f"{location(self._path, error.line)}: {error.what}") from None
        self._look_at(above, columns)

    def _judged(self, header: Record, columns: tuple[str, ...]) -> tuple[str, ...]:
        for key in self._wanted.decide:
            if columns.count(key) > 1:
                told = f"two columns are called '{self._wanted.shown(key)}': rename one"
                raise ConfigError(f"{location(self._path, self._line(header))}: {told}")
        return columns

    def _row(self, record: Record, columns: tuple[str, ...]) -> Iterator[RegisterRow]:
        is_glued = not record[0].text[1:2].isspace() and self._wanted.is_row(_texts(record), columns)
        if _is_comment(record, columns) and not is_glued:  # "#pay" is an id, and "# pay" a remark
            return
        line = self._line(record)
        if any(value.text for value in record[len(columns) :]):
            self._doubts.append((line, _TOO_MANY.format("a tab" if self._sign == "\t" else f"'{self._sign}'")))
        self._doubts += ((within, _AS_QUOTED) for within in self._quoted(record, columns))
        # Reversed, so that of two columns with one name the first is read.
        said = dict.fromkeys(columns, "") | dict(reversed(list(zip(columns, _texts(record), strict=False))))
        self._records.append(record)
        yield RegisterRow(line, said, columns, hint=len(self._records) - 1)

    def _quoted(self, record: Record, columns: tuple[str, ...]) -> Iterator[int]:
        """Yield the lines within quotes that look like rows: two stray quotes swallow what stands between them."""
        for value in record:
            if value.style and any(sign in value.text for sign in "\r\n"):
                first = self._lines.at(value.start)
                for number, line in enumerate(_BREAK.split(self._text[value.start : value.end - 1])):
                    cells = [cell.strip() for cell in line.split(self._sign)]
                    # Prose that goes on with a status has no id before it.
                    if (
                        number
                        and self._wanted.is_row(cells, columns)
                        and self._wanted.is_name(cells[columns.index("uc")])
                    ):
                        yield first + number

    def _look_at(self, above: Sequence[Record], columns: tuple[str, ...]) -> None:
        """Tell what stands in no table and looks like a part of the register; refuse a sheet that has no header."""
        if columns:
            found = [one for one in above if self._wanted.is_row(_texts(one), columns)]
            self._doubts += [(self._line(one), _AS_ROW) for one in found]
            return
        uc, *others = map(self._wanted.shown, self._wanted.decide)
        told = f"no line has the columns {' and '.join(map(repr, (uc, *others)))}"
        width = len(above[0]) if above else 0
        columns_of = list(zip(*(_texts(one) for one in above if len(one) == width), strict=True))
        status = others[0] if others else uc
        if lacks := missing_column(columns_of, (uc, status), self._wanted.is_status, self._wanted.is_name):
            told = f"{_shown(above[0])} are columns, and none of them is called '{lacks}'"
        raise ConfigError(
            f"{location(self._path, self._line(above[0]) if above else None)}: {told}: "
            "add them, or name yours under [tracker_columns] in readiness.toml"
        )

    def _line(self, record: Record) -> int:
        return self._lines.at(record[0].start)


def _sign_of(text: str, wanted: RegisterLayout) -> tuple[str, int]:
    """Return what values are parted by, and where the first stands: the sign by which there is a header of a register.

    Where there is none by any, it is the most frequent one. ``sep=;`` is a spreadsheet's own note.
    """
    if text.startswith("sep=") and text[5:6] in ("\r", "\n"):
        return text[4], 5
    for sign in DELIMITERS:
        try:
            if any(
                set(wanted.decide) <= set(column_names(wanted, _texts(record))) for record in read_records(text, sign)
            ):
                return sign, 0
        except DelimitedTextError:  # by another sign it may be no fault
            continue
    return max(DELIMITERS, key=text.count), 0


def _texts(record: Record) -> list[str]:
    return [value.text for value in record]


def _is_comment(record: Record, columns: Sequence[str]) -> bool:
    """Return whether a record is a remark, such as ``# as of May``; ``#12`` may be an id."""
    first = record[0]
    marked = not first.style and first.text.startswith("#") and not first.text[1:2].isdigit()
    return marked and len(record) < len(columns)


def _shown(header: Record) -> str:
    return ", ".join(f"'{one_line(text, 30)}'" for text in _texts(header)[:8])
