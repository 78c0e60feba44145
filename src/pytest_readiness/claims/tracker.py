"""The tracker: a file whose register lists the use cases. What it says is read here, and written by ``mend``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from ..errors import ConfigError, Problem, nearest, place
from ..frozen import dataclass
from ..regular import IrregularError, read_regular
from .catalogue import Item, UseCase
from .items import recognise
from .source import Row, Source
from .sources import open_source
from .wanted import Wanted

STATUSES = ("NOT_STARTED", "IN_PROGRESS", "BLOCKED", "READY_FOR_GO_LIVE")


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
    unmatched: tuple[str, ...] = ()
    """The patterns for headings to leave out that no heading matches."""


def read_tracker(
    path: Path,
    columns: Mapping[str, str] | None = None,
    statuses: Mapping[str, str] | None = None,
    skip: Sequence[str] = (),
) -> Tracker:
    """Return what the tracker at ``path`` says.

    Args:
        path: The file.
        columns: Headers that are other words than ours, by our name of the column (``uc``, ``status`` …).
        statuses: The tracker's words for our statuses, by our word.
        skip: Headings (glob) under which nothing is read.

    Raises:
        ConfigError: it cannot be read or says something wrong; the message is the first problem, with file and line.
    """
    tracker, found = examine(path, columns or {}, statuses or {}, skip)
    if tracker is None or found:
        raise ConfigError(str(found[0]))
    return tracker


def tracker_problems(
    path: Path,
    columns: Mapping[str, str] | None = None,
    statuses: Mapping[str, str] | None = None,
    skip: Sequence[str] = (),
) -> Iterator[Problem]:
    """Yield everything that is wrong with the tracker at ``path``, in the order of its lines."""
    yield from examine(path, columns or {}, statuses or {}, skip)[1]


def examine(
    path: Path, columns: Mapping[str, str], statuses: Mapping[str, str], skip: Sequence[str] = ()
) -> tuple[Tracker | None, list[Problem]]:
    """Return what could be read of the tracker (None: nothing), and everything that is wrong with it."""
    try:
        return examine_text(path, _read(path), columns, statuses, skip)
    except ConfigError as error:
        return None, [Problem("", str(error))]


def examine_text(
    path: Path, text: str, columns: Mapping[str, str], statuses: Mapping[str, str], skip: Sequence[str] = ()
) -> tuple[Tracker, list[Problem]]:
    """Return what a tracker with this text says, and what is wrong with it.

    Raises:
        ConfigError: it has no register, or a register that cannot be read.
    """
    source = open_source(path, text, Wanted.of(columns, words_of(statuses), skip))
    return tracker_in(path, source, statuses)


def tracker_in(path: Path, source: Source, statuses: Mapping[str, str]) -> tuple[Tracker, list[Problem]]:
    """Return what a tracker says that was read from a source, and what is wrong with it."""
    words, register = words_of(statuses), source.register
    found = [*_row_problems(path, register.rows, words), *_item_problems(path, source.items)]
    found += [(line, Problem(place(path, line), what)) for line, what in (*register.doubts, *source.doubts)]
    tracker = Tracker(
        path=path,
        rows=tuple(_use_case(row, words) for row in register.rows),
        items=tuple(recognise(number, text) for number, text, _ in source.items),
        legend=tuple(source.legend),
        unmatched=register.unmatched,
    )
    return tracker, [problem for _, problem in sorted(found, key=lambda pair: pair[0])]


def _read(path: Path) -> str:
    try:
        text = read_regular(path).decode("utf-8-sig")
    except FileNotFoundError:
        raise ConfigError(f"{place(path)}: there is no such tracker: write one with `readiness init`") from None
    except IrregularError as error:
        advice = "is a folder: name the tracker's file in it"
        told = advice if error.is_folder else f"cannot be read: {error.strerror}"
        raise ConfigError(f"{place(path)}: {told}") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{place(path)}: is not UTF-8 text: save the tracker as UTF-8") from None
    except OSError as error:
        raise ConfigError(f"{place(path)}: cannot be read: {error.strerror}") from None
    if not text.strip():
        raise ConfigError(f"{place(path)}: is empty: write a register into it")
    return text


def words_of(statuses: Mapping[str, str]) -> dict[str, str]:
    """Return our status by the tracker's word."""
    return {statuses.get(status, status): status for status in STATUSES}


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
    seen: dict[str, Row] = {}
    for row in rows:
        name, status = row.cells["uc"], row.cells["status"]
        for what in name_faults(name):
            yield row.line, Problem(place(path, row.line), what)
        first = seen.setdefault(name.casefold(), row)
        if name and first is not row:
            other = first.cells["uc"]
            spelled = f" (there as '{other}', and ids are the same in any letter case)" if other != name else ""
            what = f"use case '{name}' stands twice, in lines {first.line} and {row.line}{spelled}"
            yield row.line, Problem(place(path, row.line), f"{what}: remove or rename one")
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
