"""A guess of the statuses that the words of a tracker mean."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct

from .all_tables import Table
from .markdown_parser import STRUCK, fold_text
from .status_words import READY, SKIP, STATUSES, as_words, box_of, strip_box
from .vocabulary import implies_more, is_total, status_meaning

_STATUSES_BY_FOLDED = {fold_text(status): status for status in STATUSES}


class WordGuess(Struct, frozen=True):
    """The guessed words of each status."""

    statuses: dict[str, tuple[str, ...]]
    unknown_words: tuple[tuple[int, str], ...]
    """(line, word) of each word without a clear meaning."""
    counts: Mapping[str, int]
    """How often each word is used."""


class _RowTexts(Struct, frozen=True):
    """The status texts of all rows."""

    words: tuple[tuple[int, str], ...]
    """(line, word) of each status, without those of totals and of heading rows."""
    skip_words: tuple[str, ...]
    """The words that skip totals and heading rows."""


def guess_words(
    tables: Sequence[Table],
    uc: str | int,
    headers: Sequence[str],
    legend: Sequence[str],
    settings: Mapping[str, Any],
) -> WordGuess:
    """Return the words of each status: those of the rows, the most frequent first, and those of a legend.

    Args:
        tables: The tables of the register.
        uc: The header of the id column, or its position from 1.
        headers: The headers of the status columns.
        legend: The words of the legend.
        settings: The words by status that are configured already.
    """
    rows = _row_texts(tables, uc, headers)
    counts = Counter(word for _, word in rows.words)
    guessed: dict[str, list[str]] = {SKIP: list(rows.skip_words)} if rows.skip_words else {}
    unknown: set[str] = set()
    by_frequency = [word for word, _ in counts.most_common()]
    for word in _unconfigured([*by_frequency, *(word for word in legend if word not in counts)], settings):
        status, words = (status_meaning(word) or ("", ())) if word else (STATUSES[0], ("",))
        if not status or (word and status in settings):
            unknown |= {word} & counts.keys()
        else:
            guessed.setdefault(status, []).extend(words)
    own_names = _own_names(counts, settings)
    for word in own_names:
        status = _STATUSES_BY_FOLDED[fold_text(word)]
        if status in guessed:
            guessed[status].append(word)
    statuses = {key: as_words(words) for key, words in settings.items()}
    statuses |= {key: _in_order(words, key) for key, words in guessed.items() if key not in statuses}
    lines = {word: line for line, word in reversed(rows.words)}
    unknown_words = tuple(sorted((lines[word], word) for word in unknown))
    return WordGuess(_completed(statuses) if guessed and not own_names else statuses, unknown_words, counts)


def _row_texts(tables: Sequence[Table], uc: str | int, headers: Sequence[str]) -> _RowTexts:
    words: list[tuple[int, str]] = []
    skip_words: dict[str, None] = {}
    rows: list[tuple[Table, int, str, list[str]]] = []
    for table in tables:
        columns = [table.column(header) for header in headers]
        for position, name in enumerate(table.column(uc)):
            rows.append((table, position, name, [cells[position] for cells in columns]))
    has_group_rows = all(
        position in table.group_rows for table, position, name, cells in rows if not all(cells) and name
    )
    for table, position, name, cells in rows:
        if STRUCK in (name, *cells):
            continue
        if is_total(name):
            skip_words[name] = None
        elif has_group_rows and position in table.group_rows:
            skip_words[""] = None
        elif uc not in headers and not (box_of(name) and not any(cells)):
            words += [(table.lines[position], cell) for cell in cells]
    return _RowTexts(tuple(words), tuple(skip_words))


def _own_names(words: Mapping[str, int], settings: Mapping[str, Any]) -> list[str]:
    """Return the words that are names of statuses without configured words, one for each status."""
    by_folded = {fold_text(word): word for word in words}
    return [
        by_folded[folded]
        for folded in by_folded
        if folded in _STATUSES_BY_FOLDED and _STATUSES_BY_FOLDED[folded] not in settings
    ]


def _unconfigured(words: Sequence[str], settings: Mapping[str, Any]) -> Iterator[str]:
    """Yield the words that have no meaning yet: no boxes, no configured words, and no names of statuses."""
    configured = [word for words in settings.values() for word in as_words(words)]
    assigned = {fold_text(word) for word in configured}
    assigned |= {fold_text(status) for status in STATUSES if status not in settings}
    prefixes = tuple(fold_text(word[:-1]) for word in configured if word.endswith("*"))
    for word in words:
        if fold_text(word) not in assigned and not _is_box(word) and not fold_text(word).startswith(prefixes):
            yield word


def _is_box(word: str) -> bool:
    return bool(box_of(word)) and not strip_box(word)


def _in_order(words: Sequence[str], status: str) -> tuple[str, ...]:
    """Return the words of a status with one first that can be written.

    That is not an empty word, and none that implies more than the status. If there is none, it is the status's name.
    """
    by_folded: dict[str, str] = {}
    for word in filter(None, words):
        by_folded.setdefault(fold_text(word), word)
    distinct = list(by_folded.values())
    implying = [word for word in distinct if status in STATUSES and implies_more(word)]
    plain = [word for word in distinct if status not in STATUSES or not implies_more(word)]
    name = [status] if status in STATUSES and not plain else []
    return (*name, *plain, *implying, *(word for word in words if not word))


def _completed(words: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    """Return the words with one for each status but READY: a status without words gets the word of the least one."""
    blocked = words.get("BLOCKED", ())
    least = words.get(STATUSES[0]) or (blocked if blocked[:1] != ("BLOCKED",) else ())
    completed = dict(words)
    for status in STATUSES:
        if least and status != READY and status not in completed:
            completed[status] = tuple(word for word in least if word)[:1] or (STATUSES[0],)
    return {key: completed[key] for key in (*STATUSES, SKIP) if key in completed}
