"""All evidence of use cases in the SQLite store, streamed and verified."""

from __future__ import annotations

import json
import sqlite3
from abc import abstractmethod
from array import array
from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from ...errors import IntegrityError, Problem, location
from ...facts.evidence import Artifact, Evidence
from .queries import LATEST, NEWEST_KEYS, RECORDED, RECORDS, without_excluded_runs
from .rows import BATCH, ROWS_AT_ONCE, RowReader
from .schema import read_rows, storage_errors

Key = tuple[str, int, int]
"""Id of the run, number of the line, and number of the evidence in the line."""


class CompactKeys:
    """Keys of evidence in 24 bytes each: there may be millions of them."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        """The number that stands for each run."""

    def pack(self, rows: list[Key]) -> list[array[int]]:
        """Return the keys as a list of one array, for ``batches``."""
        numbers, packed = self._numbers, array("q")
        for run_id, seq, number in rows:
            packed.extend((numbers.setdefault(run_id, len(numbers)), seq, number))
        return [packed]

    def batches(self, packed: Iterable[array[int]], size: int) -> Iterator[list[Key]]:
        """Yield the keys of these arrays in lists of at most ``size``, in their order."""
        runs = list(self._numbers)
        for keys in packed:
            for start in range(0, len(keys), 3 * size):
                batch = iter(keys[start : start + 3 * size])
                yield [(runs[run], seq, number) for run, seq, number in zip(batch, batch, batch, strict=True)]


class RecordedEvidenceStore:
    """The part of the SQLite store that reads all evidence of use cases."""

    _connection: sqlite3.Connection
    _path: Path
    _excluded_runs: frozenset[str]

    @abstractmethod
    def _rows(self, query: str, parameters: Sequence[Any] | dict[str, Any] = ()) -> list[Any]:
        """Return all rows of a query."""

    @abstractmethod
    def _line(self, run_id: str, seq: int, register: str) -> dict[int, Evidence]:
        """Return the evidence of a line by its number there."""

    @abstractmethod
    def check(self, evidence: Iterable[Evidence]) -> Iterator[Problem]:
        """Yield the problems of the runs and lines that contain this evidence."""

    def recorded(self, register: str, use_cases: Collection[str] | None = None) -> Iterator[Evidence]:
        """Yield every piece of evidence of use cases (None: of all), newest end first, see ``Store``.

        Raises:
            IntegrityError: a line or its index was changed.
            StorageError: the file cannot be read.
        """
        yield from self._each(RECORDED, register, use_cases)

    def each_newest(self, register: str, use_cases: Collection[str] | None = None) -> Iterator[Evidence]:
        """Yield the newest execution of each slot in the order in which it was recorded, see ``Store``.

        Raises:
            IntegrityError: a line or its index was changed.
            StorageError: the file cannot be read.
        """
        query = without_excluded_runs(NEWEST_KEYS) if self._excluded_runs else NEWEST_KEYS
        yield from self._each(query, register, use_cases)

    def artifacts(self, register: str | None = None) -> Iterator[tuple[str, Artifact]]:
        """Yield the id of each piece of evidence with each of its artifacts, in the order of the runs.

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

    def _each(self, query: str, register: str, use_cases: Collection[str] | None) -> Iterator[Evidence]:
        """Yield the evidence with the keys that a query returns, in their order."""
        # All keys are read at once, because an open statement would block writers. The evidence is not cached.
        names = None if use_cases is None else json.dumps(sorted(use_cases))
        aside = json.dumps(sorted(self._excluded_runs))
        parameters = {"register": register, "use_cases": names, "aside": aside, "until": LATEST}
        keys = CompactKeys()
        with storage_errors(self._path):
            packed = read_rows(self._connection, query, parameters, keys.pack, BATCH)
        for batch in keys.batches(packed, ROWS_AT_ONCE):
            yield from self._verified(batch, register)

    def _verified(self, keys: list[Key], register: str) -> list[Evidence]:
        reader = RowReader()
        pieces = reader.read(self._rows(RECORDS, (json.dumps(keys),)), register)
        if len(pieces) < len(keys):
            raise IntegrityError(f"{location(self._path)}: evidence was deleted from the index while it was read")
        if reader.unverified:
            for problem in self.check(reader.unverified):
                raise IntegrityError(str(problem))
        return pieces
