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
from typing import Any

from ..errors import ConfigError, one_line, place
from ..frozen import dataclass
from .markdown import cell_spans, parsed, shown_text
from .rows import Row, Wanted, find_register
from .tracker import Tracker, examine_text, words_of

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n|\Z)")
_PUNCTUATION = re.compile(r"([!-/:-@\[-`{-~])")
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

    Whatever stands around the text of a cell (padding, bold, a code span, a link) stays around the new one.

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
    before = reading.tracker(text)
    rows = {row.cells["uc"]: row for row in reading.rows(text)}
    lines = _LINE.findall(text)
    for use_case, change in changes.items():
        row = rows.get(use_case)
        if row is None:
            raise ConfigError(f"{place(path)}: has no row for use case '{use_case}': add one")
        lines[row.line - 1] = reading.mended(row, lines[row.line - 1], change)
    mended = "".join(lines)
    reading.compare(before, reading.tracker(mended), changes, rows)
    return (mark + mended).encode()


def _decoded(path: Path, data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise ConfigError(f"{place(path)}: is not UTF-8 text: save the tracker as UTF-8") from None


class _Reading:
    """How one tracker is read: its place, its words for columns and statuses, and what its links refer to."""

    def __init__(
        self, path: Path, columns: Mapping[str, str], statuses: Mapping[str, str], skip: Sequence[str]
    ) -> None:
        self._path = path
        self._columns = columns
        self._statuses = statuses
        self._skip = skip
        self._definitions: dict[str, Any] = {}

    def tracker(self, text: str) -> Tracker:
        tracker, found = examine_text(self._path, text, self._columns, self._statuses, self._skip)
        if found:
            raise ConfigError(str(found[0]))
        return tracker

    def rows(self, text: str) -> tuple[Row, ...]:
        tokens = parsed(text, self._definitions)
        wanted = Wanted.of(self._columns, words_of(self._statuses), self._skip)
        return find_register(self._path, tokens, self._definitions, wanted).rows

    def mended(self, row: Row, line: str, change: Change) -> str:
        """Return the row's line with its cells changed, from the last to the first so that positions hold."""
        wanted = {"status": self._statuses.get(change.status, change.status), "last_updated": change.date}
        spans = cell_spans(line, row.quotes)
        known = [(row.columns.index(key), key) for key in wanted if key in row.columns]
        for number, key in sorted(known, reverse=True):
            if row.cells[key] == wanted[key]:
                continue
            if number >= len(spans):
                raise self._refusal(row, f"has no cell for {_NAMES[key]}: add one")
            start, end = spans[number]
            line = line[:start] + self._cell(row, key, line[start:end], wanted[key]) + line[end:]
        return line

    def _cell(self, row: Row, key: str, cell: str, new: str) -> str:
        old = row.cells[key]
        if not old and not cell.strip():
            return _filled(cell, new)
        if key == "last_updated" and _DATE.search(old) and not _MOMENT.fullmatch(old):
            told = f"says more than a date: '{one_line(old, 60)}': keep nothing but the date in that cell"
            raise self._refusal(row, told)
        for candidate in _candidates(cell, old, new):
            if shown_text(candidate.strip().replace("\\|", "|"), self._definitions) == new:
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


def _filled(cell: str, text: str) -> str:
    """Return a blank cell with a text in it: a space on each side, as many as there were where the cell is wide."""
    if not cell:
        return text
    return f" {text} ".ljust(len(cell))


def _candidates(cell: str, old: str, new: str) -> Iterator[str]:
    """Yield the cell with its text replaced, where that stands in it once; spelled in the same way first."""
    spelled = list(zip(_spellings(old), _spellings(new), strict=True))
    for number, (there, same) in enumerate(spelled):
        if there and cell.count(there) == 1:
            others = [other for position, (_, other) in enumerate(spelled) if position != number]
            yield from (cell.replace(there, instead) for instead in (same, *others))


def _spellings(text: str) -> tuple[str, ...]:
    """Return how a text may stand in a cell: plain, with underscores escaped, with all punctuation escaped."""
    plain = text.replace("|", "\\|")
    return plain, plain.replace("_", "\\_"), _PUNCTUATION.sub(r"\\\1", text)
