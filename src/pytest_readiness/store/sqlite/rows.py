"""What the rows of an answer say, read once: whether the answer can be relied on is told by what was read for it.

Only as long as nobody has written to the store in between; after that everything is looked up again.
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
from ..integrity.index import UNREADABLE, EvidenceRow, SlotRow
from ..integrity.index_check import INDEX, matches_index

BATCH = 10_000
"""How many pieces of evidence are looked up together: bounds the memory that a long history takes."""
SOME = 500
"""Of how many pieces of evidence of an answer the rows are held together."""
_slot = itemgetter(*(len(EvidenceRow._fields) + SlotRow._fields.index(name) for name in ("use_case", "item", "key")))


def in_order(found: Iterable[tuple[Any, Evidence]]) -> list[Evidence]:
    """Return the evidence of an answer by use case, item and slot."""
    return [evidence for _, evidence in sorted(found, key=itemgetter(0))]


class DecodedLine(NamedTuple):
    """A line that was read."""

    digest: str
    """Of its text."""
    pieces: tuple[Evidence, ...]
    """The evidence that it holds."""


def pieces_of(run_id: str, seq: int, text: str | None, register: str) -> DecodedLine:
    """Return what the text of a line holds; nothing, where there is no such line.

    Raises:
        IntegrityError: the text is no line, or lacks what its kind must say.
    """
    if text is None:
        return DecodedLine("", ())
    try:
        body, digest = read_line(text)
        return DecodedLine(digest, tuple(evidence_in(body, register)))
    except (IntegrityError, *UNREADABLE) as error:
        raise IntegrityError(f"{problem_location(run_id, seq)} is damaged: {one_line(str(error))}") from None


def held_by(run_id: str, lines: Iterable[tuple[int, str]], register: str) -> dict[tuple[int, int], Evidence]:
    """Return the evidence of these lines of a run, by line and number.

    Raises:
        IntegrityError: as ``pieces_of`` does.
    """
    read = ((seq, pieces_of(run_id, seq, text, register).pieces) for seq, text in lines)
    return {(seq, number): piece for seq, pieces in read for number, piece in enumerate(pieces, 1)}


def pieces_with(
    keys: Sequence[tuple[str, int, int]],
    register: str,
    lines: Callable[[str, Iterable[int]], Iterable[tuple[int, str]]],
) -> Iterator[Evidence]:
    """Yield the evidence with these keys, in their order; a line that holds many is read once for a batch.

    Raises:
        IntegrityError: a line is damaged, or does not hold what its index names.
    """
    for start in range(0, len(keys), BATCH):
        batch = keys[start : start + BATCH]
        by_run: dict[str, dict[int, None]] = {}
        for run_id, seq, _ in batch:
            by_run.setdefault(run_id, {})[seq] = None
        held = {run: held_by(run, lines(run, seqs), register) for run, seqs in by_run.items()}
        for run_id, seq, number in batch:
            evidence = held[run_id].get((seq, number))
            # A line of another run, put in here once more, would be looked for there by every check.
            if evidence is None or (evidence.run_id, evidence.seq) != (run_id, seq):
                raise IntegrityError(
                    f"{problem_location(run_id, seq)} does not hold the evidence {number} of its index"
                )
            yield evidence


class RowReader:
    """Remembers of the answers that were given what was right, in the state that the store was in."""

    def __init__(self) -> None:
        self._state: Any = None
        self._lines: dict[tuple[str, int, str], DecodedLine] = {}
        self._right: dict[str, Evidence] = {}
        self._wrong: dict[str, Evidence] = {}

    def answer(self, rows: Iterable[tuple[Any, ...]], register: str) -> list[Evidence]:
        """Return the evidence that rows stand for, in their order, and remember what was right.

        Args:
            rows: index, text and digest of the line, and text of the line after it.
            register: whose evidence it is.

        Raises:
            IntegrityError: a text is no line, lacks what its kind must say, or does not hold what its index names.
        """
        found = []
        for row in rows:
            run_id, seq, number = row[:3]
            text, line = row[INDEX], (run_id, seq, register)
            read = self._lines.get(line)
            if read is None or text is None or line_digest(text) != read.digest:
                read = self._lines[line] = pieces_of(run_id, seq, text, register)
            evidence = read.pieces[number - 1] if 0 < number <= len(read.pieces) else None
            # As above.
            if evidence is None or evidence.run_id != run_id or evidence.seq != seq:
                raise IntegrityError(
                    f"{problem_location(run_id, seq)} does not hold the evidence {number} of its index"
                )
            if matches_index(evidence, read.digest, row):
                self._right[evidence.id] = evidence
            else:
                self._wrong[evidence.id] = evidence
            found.append(evidence)
        return found

    def by_slot(self, rows: list[tuple[Any, ...]], register: str) -> list[tuple[Any, Evidence]]:
        """Return what ``answer`` does, each with use case, item and key of its slot, for ``in_order``."""
        return list(zip(map(_slot, rows), self.answer(rows, register), strict=True))

    def trust(self, state: object) -> RowReader:
        """Forget everything, unless the store is in the state in which it was read; return the reader."""
        if state != self._state:
            self._lines.clear()
            self._right.clear()
            self._wrong.clear()
            self._state = state
        return self

    @property
    def wrong(self) -> Collection[Evidence]:
        """The pieces of the answers that are not what their index says, or whose line was changed.

        One that says of itself that it is about something else decides nothing, and would be looked at by no check.
        """
        return self._wrong.values()

    def is_right(self, evidence: Evidence) -> bool:
        """Return whether this very piece of an answer was right: its line, the line after it, and its index."""
        return self._right.get(evidence.id) is evidence
