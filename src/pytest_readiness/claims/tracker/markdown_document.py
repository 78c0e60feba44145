"""A tracker in Markdown: its register, its required evidence and its legend."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

from ...errors import one_line
from ...late_pattern import late_pattern
from .layout import RegisterLayout
from .markdown_lists import list_entries, unread_entries
from .markdown_parser import cell_spans, parse_markdown, visible_text
from .markdown_rows import LIST_ITEM, find_register
from .parsed_register import Register, RegisterRow, Span
from .status_words import box_of

_ITEMS_HEADING = "Required Evidence"
_LEGEND_HEADING = "Status Legend"
_EXTRA_CELLS = (
    "'{}' and a status are beyond the last column and not read: give each row a line of its own, or remove the "
    "extra cells"
)
_LINE_BREAK = late_pattern(r"\r\n|\r|\n")
_STRUCK = late_pattern(r"~~.*?~~")
_ITEM_BOX = late_pattern(r"[\s>]*(?:(?:[-*+]|\d{1,9}[.)])[\s>]+)+?(\[[ xX]\]|[☐☑])")
"""The start of a line up to the box of its item."""
_PUNCTUATION = late_pattern(r"([!-/:-@\[-`{-~])")


class MarkdownDocument:
    """A ``TrackerDocument``. The padding and markup around the text of a cell stay around the new text."""

    def __init__(self, path: Path, text: str, layout: RegisterLayout) -> None:
        """Read a text (without byte order mark); ``path`` is for messages.

        Raises:
            ConfigError: it has no register, or a register that cannot be read.
        """
        self._text = text
        self._definitions: dict[str, Any] = {}
        tokens = parse_markdown(text, self._definitions)
        self.register: Register = find_register(path, tokens, self._definitions, layout)
        self.items = tuple(list_entries(tokens, _ITEMS_HEADING, ordered=True))
        self.legend = tuple(text for _, text, _ in list_entries(tokens, _LEGEND_HEADING, ordered=False))
        self.problems = (*unread_entries(tokens, _ITEMS_HEADING, layout.skip), *self._extra_cells(layout))

    @cached_property
    def _line_starts(self) -> list[int]:
        return [0, *(line_break.end() for line_break in _LINE_BREAK.finditer(self._text))]

    def _extra_cells(self, layout: RegisterLayout) -> Iterator[tuple[int, str]]:
        """Yield each line with a name and a status beyond the last column, which Markdown does not show."""
        lines = self._text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        for row in self.register.rows:
            line = lines[row.line - 1]
            # The fast path: most rows have no extra cells.
            if row.locator == LIST_ITEM or line.count("|") <= len(row.columns) + 1:
                continue
            spans = cell_spans(line, row.locator)[len(row.columns) :]
            cells = [self._visible(line[start:end]) for start, end in spans]
            name = next(filter(layout.is_single_word_id, cells), None)
            if name is not None and any(map(layout.is_status, cells)):
                yield row.line, _EXTRA_CELLS.format(one_line(name, 60))

    def span(self, row: RegisterRow, column: str) -> Span | None:
        """Return the span of a cell between its pipes; None: the row has fewer cells."""
        line_start = self._line_starts[row.line - 1]
        if row.locator == LIST_ITEM:
            box = _ITEM_BOX.match(self._text, line_start)
            return box.span(1) if box and column == "uc" else None
        line_break = _LINE_BREAK.search(self._text, line_start)
        line = self._text[line_start : line_break.start() if line_break else len(self._text)]
        spans = cell_spans(line, row.locator)
        position = row.columns.index(column)
        if position >= len(spans):
            return None
        start, end = spans[position]
        return line_start + start, line_start + end

    def spellings(self, row: RegisterRow, column: str, new: str) -> Iterator[str]:
        """Yield the cell with its text replaced, if the cell contains that text once."""
        span = self.span(row, column)
        if span is None:
            return
        cell, old = self._text[slice(*span)], row.cells[column]
        if row.locator == LIST_ITEM:
            yield box_of(new)
            return
        if column == "uc":
            yield from self._with_box(cell, box_of(old), new)
            return
        if not old and not cell.strip():
            yield _filled(cell, new)
            return
        for candidate in _candidates(cell, old, new):
            if self._visible(candidate) == new:
                yield candidate

    def _with_box(self, cell: str, box: str, new: str) -> Iterator[str]:
        """Yield the cell with the box at its start replaced."""
        candidate = cell.replace(box, box_of(new), 1)
        if self._visible(candidate) == new:
            yield candidate

    def _visible(self, cell: str) -> str:
        return visible_text(cell.strip().replace("\\|", "|"), self._definitions)


def _filled(cell: str, text: str) -> str:
    """Return a blank cell with a text, a space around it, and the width of the old cell if that was wider."""
    if not cell:
        return text
    return f" {text} ".ljust(len(cell))


def _candidates(cell: str, old: str, new: str) -> Iterator[str]:
    """Yield the cell with its text replaced, if it contains that once; first with the escapes of the old text."""
    spellings = list(zip(_spellings(old), _spellings(new), strict=True))
    searched = _STRUCK.sub(lambda match: "\0" * len(match[0]), cell)
    for index, (old_spelling, new_spelling) in enumerate(spellings):
        if old_spelling and searched.count(old_spelling) == 1:
            start = searched.index(old_spelling)
            end = start + len(old_spelling)
            others = [other for other_index, (_, other) in enumerate(spellings) if other_index != index]
            yield from (cell[:start] + replacement + cell[end:] for replacement in (new_spelling, *others))


def _spellings(text: str) -> tuple[str, ...]:
    """Return the possible spellings of a text in a cell: plain, underscores escaped, all punctuation escaped."""
    plain = text.replace("|", "\\|")
    return plain, plain.replace("_", "\\_"), _PUNCTUATION.sub(r"\\\1", text)
