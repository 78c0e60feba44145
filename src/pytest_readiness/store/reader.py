"""What the rows of an answer say, read once: the check of the answer rests on what was read for it.

Only as long as nobody has written to the store in between; after that everything is looked up again.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from ..errors import IntegrityError, one_line
from ..facts.evidence import Evidence, evidence_in
from ..facts.line import read_line
from .chain import where
from .index import UNREADABLE, EvidenceRow, SlotRow

INDEX = len(EvidenceRow._fields) + len(SlotRow._fields)
"""Columns of a row that are the index of its piece of evidence: how a row begins."""


class Record(NamedTuple):
    """A piece of evidence, and all that its store says of it."""

    evidence: Evidence
    number: int
    """Which piece of its line it is, from 1."""
    digest: str
    """Of the text of its line, computed when it was read."""
    row: tuple[Any, ...]
    """Its index, then text and digest of its line, then those of the line after it."""


class Read(NamedTuple):
    """A line that was read."""

    text: str
    digest: str
    pieces: tuple[Evidence, ...]
    """The evidence that it holds."""


def pieces_of(run_id: str, seq: int, text: str | None, register: str) -> Read:
    """Return what the text of a line holds; nothing, where there is no such line.

    Raises:
        IntegrityError: the text is no line, or lacks what its kind must say.
    """
    if text is None:
        return Read("", "", ())
    try:
        body, digest = read_line(text)
        return Read(text, digest, tuple(evidence_in(body, register)))
    except (IntegrityError, *UNREADABLE) as error:
        raise IntegrityError(f"{where(run_id, seq)} is damaged: {one_line(str(error))}") from None


class Reader:
    """Remembers what was read for the answers that were given, by the state that the store was in."""

    def __init__(self) -> None:
        self._state: Any = None
        self._lines: dict[tuple[str, int, str], Read] = {}
        self._records: dict[str, Record] = {}

    def answer(self, rows: Iterable[tuple[Any, ...]], register: str, state: object) -> list[Evidence]:
        """Return the evidence that rows stand for, in their order, and remember what was read.

        Args:
            rows: index, text and digest of the line, and of the line after it.
            register: whose evidence it is.
            state: of the store, told before the rows were read.

        Raises:
            IntegrityError: a text is no line, lacks what its kind must say, or does not hold what its index names.
        """
        self.trust(state)
        found = []
        for row in rows:
            run_id, seq, number = row[:3]
            line = run_id, seq, register
            read = self._lines.get(line)
            if read is None or read.text != row[INDEX]:
                read = self._lines[line] = pieces_of(run_id, seq, row[INDEX], register)
            if not 0 < number <= len(read.pieces):
                raise IntegrityError(f"{where(run_id, seq)} does not hold the evidence {number} of its index")
            evidence = read.pieces[number - 1]
            self._records[evidence.id] = Record(evidence, number, read.digest, row)
            found.append(evidence)
        return found

    def trust(self, state: object) -> None:
        """Forget everything, unless the store is in the state in which it was read."""
        if state != self._state:
            self._lines.clear()
            self._records.clear()
            self._state = state

    def record(self, evidence: Evidence) -> Record | None:
        """Return what was read for this very piece of an answer, None where it was not or is forgotten."""
        known = self._records.get(evidence.id)
        return known if known is not None and known.evidence is evidence else None

