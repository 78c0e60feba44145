"""The parsed form of a tracker in any format: its document, and the rows of its register.

Each format has a ``TrackerDocument``; ``formats`` chooses it. A document gives the rows as they are written.
``row_meaning`` interprets their texts, in the same way for each format.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

from msgspec import Struct

Span = tuple[int, int]
"""Start and end in the text of a tracker (without its byte order mark), in characters."""
Entry = tuple[str, str, int]
"""Number, text and line of an entry of a list."""


class RegisterRow(Struct, frozen=True):
    """A row of the register, as a reader sees it."""

    line: int
    """Line in the tracker, from 1."""
    cells: Mapping[str, str]
    """Texts by the key of the column."""
    columns: tuple[str, ...]
    """The key of each column of its table, in order; an unknown column has its position as key."""
    is_struck: bool = False
    """It is struck out: visible in the tracker, but no longer a use case."""
    locator: int = 0
    """A number by which its document finds it again, for that document only."""


class Register(Struct, frozen=True):
    """The rows of the register, and the problems of parts that could not be read."""

    rows: tuple[RegisterRow, ...]
    problems: tuple[tuple[int, str], ...]
    """(line, message) of each thing that looks like a part of the register and is not read."""
    unmatched_patterns: tuple[str, ...]
    """The patterns for headings that match no heading."""


class TrackerDocument(Protocol):
    """The parsed text of a tracker in one format."""

    @property
    def register(self) -> Register:
        """The rows, and the problems of the register."""

    @property
    def items(self) -> Sequence[Entry]:
        """The required evidence that it lists; empty: none, or the format has no place for it."""

    @property
    def legend(self) -> Sequence[str]:
        """The status legend, as it is written."""

    @property
    def problems(self) -> Sequence[tuple[int, str]]:
        """(line, message) of each thing outside the register that looks as if it were read, and is not."""

    def span(self, row: RegisterRow, column: str) -> Span | None:
        """Return the span of a cell, with its padding, quotes and marks; None: the row has no such cell."""

    def spellings(self, row: RegisterRow, column: str, new: str) -> Iterator[str]:
        """Yield the texts that may replace a cell so that it reads ``new``, the most similar to the old one first.

        Yields nothing if the cell cannot be changed reliably.
        """
