"""For CSV that a spreadsheet opens: no cell is a formula, and none becomes two."""

from __future__ import annotations

import re
from collections.abc import Iterable

from .terminal import LIMIT, sanitise

_FORMULA = re.compile(r"""(?P<before>(?:^|;)[\s"]*)(?=[=+\-@\t\r\uff1d\uff0b\uff0d\uff20])""")
"""What a spreadsheet computes: a sign, the wide forms of it too, after blanks and quotes; and after a semicolon, with
which some countries separate cells."""


def to_csv(text: str, limit: int = LIMIT) -> str:
    """Return the text of a cell, as one line; an apostrophe goes before what a spreadsheet would compute.

    A number below zero is text then too. Doing it twice changes nothing more.
    """
    return _guard(sanitise(_guard(text), limit))


def _guard(text: str) -> str:
    return _FORMULA.sub(r"\g<before>'", text)


def csv_row(cells: Iterable[str]) -> str:
    """Return a row (RFC 4180) of texts, each made harmless and quoted, with its line end."""
    return ",".join('"{}"'.format(to_csv(cell).replace('"', '""')) for cell in cells) + "\r\n"
