"""A value as it is written in a file: what it says, and which characters say it."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence

from ...fast_values import dataclass
from .layout import RegisterLayout

_BREAK = re.compile(r"\r\n|\r|\n")


@dataclass(frozen=True, slots=True)
class LocatedValue:
    """A value, and the characters that another one would take the place of."""

    text: str
    """As a reader sees it, without blanks around it."""
    start: int
    end: int
    style: str = ""
    """What stands around it: a quote, or the sign of the notation; empty: nothing."""


class LineIndex:
    """The lines of a text: which one a position stands in, counted as an editor counts them."""

    def __init__(self, text: str) -> None:
        self._ends = [found.end() for found in _BREAK.finditer(text)]

    def at(self, position: int) -> int:
        """Return the number of the line, from 1."""
        return bisect_right(self._ends, position) + 1


def column_names(wanted: RegisterLayout, headers: Sequence[str]) -> tuple[str, ...]:
    """Return our name of each column, as ``Wanted.names`` does; ``prod_readiness_status`` is a header as well."""
    spaced = wanted.names([header.replace("_", " ") for header in headers])
    return tuple(other if name.isdigit() else name for name, other in zip(wanted.names(headers), spaced, strict=True))
