"""All tables of a tracker file, whatever their headers, as the input for a guess of its layout."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import dropwhile
from pathlib import Path

from msgspec import Struct

from ...errors import ConfigError, location
from .delimited_text import DELIMITERS, DelimitedTextError, Record, read_records
from .formats import DELIMITED_SUFFIXES, YAML_SUFFIXES
from .heading_patterns import HeadingPatterns
from .located_value import LineIndex
from .markdown_html import HtmlLists, visible_html
from .markdown_parser import Token, fold_text, line_of, parse_markdown, table_rows, text_of
from .yaml_tree import YamlError, YamlNode, column_names, parse_documents

_HTML_TABLE = re.compile(r"<table\b", re.IGNORECASE)
_BOX = re.compile(r"\[[ xX]\]\s|[☐☑]\s")


class Table(Struct, frozen=True, dict=True):
    """A table, a sheet, or a YAML list."""

    line: int
    """Line of its header."""
    heading: str
    """The heading above it; empty: none."""
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    """Cells of each row, at most as many as the header has. Those that a row lacks are empty."""
    lines: tuple[int, ...]
    """Line of each row."""
    group_rows: frozenset[int] = frozenset()
    """Positions, from 0, of the rows that have one bold cell and no other text: headings of the rows below."""

    def position(self, column: str | int) -> int | None:
        """Return the position, from 0, of a column given by its header, or by its position from 1; None: no such."""
        if isinstance(column, int):
            return column - 1 if column <= len(self.header) else None
        return self._positions.get(fold_text(column))

    @cached_property
    def _positions(self) -> dict[str, int]:
        """The first position of each folded header."""
        return {fold_text(header): position for position, header in reversed(list(enumerate(self.header)))}

    @property
    def distinct_headers(self) -> Iterator[str]:
        """Each header without those that a header before it equals in another letter case."""
        for position, header in enumerate(self.header):
            if self.position(header) == position:
                yield header

    def column(self, column: str | int) -> list[str]:
        """Return the cells of a column given by its header, or by its position from 1; empty: no such column."""
        position = self.position(column)
        if position is None:
            return []
        return [row[position] if position < len(row) else "" for row in self.rows]

    def texts_by_position(self) -> dict[int, list[str]]:
        """Return the cells of each column that are not empty. Columns without any are left out."""
        texts = defaultdict[int, list[str]](list)
        for row in self.rows:
            for position, cell in enumerate(row):
                if cell:
                    texts[position].append(cell)
        return texts


class FileTables(Struct, frozen=True):
    """The parts of a file that may be a register."""

    tables: tuple[Table, ...]
    headings: tuple[str, ...] = ()
    """Each heading of a Markdown file, in order."""
    boxes: int = 0
    """Number of check list items."""
    html_line: int | None = None
    """Line of the first HTML table; None: there is none."""
    html_list_line: int | None = None
    """Line of the first HTML list; None: there is none."""
    html_box_line: int | None = None
    """Line of the first item of an HTML list with a box; None: there is none."""


def tables_in(path: Path, text: str, skip: Sequence[str] = ()) -> FileTables:
    """Return the tables of a file with this text (without byte order mark).

    Args:
        path: The path of the file, for messages and for its format.
        text: The text of the file.
        skip: Patterns (glob) of the headings under which nothing is read.

    Raises:
        ConfigError: it is CSV, TSV or YAML by its name, and cannot be read as that.
    """
    suffix = path.suffix.casefold()
    try:
        if suffix in DELIMITED_SUFFIXES:
            return FileTables(tuple(_sheets(text, has_tabs=suffix != ".csv")))
        if suffix in YAML_SUFFIXES:
            skipped = HeadingPatterns(skip)
            return FileTables(tuple(table for table in _yaml_lists(text) if not skipped.matching(table.heading)))
    except DelimitedTextError as error:
        raise ConfigError(f"{location(path, error.line)}: {error.message}") from None
    except YamlError as error:
        line = None if error.position is None else LineIndex(text).line_at(error.position)
        raise ConfigError(f"{location(path, line)}: {error.message}") from None
    return _markdown_tables(text, skip)


def _markdown_tables(text: str, skip: Sequence[str]) -> FileTables:
    tokens, tables, headings = parse_markdown(text), list[Table](), list[str]()
    boxes, html_line, is_item_start, skipped_tag, skipped = 0, None, False, "", HeadingPatterns(skip)
    html_lists = HtmlLists()
    for index, token in enumerate(tokens):
        if token.type == "heading_open" and token.level == 0:
            headings.append(text_of(tokens[index + 1]))
            if not skipped_tag or token.tag <= skipped_tag:  # Deeper headings are skipped with their section.
                skipped_tag = token.tag if skipped.matching(headings[-1]) else ""
        elif skipped_tag:
            continue
        elif token.type == "table_open":
            tables.append(_table(tokens, index, headings[-1] if headings else ""))
        elif token.type == "html_block":
            html_lists.add(visible_html(token.content), line_of(token))
            if html_line is None and (match := _HTML_TABLE.search(token.content)):
                html_line = line_of(token) + token.content.count("\n", 0, match.start())
        elif token.type == "inline":
            html_lists.add_text(token, line_of(token))
            boxes += is_item_start and bool(_BOX.match(token.content))
        is_item_start = token.type == "list_item_open" or (is_item_start and token.type == "paragraph_open")
    if not tables and "\t" in text:
        tables += _tabbed_tables(text)
    list_line, box_line = (next(iter(lines), None) for lines in (html_lists.lines, html_lists.boxed_lines))
    return FileTables(tuple(tables), tuple(headings), boxes, html_line, list_line, box_line)


def _table(tokens: Sequence[Token], start: int, heading: str) -> Table:
    (line, header), *body = table_rows(tokens, start)
    rows, lines = tuple(tuple(cells) for _, cells in body), tuple(row_line for row_line, _ in body)
    bold = _bold_lines(tokens, start)
    group_rows = frozenset(
        position for position, row in enumerate(rows) if lines[position] in bold and sum(map(bool, row)) == 1
    )
    return Table(line, heading, tuple(header), rows, lines, group_rows)


def _bold_lines(tokens: Sequence[Token], start: int) -> set[int]:
    """Return the lines of a table with a cell that is bold as a whole."""
    bold, line = set[int](), 0
    for token in tokens[start : _table_end(tokens, start)]:
        line = line_of(token) if token.type == "tr_open" else line
        children = [child for child in token.children or () if child.type != "text" or child.content]
        if children and (children[0].type, children[-1].type) == ("strong_open", "strong_close"):
            bold.add(line)
    return bold


def _table_end(tokens: Sequence[Token], index: int) -> int:
    while tokens[index].type != "table_close":
        index += 1
    return index


def _tabbed_tables(text: str) -> Iterator[Table]:
    """Yield each group of lines with the same number of tabs as a table."""
    group: list[str] = []
    for number, line in enumerate([*re.split(r"\r\n|\r|\n", text), ""], 1):
        if line.strip() and (not group or line.count("\t") == group[0].count("\t")) and "\t" in line:
            group.append(line)
            continue
        if len(group) > 1:
            header, *rows = [tuple(cell.strip() for cell in row.split("\t")) for row in group]
            first = number - len(group)
            yield Table(first, "", header, tuple(rows), tuple(range(first + 1, number)))
        group = []


def _sheets(text: str, *, has_tabs: bool) -> Iterator[Table]:
    """Yield the sheet, with the delimiter that gives the most columns."""
    best: list[Record] = []
    for delimiter in ("\t",) if has_tabs else DELIMITERS:
        try:
            records = [record for record in read_records(text, delimiter) if any(value.text for value in record)]
        except DelimitedTextError:
            if has_tabs:
                raise
            continue
        records = list(dropwhile(_is_title, records))
        if records and (not best or len(records[0]) > len(best[0])):
            best = records
    if best:
        header, *rows = [tuple(value.text for value in record) for record in best]
        width = len(header)
        cells = tuple(row[:width] for row in rows)
        lines = LineIndex(text)
        first, *others = [lines.line_at(record[0].start) for record in best]
        yield Table(first, "", header, cells, tuple(others))


def _is_title(record: Record) -> bool:
    """Return whether a record has fewer values than a header."""
    return sum(bool(value.text) for value in record) < 2  # noqa: PLR2004 - an id and a status


def _yaml_lists(text: str) -> Iterator[Table]:
    """Yield each list of mappings of a YAML file as a table, with the keys as its header."""
    line_at = LineIndex(text).line_at
    pending = [(root, "") for root in reversed(parse_documents(text))]
    while pending:
        node, heading = pending.pop()
        if node.kind == "mapping" and node.alias is None:
            pending += [(value, key.value) for key, value in reversed(list(node.pairs()))]
        elif node.kind == "list":
            pending += [(child, heading) for child in reversed(node.children)]
            entries = [_texts(child.alias or child) for child in node.children]
            keys = column_names(entries)
            if keys:
                rows = tuple(tuple(entry.get(key, "") for key in keys) for entry in entries)
                lines = tuple(line_at(child.start) for child in node.children)
                yield Table(line_at(node.start), heading, keys, rows, lines)


def _texts(node: YamlNode) -> dict[str, str]:
    pairs = node.pairs() if node.kind == "mapping" else ()
    return {key.value: (value.alias or value).value.strip() for key, value in pairs if key.kind == "scalar"}
