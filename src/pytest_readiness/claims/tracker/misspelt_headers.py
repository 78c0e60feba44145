"""Detection of tables that look like a register and lack one of its headers.

Without it, a misspelt header would silently leave use cases out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from difflib import SequenceMatcher

from .markdown_parser import fold_text

_MIN_SIMILARITY = 0.75
"""Least similarity (0 to 1) of a header to its misspelt form."""
_MAX_SHORT = 4
"""Length of a short header. It is never taken for misspelt: a small change makes another word of it."""
_ID_HEADERS = frozenset({"id", "use case", "use-case", "usecase", "use case id", "uc id", "uc-id", "uc_id", "uc no"})

Column = tuple[str, ...]
"""The header, and the cells below it."""


def missing_column(
    columns: Sequence[Column],
    headers: tuple[str, str],
    is_status: Callable[[str], bool],
    is_single_word_id: Callable[[str], bool],
) -> str | None:
    """Return the register header that a table lacks; None: the table does not look like a register.

    At least one header of the table must equal a register header, or nearly so. The other column is also recognised
    by its cells: a status word in each row, or a text such as ``UC-003`` in each. Next to a column with the header and
    the words of statuses, names of any kind are ids.

    Args:
        columns: The columns of a table that is no register.
        headers: The headers of the ids and of the statuses.
        is_status: Whether a cell is a status word.
        is_single_word_id: Whether a cell can be an id.
    """
    uc, status = headers
    by_header = {
        header: [index for index, (name, *_) in enumerate(columns) if _is_near(name, header)] for header in headers
    }
    ids = {*by_header[uc], *(index for index, column in enumerate(columns) if _has_ids(column, is_single_word_id))}
    ids |= set(_named_columns(columns, by_header[status], is_status))
    statuses = set(by_header[status])
    statuses |= {index for index, column in enumerate(columns) if _has_statuses(column, status, is_status)}
    has_both = any(id_column != status_column for id_column in ids for status_column in statuses)
    if not (by_header[uc] or by_header[status]) or not has_both:
        return None
    names = {fold_text(name) for name, *_ in columns}
    return uc if fold_text(uc) not in names else status


def _named_columns(
    columns: Sequence[Column], statuses: Sequence[int], is_status: Callable[[str], bool]
) -> Iterator[int]:
    """Yield the columns that have a name in each row, next to a column of statuses.

    A legend is not such a column of statuses: it is first and has each word once.
    """
    if any(_is_status_column(index, columns[index], is_status) for index in statuses):
        # A column of statuses has no names.
        yield from (
            index for index, (_, *cells) in enumerate(columns) if all(_is_name(cell, is_status) for cell in cells)
        )


def _is_status_column(index: int, column: Column, is_status: Callable[[str], bool]) -> bool:
    words = [cell for cell in column[1:] if cell]
    is_legend = index == 0 and len(set(map(fold_text, words))) == len(words)
    return bool(words) and not is_legend and all(map(is_status, words))


def _is_name(cell: str, is_status: Callable[[str], bool]) -> bool:
    return any(map(str.isalpha, cell)) and not is_status(cell)


def _is_near(name: str, header: str) -> bool:
    name, header = fold_text(name), fold_text(header)
    return name == header or (len(header) > _MAX_SHORT and _similarity(name, header) >= _MIN_SIMILARITY)


def _similarity(first: str, second: str) -> float:
    matcher = SequenceMatcher(None, first, second)
    return matcher.ratio() if matcher.real_quick_ratio() >= _MIN_SIMILARITY else 0.0


def _has_ids(column: Column, is_single_word_id: Callable[[str], bool]) -> bool:
    header, *cells = column
    if fold_text(header) in _ID_HEADERS:
        return True
    return bool(cells) and all(
        is_single_word_id(cell) and any(map(str.isalpha, cell)) and any(map(str.isdigit, cell)) for cell in cells
    )


def _has_statuses(column: Column, status_header: str, is_status: Callable[[str], bool]) -> bool:
    header, *cells = column
    if not any(map(is_status, cells)):
        return False
    shares_word = any(
        _similarity(word, other) >= _MIN_SIMILARITY
        for word in fold_text(header).split()
        for other in fold_text(status_header).split()
    )
    return shares_word or all(map(is_status, cells))
