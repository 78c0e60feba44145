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

from ..errors import ConfigError, one_line, place
from ..frozen import dataclass
from .source import Row, Source, Span
from .sources import open_source
from .tracker import Tracker, tracker_in, words_of
from .wanted import Wanted

_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_MOMENT = re.compile(rf"{_DATE.pattern}(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?")


@dataclass(frozen=True, slots=True)
class Change:
    """What a row is to say."""

    status: str
    """In our words; written in the tracker's."""
    date: str
    """``2026-02-12``; written where the register has a column for it."""


def mend(
    path: Path,
    data: bytes,
    changes: Mapping[str, Change],
    columns: Mapping[str, str] | None = None,
    statuses: Mapping[str, str] | None = None,
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
    reading = _Reading(path, columns or {}, statuses or {}, skip)
    text = _decoded(path, data)
    mark = "\ufeff" if text.startswith("\ufeff") else ""
    text = text.removeprefix(mark)
    source = reading.source(text)
    before = reading.tracker(source)
    rows = {row.cells["uc"]: row for row in source.register.rows}
    edits: list[tuple[Span, str]] = []
    for use_case, change in changes.items():
        row = rows.get(use_case)
        if row is None:
            raise ConfigError(f"{place(path)}: has no row for use case '{use_case}': add one")
        edits += reading.edits(source, row, change)
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
        raise ConfigError(f"{place(path)}: is not UTF-8 text: save the tracker as UTF-8") from None


class _Reading:
    """How one tracker is read: its place, and its words for columns and statuses."""

    def __init__(
        self, path: Path, columns: Mapping[str, str], statuses: Mapping[str, str], skip: Sequence[str]
    ) -> None:
        self._path = path
        self._statuses = statuses
        self._wanted = Wanted.of(columns, words_of(statuses), skip)

    def source(self, text: str) -> Source:
        return open_source(self._path, text, self._wanted)

    def tracker(self, source: Source) -> Tracker:
        tracker, found = tracker_in(self._path, source, self._statuses)
        if found:
            raise ConfigError(str(found[0]))
        return tracker

    def edits(self, source: Source, row: Row, change: Change) -> Iterator[tuple[Span, str]]:
        """Yield where the row's cells stand that are to be changed, and what is to stand there."""
        wanted = {"status": self._statuses.get(change.status, change.status), "last_updated": change.date}
        for key, new in wanted.items():
            if key in row.columns and row.cells[key] != new:
                span = source.span(row, key)
                if span is None:
                    raise self._refusal(row, f"has no cell for {_NAMES[key]}: add one")
                yield span, self._cell(source, row, key, new)

    def _cell(self, source: Source, row: Row, key: str, new: str) -> str:
        old = row.cells[key]
        if key == "last_updated" and _DATE.search(old) and not _MOMENT.fullmatch(old):
            told = f"says more than a date: '{one_line(old, 60)}': keep nothing but the date in that cell"
            raise self._refusal(row, told)
        for candidate in source.spellings(row, key, new):
            return candidate
        told = f"has the {_NAMES[key]} '{one_line(old, 60)}' written in a way that cannot be changed with certainty"
        raise self._refusal(row, f"{told}: write {one_line(new, 60)} there yourself")

    def _refusal(self, row: Row, what: str) -> ConfigError:
        return ConfigError(f"{place(self._path, row.line)}: {row.cells['uc']} {what}")

    def compare(self, before: Tracker, after: Tracker, changes: Mapping[str, Change], rows: Mapping[str, Row]) -> None:
        """Raise ConfigError unless the mended tracker says what was wanted, and else what it said before."""
        for old, new in zip_longest(before.rows, after.rows):
            change = changes.get(old.id) if old else None
            wanted = replace(old, declared_status=change.status) if old and change else old
            if wanted and change and "last_updated" in rows[wanted.id].columns:
                wanted = replace(wanted, last_updated=change.date)
            if new != wanted:
                line, name = (old.line, old.id) if old else (new.line, new.id)
                raise ConfigError(f"{place(self._path, line)}: the row of {name} cannot be changed with certainty")
        if (before.items, before.legend) != (after.items, after.legend):
            raise ConfigError(f"{place(self._path)}: cannot be changed without changing more than status and date")


_NAMES = {"status": "status", "last_updated": "date"}
