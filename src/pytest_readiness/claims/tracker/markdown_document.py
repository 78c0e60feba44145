"""A tracker in Markdown: the source of its rows, its required evidence and its legend."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

from ...errors import one_line
from .layout import RegisterLayout
from .markdown_lists import list_entries, unread_entries
from .markdown_parser import cell_spans, parse_markdown, visible_text
from .markdown_rows import LIST_ITEM, find_register
from .parsed_register import Register, RegisterRow, Span
from .status_words import box_of

_ITEMS_HEADING = "Required Evidence"
_LEGEND_HEADING = "Status Legend"
_BEYOND = (
    "'{}' stands beyond the last column with a status, and is not read: give each row a line of its own, or take out "
    "what is too much"
)
_LINE_END = re.compile(r"\r\n|\r|\n")
_STRUCK = re.compile(r"~~.*?~~")
_BOX_OF_ITEM = re.compile(r"[\s>]*(?:(?:[-*+]|\d{1,9}[.)])[\s>]+)+?(\[[ xX]\]|[☐☑])")
"""The box of the item that begins in a line."""
_PUNCTUATION = re.compile(r"([!-/:-@\[-`{-~])")


class MarkdownDocument:
    """A ``Source``. Whatever stands around the text of a cell (padding, bold, a link) stays around the new one."""

    def __init__(self, path: Path, text: str, wanted: RegisterLayout) -> None:
        """Read a text (without byte order mark); ``path`` is for messages.

        Raises:
            ConfigError: it has no register, or a register that cannot be read.
        """
        self._text = text
        self._definitions: dict[str, Any] = {}
        tokens = parse_markdown(text, self._definitions)
        self.register: Register = find_register(path, tokens, self._definitions, wanted)
        self.items = tuple(list_entries(tokens, _ITEMS_HEADING, ordered=True))
        self.legend = tuple(text for _, text, _ in list_entries(tokens, _LEGEND_HEADING, ordered=False))
        self.doubts = (*unread_entries(tokens, _ITEMS_HEADING, wanted.skip), *self._beyond(wanted))

    @cached_property
    def _starts(self) -> list[int]:
        """Where each line begins."""
        return [0, *(end.end() for end in _LINE_END.finditer(self._text))]

    def _beyond(self, wanted: RegisterLayout) -> Iterator[tuple[int, str]]:
        """Yield the lines in which a name and a status stand beyond the last column: a second row that nobody sees."""
        lines = self._text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        for row in self.register.rows:
            line = lines[row.line - 1]
            if row.hint == LIST_ITEM or line.count("|") <= len(row.columns) + 1:  # most often so
                continue
            cells = [self._read(line[first:last]) for first, last in cell_spans(line, row.hint)[len(row.columns) :]]
            name = next(filter(wanted.is_name, cells), None)
            if name is not None and any(map(wanted.is_status, cells)):
                yield row.line, _BEYOND.format(one_line(name, 60))

    def span(self, row: RegisterRow, column: str) -> Span | None:
        """Return where the cell stands between its pipes; None: the row has fewer cells."""
        start = self._starts[row.line - 1]
        if row.hint == LIST_ITEM:
            found = _BOX_OF_ITEM.match(self._text, start)
            return found.span(1) if found and column == "uc" else None
        end = _LINE_END.search(self._text, start)
        spans = cell_spans(self._text[start : end.start() if end else len(self._text)], row.hint)
        number = row.columns.index(column)
        if number >= len(spans):
            return None
        first, last = spans[number]
        return start + first, start + last

    def spellings(self, row: RegisterRow, column: str, new: str) -> Iterator[str]:
        """Yield the cell with its text replaced, where that stands in it once."""
        found = self.span(row, column)
        if found is None:
            return
        cell, old = self._text[slice(*found)], row.cells[column]
        if row.hint == LIST_ITEM:
            yield box_of(new)
            return
        if column == "uc":
            yield from self._with_box(cell, box_of(old), new)
            return
        if not old and not cell.strip():
            yield _filled(cell, new)
            return
        for candidate in _candidates(cell, old, new):
            if self._read(candidate) == new:
                yield candidate

    def _with_box(self, cell: str, box: str, new: str) -> Iterator[str]:
        """Yield the cell with the box that it begins with replaced."""
        candidate = cell.replace(box, box_of(new), 1)
        if self._read(candidate) == new:
            yield candidate

    def _read(self, cell: str) -> str:
        return visible_text(cell.strip().replace("\\|", "|"), self._definitions)


def _filled(cell: str, text: str) -> str:
    """Return a blank cell with a text in it: a space on each side, as many as there were where the cell is wide."""
    if not cell:
        return text
    return f" {text} ".ljust(len(cell))


def _candidates(cell: str, old: str, new: str) -> Iterator[str]:
    """Yield the cell with its text replaced, where that stands in it once; spelled in the same way first."""
    spelled = list(zip(_spellings(old), _spellings(new), strict=True))
    seen = _STRUCK.sub(lambda found: "\0" * len(found[0]), cell)
    for number, (there, same) in enumerate(spelled):
        if there and seen.count(there) == 1:
            at = seen.index(there)
            others = [other for position, (_, other) in enumerate(spelled) if position != number]
            yield from (cell[:at] + instead + cell[at + len(there) :] for instead in (same, *others))


def _spellings(text: str) -> tuple[str, ...]:
    """Return how a text may stand in a cell: plain, with underscores escaped, with all punctuation escaped."""
    plain = text.replace("|", "\\|")
    return plain, plain.replace("_", "\\_"), _PUNCTUATION.sub(r"\\\1", text)
