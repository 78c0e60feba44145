"""The list entries under a heading of a tracker, and the lines that only look like entries."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from fnmatch import fnmatchcase
from itertools import pairwise
from operator import attrgetter

from msgspec import Struct

from ...late_pattern import late_pattern
from .markdown_parser import Token, fold_text, line_of, text_of

_OPEN = frozenset({"ordered_list_open", "bullet_list_open"})
_CLOSE = frozenset({"ordered_list_close", "bullet_list_close"})
_NUMBERED = late_pattern(r"[ \t]*[0-9]{1,9}[.)](?:[ \t]+\S|[^\W\d])")
_SECOND_HEADING = (
    "the numbered list under a second heading '{heading}' is not read, so nothing in it is required: move its "
    "entries under the first heading in line {line}, or rename the heading (tracker_skip skips it)"
)
_BULLET = "a bullet beside the numbered list is not required: number it, or separate it from the list by a sentence"
_NUMBER_IN_TEXT = (
    "a number within a paragraph starts no entry of the list, and is not required: add a blank line before it"
)


class _Section(Struct, frozen=True):
    """A heading and its content, up to the next heading of its level or above."""

    heading: str
    line: int
    tokens: Sequence[Token]


def list_entries(tokens: Sequence[Token], heading: str, *, ordered: bool) -> list[tuple[str, str, int]]:
    """Return (number, text, line) of each entry of the lists under the first heading that begins with ``heading``."""
    list_type = "ordered_list_open" if ordered else "bullet_list_open"
    entries: list[tuple[str, str, int]] = []
    open_lists: list[str] = []
    for token in (token for section in _sections(tokens, heading)[:1] for token in section.tokens):
        if token.type in _OPEN:
            open_lists.append(token.type)
        elif token.type in _CLOSE:
            open_lists.pop()
        elif open_lists == [list_type] and token.type == "list_item_open":
            entries.append((str(int(token.info)) if ordered else "", "", line_of(token)))
        elif open_lists == [list_type] and token.type == "inline" and not entries[-1][1]:
            entries[-1] = (entries[-1][0], text_of(token), entries[-1][2])
    return entries


def unread_entries(tokens: Sequence[Token], heading: str, skip: Sequence[str]) -> Iterator[tuple[int, str]]:
    """Yield (line, message) for each thing that looks like a numbered entry under such a heading and is not read.

    Args:
        tokens: The tokens of the tracker.
        heading: The start of the heading.
        skip: Patterns (glob) of the headings under which nothing is read.
    """
    sections = _sections(tokens, heading)
    for first in sections[:1]:
        yield from dict.fromkeys(_misplaced_entries(first.tokens))
    for first, other in ((sections[0], other) for other in sections[1:]):
        is_skipped = any(fnmatchcase(fold_text(other.heading), fold_text(pattern)) for pattern in skip)
        if not is_skipped and any(token.type == "ordered_list_open" for token in other.tokens):
            yield other.line, _SECOND_HEADING.format(heading=other.heading, line=first.line)


def _misplaced_entries(tokens: Sequence[Token]) -> Iterator[tuple[int, str]]:
    """Yield each bullet list that nothing separates from a numbered one, and each number that is text in Markdown."""
    bullet_line = 0
    for token, following in pairwise(tokens):
        if token.type == "bullet_list_open":
            bullet_line = line_of(token) if token.level == 0 else bullet_line
        elif token.type == "inline":
            lines = enumerate(token.content.split("\n"), line_of(token))
            yield from ((line, _NUMBER_IN_TEXT) for line, text in lines if _NUMBERED.match(text))
        if following.level or token.level:
            continue
        if (token.type, following.type) == ("ordered_list_close", "bullet_list_open"):
            yield line_of(following), _BULLET
        elif (token.type, following.type) == ("bullet_list_close", "ordered_list_open"):
            yield bullet_line, _BULLET


def _sections(tokens: Sequence[Token], heading: str) -> list[_Section]:
    """Return the section of each heading that begins with ``heading``; nested ones are parts of their section."""
    sections: list[_Section] = []
    starts = list(_heading_indexes(tokens))
    end = 0
    for number, start in enumerate(starts):
        if start < end or not fold_text(text := text_of(tokens[start + 1])).startswith(heading.casefold()):
            continue
        tag = tokens[start].tag
        ends = (starts[later] for later in range(number + 1, len(starts)) if tokens[starts[later]].tag <= tag)
        end = next(ends, len(tokens))
        sections.append(_Section(text, line_of(tokens[start]), tokens[start + 1 : end]))
    return sections


def _heading_indexes(tokens: Sequence[Token]) -> Iterator[int]:
    """Yield the index of each heading. ``list.index`` is fast, and most tokens of a long tracker are cells."""
    types, index = list(map(attrgetter("type"), tokens)), -1
    with suppress(ValueError):
        while True:
            index = types.index("heading_open", index + 1)
            yield index
