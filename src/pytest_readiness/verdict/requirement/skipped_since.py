"""Newer skips of tests whose older result still decides a requirement, since a skip replaces nothing."""

from __future__ import annotations

from ...facts.evidence import Evidence, ExecutionStanding, Result
from .execution_ledger import ExecutionLedger, RequirementExecutions, Scope, in_order, scope_of


def skipped_since(selected: RequirementExecutions, ledger: ExecutionLedger) -> tuple[Evidence, ...]:
    """Return the newest skip, or expected failure, of each test and place that decides and was skipped ever since.

    A test is skipped before it can name its place, so a skip without an environment or a provider mode is about any.
    Skips in rehearsals, in runs that have not ended, and of what does not count are left out.
    """
    skips = [execution for execution in selected.matching if _is_skip(execution, ledger)]
    if not skips:  # the usual case
        return ()
    deciding: dict[str, list[Evidence]] = {}
    for execution in selected.deciding:
        deciding.setdefault(execution.test_id, []).append(execution)
    newest: dict[Scope, Evidence] = {}
    for skip in skips:  # newest first
        here = [execution for execution in deciding.get(skip.test_id, ()) if _is_about(skip, execution)]
        if here and all(execution.started_at < skip.started_at for execution in here):
            newest.setdefault(scope_of(skip), skip)
    return in_order(newest.values())


def _is_skip(execution: Evidence, ledger: ExecutionLedger) -> bool:
    return (
        execution.standing is ExecutionStanding.IDLE
        and execution.result is not Result.NOT_RUN
        and execution.real
        and execution.id not in ledger.excluded
        and execution.run_id not in ledger.open_runs
        and not ledger.is_future(execution)
    )


def _is_about(skip: Evidence, execution: Evidence) -> bool:
    return skip.environment in (None, execution.environment) and skip.provider_mode in (None, execution.provider_mode)
