"""The documents of the SQLite adapter: decisions, verdicts and signed statements, each a text that is kept whole."""

from __future__ import annotations

import json
import sqlite3
from abc import abstractmethod
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from ...errors import IntegrityError, one_line
from ...facts.checkpoint import leaf_of
from ...facts.decision import Decision, IdentityLevel
from ...facts.ledger.line import canonical
from ...facts.requirements_snapshot import Snapshot
from ...facts.stored_verdict import StoredVerdict
from ..integrity.chain import unbroken_head
from ..integrity.index import EnvelopeRow, decision_row, envelope_row, verdict_row
from ..integrity.merkle_leaves import KEEP_LEAF
from ..integrity.validation import read_decision
from ..protocol import RegisterDecisions
from .queries import (
    DECIDED_HERE,
    DECISIONS,
    DECISIONS_ELSEWHERE,
    ENVELOPES,
    KEEP_DECIDED_HERE,
    KEEP_DECISION,
    KEEP_ENVELOPE,
    KEEP_VERDICT,
    RUNS_ELSEWHERE,
    TEXTS,
)

if TYPE_CHECKING:  # loaded where there is a signature: most sessions have none
    from ...facts.envelope import Envelope


def readable_envelopes(envelopes: Iterable[Envelope]) -> list[Envelope]:
    """Return what will be read back of signed statements.

    Raises:
        IntegrityError: one cannot be read again.
    """
    if not (given := list(envelopes)):
        return []
    from ...facts.envelope import parse_envelope

    return [parse_envelope(envelope.text) for envelope in given]


class DocumentStore:
    """What the store in a SQLite file does with documents."""

    _connection: sqlite3.Connection

    @abstractmethod
    def save(self, *given: Any, **named: Any) -> list[str]:
        """Take in records in one transaction; return the ids of what was new."""

    @abstractmethod
    def _rows(self, query: str, parameters: Sequence[Any] | dict[str, Any] = ()) -> list[Any]:
        """Return all rows of an answer."""

    def decide(
        self, decisions: Sequence[Decision], snapshots: Iterable[Snapshot] = (), envelopes: Iterable[Envelope] = ()
    ) -> list[str]:
        """Keep decisions in one transaction and return the ids of those that were new.

        Raises:
            IntegrityError: one cannot be read back as what it says, another decision has its id, or a snapshot's
                digest is not that of its text; nothing was written.
            StorageError: they could not be written; none of them was.
        """
        ids = {decision.id for decision in decisions}
        kept = self.save((), snapshots, decisions, made_here=ids, envelopes=envelopes)
        return [new for new in kept if new in ids]

    def _keep_decision(self, decision: Decision, *, here: bool) -> bool:
        """``here``: it is decided here and now, also where a bundle brought it before."""
        if here and not self._rows(f"{DECIDED_HERE} WHERE id = ?", (decision.id,)):
            self._connection.execute(KEEP_DECIDED_HERE, (decision.id,))
        for (text,) in self._rows("SELECT text FROM decision WHERE id = ?", (decision.id,)):
            if text == decision.text:
                return False
            raise IntegrityError(f"not kept: another decision with the id {decision.id} is in the store already")
        self._connection.execute(KEEP_DECISION, decision_row(decision))
        self._connection.execute(KEEP_LEAF, leaf_of(decision))
        return True

    def decisions(self, register: str | None = None) -> list[Decision]:
        """Return the decisions of a register (of all, where none is named), oldest first, as their texts say them.

        Raises:
            IntegrityError: one is not what was decided.
            StorageError: the file cannot be read.
        """
        return [decision for _, decision in self._decisions(register)]

    def _decisions(self, register: str | None) -> list[tuple[str, Decision]]:
        named = {"only": register, "said": canonical({"register": register})[1:-1]}
        found = [(id_, read_decision(id_, text, register)) for id_, text in self._later("decision", DECISIONS, named)]
        return sorted(found, key=lambda one: (one[1].at, one[0]))

    def other_registers(self, register: str) -> dict[str, tuple[int, int]]:
        """Return the other registers that the store holds, in their order: how many runs and decisions of each.

        Raises:
            StorageError: the file cannot be read.
        """
        runs = dict(self._rows(RUNS_ELSEWHERE, (register,)))
        decided = dict(self._later("decision", DECISIONS_ELSEWHERE, (register,)))
        return {name: (runs.get(name, 0), decided.get(name, 0)) for name in sorted({*runs, *decided})}

    def register_decisions(self, register: str) -> RegisterDecisions:
        """Return the decisions of a register; one that does not count is an error here.

        Of one that came in with a bundle it is only declared who decided, whatever it says of itself.

        Raises:
            IntegrityError: one is not what was decided.
            StorageError: the file cannot be read.
        """
        found, here = self._decisions(register), set[str]()
        if any(one.known_by is not IdentityLevel.DECLARED for _, one in found):
            here = {id_ for (id_,) in self._later("decided_here", DECIDED_HERE)}
        return RegisterDecisions(
            tuple(
                one if one.known_by is IdentityLevel.DECLARED or id_ in here else one.identified(IdentityLevel.DECLARED)
                for id_, one in found
            )
        )

    def save_verdict(self, text: str) -> str:
        """Keep a verdict and return its id; keeping twice is harmless.

        Raises:
            IntegrityError: it is not the canonical text of a document that says when it was ``generated_at``.
            StorageError: it could not be written.
        """
        self.save((), verdicts=[text])
        return StoredVerdict.parse(text).id

    def _keep_verdict(self, verdict: StoredVerdict) -> bool:
        if self._rows("SELECT 1 FROM verdict WHERE id = ?", (verdict.id,)):
            return False
        self._connection.execute(KEEP_VERDICT, verdict_row(verdict))
        self._connection.execute(KEEP_LEAF, leaf_of(verdict))
        return True

    def _keep_envelope(self, envelope: Envelope) -> bool:
        from ..integrity.signed_statements import subject_problem

        if self._rows("SELECT 1 FROM envelope WHERE id = ?", (envelope.id,)):
            return False
        if trouble := subject_problem(self._rows, envelope):
            raise IntegrityError(f"not kept: the signature of {one_line(envelope.subject)}: {trouble}")
        self._connection.execute(KEEP_ENVELOPE, envelope_row(envelope))
        return True

    def envelopes(self, subjects: Iterable[str]) -> list[Envelope]:
        """Return the signed statements about these runs and decisions, by subject.

        Raises:
            IntegrityError: one is not what was kept.
            StorageError: the file cannot be read.
        """
        from ..integrity.signed_statements import read_statement

        rows = self._later("envelope", ENVELOPES, (json.dumps(sorted(set(subjects))),))
        return [read_statement(EnvelopeRow(*row)) for row in rows]

    def seals(self, run_ids: Iterable[str]) -> dict[str, str]:
        """Return the digests of the seals of these runs, by id, where their lines lead unbroken to them.

        Raises:
            StorageError: the file cannot be read.
        """
        found = ((name, self._rows(TEXTS, (name,))) for name in dict.fromkeys(run_ids))
        return {name: head for name, texts in found if (head := unbroken_head(text for (text,) in texts))}

    def verdicts(self) -> list[str]:
        """Return the texts of the kept verdicts, oldest first.

        Raises:
            IntegrityError: one is not what was kept.
            StorageError: the file cannot be read.
        """
        rows = self._later("verdict", "SELECT id, text FROM verdict ORDER BY at, id")
        for id_, text in rows:
            if StoredVerdict.parse(text).id != id_:
                raise IntegrityError(f"the verdict {one_line(id_)} was changed in the store: restore it from a copy")
        return [text for _, text in rows]

    def _later(self, table: str, query: str, parameters: Sequence[Any] | dict[str, Any] = ()) -> list[Any]:
        """Return all rows of a table that an older store has not got before its next write."""
        there = self._rows("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?", (table,))
        return self._rows(query, parameters) if there else []
