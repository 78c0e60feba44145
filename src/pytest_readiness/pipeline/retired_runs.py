"""Runs that a person set aside because they are broken: whose word holds, and what is left of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from ..facts.decision import Decision, RunRetirement
from ..facts.evidence import Evidence
from ..fast_values import dataclass, field
from ..store.protocol import RunSummary, Store
from ..verdict.inputs import run_of
from ..verdict.policy import Policy
from ..verdict.requirement.retired_runs import RunRemains, remaining_evidence
from ..verdict.review.authority import may_decide


@dataclass(frozen=True, slots=True)
class RetiredRuns:
    """The runs that were retired."""

    runs: dict[str, RunRetirement] = field(default_factory=dict)
    """By id: the retirement that holds."""
    ineffective: dict[str, RunRetirement] = field(default_factory=dict)
    """By id: a retirement that does not hold. It excuses nothing that does not fit, and the passes count for nothing
    all the same: else they would count again once its reviewer leaves the list, or where nobody knows who decided."""
    unknown: frozenset[str] = frozenset()
    """Those of them whose plan is not intact: nobody knows any more what they were to show."""
    refusals: tuple[str, ...] = ()
    """Why others do not hold; a sentence each."""

    def retired_ids(self, evidence_ids: Iterable[str]) -> set[str]:
        """Return which pieces of evidence are of a retired run: a review that rests on them rests on nothing."""
        every = self.all_runs
        return {one for one in evidence_ids if run_of(one) in every} if every else set()

    @property
    def all_runs(self) -> dict[str, RunRetirement]:
        """The runs on whose passes nothing rests, by id."""
        return {**self.ineffective, **self.runs}

    @property
    def notes(self) -> tuple[str, ...]:
        """A sentence for each retirement."""
        return (*(retirement_sentence(one) for one in self.runs.values()), *self.refusals)


NOTHING = RetiredRuns()


def retirement_sentence(one: RunRetirement) -> str:
    """Return who retired a run and why, in a sentence."""
    return f"run {one.run_id} was retired by {one.by}: {one.reason}"


def find_retired_runs(
    store: Store | None, decisions: Iterable[Decision], policy: Policy, register: str, now: str
) -> RetiredRuns:
    """Return the runs that were retired by a moment, and let the store leave them out of its answers.

    Raises:
        StorageError: the store cannot be read.
    """
    made = [one for one in decisions if isinstance(one, RunRetirement) and one.at <= now and one.register == register]
    if store is None or not made:
        return RetiredRuns()
    summaries = store.summaries({one.run_id for one in made})
    runs: dict[str, RunRetirement] = {}
    doubted: dict[str, RunRetirement] = {}
    void: list[str] = []
    for one in made:
        why = retirement_refusal(one, summaries.get(one.run_id), store, policy)
        if why is None:
            runs.setdefault(one.run_id, one)
        else:
            void.append(f"the retirement of run {one.run_id} does not hold: {why}")
            if one.run_id in summaries and summaries[one.run_id].register == register:
                doubted.setdefault(one.run_id, one)
    found = RetiredRuns(runs, {id_: one for id_, one in doubted.items() if id_ not in runs}, refusals=tuple(void))
    store.exclude_runs(runs, found.ineffective)
    unknown = frozenset(run for run in found.all_runs if store.salvage_run(run, register).planned is None)
    return replace(found, unknown=unknown)


def retirement_refusal(one: RunRetirement, summary: RunSummary | None, store: Store, policy: Policy) -> str | None:
    """Return why a run could not be retired, in a sentence; None: it could.

    Raises:
        StorageError: the store cannot be read.
    """
    if summary is None or summary.register != one.register:
        return "there is no such run in the store"
    head = store.salvage_run(one.run_id, one.register).head
    recorders = {summary.actor, *(str(head[name]) for name in ("actor", "started_by") if head.get(name))}
    return may_decide(one.by, one.known_by, policy, recorders - {""})


def find_remaining_evidence(store: Store | None, aside: RetiredRuns, known: Sequence[Evidence]) -> list[Evidence]:
    """Return what counts of the retired runs, beside the evidence of others.

    Raises:
        StorageError: the store cannot be read.
    """
    every = aside.all_runs
    if store is None or not every:
        return []
    summaries = store.summaries(every)
    found: list[Evidence] = []
    for run_id, one in every.items():
        read = store.salvage_run(run_id, one.register)
        context = read.head.get("context")
        said = context if isinstance(context, dict) and not read.changed else {}
        remains = RunRemains(
            run_id=run_id,
            register=one.register,
            started_at=summaries[run_id].started_at,
            environment=said.get("environment"),
            provider_mode=said.get("provider_mode"),
            evidence=read.evidence,
            unreported=read.unreported if read.planned is not None else None,
            why=retirement_sentence(one),
        )
        found += remaining_evidence(remains, known)
    return found
