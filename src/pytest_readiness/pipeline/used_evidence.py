"""Evidence that an evaluation used, and the problems of the store and the journals with it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from ..errors import Problem
from ..facts.evidence import Evidence
from ..store.protocol import EvidenceStore
from ..verdict.readiness import Readiness

if TYPE_CHECKING:  # most commands find no journal left over
    from ..journal.leftover_reader import Leftover


def used_evidence(readiness: Readiness) -> list[Evidence]:
    """Return the evidence of all requirements of a readiness."""
    return [
        piece
        for use_case in readiness.use_cases
        for requirement in use_case.requirements
        for piece in requirement.evidence
    ]


def stored_evidence(
    store: EvidenceStore | None, leftovers: Iterable[Leftover], evidence: Sequence[Evidence]
) -> list[Evidence]:
    """Return the evidence that the store must contain. A run that is only in a journal is left out."""
    if store is None:
        return []
    in_journal = {leftover.run.id for leftover in leftovers if leftover.run is not None}
    only_in_journal = in_journal - store.summaries(in_journal).keys() if in_journal else in_journal
    return [piece for piece in evidence if piece.run_id not in only_in_journal]


def find_problems(
    store: EvidenceStore | None, leftovers: Iterable[Leftover], used_evidence: Sequence[Evidence]
) -> list[Problem]:
    """Return the problems of the journals, and of the stored runs and lines that the evaluation used."""
    problems = [Problem("", str(leftover.problem)) for leftover in leftovers if leftover.problem is not None]
    return [*problems, *store.check(used_evidence)] if store is not None else problems
