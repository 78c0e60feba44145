"""The leaves of a store's tree: one for each run, decision and kept verdict, in the order in which they came in.

They are written with the record, in the same transaction, so that a checkpoint of the tree speaks of every record.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from secrets import token_hex
from typing import Any

from ...errors import IntegrityError, Problem, count, one_line
from ...facts.checkpoint import ORIGIN, Leaf, StoreTree, decision_digest
from ...facts.ledger.line import Line, broken_links
from .chain import problem_location
from .index import UNREADABLE

Query = Callable[..., list[Any]]
"""Takes SQL and its parameters, returns all rows; raises StorageError where it cannot."""

KEEP_LEAF = "INSERT INTO leaf SELECT coalesce(max(number), -1) + 1, ?, ?, ? FROM leaf"

_THERE = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'leaf'"
_OLDER = """SELECT finished_at, 'run', id, head FROM run UNION ALL SELECT at, 'decision', id, text FROM decision
UNION ALL SELECT at, 'verdict', id, id FROM verdict ORDER BY 1, 2, 3"""
_RECORDS = {
    "run": "SELECT l.number, l.id, r.head FROM leaf AS l LEFT JOIN run AS r ON r.id = l.id"
    " WHERE l.kind = 'run' AND r.head IS NOT l.digest ORDER BY l.number",
    "verdict": "SELECT l.number, l.id, v.id FROM leaf AS l LEFT JOIN verdict AS v ON v.id = l.id"
    " WHERE l.kind = 'verdict' AND v.id IS NOT l.digest ORDER BY l.number",
}
"""The leaves that do not fit their record: of a run the digest of its seal, of a verdict its id, which is a digest."""
_DECISIONS = """SELECT l.number, l.id, l.digest, d.text FROM leaf AS l LEFT JOIN decision AS d ON d.id = l.id
WHERE l.kind = 'decision' ORDER BY l.number"""
_KINDS = ("run", "decision", "verdict")
_WITHOUT = """SELECT id FROM {0} WHERE NOT EXISTS (SELECT 1 FROM leaf WHERE kind = '{0}' AND id = {0}.id) ORDER BY id"""
_COUNTS = """SELECT (SELECT count(*) FROM leaf), (SELECT coalesce(max(number), -1) + 1 FROM leaf),
(SELECT count(*) FROM run) + (SELECT count(*) FROM decision) + (SELECT count(*) FROM verdict)"""


def initialise_leaves(execute: Callable[..., Any]) -> None:
    """Give a store its name, and the records of an older one their leaves, by their time.

    Args:
        execute: runs one statement in the transaction that makes the tables.
    """
    execute("INSERT INTO identity VALUES (?)", (f"readiness-store/{token_hex(16)}",))
    for _, kind, id_, told in execute(_OLDER).fetchall():
        execute(KEEP_LEAF, (kind, id_, decision_digest(told) if kind == "decision" else told))


def load_tree(query: Query) -> StoreTree | None:
    """Return the tree; None for an older store, which gets one with its next write.

    Raises:
        IntegrityError: its name is gone, or is none.
        StorageError: it cannot be read.
    """
    if not query(_THERE):
        return None
    names = [name for (name,) in query("SELECT origin FROM identity")]
    if len(names) != 1 or not isinstance(names[0], str) or not ORIGIN.fullmatch(names[0]):
        raise IntegrityError("the name of the store was changed: restore it from a copy")
    return StoreTree(names[0], list(map(Leaf._make, query("SELECT kind, id, digest FROM leaf ORDER BY number"))))


def leaf_count_problems(query: Query) -> Iterator[Problem]:
    """Yield a problem where there are more or fewer leaves than records: what a gate can see at once."""
    for leaves, end, records in query(_COUNTS) if query(_THERE) else ():
        if (leaves, leaves) != (records, end):
            known = f"there {'is' if records == 1 else 'are'} {count(records, 'record')}"
            told = f"holds {count(leaves, 'leaf', 'leaves')}, up to number {end - 1}, and {known}"
            yield Problem("table leaf", f"{told}: 'readiness verify' says which do not fit")


def leaf_problems(query: Query) -> Iterator[Problem]:
    """Yield each leaf that does not fit its record, and each record that has no leaf."""
    if query(_THERE):
        for part in (_name, _numbers, _records, _decisions, _leafless):
            yield from part(query)


def _name(query: Query) -> Iterator[Problem]:
    names = query("SELECT origin FROM identity")
    if len(names) != 1 or not ORIGIN.fullmatch(names[0][0]):
        yield Problem("table identity", "the name of the store was changed, deleted or added to")


def _numbers(query: Query) -> Iterator[Problem]:
    gaps = (
        "SELECT number FROM leaf AS l WHERE number <> 0 AND NOT EXISTS (SELECT 1 FROM leaf WHERE number = l.number - 1)"
    )
    for (number,) in query(f"{gaps} ORDER BY number"):
        yield Problem(f"leaf {number - 1}", "was deleted, or its number was changed")
    for number, kind in query("SELECT number, kind FROM leaf WHERE kind NOT IN ('run', 'decision', 'verdict')"):
        yield Problem(f"leaf {number}", f"'{one_line(kind)}' is no kind of record")


def _records(query: Query) -> Iterator[Problem]:
    for kind, sql in _RECORDS.items():
        for number, id_, there in query(sql):
            yield _misfit(number, kind, id_, there)


def _decisions(query: Query) -> Iterator[Problem]:
    for number, id_, digest, text in query(_DECISIONS):
        if text is None or decision_digest(text) != digest:
            yield _misfit(number, "decision", id_, text)


def _leafless(query: Query) -> Iterator[Problem]:
    for kind in _KINDS:
        for (id_,) in query(_WITHOUT.format(kind)):
            yield Problem(f"{kind} {one_line(id_)}", "has no leaf in the tree: it was put in, or its leaf was deleted")


def _misfit(number: int, kind: str, id_: str, there: object) -> Problem:
    told = "it was deleted" if there is None else "it was changed, or its leaf was"
    what = "is not in the store" if there is None else "is not the one that its leaf names"
    return Problem(f"leaf {number}, {kind} {one_line(id_)}", f"{what}: {told}")


def unbound_runs(query: Query, run_ids: Iterable[str]) -> Iterator[Problem]:
    """Yield what keeps the tree from speaking for these runs: a line that does not lead up to the seal of its leaf."""
    for run_id in run_ids if query(_THERE) else ():
        try:
            lines = [
                Line.parse(text) for (text,) in query("SELECT text FROM line WHERE run_id = ? ORDER BY seq", (run_id,))
            ]
            yield from (Problem(problem_location(run_id), sentence) for sentence in broken_links(run_id, lines))
        except (IntegrityError, *UNREADABLE) as error:
            yield Problem(problem_location(run_id), f"is damaged: {one_line(str(error))}")
            continue
        heads = {head for (head,) in query("SELECT digest FROM leaf WHERE kind = 'run' AND id = ?", (run_id,))}
        if heads != {line.digest for line in lines[-1:]}:
            yield Problem(problem_location(run_id), "its seal is not the one that its leaf names")
