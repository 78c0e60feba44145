"""Fast index check: its columns equal those of the slow derivation."""

from __future__ import annotations

from hypothesis import given, strategies as st
from msgspec.structs import replace

from pytest_readiness.facts.evidence import Evidence, Result
from pytest_readiness.store.integrity.index import evidence_row, slot_row
from pytest_readiness.store.integrity.index_check import index_columns

TEXTS = st.text(st.characters(exclude_categories=("Cs",)), max_size=6)
SOME = st.none() | TEXTS
EVIDENCE = st.builds(
    Evidence,
    id=st.just("20260212T182900Z-00000001.2.3"),
    uc=TEXTS,
    environment=SOME,
    provider_mode=SOME,
    item=TEXTS,
    test_id=TEXTS,
    result=st.sampled_from(Result),
    timestamp=TEXTS,
    register=TEXTS,
    run_id=TEXTS,
    seq=st.integers(0, 9),
    started_at=TEXTS,
    real=st.booleans(),
    claim_environment=SOME,
    claim_provider_mode=SOME,
    parts=st.lists(TEXTS, max_size=3).map(tuple),
    replay_mode=SOME,
    open_scope=st.booleans(),
    environment_by=st.none() | st.just("scope"),
    provider_mode_by=st.none() | st.sampled_from(["scope", "credential"]),
    beside=st.none() | st.sampled_from(["BYOK", "BYOK/MANAGED"]),
    simulated=st.booleans(),
)


@given(EVIDENCE)
def test_an_index_is_derived_alike(evidence: Evidence) -> None:
    """Every column, the key of the slot among them, is the one that is written when a run is kept."""
    assert index_columns(evidence, 3) == (*evidence_row(evidence), *slot_row(evidence))


@given(EVIDENCE, st.sampled_from(["uc", "item", "test_id", "environment", "replay_mode"]))
def test_another_place_has_another_index(evidence: Evidence, name: str) -> None:
    """What two slots have in common is remembered, and what they differ in is not mistaken for it."""
    other = replace(evidence, **{name: f"{getattr(evidence, name)}x"})
    assert index_columns(other, 3) != index_columns(evidence, 3)
