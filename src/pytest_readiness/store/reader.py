"""What a text of the store says, read from it once: the same text always says the same."""

from __future__ import annotations

from collections.abc import Iterable

from ..errors import IntegrityError, one_line
from ..facts.evidence import Evidence, evidence_of
from ..facts.line import Line
from .chain import where
from .index import UNREADABLE, number_of


class Reader:
    """Remembers what was read for an answer, so that checking what the answer rests on need not read it again.

    By the whole text, and not by its place: a line that was changed in between is read anew.
    """

    def __init__(self) -> None:
        self._lines: dict[str, Line] = {}
        self._evidence: dict[tuple[str, str], tuple[Evidence, ...]] = {}

    def held(self, run_id: str, lines: Iterable[tuple[int, str]], register: str) -> dict[tuple[int, int], Evidence]:
        """Return the evidence in lines of a run by line and number, and remember what was read.

        Raises:
            IntegrityError: a text is no line, or lacks what its kind must say.
        """
        found: dict[tuple[int, int], Evidence] = {}
        for seq, text in lines:
            try:
                line = self._lines[text] = self.line(text)
                pieces = self._evidence[text, register] = self.evidence(line, register)
                for evidence in pieces:
                    found[seq, number_of(evidence)] = evidence
            except (IntegrityError, *UNREADABLE) as error:
                raise IntegrityError(f"{where(run_id, seq)} is damaged: {one_line(str(error))}") from None
        return found

    def line(self, text: str) -> Line:
        """Return the line that a text is.

        Raises:
            IntegrityError: it is none.
        """
        return self._lines.get(text) or Line.parse(text)

    def evidence(self, line: Line, register: str) -> tuple[Evidence, ...]:
        """Return the evidence in a line that was parsed.

        Raises:
            LookupError, ValueError, TypeError, AttributeError: the line lacks what its kind must say.
        """
        known = self._evidence.get((line.text, register))
        return tuple(evidence_of(line, register)) if known is None else known
