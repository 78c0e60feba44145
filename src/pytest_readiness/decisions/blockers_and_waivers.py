"""Blockers, waivers and retirements: each is checked, then stored or refused."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from ..errors import ClaimError, ConfigError, RefusedError, one_line, suggestion
from ..facts.decision import Blocker, Decision, Departure, Retirement, RunRetirement, Unblock, Waiver
from ..facts.evidence import Evidence
from ..facts.timestamps import timestamp
from ..pipeline.damage import refuse_damage
from ..pipeline.evaluate_project import EvaluatedReport, EvaluationRequest, Project, evaluate_with_facts
from ..pipeline.load_inputs import origins_of
from ..pipeline.retired_runs import find_retired_runs, retirement_refusal
from ..signing.trust import TrustStore
from ..store.address import missing_store
from ..verdict.requirement.execution_ledger import BROKEN
from ..verdict.review.authority import excluded_people
from ..verdict.review.preview import refusal_reason
from .decision_time import PriorDecisions
from .identity import Decider, find_requester
from .removed_tests import removed_tests
from .repository import DecisionDraft, StoredDecisions, decision_fields, draft_decision, redact_text, store_decisions


def block(
    project: Project, use_case: str, decider: Decider, reason: str, due: str | None = None, link: str | None = None
) -> StoredDecisions:
    """Block a use case.

    Raises:
        ClaimError: there is no such use case.
        RefusedError: no reason is given.
        StorageError, IntegrityError: it cannot be stored.
    """
    name = project.catalogue.use_case(use_case).id
    evaluated = evaluate_with_facts(project, EvaluationRequest((name,)))
    blocker = Blocker(
        **decision_fields(project, decider, timestamp()),
        use_case=name,
        reason=redact_text(project, reason),
        due=due,
        link=redact_text(project, link or "") or None,
    )
    return _store_checked(project, evaluated, blocker)


def unblock(project: Project, use_case: str, decider: Decider, reason: str) -> StoredDecisions:
    """End every blocker of a use case.

    Raises:
        ClaimError: there is no such use case.
        RefusedError: nothing blocks it, no reason is given, or this person may not unblock it.
        StorageError, IntegrityError: the evidence is not intact, or the decision cannot be stored.
    """
    name = project.catalogue.use_case(use_case).id
    evaluated = _evaluate_intact(project, EvaluationRequest((name,)))
    ends = PriorDecisions.load(project).closing(name)
    unblocking = Unblock(
        **decision_fields(project, decider, timestamp()), use_case=name, reason=redact_text(project, reason), ends=ends
    )
    return _store_checked(project, evaluated, unblocking)


def waive(
    project: Project, requirement: str, decider: Decider, reason: str, until: str, requested_by: str | None
) -> StoredDecisions:
    """Waive a requirement until the end of a day (UTC).

    Raises:
        ClaimError: there is no such requirement.
        RefusedError: this person may not waive it, there is nothing to waive, or the day is too far ahead.
        StorageError, IntegrityError: the evidence is not intact, or the decision cannot be stored.
    """
    name = find_requirement(project, requirement)
    evaluated = _evaluate_intact(project, EvaluationRequest((name.partition("/")[0],)))
    waiver = Waiver(
        **decision_fields(project, decider, timestamp()),
        requirement=name,
        reason=redact_text(project, reason),
        requested_by=find_requester(project) if requested_by is None else requested_by.strip(),
        until=until,
    )
    return _store_checked(project, evaluated, waiver)


def find_requirement(project: Project, name: str) -> str:
    """Return the id of a requirement, spelled as in the register.

    Raises:
        ClaimError: there is no such requirement.
    """
    use_case, _, tail = name.partition("/")
    use_case_id = project.catalogue.use_case(use_case).id
    wanted = f"{use_case_id}/{tail}".casefold()
    ids = {requirement.id.casefold(): requirement.id for requirement in project.catalogue.requirements(use_case_id)}
    if (requirement_id := ids.get(wanted)) is not None:
        return requirement_id
    longer = [id_ for key, id_ in ids.items() if key.startswith(wanted)]
    hint = f": name one of {', '.join(longer)}" if longer else suggestion(name, ids.values())
    hint = hint or f" (there are {', '.join(ids.values())})"
    raise ClaimError(f"there is no requirement '{name}'{hint}")


def retire(
    project: Project, name: str, decider: Decider, reason: str, replaced_by: str | None = None
) -> tuple[StoredDecisions, tuple[str, ...]]:
    """Retire a test, or a use case that left the register.

    A name with ``*`` is a pattern, unless a test has exactly that name. It retires the matching tests that are
    removed. A test that still runs must be given by its full id.

    Returns:
        The stored decisions, and the concerned use cases that are in the register.

    Raises:
        ConfigError: no evidence is from such a test, and no such use case left the register.
        RefusedError: this person may not retire it, or it is already retired.
        StorageError, IntegrityError: the evidence is not intact, or the decision cannot be stored.
    """
    evaluated = _evaluate_intact(project, EvaluationRequest())
    evidence = evaluated.facts.evidence
    if "*" in name and not any(piece.test_id == name for piece in evidence):
        return _retire_matching(project, evaluated, name, decider, reason, replaced_by)
    removed = _removed_use_case(evaluated, name)
    if removed is not None:
        if replaced_by is not None:
            raise ConfigError(f"--replaced-by is only for a test, and {removed} is a use case: omit it")
        return _retire_use_case(project, evaluated, removed, decider, reason), ()
    _refuse_unknown_tests(evaluated, name, replaced_by)
    retirement = Retirement(
        **decision_fields(project, decider, timestamp()),
        test_id=name,
        reason=redact_text(project, reason),
        replaced_by=replaced_by,
    )
    concerned = {piece.uc for piece in evidence if piece.test_id == name}
    stored = _store_checked(project, evaluated, retirement, _recorders(project, concerned, [name]), concerned)
    return stored, tuple(use_case for use_case in evaluated.catalogue.use_cases if use_case in concerned)


def _retire_use_case(
    project: Project, evaluated: EvaluatedReport, use_case: str, decider: Decider, reason: str
) -> StoredDecisions:
    """Retire a use case that left the register."""
    failed_runs = {piece.run_id for piece in _all_evidence(project, [use_case]) if piece.result in BROKEN}
    departure = Departure(
        **decision_fields(project, decider, timestamp()),
        use_case=use_case,
        reason=redact_text(project, reason),
        ends=PriorDecisions.load(project).closing(use_case),
        failed_runs=tuple(sorted(failed_runs)),
    )
    return _store_checked(project, evaluated, departure, _recorders(project, [use_case]))


def _retire_matching(
    project: Project, evaluated: EvaluatedReport, pattern: str, decider: Decider, reason: str, replaced_by: str | None
) -> tuple[StoredDecisions, tuple[str, ...]]:
    """Retire all removed tests that match a pattern, each by its own decision: all or none."""
    evidence = evaluated.facts.evidence
    retired = {
        standing.decision.test_id
        for use_case in evaluated.report.readiness.use_cases
        for standing in use_case.retirements
        if standing.void is None
    }
    matching = {piece.test_id for piece in evidence if _matches(pattern, piece.test_id)} - retired
    if not matching:
        other_case = {piece.test_id for piece in evidence if _matches(pattern.lower(), piece.test_id.lower())} - retired
        hint = f": '{one_line(min(other_case))}' differs in letter case" if other_case else ""
        raise ConfigError(f"there is no evidence from a test that matches '{pattern}' and is not retired yet{hint}")
    removed = removed_tests(project, evaluated, matching)
    if not removed:
        problem = f"each test that matches '{pattern}' still runs, is still in its file, or is not known to be removed"
        raise ConfigError(f"{problem}: run the whole file, import the whole report, or give the full id of a test")
    _refuse_unknown_tests(evaluated, removed[0], replaced_by)
    concerned = {piece.uc for piece in evidence if piece.test_id in removed}
    recorders = _recorders(project, concerned, removed)
    fields = {
        **decision_fields(project, decider, timestamp()),
        "reason": redact_text(project, reason),
        "replaced_by": replaced_by,
    }
    retirements = [Retirement(**fields, test_id=test) for test in removed]
    drafts = _checked_drafts(project, evaluated, retirements, recorders, concerned)
    stored = store_decisions(project, drafts)
    return stored, tuple(use_case for use_case in evaluated.catalogue.use_cases if use_case in concerned)


def _matches(pattern: str, name: str) -> bool:
    """Return whether a name matches. ``*`` is any text; brackets are literal, since test ids contain many."""
    first, *parts = pattern.split("*")
    if not parts:
        return name == pattern
    # The first occurrence of each part is always the best one, so no other is tried.
    *between, last = parts
    at = len(first)
    for part in between:
        start = name.find(part, at)
        if start < 0:
            return False
        at = start + len(part)
    return name.startswith(first) and name.endswith(last) and at <= len(name) - len(last)


def retire_run(project: Project, run_id: str, decider: Decider, reason: str) -> StoredDecisions:
    """Retire a broken run. The rest of the store need not be intact, since this is how a damaged one is repaired.

    Raises:
        ConfigError: there is no such run in the store.
        RefusedError: this person may not retire it, or it is already retired.
        StorageError, IntegrityError: the store cannot be read, or the decision cannot be stored.
    """
    store = project.store()
    if store is None:
        raise ConfigError(missing_store(project.settings.store))
    try:
        sources = project.sources(store)
        retirement = RunRetirement(
            **decision_fields(project, decider, timestamp()), run_id=run_id, reason=redact_text(project, reason)
        )
        # No prior decision is about a run, and prior decisions may be unreadable.
        draft = draft_decision(project, retirement, PriorDecisions())
        assert isinstance(draft.counted, RunRetirement)  # noqa: S101 - for the type checker
        run_ids = {run.id for run in store.runs(sources.register)}
        if run_id not in run_ids:
            raise ConfigError(f"there is no run '{run_id}' in the store{suggestion(run_id, run_ids)}")
        decisions = TrustStore.from_policy(project.policy).with_identities(
            sources.register_decisions.decisions, sources.home
        )
        retired = find_retired_runs(store, decisions, project.policy, sources.register, retirement.at)
        if run_id in retired.runs:
            raise RefusedError(f"run {run_id} is already retired")
        why = retirement_refusal(draft.counted, store.summaries([run_id]).get(run_id), store, project.policy)
    finally:
        store.close()
    if why is not None:
        raise RefusedError(draft.refused(why, project.policy))
    return store_decisions(project, [draft])


def _removed_use_case(evaluated: EvaluatedReport, name: str) -> str | None:
    """Return the id of the use case that left the register; None: the name is not one."""
    evidence = evaluated.facts.evidence
    if any(piece.test_id == name for piece in evidence):
        return None
    ids = {piece.uc for piece in evidence} | {departed.use_case for departed in evaluated.report.readiness.removed}
    removed = {id_.casefold(): id_ for id_ in sorted(ids - evaluated.catalogue.use_cases.keys())}
    return name if name in removed.values() else removed.get(name.casefold())


def _refuse_unknown_tests(evaluated: EvaluatedReport, test: str, replaced_by: str | None) -> None:
    if test.casefold() in {name.casefold() for name in evaluated.catalogue.use_cases}:
        raise ConfigError(f"{test} is a use case of the register: name a test, or remove its row first")
    test_ids = {piece.test_id for piece in evaluated.facts.evidence}
    for test_id in [test, *([replaced_by] if replaced_by is not None else [])]:
        if test_id not in test_ids:
            raise ConfigError(f"there is no evidence from a test '{test_id}'{suggestion(test_id, test_ids)}")
    if test == replaced_by:
        raise ConfigError(f"'{test}' cannot replace itself")


def _recorders(project: Project, use_cases: Iterable[str], tests: Collection[str] | None = None) -> set[str]:
    """Return the people who ever recorded evidence of these tests; None: of any test of the use cases."""
    runs = {piece.run_id for piece in _all_evidence(project, use_cases) if tests is None or piece.test_id in tests}
    store = project.store()
    try:
        origins = origins_of(project.sources(store), runs)
        return excluded_people([origins[id_] for id_ in runs if id_ in origins], project.policy)
    finally:
        if store is not None:
            store.close()


def _all_evidence(project: Project, use_cases: Iterable[str]) -> list[Evidence]:
    """Return all evidence of use cases, old and new, from the store and from journals."""
    concerned = set(use_cases)
    store = project.store()
    try:
        sources = project.sources(store)
        pieces = [piece for piece in sources.journal_evidence() if piece.uc in concerned]
        if store is not None:
            find_retired_runs(
                store, sources.register_decisions.decisions, project.policy, sources.register, timestamp()
            )
            pieces += [piece for name in concerned for piece in store.history(sources.register, name)]
        return pieces
    finally:
        if store is not None:
            store.close()


def _evaluate_intact(project: Project, request: EvaluationRequest) -> EvaluatedReport:
    """Return the evaluation; raise if the stored data is not intact."""
    evaluated = evaluate_with_facts(project, request)
    refuse_damage(evaluated.report.context.problems)
    return evaluated


def _store_checked(
    project: Project,
    evaluated: EvaluatedReport,
    decision: Decision,
    recorders: Iterable[str] = (),
    concerned: Collection[str] = (),
) -> StoredDecisions:
    return store_decisions(project, _checked_drafts(project, evaluated, [decision], recorders, concerned))


def _checked_drafts(
    project: Project,
    evaluated: EvaluatedReport,
    decisions: Iterable[Decision],
    recorders: Iterable[str],
    concerned: Collection[str] = (),
) -> list[DecisionDraft]:
    """Return the drafts of decisions; raise if one is refused."""
    earlier = PriorDecisions.load(project)
    drafts = []
    for decision in decisions:
        draft = draft_decision(project, decision, earlier, concerned)
        why = refusal_reason(draft.counted, evaluated.report.readiness, evaluated.policy, evaluated.facts, recorders)
        if why is not None:
            raise RefusedError(draft.refused(why, evaluated.policy))
        drafts.append(draft)
    return drafts
