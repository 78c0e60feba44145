"""The lists of a tracker: the entries under a heading, and what looks like an entry and is not read as one."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from fnmatch import fnmatchcase
from itertools import pairwise
from operator import attrgetter

from ...fast_values import dataclass
from .markdown_parser import Token, fold_text, line_of, text_of

_OPEN = frozenset({"ordered_list_open", "bullet_list_open"})
_CLOSE = frozenset({"ordered_list_close", "bullet_list_close"})
_NUMBERED = re.compile(r"[ \t]*[0-9]{1,9}[.)](?:[ \t]+\S|[^\W\d])")
_SECOND = (
    "the numbered list under a second heading '{heading}' is not read, so that nothing in it is required: put its "
    "entries under the first, in line {line}, or give the heading another name (tracker_skip leaves it out)"
)
_BULLET = "a bullet beside the numbered list is not required: number it, or part it from the list by a sentence"
_TEXT = "a number within a paragraph begins no entry of the list, and is not required: leave a blank line before it"


@dataclass(frozen=True, slots=True)
class _Section:
    """What stands under a heading, up to the next of its level or above."""

    heading: str
    line: int
    tokens: Sequence[Token]


def list_entries(tokens: Sequence[Token], heading: str, *, ordered: bool) -> list[tuple[str, str, int]]:
    """Return (number, text, line) of each entry of the lists under the first heading that starts so."""
    wanted = "ordered_list_open" if ordered else "bullet_list_open"
    entries: list[tuple[str, str, int]] = []
    depth: list[str] = []
    for token in (token for section in _sections(tokens, heading)[:1] for token in section.tokens):
        if token.type in _OPEN:
            depth.append(token.type)
        elif token.type in _CLOSE:
            depth.pop()
        elif depth == [wanted] and token.type == "list_item_open":
            entries.append((str(int(token.info)) if ordered else "", "", line_of(token)))
        elif depth == [wanted] and token.type == "inline" and not entries[-1][1]:
            entries[-1] = (entries[-1][0], text_of(token), entries[-1][2])
    return entries


def unread_entries(tokens: Sequence[Token], heading: str, skip: Sequence[str]) -> Iterator[tuple[int, str]]:
    """Yield the line of each thing that looks like a numbered entry under such a heading and is none, and what it is.

    ``skip``: headings (glob) under which nothing is read.
    """
    sections = _sections(tokens, heading)
    for first in sections[:1]:
        yield from dict.fromkeys(_beside(first.tokens))
    for first, other in ((sections[0], other) for other in sections[1:]):
        is_left_out = any(fnmatchcase(fold_text(other.heading), fold_text(one)) for one in skip)
        if not is_left_out and any(token.type == "ordered_list_open" for token in other.tokens):
            yield other.line, _SECOND.format(heading=other.heading, line=first.line)


def _beside(tokens: Sequence[Token]) -> Iterator[tuple[int, str]]:
    """A bullet list that nothing parts from a numbered one, and numbers that Markdown takes for text."""
    bullets = 0
    for token, following in pairwise(tokens):
        if token.type == "bullet_list_open":
            bullets = line_of(token) if token.level == 0 else bullets
        elif token.type == "inline":
            lines = enumerate(token.content.split("\n"), line_of(token))
            yield from ((line, _TEXT) for line, text in lines if _NUMBERED.match(text))
        if following.level or token.level:
            continue
        if (token.type, following.type) == ("ordered_list_close", "bullet_list_open"):
            yield line_of(following), _BULLET
        elif (token.type, following.type) == ("bullet_list_close", "ordered_list_open"):
            yield bullets, _BULLET


def _sections(tokens: Sequence[Token], heading: str) -> list[_Section]:
    """Return what stands under each heading that starts so; one within another is a part of that."""
    found: list[_Section] = []
    heads = list(_headings(tokens))
    end = 0
    for number, at in enumerate(heads):
        if at < end or not fold_text(text := text_of(tokens[at + 1])).startswith(heading.casefold()):
            continue
        tag = tokens[at].tag
        ends = (heads[later] for later in range(number + 1, len(heads)) if tokens[heads[later]].tag <= tag)
        end = next(ends, len(tokens))
        found.append(_Section(text, line_of(tokens[at]), tokens[at + 1 : end]))
    return found


def _headings(tokens: Sequence[Token]) -> Iterator[int]:
    """Yield where each heading begins: found by their types at once, as most of a long tracker is cells."""
    types, at = list(map(attrgetter("type"), tokens)), -1
    with suppress(ValueError):
        while True:
            at = types.index("heading_open", at + 1)
            yield at
