"""How a tracker's own sentence is recognised as one of the seven meanings."""

from __future__ import annotations

import pytest

from pytest_readiness.claims.builtin_items import BUILTIN_ITEMS, recognise_item


@pytest.mark.parametrize("item", BUILTIN_ITEMS, ids=lambda item: item.name)
def test_our_own_sentences_are_recognised(item):
    """Each built-in title speaks of its own meaning and of no other, so that our template reads as the seven."""
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
    """A tracker's own words get the meaning they speak of, under the tracker's number and with its text."""
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
    """Text that speaks of none of the meanings, or of two, asks for a real pass, once, and nothing more."""
    item = recognise_item("3", text)
    assert (item.name, item.proof, item.scope, item.parts, item.max_age_days) == (None, "none", (), (), None)
