"""Indexes of evidence and open runs by use case and item."""

from __future__ import annotations

from collections.abc import Iterable

from ..facts.evidence import Evidence
from .inputs import Facts


def by_item(evidence: Iterable[Evidence]) -> dict[str, dict[str, list[Evidence]]]:
    """Return the evidence by use case and item, without duplicates: a run may be in the store and in a journal."""
    index: dict[str, dict[str, list[Evidence]]] = {}
    for execution in {execution.id: execution for execution in evidence}.values():
        index.setdefault(execution.uc, {}).setdefault(execution.item, []).append(execution)
    return index


def by_use_case(evidence: Iterable[Evidence]) -> dict[str, list[Evidence]]:
    """Return the evidence by use case."""
    index: dict[str, list[Evidence]] = {}
    for execution in evidence:
        index.setdefault(execution.uc, []).append(execution)
    return index


def open_runs_by_use_case(facts: Facts, evidence: Iterable[Evidence]) -> dict[str, set[str]]:
    """Return the ids of the open runs that planned or recorded something for each use case."""
    runs: dict[str, set[str]] = {}
    for run, use_cases in facts.open_runs.items():
        for use_case in use_cases:
            runs.setdefault(use_case, set()).add(run)
    for execution in evidence:
        if execution.run_id in facts.open_runs:
            runs.setdefault(execution.uc, set()).add(execution.run_id)
    return runs
