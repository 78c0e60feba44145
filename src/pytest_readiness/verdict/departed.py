"""Use cases whose rows are gone, and what they left open: what was wrong does not end with the row."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from ..claims.catalogue import Requirement
from ..facts.evidence import Evidence
from .decided import Decided
from .deciding import BROKEN, Ledger
from .readiness import Departed
from .reviews import rejections
from .telling import cut_short, happened, short

Ledgers = Mapping[str, Mapping[str, Ledger]]
_Open = tuple[str, str]
"""A moment, and what was wrong since then, in a sentence."""


def departed(
    ledgers: Ledgers, decided: Decided, register: Collection[str], scope: Collection[str] | None
) -> Iterator[Departed]:
    """Yield each use case that has no row and something open, in the order of their ids.

    That is an open blocker, a standing rejection, or a newest real execution that ended badly, which no listed reviewer
    let go of since.

    Args:
        ledgers: the executions, by use case and item.
        decided: what was decided.
        register: ids of the use cases that have a row.
        scope: ids of those without a row that are asked about; None: all.
    """
    known = {*ledgers, *decided.blockers, *decided.reviews} - set(register)
    for name in sorted(known if scope is None else known & set(scope)):
        executions = [one for ledger in ledgers.get(name, {}).values() for one in ledger.executions]
        wrong = sorted((*_of_people(name, decided, executions), *_of_tests(name, ledgers.get(name, {}))))
        if wrong:
            until, void = decided.let_go(name, executions)
            since = [told for at, told in wrong if at > until]
            if since:
                yield Departed(name, tuple(dict.fromkeys(since)), void)


def _of_people(name: str, decided: Decided, executions: Sequence[Evidence]) -> Iterator[_Open]:
    for one in decided.blockers_left(name, executions):
        yield one.decision.at, f"{short(one.decision.by)} blocks it: {short(one.decision.reason)}"
    for review in rejections(decided.reviews.get(name, ()), decided.policy):
        yield review.at, f"{short(review.by)} rejected it: {short(review.comment) or 'no comment'}"


def _of_tests(name: str, ledgers: Mapping[str, Ledger]) -> Iterator[_Open]:
    """Yield what the newest execution that counts of a test came to, in each place, where that is bad."""
    for item, ledger in ledgers.items():
        if ledger.any_broken:
            anywhere = Requirement(id=f"{name}/{item}", use_case=name, item=item)
            found = ledger.select(anywhere)
            for one in (each for each in found.deciding if each.result in BROKEN):
                yield one.started_at, f"{happened(one)}{cut_short(found.elsewhere.get(one.id))}"
