"""A value in a tracker file, with its text and its position."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

from msgspec import Struct

from ...late_pattern import late_pattern
from .layout import RegisterLayout

_LINE_BREAK = late_pattern(r"\r\n|\r|\n")


class LocatedValue(Struct, frozen=True):
    """A value, and the characters that a new value replaces."""

    text: str
    """The text as a reader sees it, without blanks around it."""
    start: int
    end: int
    style: str = ""
    """The quote around it, or the mark of its notation; empty: none."""


class LineIndex:
    """The line numbers of positions in a text, counted as an editor counts lines."""

    def __init__(self, text: str) -> None:
        self._line_ends = [match.end() for match in _LINE_BREAK.finditer(text)]

    def line_at(self, position: int) -> int:
        """Return the number of the line that a position is in, from 1."""
        return bisect_right(self._line_ends, position) + 1


def column_keys_of(layout: RegisterLayout, headers: Sequence[str]) -> tuple[str, ...]:
    """Return the key of each column, as ``RegisterLayout.column_keys`` does.

    Headers may also have underscores, such as ``prod_readiness_status``.
    """
    keys = layout.column_keys(headers)
    spaced_keys = layout.column_keys([header.replace("_", " ") for header in headers])
    return tuple(spaced if key.isdigit() else key for key, spaced in zip(keys, spaced_keys, strict=True))
