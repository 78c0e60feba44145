"""The tracker: a file whose register lists the use cases. What it says is read here, and written by ``mend``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from ...errors import ConfigError, Problem, location, one_line, suggestion
from ...fast_values import dataclass
from ...regular_files import IrregularError, read_regular
from ..builtin_items import recognise_item
from ..catalogue import Item, UseCase
from .formats import open_source
from .layout import ColumnSettings, RegisterLayout
from .parsed_register import TrackerDocument
from .row_ids import id_problems
from .row_meaning import InterpretedRow, interpret_row
from .status_words import StatusSettings


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
    unmatched_patterns: tuple[str, ...] = ()
    """The patterns for headings to leave out that no heading matches."""
    skipped_rows: tuple[tuple[int, str], ...] = ()
    """(line, why) of each row that is no use case, since its words or its being struck out say so."""


def read_tracker(
    path: Path,
    columns: ColumnSettings | None = None,
    statuses: StatusSettings | None = None,
    skip: Sequence[str] = (),
) -> Tracker:
    """Return what the tracker at ``path`` says.

    Args:
        path: The file.
        columns: Headers that are other words than ours, by our name of the column (``uc``, ``status`` …).
        statuses: The tracker's words for our statuses, by our word; under ``skip`` those that leave a row out.
        skip: Headings (glob) under which nothing is read.

    Raises:
        ConfigError: it cannot be read or says something wrong; the message is the first problem, with file and line.
    """
    tracker, found = examine_tracker(path, columns or {}, statuses or {}, skip)
    if tracker is None or found:
        raise ConfigError(str(found[0]))
    return tracker


def tracker_problems(
    path: Path,
    columns: ColumnSettings | None = None,
    statuses: StatusSettings | None = None,
    skip: Sequence[str] = (),
) -> Iterator[Problem]:
    """Yield everything that is wrong with the tracker at ``path``, in the order of its lines."""
    yield from examine_tracker(path, columns or {}, statuses or {}, skip)[1]


def examine_tracker(
    path: Path, columns: ColumnSettings, statuses: StatusSettings, skip: Sequence[str] = ()
) -> tuple[Tracker | None, list[Problem]]:
    """Return what could be read of the tracker (None: nothing), and everything that is wrong with it."""
    try:
        return examine_text(path, _read(path), columns, statuses, skip)
    except ConfigError as error:
        return None, [Problem("", str(error))]


def examine_text(
    path: Path, text: str, columns: ColumnSettings, statuses: StatusSettings, skip: Sequence[str] = ()
) -> tuple[Tracker, list[Problem]]:
    """Return what a tracker with this text says, and what is wrong with it.

    Raises:
        ConfigError: it has no register, or a register that cannot be read.
    """
    wanted = RegisterLayout.from_config(columns, statuses, skip)
    return tracker_in(path, open_source(path, text, wanted), wanted)


def tracker_in(path: Path, source: TrackerDocument, wanted: RegisterLayout) -> tuple[Tracker, list[Problem]]:
    """Return what a tracker says that was read from a source, and what is wrong with it."""
    register, entries = source.register, [interpret_row(row, wanted) for row in source.register.rows]
    rows = [entry for entry in entries if not entry.skip_reason]
    found = [(line, Problem(location(path, line), what)) for line, what in (*register.doubts, *source.doubts)]
    if entries and not rows and not found:
        raise ConfigError(f"{location(path, entries[0].row.line)}: each row of the register is left out: keep one")
    found += [*_row_problems(path, rows, wanted), *_item_problems(path, source.items)]
    tracker = Tracker(
        path=path,
        rows=tuple(map(_use_case, rows)),
        items=tuple(recognise_item(number, text) for number, text, _ in source.items),
        legend=tuple(source.legend),
        unmatched_patterns=register.unmatched_patterns,
        skipped_rows=tuple((entry.row.line, entry.skip_reason) for entry in entries if entry.skip_reason),
    )
    return tracker, [problem for _, problem in sorted(found, key=lambda pair: pair[0])]


def _read(path: Path) -> str:
    try:
        text = read_regular(path).decode("utf-8-sig")
    except FileNotFoundError:
        raise ConfigError(f"{location(path)}: there is no such tracker: write one with `readiness init`") from None
    except IrregularError as error:
        advice = "is a folder: name the tracker's file in it"
        told = advice if error.is_folder else f"cannot be read: {error.strerror}"
        raise ConfigError(f"{location(path)}: {told}") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{location(path)}: is not UTF-8 text: save the tracker as UTF-8") from None
    except OSError as error:
        raise ConfigError(f"{location(path)}: cannot be read: {error.strerror}") from None
    if not text.strip():
        raise ConfigError(f"{location(path)}: is empty: write a register into it")
    return text


def _use_case(entry: InterpretedRow) -> UseCase:
    get = entry.row.cells.get
    return UseCase(
        id=entry.id,
        title=get("title") or (entry.name if entry.name != entry.id else "") or get("notes", ""),
        owner=get("owner", ""),
        architecture_status=get("architecture_status", ""),
        declared_status=entry.statuses[0] if entry.statuses else entry.said,
        declared_also=entry.statuses[1:],
        declared_in=entry.by_environment,
        last_updated=get("last_updated", ""),
        notes=get("notes", ""),
        line=entry.row.line,
    )


def _row_problems(
    path: Path, entries: Sequence[InterpretedRow], wanted: RegisterLayout
) -> Iterator[tuple[int, Problem]]:
    seen: dict[str, InterpretedRow] = {}
    for entry in entries:
        line, name = entry.row.line, entry.id
        for what in _faults(entry, wanted):
            yield line, Problem(location(path, line), what)
        first = seen.setdefault(name.casefold(), entry)
        if name and first is not entry:
            what = (
                f"use case '{name}' stands twice, in lines {first.row.line} and {line}{_other_spelling(first, entry)}"
            )
            yield line, Problem(location(path, line), f"{what}: remove or rename one")


def _other_spelling(first: InterpretedRow, second: InterpretedRow) -> str:
    if first.id != second.id:
        return f" (there as '{first.id}', and ids are the same in any letter case)"
    if first.name != second.name:
        return f" (made of '{one_line(first.name, 60)}' and of '{one_line(second.name, 60)}')"
    return ""


def _faults(entry: InterpretedRow, wanted: RegisterLayout) -> Iterator[str]:
    name = entry.id
    yield from id_problems(name)
    if entry.contradicts:
        what = f"{name} says '{one_line(entry.said, 60)}', and its box {entry.box} another status"
        yield f"{what}: make them say the same, or take the box away"
    unknown = entry.unknown or ((entry.said,) if not entry.statuses and not entry.contradicts else ())
    if entry.by_environment and not entry.said:
        unknown = entry.unknown
    for word in unknown:
        words = wanted.words.listed()
        told = suggestion(word, words) or f" (statuses are {', '.join(words)})"
        what = f"{name or 'the row'} has no known status: '{one_line(word, 60)}'{told}"
        yield f"{what}; [statuses] names words of your own"


def _item_problems(path: Path, items: Sequence[tuple[str, str, int]]) -> Iterator[tuple[int, Problem]]:
    lines: dict[str, int] = {}
    for number, text, line in items:
        if not text:
            yield (
                line,
                Problem(location(path, line), f"required evidence {number} says nothing: write what is required"),
            )
        if number in lines:
            what = f"required evidence {number} stands twice, in lines {lines[number]} and {line}: number them apart"
            yield line, Problem(location(path, line), what)
        lines.setdefault(number, line)
