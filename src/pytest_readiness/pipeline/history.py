"""What became of a use case, replayed from all that the store and the home of the decisions hold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ..errors import ClaimError
from ..facts.decision import Decision, Retirement, RunRetirement, Waiver
from ..facts.evidence import Evidence
from ..facts.timestamps import timestamp
from ..signing.trust import TrustStore
from ..verdict.history import HistoryEvent, UseCaseHistory, replay_history
from ..verdict.inputs import UNKNOWN, Facts, RunOrigin, run_of
from ..verdict.review.standing import pinned_ids
from .evaluate_project import EvaluationRequest, Project
from .load_inputs import FactSources, decisions_known_at, origins_of, stored_history
from .requirements_in_force import RequirementsHistory
from .retired_runs import find_remaining_evidence, find_retired_runs


def use_case_history(place: Project, use_case: str, request: EvaluationRequest | None = None) -> UseCaseHistory:
    """Return the promotions and demotions of a use case with their causes, and how much was complete when.

    ``request``: of it counts the moment that the replay ends at, and the release.

    Raises:
        ClaimError: there is no such use case, and nothing is known of one.
        StorageError, IntegrityError: the store or the decisions cannot be read.
    """
    asked = request or EvaluationRequest()
    today = timestamp()
    now = asked.at or today
    store = place.store()
    try:
        sources = place.sources(store)
        name = _name(place, sources, use_case)
        in_force = RequirementsHistory(sources, place.catalogue, place.policy, place.requirements.digest, today)
        decisions = decisions_known_at(
            TrustStore.from_policy(place.policy).with_identities(sources.register_decisions.decisions, sources.home),
            now,
        )
        aside = find_retired_runs(store, decisions, place.policy, sources.register, now)
        evidence = [*stored_history(sources, [name]), *_in_journals(sources, name)]
        evidence += [one for one in find_remaining_evidence(store, aside, evidence) if one.uc == name]
        pinned = pinned_ids(decisions, place.policy, now)
        missing = store.missing(pinned) if store is not None and pinned else set(pinned)
        rests_on = {one.run_id for one in evidence} | {run_of(one) for one in pinned}
        origins = origins_of(sources, rests_on - aside.all_runs.keys())
        return replay_history(
            name,
            [*_runs(sources, evidence, origins), *_decided(name, decisions, evidence, now)],
            in_force.at,
            now,
            constant=Facts(
                origins=origins,
                missing=missing - {one.id for one in evidence},
                retired_runs=aside.runs,
                void_run_retirements=aside.ineffective,
                unknown_runs=aside.unknown,
            ),
            release=asked.judged_release,
        )
    finally:
        if store is not None:
            store.close()


def _name(place: Project, sources: FactSources, use_case: str) -> str:
    try:
        return place.catalogue.use_case(use_case).id
    except ClaimError:
        # A use case that left the register has a history all the same.
        if sources.store is not None and use_case in sources.store.use_cases(sources.register):
            return use_case
        raise


def _in_journals(sources: FactSources, use_case: str) -> list[Evidence]:
    """Return the evidence of runs that ended and are not in the store yet."""
    ended = [run for run in sources.journal_runs.values() if run.seal is not None]
    return [one for run in ended for one in run.evidence() if one.uc == use_case]


def _runs(sources: FactSources, evidence: list[Evidence], origins: Mapping[str, RunOrigin]) -> Iterator[HistoryEvent]:
    """Yield what each run brought, at the moment it ended."""
    ends = {run.id: run.finished_at for run in sources.runs}
    ends |= {run.id: run.finished_at for run in sources.journal_runs.values() if run.finished_at is not None}
    brought: dict[str, dict[str, Evidence]] = {}
    for one in evidence:
        brought.setdefault(one.run_id, {})[one.id] = one
    for run_id, pieces in brought.items():
        if run_id in ends:
            conduct = origins.get(run_id, UNKNOWN).conditions
            in_order = sorted(pieces.values(), key=lambda one: (one.started_at, one.seq, one.id))
            yield HistoryEvent(max(ends[run_id], in_order[-1].started_at), evidence=tuple(in_order), conditions=conduct)


def _decided(
    use_case: str, decisions: tuple[Decision, ...], evidence: list[Evidence], now: str
) -> Iterator[HistoryEvent]:
    tests = {one.test_id for one in evidence}
    runs = {one.run_id for one in evidence}
    for decision in decisions:
        if isinstance(decision, Retirement):
            concerns = decision.test_id in tests
        elif isinstance(decision, RunRetirement):
            concerns = decision.run_id in runs
        elif isinstance(decision, Waiver):
            concerns = decision.requirement.partition("/")[0] == use_case
        else:
            concerns = getattr(decision, "use_case", None) == use_case
        if concerns:
            yield HistoryEvent.from_decision(decision, now)
