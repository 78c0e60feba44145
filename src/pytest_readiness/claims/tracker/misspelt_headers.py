"""Tables that look like a register and lack one of its columns by name: a misspelt header leaves no use case out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from difflib import SequenceMatcher

from .markdown_parser import fold_text

_NEAR = 0.75
"""Of two headers that are one, misspelt."""
_SHORT = 4
"""Letters of a header that is too short to be misspelt: so little makes another word of it."""
_ID_HEADERS = frozenset({"id", "use case", "use-case", "usecase", "use case id", "uc id", "uc-id", "uc_id", "uc no"})

Column = tuple[str, ...]
"""The header, and the cells below it."""


def missing_column(
    columns: Sequence[Column], wanted: tuple[str, str], is_status: Callable[[str], bool], is_name: Callable[[str], bool]
) -> str | None:
    """Return which of the two headers that make a register a table lacks, where it looks like one; None: it does not.

    At least one of its headers must be a register's, or nearly so; the other column may be known by its cells: a word
    for a status in each row, or something like ``UC-003`` in each. Beside a column that has both the header and the
    words of statuses, names of any kind are ids.

    Args:
        columns: of a table that is no register.
        wanted: the headers of ids and of statuses.
        is_status: whether a cell is a word for a status.
        is_name: whether a cell could be an id.
    """
    uc, status = wanted
    by_header = {key: [at for at, (head, *_) in enumerate(columns) if _is_near(head, key)] for key in wanted}
    ids = {*by_header[uc], *(at for at, one in enumerate(columns) if _holds_ids(one, is_name))}
    ids |= set(_names_beside(columns, by_header[status], is_status))
    statuses = {*by_header[status], *(at for at, one in enumerate(columns) if _holds_statuses(one, status, is_status))}
    if not (by_header[uc] or by_header[status]) or not any(one != other for one in ids for other in statuses):
        return None
    heads = {fold_text(head) for head, *_ in columns}
    return uc if fold_text(uc) not in heads else status


def _names_beside(
    columns: Sequence[Column], statuses: Sequence[int], is_status: Callable[[str], bool]
) -> Iterator[int]:
    """Yield the columns that name something in each row, beside one of statuses; a legend has each word once, first."""
    for at in statuses:
        said = [cell for cell in columns[at][1:] if cell]
        is_legend = at == 0 and len(set(map(fold_text, said))) == len(said)
        if said and not is_legend and all(map(is_status, said)):
            others = ((other, cells) for other, (_, *cells) in enumerate(columns) if other != at)
            yield from (other for other, cells in others if all(_is_named(cell, is_status) for cell in cells))


def _is_named(cell: str, is_status: Callable[[str], bool]) -> bool:
    return any(map(str.isalpha, cell)) and not is_status(cell)


def _is_near(head: str, wanted: str) -> bool:
    one, other = fold_text(head), fold_text(wanted)
    return one == other or (len(other) > _SHORT and _ratio(one, other) >= _NEAR)


def _ratio(one: str, other: str) -> float:
    found = SequenceMatcher(None, one, other)
    return found.ratio() if found.real_quick_ratio() >= _NEAR else 0.0


def _holds_ids(column: Column, is_name: Callable[[str], bool]) -> bool:
    head, *cells = column
    if fold_text(head) in _ID_HEADERS:
        return True
    return bool(cells) and all(
        is_name(cell) and any(map(str.isalpha, cell)) and any(map(str.isdigit, cell)) for cell in cells
    )


def _holds_statuses(column: Column, wanted: str, is_status: Callable[[str], bool]) -> bool:
    head, *cells = column
    if not any(map(is_status, cells)):
        return False
    shares = any(_ratio(one, other) >= _NEAR for one in fold_text(head).split() for other in fold_text(wanted).split())
    return shares or all(map(is_status, cells))
