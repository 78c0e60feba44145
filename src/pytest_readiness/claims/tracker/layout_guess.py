"""A guess of what an existing tracker means: its columns, its words, and tables that only repeat others.

It is made of what people write, and never better than a person would read it: where a word is not known, or two columns
could be meant, that is told, and nothing is guessed. Whoever says something in the config or by an option is believed.
"""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ...errors import ConfigError, count, location, one_line
from ...fast_values import dataclass
from .all_tables import FileTables, Table, tables_in
from .formats import DELIMITED_SUFFIXES, YAML_SUFFIXES
from .markdown_parser import STRUCK, fold_text
from .status_words import READY, STATUSES, box_of, strip_box
from .vocabulary import SKIP, header_rank, implies_more, is_environment, is_test_result, is_total, status_meaning

CHECK_LISTS = "[ ]"
PREFIX = "UC-"
"""Before ids that are numbers alone."""
_BESIDE = ("title", "owner", "last_updated", "notes", "architecture_status")
_OLD = ("example", "sample", "template", "archive", "archiv", "old", "history", "previous", "legend", "beispiel")
"""Words in the heading of a table that is no register, where it repeats the ids of another."""
_MOST = 5
"""Tables and headers that are named."""
_NO_TABLE = "there is no table in it, and no list of boxes (`- [ ] ...`): write the use cases in one of these ways"
_NO_LIST = "there is no list of use cases in it (`- id: ...`), and nothing else is read of YAML: write them as a list"
_OURS = {fold_text(status): status for status in STATUSES}
_ELSE = "or into readiness.toml under [use_cases.ID]"


@dataclass(frozen=True, slots=True)
class LayoutGuess:
    """What was understood, as the config says it."""

    columns: Mapping[str, Any]
    statuses: Mapping[str, tuple[str, ...]]
    skip: tuple[str, ...]
    """Headings for ``tracker_skip``."""
    unknown_words: tuple[tuple[int, str], ...]
    """(line, word) in the column of statuses of which nobody knows what it means."""
    warnings: tuple[str, ...]
    skippable_heading: str = ""
    """The heading of the only table in which such words stand, where there are others."""


class NoRegisterError(ConfigError):
    """There is no table that could be a register."""


def guess_layout(
    path: Path, text: str, columns: Mapping[str, Any], statuses: Mapping[str, Any], skip: Sequence[str]
) -> LayoutGuess:
    """Return what the tracker at ``path`` with this text (without byte order mark) most likely means.

    Args:
        path: for messages.
        text: of the tracker.
        columns: what is said already of its columns, by our name of each; it is kept.
        statuses: what is said already of its words, by our word; it is kept.
        skip: the headings that are left out already.

    Raises:
        NothingLikeItError: nothing like a register was found.
        ConfigError: more than one column could be meant.
    """
    found = tables_in(path, text, skip)
    tables = [one for one in found.tables if one.rows]
    status = columns.get("status") or _status_column(path, tables, found, columns)
    if status == CHECK_LISTS:
        return LayoutGuess({**columns, "status": status}, statuses, tuple(skip), (), ())
    headers = tuple(status.values()) if isinstance(status, Mapping) else (str(status),)
    real = [one for one in tables if all(_at(one, header) is not None for header in headers)]
    legends = [one for one in real if _is_legend(one, headers[0])]
    real = [one for one in real if one not in legends]
    if not real:
        raise NoRegisterError(_nothing(path, found, said="status" in columns))
    uc = columns["uc"] if "uc" in columns else _id_column(real, headers)
    repeated = () if skip else _repeated(real, uc, found.headings)
    real = [one for one in real if one.heading not in repeated]
    words = _words(_said(real, uc, headers), [cell for one in legends for cell in _column(one, headers[0])], statuses)
    chosen = _chosen(real, {"uc": uc, "status": status, **columns}, {uc, *headers})
    taken = {id(one) for one in (*real, *legends)}
    beside = [one for one in found.tables if id(one) not in taken and one.heading not in repeated]
    told = (*_warnings(words.counted, headers[0]), *_unread(beside, found.boxes))
    apart = _apart(real, {line for line, _ in words.unknown_words}, found.headings)
    return LayoutGuess(chosen, words.statuses, (*skip, *repeated), words.unknown_words, told, apart)


def _apart(tables: Sequence[Table], lines: set[int], headings: Sequence[str]) -> str:
    """Return the heading of the one table that holds these lines; nothing, where it is not alone under its heading."""
    of = [one for one in tables if lines & set(one.lines)]
    if len(of) != 1 or len(tables) == 1 or not _names_one(of[0].heading, tables, headings):
        return ""
    return of[0].heading


def _names_one(heading: str, tables: Sequence[Table], headings: Sequence[str]) -> bool:
    """Return whether a heading is a pattern that leaves one table out, and no other."""
    under = sum(one.heading == heading for one in tables)
    return bool(heading) and under == headings.count(heading) == 1 and not set("*?[") & set(heading)


def _chosen(tables: Sequence[Table], said: dict[str, Any], taken: set[str | int]) -> dict[str, Any]:
    """Return what is said of the columns, and the headers of those beside that are known by them."""
    chosen = dict(said)
    names = [name for one in tables for name in _column(one, said["uc"])]
    if names and not any(map(str.isalpha, "".join(names))):
        chosen.setdefault("prefix", PREFIX)
    if isinstance(said["uc"], int):
        taken = taken | {one.header[said["uc"] - 1] for one in tables if said["uc"] <= len(one.header)}
    for key in _BESIDE:
        header = None if key in chosen else _named(tables, key, taken)
        if header is not None:
            chosen[key] = header
    return chosen


def _status_column(
    path: Path, tables: Sequence[Table], found: FileTables, said: Mapping[str, Any]
) -> str | dict[str, str]:
    """Return the header of the statuses: the one that tells most, of a column in which a status stands.

    Where there is none it may be one for each environment, or boxes.
    """
    ranked: dict[str, int] = {}
    for one in tables:
        for at, header in enumerate(one.header):
            rank = header_rank("status", header)
            if rank is not None and header != said.get("uc") and _may_be_statuses([row[at] for row in one.rows]):
                ranked.setdefault(header, rank)
    if not ranked and (by_environment := _by_environment(tables)):
        return by_environment
    if not ranked:
        ranked = {header: 0 for one in tables for header in one.header if _is_of_boxes(one, header)}
    if not ranked and found.boxes:
        return CHECK_LISTS
    if not ranked:
        raise NoRegisterError(_nothing(path, found))
    best = min(ranked.values())
    headers = list({fold_text(header): header for header, rank in reversed(ranked.items()) if rank == best}.values())
    if len(headers) > 1:
        told = " and ".join(f"'{one_line(header, 40)}'" for header in headers[::-1])
        raise ConfigError(f"{location(path)}: {told} could each be the status: say which with --column status=HEADER")
    return headers[0]


def _by_environment(tables: Sequence[Table]) -> dict[str, str]:
    """Return the headers that are environments, each with statuses below it; none, where there are not two."""
    for one in tables:
        named = {
            header: [row[at] for row in one.rows] for at, header in enumerate(one.header) if is_environment(header)
        }
        found = [header for header, cells in named.items() if _are_statuses(cells)]
        if len(found) > 1:
            return {fold_text(header): header for header in found}
    return {}


def _may_be_statuses(cells: Sequence[str]) -> bool:
    said = [cell for cell in cells if cell]
    return not said or any(status_meaning(cell) is not None or box_of(cell) for cell in said)


def _are_statuses(cells: Sequence[str]) -> bool:
    """Return whether most of what stands in these cells is known for a status; what is not is asked for."""
    said = [cell for cell in cells if cell]
    return 2 * sum(_may_be_statuses([cell]) for cell in said) > len(said)


def _is_of_boxes(table: Table, header: str) -> bool:
    """Return whether each cell of a column begins with a box."""
    at = table.header.index(header)
    return all(box_of(row[at]) for row in table.rows)


def _is_legend(table: Table, status: str) -> bool:
    """Return whether a table says what the words for a status mean: they come first, and each once."""
    cells = _column(table, status)
    if len(table.header) == 1:
        return True
    first = _at(table, status) == 0 and len(table.header) <= 3  # noqa: PLR2004 - word, sign, meaning
    return first and len(set(cells)) == len(cells) and not any(map(box_of, cells))


def _id_column(tables: Sequence[Table], statuses: Sequence[str]) -> str | int:
    """Return the header of the ids: the one that tells most of those that all tables have; else the first column.

    Numbers that begin anew in each table are no ids, nor is what stands in several rows of one.
    """
    ranked = []
    for at, header in enumerate(tables[0].header):
        rank, cells = header_rank("uc", header), [cell for one in tables for cell in _column(one, header)]
        shared = all(_at(one, header) is not None for one in tables) and header not in statuses
        if rank is not None and shared and all(cells):
            distinct = all(len(set(_column(one, header))) == len(one.rows) for one in tables)
            anew = all(cell.isdigit() for cell in cells) and len(set(cells)) < len(cells)
            ranked.append((rank + 2 * (anew or (rank > 0 and not distinct)), at, header))
    if ranked:
        return min(ranked)[2]
    first, firsts = tables[0].header[0], {fold_text(one.header[0]) for one in tables}
    if fold_text(statuses[0]) in firsts:
        texts = [cell for one in tables for cell in _column(one, statuses[0])]
        return statuses[0] if all(box_of(text) and strip_box(text) for text in texts) else 2
    return first if len(firsts) == 1 and first else 1


def _named(tables: Sequence[Table], key: str, taken: set[str | int]) -> str | None:
    for header in tables[0].header:
        if header_rank(key, header) is not None and not {fold_text(header)} & {fold_text(str(one)) for one in taken}:
            return header
    return None


def _repeated(tables: Sequence[Table], uc: str | int, headings: Sequence[str]) -> tuple[str, ...]:
    """Return the headings of tables whose ids all stand in another one too: those that say so, else the smaller one."""
    ids = [{fold_text(name) for name in _column(one, uc)} for one in tables]
    times = Counter[str]()
    for names in ids:
        times.update(names)
    left: set[str] = set()
    for at in sorted(range(len(tables)), key=lambda at: (not _says_old(tables[at]), len(ids[at]), -tables[at].line)):
        heading = tables[at].heading
        if _names_one(heading, tables, headings) and ids[at] and all(times[name] > 1 for name in ids[at]):
            times.subtract(ids[at])
            left.add(heading)
    return tuple(one.heading for one in tables if one.heading in left)


def _says_old(table: Table) -> bool:
    return any(word in fold_text(table.heading) for word in _OLD)


@dataclass(frozen=True, slots=True)
class _Said:
    """What the rows say."""

    words: tuple[tuple[int, str], ...]
    """(line, word) of each status, but for those of totals and of rows that only head others."""
    left_out: tuple[str, ...]
    """What stands in the place of the id of such a row, or its status."""


@dataclass(frozen=True, slots=True)
class _Words:
    statuses: dict[str, tuple[str, ...]]
    unknown_words: tuple[tuple[int, str], ...]
    counted: Mapping[str, int]


def _said(tables: Sequence[Table], uc: str | int, headers: Sequence[str]) -> _Said:
    words: list[tuple[int, str]] = []
    left_out: dict[str, None] = {}
    rows = [(one, at, name) for one in tables for at, name in enumerate(_column(one, uc))]
    statuses = {header: {id(one): _column(one, header) for one in tables} for header in headers}
    said = [[statuses[header][id(one)][at] for header in headers] for one, at, _ in rows]
    heads = all(at in one.groups for (one, at, name), cells in zip(rows, said, strict=True) if not all(cells) and name)
    for (one, at, name), cells in zip(rows, said, strict=True):
        if STRUCK in (name, *cells):
            continue
        if is_total(name):
            left_out[name] = None
        elif heads and at in one.groups:
            left_out[""] = None
        elif uc not in headers and not (box_of(name) and not any(cells)):
            words += [(one.lines[at], cell) for cell in cells]
    return _Said(tuple(words), tuple(left_out))


def _words(rows: _Said, legend: Sequence[str], said: Mapping[str, Any]) -> _Words:
    """Return the words of each status: those of the rows, most frequent first, and those of a legend."""
    counted = Counter(word for _, word in rows.words)
    found: dict[str, list[str]] = {SKIP: list(rows.left_out)} if rows.left_out else {}
    unknown: set[str] = set()
    for word in _unsaid(
        [word for word, _ in counted.most_common()] + [one for one in legend if one not in counted], said
    ):
        status, words = (status_meaning(word) or ("", ())) if word else (STATUSES[0], ("",))
        if not status or (word and status in said):
            unknown |= {word} & counted.keys()
        else:
            found.setdefault(status, []).extend(words)
    ours = {
        fold_text(word): word for word in counted if fold_text(word) in _OURS and _OURS[fold_text(word)] not in said
    }
    for word in ours.values():
        if _OURS[fold_text(word)] in found:
            found[_OURS[fold_text(word)]].append(word)
    every = {key: tuple(words) if isinstance(words, list | tuple) else (words,) for key, words in said.items()}
    every |= {key: _in_order(words, key) for key, words in found.items() if key not in every}
    lines = {word: line for line, word in reversed(rows.words)}
    told = tuple(sorted((lines[word], word) for word in unknown))
    return _Words(_filled(every) if found and not ours else every, told, counted)


def _unsaid(words: Sequence[str], said: Mapping[str, Any]) -> Iterator[str]:
    """Yield the words that need one to say what they mean: no box, and none that the config or we ourselves have."""
    known = {fold_text(word) for ones in said.values() for word in ([ones] if isinstance(ones, str) else ones)}
    known |= {fold_text(one) for one in STATUSES if one not in said}
    for word in words:
        if fold_text(word) not in known and not _is_box(word) and not _begins(word, said):
            yield word


def _begins(word: str, said: Mapping[str, Any]) -> bool:
    ones = [one for words in said.values() for one in ([words] if isinstance(words, str) else words)]
    return any(one.endswith("*") and fold_text(word).startswith(fold_text(one[:-1])) for one in ones)


def _in_order(words: Sequence[str], status: str) -> tuple[str, ...]:
    """Return the words with one first that can be written: no empty one, and none that says more than the status.

    Where there is none, that is our own.
    """
    spoken = [word for at, word in enumerate(words) if word and fold_text(word) not in map(fold_text, words[:at])]
    more = [word for word in spoken if status in STATUSES and implies_more(word)]
    plain = [word for word in spoken if word not in more]
    own = [status] if status in STATUSES and not plain else []
    return (*own, *plain, *more, *(word for word in words if not word))


def _filled(words: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    """Return the words with one for each status but READY: what has none is called by the least."""
    blocked = words.get("BLOCKED", ())
    least = words.get(STATUSES[0]) or (blocked if blocked[:1] != ("BLOCKED",) else ())
    filled = dict(words)
    for status in STATUSES:
        if least and status != READY and status not in filled:
            filled[status] = tuple(word for word in least if word)[:1] or (STATUSES[0],)
    order = (*STATUSES, SKIP)
    return {key: filled[key] for key in order if key in filled}


def _warnings(counted: Mapping[str, int], status: str) -> Iterable[str]:
    if any(map(is_test_result, counted)):
        yield (
            f"'{one_line(status, 40)}' says how tests ended, and not what may go live: a pass is read as IN_PROGRESS, "
            f"and sync writes no pass: what is ready gets {READY}"
        )


def _unread(tables: Sequence[Table], boxes: int) -> Iterable[str]:
    """Yield what of the file is no part of the register."""
    for one in tables[:_MOST]:
        headers = ", ".join(one_line(header, 20) for header in one.header[:_MOST] if header)
        yield f"the table in line {one.line} ({headers}) is no part of it"
    if len(tables) > _MOST:
        yield f"so are {len(tables) - _MOST} more tables"
    if boxes:
        yield f"{count(boxes, 'item')} of check lists: no part of it, unless --column 'status=[ ]' takes these"


def _is_box(word: str) -> bool:
    return bool(box_of(word)) and not strip_box(word)


def _column(table: Table, key: str | int) -> list[str]:
    at = _at(table, key)
    return [row[at] for row in table.rows] if at is not None else []


def _at(table: Table, key: str | int) -> int | None:
    if isinstance(key, int):
        return key - 1 if key <= len(table.header) else None
    wanted = fold_text(key)
    return next((at for at, header in enumerate(table.header) if fold_text(header) == wanted), None)


def _nothing(path: Path, found: FileTables, *, said: bool = False) -> str:
    """Return what to say where there is no register: of HTML that it is HTML, else what may be meant, or was seen."""
    if found.html is not None and not found.tables:
        return (
            f"{location(path, found.html)}: this table is written in HTML, which is not read: write it as a Markdown "
            "table, or its use cases into readiness.toml under [use_cases.ID]"
        )
    if not found.tables and path.suffix.casefold() not in DELIMITED_SUFFIXES:
        return f"{location(path)}: {_NO_LIST if path.suffix.casefold() in YAML_SUFFIXES else _NO_TABLE}, {_ELSE}"
    seen = "; ".join(
        f"line {one.line}: {', '.join(one_line(header, 20) or '(empty)' for header in one.header[:6])}"
        for one in found.tables[:5]
    )
    likely = [] if said else [shlex.quote(one_line(header, 60)) for header in _likely(found.tables)[:_MOST]]
    if likely:
        shown = " or ".join(f"--column status={header}" for header in likely)
        return f"{location(path)}: no header tells which column is the status for go-live: say it, as with {shown}"
    told = "no table has the columns of a register" + (f" that is understood ({seen})" if seen else "")
    return f"{location(path)}: {told}: name the columns with --column uc=HEADER --column status=HEADER"


def _likely(tables: Sequence[Table]) -> list[str]:
    """Return the headers of columns that hold nothing but words for a status, and are not known for something else."""
    found: dict[str, str] = {}
    for one in tables:
        for at, header in enumerate(one.header):
            cells = [row[at] for row in one.rows if row[at]]
            other = _is_legend(one, header) or any(header_rank(key, header) is not None for key in ("uc", *_BESIDE))
            if cells and header and not other and all(status_meaning(cell) or box_of(cell) for cell in cells):
                found.setdefault(fold_text(header), header)
    return list(found.values())
