"""Snapshots of the requirements in force: they change with what decides, and with nothing else."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from pytest_readiness.claims.catalogue import Catalogue, Environment, Item, UseCase
from pytest_readiness.facts.requirements_snapshot import snapshot_digest, take_snapshot

USE_CASE = UseCase(
    id="UC-001", title="t", owner="o", declared_status="NOT_STARTED", last_updated="2026-01-01", notes="n"
)
CATALOGUE = Catalogue(
    "payments",
    use_cases={"UC-001": USE_CASE},
    items={"1": Item("1", "title")},
    environments={"staging": Environment("staging", real=True)},
)
POLICY = {"gate": {"on": "review"}}


def digest_with(**row: Any) -> str:
    """Return the digest with other fields in the row of the use case."""
    return take_snapshot(replace(CATALOGUE, use_cases={"UC-001": replace(USE_CASE, **row)}), POLICY).digest


SAME = take_snapshot(CATALOGUE, POLICY).digest


@pytest.mark.parametrize(
    "row",
    [{"title": "x"}, {"owner": "x"}, {"declared_status": "BLOCKED"}, {"last_updated": "2027-01-01"}, {"notes": "x"}, {"line": 7}],
)  # fmt: skip
def test_what_a_row_only_tells_does_not_count(row: dict[str, Any]) -> None:
    """Status, date, owner, notes and title do not change the digest."""
    assert digest_with(**row) == SAME


@pytest.mark.parametrize("row", [{"environments": ("staging",)}, {"drills": ("failover",)}, {"provider_modes": ("B",)}])
def test_what_a_row_asks_for_counts(row: dict[str, Any]) -> None:
    """Scopes and drills of a use case are requirements."""
    assert digest_with(**row) != SAME


@pytest.mark.parametrize(
    "changed",
    [
        {"register": "other"},
        {"use_cases": {}},
        {"items": {"1": Item("1", "title", max_age_days=3)}},
        {"items": {"2": Item("2", "title")}},
        {"environments": {"staging": Environment("staging", real=False)}},
    ],
)
def test_items_environments_and_register_count(changed: dict[str, Any]) -> None:
    """What is asked of every use case, and where it counts, is part of it."""
    assert take_snapshot(replace(CATALOGUE, **changed), POLICY).digest != SAME


def test_the_policy_counts() -> None:
    """A weaker gate is another requirement."""
    assert take_snapshot(CATALOGUE, {"gate": {"on": "evidence"}}).digest != SAME


def test_the_text_is_what_the_digest_is_of() -> None:
    """Text and digest belong together, and equal catalogues have equal texts."""
    result = take_snapshot(CATALOGUE, POLICY)
    assert snapshot_digest(result.text) == result.digest
    assert result == take_snapshot(replace(CATALOGUE), dict(POLICY))
    assert result.digest.startswith("sha256:")
