"""Changes by one run: the use cases that it touched, evaluated once more without it."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace

from ..claims.catalogue import Catalogue
from ..facts.evidence import Evidence
from ..verdict.changes import Change, changes_between
from ..verdict.evaluation import evaluate
from ..verdict.inputs import Facts, JudgedVersion
from ..verdict.policy import Policy
from ..verdict.readiness import Readiness
from ..verdict.snapshots import EvaluationSnapshot
from .load_inputs import FactSources, earliest_evidence, origins_of


class EvaluatedRun(Struct, frozen=True):
    """A run, and what it was evaluated with."""

    id: str
    catalogue: Catalogue
    policy: Policy
    facts: Facts
    """Facts with the evidence of the run."""
    judged: JudgedVersion


def changes_by_run(run: EvaluatedRun, sources: FactSources, readiness: Readiness) -> tuple[Change, ...]:
    """Return what stands differently because of a run. Excludes the run from further answers of the store.

    Everything else is equal, the clock too: what expired meanwhile is no change by the run.

    Args:
        run: the run.
        sources: the sources of its facts, with the open store.
        readiness: the readiness with the run.

    Raises:
        StorageError, IntegrityError: the store cannot be read.
    """
    in_scope = {use_case.use_case.id: use_case for use_case in readiness.use_cases}
    touched = sorted({piece.uc for piece in run.facts.evidence if piece.run_id == run.id} & in_scope.keys())
    if not touched:
        return ()
    facts = _facts_without(run, sources, touched)
    release, subjects = run.judged.release, run.judged.subjects
    before = evaluate(run.catalogue, run.policy, facts, readiness.at, touched, release=release, subjects=subjects)
    after = replace(readiness, use_cases=tuple(in_scope[use_case.use_case.id] for use_case in before.use_cases))
    return changes_between(EvaluationSnapshot.from_readiness(before), EvaluationSnapshot.from_readiness(after))


def _facts_without(run: EvaluatedRun, sources: FactSources, use_cases: Sequence[str]) -> Facts:
    """Return the facts about use cases that were known without the run."""
    facts, names = run.facts, frozenset(use_cases)
    evidence = [piece for piece in facts.evidence if piece.run_id != run.id and piece.uc in names]
    evidence = _unique([*evidence, *_replaced_evidence(run, sources, use_cases)])
    unknown = {piece.run_id for piece in evidence} - facts.origins.keys() - facts.run_retirements.keys()
    return replace(
        facts,
        evidence=evidence,
        adverse=[piece for piece in facts.adverse if piece.run_id != run.id and piece.uc in names],
        parts=(),  # they hold the gate, not a status
        origins={**facts.origins, **origins_of(sources, unknown)} if unknown else facts.origins,
    )


def _replaced_evidence(run: EvaluatedRun, sources: FactSources, use_cases: Sequence[str]) -> list[Evidence]:
    """Return the newest evidence of other runs, which that of the run may have replaced."""
    store = sources.store
    if store is None or run.id not in store.summaries([run.id]):
        return []  # what is only in a journal replaced nothing in the store
    store.exclude_runs(run.facts.retired_runs, {*run.facts.void_run_retirements, run.id})
    evidence = store.newest(sources.register, use_cases)
    return [*evidence, *earliest_evidence(sources, evidence)]


def _unique(evidence: Sequence[Evidence]) -> list[Evidence]:
    return list({piece.id: piece for piece in evidence}.values())
