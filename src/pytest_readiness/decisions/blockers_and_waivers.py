"""Blockers, waivers and retirements, and their ends: made on what is known now, and kept unless they are refused."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from ..errors import ClaimError, ConfigError, RefusedError, suggestion
from ..facts.decision import Blocker, Decision, Departure, Retirement, RunRetirement, Unblock, Waiver
from ..facts.evidence import Evidence
from ..facts.timestamps import timestamp
from ..journal.recovery import open_evidence
from ..pipeline.checkpoints import missing_store
from ..pipeline.evaluate_project import EvaluatedReport, EvaluationRequest, Project, evaluate_with_facts
from ..pipeline.load_inputs import origins_of
from ..pipeline.maintenance import refuse_damage
from ..pipeline.retired_runs import find_retired_runs, retirement_refusal
from ..signing.trust import TrustStore
from ..verdict.requirement.execution_ledger import BROKEN
from ..verdict.review.authority import excluded_people
from ..verdict.review.preview import refusal_reason
from .decision_time import PriorDecisions
from .identity import Decider, find_requester
from .removed_tests import removed_tests
from .repository import DecisionDraft, StoredDecisions, decision_fields, draft_decision, redact_text, store_decisions


def block(
    place: Project, use_case: str, who: Decider, reason: str, due: str | None = None, link: str | None = None
) -> StoredDecisions:
    """Block a use case.

    Raises:
        ClaimError: there is no such use case.
        RefusedError: no reason is given.
        StorageError, IntegrityError: it cannot be kept.
    """
    name = place.catalogue.use_case(use_case).id
    judged = evaluate_with_facts(place, EvaluationRequest((name,)))
    told = Blocker(
        **decision_fields(place, who, timestamp()),
        use_case=name,
        reason=redact_text(place, reason),
        due=due,
        link=redact_text(place, link or "") or None,
    )
    return _unless_refused(place, judged, told)


def unblock(place: Project, use_case: str, who: Decider, reason: str) -> StoredDecisions:
    """End every blocker of a use case.

    Raises:
        ClaimError: there is no such use case.
        RefusedError: nothing blocks it, no reason is given, or this person may not.
        StorageError, IntegrityError: what it rests on is not intact, or it cannot be kept.
    """
    name = place.catalogue.use_case(use_case).id
    judged = _intact(place, EvaluationRequest((name,)))
    known = PriorDecisions.of(place).closing(name)
    told = Unblock(
        **decision_fields(place, who, timestamp()), use_case=name, reason=redact_text(place, reason), ends=known
    )
    return _unless_refused(place, judged, told)


def waive(
    place: Project, requirement: str, who: Decider, reason: str, until: str, requested_by: str | None
) -> StoredDecisions:
    """Except a requirement until the end of a day (UTC).

    Raises:
        ClaimError: there is no such requirement.
        RefusedError: this person may not, or there is nothing to waive, or not for so long.
        StorageError, IntegrityError: what it rests on is not intact, or it cannot be kept.
    """
    name = find_requirement(place, requirement)
    judged = _intact(place, EvaluationRequest((name.partition("/")[0],)))
    told = Waiver(
        **decision_fields(place, who, timestamp()),
        requirement=name,
        reason=redact_text(place, reason),
        requested_by=find_requester(place) if requested_by is None else requested_by.strip(),
        until=until,
    )
    return _unless_refused(place, judged, told)


def find_requirement(place: Project, name: str) -> str:
    """Return the id of a requirement as the register spells it.

    Raises:
        ClaimError: there is none.
    """
    use_case, _, tail = name.partition("/")
    known = place.catalogue.use_case(use_case).id
    ids = {one.id.casefold(): one.id for one in place.catalogue.requirements(known)}
    found = ids.get(f"{known}/{tail}".casefold())
    if found is None:
        within = [id_ for key, id_ in ids.items() if key.startswith(f"{known}/{tail}".casefold())]
        told = f": say which: {', '.join(within)}" if within else suggestion(name, ids.values())
        told = told or f" (there are {', '.join(ids.values())})"
        raise ClaimError(f"there is no requirement '{name}'{told}")
    return found


def retire(
    place: Project, name: str, who: Decider, reason: str, replaced_by: str | None = None
) -> tuple[StoredDecisions, tuple[str, ...]]:
    """Take a test out of what must pass, or let go of a use case that left the register.

    A name with ``*`` is a pattern, unless a test is called so: it takes all that match and that are ``gone``. What
    still runs is named whole.

    Return what was kept, and the use cases of the register that are concerned.

    Raises:
        ConfigError: no evidence is from such a test, and no such use case left the register.
        RefusedError: this person may not, or it is retired already.
        StorageError, IntegrityError: what it rests on is not intact, or it cannot be kept.
    """
    judged = _intact(place, EvaluationRequest())
    if "*" in name and not any(one.test_id == name for one in judged.facts.evidence):
        return _retire_gone(place, judged, name, who, reason, replaced_by)
    left = _that_left(judged, name)
    if left is not None:
        if replaced_by is not None:
            raise ConfigError(f"--replaced-by names a test, and {left} is a use case: leave it out")
        gone = Departure(
            **decision_fields(place, who, timestamp()),
            use_case=left,
            reason=redact_text(place, reason),
            ends=PriorDecisions.of(place).closing(left),
            failed_runs=tuple(sorted({one.run_id for one in _ever(place, [left]) if one.result in BROKEN})),
        )
        return _unless_refused(place, judged, gone, _recorders(place, [left])), ()
    _check_tests(judged, name, replaced_by)
    told = Retirement(
        **decision_fields(place, who, timestamp()),
        test_id=name,
        reason=redact_text(place, reason),
        replaced_by=replaced_by,
    )
    concerned = {one.uc for one in judged.facts.evidence if one.test_id == name}
    kept = _unless_refused(place, judged, told, _recorders(place, concerned, [name]), concerned)
    return kept, tuple(one for one in judged.catalogue.use_cases if one in concerned)


def _retire_gone(
    place: Project, judged: EvaluatedReport, pattern: str, who: Decider, reason: str, replaced_by: str | None
) -> tuple[StoredDecisions, tuple[str, ...]]:
    """Retire all that match and are gone: each by a decision of its own, or none."""
    evidence = judged.facts.evidence
    retired = {
        old.decision.test_id
        for use_case in judged.report.readiness.use_cases
        for old in use_case.retirements
        if old.void is None
    }
    matching = {one.test_id for one in evidence if _matches(pattern, one.test_id)} - retired
    if not matching:
        raise ConfigError(f"no evidence is from a test that matches '{pattern}' and is not retired yet")
    retiring = removed_tests(place, judged, matching)
    if not retiring:
        still = f"each test that matches '{pattern}' still runs, is still in its file, or nothing tells that it is gone"
        raise ConfigError(f"{still}: run the whole file, import the whole report, or name the test whole")
    _check_tests(judged, retiring[0], replaced_by)
    concerned = {one.uc for one in evidence if one.test_id in retiring}
    recorders = _recorders(place, concerned, retiring)
    stamp = {
        **decision_fields(place, who, timestamp()),
        "reason": redact_text(place, reason),
        "replaced_by": replaced_by,
    }
    mine = _checked(place, judged, [Retirement(**stamp, test_id=test) for test in retiring], recorders, concerned)
    return store_decisions(place, mine), tuple(one for one in judged.catalogue.use_cases if one in concerned)


def _matches(pattern: str, name: str) -> bool:
    """``*`` stands for any text, and every other character for itself: the ids of tests are full of brackets."""
    first, *parts = pattern.split("*")
    if not parts:
        return name == pattern
    # Each text at the first place behind the one before: no other place can do better, so that none is tried twice.
    *between, last = parts
    at = len(first)
    for part in between:
        found = name.find(part, at)
        if found < 0:
            return False
        at = found + len(part)
    return name.startswith(first) and name.endswith(last) and at <= len(name) - len(last)


def retire_run(place: Project, run_id: str, who: Decider, reason: str) -> StoredDecisions:
    """Set a broken run aside. What else is kept is not asked for: a store that cannot be relied on needs a way out.

    Raises:
        ConfigError: there is no such run in the store.
        RefusedError: this person may not, or it is retired already.
        StorageError, IntegrityError: the store cannot be read, or it cannot be kept.
    """
    store = place.store()
    if store is None:
        raise ConfigError(missing_store(place.settings.store))
    try:
        sources = place.sources(store)
        told = RunRetirement(
            **decision_fields(place, who, timestamp()), run_id=run_id, reason=redact_text(place, reason)
        )
        mine = draft_decision(
            place, told, PriorDecisions()
        )  # nothing else is about a run, and what is kept may be unreadable
        assert isinstance(mine.counted, RunRetirement)  # noqa: S101 - for the type checker: nothing else was made
        known = {one.id for one in store.runs(sources.register)}
        if run_id not in known:
            raise ConfigError(f"there is no run '{run_id}' in the store{suggestion(run_id, known)}")
        decisions = TrustStore.from_policy(place.policy).with_identities(
            sources.register_decisions.decisions, sources.home
        )
        standing = find_retired_runs(store, decisions, place.policy, sources.register, told.at)
        if run_id in standing.runs:
            raise RefusedError(f"run {run_id} is retired already")
        why = retirement_refusal(mine.counted, store.summaries([run_id]).get(run_id), store, place.policy)
    finally:
        store.close()
    if why is not None:
        raise RefusedError(mine.refused(why, place.policy))
    return store_decisions(place, [mine])


def _that_left(judged: EvaluatedReport, name: str) -> str | None:
    """Return the id of the use case without a row that is meant; None: a test is."""
    if any(one.test_id == name for one in judged.facts.evidence):
        return None
    known = {one.uc for one in judged.facts.evidence} | {one.use_case for one in judged.report.readiness.removed}
    gone = {one.casefold(): one for one in sorted(known - judged.catalogue.use_cases.keys())}
    return name if name in gone.values() else gone.get(name.casefold())


def _check_tests(judged: EvaluatedReport, test: str, replaced_by: str | None) -> None:
    if test.casefold() in {name.casefold() for name in judged.catalogue.use_cases}:
        raise ConfigError(f"{test} is a use case of the register: name a test, or take its row out first")
    known = {one.test_id for one in judged.facts.evidence}
    for each in [test, *([replaced_by] if replaced_by is not None else [])]:
        if each not in known:
            raise ConfigError(f"no evidence is from a test '{each}'{suggestion(each, known)}")
    if test == replaced_by:
        raise ConfigError(f"'{test}' cannot replace itself")


def _recorders(place: Project, use_cases: Iterable[str], tests: Collection[str] | None = None) -> set[str]:
    """Return who ever recorded evidence of tests (None: of any), newer or not: with it goes all that it showed."""
    runs = {one.run_id for one in _ever(place, use_cases) if tests is None or one.test_id in tests}
    store = place.store()
    try:
        origins = origins_of(place.sources(store), runs)
        return excluded_people([origins[id_] for id_ in runs if id_ in origins], place.policy)
    finally:
        if store is not None:
            store.close()


def _ever(place: Project, use_cases: Iterable[str]) -> list[Evidence]:
    """Return all evidence of use cases, newer or not, in the store and in journals."""
    concerned = set(use_cases)
    store = place.store()
    try:
        sources = place.sources(store)
        pieces = [one for run in sources.journal_runs.values() for one in open_evidence(run) if one.uc in concerned]
        if store is not None:
            find_retired_runs(store, sources.register_decisions.decisions, place.policy, sources.register, timestamp())
            pieces += [one for name in concerned for one in store.history(sources.register, name)]
        return pieces
    finally:
        if store is not None:
            store.close()


def _intact(place: Project, request: EvaluationRequest) -> EvaluatedReport:
    """Return what was judged, if it can be relied on: nothing is excused by what is not intact."""
    judged = evaluate_with_facts(place, request)
    refuse_damage(judged.report.context.problems)
    return judged


def _unless_refused(
    place: Project,
    judged: EvaluatedReport,
    decision: Decision,
    recorders: Iterable[str] = (),
    concerned: Collection[str] = (),
) -> StoredDecisions:
    return store_decisions(place, _checked(place, judged, [decision], recorders, concerned))


def _checked(
    place: Project,
    judged: EvaluatedReport,
    decisions: Iterable[Decision],
    recorders: Iterable[str],
    concerned: Collection[str] = (),
) -> list[DecisionDraft]:
    earlier = PriorDecisions.of(place)
    return [_unrefused(judged, draft_decision(place, one, earlier, concerned), recorders) for one in decisions]


def _unrefused(judged: EvaluatedReport, mine: DecisionDraft, recorders: Iterable[str]) -> DecisionDraft:
    why = refusal_reason(mine.counted, judged.report.readiness, judged.policy, judged.facts, recorders)
    if why is not None:
        raise RefusedError(mine.refused(why, judged.policy))
    return mine
