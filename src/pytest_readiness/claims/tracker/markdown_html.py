"""Tables that a tracker has in HTML: they are not read, and told where they look like a register."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from .layout import RegisterLayout
from .markdown_parser import fold_text

_HIDDEN = re.compile(
    r"<!-->|<!--->|<!--.*?(?:-->|\Z)|<(pre|code|script|style|textarea)\b.*?(?:</\1\s*>|\Z)", re.DOTALL | re.IGNORECASE
)
"""What a browser shows as code, or not at all."""
_TABLE = re.compile(r"<table\b", re.IGNORECASE)
_ROW = re.compile(r"<tr\b.*?(?=<tr\b|</table|\Z)", re.DOTALL | re.IGNORECASE)
_CELL = re.compile(r"<t[hd]\b[^>]*>(.*?)(?=</?t[hdr]\b|</table|\Z)", re.DOTALL | re.IGNORECASE)
_TAG = re.compile(r"<[^>]*>")


def visible_html(text: str) -> str:
    """Return HTML without what a browser shows as code or not at all, on as many lines."""
    return _HIDDEN.sub(lambda found: "\n" * found[0].count("\n"), text)


def strip_tags(text: str) -> str:
    """Return HTML without its tags."""
    return _TAG.sub("", text)


class HtmlTables:
    """The tables in HTML that a way through a tracker came by."""

    def __init__(self) -> None:
        """Begin with none."""
        self.lines: list[int] = []
        """In which one begins."""
        self._blocks: list[tuple[int, tuple[str, ...]]] = []
        """(line, cells) of each block."""
        self._rows: list[tuple[int, tuple[str, ...]]] = []

    def take(self, shown: str, first: int) -> None:
        """Look at a block of HTML that begins in a line."""
        self.lines += [first + shown.count("\n", 0, found.start()) for found in _TABLE.finditer(shown)]
        cells = _cells(shown)
        if cells:
            self._blocks.append((first, cells))
        at, line = 0, first
        for row in _ROW.finditer(shown):
            line += shown.count("\n", at, row.start())
            at = row.start()
            self._rows.append((line, _cells(row[0])))

    def like(self, wanted: RegisterLayout) -> Iterator[int]:
        """Yield the lines of blocks with the headers of a register, and of rows that look like its rows."""
        needed = {fold_text(wanted.shown(key)) for key in wanted.decide if wanted.headers.get(key)}
        told = [line for line, cells in self._blocks if needed and needed <= set(map(fold_text, cells))]
        yield from told
        if not told:
            yield from [line for line, cells in self._rows if _is_like_a_row(cells, wanted)][:1]


def _cells(shown: str) -> tuple[str, ...]:
    return tuple(strip_tags(found[1]).strip() for found in _CELL.finditer(shown))


def _is_like_a_row(cells: Sequence[str], wanted: RegisterLayout) -> bool:
    ids = (
        cell for cell in cells if wanted.is_name(cell) and any(map(str.isdigit, cell)) and any(map(str.isalpha, cell))
    )
    return any(map(wanted.is_status, cells)) and any(ids)
