"""The lines of a run that this process wrote, where they are: on disk. A long run is never in memory as a whole."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import overload

from ..errors import IntegrityError
from ..facts.line import Line
from .writer import Writer


class Written(Sequence[Line]):
    """The lines of a sealed journal, parsed as they are asked for, until the journal is let go."""

    def __init__(self, writer: Writer, seal: Line) -> None:
        self._writer = writer
        self._first = Line.own(next(writer.each_text()))
        self._last = seal

    def __len__(self) -> int:
        return self._last.seq + 1

    def __iter__(self) -> Iterator[Line]:
        """Yield them.

        Raises:
            IntegrityError: they are not what was written: somebody else wrote to the journal, or it was let go.
        """
        count, head = 0, ""
        for count, text in enumerate(self._writer.each_text(), 1):  # noqa: B007 - how many there were
            yield (line := Line.own(text))
            head = line.digest
        if (count, head) != (len(self), self._last.digest) or not self._writer.is_as_written:
            raise IntegrityError(f"{self._writer.path}: the journal is not what was written")

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
