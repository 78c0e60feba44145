"""Reasons why a piece of evidence that a report shows does not count for a requirement."""

from __future__ import annotations

from ...claims.catalogue import Requirement
from ...errors import count
from ...facts.evidence import Evidence, Result
from .. import explanations
from ..evidence_standing import REPLACED, own_reason
from ..readiness import State
from .execution_ledger import ExecutionLedger, RequirementExecutions

Uncounted = tuple[State, str]
"""What evidence shows that does not count (STALE, REHEARSED; MISSING: nothing), and why, in a sentence."""


def expired(requirement: Requirement) -> Uncounted:
    """Return that a pass is older than the requirement allows."""
    return State.STALE, f"it expired: it is more than {count(requirement.max_age_days or 0, 'day')} old"


def why_uncounted(
    requirement: Requirement, execution: Evidence, selected: RequirementExecutions, ledger: ExecutionLedger
) -> Uncounted:
    """Return why an execution about a requirement decides nothing: the first reason that holds."""
    state, passed = State.MISSING, execution.result is Result.PASSED
    if execution.id in selected.excluded:
        why = selected.excluded[execution.id]
    elif (own := own_reason(execution)) is not None:
        state, why = own
    elif passed and ledger.is_future(execution):
        why = "it starts after this moment"
    elif passed and execution.run_id in ledger.open_runs:
        why = "its run has not ended (`readiness recover` seals a run that crashed)"
    elif not ledger.places.counts(execution):
        state, why = State.REHEARSED, explanations.not_real_now(execution)
    elif requirement.undeclared_environment:
        why = "no real environment is declared for the requirement"
    elif execution.provider_mode is None and (requirement.provider_mode or requirement.any_provider_mode):
        why = "it does not state a provider mode"
    else:
        why = REPLACED
    return state, why
