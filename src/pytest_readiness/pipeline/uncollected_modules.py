"""Notes on modules that could not be collected: of their tests only the number of modules is known."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

from ..errors import IntegrityError
from ..facts.run_conditions import RunConditions
from ..verdict.inputs import Facts
from ..verdict.readiness import Readiness
from .load_inputs import FactSources, origins_of

_MAX_NOTES = 3
"""Number of runs that have a note of their own."""


def uncollected_notes(sources: FactSources, facts: Facts, readiness: Readiness) -> Iterator[str]:
    """Yield a sentence for each run that could not collect all modules: the newest run, and runs that decide."""
    newest = _newest_run(sources, readiness.register, readiness.at, facts)
    with_remarks = {id_ for id_, origin in facts.origins.items() if origin.conditions.unrecorded_remark}
    requirements = (
        (requirement for use_case in readiness.use_cases for requirement in use_case.required) if with_remarks else ()
    )
    runs = {piece.run_id for requirement in requirements for piece in requirement.deciding}
    deciding = {id_: facts.origins[id_].conditions for id_ in sorted(runs & with_remarks, reverse=True)}
    remarks = [
        (id_, remark) for id_, conditions in {**newest, **deciding}.items() if (remark := conditions.unrecorded_remark)
    ]
    yield from (f"run {id_}: {remark}" for id_, remark in remarks[:_MAX_NOTES])
    if len(remarks) > _MAX_NOTES:
        yield f"modules could not be collected in {len(remarks) - _MAX_NOTES} more of the runs that decide"


def _newest_run(sources: FactSources, register: str, until: str, facts: Facts) -> dict[str, RunConditions]:
    """Return the conditions of the run that started last, in the store or finalized in a journal, by its id."""
    sealed = [
        (run.started_at, id_)
        for id_, run in sources.journal_runs.items()
        if run.seal is not None and (run.finished_at or "") <= until
    ]
    stored_run = sources.store.newest_run(register, until) if sources.store is not None else None
    ids = [*([max(sealed)[1]] if sealed else []), *([stored_run] if stored_run is not None else [])]
    with suppress(IntegrityError):  # the run is not used here: ``verify`` reports that it is damaged
        origins = origins_of(sources, [id_ for id_ in ids if id_ not in facts.run_retirements])
        candidates = [(origins[id_].started_at, id_) for id_ in ids if id_ in origins]
        return {id_: origins[id_].conditions for _, id_ in [max(candidates)]} if candidates else {}
    return {}
