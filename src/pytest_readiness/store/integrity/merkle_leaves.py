"""Merkle leaves of a store: one for each run, decision and verdict, in the order of storing.

A leaf is written in the transaction of its record, so that a checkpoint of the tree covers every record.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Any

from ...errors import Problem, count
from ...facts.leaf import decision_digest

Query = Callable[..., list[Any]]
"""Takes SQL and its parameters, and returns all rows. Raises StorageError if it cannot."""

INSERT_LEAF = "INSERT INTO leaf SELECT coalesce(max(number), -1) + 1, ?, ?, ? FROM leaf"

HAS_TREE = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'leaf'"
_OLDER = """SELECT finished_at, 'run', id, head FROM run UNION ALL SELECT at, 'decision', id, text FROM decision
UNION ALL SELECT at, 'verdict', id, id FROM verdict ORDER BY 1, 2, 3"""
_COUNTS = """SELECT (SELECT count(*) FROM leaf), (SELECT coalesce(max(number), -1) + 1 FROM leaf),
(SELECT count(*) FROM run) + (SELECT count(*) FROM decision) + (SELECT count(*) FROM verdict)"""


def initialise_leaves(execute: Callable[..., Any]) -> None:
    """Create the store's name, and add leaves for records that are older than the tree, oldest first.

    Args:
        execute: runs one statement in the transaction that creates the tables.
    """
    execute("INSERT INTO identity VALUES (?)", (f"readiness-store/{os.urandom(16).hex()}",))
    for _, kind, id_, text in execute(_OLDER).fetchall():
        execute(INSERT_LEAF, (kind, id_, decision_digest(text) if kind == "decision" else text))


def leaf_count_problems(query: Query) -> Iterator[Problem]:
    """Yield a problem if the number of leaves is not the number of records. This is fast enough for a gate."""
    for leaves, end, records in query(_COUNTS) if query(HAS_TREE) else ():
        if (leaves, leaves) != (records, end):
            numbers = f"{count(leaves, 'leaf', 'leaves')} up to number {end - 1}, but {count(records, 'record')}"
            yield Problem("table leaf", f"there are {numbers}: run 'readiness verify' to find the differences")
