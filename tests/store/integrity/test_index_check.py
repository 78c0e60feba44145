"""Fast check of evidence that was read for an answer, against its line, the next line, and its index."""

from __future__ import annotations

from hypothesis import given, strategies as st
from msgspec.structs import replace

from pytest_readiness.facts.evidence import Evidence, Result
from pytest_readiness.store.integrity.index_check import INDEX_WIDTH, matches_index
from tests.store.runs import evidence_row, slot_row

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


DIGEST = "d" * 64


def matches(evidence: Evidence, indexed: Evidence, *, stored: str = DIGEST, following: str = DIGEST) -> bool:
    """Whether evidence is taken as valid with the index of another piece, and what its lines say of its digest."""
    index = (*evidence_row(indexed), *slot_row(indexed))
    assert len(index) == INDEX_WIDTH
    derived = evidence_row(evidence), slot_row(evidence)
    return matches_index(derived, DIGEST, (*index, "text", stored, f'{{"kind":"sealed","prev":"{following}"}}'))


@given(EVIDENCE)
def test_evidence_with_its_own_index_is_valid(evidence: Evidence) -> None:
    """Evidence matches the columns that are written when its run is kept, and no line of another digest."""
    assert matches(evidence, evidence)
    assert not matches(evidence, evidence, stored="e" * 64)
    assert not matches(evidence, evidence, following="e" * 64)


@given(EVIDENCE, st.sampled_from(["uc", "item", "test_id", "environment", "replay_mode", "started_at", "register"]))
def test_another_place_has_another_index(evidence: Evidence, name: str) -> None:
    """What two slots have in common is not taken for what they differ in."""
    assert not matches(evidence, replace(evidence, **{name: f"{getattr(evidence, name)}x"}))
