"""Adopting a tracker: it is read as it is said to be read; where nothing is said, a guess is made and shown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, get_args

from ..claims.tracker.layout_guess import NoRegisterError, guess_layout
from ..claims.tracker.markdown_rows import OR_SKIP
from ..claims.tracker.reader import Tracker, examine_tracker, read_tracker
from ..errors import ConfigError, location, one_line, suggestion
from ..fast_values import dataclass
from ..regular_files import read_regular
from ..settings.model import ColumnKey
from .templates import toml_text, word_lines

_UNSEEN = dict.fromkeys(map(ord, "\ufe0e\ufe0f"))
"""Signs that choose how an emoji is drawn."""
_MOST = 5
"""Words or ids that are listed in one line."""


@dataclass(frozen=True, slots=True)
class AdoptedTracker:
    """A tracker, and how it is read."""

    tracker: Tracker
    columns: Mapping[str, Any]
    statuses: Mapping[str, Any]
    skip: tuple[str, ...]
    told: tuple[str, ...] = ()
    """Lines that show the guess; none where nothing was guessed."""


def named_columns(options: Sequence[str]) -> dict[str, Any]:
    """Return what ``--column WORD=HEADER`` says; the header of ``uc`` may be the number of its column.

    Raises:
        ConfigError: it is no such text, or there is no such word.
    """
    columns: dict[str, Any] = {}
    for option in options:
        key, equals, header = (part.strip() for part in option.partition("="))
        if not equals or not header:
            raise ConfigError(f"--column wants WORD=HEADER, such as uc=Flow, not '{one_line(option, 60)}'")
        if key not in get_args(ColumnKey):
            told = suggestion(key, get_args(ColumnKey)) or f" (words are {', '.join(get_args(ColumnKey))})"
            raise ConfigError(f"--column: there is no column '{one_line(key, 40)}'{told}")
        if columns.setdefault(key, header) != header:
            raise ConfigError(f"--column says both '{columns[key]}' and '{header}' of {key}: say one")
        if key == "uc" and header.isdecimal() and int(header) > 0:
            columns[key] = int(header)
    return columns


def adopt(path: Path, columns: Mapping[str, Any], statuses: Mapping[str, Any], skip: Sequence[str]) -> AdoptedTracker:
    """Return the tracker at ``path``, read as it is said to be read, or else as it is guessed.

    Raises:
        ConfigError: it cannot be read, and a guess does not help; ``lines`` of the error show the guess.
    """
    read, problems = examine_tracker(path, columns, statuses, skip)
    if read is not None and not problems:
        return AdoptedTracker(read, columns, statuses, tuple(skip))
    error, text = ConfigError(str(problems[0])), _text(path)
    # Where it is understood but for what looks like a part of it, a guess would make use cases of that.
    is_understood = read is not None and bool(read.rows) and all(one.what.endswith(OR_SKIP) for one in problems)
    if is_understood or not text.strip():
        raise error
    try:
        found = guess_layout(path, text, columns, statuses, skip)
    except NoRegisterError:
        if _says_where(error, path):  # what looks like a register, and why it is none
            raise error from None
        raise
    if (found.columns, found.statuses, found.skip) == (columns, statuses, tuple(skip)) and not found.unknown_words:
        raise error
    lines = [
        f"{location(path)}: guessed, since nothing says what its columns and words mean; --column WORD=HEADER and",
        "[tracker_columns], [statuses] and tracker_skip in readiness.toml say otherwise:",
        *(f"  {line.translate(_UNSEEN)}" for line in _toml(found.columns, found.statuses, found.skip)),
        *(f"{location(path)}: {warning}" for warning in found.warnings),
    ]
    if found.unknown_words:
        raise GuessError(lines, _unknown(path, found.unknown_words, found.skippable_heading))
    try:
        read = read_tracker(path, found.columns, found.statuses, found.skip)
    except ConfigError as error:
        raise GuessError(lines, str(error)) from None
    lines += [*_ids(read), ""]
    return AdoptedTracker(read, found.columns, found.statuses, found.skip, tuple(lines))


class GuessError(ConfigError):
    """A guess does not make a register of the tracker."""

    def __init__(self, lines: Sequence[str], message: str) -> None:
        super().__init__(message)
        self.lines = tuple(lines)
        """That show what was guessed."""


def _says_where(error: ConfigError, path: Path) -> bool:
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
    for name, lines in word_lines(columns, statuses).items():
        yield f"[{name}]"
        yield from lines


def _unknown(path: Path, words: Sequence[tuple[int, str]], skippable_heading: str) -> str:
    shown = ", ".join(f"'{one_line(word, 40)}' (line {line})" for line, word in words[:_MOST])
    more = f" and {len(words) - _MOST} more" if len(words) > _MOST else ""
    other = (
        f", or leave that table out with tracker_skip = [{toml_text(skippable_heading)}] there"
        if skippable_heading
        else ""
    )
    return (
        f"{location(path, words[0][0])}: init does not know what these words for a status mean: {shown}{more}: "
        f"say it under [statuses] in readiness.toml (that is kept){other}, and call init again"
    )


def _ids(read: Tracker) -> Iterator[str]:
    names = [row.id for row in read.rows]
    yield f"use cases: {', '.join(names[:_MOST])}" + (", ..." if len(names) > _MOST else "")
    for line, why in read.skipped_rows[:_MOST]:
        yield f"{location(read.path, line)}: left out ({why})"
