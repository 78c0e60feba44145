"""What a judgement rests on, gathered: evidence, decisions, who recorded what, and what was required at a moment."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

from ..errors import IntegrityError
from ..facts.decision import Decision
from ..facts.evidence import BAD, Evidence
from ..facts.run import PlanEntry, Run
from ..facts.run_conditions import conditions_of
from ..facts.run_group import GroupPart, RunPlan
from ..facts.timestamps import parse_timestamp, timestamp
from ..fast_values import dataclass
from ..journal.recovery import Leftover, open_evidence
from ..signing.trust import TrustStore
from ..store.protocol import DecisionStore, RegisterDecisions, RunSummary, Store
from ..verdict.inputs import Facts, RunOrigin, run_of
from ..verdict.people import People
from ..verdict.policy import Policy, TrustedKey
from ..verdict.review.standing import newest_approvals, pinned_ids, pins_of
from ..verdict.run_groups import generation_of, with_plans
from .decision_sources import read_decisions
from .retired_runs import NOTHING, RetiredRuns, find_remaining_evidence, find_retired_runs
from .unseen_failures import UnseenFailures

_LONG = 36_500
"""Days from which on nothing is too old: a date so long ago may be none."""


@dataclass(frozen=True)
class FactSources:
    """Where the facts of a register are."""

    register: str
    store: Store | None
    """None: there is none yet."""
    home: DecisionStore | None
    """Of the decisions; None: that is the store, and there is none yet."""
    leftovers: Sequence[Leftover]
    """Journals that are not in the store."""
    folder: Path
    """Of the config."""
    trust: TrustStore
    """Whose names are one person's, and whose signatures count."""

    @cached_property
    def register_decisions(self) -> RegisterDecisions:
        """The decisions that count, in whatever home, and what keeps others from counting.

        Raises:
            StorageError, IntegrityError: the store cannot be read, or a decision in it is not what was decided.
        """
        return read_decisions(self.home, self.store, self.folder, self.register, self.trust)

    @cached_property
    def journal_runs(self) -> dict[str, Run]:
        """The runs that are in a journal, whole and of this register, by id."""
        runs = [leftover.run for leftover in self.leftovers if leftover.run is not None and leftover.problem is None]
        return {run.id: run for run in runs if run.register == self.register}

    @cached_property
    def runs(self) -> list[RunSummary]:
        """Every kept run, oldest first: only for questions about the past."""
        return self.store.runs(self.register)[::-1] if self.store is not None else []


# -- now -----------------------------------------------------------------------------------------------------------


def facts_now(
    sources: FactSources,
    policy: Policy,
    now: str,
    use_cases: Sequence[str] | None = None,
    *,
    release: str | None = None,
    to_sign: Mapping[str, str] | None = None,
    days: int | None = None,
) -> Facts:
    """Return what is known now. The time it takes does not grow with the history behind the newest executions.

    Args:
        sources: where the facts are.
        policy: whose approvals count; and whether only one release does.
        now: the moment being judged.
        use_cases: those in scope; None: all.
        release: the release being judged.
        to_sign: use cases of which it is asked what a review would rest on, and since when their failures matter.
        days: the longest max age of the items; None: none has one.

    Raises:
        StorageError, IntegrityError: the store cannot be read.
    """
    trust = TrustStore.from_policy(policy)
    decisions = trust.with_identities(sources.register_decisions.decisions, sources.home)
    aside = find_retired_runs(sources.store, decisions, policy, sources.register, now)
    evidence = _newest(sources, use_cases, now)
    broken = find_remaining_evidence(sources.store, aside, evidence)
    in_journals = [piece for run in sources.journal_runs.values() for piece in open_evidence(run)]
    counting = newest_approvals(decisions, policy, now)
    asked = [one for one in counting if use_cases is None or one.use_case in use_cases]
    failures = UnseenFailures(sources.store, sources.register, asked, to_sign or {})
    # Of a retired run what ended badly stays, as far as it can be read.
    adverse = [*failures.unseen(policy, release), *(one for one in broken if one.result in BAD)]
    evidence += _earlier(sources, (*evidence, *in_journals, *adverse, *broken))
    pinned = pins_of(counting)
    known = {piece.id for piece in (*evidence, *in_journals)}
    runs = {piece.run_id for piece in (*evidence, *adverse)} | {run_of(one) for one in pinned - known}
    runs -= aside.all_runs.keys()
    origins = origins_of(sources, runs, plans=policy.asks_for_plans)
    parts = parts_of(sources, now, days, aside=aside)
    if policy.release != "ignore" and release is not None:
        evidence, origins = _of_release(sources, evidence, origins, release, plans=policy.asks_for_plans)
    return Facts(
        evidence=[*evidence, *_in(broken, use_cases), *in_journals],
        open_runs=_open_runs(sources),
        parts=parts,
        decisions=decisions,
        adverse=adverse,
        failed_runs=failures.runs,
        missing=_missing(sources, pinned - known) | aside.retired_ids(pinned),
        origins=_with_groups(origins, parts),
        retired_runs=aside.runs,
        void_run_retirements=aside.ineffective,
        unknown_runs=aside.unknown,
        retirement_notes=aside.notes,
        signed=trust.signed_runs(sources.store, {one.run_id for one in evidence}),
        signature_problem=trust.unchecked,
    )


def _in(pieces: Iterable[Evidence], use_cases: Sequence[str] | None) -> list[Evidence]:
    return [one for one in pieces if use_cases is None or one.uc in use_cases]


def _newest(sources: FactSources, use_cases: Sequence[str] | None, now: str) -> list[Evidence]:
    if sources.store is None:
        return []
    found = sources.store.newest(sources.register, use_cases)
    if any(piece.started_at > now for piece in found):
        # A clock that runs ahead must not hide what is known: the evaluation drops what is there twice.
        found += sources.store.newest(sources.register, use_cases, now)
    return found


def _earlier(sources: FactSources, known: Iterable[Evidence]) -> list[Evidence]:
    """Return what tells where tests that were cut short ran before: they may count there."""
    cut_short = {
        (one.uc, one.item, one.test_id) for one in known if one.is_cut_short and one.register == sources.register
    }
    return sources.store.oldest(sources.register, cut_short) if sources.store is not None and cut_short else []


def _missing(sources: FactSources, pinned: Collection[str]) -> set[str]:
    return sources.store.missing(pinned) if sources.store is not None and pinned else set(pinned)


def origins_of(sources: FactSources, runs: Collection[str], *, plans: bool = False) -> dict[str, RunOrigin]:
    """Return where runs come from, by id; a run that is nowhere is left out.

    ``plans``: also which evidence tests each left out, which takes reading what it had planned.
    """
    origins = {id_: _origin(run) for id_, run in sources.journal_runs.items()}
    for id_, run in sources.journal_runs.items():
        conduct = conditions_of(run.head, run.seal.body if run.seal is not None else None)
        origins[id_] = replace(
            origins[id_], conditions=conduct, deselected_tests=_left_out(run.planned if plans else ())
        )
    if sources.store is None or not runs:
        return origins
    conducts = sources.store.run_conditions(runs)
    # A run that says it left out nothing need not be asked what.
    asked = [id_ for id_, conduct in conducts.items() if conduct.deselected != 0] if plans else []
    planned = sources.store.plans(asked) if asked else {}
    kept = {
        id_: replace(_origin(run), conditions=conducts[id_], deselected_tests=_left_out(planned.get(id_, ())))
        for id_, run in sources.store.summaries(runs).items()
        if id_ in conducts
    }
    return kept | origins


def _origin(run: Run | RunSummary) -> RunOrigin:
    return RunOrigin(run.release, run.commit, run.dirty, run.actor, run.started_at)


def _with_groups(origins: Mapping[str, RunOrigin], parts: Sequence[GroupPart]) -> dict[str, RunOrigin]:
    groups = generation_of(parts)
    return {**origins, **{id_: replace(origins[id_], group=name) for id_, name in groups.items() if id_ in origins}}


def _left_out(planned: Sequence[PlanEntry]) -> tuple[PlanEntry, ...]:
    """Under xdist a test may be told of more than once: where it was selected anywhere, it was not left out."""
    selected = {test.test_id for test in planned if test.selected}
    return tuple({test.test_id: test for test in planned if test.test_id not in selected}.values())


def _of_release(
    sources: FactSources, evidence: list[Evidence], origins: Mapping[str, RunOrigin], release: str, *, plans: bool
) -> tuple[list[Evidence], dict[str, RunOrigin]]:
    """Add the evidence of a release that a newer execution for another one hides: only for use cases with such."""
    store = sources.store
    others = {piece.uc for piece in evidence if origins.get(piece.run_id, RunOrigin()).release != release}
    if store is None or not others:
        return evidence, dict(origins)
    older = [piece for name in sorted(others) for piece in store.history(sources.register, name)]
    every = {**origins, **origins_of(sources, {piece.run_id for piece in older} - origins.keys(), plans=plans)}
    return [*evidence, *(piece for piece in older if every.get(piece.run_id, RunOrigin()).release == release)], every


def _open_runs(sources: FactSources, until: str | None = None) -> dict[str, frozenset[str]]:
    """Return the runs that are not sealed, and the use cases that they planned to show."""
    return {
        run.id: frozenset(use_case for planned in run.planned for use_case, _ in planned.claims)
        for run in sources.journal_runs.values()
        if run.seal is None and (until is None or run.started_at <= until)
    }


def parts_of(
    sources: FactSources, now: str, days: int | None, until: str | None = None, aside: RetiredRuns = NOTHING
) -> tuple[GroupPart, ...]:
    """Return the sealed runs that are parts of run groups, with their plans where these say what is held.

    Args:
        sources: where the runs are: in the store, or sealed in a journal.
        now: the moment being judged.
        days: the longest max age of the items: what is older holds nothing; None: none has one.
        until: leave out runs that ended after this moment.
        aside: runs that a reviewer set aside, which are read as far as they can be.
    """
    if sources.store is None and not sources.journal_runs:
        return ()
    since = (parse_timestamp(now) - timedelta(days=days)).isoformat() if days is not None and days < _LONG else ""
    sealed = {id_: run for id_, run in sources.journal_runs.items() if run.seal is not None}
    found = {
        part.run_id: part for part in (sources.store.group_parts(sources.register, since) if sources.store else ())
    }
    found |= {id_: part for id_, run in sealed.items() if (part := GroupPart.from_run(run)) is not None}
    found = {id_: part for id_, part in found.items() if part.started_at <= now}
    if until is not None and found:
        ended = {run.id for run in sources.runs if run.finished_at <= until}
        ended |= {id_ for id_, run in sealed.items() if (run.finished_at or "") <= until}
        found = {id_: part for id_, part in found.items() if id_ in ended}

    def plan(run_id: str) -> RunPlan:
        if run_id in aside.runs and sources.store is not None:
            return RunPlan(sources.store.salvage_run(run_id, sources.register).planned or (), frozenset(), frozenset())
        run = sealed.get(run_id) or (sources.store.run(run_id) if sources.store is not None else None)
        if run is None:
            raise IntegrityError(f"run {run_id} is in the index, and is not there")
        return RunPlan.from_run(run)

    return with_plans(found.values(), plan, now, days, aside.runs.keys())


# -- the past ------------------------------------------------------------------------------------------------------


def facts_at(
    sources: FactSources, policy: Policy, at: str, use_cases: Sequence[str] | None = None, *, days: int | None = None
) -> Facts:
    """Return what was known at a moment: evidence of runs that had ended, and decisions that had been made.

    Reads the whole history of the use cases.

    Raises:
        StorageError, IntegrityError: the store cannot be read.
    """
    trust = TrustStore.from_policy(policy)
    decisions = decisions_known_at(trust.with_identities(sources.register_decisions.decisions, sources.home), at)
    aside = find_retired_runs(sources.store, decisions, policy, sources.register, at)
    ended = {run.id: run for run in sources.runs if run.finished_at <= at and run.id not in aside.all_runs}
    evidence = [one for one in stored_history(sources, use_cases) if one.run_id in ended and one.started_at <= at]
    for run in sources.journal_runs.values():
        if run.started_at <= at and (run.finished_at or "") <= at:
            evidence += [one for one in open_evidence(run) if one.started_at <= at]
    evidence += _in(find_remaining_evidence(sources.store, aside, evidence), use_cases)
    pinned = pinned_ids(decisions, policy, at)
    parts = parts_of(sources, at, days, at, aside)
    rests_on = {*ended, *map(run_of, pinned)} - aside.all_runs.keys()
    origins = origins_of(sources, rests_on, plans=policy.asks_for_plans)
    return Facts(
        evidence=evidence,
        open_runs=_open_runs(sources, at),
        parts=parts,
        decisions=decisions,
        missing=_missing(sources, pinned - {one.id for one in evidence}) | aside.retired_ids(pinned),
        origins=_with_groups(origins, parts),
        retired_runs=aside.runs,
        void_run_retirements=aside.ineffective,
        unknown_runs=aside.unknown,
        retirement_notes=aside.notes,
        signed=trust.signed_runs(sources.store, {one.run_id for one in evidence}),
        signature_problem=trust.unchecked,
    )


def decisions_known_at(decisions: Iterable[Decision], at: str) -> tuple[Decision, ...]:
    """Return the decisions that were known at a past moment.

    When those were made that lie in the future even now, no clock tells: they count as known.
    """
    now = timestamp()
    return tuple(one for one in decisions if one.at <= at or one.at > now)


def stored_history(sources: FactSources, use_cases: Sequence[str] | None = None) -> list[Evidence]:
    """Return every piece of evidence of use cases (None: of all) that the store has."""
    store = sources.store
    if store is None:
        return []
    names = store.use_cases(sources.register) if use_cases is None else use_cases
    return [piece for name in names for piece in store.history(sources.register, name)]


def policy_of(plain: Mapping[str, Any]) -> Policy:
    """Return the policy that a snapshot holds as plain data.

    That is ``gate`` and ``review``, and where there are any ``people`` and ``keys``.

    Raises:
        TypeError: it has a setting that this version does not know.
    """
    review = {**plain.get("review", {})}
    review["reviewers"] = tuple(review.get("reviewers", ()))
    keys = tuple(
        TrustedKey(name, **{**key, "roles": tuple(key["roles"])}) for name, key in plain.get("keys", {}).items()
    )
    return Policy(**plain.get("gate", {}), **review, people=People.from_aliases(plain.get("people", {})), keys=keys)
