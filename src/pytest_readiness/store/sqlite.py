"""The SQLite adapter: one file, rollback journal, append-only."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from ..errors import IntegrityError, Problem, one_line
from ..facts.evidence import Artifact, Evidence, evidence_of
from ..facts.line import Line
from ..facts.run import Run, RunState
from ..facts.snapshot import Snapshot, snapshot_digest
from . import audit
from .chain import check_run, where
from .index import UNREADABLE, EvidenceRow, RunRow, SlotRow, number_of, pieces, run_row
from .port import RunSummary
from .schema import open_file, troubles, writing

LATEST = "9999-12-31T23:59:59.999Z"
BATCH = 10_000
"""How many pieces of evidence are looked up together: bounds the memory that a long history takes."""
_ID = re.compile(r"(.+)\.(\d{1,15})\.(\d{1,15})", re.ASCII | re.DOTALL)

_BY_START = "started_at DESC, badness DESC, run_id DESC, seq DESC, number DESC"
NEWEST = f"""SELECT e.run_id, e.seq, e.number FROM slot AS s JOIN evidence AS e
ON (e.run_id, e.seq, e.number) = (
    SELECT run_id, seq, number FROM evidence WHERE slot_id = s.id AND started_at <= :until ORDER BY {_BY_START} LIMIT 1
)
WHERE s.register = :register
AND (:use_cases IS NULL OR s.use_case IN (SELECT value FROM json_each(:use_cases)))
ORDER BY s.use_case, s.item, s.key"""  # noqa: S608 - constants
HISTORY = f"""SELECT run_id, seq, number FROM evidence
WHERE slot_id IN (
    SELECT id FROM slot WHERE register = :register AND use_case = :use_case AND (:item IS NULL OR item = :item)
)
ORDER BY {_BY_START}"""  # noqa: S608 - constants


def _insert(table: str, columns: Sequence[str]) -> str:
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})"  # noqa: S608


_KEEP_RUN = _insert("run", RunRow._fields)
_KEEP_LINE = _insert("line", ("run_id", "seq", "text", "digest"))
_KEEP_SLOT = _insert("slot", SlotRow._fields)
_KEEP_EVIDENCE = _insert("evidence", (*EvidenceRow._fields, "slot_id"))
_KEEP_SNAPSHOT = _insert("snapshot", ("digest", "text"))


class SQLiteStore:
    """A store in one SQLite file. Does what the port says; for the thread that opened it."""

    def __init__(self, connection: sqlite3.Connection, path: Path, url: str) -> None:
        """Take over an open connection; ``SQLiteStore.open`` is how to get one."""
        self._connection = connection
        self._path = path
        self._url = url

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

    def keep(self, runs: Sequence[Run], snapshots: Iterable[Snapshot] = ()) -> list[str]:
        """Take in sealed runs in one transaction and return the ids of those that were new.

        Raises:
            IntegrityError: a run is not sealed, its chain is broken, another run has its id, or a snapshot's digest
                is not that of its text.
            StorageError: it could not be written; nothing of it was.
        """
        snapshots = list(snapshots)
        for problem in (problem for run in runs for problem in check_run(run)):
            raise IntegrityError(f"not kept: {problem}")
        for snapshot in snapshots:
            if snapshot_digest(snapshot.text) != snapshot.digest:
                raise IntegrityError(f"not kept: the requirements {snapshot.digest} have another digest")
        with troubles(self._path):
            # Somebody may have switched the file to WAL, which loses data with the SQLite of many Pythons.
            self._connection.execute("PRAGMA journal_mode = DELETE")
            with writing(self._connection):
                for snapshot in snapshots:
                    self._keep_snapshot(snapshot)
                return [run.id for run in runs if self._keep_run(run)]

    def _keep_snapshot(self, snapshot: Snapshot) -> None:
        if not self._rows("SELECT 1 FROM snapshot WHERE digest = ?", (snapshot.digest,)):
            self._connection.execute(_KEEP_SNAPSHOT, (snapshot.digest, snapshot.text))

    def _keep_run(self, run: Run) -> bool:
        """Write a checked run, unless it is there already; the row of the run comes last, and closes it."""
        assert run.seal is not None  # noqa: S101 - for the type checker; check_run has seen to it
        for (head,) in self._rows("SELECT head FROM run WHERE id = ?", (run.id,)):
            if head == run.seal.digest:
                return False
            raise IntegrityError(f"not kept: another run with the id {run.id} is in the store already")
        slots: dict[SlotRow, int] = {}
        rows = []
        for line in run.lines:
            for _, evidence, slot in pieces(line, run.register):
                if slot not in slots:
                    slots[slot] = self._slot_id(slot)
                rows.append((*evidence, slots[slot]))
        self._connection.executemany(_KEEP_LINE, ((run.id, line.seq, line.text, line.digest) for line in run.lines))
        self._connection.executemany(_KEEP_EVIDENCE, rows)
        self._connection.execute(_KEEP_RUN, run_row(run, len(run.lines), len(rows)))
        return True

    def _slot_id(self, slot: SlotRow) -> int:
        for (known,) in self._rows("SELECT id FROM slot WHERE key = ?", (slot.key,)):
            found: int = known
            return found
        return self._connection.execute(_KEEP_SLOT, slot).lastrowid or 0

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
        return list(self._pieces(self._rows(NEWEST, named), register))

    def history(self, register: str, use_case: str, item: str | None = None) -> Iterator[Evidence]:
        """Yield every piece of evidence of a use case (or of one of its items), newest start first.

        Raises:
            IntegrityError: a line is not what its index says.
            StorageError: the file cannot be read.
        """
        # Read at once: a statement that is still open would keep everybody else from writing.
        keys = self._rows(HISTORY, {"register": register, "use_case": use_case, "item": item})
        yield from self._pieces(keys, register)

    def _pieces(self, keys: Sequence[tuple[str, int, int]], register: str) -> Iterator[Evidence]:
        """Yield the evidence with these keys, in their order; a line that holds many is read once for a batch."""
        for start in range(0, len(keys), BATCH):
            batch = keys[start : start + BATCH]
            lines = {
                (run_id, seq): self._line(run_id, seq, register) for run_id, seq in {key[:2]: None for key in batch}
            }
            for run_id, seq, number in batch:
                if number not in lines[run_id, seq]:
                    raise IntegrityError(f"{where(run_id, seq)} does not hold the evidence {number} of its index")
                yield lines[run_id, seq][number]

    def _line(self, run_id: str, seq: int, register: str) -> dict[int, Evidence]:
        texts = self._rows("SELECT text FROM line WHERE run_id = ? AND seq = ?", (run_id, seq))
        try:
            found = (evidence for (text,) in texts for evidence in evidence_of(Line.parse(text), register))
            return {number_of(evidence): evidence for evidence in found}
        except (IntegrityError, *UNREADABLE) as error:
            raise IntegrityError(f"{where(run_id, seq)} is damaged: {one_line(str(error))}") from None

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
        return [
            name
            for (name,) in self._rows("SELECT DISTINCT use_case FROM slot WHERE register = ? ORDER BY 1", (register,))
        ]

    def runs(self, register: str | None = None) -> list[RunSummary]:
        """Return the kept runs, newest start first.

        Raises:
            StorageError: the file cannot be read.
        """
        query = f"SELECT {', '.join(RunRow._fields)} FROM run WHERE register = :only OR :only IS NULL"  # noqa: S608
        rows = self._rows(f"{query} ORDER BY started_at DESC, id DESC", {"only": register})
        return [_summary(RunRow(*row)) for row in rows]

    def run(self, run_id: str) -> Run | None:
        """Return one run with its lines, or None.

        Raises:
            IntegrityError: a line is damaged or the first is missing.
            StorageError: the file cannot be read.
        """
        if not self._rows("SELECT 1 FROM run WHERE id = ?", (run_id,)):
            return None
        texts = [text for (text,) in self._rows("SELECT text FROM line WHERE run_id = ? ORDER BY seq", (run_id,))]
        try:
            return Run.parse(texts)
        except (IntegrityError, *UNREADABLE) as error:
            raise IntegrityError(f"{where(run_id)} is damaged: {one_line(str(error))}") from None

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
        yield from audit.check(self._rows, evidence)

    def verify(self) -> Iterator[Problem]:
        """Yield each thing in the file that does not fit; what cannot be read is a problem too. Raises nothing."""
        yield from audit.verify(self._rows)

    def _rows(self, query: str, parameters: Sequence[Any] | dict[str, Any] = ()) -> list[Any]:
        """Return all rows at once, so that no lock is held when the caller goes on.

        Raises:
            StorageError: the query could not be answered.
        """
        with troubles(self._path):
            try:
                return self._connection.execute(query, parameters).fetchall()
            except (UnicodeEncodeError, OverflowError):
                return []  # asked for a text or a number that no store can hold


_STATES = frozenset(RunState)


def _summary(row: RunRow) -> RunSummary:
    return RunSummary(
        id=row.id,
        register=row.register,
        started_at=row.started_at,
        finished_at=row.finished_at,
        state=RunState(row.state) if row.state in _STATES else RunState.OPEN,  # an unknown state closes nothing
        actor=row.actor,
        commit=row.commit_id,
        dirty=None if row.dirty is None else bool(row.dirty),
        release=row.release,
        group_id=row.group_id,
        group_parts=row.group_parts,
        requirements_digest=row.requirements,
        evidence_count=row.evidence_count,
    )
