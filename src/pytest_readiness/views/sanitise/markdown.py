"""Sanitiser for Markdown: text within a paragraph, a list item or a table cell."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence

from .terminal import LIMIT, visible

_PLAIN = frozenset(",;./?%")
"""ASCII punctuation without a meaning within a line."""
_SIGNS = "".join(
    re.escape(char)
    for char in map(chr, range(0x21, 0x7F))
    if not char.isalnum() and char not in _PLAIN and char not in "-_"
)
_SIGN = re.compile(rf"[{_SIGNS}]|(?<![0-9A-Za-z])[-_]|[-_](?![0-9A-Za-z])", re.ASCII)
"""A sign with a meaning. A hyphen or an underscore within a word has none: names such as ``UC-001`` stay legible."""
_SEPARATOR = "&#8203;"
"""Zero-width space. GitHub searches the rendered text for mentions, so entities alone do not prevent them."""
_SPLIT_POINTS = re.compile(
    r"""
    (?<=[@\#])(?=\w)        # a person, a team, an issue
    | (?<=://)(?=\S)        # an address
    | (?<=\bwww)(?=\.)      # an address without a scheme
    | (?<=\bGH-)(?=\d)      # another form of an issue
    """,
    re.VERBOSE | re.IGNORECASE | re.ASCII,
)
_EDGES = re.compile(r"^ +| +$")
"""Blanks that Markdown would read as an indent or a line break."""
_NUMBERED = re.compile(r"^((?:&#32;)*[0-9]+)\.")
_PLAIN_WORD = re.compile(r"\(?(?!www\.|gh-)[a-z0-9]+(?:[._:'-][a-z0-9]+)*\)?[.,;:]?", re.IGNORECASE | re.ASCII)
"""A word without a meaning in Markdown, such as a time or an id."""
_LONGEST_CELL = 300
"""Characters of a text in a cell, before its signs become entities."""


def to_markdown(text: str, limit: int = LIMIT) -> str:
    """Return the text as Markdown that shows exactly this text, as one line of at most about ``limit`` characters.

    It contains no HTML, emphasis, code span, link, image, footnote, formula, table or line break, mention or issue
    reference. Every sign with a meaning is an entity, so that the text may be used anywhere in a line. Not for a code
    span or fence, where entities are shown literally. Call it once: a second call shows the entities.
    """
    return _escape(visible(text, limit))


def _escape(clean: str) -> str:
    pieces = (_SIGN.sub(_entity, piece) for piece in _SPLIT_POINTS.split(clean))
    line = _EDGES.sub(lambda blanks: "&#32;" * len(blanks[0]), _SEPARATOR.join(pieces))
    return _NUMBERED.sub(r"\1&#46;", line)


def to_markdown_words(text: str) -> str:
    """Return the text as Markdown that shows its words, in one line, with plain ones as they are.

    For files that people also read as text. Otherwise it is as ``to_markdown``.
    """
    words = visible(text).split(" ")
    return " ".join(word if _PLAIN_WORD.fullmatch(word) else _escape(word) for word in words)


def _to_cell(text: str) -> str:
    return to_markdown(text, _LONGEST_CELL)


def markdown_row(cells: Iterable[str], clean: Callable[[str], str] = _to_cell) -> str:
    """Return a row of a table without its line end. ``clean``: the sanitiser of each cell."""
    return f"| {' | '.join(map(clean, cells))} |"


def markdown_head(names: Sequence[str], clean: Callable[[str], str] = _to_cell) -> str:
    """Return the first two lines of a table, without the line end of the second."""
    return f"{markdown_row(names, clean)}\n|{' --- |' * len(names)}"


def _entity(sign: re.Match[str]) -> str:
    return f"&#{ord(sign[0])};"
