"""Decisions: only a text that is exactly that of its decision is read."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, strategies as st
from msgspec.structs import fields, replace

from pytest_readiness.errors import IntegrityError
from pytest_readiness.facts.decision import Blocker, IdentityLevel, Review, ReviewMeaning, parse_decision
from pytest_readiness.facts.ledger.line import canonical
from pytest_readiness.facts.review_basis import PinnedEvidence, PinnedRequirement, ReviewBasis

AT = "2026-02-12T18:29:00.000Z"
PIN = PinnedEvidence("R-1.2.1", "test_a", AT, "ada", "staging", None, ("trace",))
BASIS = ReviewBasis(
    "sha256:ba515",
    (PinnedRequirement("UC-003/4", "COMPLETE", (PIN, PIN)), PinnedRequirement("UC-003/5", "WAIVED")),
)
REVIEW = Review(
    register="payments",
    at=AT,
    by="grace",
    use_case="UC-003",
    meaning=ReviewMeaning.APPROVED_FOR_GO_LIVE,
    basis=BASIS,
    acknowledged=("UC-003/5",),
)
BLOCKER = Blocker(register="payments", at=AT, by="ada", known_by=IdentityLevel.GIT, use_case="UC-003", reason="not yet")
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.sampled_from(["", "x", "declared", "ci", AT]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["proofs", "pins", "x"]), inner),
    max_leaves=4,
)


@pytest.mark.parametrize("decision", [REVIEW, BLOCKER], ids=["review", "blocker"])
def test_a_decision_is_read_back(decision: Review | Blocker) -> None:
    """A decision is read back unchanged, each time."""
    assert [parse_decision(decision.text) for _ in range(20)] == [decision] * 20


def test_a_pin_that_does_not_say_who_recorded_it_is_not_read() -> None:
    """An empty required field of a pin is refused."""
    basis = ReviewBasis("sha256:ba515", (PinnedRequirement("UC-003/4", "COMPLETE", (replace(PIN, actor=""),)),))
    with pytest.raises(IntegrityError, match="no decision"):
        parse_decision(replace(REVIEW, basis=basis).text)


@pytest.mark.parametrize("wrong", [5, True, ["x"], {"x": "y"}], ids=str)
@pytest.mark.parametrize(
    ("kind", "field"),
    [
        *(("basis", name) for name in ("digest", "definition", "policy", "failed_runs", "requirements")),
        *(("row", name) for name in ("requirement", "state", "proof", "max_age_days", "pins")),
        *(("pin", field.name) for field in fields(PinnedEvidence)),
    ],
)
def test_what_is_of_another_type_is_not_read(kind: str, field: str, wrong: Any) -> None:
    """Anything in a basis that has not the type it must have makes the decision unreadable, and nothing else fails."""
    fits = {("failed_runs", list), ("proofs", list), ("policy", dict), ("max_age_days", int)}
    plain = json.loads(replace(REVIEW, basis=replace(BASIS, definition="sha256:d")).text)
    basis = plain["basis"]
    place = {"basis": basis, "row": basis["requirements"][0], "pin": basis["requirements"][0]["pins"][0]}[kind]
    place[field] = wrong
    if (field, type(wrong)) in fits:
        parse_decision(canonical(plain))
        return
    with pytest.raises(IntegrityError, match="no decision"):
        parse_decision(canonical(plain))


def _objects(value: Any) -> list[Any]:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [
        *([value] if isinstance(value, dict | list) else []),
        *(nested for value in inner for nested in _objects(value)),
    ]


@given(st.sampled_from([REVIEW, BLOCKER]), st.data())
def test_what_is_read_is_all_that_is_told(decision: Review | Blocker, data: st.DataObject) -> None:
    """Whatever is added, removed or emptied in a text, a decision that can be read has exactly this text."""
    plain = json.loads(decision.text)
    place = data.draw(st.sampled_from(_objects(plain)))
    if isinstance(place, list):
        place[:] = data.draw(st.lists(ANYTHING | st.sampled_from([*place, "x"]), max_size=3))
    else:
        key = data.draw(st.sampled_from([*place, "release", "comment", "proofs", "pins", "stored_id", "due", "x"]))
        if data.draw(st.booleans()):
            place[key] = data.draw(ANYTHING)
        else:
            place.pop(key, None)
    text = canonical(plain)
    with suppress(IntegrityError):
        assert parse_decision(text).text == text
