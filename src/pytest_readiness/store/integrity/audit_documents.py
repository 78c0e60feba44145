"""Audit of documents: requirements, decisions, verdicts and signed statements are unchanged."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from ...errors import IntegrityError, Problem, one_line
from ...facts.requirements_snapshot import snapshot_digest
from ...facts.stored_verdict import StoredVerdict
from .index import (
    UNREADABLE,
    DecisionRow,
    EnvelopeRow,
    VerdictRow,
    column_differences,
    decision_row,
    envelope_row,
    verdict_row,
)
from .validation import read_decision

Query = Callable[..., list[Any]]
"""Takes SQL and its parameters, and returns all rows. Raises StorageError if it cannot."""


def audit_snapshots(query: Query) -> Iterator[Problem]:
    """Yield the problems of the requirements: changed ones, and missing ones."""
    for digest, text in query("SELECT digest, text FROM snapshot ORDER BY digest"):
        if snapshot_digest(text) != digest:
            yield Problem(f"requirements {one_line(digest)}", "column text: it does not match the digest")
    missing = """SELECT requirements, count(*) FROM run
    WHERE requirements <> '' AND requirements NOT IN (SELECT digest FROM snapshot) GROUP BY requirements"""
    for digest, count in query(missing):
        yield Problem(f"requirements {one_line(digest)}", f"are not in the store, and {count} run(s) name them")


def audit_decisions(query: Query) -> Iterator[Problem]:
    """Yield the problems of the decisions."""
    if not _has_table(query, "decision"):
        return
    if _has_table(query, "decided_here"):
        for (id_,) in query("SELECT id FROM decided_here EXCEPT SELECT id FROM decision ORDER BY id"):
            yield Problem(f"decision {one_line(id_)}", "it was made in this store, and was deleted")
    for stored in query(f"SELECT {', '.join(DecisionRow._fields)} FROM decision ORDER BY at, id"):  # noqa: S608
        where = f"decision {one_line(stored[0])}"
        try:
            decision = read_decision(stored[0], stored[-1], None)
        except (IntegrityError, *UNREADABLE) as error:
            yield Problem(where, one_line(str(error)))
            continue
        yield from column_differences(
            decision_row(decision), DecisionRow(*stored), partial("{}, column {}".format, where)
        )
        requirements = decision.requirements_digest
        if requirements and not query("SELECT 1 FROM snapshot WHERE digest = ?", (requirements,)):
            yield Problem(where, f"its requirements {one_line(requirements)} are not in the store")


def audit_verdicts(query: Query) -> Iterator[Problem]:
    """Yield the problems of the stored verdicts."""
    if not _has_table(query, "verdict"):
        return
    for stored in query(f"SELECT {', '.join(VerdictRow._fields)} FROM verdict ORDER BY at, id"):  # noqa: S608
        where = f"verdict {one_line(stored[0])}"
        try:
            derived = verdict_row(StoredVerdict.parse(stored[-1]))
        except (IntegrityError, *UNREADABLE) as error:
            yield Problem(where, one_line(str(error)))
            continue
        yield from column_differences(derived, VerdictRow(*stored), partial("{}, column {}".format, where))


def audit_statements(query: Query) -> Iterator[Problem]:
    """Yield the problems of the signed statements and of their subjects."""
    if not _has_table(query, "envelope"):
        return
    for stored in query(f"SELECT {', '.join(EnvelopeRow._fields)} FROM envelope ORDER BY subject, id"):  # noqa: S608
        yield from _statement_problems(query, EnvelopeRow(*stored))


def _statement_problems(query: Query, stored: EnvelopeRow) -> Iterator[Problem]:
    # Imported here, because storing a run does not need it.
    from ...facts.envelope import parse_envelope
    from .signed_statements import subject_problem

    where = f"signature {one_line(stored.id)}"
    try:
        envelope = parse_envelope(stored.text)
    except (IntegrityError, *UNREADABLE) as error:
        yield Problem(where, one_line(str(error)))
        return
    yield from column_differences(envelope_row(envelope), stored, partial("{}, column {}".format, where))
    if problem := subject_problem(query, envelope):
        yield Problem(f"{envelope.subject_kind} {one_line(envelope.subject)}", problem)


def _has_table(query: Query, table: str) -> bool:
    """Return whether the store has a table. A store of an older version gets new tables with its next write."""
    return bool(query("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?", (table,)))
