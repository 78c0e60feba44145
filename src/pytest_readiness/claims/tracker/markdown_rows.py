"""The rows of the register: of every table that has its columns, and of what goes on with it after a blank line.

Where a tracker is check lists, their items are its rows.

Nothing that looks like a part of the register is passed over in silence: it is read, or it is told where it stands.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from operator import attrgetter
from pathlib import Path
from typing import Any

from ...errors import ConfigError, location
from ...fast_values import dataclass, field
from .layout import CHECK_LISTS, RegisterLayout
from .markdown_checklists import NO_ITEM, CheckLists, boxed_lines
from .markdown_html import HtmlTables, strip_tags, visible_html
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
from .misspelt_headers import missing_column
from .parsed_register import Register, RegisterRow
from .status_words import box_of, strip_box

_MARKER = re.compile(r"(?:[\s>]|</?[a-zA-Z][^>:]*>|(?:[-*+]|\d{1,9}[.)])(?=[\s>]))*")
"""What a line may have before what would be a row: quotes, marks of lists, and tags."""

_AS_HEADER = (
    "this looks like the header of a register, and is no table: leave a blank line before it, and give the line "
    "under it as many columns"
)
_AS_ROW = "this looks like a row of the register, and stands in none of its tables: put it under their header"
_AS_HTML = "this looks like a register, and is written in HTML: write it as a Markdown table"
_AS_TABLE = "this table has boxes, and the register is check lists: write its rows as items"
_AS_ITEM = "'{}' is called like a use case, and is an item of a list beside the register: put it into a table"
_FEW = 2
"""Columns, of which prose with a pipe has as many."""
LIST_ITEM = -1
"""The hint of a row that is an item of a check list; that of a row of a table is how many quotes stand around it."""
_AS_HEADLESS = "this looks like a row of the register, and is the header of another table: put it under their header"
_AS_LACKING = "this looks like a register, and none of its columns is called '{}': give one that header"
OR_SKIP = ", or name the heading that it stands under in tracker_skip"
"""Ends what is said of something that only looks like a part of the register."""


def find_register(path: Path, tokens: Sequence[Token], definitions: dict[str, Any], wanted: RegisterLayout) -> Register:
    """Return the rows of the register, and what only looks like one.

    Args:
        path: where the tracker lies, for messages.
        tokens: the tracker, parsed.
        definitions: what its links refer to.
        wanted: by what a register is known.

    Raises:
        ConfigError: there is no register, it has no rows, or two of its columns have one name that decides.
    """
    search = _Search(path, tokens, definitions, wanted.suited(headers_of(tokens)) if wanted.falls_back else wanted)
    search.run()
    doubts = tuple(sorted(search.doubts()))
    if not search.tables and not doubts:
        raise ConfigError(f"{location(path)}: {search.nothing_found()}")
    if not search.rows and not doubts:
        raise ConfigError(f"{location(path, search.tables[0])}: the register has no rows: add a row for each use case")
    return Register(tuple(search.rows), doubts, tuple(one for one in wanted.skip if one not in search.matched))


@dataclass(frozen=True, slots=True)
class _Stray:
    """A text that stands in no table of the register."""

    line: int
    cells: tuple[str, ...]
    told: str
    """What to say where it looks like a row."""
    any_shape: bool = False
    """It begins as a row does: a status anywhere in it makes it look like one."""


@dataclass
class _Search:
    """One way through a tracker."""

    path: Path
    tokens: Sequence[Token]
    definitions: dict[str, Any]
    wanted: RegisterLayout
    rows: list[RegisterRow] = field(default_factory=list)
    tables: list[int] = field(default_factory=list)
    """The line of each header of the register."""
    matched: set[str] = field(default_factory=set)
    _shapes: dict[tuple[str, ...], None] = field(default_factory=dict)
    _strays: list[_Stray] = field(default_factory=list)
    _told: list[tuple[int, str]] = field(default_factory=list)
    _lists: CheckLists = field(default_factory=CheckLists)
    _html: HtmlTables = field(default_factory=HtmlTables)
    _boxed: list[int] = field(default_factory=list)
    """Lines that begin with a box, and are no items."""
    _is_loose: bool = False
    """Ids are made of any text: the name of a row has blanks."""
    _tabs: int = 0
    """The first line with a tab within a text."""
    _quotes: int = 0
    _skipped: str = ""
    """The tag of the heading under which nothing is read; empty: none."""
    _open: tuple[str, ...] | None = None
    """The columns of the table of the register that nothing but blank lines has followed yet."""

    def run(self) -> None:
        """Go through the tokens."""
        number, types = 0, list(map(attrgetter("type"), self.tokens))
        self._is_loose = not self.wanted.has_ids
        while number < len(self.tokens):
            token = self.tokens[number]
            self._quotes += {"blockquote_open": 1, "blockquote_close": -1}.get(token.type, 0)
            if token.type == "heading_open" and token.level == 0:
                self._enter(token.tag, fold_text(text_of(self.tokens[number + 1])))
            elif self._skipped:
                pass
            elif self._lists.take(token):
                self._take_item()
                self._boxed += boxed_lines(token, 1)
            elif token.type == "table_open":
                self._take_table(number)
                number = types.index("table_close", number)
            elif token.type == "inline":
                self._take_text(token)
            elif token.type == "html_block":
                self._open = None
                self._take_html(token)
            elif token.type == "code_block" and self._open is not None:
                self._open = None
                self._take_indented(token)
            elif token.type not in ("paragraph_open", "paragraph_close"):
                self._open = None
            number += 1

    def _enter(self, tag: str, heading: str) -> None:
        """A heading ends what stands under one of its level or below, and begins what is left out where it is named."""
        self._open = None
        if not self._skipped or tag <= self._skipped:
            found = [one for one in self.wanted.skip if fnmatchcase(heading, fold_text(one))]
            self.matched.update(found)
            self._skipped = tag if found else ""

    def _take_table(self, start: int) -> None:
        (line, header), *body = table_rows(self.tokens, start)
        columns = self.wanted.names(header)
        if self.wanted.is_checklist:
            if any(box_of(cell) for _, cells in body for cell in cells):
                self._told.append((line, _AS_TABLE))
        elif not self.wanted.is_header(header):
            self._open = None
            if sum(map(self.wanted.is_status, header)) == 1:  # a table of counts has them all
                self._strays.append(_Stray(line, tuple(header), _AS_HEADLESS))
            elif lacks := self._lacks([header, *(cells for _, cells in body)]):
                self._told.append((line, _AS_LACKING.format(lacks)))
        else:
            self._take_register(line, columns, body)

    def _take_register(self, line: int, columns: tuple[str, ...], body: Sequence[tuple[int, Sequence[str]]]) -> None:
        for key in self.wanted.decide:
            if columns.count(key) > 1:
                told = f"two columns are called '{self.wanted.shown(key)}': rename one"
                raise ConfigError(f"{location(self.path, line)}: {told}")
        self.tables.append(line)
        self._shapes[columns] = None
        self._open = columns
        self._take_rows(columns, body)

    def _lacks(self, rows: Sequence[Sequence[str]]) -> str | None:
        wanted = self.wanted
        uc, *others = wanted.decide
        at = wanted.position
        name = rows[0][at] if at is not None and at < len(rows[0]) else wanted.shown(uc)
        if not others:  # the box in the cell of the id is the status
            return name if any(map(box_of, (cell for cells in rows[1:] for cell in cells))) else None
        columns, there = list(zip(*rows, strict=True)), set(map(fold_text, rows[0]))
        others = [one for one in others if fold_text(wanted.shown(one)) not in there] or others
        told = (missing_column(columns, (name, wanted.shown(one)), wanted.is_status, wanted.is_name) for one in others)
        return next((one for one in told if one), None)

    def _take_rows(self, columns: tuple[str, ...], body: Sequence[tuple[int, Sequence[str]]]) -> None:
        for line, cells in body:
            # Reversed, so that of two columns with one name the first is read.
            said = dict(reversed(list(zip(columns, cells, strict=True))))
            self._is_loose = self._is_loose or " " in strip_box(said["uc"])
            is_struck = STRUCK in cells and said["uc"] == STRUCK
            if STRUCK in cells:
                is_struck = is_struck and all(said[key] in ("", STRUCK) for key in self.wanted.decide)
                said = {key: "" if cell == STRUCK else cell for key, cell in said.items()}
            self.rows.append(RegisterRow(line, said, columns, struck=is_struck, hint=self._quotes))

    def _take_item(self) -> None:
        self._open, item = None, self._lists.items[-1]
        if self.wanted.is_checklist:
            self.tables.append(item.line)
            said = {"uc": f"{item.box} {item.name}", "title": item.title, "owner": item.owner}
            self.rows.append(RegisterRow(item.line, said, ("uc",), struck=item.struck, hint=LIST_ITEM))

    def _take_text(self, token: Token) -> None:
        """Read a paragraph after a table of the register as more rows of it; look at any other text."""
        lines, first = _visible(token).split("\n"), line_of(token)
        self._boxed += boxed_lines(token, 0)
        if "<t" in token.content.lower():
            self._html.take(visible_html(token.content), first)
        columns, self._open = self._open, None
        if columns is not None and self._goes_on(lines[0], columns):
            self._open = columns
            body = self._as_rows(lines, len(columns))
            self._take_rows(columns, [(first + at, cells) for at, cells in enumerate(body)])
            if len(body) < len(lines):
                self._told.append((first + len(body), _AS_ROW))
            return
        self._look_at(lines, first)

    def _take_indented(self, token: Token) -> None:
        """Look at code right below a table of the register: a row that is indented too far is code to Markdown."""
        if self.rows and line_of(token) == self.rows[-1].line + 1:
            self._look_at(token.content.split("\n"), line_of(token))

    def _goes_on(self, line: str, columns: tuple[str, ...]) -> bool:
        return line.lstrip().startswith("|") or ("|" in line and self._is_row(self._cells(line), columns))

    def _is_row(self, cells: Sequence[str], columns: tuple[str, ...]) -> bool:
        """Return whether these are cells of a row; prose with a pipe and a status is none, where ids are words."""
        at = columns.index("uc")
        name = cells[at] if at < len(cells) else ""
        is_word = bool(name) and not any(map(str.isspace, strip_box(name)))
        has_id = is_word or bool(box_of(name)) or self._is_loose or len(cells) == len(columns) > _FEW
        return has_id and self.wanted.is_row(cells, columns)

    def _as_rows(self, lines: Sequence[str], count: int) -> list[list[str]]:
        """Return the cells of lines, as they would be read under a header of so many columns."""
        head = f"{'|x' * count}|\n{'|-' * count}|\n"
        text = head + "\n".join(line.lstrip() for line in lines)
        _, *body = table_rows(parse_markdown(text, dict(self.definitions)), 0)
        return [cells for _, cells in body]

    def _take_html(self, token: Token) -> None:
        shown, first = visible_html(token.content), line_of(token)
        self._html.take(shown, first)
        self._look_at(shown.split("\n"), first)

    def _look_at(self, lines: Sequence[str], first: int) -> None:
        for at, line in enumerate(lines):
            self._tabs = self._tabs or (first + at if "\t" in line.strip() else 0)
            if "|" in line:
                row = _MARKER.sub("", line, count=1)
                begins = _MARKER.sub("", strip_tags(row), count=1).startswith("|")
                self._strays.append(_Stray(first + at, tuple(self._cells(row)), _AS_ROW, any_shape=begins))

    def _cells(self, line: str) -> list[str]:
        spans = cell_spans(line)
        return [visible_text(line[start:end].strip().replace("\\|", "|"), self.definitions) for start, end in spans]

    def doubts(self) -> Iterator[tuple[int, str]]:
        """Yield the line of each thing that looks like a part of the register and is not read, and what it is."""
        found = [*self._told, *((line, _AS_HTML) for line in self._html.like(self.wanted))]
        if self.wanted.is_checklist:
            found += {**dict.fromkeys(self._boxed, NO_ITEM), **dict(self._lists.doubts)}.items()
        else:
            ids = frozenset(row.cells["uc"] for row in self.rows)
            found += [(line, _AS_ITEM.format(name)) for line, name in self._lists.outside(ids)]
            found += self._doubtful_texts()
        yield from ((line, told + OR_SKIP) for line, told in found)

    def _doubtful_texts(self) -> Iterator[tuple[int, str]]:
        before = 0
        for stray in self._strays:
            doubt = self._doubt(stray)
            if doubt and stray.line != before + 1:  # of lines one after the other the first is told
                yield stray.line, doubt
            before = stray.line if doubt else 0

    def _doubt(self, stray: _Stray) -> str | None:
        wanted, cells = self.wanted, stray.cells
        if wanted.is_header(cells):
            return _AS_HEADER
        if any(self._is_row(cells, columns) for columns in self._shapes):
            return stray.told
        is_name = bool if self._is_loose else wanted.is_name
        names = sum(1 for cell in cells if is_name(cell) and not wanted.is_status(cell))
        return stray.told if stray.any_shape and names and any(map(wanted.is_status, cells)) else None

    def nothing_found(self) -> str:
        """Say what to do where there is no register, after what is there."""
        if self.wanted.is_checklist:
            return f"no list has an item that begins with a box ('{CHECK_LISTS} ' or '[x] '): write the register so"
        first, *others = (f"'{self.wanted.shown(key)}'" for key in self.wanted.decide)
        columns = f"columns {first} and {' and '.join(others)}" if others else f"column {first}"
        told = f"no table has the {columns} in its header"
        told += ": add them, or name yours under [tracker_columns] in readiness.toml"
        if self._html.lines:
            told += f"; a table in HTML (line {self._html.lines[0]}) is not read: write it in Markdown, "
            told += "or its use cases under [use_cases.ID], without a tracker"
        if self._lists.items:
            line = self._lists.items[0].line
            told += f'; items of check lists (line {line}) are use cases with status = "{CHECK_LISTS}" there'
        if self._tabs:
            told += f"; what tabs part (line {self._tabs}) is read as well, where its first line has these headers"
        return told


def _visible(inline: Token) -> str:
    """Return a text without its comments, on as many lines."""
    content = inline.content
    for token in inline.children or ():
        if token.type == "html_inline" and token.content.startswith("<!--"):
            content = content.replace(token.content, "\n" * token.content.count("\n"), 1)
    return content
