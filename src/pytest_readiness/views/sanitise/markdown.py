"""For Markdown: a text within a paragraph, a list item or the cell of a table, on GitHub and elsewhere."""

from __future__ import annotations

import re

from .terminal import LIMIT, visible

_PLAIN = frozenset(",;./?%")
"""ASCII punctuation that means nothing within a line."""
_ENTITIES = {
    ord(char): f"&#{ord(char)};" for char in map(chr, range(0x21, 0x7F)) if not char.isalnum() and char not in _PLAIN
}
_APART = "&#8203;"
"""A blank of no width. Entities keep Markdown from seeing a mention; GitHub looks for them in what was rendered."""
_TO_PART = re.compile(
    r"""
    (?<=[@\#])(?=\w)        # a person, a team, an issue
    | (?<=://)(?=\S)        # an address
    | (?<=\bwww)(?=\.)      # and one without its beginning
    | (?<=\bGH-)(?=\d)      # an issue again
    """,
    re.VERBOSE | re.IGNORECASE | re.ASCII,
)
_EDGES = re.compile(r"^ +| +$")
"""Blanks that Markdown takes for an indent or a line break."""
_NUMBERED = re.compile(r"^((?:&#32;)*[0-9]+)\.")


def to_markdown(text: str, limit: int = LIMIT) -> str:
    """Return the text as Markdown that shows just this text, as one line of at most about ``limit`` characters.

    It holds no HTML, emphasis, code span, link, image, footnote or formula, breaks no table and no line, mentions
    nobody, and refers to no issue. Every mark that means something is an entity, so that it may stand anywhere in a
    line. Not for a code span or a fence, where entities are shown as they are. Done twice it shows the entities: do it
    once.
    """
    pieces = (piece.translate(_ENTITIES) for piece in _TO_PART.split(visible(text, limit)))
    line = _EDGES.sub(lambda blanks: "&#32;" * len(blanks[0]), _APART.join(pieces))
    return _NUMBERED.sub(r"\1&#46;", line)
