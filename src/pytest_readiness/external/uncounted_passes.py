"""Reasons why a recorded pass satisfies no requirement of its item."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..claims.catalogue import Catalogue, Requirement

_NO_MODE = "no provider mode is given: use --provider-mode or READINESS_PROVIDER_MODE"
_NO_REPLAY = "the replay mode (FULL or TRACE_ONLY) is not given: use --replay-mode"


def uncounted_reason(claim: Mapping[str, Any], catalogue: Catalogue) -> str:
    """Return why a pass satisfies no requirement of its item; empty if it satisfies one, or is a rehearsal.

    Args:
        claim: the claim of the pass, as its line stores it.
        catalogue: the requirements.
    """
    if claim.get("not_real_because"):
        return ""
    parts = claim.get("parts", ())
    reasons = [
        _unmet_reason(requirement, claim)
        for requirement in catalogue.requirements(claim["use_case"])
        if requirement.item == claim["item"]
        and requirement.not_applicable is None
        and (not parts or requirement.part in (None, *parts))
    ]
    return "" if not reasons or "" in reasons else min(reasons, key=lambda reason: reason not in (_NO_MODE, _NO_REPLAY))


def _unmet_reason(requirement: Requirement, claim: Mapping[str, Any]) -> str:
    """Return why a pass does not satisfy a requirement, apart from proofs; empty if it does."""
    environment, mode = claim.get("environment"), claim.get("provider_mode")
    if requirement.environment not in (None, environment):
        return f"its item has no requirement in {environment}"
    if (limit := claim.get("claim_environment")) not in (None, environment):
        return f"its claim is limited to {limit}, and it ran in {environment}"
    if mode is None and (requirement.provider_mode or requirement.any_provider_mode):
        return _NO_MODE
    if requirement.provider_mode not in (None, mode):
        return f"its item has no requirement for provider mode {mode}"
    if (limit := claim.get("claim_provider_mode")) not in (None, mode):
        return f"its claim is limited to provider mode {limit}, and it ran with {mode or 'none'}"
    return _NO_REPLAY if requirement.proof == "replay" and not claim.get("replay_mode") else ""
