"""Where a run takes place: environment, provider mode, tenant, project, and what that makes of a claim."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from ..claims.catalogue import Catalogue
from ..claims.claim import Claim


@dataclass(frozen=True, slots=True)
class Context:
    """What is known of the place, from the options of the run or, more precisely, from ``scope()`` in a test."""

    environment: str | None = None
    provider_mode: str | None = None
    tenant_id: str | None = None
    project_id: str | None = None
    usual_provider_mode: str | None = None
    """Provider mode of the config: holds where neither the run, the marker nor the test says another."""
    parts: tuple[str, ...] = ()
    """Parts of an item that the test named."""

    def to_plain(self) -> dict[str, Any]:
        """Return it as plain data (for an xdist worker)."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> Context:
        """Return the context that ``to_plain`` described."""
        return replace(cls(**plain), parts=tuple(plain["parts"]))


def placed(claim: Claim, context: Context, catalogue: Catalogue) -> dict[str, Any]:
    """Return the claim as evidence holds it: with where it ran, and why it is a rehearsal if it is one.

    What the test or the run says about the place goes before what the marker says: a test marked for staging that
    runs in dev is dev's evidence, and does not cover staging.
    """
    environment = context.environment or claim.environment
    mode = context.provider_mode or claim.provider_mode or context.usual_provider_mode
    parts = [claim.part] if claim.part else [part for part in context.parts if _has_part(catalogue, claim, part)]
    found = {
        "use_case": claim.use_case,
        "item": claim.item,
        "environment": environment,
        "provider_mode": mode,
        "claim_environment": claim.environment,
        "claim_provider_mode": claim.provider_mode,
        "replay_mode": claim.replay_mode,
        "not_real_because": _optimised() or catalogue.not_real_because(environment, mode),
        "parts": parts,
    }
    return {name: value for name, value in found.items() if value not in (None, [])}


def _has_part(catalogue: Catalogue, claim: Claim, part: str) -> bool:
    return catalogue.open_world or part in catalogue.parts(claim.use_case, claim.item)


def _optimised() -> str | None:
    return "python -O removes assertions" if sys.flags.optimize else None
