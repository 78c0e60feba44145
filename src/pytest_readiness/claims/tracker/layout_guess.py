"""A guess of the layout of an existing tracker: its columns, its words, and repeated tables.

It knows the words that people usually write, and reads no more into them than a person would. An unknown word, or a
choice between two columns, is reported and not guessed. What the config or an option sets is taken as it is.
"""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct

from ...errors import ConfigError, count, location, one_line
from .all_tables import FileTables, Table, tables_in
from .formats import DELIMITED_SUFFIXES, YAML_SUFFIXES
from .layout import CHECKLIST
from .markdown_parser import fold_text
from .status_words import READY, box_of, strip_box
from .vocabulary import header_rank, is_environment, is_test_result, status_meaning
from .word_guess import guess_words

PREFIX = "UC-"
"""Text before ids that are numbers only."""
_OTHER_COLUMNS = ("title", "owner", "last_updated", "notes", "architecture_status")
_OLD_WORDS = ("example", "sample", "template", "archive", "archiv", "old", "history", "previous", "legend", "beispiel")
"""Words in the heading of a table that is no register, if it repeats the ids of another table."""
_MAX_NAMED = 5
"""Maximum number of tables and headers that are named."""
_NO_TABLE = "it has no table and no list of boxes (`- [ ] ...`): write the use cases in one of these ways"
_NO_LIST = "it has no list of use cases (`- id: ...`), and nothing else is read from YAML: write them as a list"
_OR_CONFIG = "or into readiness.toml under [use_cases.ID]"


class LayoutGuess(Struct, frozen=True):
    """The guessed layout, in the terms of the config."""

    columns: Mapping[str, Any]
    statuses: Mapping[str, tuple[str, ...]]
    skip: tuple[str, ...]
    """Headings for ``tracker_skip``."""
    unknown_words: tuple[tuple[int, str], ...]
    """(line, word) of each word in the status column without a clear meaning."""
    warnings: tuple[str, ...]
    skippable_heading: str = ""
    """The heading of the only table with such words, if there are other tables and it can be skipped; empty: none."""


class NoRegisterError(ConfigError):
    """There is no table that may be a register."""


def guess_layout(
    path: Path, text: str, columns: Mapping[str, Any], statuses: Mapping[str, Any], skip: Sequence[str]
) -> LayoutGuess:
    """Return the most likely layout of a tracker with this text (without byte order mark).

    Args:
        path: The path of the tracker, for messages.
        text: The text of the tracker.
        columns: The headers that are configured already, by key; they are kept.
        statuses: The words that are configured already, by status; they are kept.
        skip: The headings that are skipped already.

    Raises:
        NoRegisterError: there is nothing that may be a register.
        ConfigError: several columns may be the status.
    """
    file = tables_in(path, text, skip)
    tables = [table for table in file.tables if table.rows]
    status = columns.get("status") or _status_column(path, tables, file, columns)
    if status == CHECKLIST:
        return LayoutGuess({**columns, "status": status}, statuses, tuple(skip), (), ())
    headers = tuple(status.values()) if isinstance(status, Mapping) else (str(status),)
    with_status = [table for table in tables if all(table.position(header) is not None for header in headers)]
    is_legend = [_is_legend(table, headers[0]) for table in with_status]
    legends = [table for table, is_one in zip(with_status, is_legend, strict=True) if is_one]
    register = [table for table, is_one in zip(with_status, is_legend, strict=True) if not is_one]
    if not register:
        raise NoRegisterError(_no_register_message(path, file, has_status="status" in columns))
    uc = columns["uc"] if "uc" in columns else _id_column(register, headers)
    repeated = () if skip else _repeated_headings(register, uc, file.headings)
    is_repeated = frozenset(repeated).__contains__
    register = [table for table in register if not is_repeated(table.heading)]
    legend = [word for table in legends for word in table.column(headers[0])]
    words = guess_words(register, uc, headers, legend, statuses)
    all_columns = _with_other_columns(register, {"uc": uc, "status": status, **columns}, {uc, *headers})
    used = {id(table) for table in (*register, *legends)}
    unused = [table for table in file.tables if id(table) not in used and not is_repeated(table.heading)]
    warnings = (*_test_result_warnings(words.counts, headers[0]), *_unused_warnings(unused, file))
    skippable = _skippable_heading(register, {line for line, _ in words.unknown_words}, file.headings)
    return LayoutGuess(all_columns, words.statuses, (*skip, *repeated), words.unknown_words, warnings, skippable)


def _skippable_heading(tables: Sequence[Table], lines: set[int], headings: Sequence[str]) -> str:
    """Return the heading of the one table with these lines; empty: there is no other table, or the heading has more."""
    matches = [table for table in tables if lines & set(table.lines)]
    if len(matches) != 1 or len(tables) == 1 or matches[0].heading not in _headings_of_one_table(tables, headings):
        return ""
    return matches[0].heading


def _headings_of_one_table(tables: Sequence[Table], headings: Sequence[str]) -> set[str]:
    """Return the headings that, used as a pattern, match exactly one table."""
    table_counts, heading_counts = Counter(table.heading for table in tables), Counter(headings)
    return {
        heading
        for heading, table_count in table_counts.items()
        if heading and table_count == heading_counts[heading] == 1 and not set("*?[") & set(heading)
    }


def _with_other_columns(tables: Sequence[Table], columns: dict[str, Any], used: set[str | int]) -> dict[str, Any]:
    """Return the columns with those of the other headers that are known."""
    columns = dict(columns)
    names = [name for table in tables for name in table.column(columns["uc"])]
    if names and not any(map(str.isalpha, "".join(names))):
        columns.setdefault("prefix", PREFIX)
    if isinstance(columns["uc"], int):
        used = used | {table.header[columns["uc"] - 1] for table in tables if columns["uc"] <= len(table.header)}
    for key in _OTHER_COLUMNS:
        header = None if key in columns else _known_header(tables, key, used)
        if header is not None:
            columns[key] = header
    return columns


def _status_column(
    path: Path, tables: Sequence[Table], file: FileTables, columns: Mapping[str, Any]
) -> str | dict[str, str]:
    """Return the clearest header of a column with statuses.

    If there is none, it may be one header for each environment, or boxes.
    """
    ranks: dict[str, int] = {}
    for table in tables:
        for header in table.distinct_headers:
            rank = header_rank("status", header)
            if rank is not None and header != columns.get("uc") and _may_be_statuses(table.column(header)):
                ranks.setdefault(header, rank)
    if not ranks and (by_environment := _headers_by_environment(tables)):
        return by_environment
    if not ranks:
        ranks = {header: 0 for table in tables for header in table.header if _has_boxes(table, header)}
    if not ranks and file.boxes:
        return CHECKLIST
    if not ranks:
        raise NoRegisterError(_no_register_message(path, file))
    best = min(ranks.values())
    headers = list({fold_text(header): header for header, rank in reversed(ranks.items()) if rank == best}.values())
    if len(headers) > 1:
        names = " and ".join(f"'{one_line(header, 40)}'" for header in headers[::-1])
        raise ConfigError(f"{location(path)}: {names} could each be the status: choose one with --column status=HEADER")
    return headers[0]


def _headers_by_environment(tables: Sequence[Table]) -> dict[str, str]:
    """Return the headers that are environments with statuses below them; empty: there are fewer than two."""
    for table in tables:
        columns = {header: table.column(header) for header in table.distinct_headers if is_environment(header)}
        headers = [header for header, cells in columns.items() if _are_statuses(cells)]
        if len(headers) > 1:
            return {fold_text(header): header for header in headers}
    return {}


def _may_be_statuses(cells: Sequence[str]) -> bool:
    """Return whether one of these cells is a status, or all are empty."""
    texts = [cell for cell in cells if cell]
    return not texts or any(status_meaning(text) is not None or box_of(text) for text in texts)


def _are_statuses(cells: Sequence[str]) -> bool:
    """Return whether most of these cells are known statuses; the user is asked about the others."""
    texts = [cell for cell in cells if cell]
    return 2 * sum(_may_be_statuses([text]) for text in texts) > len(texts)


def _has_boxes(table: Table, header: str) -> bool:
    """Return whether each cell of a column begins with a box."""
    position = table.position(header)
    return position is not None and all(position < len(row) and box_of(row[position]) for row in table.rows)


def _is_legend(table: Table, status: str) -> bool:
    """Return whether a table explains the status words: they are its first column, and each is there once."""
    if len(table.header) == 1:
        return True
    is_first = table.position(status) == 0 and len(table.header) <= 3  # noqa: PLR2004 - word, symbol, meaning
    cells = table.column(status) if is_first else []
    return is_first and len(set(cells)) == len(cells) and not any(map(box_of, cells))


def _id_column(tables: Sequence[Table], statuses: Sequence[str]) -> str | int:
    """Return the clearest header of the ids that all tables have; if there is none, the first column.

    Numbers that start again in each table are no ids, and neither is a text in several rows of one table.
    """
    ranks = []
    for header in tables[0].distinct_headers:
        rank = header_rank("uc", header)
        if rank is None or header in statuses or any(table.position(header) is None for table in tables):
            continue
        position, cells = tables[0].position(header), [cell for table in tables for cell in table.column(header)]
        if all(cells):
            is_distinct = all(len(set(table.column(header))) == len(table.rows) for table in tables)
            starts_again = all(cell.isdigit() for cell in cells) and len(set(cells)) < len(cells)
            ranks.append((rank + 2 * (starts_again or (rank > 0 and not is_distinct)), position, header))
    if ranks:
        return min(ranks)[2]
    first, first_headers = tables[0].header[0], {fold_text(table.header[0]) for table in tables}
    if fold_text(statuses[0]) in first_headers:
        texts = [cell for table in tables for cell in table.column(statuses[0])]
        return statuses[0] if all(box_of(text) and strip_box(text) for text in texts) else 2
    return first if len(first_headers) == 1 and first else 1


def _known_header(tables: Sequence[Table], key: str, used: set[str | int]) -> str | None:
    used_headers = {fold_text(str(header)) for header in used}
    for header in tables[0].header:
        if header_rank(key, header) is not None and fold_text(header) not in used_headers:
            return header
    return None


def _repeated_headings(tables: Sequence[Table], uc: str | int, headings: Sequence[str]) -> tuple[str, ...]:
    """Return the headings of tables whose ids are all in another one too.

    Of two such tables it is the one whose heading names it as old, else the smaller one.
    """
    ids = [{fold_text(name) for name in table.column(uc)} for table in tables]
    counts = Counter[str]()
    for names in ids:
        counts.update(names)
    repeated, unique = set[str](), _headings_of_one_table(tables, headings)
    order = sorted(
        range(len(tables)), key=lambda index: (not _is_old(tables[index]), len(ids[index]), -tables[index].line)
    )
    for index in order:
        heading = tables[index].heading
        is_repeated = ids[index] and all(counts[name] > 1 for name in ids[index])
        if is_repeated and heading in unique:
            counts.subtract(ids[index])
            repeated.add(heading)
    return tuple(table.heading for table in tables if table.heading in repeated)


def _is_old(table: Table) -> bool:
    return any(word in fold_text(table.heading) for word in _OLD_WORDS)


def _test_result_warnings(words: Mapping[str, int], status: str) -> Iterator[str]:
    if any(map(is_test_result, words)):
        yield (
            f"'{one_line(status, 40)}' has test results, not what may go live: a pass is read as IN_PROGRESS, and sync "
            f"writes no pass: a ready use case gets {READY}"
        )


def _unused_warnings(tables: Sequence[Table], file: FileTables) -> Iterator[str]:
    """Yield a line for each part of the file that is not in the register."""
    for table in tables[:_MAX_NAMED]:
        headers = ", ".join(one_line(header, 20) for header in table.header[:_MAX_NAMED] if header)
        yield f"the table in line {table.line} ({headers}) is not part of the register"
    more = len(tables) - _MAX_NAMED
    if more > 0:
        yield f"{count(more, 'more table')} {'is' if more == 1 else 'are'} not part of the register"
    if file.boxes:
        yield f"{count(file.boxes, 'item')} of check lists: not part of the register; --column 'status=[ ]' uses these"
    if file.html_box_line is not None:
        yield f"the check list in line {file.html_box_line} is written in HTML, which is not read: write it in Markdown"


def _no_register_message(path: Path, file: FileTables, *, has_status: bool = False) -> str:
    """Return why there is no register and what to do, depending on the tables that the file has."""
    if file.html_line is not None and not file.tables:
        return (
            f"{location(path, file.html_line)}: this table is written in HTML, which is not read: write it as a "
            "Markdown table, or its use cases into readiness.toml under [use_cases.ID]"
        )
    if file.html_list_line is not None and not file.tables:
        return (
            f"{location(path, file.html_list_line)}: this list is written in HTML, which is not read: write its items "
            f"as `- [ ] ...` or in a table in Markdown, {_OR_CONFIG}"
        )
    suffix = path.suffix.casefold()
    if not file.tables and suffix not in DELIMITED_SUFFIXES:
        return f"{location(path)}: {_NO_LIST if suffix in YAML_SUFFIXES else _NO_TABLE}, {_OR_CONFIG}"
    likely = [] if has_status else [shlex.quote(one_line(header, 60)) for header in _likely_headers(file.tables)]
    if likely:
        options = " or ".join(f"--column status={header}" for header in likely[:_MAX_NAMED])
        return f"{location(path)}: no header is clearly the go-live status: choose one, such as {options}"
    tables = "; ".join(
        f"line {table.line}: {', '.join(one_line(header, 20) or '(empty)' for header in table.header[:6])}"
        for table in file.tables[:_MAX_NAMED]
    )
    message = "no table has the columns of a register" + (f" ({tables})" if tables else "")
    return f"{location(path)}: {message}: name the columns with --column uc=HEADER --column status=HEADER"


def _likely_headers(tables: Sequence[Table]) -> list[str]:
    """Return the headers of columns that have only status words, and are not known as other columns."""
    headers: dict[str, str] = {}
    for table in tables:
        texts = table.texts_by_position()
        for position, header in enumerate(table.header):
            cells = texts.get(position)
            is_other = _is_legend(table, header) or any(
                header_rank(key, header) is not None for key in ("uc", *_OTHER_COLUMNS)
            )
            if cells and header and not is_other and all(status_meaning(cell) or box_of(cell) for cell in cells):
                headers.setdefault(fold_text(header), header)
    return list(headers.values())
