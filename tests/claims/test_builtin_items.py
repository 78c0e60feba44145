"""Recognition of a tracker's item as one of the seven built-in items."""

from __future__ import annotations

import pytest

from pytest_readiness.claims.builtin_items import BUILTIN_ITEMS, recognise_item


@pytest.mark.parametrize("item", BUILTIN_ITEMS, ids=lambda item: item.name)
def test_our_own_sentences_are_recognised(item):
    """Each built-in title matches its own item and no other, so that our template gives the seven."""
    assert recognise_item(item.key, item.title) == item


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("API credentials are accepted by the vendor", "credential"),
        ("TLS Handshake with the target", "handshake"),
        ("the build is ATTESTED", "attestation"),
        ("capture a trace of one live run", "trace"),
        ("replaying yesterday's run", "replay"),
        ("keys are rotated and revoked", "secrets"),
        ("revocation and rotation of tokens", "secrets"),
        ("two outage drills per quarter", "drill"),
    ],
)
def test_the_meaning_attaches_to_text_that_speaks_of_it(text, name):
    """A tracker's text gets the built-in meaning that it matches, with the tracker's number and text."""
    item = recognise_item("42", text)
    assert (item.key, item.title, item.name) == ("42", text, name)
    meaning = next(builtin for builtin in BUILTIN_ITEMS if builtin.name == name)
    assert (item.scope, item.parts, item.proof, item.max_age_days) == (
        meaning.scope,
        meaning.parts,
        meaning.proof,
        meaning.max_age_days,
    )


@pytest.mark.parametrize(
    "text", ["Dashboards are linked", "the trace is pretty", "replay the drill", "rotate the logs", ""]
)
def test_anything_else_is_plain(text):
    """A text that matches no built-in item, or two, requires one real pass and nothing more."""
    item = recognise_item("3", text)
    assert (item.name, item.proof, item.scope, item.parts, item.max_age_days) == (None, "none", (), (), None)
