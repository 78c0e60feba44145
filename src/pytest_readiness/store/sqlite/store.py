"""SQLite store: the implementation of ``Store`` in one append-only file."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from ...errors import IntegrityError, Problem, one_line
from ...facts.decision import Decision
from ...facts.evidence import Artifact, Evidence
from ...facts.leaf import leaf_of
from ...facts.requirements_snapshot import Snapshot, snapshot_digest
from ...facts.run import Run
from ...facts.stored_verdict import StoredVerdict
from ...late_pattern import late_pattern
from ..integrity.chain import check_run, problem_location
from ..integrity.index import UNREADABLE, RunRow, SlotRow, index_rows, run_row, summary_of
from ..integrity.merkle_leaves import INSERT_LEAF
from ..integrity.validation import check_decision, check_snapshots
from ..protocol import FailureRecord, RunSummary
from .audit import audit_evidence
from .documents import DocumentStore, check_envelopes
from .queries import (
    FAILURES,
    HISTORY,
    INSERT_EVIDENCE,
    INSERT_LINE,
    INSERT_RUN,
    INSERT_SLOT,
    INSERT_SNAPSHOT,
    INTERRUPTED,
    LATEST,
    LINES,
    MISSING,
    NEWEST,
    OLDEST,
    RUNS,
    RUNS_BY_ID,
    SLOT_IDS,
    TEXTS,
    without_excluded_runs,
)
from .recorded_evidence import RecordedEvidenceStore
from .rows import ROWS_AT_ONCE, RowReader, evidence_by_position, read_evidence, sort_by_slot
from .run_conditions import RunConditionsStore
from .schema import fetch_rows, migrate, open_file, read_rows, storage_errors, write_transaction

if TYPE_CHECKING:  # loaded only with a signature or a checkpoint, which most sessions do not have
    from ...facts.checkpoint import StoreTree
    from ...facts.envelope import Envelope

_encode = msgspec.json.Encoder().encode
"""Takes a tenth of ``json.dumps`` for the keys of all slots of a run."""
_EVIDENCE_ID = late_pattern(r"(.+)\.(\d{1,15})\.(\d{1,15})", re.ASCII | re.DOTALL)


class SQLiteStore(RunConditionsStore, RecordedEvidenceStore, DocumentStore):
    """A store in one SQLite file, for use in the thread that opened it."""

    def __init__(self, connection: sqlite3.Connection, path: Path, url: str) -> None:
        """Take an open connection. Use ``SQLiteStore.open`` to open a store."""
        self._connection = connection
        self._path = path
        self._url = url
        self._reader = RowReader()
        """The cache of evidence that was read for answers."""
        self._excluded_runs: frozenset[str] = frozenset()
        """Ids of the runs that are excluded from answers."""
        self._unchecked_runs: frozenset[str] = frozenset()
        """Ids of those that are excluded from checks too."""

    @classmethod
    def open(cls, path: Path, url: str, *, create: bool) -> SQLiteStore | None:
        """Return the open store in a file. Without ``create``, None means that there is no store yet.

        Raises:
            StorageError: the file is not a store, has a newer version, or cannot be read.
        """
        connection = open_file(path, create=create)
        return None if connection is None else cls(connection, path, url)

    @property
    def url(self) -> str:
        """The address of the store, without credentials."""
        return self._url

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def save(
        self,
        runs: Sequence[Run],
        snapshots: Iterable[Snapshot] = (),
        decisions: Iterable[Decision] = (),
        verdicts: Iterable[str] = (),
        made_here: Collection[str] = (),
        envelopes: Iterable[Envelope] = (),
    ) -> list[str]:
        """Store sealed runs and other records in one transaction, see ``Store``. Return the ids of the new ones.

        Raises:
            IntegrityError: a record is not intact, or a statement is about another one. Nothing was written.
            StorageError: the records cannot be written; none was stored.
        """
        for problem in (problem for run in runs if run.id not in made_here for problem in check_run(run)):
            raise IntegrityError(f"not stored: {problem}")
        requirements = check_snapshots(snapshots)
        checked_decisions = [check_decision(decision) for decision in decisions]
        documents = [StoredVerdict.parse(text) for text in verdicts]
        statements = check_envelopes(envelopes)
        with self._writing():
            for snapshot in requirements:
                self._save_snapshot(snapshot)
            new = [run.id for run in runs if self._save_run(run)]
            new += [made.id for made in checked_decisions if self._save_decision(made, here=made.id in made_here)]
            new += [verdict.id for verdict in documents if self._save_verdict(verdict)]
            return new + [envelope.id for envelope in statements if self._save_envelope(envelope)]

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """Run the block as one transaction. An older store is migrated first."""
        with storage_errors(self._path):
            # Another program may have switched the file to WAL, which can lose data with older SQLite versions.
            self._connection.execute("PRAGMA journal_mode = DELETE")
            migrate(self._connection, self._path)
            with write_transaction(self._connection):
                yield

    def _save_snapshot(self, snapshot: Snapshot) -> None:
        if not self._rows("SELECT 1 FROM snapshot WHERE digest = ?", (snapshot.digest,)):
            self._connection.execute(INSERT_SNAPSHOT, (snapshot.digest, snapshot.text))

    def _save_run(self, run: Run) -> bool:
        """Store a checked run, and return whether it is new. Its own row is written last: it refuses more lines."""
        assert run.seal is not None  # noqa: S101 - for the type checker; check_run verified it
        for (head,) in self._rows("SELECT head FROM run WHERE id = ?", (run.id,)):
            if head == run.seal.digest:
                return False
            raise IntegrityError(f"not stored: another run with the id {run.id} is in the store already")
        count = 0
        for lines, rows in index_rows(run):
            slots = self._slot_ids({slot.key: slot for _, slot in rows})
            self._connection.executemany(INSERT_LINE, lines)
            self._connection.executemany(INSERT_EVIDENCE, [(*evidence, slots[slot.key]) for evidence, slot in rows])
            count += len(rows)
        self._connection.execute(INSERT_RUN, run_row(run, len(run.lines), count))
        self._connection.execute(INSERT_LEAF, leaf_of(run))
        return True

    def _slot_ids(self, slots: Mapping[str, SlotRow]) -> dict[str, int]:
        """Return the ids of slots by their keys. New slots are stored; the caller must have the write lock."""
        keys = list(slots)
        ids = {keys[position]: number for position, number in self._rows(SLOT_IDS, (_encode(keys).decode(),))}
        ((last,),) = self._rows("SELECT coalesce(max(id), 0) FROM slot")
        new = dict(enumerate((key for key in slots if key not in ids), last + 1))
        self._connection.executemany(INSERT_SLOT, ((number, *slots[key]) for number, key in new.items()))
        return ids | {key: number for number, key in new.items()}

    def newest(
        self, register: str, use_cases: Collection[str] | None = None, until: str | None = None
    ) -> list[Evidence]:
        """Return the newest execution of each slot, see ``Store``.

        Raises:
            IntegrityError: a line does not contain the evidence that its index names.
            StorageError: the file cannot be read.
        """
        names = None if use_cases is None else json.dumps(sorted(use_cases))
        parameters = {"register": register, "use_cases": names, "until": until or LATEST}
        return self._read_evidence(NEWEST, parameters, register)

    def oldest(self, register: str, tests: Iterable[tuple[str, str, str]]) -> list[Evidence]:
        """Return the oldest execution of every slot of these tests that names a place, see ``Store``.

        Raises:
            IntegrityError: a line does not contain the evidence that its index names.
            StorageError: the file cannot be read.
        """
        wanted = set(tests)
        items = sorted({(use_case, item) for use_case, item, _ in wanted})
        names = sorted({test for _, _, test in wanted})
        parameters = {"register": register, "items": json.dumps(items), "tests": json.dumps(names)}
        return self._read_evidence(OLDEST, parameters, register)

    def history(self, register: str, use_case: str, item: str | None = None) -> Iterator[Evidence]:
        """Yield every piece of evidence of a use case (or of one of its items), newest start first.

        Raises:
            IntegrityError: a line does not contain the evidence that its index names.
            StorageError: the file cannot be read.
        """
        # All keys are read at once, because an open statement would block writers. The evidence is not cached.
        parameters = {"register": register, "use_case": use_case, "item": item, "aside": self._excluded_json}
        keys = self._rows(self._without_excluded(HISTORY), parameters)
        yield from read_evidence(keys, register, self.lines)

    def _read_evidence(self, query: str, parameters: dict[str, Any], register: str) -> list[Evidence]:
        """Return the evidence of a query by slot. The reader remembers what it verified until the store changes."""
        self._reader.refresh(self._state())
        parameters = {**parameters, "aside": self._excluded_json}
        take = partial(self._reader.read_with_slots, register=register)
        query = self._without_excluded(query)
        with storage_errors(self._path):
            return sort_by_slot(read_rows(self._connection, query, parameters, take, ROWS_AT_ONCE))

    def _state(self) -> tuple[int, int]:
        """Return a value that changes when this or another connection writes to the store."""
        ((version,),) = self._rows("PRAGMA data_version")
        return version, self._connection.total_changes

    def lines(self, run_id: str, seqs: Iterable[int]) -> list[tuple[int, str]]:
        """Return the numbers and texts of these lines of a run, in order. They are not checked."""
        return self._rows(LINES, (run_id, json.dumps(list(seqs))))

    def _line(self, run_id: str, seq: int, register: str) -> dict[int, Evidence]:
        return {
            number: piece
            for (_, number), piece in evidence_by_position(run_id, self.lines(run_id, (seq,)), register).items()
        }

    def failures(self, register: str, since: Mapping[str, str]) -> list[FailureRecord]:
        """Return every FAILED or ERROR after the moment of its use case, see ``Store``.

        Raises:
            StorageError: the file cannot be read.
        """
        parameters = {"register": register, "since": json.dumps(dict(since)), "aside": self._excluded_json}
        return [FailureRecord(*row) for row in self._rows(self._without_excluded(FAILURES), parameters)]

    def interruptions(self, register: str, since: Mapping[str, str], until: str | None = None) -> list[Evidence]:
        """Return each INTERRUPTED whose next completed execution did not pass, see ``Store``.

        Raises:
            IntegrityError: a line does not contain the evidence that its index names.
            StorageError: the file cannot be read.
        """
        parameters = {"register": register, "since": json.dumps(dict(since)), "until": until or LATEST}
        return self._read_evidence(INTERRUPTED, parameters, register)

    def evidence_by_ids(self, register: str, evidence_ids: Iterable[str]) -> list[Evidence]:
        """Return the evidence with these ids, in their order.

        Raises:
            IntegrityError: an id is not in the store, or a line does not contain the evidence that its index names.
            StorageError: the file cannot be read.
        """
        matches = [(id_, _EVIDENCE_ID.fullmatch(id_)) for id_ in evidence_ids]
        if invalid := [id_ for id_, match in matches if match is None]:
            raise IntegrityError(f"'{one_line(invalid[0])}' is not an id of evidence")
        keys = [(match[1], int(match[2]), int(match[3])) for _, match in matches if match is not None]
        return list(read_evidence(keys, register, self.lines))

    def exclude_runs(self, run_ids: Iterable[str], doubted: Iterable[str] = ()) -> None:
        """Exclude runs from answers; the runs of ``run_ids`` from checks too. See ``Store``."""
        self._unchecked_runs = frozenset(run_ids)
        self._excluded_runs = self._unchecked_runs.union(doubted)

    @property
    def _excluded_json(self) -> str:
        return json.dumps(sorted(self._excluded_runs))

    def _without_excluded(self, query: str) -> str:
        """Return a query of evidence that leaves out the excluded runs, if there are any."""
        return without_excluded_runs(query) if self._excluded_runs else query

    def missing(self, evidence_ids: Iterable[str]) -> set[str]:
        """Return the ids among these that are not in the store.

        Raises:
            StorageError: the file cannot be read.
        """
        ids = sorted(set(evidence_ids))
        matches = map(_EVIDENCE_ID.fullmatch, ids)
        keys = [(match[1], int(match[2]), int(match[3])) if match else () for match in matches]
        return {ids[position] for (position,) in self._rows(MISSING, (json.dumps(keys),))}

    def evidence(self, evidence_id: str) -> Evidence | None:
        """Return one piece of evidence, or None if there is none with this id.

        Raises:
            IntegrityError: its line is damaged.
            StorageError: the file cannot be read.
        """
        if (match := _EVIDENCE_ID.fullmatch(evidence_id)) is None:
            return None
        run_id, seq, number = match[1], int(match[2]), int(match[3])
        for (register,) in self._rows("SELECT register FROM run WHERE id = ?", (run_id,)):
            return self._line(run_id, seq, register).get(number)
        return None

    def use_cases(self, register: str) -> list[str]:
        """Return the ids of the use cases that have evidence, sorted."""
        query = "SELECT DISTINCT use_case FROM slot WHERE register = ? ORDER BY 1"
        return [name for (name,) in self._rows(query, (register,))]

    def runs(self, register: str | None = None) -> list[RunSummary]:
        """Return the stored runs, newest start first.

        Raises:
            StorageError: the file cannot be read.
        """
        return [summary_of(RunRow(*row)) for row in self._rows(RUNS, {"only": register})]

    def summaries(self, run_ids: Iterable[str]) -> dict[str, RunSummary]:
        """Return the index entries of these runs, by id.

        Raises:
            StorageError: the file cannot be read.
        """
        rows = self._rows(RUNS_BY_ID, (json.dumps(sorted(set(run_ids))),))
        return {row[0]: summary_of(RunRow(*row)) for row in rows}

    def run(self, run_id: str) -> Run | None:
        """Return one run with its lines, or None.

        Raises:
            IntegrityError: a line is damaged or the first is missing.
            StorageError: the file cannot be read.
        """
        if not self._rows("SELECT 1 FROM run WHERE id = ?", (run_id,)):
            return None
        texts = [text for (text,) in self._rows(TEXTS, (run_id,))]
        try:
            return Run.parse(texts)
        except (IntegrityError, *UNREADABLE) as error:
            raise IntegrityError(f"{problem_location(run_id)} is damaged: {one_line(str(error))}") from None

    def snapshot(self, digest: str) -> Snapshot | None:
        """Return the requirements with this digest, or None.

        Raises:
            IntegrityError: the text does not match the digest.
            StorageError: the file cannot be read.
        """
        for (text,) in self._rows("SELECT text FROM snapshot WHERE digest = ?", (digest,)):
            if not isinstance(text, str) or snapshot_digest(text) != digest:
                raise IntegrityError(f"the requirements {digest} were changed in the store: restore it from a copy")
            return Snapshot(text, digest)
        return None

    def check(self, evidence: Iterable[Evidence]) -> Iterator[Problem]:
        """Yield the problems of the runs and lines that contain this evidence, see ``Store``. Raises nothing."""
        unverified = {piece.id: piece for piece in self._reader.unverified}
        pieces = [piece for piece in evidence if piece.id not in unverified] + [*unverified.values()]
        included = [piece for piece in pieces if piece.run_id not in self._excluded_runs]
        yield from audit_evidence(
            self._rows, included, lambda: self._reader.refresh(self._state()), self._unchecked_runs
        )

    def spot_check(self, number: int, seen: Callable[[str, Artifact], object] | None = None) -> Iterator[Problem]:
        """Yield the problems of a sample of the evidence, and of all documents, see ``Store``. Raises nothing."""
        from .store_audit import audit_sample  # late, as below

        yield from audit_sample(self._rows, number, seen)

    def verify(self, seen: Callable[[str, Artifact], object] | None = None) -> Iterator[Problem]:
        """Yield each problem in the file, see ``Store``. Raises nothing."""
        from .store_audit import audit_store  # late: an answer needs no audit of the whole store

        yield from audit_store(self._rows, seen)

    def tree(self) -> StoreTree | None:
        """Return the Merkle tree over all records, see ``Store``.

        Raises:
            IntegrityError: the name of the store is missing or changed.
            StorageError: the file cannot be read.
        """
        from ..integrity.tree_audit import load_tree  # late: only for a checkpoint

        return load_tree(self._rows)

    def check_tree(self, run_ids: Iterable[str]) -> Iterator[Problem]:
        """Yield the problems of the tree's leaves, and of the chains of these runs. Raises nothing."""
        from .store_audit import audit_tree  # late: only for a checkpoint

        yield from audit_tree(self._rows, run_ids)

    def _rows(self, query: str, parameters: Sequence[Any] | dict[str, Any] = ()) -> list[Any]:
        """Return all rows at once, so that no lock remains.

        Raises:
            StorageError: SQLite raised an error.
        """
        with storage_errors(self._path):
            return fetch_rows(self._connection, query, parameters)
