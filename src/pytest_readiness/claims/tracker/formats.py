"""The format of a tracker file, chosen by its suffix, and for tab-separated text also by its header."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from ...late_pattern import late_pattern
from .layout import RegisterLayout
from .located_value import column_keys_of
from .markdown_document import MarkdownDocument
from .markdown_parser import parse_markdown, table_rows
from .parsed_register import RegisterRow, TrackerDocument

DELIMITED_SUFFIXES = (".csv", ".tsv", ".tab")
YAML_SUFFIXES = (".yaml", ".yml")
_LINE = late_pattern(r"[^\r\n]*(?:\r\n|\r|\n|\Z)")
_ROW_AFTER_BLANK = (
    "this looks like a row of the register, but a blank line separates it from that: remove the blank line"
)
_TABBED_HEADER = (
    "this looks like the header of a register, but its columns are separated by tabs: write it as a Markdown table"
)


def open_document(path: Path, text: str, layout: RegisterLayout) -> TrackerDocument:
    """Return the parsed text of a tracker (without byte order mark); the file at ``path`` itself is not read.

    Raises:
        ConfigError: it has no register, or a register that cannot be read.
    """
    suffix = path.suffix.casefold()
    if suffix in YAML_SUFFIXES:
        from .yaml_document import YamlDocument  # Most trackers are Markdown.

        return YamlDocument(path, text, layout)
    is_delimited = suffix in DELIMITED_SUFFIXES
    headers = {} if is_delimited else _tabbed_headers(text, layout)
    if is_delimited or (headers and not _has_table(text, layout)):
        from .delimited_document import DelimitedDocument  # Most trackers are Markdown.

        sheet = DelimitedDocument(path, text, layout, list(headers.values()) or None)
        if headers:
            sheet.problems = tuple(_rows_after_blank(text, layout, sheet.register.rows, headers))
        return sheet
    document = MarkdownDocument(path, text, layout)
    document.problems = (*document.problems, *((line, _TABBED_HEADER) for line in headers))
    return document


def _tabbed_headers(text: str, layout: RegisterLayout) -> dict[int, int]:
    """Return the positions of a register's headers whose columns are separated by tabs, by line; none within code."""
    headers = dict(_find_tabbed_headers(text, layout)) if "\t" in text else {}
    if headers:
        text_lines = _text_lines(text)
        headers = {line: start for line, start in headers.items() if line in text_lines}
    return headers


def _text_lines(text: str) -> set[int]:
    """Return the lines that are text in Markdown, and not code."""
    ranges = [token.map for token in parse_markdown(text) if token.type == "inline" and token.map]
    return {line for first, last in ranges for line in range(first + 1, last + 1)}


def _rows_after_blank(
    text: str, layout: RegisterLayout, rows: Sequence[RegisterRow], headers: Iterable[int]
) -> Iterator[tuple[int, str]]:
    """Yield the lines that look like rows, and are below the blank line that ends their sheet."""
    columns_by_line = {row.line: row.columns for row in rows}
    unread = _text_lines(text).difference(columns_by_line, headers)
    columns: tuple[str, ...] = ()
    for number, line in enumerate(_LINE.findall(text), 1):
        columns = columns_by_line.get(number, columns)
        cells = [cell.strip(' "') for cell in line.strip("\r\n").split("\t")]
        if columns and number in unread and layout.is_row(cells, columns):
            yield number, _ROW_AFTER_BLANK


def _find_tabbed_headers(text: str, layout: RegisterLayout) -> Iterator[tuple[int, int]]:
    start = 0
    for number, line in enumerate(_LINE.findall(text), 1):
        cells = [cell.strip() for cell in line.split("\t")] if "\t" in line else []
        if cells and "|" not in cells and set(layout.key_columns) <= set(column_keys_of(layout, cells)):
            yield number, start
        start += len(line)


def _has_table(text: str, layout: RegisterLayout) -> bool:
    tokens = parse_markdown(text)
    tables = [index for index, token in enumerate(tokens) if token.type == "table_open"]
    return any(layout.is_header(table_rows(tokens, index)[0][1]) for index in tables)
