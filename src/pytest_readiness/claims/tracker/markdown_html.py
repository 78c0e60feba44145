"""HTML tables and lists of a tracker, which are not read, but reported if they look like a register."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ...late_pattern import late_pattern
from .layout import RegisterLayout
from .markdown_checklists import LINE_WITH_BOX, leading_id
from .markdown_parser import Token, fold_text
from .status_words import box_of, strip_box

_HIDDEN = late_pattern(
    r"<!-->|<!--->|<!--.*?(?:-->|\Z)|<(pre|code|script|style|textarea)\b.*?(?:</\1\s*>|\Z)", re.DOTALL | re.IGNORECASE
)
"""Elements that a browser shows as code, or not at all."""
_TABLE = late_pattern(r"<table\b", re.IGNORECASE)
_ROW = late_pattern(r"<tr\b.*?(?=<tr\b|</table|\Z)", re.DOTALL | re.IGNORECASE)
_CELL = late_pattern(r"<t[hd]\b[^>]*>(.*?)(?=</?t[hdr]\b|</table|\Z)", re.DOTALL | re.IGNORECASE)
_TAG = late_pattern(r"<[^>]*>")
_CHECKBOX = late_pattern(r"<input\b(?=[^>]*\btype\s*=\s*[\"']?checkbox\b)[^>]*>", re.IGNORECASE)
_LIST = late_pattern(r"<(?:ul|ol|li)\b", re.IGNORECASE)
_ITEM = late_pattern(r"<li\b[^>]*>", re.IGNORECASE)
_ITEM_START = "\0"
"""Stands for the tag of an item; no text of a document contains it."""


def visible_html(text: str) -> str:
    """Return HTML without code and invisible elements, on the same number of lines."""
    return _HIDDEN.sub(lambda match: "\n" * match[0].count("\n"), text)


def strip_tags(text: str) -> str:
    """Return HTML without its tags."""
    return _TAG.sub("", text)


class HtmlTables:
    """The HTML tables of a tracker, collected block by block."""

    def __init__(self) -> None:
        """Start without tables."""
        self.lines: list[int] = []
        """The line of each table."""
        self._blocks: list[tuple[int, tuple[str, ...]]] = []
        """(line, cells) of each block."""
        self._rows: list[tuple[int, tuple[str, ...]]] = []
        """(line, cells) of each row."""

    def add(self, visible: str, first_line: int) -> None:
        """Add the tables of a block of HTML."""
        self.lines += [first_line + visible.count("\n", 0, match.start()) for match in _TABLE.finditer(visible)]
        cells = _cells(visible)
        if cells:
            self._blocks.append((first_line, cells))
        position, line = 0, first_line
        for row in _ROW.finditer(visible):
            line += visible.count("\n", position, row.start())
            position = row.start()
            self._rows.append((line, _cells(row[0])))

    def register_lines(self, layout: RegisterLayout) -> Iterator[int]:
        """Yield the lines of blocks with the headers of a register; if there are none, of a row that looks like its."""
        headers = {fold_text(layout.header_of(key)) for key in layout.key_columns if layout.headers.get(key)}
        lines = [line for line, cells in self._blocks if headers and headers <= set(map(fold_text, cells))]
        yield from lines
        if not lines:
            yield from [line for line, cells in self._rows if _looks_like_row(cells, layout)][:1]


class HtmlLists:
    """The HTML lists of a tracker, collected block by block."""

    def __init__(self) -> None:
        """Start without lists."""
        self.lines: list[int] = []
        """The line of the first list of each block."""
        self.boxed_lines: list[int] = []
        """The line of the first item with a box of each block."""
        self.items: list[tuple[int, str]] = []
        """(line, name) of each item with a box."""

    def add(self, visible: str, first_line: int) -> None:
        """Add the lists of a block of HTML. A box is ``[ ]``, ``☐`` or an ``<input type="checkbox">``."""
        lists = _LIST.search(visible)
        if lists:
            self.lines.append(first_line + visible.count("\n", 0, lists.start()))
        if lists or _CHECKBOX.search(visible):
            items = [(first_line + offset, leading_id(text) or text) for offset, text in _boxed_items(visible)]
            self.boxed_lines += [line for line, _ in items[:1]]
            self.items += items

    def add_text(self, inline: Token, first_line: int) -> None:
        """Add the lists in the text of a paragraph or of a Markdown item."""
        if any(child.type == "html_inline" for child in inline.children or ()):
            shown = {"softbreak": "\n", "hardbreak": "\n", "code_inline": ""}
            self.add("".join(shown.get(child.type, child.content) for child in inline.children or ()), first_line)


def _boxed_items(visible: str) -> Iterator[tuple[int, str]]:
    """Yield (offset of the line, text) of each item, or line, that begins with a box."""
    text = _CHECKBOX.sub(lambda match: "[ ] " + "\n" * match[0].count("\n"), visible)
    text = _ITEM.sub(lambda match: _ITEM_START + "\n" * match[0].count("\n"), text)
    text = _TAG.sub(lambda match: "\n" * match[0].count("\n"), text)
    offset = 0
    for piece in text.split(_ITEM_START):
        lines = piece.split("\n")
        first = next((number for number, line in enumerate(lines) if line.strip()), 0)
        for number, line in enumerate(lines):
            if LINE_WITH_BOX.match(line):
                words = " ".join(lines[number:] if number == first else [line]).split()
                content = " ".join(words)
                yield offset + number, strip_box(content) if box_of(content) else content
        offset += len(lines) - 1


def _cells(visible: str) -> tuple[str, ...]:
    return tuple(strip_tags(match[1]).strip() for match in _CELL.finditer(visible))


def _looks_like_row(cells: Sequence[str], layout: RegisterLayout) -> bool:
    ids = (
        cell
        for cell in cells
        if layout.is_single_word_id(cell) and any(map(str.isdigit, cell)) and any(map(str.isalpha, cell))
    )
    return any(map(layout.is_status, cells)) and any(ids)
