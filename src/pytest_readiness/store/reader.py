"""What a text of the store says, read from it once: the same text always says the same."""

from __future__ import annotations

from collections.abc import Sequence

from ..facts.evidence import Evidence, evidence_of
from ..facts.line import Line


class Reader:
    """Remembers what was read for an answer, so that checking what the answer rests on need not read it again.

    By the whole text, and not by its place: a line that was changed in between is read anew.
    """

    def __init__(self) -> None:
        self._lines: dict[str, Line] = {}
        self._evidence: dict[tuple[str, str], tuple[Evidence, ...]] = {}

    def read(self, text: str, register: str) -> Sequence[Evidence]:
        """Return the evidence in a line, and remember both.

        Raises:
            IntegrityError: the text is no line.
            LookupError, ValueError, TypeError, AttributeError: the line lacks what its kind must say.
        """
        line = self._lines[text] = self.line(text)
        found = self._evidence[text, register] = tuple(self.evidence(line, register))
        return found

    def line(self, text: str) -> Line:
        """Return the line that a text is.

        Raises:
            IntegrityError: it is none.
        """
        return self._lines.get(text) or Line.parse(text)

    def evidence(self, line: Line, register: str) -> Sequence[Evidence]:
        """Return the evidence in a line that was parsed.

        Raises:
            LookupError, ValueError, TypeError, AttributeError: the line lacks what its kind must say.
        """
        known = self._evidence.get((line.text, register))
        return tuple(evidence_of(line, register)) if known is None else known
