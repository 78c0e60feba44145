"""Owners by which a person selects use cases and actions, and the names nearest to an unknown one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from .people import People
from .readiness import UseCaseReadiness

UNASSIGNED = "unassigned"
"""The owner of what nobody owns, in every output for people, and the name that selects it."""
NO_OWNER = frozenset({"", "tbd", "none", "-"})
"""Owner cells of a register that name nobody."""
_MOST = 3


def owner_name(cell: str) -> str:
    """Return the owner that a cell of the register names; ``unassigned`` if it says ``tbd`` or nothing."""
    owner = cell.strip("` ")
    return UNASSIGNED if owner.casefold() in NO_OWNER else owner


def owner_of(use_case: UseCaseReadiness) -> str:
    """Return the owner of a use case, or ``unassigned`` if its row says ``tbd`` or nothing."""
    return owner_name(use_case.use_case.owner)


def is_selected(who: str, name: str, people: People) -> bool:
    """Return whether a name selects what belongs to ``who``: one name, or several with commas between them.

    The spelling makes no difference, nor which of a person's names it is. Every cell that names nobody selects
    ``unassigned``.
    """
    wanted = owner_name(name)
    if UNASSIGNED in (who, wanted.casefold()):
        return who == wanted.casefold()
    return people.includes(_names(who), wanted)


def _names(who: str) -> Iterator[str]:
    yield who
    if "," in who:
        yield from who.split(",")


def is_known(name: str, owners: Iterable[str], people: People) -> bool:
    """Return whether a name selects one of these owners, or nobody."""
    return owner_name(name).casefold() == UNASSIGNED or any(is_selected(who, name, people) for who in owners)


def nearest_names(name: str, owners: Iterable[str]) -> tuple[str, ...]:
    """Return the owners whose names contain a name, else those similar to it or to its part before the ``@``."""
    from difflib import get_close_matches  # late: only for an error

    wanted = name.strip().casefold()
    names = sorted({part.strip() for who in owners for part in _names(who)} - {""})
    containing = [each for each in names if wanted in each.casefold()]
    if containing:
        return tuple(containing[:_MOST])
    by_spelling: dict[str, str] = {}
    for each in names:
        folded = each.casefold()
        by_spelling |= {folded: each, folded.partition("@")[0]: each}
    matches = get_close_matches(wanted, by_spelling, n=_MOST, cutoff=0.6)
    return tuple(dict.fromkeys(by_spelling[match] for match in matches))
