"""Sealed lines of a run, read from disk when needed, so that a long run is never in memory as a whole."""

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
"""Exceptions that parsing a line may raise."""


class ChangedJournalError(IntegrityError):
    """A journal has other lines than this process wrote. The store cannot delete a run, so this one is not stored."""

    def __init__(self, path: Path) -> None:
        message = "the journal was changed after it was written, so the run is not stored"
        super().__init__(f"{path}: {message}; check it with 'readiness recover'")


class WrittenLines(Sequence[Line]):
    """The lines of a sealed journal, parsed when needed, until the journal is closed."""

    def __init__(self, writer: JournalWriter, seal: Line) -> None:
        """Read the first line.

        Raises:
            ChangedJournalError: It is not the line that was written.
        """
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
        """Yield each line after it was verified: it equals the cached one, or the next line has its digest.

        Raises:
            ChangedJournalError: The lines are not those that were written, or the journal was closed.
        """
        cached = self._writer.cached
        texts = self._writer.each_text(after="".join(f"{line.text}\n" for line in cached).encode())
        count, head, pending = len(cached), cached[-1].digest if cached else EMPTY, None
        try:
            first = next(texts, None)  # this also verifies the cached lines
            yield from cached
            for text in [] if first is None else chain((first,), texts):
                line = Line.from_own_text(text)
                if line.body["prev"] != head:
                    raise ChangedJournalError(self._writer.path)
                if pending is not None:
                    yield pending
                count, pending, head = count + 1, line, line.digest
        except _UNREADABLE:
            head = ""
        if (count, head) != (len(self), self._last.digest):
            raise ChangedJournalError(self._writer.path)
        if pending is not None:
            yield pending

    @overload
    def __getitem__(self, place: int) -> Line: ...
    @overload
    def __getitem__(self, place: slice) -> tuple[Line, ...]: ...
    def __getitem__(self, place: int | slice) -> Line | tuple[Line, ...]:
        """Return a line. The first and the last one, which describe the run, are not read again."""
        if isinstance(place, slice):
            return tuple(self)[place]
        if place in (-1, len(self) - 1):
            return self._last
        if place == 0:
            return self._first
        return next(islice(self, range(len(self))[place], None))
