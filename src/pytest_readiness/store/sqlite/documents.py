"""Decisions, verdicts and signed statements in the SQLite store, each stored as one text."""

from __future__ import annotations

import json
import sqlite3
from abc import abstractmethod
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from ...errors import IntegrityError, one_line
from ...facts.decision import Decision, IdentityLevel
from ...facts.leaf import leaf_of
from ...facts.ledger.line import canonical
from ...facts.requirements_snapshot import Snapshot
from ...facts.stored_verdict import StoredVerdict
from ..integrity.chain import unbroken_head
from ..integrity.index import EnvelopeRow, decision_row, envelope_row, verdict_row
from ..integrity.merkle_leaves import INSERT_LEAF
from ..integrity.validation import read_decision
from ..protocol import RegisterDecisions
from .queries import (
    DECIDED_HERE,
    DECISIONS,
    DECISIONS_ELSEWHERE,
    ENVELOPES,
    INSERT_DECIDED_HERE,
    INSERT_DECISION,
    INSERT_ENVELOPE,
    INSERT_VERDICT,
    RUNS_ELSEWHERE,
    TEXTS,
)

if TYPE_CHECKING:  # loaded only with a signature, which most sessions do not have
    from ...facts.envelope import Envelope


def check_envelopes(envelopes: Iterable[Envelope]) -> list[Envelope]:
    """Return the signed statements that their own texts contain.

    Raises:
        IntegrityError: a text cannot be read.
    """
    if not (statements := list(envelopes)):
        return []
    from ...facts.envelope import parse_envelope

    return [parse_envelope(envelope.text) for envelope in statements]


class DocumentStore:
    """The part of the SQLite store that stores and reads documents."""

    _connection: sqlite3.Connection

    @abstractmethod
    def save(self, *records: Any, **options: Any) -> list[str]:
        """Store records in one transaction, and return the ids of the new ones."""

    @abstractmethod
    def _rows(self, query: str, parameters: Sequence[Any] | dict[str, Any] = ()) -> list[Any]:
        """Return all rows of a query."""

    def decide(
        self, decisions: Sequence[Decision], snapshots: Iterable[Snapshot] = (), envelopes: Iterable[Envelope] = ()
    ) -> list[str]:
        """Store decisions in one transaction, and return the ids of the new ones.

        Raises:
            IntegrityError: a decision cannot be read back, another decision has its id, or a snapshot does not match
                its digest. Nothing was written.
            StorageError: the decisions cannot be written; none was stored.
        """
        ids = {decision.id for decision in decisions}
        saved = self.save((), snapshots, decisions, made_here=ids, envelopes=envelopes)
        return [id_ for id_ in saved if id_ in ids]

    def _save_decision(self, decision: Decision, *, here: bool) -> bool:
        """Store a decision, and return whether it is new. ``here``: it is made now, even if a bundle contained it."""
        if here and not self._rows(f"{DECIDED_HERE} WHERE id = ?", (decision.id,)):
            self._connection.execute(INSERT_DECIDED_HERE, (decision.id,))
        for (text,) in self._rows("SELECT text FROM decision WHERE id = ?", (decision.id,)):
            if text == decision.text:
                return False
            raise IntegrityError(f"not stored: another decision with the id {decision.id} is in the store already")
        self._connection.execute(INSERT_DECISION, decision_row(decision))
        self._connection.execute(INSERT_LEAF, leaf_of(decision))
        return True

    def decisions(self, register: str | None = None) -> list[Decision]:
        """Return the decisions of a register, oldest first, with the identity that their texts declare; None: of all.

        Raises:
            IntegrityError: a decision was changed.
            StorageError: the file cannot be read.
        """
        return [decision for _, decision in self._decisions(register)]

    def _decisions(self, register: str | None) -> list[tuple[str, Decision]]:
        parameters = {"only": register, "said": canonical({"register": register})[1:-1]}
        rows = self._rows_if_table("decision", DECISIONS, parameters)
        decisions = [(id_, read_decision(id_, text, register)) for id_, text in rows]
        return sorted(decisions, key=lambda row: (row[1].at, row[0]))

    def other_registers(self, register: str) -> dict[str, tuple[int, int]]:
        """Return the number of runs and decisions of each other register, by name.

        Raises:
            StorageError: the file cannot be read.
        """
        runs = dict(self._rows(RUNS_ELSEWHERE, (register,)))
        decisions = dict(self._rows_if_table("decision", DECISIONS_ELSEWHERE, (register,)))
        return {name: (runs.get(name, 0), decisions.get(name, 0)) for name in sorted({*runs, *decisions})}

    def register_decisions(self, register: str) -> RegisterDecisions:
        """Return the decisions of a register. In a store every decision counts.

        The identity of a decision from a bundle is only declared, whatever its text says.

        Raises:
            IntegrityError: a decision was changed.
            StorageError: the file cannot be read.
        """
        decisions, here = self._decisions(register), set[str]()
        if any(decision.known_by is not IdentityLevel.DECLARED for _, decision in decisions):
            here = {id_ for (id_,) in self._rows_if_table("decided_here", DECIDED_HERE)}

        def verified(id_: str, decision: Decision) -> Decision:
            if decision.known_by is IdentityLevel.DECLARED or id_ in here:
                return decision
            return decision.identified(IdentityLevel.DECLARED)

        return RegisterDecisions(tuple(verified(id_, decision) for id_, decision in decisions))

    def save_verdict(self, text: str) -> str:
        """Store a verdict, and return its id. A stored one is skipped.

        Raises:
            IntegrityError: the text is not canonical, or has no ``generated_at``.
            StorageError: the verdict cannot be written.
        """
        self.save((), verdicts=[text])
        return StoredVerdict.parse(text).id

    def _save_verdict(self, verdict: StoredVerdict) -> bool:
        if self._rows("SELECT 1 FROM verdict WHERE id = ?", (verdict.id,)):
            return False
        self._connection.execute(INSERT_VERDICT, verdict_row(verdict))
        self._connection.execute(INSERT_LEAF, leaf_of(verdict))
        return True

    def _save_envelope(self, envelope: Envelope) -> bool:
        from ..integrity.signed_statements import subject_problem

        if self._rows("SELECT 1 FROM envelope WHERE id = ?", (envelope.id,)):
            return False
        if problem := subject_problem(self._rows, envelope):
            raise IntegrityError(f"not stored: the signature of {one_line(envelope.subject)}: {problem}")
        self._connection.execute(INSERT_ENVELOPE, envelope_row(envelope))
        return True

    def envelopes(self, subjects: Iterable[str]) -> list[Envelope]:
        """Return the signed statements about these runs and decisions, by subject.

        Raises:
            IntegrityError: a statement was changed.
            StorageError: the file cannot be read.
        """
        from ..integrity.signed_statements import read_statement

        rows = self._rows_if_table("envelope", ENVELOPES, (json.dumps(sorted(set(subjects))),))
        return [read_statement(EnvelopeRow(*row)) for row in rows]

    def seals(self, run_ids: Iterable[str]) -> dict[str, str]:
        """Return the digests of the seals of these runs, by id. A run with a broken chain is left out.

        Raises:
            StorageError: the file cannot be read.
        """
        lines = ((run_id, self._rows(TEXTS, (run_id,))) for run_id in dict.fromkeys(run_ids))
        return {run_id: head for run_id, texts in lines if (head := unbroken_head(text for (text,) in texts))}

    def verdicts(self) -> list[str]:
        """Return the texts of the stored verdicts, oldest first.

        Raises:
            IntegrityError: a verdict was changed.
            StorageError: the file cannot be read.
        """
        verdicts = []
        for id_, text in self._rows_if_table("verdict", "SELECT id, text FROM verdict"):
            verdicts.append(verdict := StoredVerdict.parse(text))
            if verdict.id != id_:
                raise IntegrityError(f"the verdict {one_line(id_)} was changed in the store: restore it from a copy")
        # By the time in the text, which the id covers: the column may have been changed.
        return [verdict.text for verdict in sorted(verdicts, key=lambda verdict: (verdict.at, verdict.id))]

    def _rows_if_table(self, table: str, query: str, parameters: Sequence[Any] | dict[str, Any] = ()) -> list[Any]:
        """Return the rows of a query; none if the store is of an older version, without this table."""
        exists = self._rows("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?", (table,))
        return self._rows(query, parameters) if exists else []
