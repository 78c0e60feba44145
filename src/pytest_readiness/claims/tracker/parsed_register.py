"""What a reader of any format makes of a tracker: the rows of its register, whose cells can be replaced.

Each format has a ``TrackerDocument``: ``formats`` says which file is read by which. A document
gives rows as they are written. What their words mean is the same for every format, and said in ``tracker``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

from ...fast_values import dataclass

Span = tuple[int, int]
"""Where something begins and ends in the text of a tracker (without its byte order mark), in characters."""
Entry = tuple[str, str, int]
"""Number, text and line of an entry of a list."""


@dataclass(frozen=True, slots=True)
class RegisterRow:
    """A row of the register, as a reader sees it."""

    line: int
    """In the tracker, from 1."""
    cells: Mapping[str, str]
    """By our name of the column."""
    columns: tuple[str, ...]
    """Of its table: our name of each, in their order; one that we do not know goes by its position."""
    struck: bool = False
    """It is struck out: there for its readers, and no use case any more."""
    hint: int = 0
    """By which its source finds it again; nobody else's."""


@dataclass(frozen=True, slots=True)
class Register:
    """The rows of the register, and what only looks like one."""

    rows: tuple[RegisterRow, ...]
    doubts: tuple[tuple[int, str], ...]
    """(line, what is wrong) of each thing that looks like a part of the register and is not read."""
    unmatched_patterns: tuple[str, ...]
    """The patterns for headings that no heading matches."""


class TrackerDocument(Protocol):
    """The text of a tracker in one format, as it was read."""

    @property
    def register(self) -> Register:
        """Its rows, and what only looks like one."""

    @property
    def items(self) -> Sequence[Entry]:
        """The required evidence that it lists; none in a format that has no place for it."""

    @property
    def legend(self) -> Sequence[str]:
        """The status legend, as it is written."""

    @property
    def doubts(self) -> Sequence[tuple[int, str]]:
        """(line, what is wrong) of each thing beside the register that is not read and looks as if it were."""

    def span(self, row: RegisterRow, column: str) -> Span | None:
        """Return where the cell of a row stands, with its padding, quotes and marks; None: the row has no such cell."""

    def spellings(self, row: RegisterRow, column: str, new: str) -> Iterator[str]:
        """Yield what may stand in the place of a cell so that it is read as ``new``, the likest to the old one first.

        Nothing, where the cell cannot be changed with certainty.
        """
