"""Decoder of query rows to evidence, which it verifies with the lines of the same query.

The verification is valid until somebody writes to the store.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from operator import itemgetter
from typing import Any, NamedTuple

from ...errors import IntegrityError, one_line
from ...facts.evidence import Evidence
from ...facts.evidence_line import evidence_in
from ...facts.ledger.line import line_digest, read_line
from ..integrity.chain import problem_location
from ..integrity.index import UNREADABLE, EvidenceRow, IndexRows, SlotRow, rows_of
from ..integrity.index_check import INDEX_WIDTH, matches_index

BATCH = 10_000
"""Number of pieces of evidence that are read together, which limits the memory for a long history."""
ROWS_AT_ONCE = 500
"""Number of rows of an answer that are in memory together."""
_slot_order = itemgetter(
    *(len(EvidenceRow._fields) + SlotRow._fields.index(name) for name in ("use_case", "item", "key"))
)


def sort_by_slot(pieces: Iterable[tuple[Any, Evidence]]) -> list[Evidence]:
    """Return the evidence of an answer, sorted by use case, item and slot."""
    return [evidence for _, evidence in sorted(pieces, key=itemgetter(0))]


class DecodedLine(NamedTuple):
    """The digest, the evidence and the body of a line."""

    digest: str
    pieces: tuple[Evidence, ...]
    body: dict[str, Any]


def decode_line(run_id: str, seq: int, text: str | None, register: str) -> DecodedLine:
    """Return the decoded text of a line; without a text, an empty result.

    Raises:
        IntegrityError: the text is not a line, or a field of it is missing or wrong.
    """
    if text is None:
        return DecodedLine("", (), {})
    try:
        body, digest = read_line(text)
        return DecodedLine(digest, tuple(evidence_in(body, register)), body)
    except (IntegrityError, *UNREADABLE) as error:
        raise IntegrityError(f"{problem_location(run_id, seq)} is damaged: {one_line(str(error))}") from None


def evidence_by_position(
    run_id: str, lines: Iterable[tuple[int, str]], register: str
) -> dict[tuple[int, int], Evidence]:
    """Return the evidence of these lines of a run, by number of the line and of the evidence.

    Raises:
        IntegrityError: as ``decode_line`` does.
    """
    decoded = ((seq, decode_line(run_id, seq, text, register).pieces) for seq, text in lines)
    return {(seq, number): piece for seq, pieces in decoded for number, piece in enumerate(pieces, 1)}


def read_evidence(
    keys: Sequence[tuple[str, int, int]],
    register: str,
    lines: Callable[[str, Iterable[int]], Iterable[tuple[int, str]]],
) -> Iterator[Evidence]:
    """Yield the evidence with these keys, in their order. In a batch, each line is read once.

    Raises:
        IntegrityError: a line is damaged, or does not contain the evidence that its index names.
    """
    for start in range(0, len(keys), BATCH):
        batch = keys[start : start + BATCH]
        by_run: dict[str, dict[int, None]] = {}
        for run_id, seq, _ in batch:
            by_run.setdefault(run_id, {})[seq] = None
        decoded = {run: evidence_by_position(run, lines(run, seqs), register) for run, seqs in by_run.items()}
        for run_id, seq, number in batch:
            evidence = decoded[run_id].get((seq, number))
            # The evidence must name this position: a copied line of another run would be checked at its original.
            if evidence is None or (evidence.run_id, evidence.seq) != (run_id, seq):
                raise IntegrityError(
                    f"{problem_location(run_id, seq)} does not contain the evidence {number} of its index"
                )
            yield evidence


_NO_LINE: tuple[DecodedLine, list[IndexRows]] = DecodedLine("", (), {}), []


def _index_of(line: DecodedLine, register: str) -> list[IndexRows]:
    """Return the index of the evidence in a line; empty if a field has a wrong type: then it is not verified."""
    try:
        return rows_of(line.body, register)
    except UNREADABLE:
        return []


class RowReader:
    """Cache of evidence in answers that was verified. It is dropped when the store changes."""

    def __init__(self) -> None:
        self._state: Any = None
        self._lines: dict[tuple[str, int, str], tuple[DecodedLine, list[IndexRows]]] = {}
        """Lines of answers, and the index of the evidence in each."""
        self._verified: dict[str, Evidence] = {}
        self._unverified: dict[str, Evidence] = {}

    def read(self, rows: Iterable[tuple[Any, ...]], register: str) -> list[Evidence]:
        """Return the evidence of rows, in their order, and remember which of it was verified.

        Args:
            rows: index, text and digest of the line, and text of the next line.
            register: the register of the evidence.

        Raises:
            IntegrityError: a line is damaged, or does not contain the evidence that its index names.
        """
        pieces = []
        for row in rows:
            run_id, seq, number = row[:3]
            text, key = row[INDEX_WIDTH], (run_id, seq, register)
            line, index = self._lines.get(key, _NO_LINE)
            if text is None or line_digest(text) != line.digest:
                line = decode_line(run_id, seq, text, register)
                index = _index_of(line, register)
                self._lines[key] = line, index
            evidence = line.pieces[number - 1] if 0 < number <= len(line.pieces) else None
            # As above, the evidence must name this position.
            if evidence is None or evidence.run_id != run_id or evidence.seq != seq:
                raise IntegrityError(
                    f"{problem_location(run_id, seq)} does not contain the evidence {number} of its index"
                )
            if number <= len(index) and matches_index(index[number - 1], line.digest, row):
                self._verified[evidence.id] = evidence
            else:
                self._unverified[evidence.id] = evidence
            pieces.append(evidence)
        return pieces

    def read_with_slots(self, rows: list[tuple[Any, ...]], register: str) -> list[tuple[Any, Evidence]]:
        """Return the result of ``read``, each with use case, item and key of its slot, for ``sort_by_slot``."""
        return list(zip(map(_slot_order, rows), self.read(rows, register), strict=True))

    def refresh(self, state: object) -> RowReader:
        """Drop everything if the state of the store has changed, and return the reader."""
        if state != self._state:
            self._lines.clear()
            self._verified.clear()
            self._unverified.clear()
            self._state = state
        return self

    @property
    def unverified(self) -> Collection[Evidence]:
        """The evidence in answers whose index or line may have been changed.

        A check of the evidence in use would miss it if it names another use case, because then it decides nothing.
        """
        return self._unverified.values()

    def is_verified(self, evidence: Evidence) -> bool:
        """Return whether this object was read for an answer and verified: its line, the next line, and its index."""
        return self._verified.get(evidence.id) is evidence
