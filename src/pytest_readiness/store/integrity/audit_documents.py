"""The audit of documents: requirements, decisions, verdicts and signed statements are what they were kept as."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, TypeVar

from ...errors import IntegrityError, Problem, one_line
from ...facts.requirements_snapshot import snapshot_digest
from ...facts.stored_verdict import StoredVerdict
from .index import (
    UNREADABLE,
    DecisionRow,
    EnvelopeRow,
    EvidenceRow,
    RunRow,
    SlotRow,
    VerdictRow,
    decision_row,
    envelope_row,
    verdict_row,
)
from .validation import read_decision

Query = Callable[..., list[Any]]
"""Takes SQL and its parameters, returns all rows; raises StorageError where it cannot."""

_Row = TypeVar("_Row", RunRow, EvidenceRow, SlotRow, DecisionRow, VerdictRow, EnvelopeRow)


def column_differences(derived: _Row, stored: _Row, place: Callable[[str], str]) -> Iterator[Problem]:
    """Yield each column of a row that is not what is derived for it."""
    for column, was, is_now in zip(derived._fields, derived, stored, strict=True):
        if was != is_now:
            told = f"the index says {one_line(repr(is_now), 80)}, the lines say {one_line(repr(was), 80)}"
            yield Problem(place(column), told)


def audit_snapshots(query: Query) -> Iterator[Problem]:
    """Yield the requirements that are not what was kept, and those that are missing."""
    for digest, text in query("SELECT digest, text FROM snapshot ORDER BY digest"):
        if snapshot_digest(text) != digest:
            yield Problem(f"requirements {one_line(digest)}", "column text: is not what was kept under this digest")
    missing = """SELECT requirements, count(*) FROM run
    WHERE requirements <> '' AND requirements NOT IN (SELECT digest FROM snapshot) GROUP BY requirements"""
    for digest, count in query(missing):
        yield Problem(
            f"requirements {one_line(digest)}", f"are not in the store, and {count} run(s) were made under them"
        )


def audit_decisions(query: Query) -> Iterator[Problem]:
    """Yield what does not fit in the decisions."""
    if not _there(query, "decision"):
        return
    if _there(query, "decided_here"):
        for (id_,) in query("SELECT id FROM decided_here EXCEPT SELECT id FROM decision ORDER BY id"):
            yield Problem(f"decision {one_line(id_)}", "it was decided here, and is not in the store: it was deleted")
    for stored in query(f"SELECT {', '.join(DecisionRow._fields)} FROM decision ORDER BY at, id"):  # noqa: S608
        here = f"decision {one_line(stored[0])}"
        try:
            decision = read_decision(stored[0], stored[-1], None)
        except (IntegrityError, *UNREADABLE) as error:
            yield Problem(here, one_line(str(error)))
            continue
        yield from column_differences(
            decision_row(decision), DecisionRow(*stored), partial("{}, column {}".format, here)
        )
        needs = decision.requirements_digest
        if needs and not query("SELECT 1 FROM snapshot WHERE digest = ?", (needs,)):
            yield Problem(here, f"the requirements {one_line(needs)} it was made under are not in the store")


def audit_verdicts(query: Query) -> Iterator[Problem]:
    """Yield what does not fit in the kept verdicts."""
    if not _there(query, "verdict"):
        return
    for stored in query(f"SELECT {', '.join(VerdictRow._fields)} FROM verdict ORDER BY at, id"):  # noqa: S608
        here = f"verdict {one_line(stored[0])}"
        try:
            derived = verdict_row(StoredVerdict.parse(stored[-1]))
        except (IntegrityError, *UNREADABLE) as error:
            yield Problem(here, one_line(str(error)))
            continue
        yield from column_differences(derived, VerdictRow(*stored), partial("{}, column {}".format, here))


def audit_statements(query: Query) -> Iterator[Problem]:
    """Yield what does not fit in the signed statements, or in what they are about."""
    if not _there(query, "envelope"):
        return
    for stored in query(f"SELECT {', '.join(EnvelopeRow._fields)} FROM envelope ORDER BY subject, id"):  # noqa: S608
        yield from _envelope(query, EnvelopeRow(*stored))


def _envelope(query: Query, stored: EnvelopeRow) -> Iterator[Problem]:
    # Here: whoever only keeps a run needs none of it.
    from ...facts.envelope import parse_envelope
    from .signed_statements import subject_problem

    here = f"signature {one_line(stored.id)}"
    try:
        envelope = parse_envelope(stored.text)
    except (IntegrityError, *UNREADABLE) as error:
        yield Problem(here, one_line(str(error)))
        return
    yield from column_differences(envelope_row(envelope), stored, partial("{}, column {}".format, here))
    if trouble := subject_problem(query, envelope):
        yield Problem(f"{envelope.subject_kind} {one_line(envelope.subject)}", trouble)


def _there(query: Query, table: str) -> bool:
    """An older store has not got every table before its next write; whether it should have, ``_schema`` tells."""
    return bool(query("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?", (table,)))
