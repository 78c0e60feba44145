"""Snapshots of the requirements in force, stored by digest.

A snapshot contains what decides readiness (register rows, items, environments, policy). It omits descriptive fields
of a row: declared status, date, owner, notes and titles.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from ..claims.catalogue import Catalogue, UseCase
from .ledger.digest import digest
from .ledger.line import canonical


class Snapshot(Struct, frozen=True):
    """Canonical text of the requirements in force, and its digest."""

    text: str
    digest: str
    """``sha256:`` and 64 hex digits."""


def take_snapshot(catalogue: Catalogue, policy: Mapping[str, Any]) -> Snapshot:
    """Return the snapshot of a catalogue and its policy (plain data: review and gate settings)."""
    plain = replace(catalogue, use_cases={}).to_plain()
    plain["use_cases"] = [_deciding_fields(use_case) for use_case in catalogue.use_cases.values()]
    text = canonical({"catalogue": plain, "policy": dict(policy)})
    return Snapshot(text, snapshot_digest(text))


def snapshot_digest(text: str) -> str:
    """Return the digest of a snapshot's text: ``sha256:`` and 64 hex digits."""
    return f"sha256:{digest('requirements', text.encode())}"


_DESCRIPTIVE = frozenset(
    {"title", "owner", "declared_status", "declared_also", "declared_in", "last_updated", "notes", "line"}
)
_DECIDING = tuple(name for name in UseCase.__struct_fields__ if name not in {"id", *_DESCRIPTIVE})


def _deciding_fields(use_case: UseCase) -> dict[str, Any]:
    """Return the fields of a row that decide readiness, as plain data without empty ones."""
    return {"id": use_case.id} | {name: value for name in _DECIDING if (value := getattr(use_case, name))}
