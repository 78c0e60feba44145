"""Decisions from the store and from a folder of the repository, and notes on those that do not count."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from pathlib import Path

from msgspec.structs import replace

from ..errors import Problem, one_line
from ..facts.decision import (
    Blocker,
    Decision,
    Departure,
    IdentityLevel,
    Retirement,
    Review,
    ReviewMeaning,
    RunRetirement,
    Unblock,
    Waiver,
    makes_worse,
)
from ..facts.timestamps import timestamp
from ..signing.trust import TrustStore
from ..store.decision_files.unversioned_files import NO_REPOSITORY, is_in_repository, unversioned_decisions
from ..store.protocol import DecisionStore, DisputedDecision, RegisterDecisions

_ADVICE = (
    "one merge request for each person, merged without squash, keeps who decided, and so does a signature"
    ' ([review] identity = "signed")'
)


def read_decisions(
    home: DecisionStore | None, store: DecisionStore | None, folder: Path, register: str, trust: TrustStore
) -> RegisterDecisions:
    """Return the decisions of a register that count, and notes on the others.

    Args:
        home: the configured place of decisions; None means the store, which does not exist yet.
        store: the open store.
        folder: the folder of the config.
        register: the register.
        trust: the names of each person, and the trusted signatures.

    Raises:
        IntegrityError: a decision in the store is not what was decided.
        StorageError: the store cannot be read.
    """
    decisions = _combine_places(home, store, folder, register, trust)
    return replace(decisions, notes=(*decisions.notes, *_future_notes(decisions.decisions, timestamp())))


def _combine_places(
    home: DecisionStore | None, store: DecisionStore | None, folder: Path, register: str, trust: TrustStore
) -> RegisterDecisions:
    if home is None or home is store:
        decisions = home.register_decisions(register) if home is not None else RegisterDecisions()
        other_files = _files_beside_store(folder, register, trust, decisions.decisions)
        decisions = replace(
            decisions,
            notes=(*decisions.notes, *other_files.notes),
            problems=(*decisions.problems, *other_files.problems),
        )
        return _with_others(
            decisions, other_files.elsewhere, "is a file, and decisions are configured to be in the store"
        )
    decisions = _settle_disputed(home.register_decisions(register), home, trust)
    reason = "is in another folder than the configured one"
    decisions = _with_others(decisions, decisions.elsewhere, reason)
    stored = store.decisions(register) if store is not None else []
    return _with_others(decisions, stored, "is in the store, and decisions are configured to be in a folder")


def _files_beside_store(
    folder: Path, register: str, trust: TrustStore, stored: Sequence[Decision]
) -> RegisterDecisions:
    """Return the decision files of a project whose decisions are in the store."""
    if not is_in_repository(folder):
        return unversioned_decisions(folder, register, NO_REPOSITORY, stored)
    from ..store.decision_files.other_homes import find_other_files  # late: it loads what asks git

    return find_other_files(folder, register, trust.people.is_same_person, stored=stored)


def _future_notes(decisions: Sequence[Decision], now: str) -> Iterator[Problem]:
    """Yield a note for each decision in the future: a clock is wrong. The decisions are sorted by time."""
    for decision in decisions[bisect_right(decisions, now, key=lambda decision: decision.at) :]:
        effect = "counts all the same" if makes_worse(decision) else "counts for nothing until then"
        clock = f"by the clock here it is {now}, so one of the two is wrong"
        message = f"{decision_subject(decision)} by {decision.by} was made at {decision.at} and {effect}: {clock}"
        yield Problem(f"decision {decision.id}", one_line(message, 600))


def _settle_disputed(decisions: RegisterDecisions, home: DecisionStore, trust: TrustStore) -> RegisterDecisions:
    """Return the decisions with those added that count although their author did not commit them.

    A signature proves the author. An unsigned blocker or rejection counts as made by the named person, so that no
    squash ends it; other unsigned decisions do not count.
    """
    if not decisions.disputed:
        return decisions
    by_id = {disputed.decision.id: disputed.decision for disputed in decisions.disputed}
    signed = {
        envelope.subject for envelope in home.envelopes(by_id) if trust.is_by_decider(envelope, by_id[envelope.subject])
    }
    counting, notes = list(decisions.decisions), list(decisions.notes)
    for disputed in decisions.disputed:
        if disputed.decision.id in signed:
            counting.append(disputed.decision)
            continue
        if is_adverse := makes_worse(disputed.decision):
            counting.append(disputed.decision.identified(IdentityLevel.GIT))
        notes.append(Problem(disputed.where, one_line(_disputed_note(disputed, is_adverse=is_adverse), 600)))
    return replace(decisions, decisions=_in_order(counting), notes=tuple(notes))


def _disputed_note(disputed: DisputedDecision, *, is_adverse: bool) -> str:
    effect = f"counts as made by {disputed.decision.by}" if is_adverse else "counts for nothing"
    cause = f"it names {disputed.decision.by}, and {disputed.author} committed it"
    return f"{decision_subject(disputed.decision)} {effect}: {cause}: {_ADVICE}"


def _with_others(
    result: RegisterDecisions, others: tuple[Decision, ...] | list[Decision], reason: str
) -> RegisterDecisions:
    """Return the decisions with those of the place that is not in force."""
    if not others:  # usual, and an id is computed from the whole decision
        return result
    known_ids = {decision.id for decision in result.decisions}
    new = [decision for decision in others if decision.id not in known_ids]
    if not new:
        return result
    adverse = [decision for decision in new if makes_worse(decision)]
    notes = tuple(_misplaced_notes(new, reason))
    return replace(result, decisions=_in_order([*result.decisions, *adverse]), notes=(*result.notes, *notes))


def _misplaced_notes(decisions: list[Decision], reason: str) -> Iterator[Problem]:
    for decision in decisions:
        effect = "it counts until it is ended there" if makes_worse(decision) else "it counts for nothing: decide again"
        yield Problem(
            f"decision {decision.id}",
            one_line(f"{decision_subject(decision)} by {decision.by} {reason}: {effect}", 600),
        )


def _in_order(decisions: list[Decision]) -> tuple[Decision, ...]:
    return tuple(sorted(decisions, key=lambda decision: (decision.at, decision.id)))


def _retired_subject(decision: Retirement | Departure | RunRetirement) -> str:
    match decision:
        case Retirement():
            return decision.test_id
        case Departure():
            return decision.use_case
        case RunRetirement():
            return f"run {decision.run_id}"


def decision_subject(decision: Decision) -> str:
    """Return a phrase for a decision, such as `the blocker of UC-001`."""
    match decision:
        case Review():
            noun = "rejection" if decision.meaning is ReviewMeaning.REJECTED else "approval"
            return f"the {noun} of {decision.use_case}"
        case Waiver():
            return f"the waiver of {decision.requirement}"
        case Retirement() | Departure() | RunRetirement():
            return f"the retirement of {_retired_subject(decision)}"
        case Blocker() | Unblock():
            return f"the {decision.KIND} of {decision.use_case}"
    return f"the {decision.KIND}"
