"""Every table of a file, whatever its headers: what a guess about a tracker starts from."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from pathlib import Path

from ...errors import ConfigError, location
from ...fast_values import dataclass
from .delimited_text import DELIMITERS, DelimitedTextError, Record, read_records
from .formats import DELIMITED_SUFFIXES, YAML_SUFFIXES
from .located_value import LineIndex
from .markdown_parser import Token, fold_text, line_of, parse_markdown, table_rows, text_of
from .yaml_tree import YamlError, YamlNode, parse_documents

_HTML_TABLE = re.compile(r"<table\b", re.IGNORECASE)
_BOXED = re.compile(r"\[[ xX]\]\s|[☐☑]\s")


@dataclass(frozen=True, slots=True)
class Table:
    """A table, a sheet, or a list of YAML."""

    line: int
    """Of its header."""
    heading: str
    """Under which it stands; empty: none."""
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    """As many cells each as the header has."""
    lines: tuple[int, ...]
    """Of the rows."""
    groups: frozenset[int] = frozenset()
    """Which rows, from 0, hold one cell in bold and nothing else: the heading of those below."""


@dataclass(frozen=True, slots=True)
class FileTables:
    """What a file holds that could be a register."""

    tables: tuple[Table, ...]
    headings: tuple[str, ...] = ()
    """Every heading of a Markdown file, in its order."""
    boxes: int = 0
    """Items of check lists."""
    html: int | None = None
    """The line of the first table in HTML; None: there is none."""


def tables_in(path: Path, text: str, skip: Sequence[str] = ()) -> FileTables:
    """Return the tables of a file with this text (without byte order mark).

    Args:
        path: for messages, and for its format.
        text: of the file.
        skip: patterns (glob) of the headings under which nothing is read.

    Raises:
        ConfigError: it is CSV, TSV or YAML, and cannot be read as such.
    """
    kind = path.suffix.casefold()
    try:
        if kind in DELIMITED_SUFFIXES:
            return FileTables(tuple(_sheets(text, kind != ".csv")))
        if kind in YAML_SUFFIXES:
            return FileTables(tuple(one for one in _lists(text) if not _is_skipped(one.heading, skip)))
    except DelimitedTextError as error:
        raise ConfigError(f"{location(path, error.line)}: {error.what}") from None
    except YamlError as error:
        line = None if error.position is None else LineIndex(text).at(error.position)
        raise ConfigError(f"{location(path, line)}: {error.what}") from None
    return _in_markdown(text, skip)


def _is_skipped(heading: str, skip: Sequence[str]) -> bool:
    return any(fnmatchcase(fold_text(heading), fold_text(one)) for one in skip)


def _in_markdown(text: str, skip: Sequence[str]) -> FileTables:
    tokens, tables, headings = parse_markdown(text), list[Table](), list[str]()
    boxes, html, open_items, skipped = 0, None, False, ""
    for number, token in enumerate(tokens):
        if token.type == "heading_open" and token.level == 0:
            headings.append(text_of(tokens[number + 1]))
            if not skipped or token.tag <= skipped:  # what stands below it is left out with it
                skipped = token.tag if _is_skipped(headings[-1], skip) else ""
        elif skipped:
            continue
        elif token.type == "table_open":
            tables.append(_table(tokens, number, headings[-1] if headings else ""))
        elif token.type == "html_block" and html is None and (found := _HTML_TABLE.search(token.content)):
            html = line_of(token) + token.content.count("\n", 0, found.start())
        elif token.type == "inline" and open_items:
            boxes += bool(_BOXED.match(token.content))
        open_items = token.type == "list_item_open" or (open_items and token.type == "paragraph_open")
    if not tables and "\t" in text:
        tables += _tabbed(text)
    return FileTables(tuple(tables), tuple(headings), boxes, html)


def _table(tokens: Sequence[Token], number: int, heading: str) -> Table:
    (line, header), *body = table_rows(tokens, number)
    rows, lines = tuple(tuple(cells) for _, cells in body), tuple(at for at, _ in body)
    bold = _bold_lines(tokens, number)
    groups = frozenset(at for at, row in enumerate(rows) if lines[at] in bold and sum(map(bool, row)) == 1)
    return Table(line, heading, tuple(header), rows, lines, groups)


def _bold_lines(tokens: Sequence[Token], number: int) -> set[int]:
    """Return the lines of a table in which a cell is bold as a whole."""
    bold, line = set[int](), 0
    for token in tokens[number : _closing(tokens, number)]:
        line = line_of(token) if token.type == "tr_open" else line
        children = [one for one in token.children or () if one.type != "text" or one.content]
        if children and (children[0].type, children[-1].type) == ("strong_open", "strong_close"):
            bold.add(line)
    return bold


def _closing(tokens: Sequence[Token], number: int) -> int:
    while tokens[number].type != "table_close":
        number += 1
    return number


def _tabbed(text: str) -> Iterator[Table]:
    """Yield each group of lines with as many tabs as the first of them has, as a table."""
    group: list[str] = []
    for number, line in enumerate([*re.split(r"\r\n|\r|\n", text), ""], 1):
        if line.strip() and (not group or line.count("\t") == group[0].count("\t")) and "\t" in line:
            group.append(line)
            continue
        if len(group) > 1:
            header, *rows = [tuple(cell.strip() for cell in one.split("\t")) for one in group]
            first = number - len(group)
            yield Table(first, "", header, tuple(rows), tuple(range(first + 1, number)))
        group = []


def _sheets(text: str, tabbed: bool) -> Iterator[Table]:  # noqa: FBT001 - one of two formats
    """Yield the sheet: by the sign that parts its first line with two values into most of them."""
    best: list[Record] = []
    for sign in ("\t",) if tabbed else DELIMITERS:
        try:
            read = [one for one in read_records(text, sign) if any(value.text for value in one)]
        except DelimitedTextError:
            if tabbed:
                raise
            continue
        while read and sum(bool(value.text) for value in read[0]) < 2:  # noqa: PLR2004 - a title is no header
            del read[0]
        if read and (not best or len(read[0]) > len(best[0])):
            best = read
    if best:
        header, *rows = [tuple(value.text for value in one) for one in best]
        width = len(header)
        cells = tuple((*one[:width], *[""] * (width - len(one))) for one in rows)
        at = LineIndex(text).at
        line, *lines = [at(one[0].start) for one in best]
        yield Table(line, "", header, cells, tuple(lines))


def _lists(text: str) -> Iterator[Table]:
    """Yield each list of mappings of a YAML file: its keys are the header."""
    at = LineIndex(text).at
    pending = [(root, "") for root in reversed(parse_documents(text))]
    while pending:
        node, heading = pending.pop()
        if node.kind == "mapping" and node.alias is None:
            pending += [(value, key.value) for key, value in reversed(list(node.pairs()))]
        elif node.kind == "list":
            pending += [(child, heading) for child in reversed(node.children)]
            said = [_said(child.alias or child) for child in node.children]
            keys = tuple(dict.fromkeys(key for one in said for key in one))
            if keys:
                rows = tuple(tuple(one.get(key, "") for key in keys) for one in said)
                yield Table(at(node.start), heading, keys, rows, tuple(at(child.start) for child in node.children))


def _said(node: YamlNode) -> dict[str, str]:
    pairs = node.pairs() if node.kind == "mapping" else ()
    return {key.value: (value.alias or value).value.strip() for key, value in pairs if key.kind == "scalar"}
