"""Inputs of an evaluation: evidence, decisions and the origins of runs, as of now or of a past moment."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from ..errors import IntegrityError
from ..facts.decision import Decision
from ..facts.evidence import BAD, Evidence
from ..facts.run import PlanEntry, Run
from ..facts.run_conditions import conditions_of
from ..facts.run_group import GroupPart, RunPlan
from ..facts.subject import counts_for
from ..facts.timestamps import days_before, timestamp
from ..signing.trust import TrustStore
from ..store.protocol import DecisionStore, RegisterDecisions, RunSummary, Store
from ..verdict.group_plans import with_plans
from ..verdict.inputs import UNKNOWN, Facts, JudgedVersion, RunOrigin, run_of
from ..verdict.people import People
from ..verdict.policy import Policy, TrustedKey
from ..verdict.requirement.execution_ledger import BROKEN
from ..verdict.review.standing import newest_approvals, pinned_ids, pins_of
from ..verdict.run_groups import generation_of
from ..verdict.run_version import RunVersion
from .damage import refuse_changed_parts
from .decision_sources import read_decisions
from .retired_runs import NOTHING, RetiredRuns, find_remaining_evidence, find_retired_runs
from .unseen_failures import UnseenFailures

if TYPE_CHECKING:  # there is seldom a journal
    from ..journal.leftover_reader import Leftover

_NO_LIMIT_DAYS = 36_500
"""Days after which no age limit applies; a longer period may start before the first valid date."""


class FactSources(Struct, frozen=True, dict=True):
    """Sources of the facts of a register."""

    register: str
    store: Store | None
    """The open store; None if there is none yet."""
    home: DecisionStore | None
    """The place of the decisions; None means the store, which does not exist yet."""
    leftovers: Sequence[Leftover]
    """Journals that are not in the store."""
    folder: Path
    """The folder of the config."""
    trust: TrustStore
    """The names of each person, and the trusted signatures."""

    @cached_property
    def register_decisions(self) -> RegisterDecisions:
        """The decisions that count, in both places, and notes on the others.

        Raises:
            StorageError, IntegrityError: the store cannot be read, or a decision in it is not what was decided.
        """
        return read_decisions(self.home, self.store, self.folder, self.register, self.trust)

    @cached_property
    def journal_runs(self) -> dict[str, Run]:
        """The intact runs of this register in journals, by id."""
        runs = [leftover.run for leftover in self.leftovers if leftover.run is not None and leftover.problem is None]
        return {run.id: run for run in runs if run.register == self.register}

    def journal_evidence(self, until: str | None = None) -> list[Evidence]:
        """Return the evidence of these runs. ``until``: leave out runs that started or ended after this moment."""
        runs = list(self.journal_runs.values())
        if until is not None:
            runs = [run for run in runs if run.started_at <= until and (run.finished_at or "") <= until]
        if not runs:
            return []
        from ..journal.open_runs import open_evidence  # late: there is seldom a journal, and this loads what writes one

        return [piece for run in runs for piece in open_evidence(run)]

    @cached_property
    def runs(self) -> list[RunSummary]:
        """All stored runs, oldest first; only for questions about the past."""
        return self.store.runs(self.register)[::-1] if self.store is not None else []


# -- now -----------------------------------------------------------------------------------------------------------


def facts_now(
    sources: FactSources,
    policy: Policy,
    now: str,
    use_cases: Sequence[str] | None = None,
    *,
    judged: JudgedVersion = JudgedVersion(),  # noqa: B008 - a frozen value
    to_sign: Mapping[str, str] | None = None,
    days: int | None = None,
) -> Facts:
    """Return the current facts. The time this takes does not grow with the history before the newest executions.

    Args:
        sources: the sources of the facts.
        policy: the policy, with its reviewers and its rules about releases and subjects.
        now: the evaluated moment.
        use_cases: the use cases in scope; None means all.
        judged: the evaluated release and digests.
        to_sign: use cases for which a review is prepared, each with the time after which its failures matter.
        days: the longest max age of the items; None means no limit.

    Raises:
        StorageError, IntegrityError: the store cannot be read.
    """
    trust = TrustStore.from_policy(policy)
    decisions = trust.with_identities(sources.register_decisions.decisions, sources.home)
    retired = find_retired_runs(sources.store, decisions, policy, sources.register, now)
    evidence = _newest_evidence(sources, use_cases, now)
    retired_evidence = find_remaining_evidence(sources.store, retired, evidence)
    in_journals = sources.journal_evidence()
    approvals = newest_approvals(decisions, policy, now)
    approvals_in_scope = [review for review in approvals if use_cases is None or review.use_case in use_cases]
    failures = UnseenFailures(sources.store, sources.register, approvals_in_scope, to_sign or {})
    unseen, set_aside = failures.unseen(policy, judged)
    adverse = [*unseen, *(piece for piece in retired_evidence if piece.result in BAD)]  # of it failures count
    evidence += earliest_evidence(sources, (*evidence, *in_journals, *adverse, *retired_evidence))
    pinned = pins_of(approvals)
    known_ids = {piece.id for piece in (*evidence, *in_journals)}
    runs = {piece.run_id for piece in (*evidence, *adverse)} | set(map(run_of, pinned - known_ids))
    runs -= retired.all_runs.keys()
    origins = origins_of(sources, runs, plans=policy.asks_for_plans)
    parts = parts_of(sources, now, days, retired=retired, version=policy.run_version(judged))
    evidence, origins, others = _add_hidden_evidence(sources, evidence, origins, policy, judged)
    return Facts(
        evidence=[*evidence, *_in_scope(retired_evidence, use_cases), *in_journals],
        open_runs=_open_runs(sources),
        parts=parts,
        decisions=decisions,
        adverse=adverse,
        set_aside=[*set_aside, *others],
        failed_runs=failures.runs,
        missing=_missing_evidence(sources, pinned - known_ids) | retired.retired_ids(pinned),
        origins=_with_groups(origins, parts) | retired.origins,
        retired_runs=retired.runs,
        void_run_retirements=retired.void,
        unknown_runs=retired.unknown,
        retirement_notes=retired.notes,
        signed=trust.signed_runs(sources.store, {piece.run_id for piece in evidence}),
        signature_problem=trust.unchecked,
    )


def _in_scope(pieces: Iterable[Evidence], use_cases: Sequence[str] | None) -> list[Evidence]:
    return [piece for piece in pieces if use_cases is None or piece.uc in use_cases]


def _newest_evidence(sources: FactSources, use_cases: Sequence[str] | None, now: str) -> list[Evidence]:
    if sources.store is None:
        return []
    newest = sources.store.newest(sources.register, use_cases)
    if any(piece.started_at > now for piece in newest):
        # A clock that runs ahead must not hide older results. The evaluation drops duplicates.
        newest += sources.store.newest(sources.register, use_cases, now)
    return newest


def earliest_evidence(sources: FactSources, evidence: Iterable[Evidence]) -> list[Evidence]:
    """Return the oldest evidence of tests that were cut short: it shows where they ran before, and so may count."""
    cut_short = {
        (piece.uc, piece.item, piece.test_id)
        for piece in evidence
        if piece.is_cut_short and piece.register == sources.register
    }
    return sources.store.oldest(sources.register, cut_short) if sources.store is not None and cut_short else []


def _missing_evidence(sources: FactSources, pinned: Collection[str]) -> set[str]:
    return sources.store.missing(pinned) if sources.store is not None and pinned else set(pinned)


def origins_of(sources: FactSources, runs: Collection[str], *, plans: bool = False) -> dict[str, RunOrigin]:
    """Return the origins of runs, by id. Unknown runs are left out.

    ``plans``: include the evidence tests that each run left out, for which its plan is read.
    """
    origins = {id_: _origin(run) for id_, run in sources.journal_runs.items()}
    for id_, run in sources.journal_runs.items():
        conditions = conditions_of(run.head, run.seal.body if run.seal is not None else None)
        origins[id_] = replace(
            origins[id_], conditions=conditions, deselected_tests=_unselected_tests(run.planned if plans else ())
        )
    if sources.store is None or not runs:
        return origins
    conditions_by_run = sources.store.run_conditions(runs)
    # The plan is needed only for runs that left out tests.
    narrowed_runs = (
        [id_ for id_, conditions in conditions_by_run.items() if conditions.deselected != 0] if plans else []
    )
    planned = sources.store.plans(narrowed_runs) if narrowed_runs else {}
    stored = {
        id_: replace(
            _origin(run), conditions=conditions_by_run[id_], deselected_tests=_unselected_tests(planned.get(id_, ()))
        )
        for id_, run in sources.store.summaries(runs).items()
        if id_ in conditions_by_run
    }
    return stored | origins


def _origin(run: Run | RunSummary) -> RunOrigin:
    return RunOrigin(run.release, run.commit, run.dirty, run.actor, run.started_at)


def _with_groups(origins: Mapping[str, RunOrigin], parts: Sequence[GroupPart]) -> dict[str, RunOrigin]:
    groups = generation_of(parts)
    return {**origins, **{id_: replace(origins[id_], group=name) for id_, name in groups.items() if id_ in origins}}


def _unselected_tests(planned: Sequence[PlanEntry]) -> tuple[PlanEntry, ...]:
    """Return the tests that no worker selected. Under xdist a plan may contain a test several times."""
    selected = {test.test_id for test in planned if test.selected}
    return tuple({test.test_id: test for test in planned if test.test_id not in selected}.values())


def _add_hidden_evidence(
    sources: FactSources,
    evidence: list[Evidence],
    origins: Mapping[str, RunOrigin],
    policy: Policy,
    judged: JudgedVersion,
) -> tuple[list[Evidence], dict[str, RunOrigin], list[Evidence]]:
    """Add the evidence for the judged version that newer executions for others hide, if a use case has such.

    Returns:
        The evidence, the origins of its runs, and what ended badly, or left tests out, for other versions.
    """
    by_release = policy.release != "ignore" and judged.release is not None
    by_subjects = policy.subject != "ignore" and bool(judged.subjects)
    if not by_release and not by_subjects:  # the usual case
        return evidence, dict(origins), []

    def is_judged(piece: Evidence, origins: Mapping[str, RunOrigin]) -> bool:
        origin = origins.get(piece.run_id, UNKNOWN)
        of_release = not by_release or origin.release == judged.release
        return of_release and (not by_subjects or counts_for(origin.subjects, judged.subjects))

    store = sources.store
    use_cases_to_read = {piece.uc for piece in evidence if not is_judged(piece, origins)}
    if store is None or not use_cases_to_read:
        return evidence, dict(origins), []
    older = [piece for name in sorted(use_cases_to_read) for piece in store.history(sources.register, name)]
    runs = {piece.run_id for piece in older} - origins.keys()
    all_origins = {**origins, **origins_of(sources, runs, plans=policy.asks_for_plans)}
    hidden = [piece for piece in older if is_judged(piece, all_origins)]
    set_aside = (piece for piece in older if not is_judged(piece, all_origins))
    narrowed = {id_ for id_, origin in all_origins.items() if origin.deselected_tests}
    others = [piece for piece in set_aside if piece.result in BROKEN or piece.run_id in narrowed]
    return [*evidence, *hidden], all_origins, others


def _open_runs(sources: FactSources, until: str | None = None) -> dict[str, frozenset[str]]:
    """Return the runs that are not finalized, with the use cases in their plans."""
    return {
        run.id: frozenset(use_case for planned in run.planned for use_case, _ in planned.claims)
        for run in sources.journal_runs.values()
        if run.seal is None and (until is None or run.started_at <= until)
    }


def parts_of(
    sources: FactSources,
    now: str,
    days: int | None,
    until: str | None = None,
    retired: RetiredRuns = NOTHING,
    version: RunVersion | None = None,
) -> tuple[GroupPart, ...]:
    """Return the finalized runs that are parts of run groups, with their plans if these keep use cases closed.

    Args:
        sources: the sources, with runs in the store or finalized in a journal.
        now: the evaluated moment.
        days: the longest max age of the items, after which a part has no effect; None means no limit.
        until: leave out runs that ended after this moment.
        retired: the retired runs, of which everything readable is used.
        version: what is judged; None: any.
    """
    if sources.store is None and not sources.journal_runs:
        return ()
    since = days_before(now, days) if days is not None and days < _NO_LIMIT_DAYS else ""
    sealed = {id_: run for id_, run in sources.journal_runs.items() if run.seal is not None}
    parts = {
        part.run_id: part for part in (sources.store.group_parts(sources.register, since) if sources.store else ())
    }
    parts |= {id_: part for id_, run in sealed.items() if (part := GroupPart.from_run(run)) is not None}
    parts = {id_: part for id_, part in parts.items() if part.started_at <= now}
    if until is not None and parts:
        ended = {run.id for run in sources.runs if run.finished_at <= until}
        ended |= {id_ for id_, run in sealed.items() if (run.finished_at or "") <= until}
        parts = {id_: part for id_, part in parts.items() if id_ in ended}

    def plan(run_id: str) -> RunPlan:
        if run_id in retired.runs and sources.store is not None:
            return RunPlan(sources.store.salvage_run(run_id, sources.register).planned or (), frozenset(), frozenset())
        run = sealed.get(run_id) or (sources.store.run(run_id) if sources.store is not None else None)
        if run is None:
            raise IntegrityError(f"run {run_id} is in the index, but its lines are missing")
        return RunPlan.from_run(run)

    if version is not None and sources.store is not None:
        refuse_changed_parts(sources.store, parts.values(), version, retired.all_runs)
    return with_plans(parts.values(), plan, now, days, retired.runs.keys(), version)


# -- the past ------------------------------------------------------------------------------------------------------


def facts_at(
    sources: FactSources,
    policy: Policy,
    at: str,
    use_cases: Sequence[str] | None = None,
    *,
    judged: JudgedVersion = JudgedVersion(),  # noqa: B008 - a frozen value
    days: int | None = None,
) -> Facts:
    """Return the facts of a past moment: evidence of runs that had ended, and decisions that had been made.

    Reads the whole history of the use cases.

    Raises:
        StorageError, IntegrityError: the store cannot be read.
    """
    trust = TrustStore.from_policy(policy)
    decisions = decisions_known_at(trust.with_identities(sources.register_decisions.decisions, sources.home), at)
    retired = find_retired_runs(sources.store, decisions, policy, sources.register, at)
    ended = {run.id: run for run in sources.runs if run.finished_at <= at and run.id not in retired.all_runs}
    evidence = [
        piece for piece in stored_history(sources, use_cases) if piece.run_id in ended and piece.started_at <= at
    ]
    evidence += [piece for piece in sources.journal_evidence(at) if piece.started_at <= at]
    evidence += _in_scope(find_remaining_evidence(sources.store, retired, evidence), use_cases)
    pinned = pinned_ids(decisions, policy, at)
    parts = parts_of(sources, at, days, at, retired, policy.run_version(judged))
    run_ids = {*ended, *map(run_of, pinned)} - retired.all_runs.keys()
    origins = origins_of(sources, run_ids, plans=policy.asks_for_plans)
    return Facts(
        evidence=evidence,
        open_runs=_open_runs(sources, at),
        parts=parts,
        decisions=decisions,
        missing=_missing_evidence(sources, pinned - {piece.id for piece in evidence}) | retired.retired_ids(pinned),
        origins=_with_groups(origins, parts) | retired.origins,
        retired_runs=retired.runs,
        void_run_retirements=retired.void,
        unknown_runs=retired.unknown,
        retirement_notes=retired.notes,
        signed=trust.signed_runs(sources.store, {piece.run_id for piece in evidence}),
        signature_problem=trust.unchecked,
    )


def decisions_known_at(decisions: Iterable[Decision], at: str) -> tuple[Decision, ...]:
    """Return the decisions that were known at a past moment.

    A decision with a time in the future counts as known, since no clock shows when it was made.
    """
    now = timestamp()
    return tuple(decision for decision in decisions if decision.at <= at or decision.at > now)


def stored_history(sources: FactSources, use_cases: Sequence[str] | None = None) -> list[Evidence]:
    """Return all stored evidence of use cases; None means all use cases."""
    store = sources.store
    if store is None:
        return []
    names = store.use_cases(sources.register) if use_cases is None else use_cases
    return [piece for name in names for piece in store.history(sources.register, name)]


def policy_of(plain: Mapping[str, Any]) -> Policy:
    """Return the policy from the plain data of a snapshot.

    The data has ``gate`` and ``review``, and ``people`` and ``keys`` if there are any.

    Raises:
        TypeError: the data has a setting that this version does not know.
    """
    review = {**plain.get("review", {})}
    review["reviewers"] = tuple(review.get("reviewers", ()))
    if "subject" in review:  # the gate has a setting of the same name
        review["review_subject"] = review.pop("subject")
    keys = tuple(
        TrustedKey(name, **{**key, "roles": tuple(key["roles"])}) for name, key in plain.get("keys", {}).items()
    )
    return Policy(**plain.get("gate", {}), **review, people=People.from_aliases(plain.get("people", {})), keys=keys)
