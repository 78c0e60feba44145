"""Writer of the tracker: changes the status and date cells of some rows, and no other byte.

A cell is changed only if the result is certain: the changed tracker is read again, and if anything else than expected
differs, nothing is changed and the error names the line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import zip_longest
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from ...errors import ConfigError, location, one_line
from ..catalogue import UseCase
from .formats import open_document
from .layout import STATUS_COLUMN_PREFIX, ColumnSettings, RegisterLayout
from .parsed_register import Span, TrackerDocument
from .reader import interpret_document
from .row_meaning import InterpretedRow, interpret_row
from .status_words import StatusSettings
from .tracker_content import Tracker

_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_DATE_OR_TIME = re.compile(rf"{_DATE.pattern}(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?")


class RowUpdate(Struct, frozen=True):
    """The new status and date of a row."""

    status: str
    """One of the four statuses, written as the tracker's word for it. Empty: it stays as it is."""
    date: str
    """``2026-02-12``; written if the register has a column for it."""
    by_environment: tuple[tuple[str, str], ...] = ()
    """(environment, status) for columns with the status in one environment."""


def update_tracker(
    path: Path,
    data: bytes,
    changes: Mapping[str, RowUpdate],
    columns: ColumnSettings | None = None,
    statuses: StatusSettings | None = None,
    skip: Sequence[str] = (),
) -> bytes:
    """Return the bytes of a tracker with the status and date cells of some rows changed, and no other byte.

    Args:
        path: The path of the tracker, for messages; it is not read.
        data: The content of the tracker.
        changes: The changes by use case id.
        columns: As for ``read_tracker``.
        statuses: As for ``read_tracker``.
        skip: As for ``read_tracker``.

    Raises:
        ConfigError: the tracker has a problem, a use case has no row, or a cell cannot be changed with certainty; the
            message names file and line.
    """
    return update_with_layout(path, data, changes, RegisterLayout.from_config(columns or {}, statuses or {}, skip))


def update_with_layout(path: Path, data: bytes, changes: Mapping[str, RowUpdate], layout: RegisterLayout) -> bytes:
    """Do the same as ``update_tracker`` for a tracker with a known layout."""
    updater = _TrackerUpdater(path, layout)
    text = _decoded(path, data)
    byte_order_mark = "\ufeff" if text.startswith("\ufeff") else ""
    text = text.removeprefix(byte_order_mark)
    document = updater.document(text)
    before = updater.tracker(document)
    rows = {row.id: row for row in updater.rows(document)}
    edits: list[tuple[Span, str]] = []
    for use_case, change in changes.items():
        row = rows.get(use_case)
        if row is None:
            raise ConfigError(f"{location(path)}: has no row for use case '{use_case}': add one")
        edits += updater.edits(document, row, change)
    changed_text = _with_edits(text, edits)
    updater.check_result(before, updater.tracker(updater.document(changed_text)), changes, rows)
    return (byte_order_mark + changed_text).encode()


def _with_edits(text: str, edits: Sequence[tuple[Span, str]]) -> str:
    parts, position = [], 0
    for (start, end), new in sorted(edits):
        parts += [text[position:start], new]
        position = end
    return "".join([*parts, text[position:]])


def _decoded(path: Path, data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise ConfigError(f"{location(path)}: is not UTF-8 text: save the tracker as UTF-8") from None


class _TrackerUpdater:
    """The steps of an update of one tracker, with its path and its layout."""

    def __init__(self, path: Path, layout: RegisterLayout) -> None:
        self._path = path
        self._layout = layout
        if reason := layout.unwritable_reason():
            raise ConfigError(f"{location(path)}: {reason}")

    def document(self, text: str) -> TrackerDocument:
        return open_document(self._path, text, self._layout)

    def tracker(self, document: TrackerDocument) -> Tracker:
        tracker, problems = interpret_document(self._path, document, self._layout)
        if problems:
            raise ConfigError(str(problems[0]))
        return tracker

    def rows(self, document: TrackerDocument) -> Iterator[InterpretedRow]:
        """Yield the rows that are use cases."""
        rows = (interpret_row(row, self._layout) for row in document.register.rows)
        return (row for row in rows if not row.skip_reason)

    def edits(self, document: TrackerDocument, row: InterpretedRow, change: RowUpdate) -> Iterator[tuple[Span, str]]:
        """Yield the span and the new text of each cell that changes."""
        for key, new in self._new_cells(row, change).items():
            if key in row.row.columns and row.row.cells[key] != new:
                span = document.span(row.row, key)
                if span is None:
                    raise self._refusal(row, f"has no cell for {_column_name(key)}: add one")
                yield span, self._spelling(document, row, key, new)

    def _new_cells(self, row: InterpretedRow, change: RowUpdate) -> dict[str, str]:
        words, old = self._layout.status_words, row.row.cells
        cells = {"last_updated": change.date}
        for environment, status in change.by_environment:
            column = STATUS_COLUMN_PREFIX + environment
            cells[column] = words.replacement(status, old[column])
        if not change.status:
            return cells
        if row.status_text and old.get("status") == row.status_text:
            cells["status"] = words.replacement(change.status, row.status_text)
        elif not row.box:
            cells["status"] = words.written[change.status]
        if row.box:
            after_box = old["uc"].index(row.box) + len(row.box)
            cells["uc"] = words.replacement(change.status, row.box) + old["uc"][after_box:]
        return cells

    def _spelling(self, document: TrackerDocument, row: InterpretedRow, key: str, new: str) -> str:
        old = row.row.cells[key]
        if key == "last_updated" and _DATE.search(old) and not _DATE_OR_TIME.fullmatch(old):
            message = f"has more than a date in its date cell: '{one_line(old, 60)}': keep only the date there"
            raise self._refusal(row, message)
        for candidate in document.spellings(row.row, key, new):
            return candidate
        message = (
            f"has the {_column_name(key)} '{one_line(old, 60)}' written in a way that cannot be changed with certainty"
        )
        raise self._refusal(row, f"{message}: write {one_line(new, 60)} there yourself")

    def _refusal(self, row: InterpretedRow, message: str) -> ConfigError:
        return ConfigError(f"{location(self._path, row.row.line)}: {row.id} {message}")

    def check_result(
        self, before: Tracker, after: Tracker, changes: Mapping[str, RowUpdate], rows: Mapping[str, InterpretedRow]
    ) -> None:
        """Raise ConfigError unless the tracker has the new values, and no other difference."""
        for old, new in zip_longest(before.rows, after.rows):
            change = changes.get(old.id) if old else None
            expected = old
            if old and new and change:
                expected = _expected_row(old, new, change, has_date="last_updated" in rows[old.id].row.columns)
            if new != expected:
                line, name = (old.line, old.id) if old else (new.line, new.id)
                raise ConfigError(f"{location(self._path, line)}: the row of {name} cannot be changed with certainty")
        is_same = (before.items, before.legend, before.skipped_rows) == (after.items, after.legend, after.skipped_rows)
        if not is_same:
            raise ConfigError(f"{location(self._path)}: cannot be changed without changing more than status and date")


def _expected_row(old: UseCase, new: UseCase, change: RowUpdate, *, has_date: bool) -> UseCase | None:
    """Return the old row with the change, as far as its new words may mean several statuses.

    ``None``: the new row has not the status of the change.
    """
    new_statuses = dict(new.declared_in)
    if change.status and change.status not in (new.declared_status, *new.declared_also):
        return None
    if any(status not in new_statuses.get(environment, ()) for environment, status in change.by_environment):
        return None
    declared_in = dict(old.declared_in)
    declared_in |= {environment: new_statuses[environment] for environment, _ in change.by_environment}
    return replace(
        old,
        declared_status=new.declared_status if change.status else old.declared_status,
        declared_also=new.declared_also if change.status else old.declared_also,
        declared_in=tuple(declared_in.items()),
        last_updated=change.date if has_date else old.last_updated,
    )


_COLUMN_NAMES = {"status": "status", "last_updated": "date", "uc": "box"}


def _column_name(column: str) -> str:
    return _COLUMN_NAMES.get(column) or f"status in {column.removeprefix(STATUS_COLUMN_PREFIX)}"
