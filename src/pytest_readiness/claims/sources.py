"""Which format a tracker is in: by the end of its name, and for what was copied from a spreadsheet by its header."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from .document import Document
from .markdown import parsed, table_rows
from .source import Source
from .wanted import Wanted
from .written import names_of

SHEETS = (".csv", ".tsv", ".tab")
OUTLINES = (".yaml", ".yml")
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n|\Z)")
_AS_TABBED = "this looks like the header of a register, and tabs part its columns: write it as a Markdown table"


def open_source(path: Path, text: str, wanted: Wanted) -> Source:
    """Return the tracker at ``path`` with this text (without byte order mark), read; the file itself is not.

    Raises:
        ConfigError: it has no register, or a register that cannot be read.
    """
    kind = path.suffix.casefold()
    if kind in OUTLINES:
        from .outline import Outline  # most trackers are Markdown

        return Outline(path, text, wanted)
    starts = {} if kind in SHEETS else _tabbed_headers(text, wanted)
    if kind in SHEETS or (starts and not _has_table(text, wanted)):
        from .sheet import Sheet  # the same

        return Sheet(path, text, wanted, list(starts.values()) or None)
    document = Document(path, text, wanted)
    document.doubts = (*document.doubts, *((line, _AS_TABBED) for line in starts))
    return document


def _tabbed_headers(text: str, wanted: Wanted) -> dict[int, int]:
    """Return where the headers of a register stand whose columns tabs part, by their lines; none within code."""
    found = dict(_tabbed_lines(text, wanted)) if "\t" in text else {}
    if found:
        shown = {
            line
            for token in parsed(text)
            if token.type == "inline" and token.map
            for line in range(token.map[0] + 1, token.map[1] + 1)
        }
        found = {line: start for line, start in found.items() if line in shown}
    return found


def _tabbed_lines(text: str, wanted: Wanted) -> Iterator[tuple[int, int]]:
    start = 0
    for number, line in enumerate(_LINE.findall(text), 1):
        if "\t" in line and set(wanted.decide) <= set(names_of(wanted, [cell.strip() for cell in line.split("\t")])):
            yield number, start
        start += len(line)


def _has_table(text: str, wanted: Wanted) -> bool:
    tokens = parsed(text)
    opened = [number for number, token in enumerate(tokens) if token.type == "table_open"]
    return any(wanted.is_header(table_rows(tokens, number)[0][1]) for number in opened)
