"""The lines of a run that this process wrote, where they are: on disk. A long run is never in memory as a whole."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import overload

from ..errors import IntegrityError
from ..facts.ledger.digest import EMPTY
from ..facts.ledger.line import Line
from .writer import JournalWriter

_UNREADABLE = (ValueError, LookupError, TypeError, RecursionError)
"""What reading a line raises that is none of ours."""


class ChangedJournalError(IntegrityError):
    """A journal that this process wrote has other lines by now: the store would never be rid of such a run."""

    def __init__(self, path: Path) -> None:
        told = "the journal is not what was written: somebody else wrote to it: the run is not kept"
        super().__init__(f"{path}: {told}; 'readiness recover' looks at it")


class WrittenLines(Sequence[Line]):
    """The lines of a sealed journal, parsed as they are asked for, until the journal is let go."""

    def __init__(self, writer: JournalWriter, seal: Line) -> None:
        """Raise ChangedJournalError where the first line is not the one that was written."""
        self._writer = writer
        self._last = seal
        try:
            self._first = Line.from_own_text(next(writer.each_text(), ""))
            is_first = self._first.body["prev"] == EMPTY
        except _UNREADABLE:
            is_first = False
        if not is_first:
            raise ChangedJournalError(writer.path)

    def __len__(self) -> int:
        return self._last.seq + 1

    def __iter__(self) -> Iterator[Line]:
        """Yield each line once it is known to be as it was written: a held one equals it, or the next names its digest.

        Raises:
            ChangedJournalError: they are not what was written: somebody else wrote to the journal, or it was let go.
        """
        held = self._writer.cached
        texts = self._writer.each_text(after="".join(f"{line.text}\n" for line in held).encode())
        count, head, before = len(held), held[-1].digest if held else EMPTY, None
        try:
            first = next(texts, None)  # now it is known that the held ones are as they were
            yield from held
            for text in [] if first is None else chain((first,), texts):
                line = Line.from_own_text(text)
                if line.body["prev"] != head:
                    raise ChangedJournalError(self._writer.path)
                if before is not None:
                    yield before
                count, before, head = count + 1, line, line.digest
        except _UNREADABLE:
            head = ""
        if (count, head) != (len(self), self._last.digest):
            raise ChangedJournalError(self._writer.path)
        if before is not None:
            yield before

    @overload
    def __getitem__(self, place: int) -> Line: ...
    @overload
    def __getitem__(self, place: slice) -> tuple[Line, ...]: ...
    def __getitem__(self, place: int | slice) -> Line | tuple[Line, ...]:
        """Return a line: the first and the last, which say what the run is, without reading."""
        if isinstance(place, slice):
            return tuple(self)[place]
        if place in (-1, len(self) - 1):
            return self._last
        if place == 0:
            return self._first
        return next(islice(self, range(len(self))[place], None))
