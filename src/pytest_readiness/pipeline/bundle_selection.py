"""Selection of the runs that a bundle contains: runs with evidence, and runs that keep a gate closed.

A bundle without one of these runs could open the gate of another store, so that a run that cannot be exported is an
error.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence

from ..errors import IntegrityError, Problem, StorageError, first_names
from ..facts.decision import RunRetirement
from ..facts.evidence import Evidence
from ..facts.run import PlanEntry, Run
from ..journal.folder import find_leftovers
from ..journal.leftover_reader import Leftover
from ..journal.open_runs import open_evidence
from ..store.integrity.chain import check_run
from ..store.protocol import EvidenceStore, RunSummary, Store
from .evaluate_project import EvaluationRequest, Project, evaluate_project

_NAMED = 3
"""Number of runs that a message names; the others are counted."""


def runs_to_export(
    project: Project, store: Store, use_cases: Sequence[str], chosen: Collection[str] | None
) -> list[RunSummary]:
    """Return the runs to export, in the order of their ids.

    Args:
        project: the project with the register.
        store: the store.
        use_cases: the requested ids or globs.
        chosen: the ids that match; None means all of the register.

    Raises:
        IntegrityError: a retired run is damaged, and may belong to one of the use cases; or the store is not intact.
        StorageError: the store cannot be read.
    """
    runs = {run.id: run for run in store.runs(project.catalogue.register)}
    retired = [name for name in _retired_runs(project, store, chosen) if name in runs]
    for name in retired:
        _refuse_damaged(store, name)
    if chosen is not None:
        run_ids = {piece.run_id for use_case in chosen for piece in store.history(project.catalogue.register, use_case)}
        run_ids.update(retired, _runs_keeping_closed(project, use_cases, runs.values()))
        run_ids.update(_runs_of_versions(project, store, chosen))
        # A group needs all its parts to be complete, and its last complete generation limits what it keeps closed.
        groups = {runs[name].group_id for name in run_ids if name in runs} - {None}
        runs = {name: run for name, run in runs.items() if name in run_ids or run.group_id in groups}
    return [runs[name] for name in sorted(runs)]


def _runs_keeping_closed(project: Project, use_cases: Sequence[str], runs: Iterable[RunSummary]) -> set[str]:
    """Return the runs of incomplete groups that keep the use cases closed, with or without evidence for them."""
    if not any(run.group_id is not None for run in runs):
        return set()
    request = EvaluationRequest(tuple(use_cases), on=project.policy.on, to_sign=False, stored_only=True)
    use_case_readiness = evaluate_project(project, request).readiness.use_cases
    return {run for use_case in use_case_readiness for hold in use_case.group_holds for run in hold.runs}


def _runs_of_versions(project: Project, store: Store, chosen: Collection[str]) -> set[str]:
    """Return the parts of run groups that collected the use cases for a release or for digests.

    Who judges that version may wait for them, also where a later complete group of another version followed.
    """
    parts = store.group_parts(project.catalogue.register)
    plans = store.plans([part.run_id for part in parts if part.release is not None or part.subjects])
    return {run for run, planned in plans.items() if not _named_use_cases(planned, ()).isdisjoint(chosen)}


def _retired_runs(project: Project, store: Store, chosen: Collection[str] | None) -> Iterator[str]:
    """Yield the retired runs that have, or may have, evidence for one of the use cases."""
    register = project.catalogue.register
    decisions = project.sources(store).register_decisions.decisions
    for run_id in dict.fromkeys(decision.run_id for decision in decisions if isinstance(decision, RunRetirement)):
        content = store.salvage_run(run_id, register)
        selected_tests = [test for test in content.planned or () if test.selected]
        if (
            chosen is None
            or content.planned is None
            or not _named_use_cases(selected_tests, content.evidence).isdisjoint(chosen)
        ):
            yield run_id


def _named_use_cases(planned: Iterable[PlanEntry], evidence: Iterable[Evidence]) -> set[str]:
    return {use_case for test in planned for use_case, _ in test.claims} | {piece.uc for piece in evidence}


def _refuse_damaged(store: EvidenceStore, run_id: str) -> None:
    try:
        run = store.run(run_id)
        problem = next(check_run(run), None) if run is not None else None
    except IntegrityError as error:
        problem = Problem("", str(error))
    if problem is not None:
        reason = (
            f"{problem}; run {run_id} is retired, and without it an older pass could open the gate of another store"
        )
        raise IntegrityError(f"not exported: {reason}: restore the store from a copy")


def refuse_unstored_runs(project: Project, store: EvidenceStore | None, chosen: Collection[str] | None) -> None:
    """Raise an error if a journal has a run that is not stored, and is or may be about the use cases.

    Args:
        project: the project with the journals.
        store: the store, which exports its own runs; None means that there is no store.
        chosen: the use cases; None means all of the register.

    Raises:
        StorageError: a run is not in the store yet.
        IntegrityError: a journal is damaged or was changed.
    """
    unstored = find_leftovers(project.journals)
    for leftover in unstored:
        if leftover.problem is not None:
            raise IntegrityError(f"not exported, since a journal is damaged: {leftover.problem}")
    concerned = [
        (leftover, leftover.run)
        for leftover in unstored
        if leftover.run is not None and _is_about(leftover.run, project, chosen)
    ]
    stored_seals = store.seals(run.id for _, run in concerned) if store is not None and concerned else {}
    missing = [
        leftover for leftover, run in concerned if run.seal is None or stored_seals.get(run.id) != run.seal.digest
    ]
    if missing:
        raise StorageError(f"not exported: {_missing_text(missing)}")


def _is_about(run: Run, project: Project, chosen: Collection[str] | None) -> bool:
    if run.register != project.catalogue.register:
        return False
    # A part of a group may keep use cases closed for which it has no evidence.
    return (
        chosen is None
        or run.group is not None
        or not _named_use_cases(run.planned, open_evidence(run)).isdisjoint(chosen)
    )


def _missing_text(missing: Sequence[Leftover]) -> str:
    names = [leftover.path.stem for leftover in missing]
    runs = f"{'run' if len(names) == 1 else 'runs'} {first_names(names, _NAMED)}"
    wait = "wait for runs that are still written, then " if any(leftover.is_active for leftover in missing) else ""
    are = "is in a journal and" if len(names) == 1 else "are in journals and"
    return f"{runs} {are} not in the store yet: {wait}run `readiness recover`, and export again"
