"""Reader of the tracker: the use cases of its register, its required evidence, and its problems."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from ...errors import ConfigError, Problem, location, one_line, suggestion
from ...regular_files import IrregularError, read_regular
from ..builtin_items import recognise_item
from ..catalogue import UseCase
from .formats import open_document
from .layout import ColumnSettings, RegisterLayout
from .parsed_register import Entry, TrackerDocument
from .row_ids import id_problems
from .row_meaning import InterpretedRow, interpret_row
from .status_words import StatusSettings
from .tracker_content import Tracker


def read_tracker(
    path: Path,
    columns: ColumnSettings | None = None,
    statuses: StatusSettings | None = None,
    skip: Sequence[str] = (),
) -> Tracker:
    """Return the content of the tracker at ``path``.

    Args:
        path: The file.
        columns: Headers other than the default ones, by key (``uc``, ``status`` …).
        statuses: The tracker's words by status; under ``skip`` the words that skip a row.
        skip: Headings (glob) under which nothing is read.

    Raises:
        ConfigError: it cannot be read or has a problem; the message is the first problem, with file and line.
    """
    tracker, problems = examine_tracker(path, columns or {}, statuses or {}, skip)
    if tracker is None or problems:
        raise ConfigError(str(problems[0]))
    return tracker


def tracker_problems(
    path: Path,
    columns: ColumnSettings | None = None,
    statuses: StatusSettings | None = None,
    skip: Sequence[str] = (),
) -> Iterator[Problem]:
    """Yield each problem of the tracker at ``path``, in the order of its lines."""
    yield from examine_tracker(path, columns or {}, statuses or {}, skip)[1]


def examine_tracker(
    path: Path, columns: ColumnSettings, statuses: StatusSettings, skip: Sequence[str] = ()
) -> tuple[Tracker | None, list[Problem]]:
    """Return the content of the tracker (None: it cannot be read), and its problems."""
    try:
        return examine_text(path, _read(path), columns, statuses, skip)
    except ConfigError as error:
        return None, [Problem("", str(error))]


def examine_text(
    path: Path, text: str, columns: ColumnSettings, statuses: StatusSettings, skip: Sequence[str] = ()
) -> tuple[Tracker, list[Problem]]:
    """Return the content of a tracker with this text, and its problems.

    Raises:
        ConfigError: it has no register, or a register that cannot be read.
    """
    layout = RegisterLayout.from_config(columns, statuses, skip)
    return interpret_document(path, open_document(path, text, layout), layout)


def interpret_document(path: Path, document: TrackerDocument, layout: RegisterLayout) -> tuple[Tracker, list[Problem]]:
    """Return the content of a parsed tracker, and its problems in the order of the lines.

    Raises:
        ConfigError: each row of the register is skipped.
    """
    register, all_rows = document.register, [interpret_row(row, layout) for row in document.register.rows]
    rows = [row for row in all_rows if not row.skip_reason]
    problems = [(line, Problem(location(path, line), message)) for line, message in _parse_problems(document)]
    if all_rows and not rows and not problems:
        raise ConfigError(f"{location(path, all_rows[0].row.line)}: each row of the register is skipped: keep one")
    problems += [*_row_problems(path, rows, layout), *_item_problems(path, document.items)]
    tracker = Tracker(
        path=path,
        rows=tuple(map(_use_case, rows)),
        items=tuple(recognise_item(number, text) for number, text, _ in document.items),
        legend=tuple(document.legend),
        unmatched_patterns=register.unmatched_patterns,
        skipped_rows=tuple((row.row.line, row.skip_reason) for row in all_rows if row.skip_reason),
    )
    return tracker, [problem for _, problem in sorted(problems, key=lambda pair: pair[0])]


def _parse_problems(document: TrackerDocument) -> Iterator[tuple[int, str]]:
    yield from document.register.problems
    yield from document.problems


def _read(path: Path) -> str:
    try:
        text = read_regular(path).decode("utf-8-sig")
    except FileNotFoundError:
        raise ConfigError(f"{location(path)}: there is no such tracker: write one with `readiness init`") from None
    except IrregularError as error:
        advice = "is a folder: name the tracker's file in it"
        message = advice if error.is_folder else f"cannot be read: {error.strerror}"
        raise ConfigError(f"{location(path)}: {message}") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{location(path)}: is not UTF-8 text: save the tracker as UTF-8") from None
    except OSError as error:
        raise ConfigError(f"{location(path)}: cannot be read: {error.strerror}") from None
    if not text.strip():
        raise ConfigError(f"{location(path)}: is empty: write a register into it")
    return text


def _use_case(row: InterpretedRow) -> UseCase:
    get = row.row.cells.get
    return UseCase(
        id=row.id,
        title=get("title") or (row.name if row.name != row.id else "") or get("notes", ""),
        owner=get("owner", ""),
        architecture_status=get("architecture_status", ""),
        declared_status=row.statuses[0] if row.statuses else row.status_text,
        declared_also=row.statuses[1:],
        declared_in=row.by_environment,
        last_updated=get("last_updated", ""),
        notes=get("notes", ""),
        line=row.row.line,
    )


def _row_problems(path: Path, rows: Sequence[InterpretedRow], layout: RegisterLayout) -> Iterator[tuple[int, Problem]]:
    rows_by_id: dict[str, InterpretedRow] = {}
    for row in rows:
        line, name = row.row.line, row.id
        for message in _cell_problems(row, layout):
            yield line, Problem(location(path, line), message)
        first = rows_by_id.setdefault(name.casefold(), row)
        if name and first is not row:
            message = f"use case '{name}' appears twice, in lines {first.row.line} and {line}"
            message = f"{message}{_spelling_difference(first, row)}: remove or rename one"
            yield line, Problem(location(path, line), message)


def _spelling_difference(first: InterpretedRow, second: InterpretedRow) -> str:
    if first.id != second.id:
        return f" (there as '{first.id}', and ids are the same in any letter case)"
    if first.name != second.name:
        return f" (made of '{one_line(first.name, 60)}' and of '{one_line(second.name, 60)}')"
    return ""


def _cell_problems(row: InterpretedRow, layout: RegisterLayout) -> Iterator[str]:
    yield from id_problems(row.id)
    if row.is_contradictory:
        message = f"{row.id} has the status '{one_line(row.status_text, 60)}', but its box {row.box} means another"
        yield f"{message}: make them agree, or remove the box"
    unknown = row.unknown_texts or ((row.status_text,) if not row.statuses and not row.is_contradictory else ())
    if row.by_environment and not row.status_text:
        unknown = row.unknown_texts
    for text in unknown:
        words = layout.status_words.written_words()
        hint = suggestion(text, words) or f" (statuses are {', '.join(words)})"
        message = f"{row.id or 'the row'} has no known status: '{one_line(text, 60)}'{hint}"
        yield f"{message}; [statuses] names words of your own"


def _item_problems(path: Path, items: Sequence[Entry]) -> Iterator[tuple[int, Problem]]:
    lines: dict[str, int] = {}
    for number, text, line in items:
        if not text:
            message = f"required evidence {number} is empty: write what is required"
            yield line, Problem(location(path, line), message)
        if number in lines:
            message = f"required evidence {number} appears twice, in lines {lines[number]} and {line}: renumber one"
            yield line, Problem(location(path, line), message)
        lines.setdefault(number, line)
