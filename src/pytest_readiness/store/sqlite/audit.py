"""Audit of the evidence of an answer: its index is derived again from its lines, and compared.

It reads through a query function. Each problem names its run, line and column.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Iterator
from functools import partial
from typing import Any

from ...errors import IntegrityError, Problem, StorageError, one_line
from ...facts.evidence import Evidence
from ...facts.ledger.line import Line
from ...facts.run import Run
from ..integrity.chain import problem_location
from ..integrity.index import (
    UNREADABLE,
    EvidenceRow,
    RunRow,
    SlotRow,
    column_differences,
    evidence_of_line,
    run_row,
)
from ..integrity.merkle_leaves import Query, leaf_count_problems
from .rows import RowReader
from .tables import SCHEMA_QUERY, schema_of

RUN_BY_ID = f"SELECT {', '.join(RunRow._fields)} FROM run WHERE id = ?"  # noqa: S608 - constants
_INDEX = f"""SELECT {", ".join(f"e.{name}" for name in EvidenceRow._fields)},
{", ".join(f"s.{name}" for name in SlotRow._fields)}
FROM evidence AS e LEFT JOIN slot AS s ON s.id = e.slot_id WHERE e.run_id = ?"""  # noqa: S608 - constants
LINES_OF_RUN = "SELECT seq, text, digest FROM line WHERE run_id = ?"
_WITH_NUMBERS = " AND seq IN (SELECT value FROM json_each(?))"

# Slots are numbered from 1 without a gap. If there is no gap, and no evidence has a higher slot, none was deleted.
_ALL_SLOTS = """SELECT coalesce(least = 1 AND greatest = number, number = 0)
AND coalesce(least_used >= 1 AND greatest_used <= greatest, least_used IS NULL)
FROM (SELECT (SELECT count(*) FROM slot) AS number,
    (SELECT min(id) FROM slot) AS least, (SELECT max(id) FROM slot) AS greatest,
    (SELECT min(slot_id) FROM evidence) AS least_used, (SELECT max(slot_id) FROM evidence) AS greatest_used)"""
# Otherwise every distinct slot in the index is read with one lookup each. Reading all evidence would take too long.
_LOST_SLOTS = """WITH RECURSIVE used (id) AS (
    SELECT min(slot_id) FROM evidence
    UNION ALL SELECT (SELECT min(slot_id) FROM evidence WHERE slot_id > used.id) FROM used WHERE used.id IS NOT NULL
)
SELECT id FROM used WHERE id IS NOT NULL AND id NOT IN (SELECT id FROM slot)"""
# One statement for each table: between two statements another process could store a run.
_COUNTS = {
    "line": "SELECT (SELECT count(*) FROM line), (SELECT coalesce(sum(line_count), 0) FROM run)",
    "evidence": "SELECT (SELECT count(*) FROM evidence), (SELECT coalesce(sum(evidence_count), 0) FROM run)",
}
_ASIDE = "NOT IN (SELECT value FROM json_each(:aside))"

_WIDTH = len(EvidenceRow._fields)

Index = dict[tuple[int, int], tuple[Any, ...]]
"""(number of the line, number of the evidence) -> the columns of its two index rows."""


def with_read_errors(name: str, problems: Iterator[Problem]) -> Iterator[Problem]:
    """Yield the problems, and a problem for an error that ends them."""
    try:
        yield from problems
    except StorageError as error:
        yield Problem(name, str(error))
    except UNREADABLE as error:  # a damaged file may contain any value in any column
        yield Problem(name, f"cannot be read: {one_line(f'{type(error).__name__} {error}')}")


def check_schema(query: Query) -> Iterator[Problem]:
    """Yield each table, index and trigger that is not as this version creates it."""
    actual = {(kind, name): sql for kind, name, sql in query(SCHEMA_QUERY)}
    expected = schema_of(query("SELECT user_version FROM pragma_user_version")[0][0])
    for kind, name in sorted(expected.keys() - actual.keys()):
        yield Problem(f"{kind} {name}", "was dropped from the schema: records may have been changed since")
    for kind, name in sorted(actual.keys() - expected.keys()):
        yield Problem(f"{kind} {one_line(name)}", "does not belong to the schema: it may change stored or read values")
    for kind, name in sorted(expected.keys() & actual.keys()):
        if actual[kind, name] != expected[kind, name]:
            yield Problem(f"{kind} {name}", "was changed in the schema")


def parse_line(run_id: str, seq: int, text: str, stored: str) -> tuple[Line | None, list[Problem]]:
    """Return a stored line, and its problems. None: the text cannot be read."""
    try:
        line = Line.parse(text)
    except (IntegrityError, *UNREADABLE) as error:
        return None, [Problem(problem_location(run_id, seq), f"column text: {one_line(str(error))}")]
    problems = []
    if line.digest != stored:
        problems.append(
            Problem(problem_location(run_id, seq), "column digest: it does not match the text: one was changed")
        )
    if line.seq != seq:
        problems.append(Problem(problem_location(run_id, seq), f"column seq: the text is of line {line.seq}"))
    return line, problems


def read_index(query: Query, run_id: str, only: Iterable[int] | None = None) -> Index:
    """Return the index of the evidence of a run. ``only``: the numbers of the lines; None means all."""
    rows = query(_INDEX, (run_id,)) if only is None else query(_INDEX + _WITH_NUMBERS, (run_id, json.dumps(list(only))))
    return {row[1:3]: row for row in rows}


def compare_evidence(run_id: str, row: EvidenceRow, slot: SlotRow, stored: tuple[Any, ...] | None) -> Iterator[Problem]:
    """Yield each difference of the stored index of a piece of evidence; ``stored``: None: it is missing."""
    if stored == row + slot:  # the usual case
        return
    where = partial(problem_location, run_id, row.seq, evidence=row.number)
    if stored is None:
        yield Problem(where(), "is missing from the index: it was deleted")
        return
    yield from column_differences(row, EvidenceRow(*stored[:_WIDTH]), lambda column: where(column=f"evidence.{column}"))
    if stored[_WIDTH] is None:
        yield Problem(where(column="evidence.slot_id"), "its slot is missing: it was deleted")
    else:
        yield from column_differences(slot, SlotRow(*stored[_WIDTH:]), lambda column: where(column=f"slot.{column}"))


def audit_evidence(
    query: Query, evidence: Iterable[Evidence], get_reader: Callable[[], RowReader], excluded: Collection[str] = ()
) -> Iterator[Problem]:
    """Yield the problems of the runs and lines that contain this evidence, and of the store as a whole.

    Raises nothing.

    Args:
        query: takes SQL and its parameters, and returns all rows.
        evidence: the evidence in use.
        get_reader: returns the reader of answers, refreshed. Evidence that it has verified is not read again.
        excluded: ids of runs that are not counted.
    """
    yield from with_read_errors("store", _check_evidence(query, evidence, get_reader, excluded))


def _count_rows(query: Query, table: str, excluded: Collection[str]) -> list[Any]:
    """Return the number of rows of a table, and the number that the runs name."""
    if not excluded:
        return query(_COUNTS[table])
    others = _COUNTS[table].replace(f"FROM {table})", f"FROM {table} WHERE run_id {_ASIDE})")
    return query(others.replace("FROM run)", f"FROM run WHERE id {_ASIDE})"), {"aside": json.dumps(sorted(excluded))})


def _check_evidence(
    query: Query, evidence: Iterable[Evidence], get_reader: Callable[[], RowReader], excluded: Collection[str]
) -> Iterator[Problem]:
    reader = get_reader()
    by_run: dict[str, list[Evidence]] = {}
    for piece in evidence:
        by_run.setdefault(piece.run_id, []).append(piece)
    yield from check_schema(query)
    for table in _COUNTS:
        for actual, expected in _count_rows(query, table, excluded):
            if actual != expected:
                numbers = f"has {actual} rows, but the runs name {expected}"
                yield Problem(f"table {table}", f"{numbers}: run 'readiness verify' to find the differences")
    yield from leaf_count_problems(query)
    ((complete,),) = query(_ALL_SLOTS)
    for (slot,) in () if complete else query(_LOST_SLOTS):
        yield Problem(
            "table slot", f"slot {slot} was deleted, which hides its evidence: run 'readiness verify' to find it"
        )
    for run_id, pieces in by_run.items():
        yield from _check_run_of_evidence(query, run_id, pieces, reader)


def _check_run_of_evidence(query: Query, run_id: str, pieces: list[Evidence], reader: RowReader) -> Iterator[Problem]:
    """Check the seal of a run, and the lines of the evidence that the reader has not verified."""
    stored = [RunRow(*row) for row in query(RUN_BY_ID, (run_id,))]
    if not stored:
        yield Problem(problem_location(run_id), "is not in the store")
        return
    if stored[0].register != pieces[0].register:
        yield Problem(
            problem_location(run_id, column="slot.register"), f"the run belongs to '{one_line(stored[0].register)}'"
        )
    by_line: dict[int, list[Evidence]] = {}
    for piece in pieces:
        if not reader.is_verified(piece):
            by_line.setdefault(piece.seq, []).append(piece)
    wanted = sorted({0, stored[0].line_count - 1, *by_line, *(seq + 1 for seq in by_line)})
    lines: dict[int, Line] = {}
    for seq, text, digest in query(LINES_OF_RUN + _WITH_NUMBERS, (run_id, json.dumps(wanted))):
        line, problems = parse_line(run_id, seq, text, digest)
        yield from problems
        if line is not None:
            lines[seq] = line
    yield from _check_seal(run_id, stored[0], lines)
    index = read_index(query, run_id, by_line) if by_line else {}
    for seq, line_pieces in sorted(by_line.items()):
        yield from _check_line(run_id, seq, lines, line_pieces, index)


def _check_seal(run_id: str, stored: RunRow, lines: dict[int, Line]) -> Iterator[Problem]:
    """Check the seal, and the index row of the run against its first line and its seal."""
    first, seal = lines.get(0), lines.get(stored.line_count - 1)
    if first is None or seal is None or first.kind != "run" or seal.kind != "sealed":
        yield Problem(problem_location(run_id), "its first line or its seal is missing")
        return
    if seal.body.get("count") != stored.line_count - 1 or first.body.get("run") != run_id:
        yield Problem(problem_location(run_id, seal.seq), "the seal does not match the run")
    try:
        derived = run_row(Run((first, seal)), stored.line_count, stored.evidence_count)
    except UNREADABLE:
        yield Problem(problem_location(run_id), "its first line or its seal cannot be read")
        return
    yield from column_differences(derived, stored, lambda column: problem_location(run_id, column=f"run.{column}"))


def _check_line(
    run_id: str, seq: int, lines: dict[int, Line], pieces: list[Evidence], index: Index
) -> Iterator[Problem]:
    line, following = lines.get(seq), lines.get(seq + 1)
    if line is None:
        yield Problem(problem_location(run_id, seq), "is missing")
        return
    if following is None or following.body.get("prev") != line.digest:
        yield Problem(problem_location(run_id, seq), "the next line does not follow it: one of them was changed")
    try:
        recorded = {indexed[0].id: indexed for indexed in evidence_of_line(line, pieces[0].register)}
    except UNREADABLE:
        yield Problem(problem_location(run_id, seq), "cannot be read as evidence")
        return
    for piece in pieces:
        indexed = recorded.get(piece.id)
        if indexed is None or indexed[0] != piece:
            yield Problem(
                problem_location(run_id, seq), f"does not contain the evidence {one_line(piece.id)} that was read"
            )
            continue
        _, row, slot = indexed
        yield from compare_evidence(run_id, row, slot, index.get((row.seq, row.number)))
