"""Natural order of names: a number in a name counts by its value."""

from __future__ import annotations

import re

_DIGITS = re.compile(r"([0-9]+)")
_LONGEST = 1_000
"""Sort key that puts words after numbers: no number has so many digits."""

NaturalKey = tuple[tuple[tuple[int, str], ...], str]
"""A sort key: the parts of a name, then the name itself."""


def natural_key(name: str) -> NaturalKey:
    """Return the sort key that puts numbers in a name in their order: UC-2 before UC-10, and numbers before words."""
    # The length and the digits of a number order it as its value does, however long it is.
    parts = (part.lstrip("0") if number % 2 else part for number, part in enumerate(_DIGITS.split(name)))
    return tuple(
        (len(part), part) if number % 2 else (_LONGEST if part else 0, part) for number, part in enumerate(parts)
    ), name
