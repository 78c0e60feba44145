"""Which format a tracker is in: by the end of its name, and for what was copied from a spreadsheet by its header."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from .layout import RegisterLayout
from .located_value import column_names
from .markdown_document import MarkdownDocument
from .markdown_parser import parse_markdown, table_rows
from .parsed_register import RegisterRow, TrackerDocument

DELIMITED_SUFFIXES = (".csv", ".tsv", ".tab")
YAML_SUFFIXES = (".yaml", ".yml")
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n|\Z)")
_AS_TABBED_ROW = "this looks like a row of the register, and a blank line parts it from that: take the line out"
_AS_TABBED = "this looks like the header of a register, and tabs part its columns: write it as a Markdown table"


def open_source(path: Path, text: str, wanted: RegisterLayout) -> TrackerDocument:
    """Return the tracker at ``path`` with this text (without byte order mark), read; the file itself is not.

    Raises:
        ConfigError: it has no register, or a register that cannot be read.
    """
    kind = path.suffix.casefold()
    if kind in YAML_SUFFIXES:
        from .yaml_document import YamlDocument  # most trackers are Markdown

        return YamlDocument(path, text, wanted)
    starts = {} if kind in DELIMITED_SUFFIXES else _tabbed_headers(text, wanted)
    if kind in DELIMITED_SUFFIXES or (starts and not _has_table(text, wanted)):
        from .delimited_document import DelimitedDocument  # most trackers are Markdown

        sheet = DelimitedDocument(path, text, wanted, list(starts.values()) or None)
        if starts:
            sheet.doubts = tuple(_tabbed_rows(text, wanted, sheet.register.rows, starts))
        return sheet
    document = MarkdownDocument(path, text, wanted)
    document.doubts = (*document.doubts, *((line, _AS_TABBED) for line in starts))
    return document


def _tabbed_headers(text: str, wanted: RegisterLayout) -> dict[int, int]:
    """Return where the headers of a register stand whose columns tabs part, by their lines; none within code."""
    found = dict(_tabbed_lines(text, wanted)) if "\t" in text else {}
    if found:
        shown = _shown(text)
        found = {line: start for line, start in found.items() if line in shown}
    return found


def _shown(text: str) -> set[int]:
    """Return the lines that are text to Markdown, and no code."""
    places = [token.map for token in parse_markdown(text) if token.type == "inline" and token.map]
    return {line for first, last in places for line in range(first + 1, last + 1)}


def _tabbed_rows(
    text: str, wanted: RegisterLayout, rows: Sequence[RegisterRow], headers: Iterable[int]
) -> Iterator[tuple[int, str]]:
    """Yield the lines that look like rows, and stand below the blank line at which their sheet ends."""
    read = {row.line: row.columns for row in rows}
    unread = _shown(text).difference(read, headers)
    columns: tuple[str, ...] = ()
    for number, line in enumerate(_LINE.findall(text), 1):
        columns = read.get(number, columns)
        cells = [cell.strip(' "') for cell in line.strip("\r\n").split("\t")]
        if columns and number in unread and wanted.is_row(cells, columns):
            yield number, _AS_TABBED_ROW


def _tabbed_lines(text: str, wanted: RegisterLayout) -> Iterator[tuple[int, int]]:
    start = 0
    for number, line in enumerate(_LINE.findall(text), 1):
        cells = [cell.strip() for cell in line.split("\t")] if "\t" in line else []
        if cells and "|" not in cells and set(wanted.decide) <= set(column_names(wanted, cells)):
            yield number, start
        start += len(line)


def _has_table(text: str, wanted: RegisterLayout) -> bool:
    tokens = parse_markdown(text)
    opened = [number for number, token in enumerate(tokens) if token.type == "table_open"]
    return any(wanted.is_header(table_rows(tokens, number)[0][1]) for number in opened)
