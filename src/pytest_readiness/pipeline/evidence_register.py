"""Evidence register: every piece of evidence in scope, read when it is needed."""

from __future__ import annotations

import heapq
from collections.abc import Collection, Iterable, Iterator, Mapping
from enum import Enum

import msgspec
from msgspec import Struct

from ..facts.evidence import Evidence, by_number
from ..store.protocol import Store
from ..verdict.inputs import Facts, RunOrigin
from .load_inputs import FactSources, origins_of
from .project import Project


class RegisterKind(Enum):
    """Evidence register of a report."""

    NONE = "none"
    """Empty: the report needs only what decides."""
    CURRENT = "current"
    PAST = "past"
    """Of a given moment, whose facts contain the whole history."""


class EvidenceRegister(Struct, frozen=True):
    """Every piece of evidence of use cases, newest first. It is read again, in batches, each time it is iterated over.

    Iteration raises an IntegrityError if evidence was changed, and a StorageError if the store cannot be read.
    """

    project: Project
    use_cases: frozenset[str] | None
    """Ids of the use cases; None: all that have evidence."""
    in_journals: tuple[Evidence, ...] = ()
    """Evidence of runs in journals, which are left out if the store has them by then."""
    retired_runs: frozenset[str] = frozenset()
    """Runs that may be damaged, of which everything readable is returned."""

    def __iter__(self) -> Iterator[Evidence]:
        """Yield the evidence."""
        store = self.project.store()
        if store is None:
            yield from newest_first(self._in_scope(self.in_journals))
            return
        try:
            others = newest_first(self._in_scope(self._others(store)))
            recorded = store.recorded(self.project.catalogue.register, self.use_cases)
            yield from heapq.merge(recorded, others, key=_age, reverse=True) if others else recorded
        finally:
            store.close()

    def _others(self, store: Store) -> Iterator[Evidence]:
        """Yield the evidence that the store's answers leave out, and exclude the retired runs from these answers."""
        stored_runs = store.summaries({piece.run_id for piece in self.in_journals})
        yield from (piece for piece in self.in_journals if piece.run_id not in stored_runs)
        for run_id in sorted(self.retired_runs):
            yield from filter(_is_readable, store.salvage_run(run_id, self.project.catalogue.register).evidence)
        store.exclude_runs(self.retired_runs)

    def _in_scope(self, pieces: Iterable[Evidence]) -> Iterator[Evidence]:
        return (piece for piece in pieces if self.use_cases is None or piece.uc in self.use_cases)


def _is_readable(piece: Evidence) -> bool:
    """Return whether every field has its type: a damaged line may contain any value."""
    try:
        msgspec.convert(msgspec.to_builtins(piece), Evidence)
    except (TypeError, ValueError):
        return False
    return True


def evidence_register(
    project: Project,
    sources: FactSources,
    facts: Facts,
    use_cases: Collection[str] | None,
    kind: RegisterKind,
) -> tuple[Iterable[Evidence], Mapping[str, RunOrigin]]:
    """Return every piece of evidence of use cases, newest first, and the origins of its runs, by id.

    Args:
        project: the project.
        sources: the sources of the facts.
        facts: the facts of the evaluation.
        use_cases: ids of the use cases; None: all that have evidence.
        kind: the register that is needed.
    """
    if kind is RegisterKind.NONE:
        return (), facts.origins
    if kind is RegisterKind.PAST:
        return newest_first(facts.evidence), facts.origins
    in_journals = tuple(sources.journal_evidence())
    names, retired = None if use_cases is None else frozenset(use_cases), frozenset(facts.run_retirements)
    runs = {run.id for run in sources.runs} - retired - facts.origins.keys()
    return EvidenceRegister(project, names, in_journals, retired), {**origins_of(sources, runs), **facts.origins}


def newest_first(evidence: Iterable[Evidence]) -> tuple[Evidence, ...]:
    """Return pieces of evidence with the newest end first; of one moment, the later id first."""
    return tuple(sorted(evidence, key=_age, reverse=True))


def _age(piece: Evidence) -> tuple[str, tuple[str, int, int]]:
    return piece.timestamp, by_number(piece)
