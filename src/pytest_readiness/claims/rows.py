"""The rows of the register: of every table that has its columns, and of what goes on with it after a blank line.

Nothing that looks like a part of the register is passed over in silence: it is read, or it is told where it stands.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from operator import attrgetter
from pathlib import Path
from typing import Any

from ..errors import ConfigError, place
from ..frozen import dataclass, field
from .likeness import missing_column
from .markdown import Token, cell_spans, folded, line_of, parsed, shown_text, table_rows, text_of
from .source import Register, Row
from .wanted import DECIDE, Wanted

_HIDDEN = re.compile(
    r"<!-->|<!--->|<!--.*?(?:-->|\Z)|<(pre|code|script|style|textarea)\b.*?(?:</\1\s*>|\Z)", re.DOTALL | re.IGNORECASE
)
"""What a browser shows as code, or not at all."""
_HTML_CELL = re.compile(r"<t[hd]\b[^>]*>(.*?)(?=</?t[hdr]\b|</table|\Z)", re.DOTALL | re.IGNORECASE)
_TAG = re.compile(r"<[^>]*>")
_MARKER = re.compile(r"[\s>]*(?:(?:[-*+]|\d{1,9}[.)])[\s>]+)*")
"""What a line of HTML may have before what would be a row."""

_AS_HEADER = (
    "this looks like the header of a register, and is no table: leave a blank line before it, and give the line "
    "under it as many columns"
)
_AS_ROW = "this looks like a row of the register, and stands in none of its tables: put it under their header"
_AS_HTML = "this looks like a register, and is written in HTML: write it as a Markdown table"
_AS_HEADLESS = "this looks like a row of the register, and is the header of another table: put it under their header"
_AS_LACKING = "this looks like a register, and none of its columns is called '{}': give one that header"
_OR_SKIP = ", or name the heading that it stands under in tracker_skip"


def find_register(path: Path, tokens: Sequence[Token], definitions: dict[str, Any], wanted: Wanted) -> Register:
    """Return the rows of the register, and what only looks like one.

    Args:
        path: where the tracker lies, for messages.
        tokens: the tracker, parsed.
        definitions: what its links refer to.
        wanted: by what a register is known.

    Raises:
        ConfigError: there is no register, it has no rows, or two of its columns have one name that decides.
    """
    search = _Search(path, tokens, definitions, wanted)
    search.run()
    doubts = tuple(sorted(search.doubts()))
    if not search.tables and not doubts:
        uc, status = (wanted.headers[key][0] for key in DECIDE)
        raise ConfigError(
            f"{place(path)}: no table has the columns '{uc}' and '{status}' in its header: "
            "add them, or name yours under [tracker_columns] in readiness.toml"
        )
    if not search.rows and not doubts:
        raise ConfigError(f"{place(path, search.tables[0])}: the register has no rows: add a row for each use case")
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
    wanted: Wanted
    rows: list[Row] = field(default_factory=list)
    tables: list[int] = field(default_factory=list)
    """The line of each header of the register."""
    matched: set[str] = field(default_factory=set)
    _shapes: dict[tuple[str, ...], None] = field(default_factory=dict)
    _strays: list[_Stray] = field(default_factory=list)
    _told: list[tuple[int, str]] = field(default_factory=list)
    _quotes: int = 0
    _skipped: str = ""
    """The tag of the heading under which nothing is read; empty: none."""
    _open: tuple[str, ...] | None = None
    """The columns of the table of the register that nothing but blank lines has followed yet."""

    def run(self) -> None:
        """Go through the tokens."""
        number, types = 0, list(map(attrgetter("type"), self.tokens))
        while number < len(self.tokens):
            token = self.tokens[number]
            self._quotes += {"blockquote_open": 1, "blockquote_close": -1}.get(token.type, 0)
            if token.type == "heading_open" and token.level == 0:
                self._enter(token.tag, folded(text_of(self.tokens[number + 1])))
            elif self._skipped:
                pass
            elif token.type == "table_open":
                self._take_table(number)
                number = types.index("table_close", number)
            elif token.type == "inline":
                self._take_text(token)
            elif token.type == "html_block":
                self._open = None
                self._take_html(token)
            elif token.type not in ("paragraph_open", "paragraph_close"):
                self._open = None
            number += 1

    def _enter(self, tag: str, heading: str) -> None:
        """A heading ends what stands under one of its level or below, and begins what is left out where it is named."""
        self._open = None
        if not self._skipped or tag <= self._skipped:
            found = [one for one in self.wanted.skip if fnmatchcase(heading, folded(one))]
            self.matched.update(found)
            self._skipped = tag if found else ""

    def _take_table(self, start: int) -> None:
        (line, header), *body = table_rows(self.tokens, start)
        columns = self.wanted.names(header)
        if not self.wanted.is_header(header):
            self._open = None
            if sum(map(self.wanted.is_status, header)) == 1:  # a table of counts has them all
                self._strays.append(_Stray(line, tuple(header), _AS_HEADLESS))
            elif lacks := self._lacks([header, *(cells for _, cells in body)]):
                self._told.append((line, _AS_LACKING.format(lacks)))
            return
        for key in DECIDE:
            if columns.count(key) > 1:
                told = f"two columns are called '{self.wanted.headers[key][0]}': rename one"
                raise ConfigError(f"{place(self.path, line)}: {told}")
        self.tables.append(line)
        self._shapes[columns] = None
        self._open = columns
        self._take_rows(columns, body)

    def _lacks(self, rows: Sequence[Sequence[str]]) -> str | None:
        uc, status = (self.wanted.headers[key][0] for key in DECIDE)
        return missing_column(list(zip(*rows, strict=True)), (uc, status), self.wanted.is_status, self.wanted.is_name)

    def _take_rows(self, columns: tuple[str, ...], body: Sequence[tuple[int, Sequence[str]]]) -> None:
        for line, cells in body:
            # Reversed, so that of two columns with one name the first is read.
            said = dict(reversed(list(zip(columns, cells, strict=True))))
            self.rows.append(Row(line, said, columns, hint=self._quotes))

    def _take_text(self, token: Token) -> None:
        """Read a paragraph after a table of the register as more rows of it; look at any other text."""
        lines, first = _visible(token).split("\n"), line_of(token)
        columns, self._open = self._open, None
        if columns is not None and self._goes_on(lines[0], columns):
            self._open = columns
            body = self._as_rows(lines, len(columns))
            self._take_rows(columns, [(first + at, cells) for at, cells in enumerate(body)])
            if len(body) < len(lines):
                self._told.append((first + len(body), _AS_ROW))
            return
        self._look_at(lines, first)

    def _goes_on(self, line: str, columns: tuple[str, ...]) -> bool:
        return line.lstrip().startswith("|") or ("|" in line and self.wanted.is_row(self._cells(line), columns))

    def _as_rows(self, lines: Sequence[str], count: int) -> list[list[str]]:
        """Return the cells of lines, as they would be read under a header of so many columns."""
        head = f"{'|x' * count}|\n{'|-' * count}|\n"
        text = head + "\n".join(line.lstrip() for line in lines)
        _, *body = table_rows(parsed(text, dict(self.definitions)), 0)
        return [cells for _, cells in body]

    def _take_html(self, token: Token) -> None:
        shown = _HIDDEN.sub(_blank, token.content)
        cells = [_TAG.sub("", found[1]).strip() for found in _HTML_CELL.finditer(shown)]
        if self.wanted.is_header(cells):
            self._told.append((line_of(token), _AS_HTML))
        self._look_at([_MARKER.sub("", _TAG.sub("", line), count=1) for line in shown.split("\n")], line_of(token))

    def _look_at(self, lines: Sequence[str], first: int) -> None:
        for at, line in enumerate(lines):
            if "|" in line:
                begins = _TAG.sub("", line).lstrip().startswith("|")
                self._strays.append(_Stray(first + at, tuple(self._cells(line)), _AS_ROW, any_shape=begins))

    def _cells(self, line: str) -> list[str]:
        spans = cell_spans(line)
        return [shown_text(line[start:end].strip().replace("\\|", "|"), self.definitions) for start, end in spans]

    def doubts(self) -> Iterator[tuple[int, str]]:
        """Yield the line of each thing that looks like a part of the register and is not read, and what it is."""
        for line, told in self._told:
            yield line, told + _OR_SKIP
        before = 0
        for stray in self._strays:
            doubt = self._doubt(stray)
            if doubt and stray.line != before + 1:  # of lines one after the other the first is told
                yield stray.line, doubt + _OR_SKIP
            before = stray.line if doubt else 0

    def _doubt(self, stray: _Stray) -> str | None:
        wanted, cells = self.wanted, stray.cells
        if wanted.is_header(cells):
            return _AS_HEADER
        if any(wanted.is_row(cells, columns) for columns in self._shapes):
            return stray.told
        some = stray.any_shape and any(map(wanted.is_status, cells)) and any(map(wanted.is_name, cells))
        return stray.told if some else None


def _visible(inline: Token) -> str:
    """Return a text without its comments, on as many lines."""
    content = inline.content
    for token in inline.children or ():
        if token.type == "html_inline" and token.content.startswith("<!--"):
            content = content.replace(token.content, "\n" * token.content.count("\n"), 1)
    return content


def _blank(found: re.Match[str]) -> str:
    return "\n" * found[0].count("\n")
