"""Sanitiser for CSV: no cell becomes a formula or two cells in a spreadsheet."""

from __future__ import annotations

import re
from collections.abc import Iterable

from .terminal import LIMIT, sanitise

_FORMULA = re.compile(r"""(?P<before>(?:^|;)[\s"]*)(?=[=+\-@\t\r\uff1d\uff0b\uff0d\uff20])""")
"""The place before a formula sign (wide forms too) that follows blanks and quotes at the start of the text, or a
semicolon, which separates cells in some countries."""


def to_csv(text: str, limit: int = LIMIT) -> str:
    """Return the text of a cell as one line, with an apostrophe before each formula sign.

    A negative number becomes text too. A second call changes nothing.
    """
    return _guard(sanitise(_guard(text), limit))


def _guard(text: str) -> str:
    return _FORMULA.sub(r"\g<before>'", text)


def csv_row(cells: Iterable[str], limit: int = LIMIT) -> str:
    """Return a row (RFC 4180) of sanitised and quoted texts, with its line end. ``limit`` applies to each text."""
    return ",".join('"{}"'.format(to_csv(cell, limit).replace('"', '""')) for cell in cells) + "\r\n"
