"""The rows of the register in a Markdown tracker.

They come from each table with the register's columns, and from the paragraphs that continue such a table after a blank
line. If the register is check lists, they come from their items. A text that looks like a part of the register is
either read or reported as a problem with its line.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from operator import attrgetter
from pathlib import Path
from typing import Any

from msgspec import Struct, field

from ...errors import ConfigError, location, one_line
from ...late_pattern import late_pattern
from .heading_patterns import HeadingPatterns
from .layout import CHECKLIST, RegisterLayout
from .markdown_checklists import NO_ITEM, CheckLists, boxed_lines, similar_names
from .markdown_html import HtmlLists, HtmlTables, strip_tags, visible_html
from .markdown_parser import (
    STRUCK,
    Token,
    cell_spans,
    fold_text,
    headers_of,
    line_of,
    parse_markdown,
    table_rows,
    text_of,
    visible_text,
)
from .parsed_register import Register, RegisterRow
from .status_words import box_of, strip_box

_LINE_PREFIX = late_pattern(r"(?:[\s>]|</?[a-zA-Z][^>:]*>|(?:[-*+]|\d{1,9}[.)])(?=[\s>]))*")
"""Quote marks, list marks and tags that may precede a row in its line."""

_LOOSE_HEADER = (
    "this looks like the header of a register, but is no table: add a blank line before it, and give the line under "
    "it as many columns"
)
_LOOSE_ROW = "this looks like a row of the register, but is in none of its tables: move it below their header"
_ROW_AS_HEADER = (
    "this looks like a row of the register, but is the header of another table: move it below the register's header"
)
_HTML_TABLE = "this looks like a register, but is written in HTML: write it as a Markdown table"
_HTML_LIST = "this list is written in HTML, which is not read: write its items as '- [ ] ...'"
_BOXES_IN_TABLE = "this table has boxes, but the register is check lists: write its rows as items"
_ITEM_OUTSIDE = "'{}' is named like a use case, but is an item of a list outside the register: move it into a table"
_MISSING_COLUMN = "this looks like a register, but none of its columns is called '{}': give one that header"
_PROSE_CELLS = 2
"""Number of cells of prose that contains a pipe."""
LIST_ITEM = -1
"""The locator of a row that is an item of a check list; that of a table row is its depth of block quotes."""
OR_SKIP = ", or name the heading above it in tracker_skip"
"""The end of each problem of a part that only looks like the register."""


def find_register(path: Path, tokens: Sequence[Token], definitions: dict[str, Any], layout: RegisterLayout) -> Register:
    """Return the rows of the register, and its problems.

    Args:
        path: The path of the tracker, for messages.
        tokens: The tokens of the tracker.
        definitions: The targets of its links.
        layout: The layout of the register.

    Raises:
        ConfigError: there is no register, it has no rows, or two of its key columns have the same header.
    """
    if layout.may_lack_id_header:
        layout = layout.adapted_to(headers_of(tokens))
    search = _RegisterSearch(path, tokens, definitions, layout)
    search.run()
    problems = tuple(sorted(search.problems()))
    if not search.headers and not problems:
        raise ConfigError(f"{location(path)}: {search.no_register_message()}")
    if not search.rows and not problems:
        raise ConfigError(f"{location(path, search.headers[0])}: the register has no rows: add a row for each use case")
    unmatched = tuple(pattern for pattern in layout.skip if pattern not in search.matched_patterns)
    return Register(tuple(search.rows), problems, unmatched)


class _PossibleRow(Struct, frozen=True):
    """A line outside the register that may look like one of its rows."""

    line: int
    cells: tuple[str, ...]
    message: str
    """The problem to report if it looks like a row."""
    starts_with_pipe: bool = False
    """It looks like a row if it has a name and a status in any cells."""


class _RegisterSearch(Struct):
    """One pass through the tokens of a tracker."""

    path: Path
    tokens: Sequence[Token]
    definitions: dict[str, Any]
    layout: RegisterLayout
    rows: list[RegisterRow] = field(default_factory=list)
    headers: list[int] = field(default_factory=list)
    """The line of each header of the register."""
    matched_patterns: set[str] = field(default_factory=set)
    _column_sets: dict[tuple[str, ...], None] = field(default_factory=dict)
    """The columns of each table of the register, without duplicates."""
    _possible_rows: list[_PossibleRow] = field(default_factory=list)
    _problems: list[tuple[int, str]] = field(default_factory=list)
    _lists: CheckLists = field(default_factory=CheckLists)
    _html: HtmlTables = field(default_factory=HtmlTables)
    _html_lists: HtmlLists = field(default_factory=HtmlLists)
    _boxed_lines: list[int] = field(default_factory=list)
    """The lines that begin with a box, and are no items."""
    _has_spaced_ids: bool = False
    """Ids may contain blanks, as they are made of any text."""
    _tabbed_line: int = 0
    """The first line with a tab within its text; 0: none."""
    _quote_depth: int = 0
    _skipped: HeadingPatterns = field(default_factory=lambda: HeadingPatterns(()))
    _skipped_tag: str = ""
    """The tag of the heading under which nothing is read; empty: none."""
    _open_columns: tuple[str, ...] | None = None
    """The columns of a table of the register that was followed by blank lines only so far."""

    def run(self) -> None:
        """Read all tokens."""
        index, types = 0, list(map(attrgetter("type"), self.tokens))
        self._has_spaced_ids = not self.layout.has_single_word_ids
        self._skipped = HeadingPatterns(self.layout.skip)
        while index < len(self.tokens):
            token = self.tokens[index]
            self._quote_depth += {"blockquote_open": 1, "blockquote_close": -1}.get(token.type, 0)
            if token.type == "heading_open" and token.level == 0:
                self._enter_section(token.tag, fold_text(text_of(self.tokens[index + 1])))
            elif self._skipped_tag:
                pass
            elif self._lists.add(token):
                self._read_item()
                self._boxed_lines += boxed_lines(token, 1)
            elif token.type == "table_open":
                self._read_table(index)
                index = types.index("table_close", index)
            elif token.type == "inline":
                self._read_text(token)
            elif token.type == "html_block":
                self._open_columns = None
                self._read_html(token)
            elif token.type == "code_block" and self._open_columns is not None:
                self._open_columns = None
                self._read_indented(token)
            elif token.type not in ("paragraph_open", "paragraph_close"):
                self._open_columns = None
            index += 1

    def _enter_section(self, tag: str, heading: str) -> None:
        """Start a section, which also ends a skipped section of the same level or below."""
        self._open_columns = None
        if not self._skipped_tag or tag <= self._skipped_tag:
            matches = self._skipped.matching(heading)
            self.matched_patterns.update(matches)
            self._skipped_tag = tag if matches else ""

    def _read_table(self, start: int) -> None:
        (line, header), *body = table_rows(self.tokens, start)
        columns = self.layout.column_keys(header)
        if self.layout.is_checklist:
            if any(box_of(cell) for _, cells in body for cell in cells):
                self._problems.append((line, _BOXES_IN_TABLE))
        elif not self.layout.is_header(header):
            self._open_columns = None
            if sum(map(self.layout.is_status, header)) == 1:  # A table of counts has all statuses in its header.
                self._possible_rows.append(_PossibleRow(line, tuple(header), _ROW_AS_HEADER))
            elif missing := self._missing_header([header, *(cells for _, cells in body)]):
                self._problems.append((line, _MISSING_COLUMN.format(missing)))
        else:
            self._read_register_table(line, columns, body)

    def _read_register_table(
        self, line: int, columns: tuple[str, ...], body: Sequence[tuple[int, Sequence[str]]]
    ) -> None:
        for key in self.layout.key_columns:
            if columns.count(key) > 1:
                message = f"two columns are called '{one_line(self.layout.header_of(key), 60)}': rename one"
                raise ConfigError(f"{location(self.path, line)}: {message}")
        self.headers.append(line)
        self._column_sets[columns] = None
        self._open_columns = columns
        self._add_rows(columns, body)

    def _missing_header(self, rows: Sequence[Sequence[str]]) -> str | None:
        layout = self.layout
        uc, *others = layout.key_columns
        position = layout.id_position
        id_header = rows[0][position] if position is not None and position < len(rows[0]) else layout.header_of(uc)
        if not others:  # The box in the id cell is the status.
            return id_header if any(map(box_of, (cell for cells in rows[1:] for cell in cells))) else None
        from .misspelt_headers import missing_column  # late: only for a table beside the register, and it loads difflib

        columns, headers = list(zip(*rows, strict=True)), set(map(fold_text, rows[0]))
        others = [key for key in others if fold_text(layout.header_of(key)) not in headers] or others
        missing_headers = (
            missing_column(columns, (id_header, layout.header_of(key)), layout.is_status, layout.is_single_word_id)
            for key in others
        )
        return next((header for header in missing_headers if header), None)

    def _add_rows(self, columns: tuple[str, ...], body: Sequence[tuple[int, Sequence[str]]]) -> None:
        for line, texts in body:
            # Reversed, so that the first of two columns with one key is read.
            cells = dict(reversed(list(zip(columns, texts, strict=True))))
            self._has_spaced_ids = self._has_spaced_ids or " " in strip_box(cells["uc"])
            is_struck = STRUCK in texts and cells["uc"] == STRUCK
            if STRUCK in texts:
                is_struck = is_struck and all(cells[key] in ("", STRUCK) for key in self.layout.key_columns)
                cells = {key: "" if cell == STRUCK else cell for key, cell in cells.items()}
            self.rows.append(RegisterRow(line, cells, columns, is_struck=is_struck, locator=self._quote_depth))

    def _read_item(self) -> None:
        self._open_columns, item = None, self._lists.items[-1]
        if self.layout.is_checklist:
            self.headers.append(item.line)
            cells = {"uc": f"{item.box} {item.name}", "title": item.title, "owner": item.owner}
            self.rows.append(RegisterRow(item.line, cells, ("uc",), is_struck=item.is_struck, locator=LIST_ITEM))

    def _read_text(self, token: Token) -> None:
        """Read a paragraph that continues a table of the register as its rows, and check any other text."""
        lines, first_line = _without_comments(token).split("\n"), line_of(token)
        self._boxed_lines += boxed_lines(token, 0)
        if "<t" in token.content.lower():
            self._html.add(visible_html(token.content), first_line)
        self._html_lists.add_text(token, first_line)
        columns, self._open_columns = self._open_columns, None
        if columns is not None and self._continues_table(lines[0], columns):
            self._open_columns = columns
            body = self._parse_rows(lines, len(columns))
            self._add_rows(columns, [(first_line + offset, cells) for offset, cells in enumerate(body)])
            if len(body) < len(lines):
                self._problems.append((first_line + len(body), _LOOSE_ROW))
            return
        self._find_possible_rows(lines, first_line)

    def _read_indented(self, token: Token) -> None:
        """Check the code right below a table of the register: a row that is indented too far is code in Markdown."""
        if self.rows and line_of(token) == self.rows[-1].line + 1:
            self._find_possible_rows(token.content.split("\n"), line_of(token))

    def _continues_table(self, line: str, columns: tuple[str, ...]) -> bool:
        return line.lstrip().startswith("|") or ("|" in line and self._is_row(self._cells(line), columns))

    def _is_row(self, cells: Sequence[str], columns: tuple[str, ...]) -> bool:
        """Return whether these are the cells of a row; prose with a pipe and a status is none if ids are words."""
        position = columns.index("uc")
        name = cells[position] if position < len(cells) else ""
        is_word = bool(name) and not any(map(str.isspace, strip_box(name)))
        has_id = is_word or bool(box_of(name)) or self._has_spaced_ids or len(cells) == len(columns) > _PROSE_CELLS
        return has_id and self.layout.is_row(cells, columns)

    def _parse_rows(self, lines: Sequence[str], count: int) -> list[list[str]]:
        """Return the cells of lines, parsed as a table with ``count`` columns."""
        header = f"{'|x' * count}|\n{'|-' * count}|\n"
        text = header + "\n".join(line.lstrip() for line in lines)
        _, *body = table_rows(parse_markdown(text, dict(self.definitions)), 0)
        return [cells for _, cells in body]

    def _read_html(self, token: Token) -> None:
        visible, first_line = visible_html(token.content), line_of(token)
        self._html.add(visible, first_line)
        self._html_lists.add(visible, first_line)
        self._find_possible_rows(visible.split("\n"), first_line)

    def _find_possible_rows(self, lines: Sequence[str], first_line: int) -> None:
        for number, line in enumerate(lines, first_line):
            self._tabbed_line = self._tabbed_line or (number if "\t" in line.strip() else 0)
            if "|" in line:
                row = _LINE_PREFIX.sub("", line, count=1)
                has_pipe = _LINE_PREFIX.sub("", strip_tags(row), count=1).startswith("|")
                cells = tuple(self._cells(row))
                self._possible_rows.append(_PossibleRow(number, cells, _LOOSE_ROW, starts_with_pipe=has_pipe))

    def _cells(self, line: str) -> list[str]:
        spans = cell_spans(line)
        return [visible_text(line[start:end].strip().replace("\\|", "|"), self.definitions) for start, end in spans]

    def problems(self) -> Iterator[tuple[int, str]]:
        """Yield (line, message) for each thing that looks like a part of the register and is not read."""
        problems = [*self._problems, *((line, _HTML_TABLE) for line in self._html.register_lines(self.layout))]
        if self.layout.is_checklist:
            problems += {
                **dict.fromkeys(self._boxed_lines, NO_ITEM),
                **dict(self._lists.problems),
                **dict.fromkeys(self._html_lists.boxed_lines, _HTML_LIST),
            }.items()
        else:
            ids = frozenset(row.cells["uc"] for row in self.rows)
            similar = *self._lists.similar_items(ids), *similar_names(self._html_lists.items, ids)
            problems += [(line, _ITEM_OUTSIDE.format(name)) for line, name in similar]
            problems += self._row_problems()
        yield from ((line, message + OR_SKIP) for line, message in problems)

    def _row_problems(self) -> Iterator[tuple[int, str]]:
        """Yield the problems of possible rows; of consecutive lines only the first."""
        last_line = 0
        for row in self._possible_rows:
            problem = self._row_problem(row)
            if problem and row.line != last_line + 1:
                yield row.line, problem
            last_line = row.line if problem else 0

    def _row_problem(self, row: _PossibleRow) -> str | None:
        layout, cells = self.layout, row.cells
        if layout.is_header(cells):
            return _LOOSE_HEADER
        if any(self._is_row(cells, columns) for columns in self._column_sets):
            return row.message
        is_id = bool if self._has_spaced_ids else layout.is_single_word_id
        names = sum(1 for cell in cells if is_id(cell) and not layout.is_status(cell))
        return row.message if row.starts_with_pipe and names and any(map(layout.is_status, cells)) else None

    def no_register_message(self) -> str:
        """Return what to do if there is no register, depending on the content of the tracker."""
        if self.layout.is_checklist:
            message = f"no list has an item that begins with a box ('{CHECKLIST} ' or '[x] '): write the register so"
            html = self._html_lists.lines
            return f"{message}; a list in HTML (line {html[0]}) is not read" if html else message
        first, *others = (f"'{one_line(self.layout.header_of(key), 60)}'" for key in self.layout.key_columns)
        columns = f"columns {first} and {' and '.join(others)}" if others else f"column {first}"
        message = f"no table has the {columns} in its header"
        message += ": add them, or name yours under [tracker_columns] in readiness.toml"
        if self._html.lines:
            message += f"; a table in HTML (line {self._html.lines[0]}) is not read: write it in Markdown, "
            message += "or its use cases under [use_cases.ID], without a tracker"
        elif self._html_lists.lines:
            message += f"; a list in HTML (line {self._html_lists.lines[0]}) is not read: write it in Markdown"
        if self._lists.items:
            line = self._lists.items[0].line
            message += f'; items of check lists (line {line}) are use cases with status = "{CHECKLIST}" there'
        if self._tabbed_line:
            message += f"; text with tabs (line {self._tabbed_line}) is also read, if its first line has these headers"
        return message


def _without_comments(inline: Token) -> str:
    """Return a text without its HTML comments, on the same number of lines."""
    content = inline.content
    for token in inline.children or ():
        if token.type == "html_inline" and token.content.startswith("<!--"):
            content = content.replace(token.content, "\n" * token.content.count("\n"), 1)
    return content
