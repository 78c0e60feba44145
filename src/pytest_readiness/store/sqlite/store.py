"""The SQLite adapter: one file, rollback journal, append-only."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...errors import IntegrityError, Problem, one_line
from ...facts.checkpoint import StoreTree, leaf_of
from ...facts.decision import Decision
from ...facts.evidence import Artifact, Evidence
from ...facts.requirements_snapshot import Snapshot, snapshot_digest
from ...facts.run import Run
from ...facts.stored_verdict import StoredVerdict
from ..integrity.chain import check_run, problem_location
from ..integrity.index import UNREADABLE, RunRow, SlotRow, index_rows, run_row, summary_of
from ..integrity.merkle_leaves import KEEP_LEAF, load_tree
from ..integrity.validation import check_decision, check_snapshots
from ..protocol import FailureRecord, RunSummary
from . import audit
from .documents import DocumentStore, readable_envelopes
from .queries import (
    FAILURES,
    HISTORY,
    INTERRUPTED,
    KEEP_EVIDENCE,
    KEEP_LINE,
    KEEP_RUN,
    KEEP_SLOT,
    KEEP_SNAPSHOT,
    LATEST,
    LINES,
    MISSING,
    NEWEST,
    OLDEST,
    RUNS,
    RUNS_BY_ID,
    SLOT_IDS,
    TEXTS,
    without_retired,
)
from .rows import SOME, RowReader, held_by, in_order, pieces_with
from .run_conditions import RunConditionsStore
from .schema import fetch_rows, migrate, open_file, read_rows, storage_errors, write_transaction

if TYPE_CHECKING:  # loaded where there is a signature: most sessions have none
    from ...facts.envelope import Envelope

_ID = re.compile(r"(.+)\.(\d{1,15})\.(\d{1,15})", re.ASCII | re.DOTALL)


class SQLiteStore(RunConditionsStore, DocumentStore):
    """A store in one SQLite file. Does what the port says; for the thread that opened it."""

    def __init__(self, connection: sqlite3.Connection, path: Path, url: str) -> None:
        """Take over an open connection; ``SQLiteStore.open`` is how to get one."""
        self._connection = connection
        self._path = path
        self._url = url
        self._reader = RowReader()
        """What was read for the answers, until the store is closed."""
        self._aside: frozenset[str] = frozenset()
        """Runs that no answer rests on."""
        self._excused: frozenset[str] = frozenset()
        """Those of them that are not looked at, however broken they are."""

    @classmethod
    def open(cls, path: Path, url: str, *, create: bool) -> SQLiteStore | None:
        """Return the open store in this file; without ``create`` None where no store is yet.

        Raises:
            StorageError: the file is no store of ours, is of a newer version, or cannot be read.
        """
        connection = open_file(path, create=create)
        return None if connection is None else cls(connection, path, url)

    @property
    def url(self) -> str:
        """Its address, without credentials."""
        return self._url

    def close(self) -> None:
        """Let go of the file."""
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
        """Take in sealed runs, and what belongs to them, in one transaction; return the ids of what was new.

        ``made_here``: ids of runs whose lines this process made, which are not checked again, and of decisions.

        Raises:
            IntegrityError: a run is not sealed, its chain is broken, another run or decision has its id, a snapshot's
                digest is not that of its text, a decision, verdict or statement cannot be read back, or a statement
                is about something that is not kept, or has another digest; nothing was written.
            StorageError: it could not be written; nothing of it was.
        """
        for problem in (problem for run in runs if run.id not in made_here for problem in check_run(run)):
            raise IntegrityError(f"not kept: {problem}")
        requirements = check_snapshots(snapshots)
        decided_ = [check_decision(decision) for decision in decisions]
        documents = [StoredVerdict.parse(text) for text in verdicts]
        statements = readable_envelopes(envelopes)
        with self._writing():
            for snapshot in requirements:
                self._keep_snapshot(snapshot)
            new = [run.id for run in runs if self._keep_run(run)]
            new += [one.id for one in decided_ if self._keep_decision(one, here=one.id in made_here)]
            new += [verdict.id for verdict in documents if self._keep_verdict(verdict)]
            return new + [envelope.id for envelope in statements if self._keep_envelope(envelope)]

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """Run the block as one transaction; an older store is brought up to date first."""
        with storage_errors(self._path):
            # Somebody may have switched the file to WAL, which loses data with the SQLite of many Pythons.
            self._connection.execute("PRAGMA journal_mode = DELETE")
            migrate(self._connection, self._path)
            with write_transaction(self._connection):
                yield

    def _keep_snapshot(self, snapshot: Snapshot) -> None:
        if not self._rows("SELECT 1 FROM snapshot WHERE digest = ?", (snapshot.digest,)):
            self._connection.execute(KEEP_SNAPSHOT, (snapshot.digest, snapshot.text))

    def _keep_run(self, run: Run) -> bool:
        """Write a checked run, unless it is there already; the row of the run comes last, and closes it."""
        assert run.seal is not None  # noqa: S101 - for the type checker; check_run has seen to it
        for (head,) in self._rows("SELECT head FROM run WHERE id = ?", (run.id,)):
            if head == run.seal.digest:
                return False
            raise IntegrityError(f"not kept: another run with the id {run.id} is in the store already")
        count = 0
        for lines, found in index_rows(run):
            slots = self._slot_ids({slot.key: slot for _, slot in found})
            self._connection.executemany(KEEP_LINE, lines)
            self._connection.executemany(KEEP_EVIDENCE, [(*evidence, slots[slot.key]) for evidence, slot in found])
            count += len(found)
        self._connection.execute(KEEP_RUN, run_row(run, len(run.lines), count))
        self._connection.execute(KEEP_LEAF, leaf_of(run))
        return True

    def _slot_ids(self, slots: Mapping[str, SlotRow]) -> dict[str, int]:
        """Return the ids of slots by their keys; those that are new are written, under the lock that is held."""
        keys = list(slots)
        ids = {keys[place]: number for place, number in self._rows(SLOT_IDS, (json.dumps(keys),))}
        ((last,),) = self._rows("SELECT coalesce(max(id), 0) FROM slot")
        new = dict(enumerate((key for key in slots if key not in ids), last + 1))
        self._connection.executemany(KEEP_SLOT, ((number, *slots[key]) for number, key in new.items()))
        return ids | {key: number for number, key in new.items()}

    def newest(
        self, register: str, use_cases: Collection[str] | None = None, until: str | None = None
    ) -> list[Evidence]:
        """Return the newest execution of every slot, as the port says.

        Raises:
            IntegrityError: a line is not what its index says.
            StorageError: the file cannot be read.
        """
        asked = None if use_cases is None else json.dumps(sorted(use_cases))
        named = {"register": register, "use_cases": asked, "until": until or LATEST}
        return self._answer((self._without(NEWEST),), named, register)

    def oldest(self, register: str, tests: Iterable[tuple[str, str, str]]) -> list[Evidence]:
        """Return the oldest execution of every slot of these tests in which a test placed itself, or ran for real.

        Raises:
            IntegrityError: a line is not what its index says.
            StorageError: the file cannot be read.
        """
        asked = set(tests)
        items = sorted({(use_case, item) for use_case, item, _ in asked})
        names = sorted({test for _, _, test in asked})
        named = {"register": register, "items": json.dumps(items), "tests": json.dumps(names)}
        return self._answer((self._without(OLDEST),), named, register)

    def history(self, register: str, use_case: str, item: str | None = None) -> Iterator[Evidence]:
        """Yield every piece of evidence of a use case (or of one of its items), newest start first.

        Raises:
            IntegrityError: a line is not what its index says.
            StorageError: the file cannot be read.
        """
        # Read at once: a statement that is still open would keep everybody else from writing.
        named = {"register": register, "use_case": use_case, "item": item, "aside": self._named_aside}
        keys = self._rows(self._without(HISTORY), named)
        # A long history is read once, and nothing of it is kept in mind.
        yield from pieces_with(keys, register, self._lines)

    def _answer(self, queries: Iterable[str], named: dict[str, Any], register: str) -> list[Evidence]:
        """Return the evidence of an answer by slot, and remember what was right until somebody writes to the store."""
        self._reader.trust(self._state())
        named = {**named, "aside": self._named_aside}
        take = partial(self._reader.by_slot, register=register)
        with storage_errors(self._path):
            return in_order(one for query in queries for one in read_rows(self._connection, query, named, take, SOME))

    def _state(self) -> tuple[int, int]:
        """Return what is another once anybody, here or elsewhere, has written to the store."""
        ((version,),) = self._rows("PRAGMA data_version")
        return version, self._connection.total_changes

    def _lines(self, run_id: str, seqs: Iterable[int]) -> list[tuple[int, str]]:
        return self._rows(LINES, (run_id, json.dumps(list(seqs))))

    def _line(self, run_id: str, seq: int, register: str) -> dict[int, Evidence]:
        return {number: one for (_, number), one in held_by(run_id, self._lines(run_id, (seq,)), register).items()}

    def failures(self, register: str, since: Mapping[str, str]) -> list[FailureRecord]:
        """Return every FAILED or ERROR after a moment, by use case, as the port says.

        Raises:
            StorageError: the file cannot be read.
        """
        named = {"register": register, "since": json.dumps(dict(since)), "aside": self._named_aside}
        return [FailureRecord(*row) for row in self._rows(self._without(FAILURES), named)]

    def interruptions(self, register: str, since: Mapping[str, str], until: str | None = None) -> list[Evidence]:
        """Return what was interrupted after a moment, by use case, and did not pass next, as the port says.

        Raises:
            IntegrityError: a line is not what its index says.
            StorageError: the file cannot be read.
        """
        named = {"register": register, "since": json.dumps(dict(since)), "until": until or LATEST}
        return self._answer((self._without(INTERRUPTED),), named, register)

    def evidence_by_ids(self, register: str, evidence_ids: Iterable[str]) -> list[Evidence]:
        """Return these pieces of evidence, in their order.

        Raises:
            IntegrityError: one is not there, or its line is not what its index says.
            StorageError: the file cannot be read.
        """
        found = [(name, _ID.fullmatch(name)) for name in evidence_ids]
        if none := [name for name, parts in found if parts is None]:
            raise IntegrityError(f"'{one_line(none[0])}' is no id of evidence")
        keys = [(parts[1], int(parts[2]), int(parts[3])) for _, parts in found if parts is not None]
        return list(pieces_with(keys, register, self._lines))

    def exclude_runs(self, run_ids: Iterable[str], doubted: Iterable[str] = ()) -> None:
        """Leave these runs out of every answer about evidence, and the first of every check, until it is closed."""
        self._excused = frozenset(run_ids)
        self._aside = self._excused.union(doubted)

    @property
    def _named_aside(self) -> str:
        return json.dumps(sorted(self._aside))

    def _without(self, query: str) -> str:
        """Return a query of evidence without that of the runs that were set aside; as it is, where none was."""
        return without_retired(query) if self._aside else query

    def missing(self, evidence_ids: Iterable[str]) -> set[str]:
        """Return which of these pieces of evidence the store does not have.

        Raises:
            StorageError: the file cannot be read.
        """
        asked = sorted(set(evidence_ids))
        parts = [(found[1], int(found[2]), int(found[3])) if (found := _ID.fullmatch(name)) else () for name in asked]
        return {asked[number] for (number,) in self._rows(MISSING, (json.dumps(parts),))}

    def evidence(self, evidence_id: str) -> Evidence | None:
        """Return one piece of evidence, or None if there is none with this id.

        Raises:
            IntegrityError: its line is damaged.
            StorageError: the file cannot be read.
        """
        if (parts := _ID.fullmatch(evidence_id)) is None:
            return None
        run_id, seq, number = parts[1], int(parts[2]), int(parts[3])
        for (register,) in self._rows("SELECT register FROM run WHERE id = ?", (run_id,)):
            return self._line(run_id, seq, register).get(number)
        return None

    def artifacts(self, register: str | None = None) -> Iterator[tuple[str, Artifact]]:
        """Yield the id of each piece of evidence with each artifact that it names, in the order of the runs.

        Raises:
            IntegrityError: a line is damaged.
            StorageError: the file cannot be read.
        """
        runs = self._rows(
            "SELECT id, register FROM run WHERE register = :only OR :only IS NULL ORDER BY id", {"only": register}
        )
        for run_id, name in runs:
            query = "SELECT seq FROM line WHERE run_id = ? AND instr(text, '\"artifacts\":') ORDER BY seq"
            for (seq,) in self._rows(query, (run_id,)):
                for evidence in self._line(run_id, seq, name).values():
                    yield from ((evidence.id, artifact) for artifact in evidence.artifacts)

    def use_cases(self, register: str) -> list[str]:
        """Return the ids of the use cases that have evidence, sorted.

        Raises:
            StorageError: the file cannot be read.
        """
        query = "SELECT DISTINCT use_case FROM slot WHERE register = ? ORDER BY 1"
        return [name for (name,) in self._rows(query, (register,))]

    def runs(self, register: str | None = None) -> list[RunSummary]:
        """Return the kept runs, newest start first.

        Raises:
            StorageError: the file cannot be read.
        """
        return [summary_of(RunRow(*row)) for row in self._rows(RUNS, {"only": register})]

    def summaries(self, run_ids: Iterable[str]) -> dict[str, RunSummary]:
        """Return what the index says of these runs, by id.

        Raises:
            StorageError: the file cannot be read.
        """
        found = self._rows(RUNS_BY_ID, (json.dumps(sorted(set(run_ids))),))
        return {row[0]: summary_of(RunRow(*row)) for row in found}

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
        """Return the requirements kept under this digest, or None.

        Raises:
            IntegrityError: the text is not the one that was kept.
            StorageError: the file cannot be read.
        """
        for (text,) in self._rows("SELECT text FROM snapshot WHERE digest = ?", (digest,)):
            if not isinstance(text, str) or snapshot_digest(text) != digest:
                raise IntegrityError(f"the requirements {digest} were changed in the store: restore it from a copy")
            return Snapshot(text, digest)
        return None

    def check(self, evidence: Iterable[Evidence]) -> Iterator[Problem]:
        """Yield what is wrong with what this evidence rests on, as the port says. Raises nothing."""
        wrong = {one.id: one for one in self._reader.wrong}
        resting = [one for one in evidence if one.run_id not in self._aside and one.id not in wrong]
        resting += [one for one in wrong.values() if one.run_id not in self._aside]
        yield from audit.audit_evidence(self._rows, resting, lambda: self._reader.trust(self._state()), self._excused)

    def verify(self, seen: Callable[[str, Artifact], object] | None = None) -> Iterator[Problem]:
        """Yield each thing in the file that does not fit; what cannot be read is a problem too. Raises nothing."""
        yield from audit.audit_store(self._rows, seen)

    def tree(self) -> StoreTree | None:
        """Return the tree over what is kept, as the port says.

        Raises:
            IntegrityError: the name of the store is gone, or is none.
            StorageError: the file cannot be read.
        """
        return load_tree(self._rows)

    def check_tree(self, run_ids: Iterable[str]) -> Iterator[Problem]:
        """Yield what keeps the tree from speaking for these runs, as the port says. Raises nothing."""
        yield from audit.audit_tree(self._rows, run_ids)

    def _rows(self, query: str, parameters: Sequence[Any] | dict[str, Any] = ()) -> list[Any]:
        """Return all rows at once, so that no lock is held when the caller goes on.

        Raises:
            StorageError: the query could not be answered.
        """
        with storage_errors(self._path):
            return fetch_rows(self._connection, query, parameters)
