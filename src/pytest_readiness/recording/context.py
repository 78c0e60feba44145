"""Where a run takes place: environment, provider mode, tenant, project."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any

from ..fast_values import dataclass


@dataclass(frozen=True, slots=True)
class RunContext:
    """What is known of the place, from the options of the run or, more precisely, from ``scope()`` in a test."""

    environment: str | None = None
    provider_mode: str | None = None
    tenant_id: str | None = None
    project_id: str | None = None
    usual_provider_mode: str | None = None
    """Provider mode of the config: holds where neither the run nor the test says another."""
    parts: tuple[str, ...] = ()
    """Parts of an item that the test named."""
    environment_by: str | None = None
    """How the test itself said the environment (``scope``); None: the run said it, or nobody."""
    provider_mode_by: str | None = None
    """How the test itself said the provider mode; None: the run or the config said it, or nobody."""

    @property
    def owner(self) -> dict[str, Any]:
        """Tenant and project as a line holds them: those that are known."""
        if not (self.tenant_id or self.project_id):
            return {}
        known = {"tenant_id": self.tenant_id, "project_id": self.project_id}
        return {name: value for name, value in known.items() if value}

    def to_plain(self) -> dict[str, Any]:
        """Return it as plain data (for an xdist worker)."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> RunContext:
        """Return the context that ``to_plain`` described."""
        return replace(cls(**plain), parts=tuple(plain["parts"]))
