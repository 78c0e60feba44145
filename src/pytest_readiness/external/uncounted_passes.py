"""Passes that are recorded and satisfy nothing, since they do not say what their item asks for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..claims.catalogue import Catalogue, Requirement

_NO_MODE = "no provider mode is stated: give --provider-mode or READINESS_PROVIDER_MODE"
_NO_REPLAY = "nothing says whether the replay was FULL or TRACE_ONLY: give --replay-mode"


def uncounted_reason(claim: Mapping[str, Any], catalogue: Catalogue) -> str:
    """Return why a pass satisfies no requirement of its item; nothing where it does, or is a rehearsal.

    Args:
        claim: of the pass, as its line holds it.
        catalogue: what is required.
    """
    if claim.get("not_real_because"):
        return ""
    parts = claim.get("parts", ())
    reasons = [
        _lacks(one, claim)
        for one in catalogue.requirements(claim["use_case"])
        if one.item == claim["item"] and one.not_applicable is None and (not parts or one.part in (None, *parts))
    ]
    return "" if not reasons or "" in reasons else min(reasons, key=lambda one: one not in (_NO_MODE, _NO_REPLAY))


def _lacks(requirement: Requirement, claim: Mapping[str, Any]) -> str:
    """Return what keeps a pass from satisfying a requirement, proofs aside."""
    environment, mode = claim.get("environment"), claim.get("provider_mode")
    if requirement.environment not in (None, environment):
        return f"nothing is required of it in {environment}"
    if (limit := claim.get("claim_environment")) not in (None, environment):
        return f"it is for {limit} alone, and took place in {environment}"
    if mode is None and (requirement.provider_mode or requirement.any_provider_mode):
        return _NO_MODE
    if requirement.provider_mode not in (None, mode):
        return f"nothing is required of it with provider mode {mode}"
    if (limit := claim.get("claim_provider_mode")) not in (None, mode):
        return f"it is for provider mode {limit} alone, and had {mode or 'none'}"
    return _NO_REPLAY if requirement.proof == "replay" and not claim.get("replay_mode") else ""
