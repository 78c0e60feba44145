"""Runs retired because they are broken: the retirements in force, and the evidence that remains."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec import Struct, field
from msgspec.structs import replace

from ..facts.decision import Decision, RunRetirement
from ..facts.evidence import Evidence
from ..facts.run_conditions import RunConditions
from ..facts.subject import read_subjects
from ..store.protocol import EvidenceStore, RunSummary, SalvagedRun
from ..verdict.inputs import RunOrigin, run_of
from ..verdict.policy import Policy
from ..verdict.requirement.retired_runs import RunRemains, remaining_evidence
from ..verdict.review.authority import may_decide


class RetiredRuns(Struct, frozen=True):
    """The retired runs."""

    runs: dict[str, RunRetirement] = field(default_factory=dict)
    """The retirements in force, by run id."""
    void: dict[str, RunRetirement] = field(default_factory=dict)
    """Retirements that are not in force, by run id. They excuse no problem.

    The passes of these runs do not count either. Otherwise they would count again once the reviewer leaves the list, or
    if the reviewer is unknown.
    """
    unknown: frozenset[str] = frozenset()
    """Ids of those runs whose plan is not intact, so that their tests are unknown."""
    refusals: tuple[str, ...] = ()
    """Reasons why other retirements are not in force, a sentence each."""
    origins: dict[str, RunOrigin] = field(default_factory=dict)
    """Release and digests of those runs whose first line is intact, by run id: what ended badly stays bad for these."""

    def retired_ids(self, evidence_ids: Iterable[str]) -> set[str]:
        """Return the ids of evidence in a retired run. A review that pins them has no basis."""
        all_runs = self.all_runs
        return {evidence_id for evidence_id in evidence_ids if run_of(evidence_id) in all_runs} if all_runs else set()

    @property
    def all_runs(self) -> dict[str, RunRetirement]:
        """The runs whose passes do not count, by id."""
        return {**self.void, **self.runs}

    @property
    def notes(self) -> tuple[str, ...]:
        """A sentence for each retirement."""
        return (*(retirement_sentence(retirement) for retirement in self.runs.values()), *self.refusals)


NOTHING = RetiredRuns()


def retirement_sentence(retirement: RunRetirement) -> str:
    """Return a sentence with the reviewer who retired a run, and the reason."""
    return f"run {retirement.run_id} was retired by {retirement.by}: {retirement.reason}"


def find_retired_runs(
    store: EvidenceStore | None, decisions: Iterable[Decision], policy: Policy, register: str, now: str
) -> RetiredRuns:
    """Return the runs that were retired by a moment, and exclude them from the store's answers.

    Raises:
        StorageError: the store cannot be read.
    """
    retirements = [
        decision
        for decision in decisions
        if isinstance(decision, RunRetirement) and decision.at <= now and decision.register == register
    ]
    if store is None or not retirements:
        return RetiredRuns()
    summaries = store.summaries({retirement.run_id for retirement in retirements})
    runs: dict[str, RunRetirement] = {}
    void: dict[str, RunRetirement] = {}
    refusals: list[str] = []
    for retirement in retirements:
        refusal = retirement_refusal(retirement, summaries.get(retirement.run_id), store, policy)
        if refusal is None:
            runs.setdefault(retirement.run_id, retirement)
        else:
            refusals.append(f"the retirement of run {retirement.run_id} does not hold: {refusal}")
            if retirement.run_id in summaries and summaries[retirement.run_id].register == register:
                void.setdefault(retirement.run_id, retirement)
    retired = RetiredRuns(
        runs, {id_: retirement for id_, retirement in void.items() if id_ not in runs}, refusals=tuple(refusals)
    )
    store.exclude_runs(runs, retired.void)
    contents = {run: store.salvage_run(run, register) for run in retired.all_runs}
    unknown = frozenset(run for run, content in contents.items() if content.planned is None)
    origins = {run: _origin(content) for run, content in contents.items() if content.head and not content.changed}
    return replace(retired, unknown=unknown, origins=origins)


def _origin(content: SalvagedRun) -> RunOrigin:
    """Return what a retired run was recorded for. Who recorded it, and how, is not asked of it."""
    release, subjects = content.head.get("release"), read_subjects(content.head.get("subjects"))
    conditions = RunConditions(subject_pairs=tuple(subjects.items()))
    return RunOrigin(release if isinstance(release, str) else None, conditions=conditions)


def retirement_refusal(
    retirement: RunRetirement, summary: RunSummary | None, store: EvidenceStore, policy: Policy
) -> str | None:
    """Return the reason why a run cannot be retired, in a sentence; None if it can.

    Raises:
        StorageError: the store cannot be read.
    """
    if summary is None or summary.register != retirement.register:
        return "there is no such run in the store"
    head = store.salvage_run(retirement.run_id, retirement.register).head
    recorders = {summary.actor, *(str(head[name]) for name in ("actor", "started_by") if head.get(name))}
    return may_decide(retirement.by, retirement.known_by, policy, recorders - {""})


def find_remaining_evidence(
    store: EvidenceStore | None, retired: RetiredRuns, other_evidence: Sequence[Evidence]
) -> list[Evidence]:
    """Return the evidence of retired runs that still counts.

    ``other_evidence``: evidence of other runs.

    Raises:
        StorageError: the store cannot be read.
    """
    all_runs = retired.all_runs
    if store is None or not all_runs:
        return []
    summaries = store.summaries(all_runs)
    remaining: list[Evidence] = []
    for run_id, retirement in all_runs.items():
        content = store.salvage_run(run_id, retirement.register)
        context = content.head.get("context")
        plain_context = context if isinstance(context, dict) and not content.changed else {}
        remains = RunRemains(
            run_id=run_id,
            register=retirement.register,
            started_at=summaries[run_id].started_at,
            environment=plain_context.get("environment"),
            provider_mode=plain_context.get("provider_mode"),
            evidence=content.evidence,
            unreported=content.unreported if content.planned is not None else None,
            why=retirement_sentence(retirement),
        )
        remaining += remaining_evidence(remains, other_evidence)
    return remaining
