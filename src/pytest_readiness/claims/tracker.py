"""The tracker: a Markdown file whose first register table lists the use cases. Read here, written by ``mend``."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from ..errors import ConfigError, Problem, nearest, place
from .apart import apart
from .catalogue import Item, UseCase
from .items import recognise

with apart("markdown_it", "mdurl"):
    from markdown_it import MarkdownIt
    from markdown_it.rules_core import StateCore
    from markdown_it.token import Token

STATUSES = ("NOT_STARTED", "IN_PROGRESS", "BLOCKED", "READY_FOR_GO_LIVE")
COLUMNS = {
    "uc": "UC",
    "status": "Prod Readiness Status",
    "architecture_status": "Architecture Status",
    "owner": "Owner",
    "last_updated": "Last Updated",
    "notes": "Notes",
}
_TITLES = ("Title", "Use Case", "Name")
_ITEMS_HEADING = "Required Evidence"
_LEGEND_HEADING = "Status Legend"


@dataclass(frozen=True, slots=True)
class Tracker:
    """What a tracker says."""

    path: Path
    rows: tuple[UseCase, ...]
    """The register, in the order of its lines."""
    items: tuple[Item, ...]
    """The required evidence, with the built-in meanings where the text speaks of them; none where it has no list."""
    legend: tuple[str, ...]
    """The status legend, as it is written."""


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the register, as a reader sees it."""

    line: int
    """In the tracker, from 1."""
    cells: Mapping[str, str]
    """By our name of the column."""


@dataclass(frozen=True, slots=True)
class Register:
    """The register's table."""

    columns: tuple[str, ...]
    """Our name of each column, in their order; one that we do not know goes by its position."""
    rows: tuple[Row, ...]
    quotes: int
    """How many block quotes stand around it."""


def read_tracker(
    path: Path, columns: Mapping[str, str] | None = None, statuses: Mapping[str, str] | None = None
) -> Tracker:
    """Return what the tracker at ``path`` says.

    Args:
        path: The Markdown file.
        columns: Headers that are other words than ours, by our name of the column (``uc``, ``status`` …).
        statuses: The tracker's words for our statuses, by our word.

    Raises:
        ConfigError: it cannot be read or says something wrong; the message is the first problem, with file and line.
    """
    tracker, found = examine(path, columns or {}, statuses or {})
    if tracker is None or found:
        raise ConfigError(str(found[0]))
    return tracker


def tracker_problems(
    path: Path, columns: Mapping[str, str] | None = None, statuses: Mapping[str, str] | None = None
) -> Iterator[Problem]:
    """Yield everything that is wrong with the tracker at ``path``, in the order of its lines."""
    yield from examine(path, columns or {}, statuses or {})[1]


def examine(
    path: Path, columns: Mapping[str, str], statuses: Mapping[str, str]
) -> tuple[Tracker | None, list[Problem]]:
    """Return what could be read of the tracker (None: nothing), and everything that is wrong with it."""
    try:
        return examine_text(path, _read(path), columns, statuses)
    except ConfigError as error:
        return None, [Problem("", str(error))]


def examine_text(
    path: Path, text: str, columns: Mapping[str, str], statuses: Mapping[str, str]
) -> tuple[Tracker, list[Problem]]:
    """Return what a tracker with this text says, and what is wrong with it.

    Raises:
        ConfigError: it has no register.
    """
    tokens = parsed(text)
    rows = find_register(path, tokens, columns).rows
    items = _listed(tokens, _ITEMS_HEADING, ordered=True)
    found = [*_row_problems(path, rows, words_of(statuses)), *_item_problems(path, items)]
    tracker = Tracker(
        path=path,
        rows=tuple(_use_case(row, words_of(statuses)) for row in rows),
        items=tuple(recognise(number, text) for number, text, _ in items),
        legend=tuple(text for _, text, _ in _listed(tokens, _LEGEND_HEADING, ordered=False)),
    )
    return tracker, [problem for _, problem in sorted(found, key=lambda pair: pair[0])]


def _read(path: Path) -> str:
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        raise ConfigError(f"{place(path)}: there is no such tracker: write one with `readiness init`") from None
    except IsADirectoryError:
        raise ConfigError(f"{place(path)}: is a folder: name the tracker's Markdown file in it") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{place(path)}: is not UTF-8 text: save the tracker as UTF-8") from None
    except OSError as error:
        raise ConfigError(f"{place(path)}: cannot be read: {error.strerror}") from None
    if not text.strip():
        raise ConfigError(f"{place(path)}: is empty: write a register into it")
    return text


def parsed(text: str, definitions: dict[str, Any] | None = None) -> list[Token]:
    """Return the text (without byte order mark) as Markdown; ``definitions`` takes in what its links refer to."""
    return _markdown().parse(text, definitions)


def shown_text(cell: str, definitions: dict[str, Any]) -> str:
    """Return what a reader sees of a cell."""
    return _text(_markdown().parseInline(cell, definitions)[0])


@cache
def _markdown() -> MarkdownIt:
    markdown = MarkdownIt("commonmark").enable("table")
    markdown.core.ruler.at("inline", _read_inline)
    return markdown


_MARKED = re.compile(r"[\\`*_\[\]!<&\n]")
"""What can make more of a text than it is. The cells of a register are short, many and alike."""


def _read_inline(state: StateCore) -> None:
    """Read the text of each block, as the parser's own rule does: but one without a mark, or read before, at once."""
    known: dict[str, list[Token]] = {}
    for token in state.tokens:
        if token.type != "inline":
            continue
        children = known.get(token.content)
        if children is None:
            children = []
            if _MARKED.search(token.content):
                state.md.inline.parse(token.content, state.md, state.env, children)
            elif token.content:
                children.append(Token("text", "", 0, content=token.content))
            # A later rule joins what escapes and entities came to, in place and not twice.
            if "\\" not in token.content and "&" not in token.content:
                known[token.content] = children
        token.children = children


def _headers(columns: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """Return the headers that each column may have."""
    headers = {key: (columns.get(key, header),) for key, header in COLUMNS.items()}
    return headers | {"title": (columns["title"],) if "title" in columns else _TITLES}


def words_of(statuses: Mapping[str, str]) -> dict[str, str]:
    """Return our status by the tracker's word."""
    return {statuses.get(status, status): status for status in STATUSES}


def find_register(path: Path, tokens: Sequence[Token], columns: Mapping[str, str]) -> Register:
    """Return the first table that has the columns of a register.

    Raises:
        ConfigError: there is none, it has no rows, or two of its columns have one name that decides.
    """
    headers, quotes = _headers(columns), 0
    for start, token in enumerate(tokens):
        quotes += {"blockquote_open": 1, "blockquote_close": -1}.get(token.type, 0)
        if token.type != "table_open":
            continue
        header, *body = _table(tokens, start)
        names = _column_names(header[1], headers)
        if not {"uc", "status"} <= set(names):
            continue
        for key in ("uc", "status"):
            if names.count(key) > 1:
                raise ConfigError(f"{place(path, header[0])}: two columns are called '{headers[key][0]}': rename one")
        if not body:
            raise ConfigError(f"{place(path, header[0])}: the register has no rows: add a row for each use case")
        # Reversed, so that of two columns with one name the first is read.
        rows = tuple(Row(line, dict(reversed(list(zip(names, cells, strict=True))))) for line, cells in body)
        return Register(tuple(names), rows, quotes)
    raise ConfigError(
        f"{place(path)}: no table has the columns '{headers['uc'][0]}' and '{headers['status'][0]}' in its header: "
        "add them, or name yours under [tracker_columns] in readiness.toml"
    )


def _column_names(cells: Sequence[str], headers: Mapping[str, tuple[str, ...]]) -> list[str]:
    """Return our name of each column; one that we do not know goes by its position."""
    ours: dict[str, str] = {}
    for key, known in headers.items():
        for header in known:
            ours.setdefault(_folded(header), key)
    return [ours.get(_folded(cell), str(number)) for number, cell in enumerate(cells)]


def _folded(text: str) -> str:
    return " ".join(text.split()).casefold()


def _table(tokens: Sequence[Token], start: int) -> list[tuple[int, list[str]]]:
    """Return (line, texts of the cells) of each row of the table that opens at ``start``, the header first."""
    rows: list[tuple[int, list[str]]] = []
    for token in tokens[start:]:
        if token.type == "table_close":
            break
        if token.type == "tr_open":
            rows.append((_line(token), []))
        elif token.type == "inline":
            rows[-1][1].append(_text(token))
    return rows


def _line(token: Token) -> int:
    return token.map[0] + 1 if token.map else 0


def _text(inline: Token) -> str:
    """Return the text that a reader sees: no emphasis, no code marks, escapes undone; a break is a space."""
    parts = []
    for token in inline.children or ():
        if token.type in {"softbreak", "hardbreak"} or (
            token.type == "html_inline" and token.content.lower().startswith("<br")
        ):
            parts.append(" ")
        elif token.type != "html_inline":
            parts.append(token.content)
    return "".join(parts).strip()


def _listed(tokens: Sequence[Token], heading: str, *, ordered: bool) -> list[tuple[str, str, int]]:
    """Return (number, text, line) of each entry of the lists under the first heading that starts so."""
    wanted = "ordered_list_open" if ordered else "bullet_list_open"
    entries: list[tuple[str, str, int]] = []
    depth: list[str] = []
    for token in _section(tokens, heading):
        if token.type in {"ordered_list_open", "bullet_list_open"}:
            depth.append(token.type)
        elif token.type in {"ordered_list_close", "bullet_list_close"}:
            depth.pop()
        elif depth == [wanted] and token.type == "list_item_open":
            entries.append((str(int(token.info)) if ordered else "", "", _line(token)))
        elif depth == [wanted] and token.type == "inline" and not entries[-1][1]:
            entries[-1] = (entries[-1][0], _text(token), entries[-1][2])
    return entries


def _section(tokens: Sequence[Token], heading: str) -> Iterator[Token]:
    """Yield what stands under the first heading that starts so, up to the next heading of its level or above."""
    level = None
    for token, following in zip(tokens, [*tokens[1:], None], strict=True):
        if token.type == "heading_open":
            if level is not None and token.tag <= level:
                return
            if level is None and following is not None and _folded(_text(following)).startswith(heading.casefold()):
                level = token.tag
        elif level is not None:
            yield token


def _use_case(row: Row, words: Mapping[str, str]) -> UseCase:
    get = row.cells.get
    return UseCase(
        id=row.cells["uc"],
        title=get("title") or get("notes", ""),
        owner=get("owner", ""),
        architecture_status=get("architecture_status", ""),
        declared_status=words.get(row.cells["status"], row.cells["status"]),
        last_updated=get("last_updated", ""),
        notes=get("notes", ""),
        line=row.line,
    )


def _row_problems(path: Path, rows: Sequence[Row], words: Mapping[str, str]) -> Iterator[tuple[int, Problem]]:
    lines: dict[str, int] = {}
    for row in rows:
        name, status = row.cells["uc"], row.cells["status"]
        for what in name_faults(name):
            yield row.line, Problem(place(path, row.line), what)
        if name and name in lines:
            what = f"use case '{name}' stands twice, in lines {lines[name]} and {row.line}: remove or rename one"
            yield row.line, Problem(place(path, row.line), what)
        lines.setdefault(name, row.line)
        if status not in words:
            told = nearest(status, words) or f" (statuses are {', '.join(words)})"
            yield row.line, Problem(place(path, row.line), f"{name or 'the row'} has no known status: '{status}'{told}")


def name_faults(name: str) -> Iterator[str]:
    """Yield what is wrong with the id of a use case."""
    if not name:
        yield "there is no use case id: write one, or remove the row"
    elif "/" in name:
        yield f"use case '{name}' has a '/' in its id: requirement ids read UC/item/scope, so use another sign"
    elif not name.isprintable() or any(sign.isspace() for sign in name):
        yield f"use case {name!r} has white space or a control character in its id: use a single word"


def _item_problems(path: Path, items: Sequence[tuple[str, str, int]]) -> Iterator[tuple[int, Problem]]:
    lines: dict[str, int] = {}
    for number, text, line in items:
        if not text:
            yield line, Problem(place(path, line), f"required evidence {number} says nothing: write what is required")
        if number in lines:
            what = f"required evidence {number} stands twice, in lines {lines[number]} and {line}: number them apart"
            yield line, Problem(place(path, line), what)
        lines.setdefault(number, line)
