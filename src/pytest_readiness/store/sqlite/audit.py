"""The audit: everything that a store keeps is derived again from its lines, and compared.

``audit_evidence`` looks at what an answer rests on, ``audit_store`` at everything. Both read through one function that
answers queries, and name each finding by run, line and column.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from functools import partial
from typing import Any

from ...errors import IntegrityError, Problem, StorageError, one_line
from ...facts.evidence import Artifact, Evidence
from ...facts.evidence_line import evidence_of
from ...facts.ledger.line import Line
from ...facts.run import Run
from ..integrity.audit_documents import (
    Query,
    audit_decisions,
    audit_snapshots,
    audit_statements,
    audit_verdicts,
    column_differences,
)
from ..integrity.chain import check_run, line_reader, problem_location
from ..integrity.index import (
    UNREADABLE,
    EvidenceRow,
    Piece,
    RunRow,
    SlotRow,
    evidence_row,
    run_row,
    slot_row,
)
from ..integrity.merkle_leaves import leaf_count_problems, leaf_problems, unbound_runs
from ..protocol import EMPTY_SLOT
from .rows import RowReader
from .tables import SCHEMA_QUERY, schema_of

_RUN = f"SELECT {', '.join(RunRow._fields)} FROM run WHERE id = ?"  # noqa: S608 - constants
_INDEX = f"""SELECT {", ".join(f"e.{name}" for name in EvidenceRow._fields)},
{", ".join(f"s.{name}" for name in SlotRow._fields)}
FROM evidence AS e LEFT JOIN slot AS s ON s.id = e.slot_id WHERE e.run_id = ?"""  # noqa: S608 - constants
_LINES = "SELECT seq, text, digest FROM line WHERE run_id = ?"
_SOME = " AND seq IN (SELECT value FROM json_each(?))"

# Slots are numbered from 1 without a gap. Where they are, and no evidence is in a higher one, none was deleted.
_ALL_SLOTS = """SELECT coalesce(least = 1 AND greatest = number, number = 0)
AND coalesce(least_used >= 1 AND greatest_used <= greatest, least_used IS NULL)
FROM (SELECT (SELECT count(*) FROM slot) AS number,
    (SELECT min(id) FROM slot) AS least, (SELECT max(id) FROM slot) AS greatest,
    (SELECT min(slot_id) FROM evidence) AS least_used, (SELECT max(slot_id) FROM evidence) AS greatest_used)"""
# Else every distinct slot in the index, by one step each: all evidence would take as long as the store is old.
_LOST = """WITH RECURSIVE used (id) AS (
    SELECT min(slot_id) FROM evidence
    UNION ALL SELECT (SELECT min(slot_id) FROM evidence WHERE slot_id > used.id) FROM used WHERE used.id IS NOT NULL
)
SELECT id FROM used WHERE id IS NOT NULL AND id NOT IN (SELECT id FROM slot)"""
# One statement each: two could see the store before and after somebody else's run.
_COUNTS = {
    "line": "SELECT (SELECT count(*) FROM line), (SELECT coalesce(sum(line_count), 0) FROM run)",
    "evidence": "SELECT (SELECT count(*) FROM evidence), (SELECT coalesce(sum(evidence_count), 0) FROM run)",
}
_ASIDE = "NOT IN (SELECT value FROM json_each(:aside))"
_STRAYS = {
    "line": "SELECT DISTINCT run_id FROM line WHERE run_id NOT IN (SELECT id FROM run)",
    "evidence": "SELECT DISTINCT run_id FROM evidence WHERE run_id NOT IN (SELECT id FROM run)",
}

_WIDTH = len(EvidenceRow._fields)

Index = dict[tuple[int, int], tuple[Any, ...]]
"""(line, number) -> the columns of the two rows that stand for one piece of evidence."""


Seen = Callable[[str, Artifact], object]


def audit_store(query: Query, seen: Seen | None = None) -> Iterator[Problem]:
    """Yield each thing in the store that does not fit. What cannot be read is a problem, and ends only its part.

    ``seen`` is called with each artifact that can be read of, and the id of the evidence (or run) that names it.
    """
    parts: tuple[tuple[str, Callable[[Query], Iterator[Problem]]], ...] = (
        ("database", _structure),
        ("schema", _schema),
        ("runs", partial(_runs, seen=seen or _pass_by)),
        ("strays", _strays),
        ("requirements", audit_snapshots),
        ("decisions", audit_decisions),
        ("verdicts", audit_verdicts),
        ("signatures", audit_statements),
        ("tree", leaf_problems),
    )
    for name, part in parts:
        yield from _unbroken(name, part(query))


def _pass_by(_whose: str, _artifact: Artifact) -> None:
    """Nobody wants to see it."""


def _unbroken(name: str, problems: Iterator[Problem]) -> Iterator[Problem]:
    try:
        yield from problems
    except StorageError as error:
        yield Problem(name, str(error))
    except UNREADABLE as error:  # a damaged file can hold anything anywhere, also where a column forbids it
        yield Problem(name, f"cannot be read: {one_line(f'{type(error).__name__} {error}')}")


def _structure(query: Query) -> Iterator[Problem]:
    # Not quick_check: that would not see an index that says something else than its table.
    for (told,) in query("PRAGMA integrity_check"):
        if told != "ok":
            yield Problem("database", f"SQLite finds it damaged: {one_line(told)}")
    for (mode,) in query("PRAGMA journal_mode"):
        if mode != "delete":
            yield Problem("database", f"its journal mode was changed to {mode}: the next run that is kept puts it back")


def _schema(query: Query) -> Iterator[Problem]:
    found = {(kind, name): sql for kind, name, sql in query(SCHEMA_QUERY)}
    made = schema_of(query("SELECT user_version FROM pragma_user_version")[0][0])
    for kind, name in sorted(made.keys() - found.keys()):
        yield Problem(f"{kind} {name}", "was dropped from the schema: records may have been changed since")
    for kind, name in sorted(found.keys() - made.keys()):
        yield Problem(f"{kind} {one_line(name)}", "does not belong to the schema: it may change what is kept or read")
    for kind, name in sorted(made.keys() & found.keys()):
        if found[kind, name] != made[kind, name]:
            yield Problem(f"{kind} {name}", "was changed in the schema")


def _runs(query: Query, seen: Seen) -> Iterator[Problem]:
    for (run_id,) in query("SELECT id FROM run ORDER BY id"):
        yield from _unbroken(problem_location(run_id), _run(query, run_id, seen))


def _run(query: Query, run_id: str, seen: Seen) -> Iterator[Problem]:
    lines = []
    for seq, text, stored in query(f"{_LINES} ORDER BY seq", (run_id,)):
        line, problems = _line(run_id, seq, text, stored)
        yield from problems
        if line is not None:
            lines.append(line)
    if not lines:
        yield Problem(problem_location(run_id), "none of its lines are left")
        return
    run = Run(tuple(lines))
    read = line_reader(run)
    yield from check_run(run, read)
    found = [piece for line in lines for piece in _pieces(line, read)]
    yield from _compared_index(found, run_id, _index(query, run_id))
    yield from _compared_run(query, run, run_id, len(lines), len(found))
    if run.tracker is not None:
        seen(run_id, run.tracker)
    for evidence, _, _ in found:
        for artifact in evidence.artifacts:
            seen(evidence.id, artifact)


def _line(run_id: str, seq: int, text: str, stored: str) -> tuple[Line | None, list[Problem]]:
    try:
        line = Line.parse(text)
    except (IntegrityError, *UNREADABLE) as error:
        return None, [Problem(problem_location(run_id, seq), f"column text: {one_line(str(error))}")]
    problems = []
    if line.digest != stored:
        problems.append(
            Problem(problem_location(run_id, seq), "column digest: is not the digest of the text: one was changed")
        )
    if line.seq != seq:
        problems.append(Problem(problem_location(run_id, seq), f"column seq: the text is that of line {line.seq}"))
    return line, problems


def _index(query: Query, run_id: str, only: Iterable[int] | None = None) -> Index:
    rows = query(_INDEX, (run_id,)) if only is None else query(_INDEX + _SOME, (run_id, json.dumps(list(only))))
    return {row[1:3]: row for row in rows}


def _pieces(line: Line, read: Callable[[Line], Sequence[Piece]]) -> Sequence[Piece]:
    """Return the evidence of a line; none where it is not readable, which ``check_run`` tells."""
    try:
        return read(line)
    except UNREADABLE:
        return ()


def _compared_index(found: Iterable[Piece], run_id: str, index: Index) -> Iterator[Problem]:
    left = dict(index)
    for _, evidence, slot in found:
        stored = left.pop((evidence.seq, evidence.number), None)
        if stored != evidence + slot:
            yield from _compared_piece(run_id, evidence, slot, stored)
    for seq, number in left:
        yield Problem(problem_location(run_id, seq, evidence=number), "stands in the index, and no line holds it")


def _compared_piece(run_id: str, row: EvidenceRow, slot: SlotRow, stored: tuple[Any, ...] | None) -> Iterator[Problem]:
    if stored == row + slot:  # nearly always, and at once
        return
    here = partial(problem_location, run_id, row.seq, evidence=row.number)
    if stored is None:
        yield Problem(here(), "is missing from the index: it was deleted")
        return
    yield from column_differences(row, EvidenceRow(*stored[:_WIDTH]), lambda column: here(column=f"evidence.{column}"))
    if stored[_WIDTH] is None:
        yield Problem(here(column="evidence.slot_id"), "its slot is missing: it was deleted")
    else:
        yield from column_differences(slot, SlotRow(*stored[_WIDTH:]), lambda column: here(column=f"slot.{column}"))


def _compared_run(query: Query, run: Run, run_id: str, lines: int, evidence: int) -> Iterator[Problem]:
    try:
        derived = run_row(run, lines, evidence)
    except UNREADABLE:
        return  # told by check_run
    for row in query(_RUN, (run_id,)):
        yield from column_differences(
            derived, RunRow(*row), lambda column: problem_location(run_id, column=f"run.{column}")
        )


def _strays(query: Query) -> Iterator[Problem]:
    for table, sql in _STRAYS.items():
        for (run_id,) in query(sql):
            yield Problem(
                problem_location(one_line(run_id)), f"rows of the table {table} belong to no run: its row was deleted"
            )
    unused = "SELECT key FROM slot WHERE NOT EXISTS (SELECT 1 FROM evidence WHERE slot_id = slot.id)"
    for (key,) in query(unused):
        yield Problem("table slot", f"{EMPTY_SLOT} {one_line(key)}")


def audit_evidence(
    query: Query, evidence: Iterable[Evidence], known: Callable[[], RowReader], aside: Collection[str] = ()
) -> Iterator[Problem]:
    """Yield what is wrong with what these pieces of evidence rest on, and with the store as a whole. Raises nothing.

    ``known`` returns what was read for answers from the store as it still is. What is right by that is not looked up
    again; everything else is, and told by what is found then. ``aside``: runs that are not looked at.
    """
    yield from _unbroken("store", _checked(query, evidence, known, aside))


def audit_tree(query: Query, run_ids: Iterable[str]) -> Iterator[Problem]:
    """Yield what keeps the tree from speaking for these runs. Raises nothing."""
    yield from _unbroken("tree", leaf_problems(query))
    yield from _unbroken("tree", unbound_runs(query, run_ids))


def _counts(query: Query, table: str, aside: Collection[str]) -> list[Any]:
    if not aside:
        return query(_COUNTS[table])
    others = _COUNTS[table].replace(f"FROM {table})", f"FROM {table} WHERE run_id {_ASIDE})")
    return query(others.replace("FROM run)", f"FROM run WHERE id {_ASIDE})"), {"aside": json.dumps(sorted(aside))})


def _checked(
    query: Query, evidence: Iterable[Evidence], known: Callable[[], RowReader], aside: Collection[str]
) -> Iterator[Problem]:
    reader = known()
    by_run: dict[str, list[Evidence]] = {}
    for piece in evidence:
        by_run.setdefault(piece.run_id, []).append(piece)
    yield from _schema(query)
    for table in _COUNTS:
        for kept, named in _counts(query, table, aside):
            if kept != named:
                told = f"holds {kept} rows, the runs name {named}: 'readiness verify' says which do not fit"
                yield Problem(f"table {table}", told)
    yield from leaf_count_problems(query)
    ((all_there,),) = query(_ALL_SLOTS)
    for (slot,) in () if all_there else query(_LOST):
        yield Problem(
            "table slot", f"slot {slot} was deleted, and its evidence is not seen: 'readiness verify' says which"
        )
    for run_id, resting in by_run.items():
        yield from _checked_run(query, run_id, resting, reader)


def _checked_run(query: Query, run_id: str, resting: list[Evidence], reader: RowReader) -> Iterator[Problem]:
    """Check the seal of a run, and the lines of those pieces that were not read for an answer, or were not right."""
    stored = [RunRow(*row) for row in query(_RUN, (run_id,))]
    if not stored:
        yield Problem(problem_location(run_id), "is not in the store")
        return
    if stored[0].register != resting[0].register:
        yield Problem(
            problem_location(run_id, column="slot.register"), f"the run is of '{one_line(stored[0].register)}'"
        )
    by_line: dict[int, list[Evidence]] = {}
    for piece in resting:
        if not reader.is_right(piece):
            by_line.setdefault(piece.seq, []).append(piece)
    wanted = sorted({0, stored[0].line_count - 1, *by_line, *(seq + 1 for seq in by_line)})
    lines: dict[int, Line] = {}
    for seq, text, digest in query(_LINES + _SOME, (run_id, json.dumps(wanted))):
        line, problems = _line(run_id, seq, text, digest)
        yield from problems
        if line is not None:
            lines[seq] = line
    yield from _closed(run_id, stored[0], lines)
    index = _index(query, run_id, by_line) if by_line else {}
    for seq, rests in sorted(by_line.items()):
        yield from _checked_line(run_id, seq, lines, rests, index)


def _closed(run_id: str, stored: RunRow, lines: dict[int, Line]) -> Iterator[Problem]:
    """Check the seal, and what the index says of the run as far as its first line and its seal tell it."""
    first, seal = lines.get(0), lines.get(stored.line_count - 1)
    if first is None or seal is None or first.kind != "run" or seal.kind != "sealed":
        yield Problem(problem_location(run_id), "its first line or its seal is missing")
        return
    if seal.body.get("count") != stored.line_count - 1 or first.body.get("run") != run_id:
        yield Problem(problem_location(run_id, seal.seq), "the seal does not close this run")
    try:
        derived = run_row(Run((first, seal)), stored.line_count, stored.evidence_count)
    except UNREADABLE:
        yield Problem(problem_location(run_id), "its first line or its seal is not readable")
        return
    yield from column_differences(derived, stored, lambda column: problem_location(run_id, column=f"run.{column}"))


def _checked_line(
    run_id: str, seq: int, lines: dict[int, Line], resting: list[Evidence], index: Index
) -> Iterator[Problem]:
    line, following = lines.get(seq), lines.get(seq + 1)
    if line is None:
        yield Problem(problem_location(run_id, seq), "is missing")
        return
    if following is None or following.body.get("prev") != line.digest:
        yield Problem(problem_location(run_id, seq), "the line after it does not follow it: one of them was changed")
    try:
        held = {evidence.id: evidence for evidence in evidence_of(line, resting[0].register)}
    except UNREADABLE:
        yield Problem(problem_location(run_id, seq), "is not readable as evidence")
        return
    for piece in resting:
        found = held.get(piece.id)
        if found is None or found != piece:
            yield Problem(
                problem_location(run_id, seq), f"does not hold the evidence {one_line(piece.id)} as it was given"
            )
            continue
        row = evidence_row(found)
        yield from _compared_piece(run_id, row, slot_row(found), index.get((row.seq, row.number)))
