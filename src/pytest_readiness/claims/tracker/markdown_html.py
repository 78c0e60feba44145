"""HTML tables of a tracker, which are not read, but reported if they look like a register."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from .layout import RegisterLayout
from .markdown_parser import fold_text

_HIDDEN = re.compile(
    r"<!-->|<!--->|<!--.*?(?:-->|\Z)|<(pre|code|script|style|textarea)\b.*?(?:</\1\s*>|\Z)", re.DOTALL | re.IGNORECASE
)
"""Elements that a browser shows as code, or not at all."""
_TABLE = re.compile(r"<table\b", re.IGNORECASE)
_ROW = re.compile(r"<tr\b.*?(?=<tr\b|</table|\Z)", re.DOTALL | re.IGNORECASE)
_CELL = re.compile(r"<t[hd]\b[^>]*>(.*?)(?=</?t[hdr]\b|</table|\Z)", re.DOTALL | re.IGNORECASE)
_TAG = re.compile(r"<[^>]*>")


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


def _cells(visible: str) -> tuple[str, ...]:
    return tuple(strip_tags(match[1]).strip() for match in _CELL.finditer(visible))


def _looks_like_row(cells: Sequence[str], layout: RegisterLayout) -> bool:
    ids = (
        cell
        for cell in cells
        if layout.is_single_word_id(cell) and any(map(str.isdigit, cell)) and any(map(str.isalpha, cell))
    )
    return any(map(layout.is_status, cells)) and any(ids)
