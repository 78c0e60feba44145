"""Audit of an SQLite store, or of a sample: the index is derived again from the lines and compared.

The tree is compared with the records. It reads through a query function. Each problem names its run, line and column.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import accumulate
from zlib import crc32

from ...errors import Problem, one_line
from ...facts.evidence import Artifact, Evidence
from ...facts.ledger.line import Line
from ...facts.run import Run
from ..integrity.audit_documents import audit_decisions, audit_snapshots, audit_statements, audit_verdicts
from ..integrity.chain import check_run, line_reader, problem_location
from ..integrity.index import UNREADABLE, IndexedEvidence, RunRow, column_differences, evidence_of_line, run_row
from ..integrity.merkle_leaves import Query
from ..integrity.tree_audit import leaf_problems, run_leaf_problems
from ..protocol import EMPTY_SLOT
from .audit import (
    LINES_OF_RUN,
    RUN_BY_ID,
    Index,
    audit_evidence,
    check_schema,
    compare_evidence,
    parse_line,
    read_index,
    with_read_errors,
)
from .rows import RowReader

_WITHOUT_RUN = {
    "line": "SELECT DISTINCT run_id FROM line WHERE run_id NOT IN (SELECT id FROM run)",
    "evidence": "SELECT DISTINCT run_id FROM evidence WHERE run_id NOT IN (SELECT id FROM run)",
}

Seen = Callable[[str, Artifact], object]
_Part = tuple[str, Callable[[Query], Iterator[Problem]]]
"""A part of the audit, with its name for an error."""
_DOCUMENTS: tuple[_Part, ...] = (
    ("requirements", audit_snapshots),
    ("decisions", audit_decisions),
    ("verdicts", audit_verdicts),
    ("signatures", audit_statements),
)


def audit_store(query: Query, seen: Seen | None = None) -> Iterator[Problem]:
    """Yield each problem in the store. Anything unreadable is a problem, and the audit continues with the next part.

    ``seen`` is called with the id of the evidence or run that names an artifact, and with the artifact.
    """
    parts: tuple[_Part, ...] = (
        ("database", _check_database),
        ("schema", check_schema),
        ("runs", partial(_check_runs, seen=seen or _ignore)),
        ("strays", _find_strays),
        *_DOCUMENTS,
        ("tree", leaf_problems),
    )
    for name, part in parts:
        yield from with_read_errors(name, part(query))


def audit_sample(query: Query, number: int, seen: Seen | None = None) -> Iterator[Problem]:
    """Yield the problems of some pieces of evidence with their runs, of the numbers of records, and of all documents.

    ``number``: how many pieces are read. They are spread evenly over the store. ``seen``: see ``audit_store``.
    """
    parts: tuple[_Part, ...] = (
        ("sample", partial(_check_sample, number=number, seen=seen or _ignore)),
        *_DOCUMENTS,
    )
    for name, part in parts:
        yield from with_read_errors(name, part(query))


def _check_sample(query: Query, number: int, seen: Seen) -> Iterator[Problem]:
    pieces: dict[str, Evidence] = {}
    for run_id, register, seq in _sampled_lines(query, number):
        for _, text, stored in query(f"{LINES_OF_RUN} AND seq = ?", (run_id, seq)):
            line, problems = parse_line(run_id, seq, text, stored)
            yield from problems
            try:
                indexed = [] if line is None else list(evidence_of_line(line, register))
            except UNREADABLE:
                yield Problem(problem_location(run_id, seq), "cannot be read as evidence")
                continue
            pieces |= {evidence.id: evidence for evidence, _, _ in indexed}
    yield from audit_evidence(query, pieces.values(), RowReader)
    for evidence in pieces.values():
        for artifact in evidence.artifacts:
            seen(evidence.id, artifact)


def _sampled_lines(query: Query, number: int) -> Iterator[tuple[str, str, int]]:
    """Yield run, register and number of the lines in which every so many pieces of evidence are."""
    runs = [row for row in query("SELECT id, register, evidence_count FROM run ORDER BY id") if row[2] > 0]
    if not runs:
        return
    ends = list(accumulate(count for _, _, count in runs))
    step = max(ends[-1] / number, 1)
    first = crc32(runs[-1][0].encode()) % int(step)  # another sample after each run
    for position in range(min(number, ends[-1])):
        at = int(first + position * step) % ends[-1]
        index = bisect_right(ends, at)
        run_id, register, count = runs[index]
        offset = at - ends[index] + count
        rows = query(
            "SELECT seq FROM evidence WHERE run_id = ? ORDER BY seq, number LIMIT 1 OFFSET ?", (run_id, offset)
        )
        yield from ((run_id, register, seq) for (seq,) in rows)


def _ignore(_id: str, _artifact: Artifact) -> None:
    """Do nothing with an artifact."""


def _check_database(query: Query) -> Iterator[Problem]:
    # Not quick_check, which does not compare indexes with their tables.
    for (message,) in query("PRAGMA integrity_check"):
        if message != "ok":
            yield Problem("database", f"SQLite reports damage: {one_line(message)}")
    for (mode,) in query("PRAGMA journal_mode"):
        if mode != "delete":
            yield Problem("database", f"its journal mode was changed to {mode}: the next write restores it")


def _check_runs(query: Query, seen: Seen) -> Iterator[Problem]:
    for (run_id,) in query("SELECT id FROM run ORDER BY id"):
        yield from with_read_errors(problem_location(run_id), _check_run(query, run_id, seen))


def _check_run(query: Query, run_id: str, seen: Seen) -> Iterator[Problem]:
    lines = []
    for seq, text, stored in query(f"{LINES_OF_RUN} ORDER BY seq", (run_id,)):
        line, problems = parse_line(run_id, seq, text, stored)
        yield from problems
        if line is not None:
            lines.append(line)
    if not lines:
        yield Problem(problem_location(run_id), "all its lines are missing")
        return
    run = Run(tuple(lines))
    read = line_reader(run)
    yield from check_run(run, read)
    pieces = [piece for line in lines for piece in _read_evidence(line, read)]
    yield from _compare_index(pieces, run_id, read_index(query, run_id))
    yield from _compare_run(query, run, run_id, len(lines), len(pieces))
    if run.tracker is not None:
        seen(run_id, run.tracker)
    for evidence, _, _ in pieces:
        for artifact in evidence.artifacts:
            seen(evidence.id, artifact)


def _read_evidence(line: Line, read: Callable[[Line], Sequence[IndexedEvidence]]) -> Sequence[IndexedEvidence]:
    """Return the evidence of a line; none if it cannot be read, which ``check_run`` reports."""
    try:
        return read(line)
    except UNREADABLE:
        return ()


def _compare_index(pieces: Iterable[IndexedEvidence], run_id: str, index: Index) -> Iterator[Problem]:
    remaining = dict(index)
    for _, evidence, slot in pieces:
        stored = remaining.pop((evidence.seq, evidence.number), None)
        if stored != evidence + slot:
            yield from compare_evidence(run_id, evidence, slot, stored)
    for seq, number in remaining:
        yield Problem(problem_location(run_id, seq, evidence=number), "is in the index, but not in its line")


def _compare_run(query: Query, run: Run, run_id: str, lines: int, evidence: int) -> Iterator[Problem]:
    try:
        derived = run_row(run, lines, evidence)
    except UNREADABLE:
        return  # check_run reports it
    for row in query(RUN_BY_ID, (run_id,)):
        yield from column_differences(
            derived, RunRow(*row), lambda column: problem_location(run_id, column=f"run.{column}")
        )


def _find_strays(query: Query) -> Iterator[Problem]:
    for table, sql in _WITHOUT_RUN.items():
        for (run_id,) in query(sql):
            yield Problem(
                problem_location(one_line(run_id)), f"the table {table} has rows of a run whose own row was deleted"
            )
    unused = "SELECT key FROM slot WHERE NOT EXISTS (SELECT 1 FROM evidence WHERE slot_id = slot.id)"
    for (key,) in query(unused):
        yield Problem("table slot", f"{EMPTY_SLOT} {one_line(key)}")


def audit_tree(query: Query, run_ids: Iterable[str]) -> Iterator[Problem]:
    """Yield the problems of the tree's leaves, and of the chains of these runs. Raises nothing."""
    yield from with_read_errors("tree", leaf_problems(query))
    yield from with_read_errors("tree", run_leaf_problems(query, run_ids))
