"""Which runs a bundle carries: those that show something, and those that keep a gate closed here.

A bundle without one of these would open the gate of another store: what cannot be carried is no silent omission.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence

from ..errors import IntegrityError, Problem, StorageError
from ..facts.decision import RunRetirement
from ..facts.evidence import Evidence
from ..facts.run import PlanEntry, Run
from ..journal.recovery import Leftover, find_leftovers, open_evidence
from ..store.integrity.chain import check_run
from ..store.protocol import RunSummary, Store
from .evaluate_project import EvaluationRequest, Project, evaluate_project

_NAMED = 3
"""How many runs are named; the others are counted."""


def runs_to_carry(
    place: Project, store: Store, use_cases: Sequence[str], chosen: Collection[str] | None
) -> list[RunSummary]:
    """Return the runs to carry, in the order of their ids.

    Args:
        place: whose register.
        store: the store.
        use_cases: what was asked for: ids or globs.
        chosen: the ids that these match; None: all of the register.

    Raises:
        IntegrityError: a run that was retired is broken, and was or may have been to show one of the use cases.
        StorageError, IntegrityError: something cannot be read.
    """
    runs = {run.id: run for run in store.runs(place.catalogue.register)}
    retired = [name for name in _retired(place, store, chosen) if name in runs]
    for name in retired:
        _refuse_broken(store, name)
    if chosen is not None:
        named = {piece.run_id for use_case in chosen for piece in store.history(place.catalogue.register, use_case)}
        named.update(retired, _holding(place, use_cases, runs.values()))
        # A group without one of its parts would stay incomplete, and without its last complete generation hold more.
        groups = {runs[name].group_id for name in named if name in runs} - {None}
        runs = {name: run for name, run in runs.items() if name in named or run.group_id in groups}
    return [runs[name] for name in sorted(runs)]


def _holding(place: Project, use_cases: Sequence[str], runs: Iterable[RunSummary]) -> set[str]:
    """Return the runs of the incomplete groups that hold the use cases, whether or not they show something of them."""
    if not any(run.group_id is not None for run in runs):
        return set()
    asked = EvaluationRequest(tuple(use_cases), on=place.policy.on, to_sign=False, stored_only=True)
    judged = evaluate_project(place, asked).readiness.use_cases
    return {run for use_case in judged for hold in use_case.group_holds for run in hold.runs}


def _retired(place: Project, store: Store, chosen: Collection[str] | None) -> Iterator[str]:
    """Yield the runs that were retired, and were or may have been to show one of the use cases."""
    register = place.catalogue.register
    decided = place.sources(store).register_decisions.decisions
    for run_id in dict.fromkeys(one.run_id for one in decided if isinstance(one, RunRetirement)):
        read = store.salvage_run(run_id, register)
        due = [test for test in read.planned or () if test.selected]
        if chosen is None or read.planned is None or not _named(due, read.evidence).isdisjoint(chosen):
            yield run_id


def _named(planned: Iterable[PlanEntry], evidence: Iterable[Evidence]) -> set[str]:
    return {use_case for test in planned for use_case, _ in test.claims} | {one.uc for one in evidence}


def _refuse_broken(store: Store, run_id: str) -> None:
    try:
        run = store.run(run_id)
        problem = next(check_run(run), None) if run is not None else None
    except IntegrityError as error:
        problem = Problem("", str(error))
    if problem is not None:
        why = f"{problem}; run {run_id} is retired, and without it an older pass could open the gate of another store"
        raise IntegrityError(f"not bundled: {why}: restore the store from a copy")


def refuse_unstored_runs(place: Project, store: Store | None, chosen: Collection[str] | None) -> None:
    """Refuse to leave out what lies in a journal, and is or may be about the use cases.

    Args:
        place: whose journals.
        store: what is in it already is not left out; None: there is none yet.
        chosen: the use cases; None: all of the register.

    Raises:
        StorageError: a run is not in the store yet.
        IntegrityError: a journal is damaged or was changed.
    """
    left = find_leftovers(place.journals)
    for one in left:
        if one.problem is not None:
            raise IntegrityError(f"not bundled, for nobody knows what else it holds: {one.problem}")
    about = [(one, one.run) for one in left if one.run is not None and _is_about(one.run, place, chosen)]
    kept = store.seals(run.id for _, run in about) if store is not None and about else {}
    outside = [one for one, run in about if run.seal is None or kept.get(run.id) != run.seal.digest]
    if outside:
        raise StorageError(f"not bundled: {_told(outside)}")


def _is_about(run: Run, place: Project, chosen: Collection[str] | None) -> bool:
    if run.register != place.catalogue.register:
        return False
    # A part of a group may hold use cases that it shows nothing of.
    return chosen is None or run.group is not None or not _named(run.planned, open_evidence(run)).isdisjoint(chosen)


def _told(outside: Sequence[Leftover]) -> str:
    names = [one.path.stem for one in outside]
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    those = f"{'run' if len(names) == 1 else 'runs'} {', '.join(names[:_NAMED])}{more}"
    first = "wait for what is still written, then run" if any(one.is_active for one in outside) else "run"
    lie = "lies in a journal and is" if len(names) == 1 else "lie in journals and are"
    return f"{those} {lie} not in the store yet: {first} `readiness recover`, and bundle again"
