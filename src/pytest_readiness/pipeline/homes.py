"""Both homes of decisions, the store and a folder of the repository: what counts, and what is told of the rest."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from ..errors import Problem, one_line
from ..facts.clock import moment
from ..facts.decision import (
    Blocker,
    Decision,
    Departure,
    Known,
    Meaning,
    Retirement,
    Review,
    RunRetirement,
    Unblock,
    Waiver,
    makes_worse,
)
from ..store.other_homes import look_around
from ..store.port import Decided, DecisionHome, Disputed, Store
from .trust import Trust

_CAUSES = (
    "one merge request for each person, merged without squash, keeps who decided, and so does a signature"
    ' ([review] identity = "signed")'
)


def decided(home: DecisionHome | None, store: Store | None, folder: Path, register: str, trust: Trust) -> Decided:
    """Return what counts of the decisions of a register, wherever they are, and what is told of the others.

    Args:
        home: where decisions live; None: that is the store, and there is none yet.
        store: the open store.
        folder: of the config.
        register: whose decisions count.
        trust: whose names are one person's, and whose signatures count.

    Raises:
        IntegrityError: a decision in the store is not what was decided.
        StorageError: the store cannot be read.
    """
    found = _in_both(home, store, folder, register, trust)
    return replace(found, notes=(*found.notes, *_ahead(found.decisions, moment())))


def _in_both(home: DecisionHome | None, store: Store | None, folder: Path, register: str, trust: Trust) -> Decided:
    if home is None or home is store:
        found = home.look(register) if home is not None else Decided()
        around = look_around(folder, register, trust.people.same)
        found = replace(found, notes=(*found.notes, *around.notes), problems=(*found.problems, *around.problems))
        return _with_others(found, around.elsewhere, "is a file, and decisions live in the store")
    found = _settled(home.look(register), home, trust)
    told = "lies in another folder than the one where decisions live"
    found = _with_others(found, found.elsewhere, told)
    kept = store.decisions(register) if store is not None else []
    return _with_others(found, kept, "is in the store, and decisions live in a folder of the repository")


def _ahead(decisions: Sequence[Decision], now: str) -> Iterator[Problem]:
    """Yield a sentence for each decision, of all in order, that lies in the future: a clock is wrong somewhere."""
    for one in decisions[bisect_right(decisions, now, key=lambda each: each.at) :]:
        worth = "counts all the same" if makes_worse(one) else "counts for nothing until then"
        clock = f"by the clock here it is {now}, so one of the two is wrong"
        told = f"{said(one)} by {one.by} was made at {one.at} and {worth}: {clock}"
        yield Problem(f"decision {one.id}", one_line(told, 600))


def _settled(found: Decided, home: DecisionHome, trust: Trust) -> Decided:
    """Return what was found with what counts of the decisions that name somebody who did not commit them.

    Who signed one decided it. Unsigned, one that makes things worse stands as made by whoever it names, so that no
    squash ends it; the rest counts for nothing.
    """
    if not found.disputed:
        return found
    by_id = {one.decision.id: one.decision for one in found.disputed}
    signed = {one.subject for one in home.envelopes(by_id) if trust.identifies(one, by_id[one.subject])}
    counting, notes = list(found.decisions), list(found.notes)
    for one in found.disputed:
        if one.decision.id in signed:
            counting.append(one.decision)
            continue
        if stands := makes_worse(one.decision):
            counting.append(one.decision.identified(Known.GIT))
        notes.append(Problem(one.where, one_line(_disputed(one, stands=stands), 600)))
    return replace(found, decisions=_in_order(counting), notes=tuple(notes))


def _disputed(one: Disputed, *, stands: bool) -> str:
    worth = f"stands as made by {one.decision.by}" if stands else "counts for nothing"
    told = f"{one.decision.by} decided, it says, and {one.author} committed it"
    return f"{said(one.decision)} {worth}: {told}: {_CAUSES}"


def _with_others(found: Decided, others: tuple[Decision, ...] | list[Decision], why: str) -> Decided:
    """Return what was found with the decisions of a home that is not in force."""
    if not others:  # most often so, and an id takes writing its decision anew
        return found
    there = {one.id for one in found.decisions}
    apart = [one for one in others if one.id not in there]
    if not apart:
        return found
    standing = [one for one in apart if makes_worse(one)]
    notes = tuple(_told(apart, why))
    return replace(found, decisions=_in_order([*found.decisions, *standing]), notes=(*found.notes, *notes))


def _told(apart: list[Decision], why: str) -> Iterator[Problem]:
    for one in apart:
        worth = "it stands until it is ended there" if makes_worse(one) else "it counts for nothing: decide again"
        yield Problem(f"decision {one.id}", one_line(f"{said(one)} by {one.by} {why}: {worth}", 600))


def _in_order(decisions: list[Decision]) -> tuple[Decision, ...]:
    return tuple(sorted(decisions, key=lambda one: (one.at, one.id)))


def _retired(decision: Retirement | Departure | RunRetirement) -> str:
    match decision:
        case Retirement():
            return decision.test_id
        case Departure():
            return decision.use_case
        case RunRetirement():
            return f"run {decision.run_id}"


def said(decision: Decision) -> str:
    """Return what was decided about what, such as `the blocker of UC-001`."""
    match decision:
        case Review():
            word = "rejection" if decision.meaning is Meaning.REJECTED else "approval"
            return f"the {word} of {decision.use_case}"
        case Waiver():
            return f"the waiver of {decision.requirement}"
        case Retirement() | Departure() | RunRetirement():
            return f"the retirement of {_retired(decision)}"
        case Blocker() | Unblock():
            return f"the {decision.KIND} of {decision.use_case}"
    return f"the {decision.KIND}"
