"""Audit of a store's Merkle tree: each record has its leaf, and each leaf its record."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ...errors import IntegrityError, Problem, one_line
from ...facts.checkpoint import ORIGIN, StoreTree
from ...facts.leaf import Leaf, decision_digest
from ...facts.ledger.line import Line, broken_links
from .chain import problem_location
from .index import UNREADABLE
from .merkle_leaves import HAS_TREE, Query

_RECORDS = {
    "run": "SELECT l.number, l.id, r.head FROM leaf AS l LEFT JOIN run AS r ON r.id = l.id"
    " WHERE l.kind = 'run' AND r.head IS NOT l.digest ORDER BY l.number",
    "verdict": "SELECT l.number, l.id, v.id FROM leaf AS l LEFT JOIN verdict AS v ON v.id = l.id"
    " WHERE l.kind = 'verdict' AND v.id IS NOT l.digest ORDER BY l.number",
}
"""Queries for the leaves that do not match their record: the seal of a run, or the id of a verdict."""
_DECISIONS = """SELECT l.number, l.id, l.digest, d.text FROM leaf AS l LEFT JOIN decision AS d ON d.id = l.id
WHERE l.kind = 'decision' ORDER BY l.number"""
_KINDS = ("run", "decision", "verdict")
_WITHOUT_LEAF = (
    """SELECT id FROM {0} WHERE NOT EXISTS (SELECT 1 FROM leaf WHERE kind = '{0}' AND id = {0}.id) ORDER BY id"""
)


def load_tree(query: Query) -> StoreTree | None:
    """Return the tree. None: a store of an older version, which gets its tree with the next write.

    Raises:
        IntegrityError: the name of the store is missing or changed.
        StorageError: the tree cannot be read.
    """
    if not query(HAS_TREE):
        return None
    names = [name for (name,) in query("SELECT origin FROM identity")]
    if len(names) != 1 or not isinstance(names[0], str) or not ORIGIN.fullmatch(names[0]):
        raise IntegrityError("the name of the store was changed: restore it from a copy")
    return StoreTree(names[0], list(map(Leaf._make, query("SELECT kind, id, digest FROM leaf ORDER BY number"))))


def leaf_problems(query: Query) -> Iterator[Problem]:
    """Yield each leaf that does not match its record, and each record without a leaf."""
    if query(HAS_TREE):
        for check in (_check_name, _check_numbers, _check_records, _check_decisions, _find_records_without_leaf):
            yield from check(query)


def _check_name(query: Query) -> Iterator[Problem]:
    names = query("SELECT origin FROM identity")
    if len(names) != 1 or not ORIGIN.fullmatch(names[0][0]):
        yield Problem("table identity", "the name of the store was changed, deleted or added to")


def _check_numbers(query: Query) -> Iterator[Problem]:
    gaps = (
        "SELECT number FROM leaf AS l WHERE number <> 0 AND NOT EXISTS (SELECT 1 FROM leaf WHERE number = l.number - 1)"
    )
    for (number,) in query(f"{gaps} ORDER BY number"):
        yield Problem(f"leaf {number - 1}", "was deleted, or its number was changed")
    for number, kind in query("SELECT number, kind FROM leaf WHERE kind NOT IN ('run', 'decision', 'verdict')"):
        yield Problem(f"leaf {number}", f"'{one_line(kind)}' is not a kind of record")


def _check_records(query: Query) -> Iterator[Problem]:
    for kind, sql in _RECORDS.items():
        for number, id_, stored in query(sql):
            yield _leaf_problem(number, kind, id_, stored)


def _check_decisions(query: Query) -> Iterator[Problem]:
    for number, id_, digest, text in query(_DECISIONS):
        if text is None or decision_digest(text) != digest:
            yield _leaf_problem(number, "decision", id_, text)


def _find_records_without_leaf(query: Query) -> Iterator[Problem]:
    for kind in _KINDS:
        for (id_,) in query(_WITHOUT_LEAF.format(kind)):
            yield Problem(
                f"{kind} {one_line(id_)}", "has no leaf in the tree: it was inserted, or its leaf was deleted"
            )


def _leaf_problem(number: int, kind: str, id_: str, stored: object) -> Problem:
    text = "does not match its leaf: one of them was changed"
    if stored is None:
        text = "is not in the store: it was deleted"
    return Problem(f"leaf {number}, {kind} {one_line(id_)}", text)


def run_leaf_problems(query: Query, run_ids: Iterable[str]) -> Iterator[Problem]:
    """Yield the problems of these runs' chains: broken links, and seals that their leaves do not name."""
    for run_id in run_ids if query(HAS_TREE) else ():
        try:
            lines = [
                Line.parse(text) for (text,) in query("SELECT text FROM line WHERE run_id = ? ORDER BY seq", (run_id,))
            ]
            yield from (Problem(problem_location(run_id), problem) for problem in broken_links(run_id, lines))
        except (IntegrityError, *UNREADABLE) as error:
            yield Problem(problem_location(run_id), f"is damaged: {one_line(str(error))}")
            continue
        heads = {head for (head,) in query("SELECT digest FROM leaf WHERE kind = 'run' AND id = ?", (run_id,))}
        if heads != {line.digest for line in lines[-1:]}:
            yield Problem(problem_location(run_id), "its seal does not match its leaf")
