"""What the rows of an answer say, read once: whether the answer can be relied on is told by what was read for it.

Only as long as nobody has written to the store in between; after that everything is looked up again.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from ..errors import IntegrityError, one_line
from ..facts.evidence import Evidence, evidence_in
from ..facts.line import line_digest, read_line
from .chain import where
from .index import UNREADABLE
from .matching import INDEX, matches


class Read(NamedTuple):
    """A line that was read."""

    digest: str
    """Of its text."""
    pieces: tuple[Evidence, ...]
    """The evidence that it holds."""


def pieces_of(run_id: str, seq: int, text: str | None, register: str) -> Read:
    """Return what the text of a line holds; nothing, where there is no such line.

    Raises:
        IntegrityError: the text is no line, or lacks what its kind must say.
    """
    if text is None:
        return Read("", ())
    try:
        body, digest = read_line(text)
        return Read(digest, tuple(evidence_in(body, register)))
    except (IntegrityError, *UNREADABLE) as error:
        raise IntegrityError(f"{where(run_id, seq)} is damaged: {one_line(str(error))}") from None


class Reader:
    """Remembers of the answers that were given what was right, in the state that the store was in."""

    def __init__(self) -> None:
        self._state: Any = None
        self._lines: dict[tuple[str, int, str], Read] = {}
        self._right: dict[str, Evidence] = {}

    def answer(self, rows: Iterable[tuple[Any, ...]], register: str) -> list[Evidence]:
        """Return the evidence that rows stand for, in their order, and remember what was right.

        Args:
            rows: index, text and digest of the line, and text and digest of the line after it.
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
            # A line of another run, put in here once more, would be looked for there by every check.
            if evidence is None or evidence.run_id != run_id or evidence.seq != seq:
                raise IntegrityError(f"{where(run_id, seq)} does not hold the evidence {number} of its index")
            if matches(evidence, read.digest, row):
                self._right[evidence.id] = evidence
            found.append(evidence)
        return found

    def trust(self, state: object) -> None:
        """Forget everything, unless the store is in the state in which it was read."""
        if state != self._state:
            self._lines.clear()
            self._right.clear()
            self._state = state

    def is_right(self, evidence: Evidence) -> bool:
        """Return whether this very piece of an answer was right: its line, the line after it, and its index."""
        return self._right.get(evidence.id) is evidence
