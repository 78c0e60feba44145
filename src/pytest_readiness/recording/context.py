"""Context of a run: environment, provider mode, tenant, project."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct
from msgspec.structs import asdict, replace


class RunContext(Struct, frozen=True):
    """Context of a run from its options, or of a test from ``scope()``."""

    environment: str | None = None
    provider_mode: str | None = None
    tenant_id: str | None = None
    project_id: str | None = None
    usual_provider_mode: str | None = None
    """Provider mode of the config: the default of the run and the test."""
    parts: tuple[str, ...] = ()
    """Parts of an item that the test named."""
    environment_by: str | None = None
    """How the test stated the environment (``scope``); None: the run stated it, or it is unknown."""
    provider_mode_by: str | None = None
    """How the test stated the provider mode; None: the run or the config stated it, or it is unknown."""

    @property
    def owner(self) -> dict[str, Any]:
        """Tenant and project as keys of a line, if known."""
        if not (self.tenant_id or self.project_id):
            return {}
        values = {"tenant_id": self.tenant_id, "project_id": self.project_id}
        return {name: value for name, value in values.items() if value}

    def to_plain(self) -> dict[str, Any]:
        """Return the context as plain data, for an xdist worker."""
        return asdict(self)

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> RunContext:
        """Return the context from the data of ``to_plain``."""
        return replace(cls(**plain), parts=tuple(plain["parts"]))
