"""Digests: SHA-256 with a prefix for each kind."""

from __future__ import annotations

import hashlib

from hypothesis import given, strategies as st

from pytest_readiness.facts.ledger.digest import EMPTY, digest
from pytest_readiness.facts.ledger.line import line_digest

KINDS = st.sampled_from(["line", "planned", "requirements"])


@given(KINDS, st.binary())
def test_it_is_sha256_of_the_kind_and_the_data(kind: str, data: bytes) -> None:
    """A digest can be computed again with the standard library."""
    assert digest(kind, data) == hashlib.sha256(b"readiness/" + kind.encode() + b"/v1\0" + data).hexdigest()
    assert digest(kind, data) != EMPTY


@given(st.binary(), KINDS, KINDS)
def test_a_digest_of_one_kind_never_stands_for_another(data: bytes, first: str, other: str) -> None:
    """The same data has a different digest under each kind."""
    assert (digest(first, data) == digest(other, data)) == (first == other)


def test_the_digest_of_a_line_is_fixed() -> None:
    """The digest of a known text is pinned, so that stored data still verifies in later versions."""
    assert line_digest('{"seq":0}') == "8a5667b5841cc86b704996f377a2c83c09fad750dc372b652fdda5a4cc77d2f5"
