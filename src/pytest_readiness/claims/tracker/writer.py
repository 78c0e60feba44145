"""Mending a tracker: the status and date cells of some rows, and no other byte.

A cell is changed only where it is certain what its text is: the mended tracker is read again, and unless that gives
what was wanted and everything else as it was, nothing is changed and it is told where.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import zip_longest
from pathlib import Path

from ...errors import ConfigError, location, one_line
from ...fast_values import dataclass
from ..catalogue import UseCase
from .formats import open_source
from .layout import STATUS_IN, ColumnSettings, RegisterLayout
from .parsed_register import Span, TrackerDocument
from .reader import Tracker, tracker_in
from .row_meaning import InterpretedRow, interpret_row
from .status_words import StatusSettings

_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_MOMENT = re.compile(rf"{_DATE.pattern}(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?")


@dataclass(frozen=True, slots=True)
class RowUpdate:
    """What a row is to say."""

    status: str
    """In our words; written in the tracker's. Empty: it stays as it is."""
    date: str
    """``2026-02-12``; written where the register has a column for it."""
    by_environment: tuple[tuple[str, str], ...] = ()
    """(environment, status) for columns with the status in one."""


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
        path: Where the tracker lies, for messages; it is not read.
        data: What it holds.
        changes: By the id of the use case.
        columns: As for ``read_tracker``.
        statuses: As for ``read_tracker``.
        skip: As for ``read_tracker``.

    Raises:
        ConfigError: the tracker says something wrong, a use case has no row, or a cell cannot be changed with
            certainty; the message names file and line.
    """
    return update_with_layout(path, data, changes, RegisterLayout.from_config(columns or {}, statuses or {}, skip))


def update_with_layout(path: Path, data: bytes, changes: Mapping[str, RowUpdate], wanted: RegisterLayout) -> bytes:
    """Do what ``update_tracker`` does, where it is said already what is wanted of the tracker."""
    reading = _Reading(path, wanted)
    text = _decoded(path, data)
    mark = "\ufeff" if text.startswith("\ufeff") else ""
    text = text.removeprefix(mark)
    source = reading.source(text)
    before = reading.tracker(source)
    rows = {entry.id: entry for entry in reading.entries(source)}
    edits: list[tuple[Span, str]] = []
    for use_case, change in changes.items():
        entry = rows.get(use_case)
        if entry is None:
            raise ConfigError(f"{location(path)}: has no row for use case '{use_case}': add one")
        edits += reading.edits(source, entry, change)
    mended = _edited(text, edits)
    reading.compare(before, reading.tracker(reading.source(mended)), changes, rows)
    return (mark + mended).encode()


def _edited(text: str, edits: Sequence[tuple[Span, str]]) -> str:
    pieces, at = [], 0
    for (start, end), new in sorted(edits):
        pieces += [text[at:start], new]
        at = end
    return "".join([*pieces, text[at:]])


def _decoded(path: Path, data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise ConfigError(f"{location(path)}: is not UTF-8 text: save the tracker as UTF-8") from None


class _Reading:
    """How one tracker is read: its place, and its words for columns and statuses."""

    def __init__(self, path: Path, wanted: RegisterLayout) -> None:
        self._path = path
        self._wanted = wanted
        if told := wanted.unwritable_reason():
            raise ConfigError(f"{location(path)}: {told}")

    def source(self, text: str) -> TrackerDocument:
        return open_source(self._path, text, self._wanted)

    def tracker(self, source: TrackerDocument) -> Tracker:
        tracker, found = tracker_in(self._path, source, self._wanted)
        if found:
            raise ConfigError(str(found[0]))
        return tracker

    def entries(self, source: TrackerDocument) -> Iterator[InterpretedRow]:
        """Yield the rows that are use cases."""
        return (entry for row in source.register.rows if not (entry := interpret_row(row, self._wanted)).skip_reason)

    def edits(self, source: TrackerDocument, entry: InterpretedRow, change: RowUpdate) -> Iterator[tuple[Span, str]]:
        """Yield where the row's cells stand that are to be changed, and what is to stand there."""
        for key, new in self._wanted_cells(entry, change).items():
            if key in entry.row.columns and entry.row.cells[key] != new:
                span = source.span(entry.row, key)
                if span is None:
                    raise self._refusal(entry, f"has no cell for {_called(key)}: add one")
                yield span, self._cell(source, entry, key, new)

    def _wanted_cells(self, entry: InterpretedRow, change: RowUpdate) -> dict[str, str]:
        words, row = self._wanted.words, entry.row.cells
        cells = {"last_updated": change.date}
        for environment, status in change.by_environment:
            column = STATUS_IN + environment
            cells[column] = words.word(status, row[column])
        if not change.status:
            return cells
        if entry.said and row.get("status") == entry.said:
            cells["status"] = words.word(change.status, entry.said)
        elif not entry.box:
            cells["status"] = words.written[change.status]
        if entry.box:
            cells["uc"] = (
                words.word(change.status, entry.box) + row["uc"][row["uc"].index(entry.box) + len(entry.box) :]
            )
        return cells

    def _cell(self, source: TrackerDocument, entry: InterpretedRow, key: str, new: str) -> str:
        old = entry.row.cells[key]
        if key == "last_updated" and _DATE.search(old) and not _MOMENT.fullmatch(old):
            told = f"says more than a date: '{one_line(old, 60)}': keep nothing but the date in that cell"
            raise self._refusal(entry, told)
        for candidate in source.spellings(entry.row, key, new):
            return candidate
        told = f"has the {_called(key)} '{one_line(old, 60)}' written in a way that cannot be changed with certainty"
        raise self._refusal(entry, f"{told}: write {one_line(new, 60)} there yourself")

    def _refusal(self, entry: InterpretedRow, what: str) -> ConfigError:
        return ConfigError(f"{location(self._path, entry.row.line)}: {entry.id} {what}")

    def compare(
        self, before: Tracker, after: Tracker, changes: Mapping[str, RowUpdate], rows: Mapping[str, InterpretedRow]
    ) -> None:
        """Raise ConfigError unless the mended tracker says what was wanted, and else what it said before."""
        for old, new in zip_longest(before.rows, after.rows):
            change = changes.get(old.id) if old else None
            wanted = old
            if old and new and change:
                wanted = _changed(old, new, change, dated="last_updated" in rows[old.id].row.columns)
            if new != wanted:
                line, name = (old.line, old.id) if old else (new.line, new.id)
                raise ConfigError(f"{location(self._path, line)}: the row of {name} cannot be changed with certainty")
        same = (before.items, before.legend, before.skipped_rows) == (after.items, after.legend, after.skipped_rows)
        if not same:
            raise ConfigError(f"{location(self._path)}: cannot be changed without changing more than status and date")


def _changed(old: UseCase, new: UseCase, change: RowUpdate, *, dated: bool) -> UseCase | None:
    """Return what a row is to say, in the words that it says it with; None: it does not say the status."""
    said = dict(new.declared_in)
    if change.status and change.status not in (new.declared_status, *new.declared_also):
        return None
    if any(status not in said.get(environment, ()) for environment, status in change.by_environment):
        return None
    changed = dict(old.declared_in) | {environment: said[environment] for environment, _ in change.by_environment}
    return replace(
        old,
        declared_status=new.declared_status if change.status else old.declared_status,
        declared_also=new.declared_also if change.status else old.declared_also,
        declared_in=tuple(changed.items()),
        last_updated=change.date if dated else old.last_updated,
    )


_NAMES = {"status": "status", "last_updated": "date", "uc": "box"}


def _called(column: str) -> str:
    return _NAMES.get(column) or f"status in {column.removeprefix(STATUS_IN)}"
