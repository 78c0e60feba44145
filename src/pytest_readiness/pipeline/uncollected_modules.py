"""Modules that could not be collected: told beside the verdict, as what they hold left no trace but their count."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

from ..errors import IntegrityError
from ..facts.run_conditions import RunConditions
from ..verdict.inputs import Facts
from ..verdict.readiness import Readiness
from .load_inputs import FactSources, origins_of

_MOST = 3
"""Runs that are told one by one; of more there is only the number."""


def uncollected_notes(sources: FactSources, facts: Facts, readiness: Readiness) -> Iterator[str]:
    """Yield a sentence for each run that could not collect everything: the newest one, and those that decide."""
    newest = _newest(sources, readiness.register, readiness.at, facts)
    concerned = {id_ for id_, origin in facts.origins.items() if origin.conditions.unrecorded_remark}
    required = (one for use_case in readiness.use_cases for one in use_case.required) if concerned else ()
    runs = {piece.run_id for one in required for piece in one.deciding}
    known = {id_: facts.origins[id_].conditions for id_ in sorted(runs & concerned, reverse=True)}
    remarks = [(id_, told) for id_, how in {**newest, **known}.items() if (told := how.unrecorded_remark)]
    yield from (f"run {id_}: {told}" for id_, told in remarks[:_MOST])
    if len(remarks) > _MOST:
        yield f"modules could not be collected in {len(remarks) - _MOST} more of the runs that decide"


def _newest(sources: FactSources, register: str, until: str, facts: Facts) -> dict[str, RunConditions]:
    """Return how the run was conducted that started last, in the store or sealed in a journal."""
    sealed = [
        (run.started_at, id_)
        for id_, run in sources.journal_runs.items()
        if run.seal is not None and (run.finished_at or "") <= until
    ]
    kept = sources.store.newest_run(register, until) if sources.store is not None else None
    ids = [*([max(sealed)[1]] if sealed else []), *([kept] if kept is not None else [])]
    with suppress(IntegrityError):  # a run that nothing rests on: verify tells that it is damaged
        origins = origins_of(sources, [id_ for id_ in ids if id_ not in facts.run_retirements])
        there = [(origins[id_].started_at, id_) for id_ in ids if id_ in origins]
        return {id_: origins[id_].conditions for _, id_ in [max(there)]} if there else {}
    return {}
