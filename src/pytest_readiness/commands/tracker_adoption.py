"""Adoption of an existing tracker, with a layout from options and config, or a guessed one."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, get_args

from msgspec import Struct

from ..claims.tracker.layout_guess import NoRegisterError, guess_layout
from ..claims.tracker.markdown_rows import OR_SKIP
from ..claims.tracker.reader import examine_tracker, read_tracker
from ..claims.tracker.status_words import VARIATION_SELECTORS
from ..claims.tracker.tracker_content import Tracker
from ..errors import ConfigError, location, one_line, suggestion
from ..regular_files import read_regular
from ..settings.model import ColumnKey
from .templates import table_lines, toml_text

_MOST = 5
"""Maximum words or ids to list in one line."""
_NUMBER = re.compile(r"0*[1-9][0-9]{0,5}", re.ASCII)
"""The number of a column."""


class AdoptedTracker(Struct, frozen=True):
    """A tracker, and the layout that it was read with."""

    tracker: Tracker
    columns: Mapping[str, Any]
    statuses: Mapping[str, Any]
    skip: tuple[str, ...]
    guess_lines: tuple[str, ...] = ()
    """Lines that show the guess; none if nothing was guessed."""


def named_columns(options: Sequence[str]) -> dict[str, Any]:
    """Return the headers that ``--column WORD=HEADER`` gives, by word; for ``uc`` it may be the column's number.

    Raises:
        ConfigError: a value has another form, or an unknown word.
    """
    columns: dict[str, Any] = {}
    for option in options:
        key, equals, header = (part.strip() for part in option.partition("="))
        if not equals or not header:
            raise ConfigError(f"--column takes WORD=HEADER, such as uc=Flow, not '{one_line(option, 60)}'")
        if key not in get_args(ColumnKey):
            hint = suggestion(key, get_args(ColumnKey)) or f" (words are {', '.join(get_args(ColumnKey))})"
            raise ConfigError(f"--column: there is no column '{one_line(key, 40)}'{hint}")
        if columns.setdefault(key, header) != header:
            raise ConfigError(f"--column gives both '{columns[key]}' and '{header}' for {key}: give one")
        if key == "uc" and _NUMBER.fullmatch(header) is not None:
            columns[key] = int(header)
    return columns


def adopt(path: Path, columns: Mapping[str, Any], statuses: Mapping[str, Any], skip: Sequence[str]) -> AdoptedTracker:
    """Return the tracker at ``path``, read with the given layout, else with a guessed one.

    Raises:
        ConfigError: it cannot be read with either.
        GuessError: it cannot be read with the guess, which ``lines`` of the error show.
    """
    tracker, problems = examine_tracker(path, columns, statuses, skip)
    if tracker is not None and not problems:
        return AdoptedTracker(tracker, columns, statuses, tuple(skip))
    error, text = ConfigError(str(problems[0])), _text(path)
    # If only other tables cannot be read, a guess would turn their rows into use cases.
    has_register = tracker is not None and bool(tracker.rows)
    if not text.strip() or (has_register and all(problem.what.endswith(OR_SKIP) for problem in problems)):
        raise error
    try:
        guess = guess_layout(path, text, columns, statuses, skip)
    except NoRegisterError:
        if _names_line(error, path):  # it says why a table that looks like a register is none
            raise error from None
        raise
    if (guess.columns, guess.statuses, guess.skip) == (columns, statuses, tuple(skip)) and not guess.unknown_words:
        raise error
    lines = [
        f"{location(path)}: its columns and words were guessed; to change that, use --column WORD=HEADER, or",
        "[tracker_columns], [statuses] and tracker_skip in readiness.toml:",
        *(f"  {line.translate(VARIATION_SELECTORS)}" for line in _toml(guess.columns, guess.statuses, guess.skip)),
        *(f"{location(path)}: {warning}" for warning in guess.warnings),
    ]
    if guess.unknown_words:
        raise GuessError(lines, _unknown(path, guess.unknown_words, guess.skippable_heading))
    try:
        tracker = read_tracker(path, guess.columns, guess.statuses, guess.skip)
    except ConfigError as error:
        raise GuessError(lines, str(error)) from None
    lines += [*_ids(tracker), ""]
    return AdoptedTracker(tracker, guess.columns, guess.statuses, guess.skip, tuple(lines))


class GuessError(ConfigError):
    """A tracker that cannot be read with the guessed layout."""

    def __init__(self, lines: Sequence[str], message: str) -> None:
        super().__init__(message)
        self.lines = tuple(lines)
        """Lines that show the guess."""


def _names_line(error: ConfigError, path: Path) -> bool:
    """Return whether an error names a line of the tracker."""
    return str(error).removeprefix(f"{location(path)}:")[:1].isdigit()


def _text(path: Path) -> str:
    try:
        return read_regular(path).decode("utf-8-sig")
    except (OSError, UnicodeDecodeError):
        return ""


def _toml(columns: Mapping[str, Any], statuses: Mapping[str, Any], skip: Sequence[str]) -> Iterator[str]:
    if skip:
        yield f"tracker_skip = [{', '.join(map(toml_text, skip))}]"
    for name, lines in table_lines(columns, statuses).items():
        yield f"[{name}]"
        yield from lines


def _unknown(path: Path, words: Sequence[tuple[int, str]], heading: str) -> str:
    shown = ", ".join(f"'{one_line(word, 40)}' (line {line})" for line, word in words[:_MOST])
    more = f" and {len(words) - _MOST} more" if len(words) > _MOST else ""
    skip = f", or skip that table there with tracker_skip = [{toml_text(heading)}]" if heading else ""
    return (
        f"{location(path, words[0][0])}: unknown status words: {shown}{more}: "
        f"map them under [statuses] in readiness.toml (init keeps that file){skip}, and run init again"
    )


def _ids(tracker: Tracker) -> Iterator[str]:
    names = [row.id for row in tracker.rows]
    yield f"use cases: {', '.join(names[:_MOST])}" + (", ..." if len(names) > _MOST else "")
    for line, why in tracker.skipped_rows[:_MOST]:
        yield f"{location(tracker.path, line)}: skipped ({why})"
