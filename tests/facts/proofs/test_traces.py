"""Canonical traces: equal to RFC 8785, masked, and compared to the first difference."""

from __future__ import annotations

import json
from copy import deepcopy
from dataclasses import dataclass
from datetime import UTC, date, datetime, time

import pytest
import rfc8785
from hypothesis import assume, given, settings, strategies as st
from msgspec import Struct

from pytest_readiness.errors import ProofError
from pytest_readiness.facts.proofs.comparison import prove_trace
from pytest_readiness.facts.proofs.traces import (
    MASKED,
    canonical_trace,
    first_difference,
    number_text,
    redact_tree,
    to_tree,
)

pytestmark = pytest.mark.slow

NUMBERS = st.integers(-(2**53) + 1, 2**53 - 1) | st.floats(allow_nan=False, allow_infinity=False)
TEXTS = st.text(st.characters(exclude_categories=("Cs",)), max_size=6)
SCALARS = st.none() | st.booleans() | NUMBERS | TEXTS
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3), max_leaves=12
)
EVENTS = st.lists(st.dictionaries(TEXTS, VALUES, min_size=1, max_size=4), min_size=1, max_size=4)


def shuffled(value):
    """Return the same value with the keys of each dict in reverse order."""
    if isinstance(value, dict):
        return {key: shuffled(value[key]) for key in reversed(value)}
    return [shuffled(inner) for inner in value] if isinstance(value, list) else value


def leaves(value, keys=()):
    """Yield the path of each value that is no container."""
    if isinstance(value, dict | list) and value:
        pairs = value.items() if isinstance(value, dict) else enumerate(value)
        return [path for key, inner in pairs for path in leaves(inner, (*keys, key))]
    return [keys]


@settings(max_examples=200)
@given(VALUES)
def test_canonical_text_is_rfc_8785(value):
    """Whatever JSON can carry is written as the library ``rfc8785`` writes it."""
    assert canonical_trace(to_tree(value)).encode() == rfc8785.dumps(value)


@settings(max_examples=500)
@given(st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_are_written_as_ecmascript_does(value):
    """Shortest digits, and a power of ten where ECMAScript uses one."""
    assert number_text(value).encode() == rfc8785.dumps(value)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (-0.0, "0"),
        (1.0, "1"),
        (100.0, "100"),
        (-1.5, "-1.5"),
        (1e20, "100000000000000000000"),
        (1e21, "1e+21"),
        (1e-6, "0.000001"),
        (1e-7, "1e-7"),
        (5e-324, "5e-324"),
        (1.5e300, "1.5e+300"),
        (123456789012345680000.0, "123456789012345680000"),
    ],
)
def test_numbers_at_the_edges_of_their_forms(value, text):
    """The places where ECMAScript changes from digits to a power of ten."""
    assert number_text(value) == text


@given(EVENTS, st.lists(SCALARS, min_size=2, max_size=2))
def test_the_digest_ignores_key_order_and_masked_fields(events, masked):
    """Two captures that differ only in the order of keys and in masked values have one digest, and are proof."""
    first = [{**event, "ts": masked[0], "in": {"ts": [masked[0]]}, "left": 1} for event in events]
    second = [shuffled({**event, "ts": masked[1], "in": {"ts": [masked[1]]}, "left": 1}) for event in events]
    capture = prove_trace(first, second, ["ts"])
    assert capture.digest == prove_trace(second, None, ["ts"]).digest
    assert capture.proof is not None


@given(EVENTS, st.data())
def test_a_single_change_is_found_at_its_path(events, data):
    """The comparison names any single changed value outside the mask."""
    path = data.draw(st.sampled_from(leaves(events)))
    changed = deepcopy(events)
    at = changed
    for key in path[:-1]:
        at = at[key]
    assume(at[path[-1]] != "another value")
    at[path[-1]] = "another value"
    result = first_difference(to_tree(events), to_tree(changed))
    assert result is not None
    assert result.keys == path
    assert result.second == "another value"
    assert canonical_trace(to_tree(events)) != canonical_trace(to_tree(changed))


@given(VALUES)
def test_nothing_differs_from_itself(value):
    """A copy of a tree with another key order has no difference."""
    assert first_difference(to_tree(value), to_tree(shuffled(deepcopy(value)))) is None


@pytest.mark.parametrize(
    ("first", "second", "path"),
    [
        ([1, 2], [1, 2, 3], "$[2]"),
        ([{"a": 1}], [{}], "$[0].a"),
        ({"user": {"name": "a"}}, {"user": {"name": "b"}}, "$.user.name"),
        ({"a b": 1}, {"a b": 2}, "$['a b']"),
        ({"a": [1]}, {"a": {"0": 1}}, "$.a"),
        ({"a": 1}, {"a": True}, "$.a"),
        ({"a": 0}, {"a": False}, "$.a"),
        ({"a": None}, {"a": 0}, "$.a"),
        ({"a": None}, {}, "$.a"),
        ({"a": "1"}, {"a": 1}, "$.a"),
    ],
)
def test_paths_of_differences(first, second, path):
    """Paths read as JSONPath, and neither types nor absence are mistaken for equality."""
    result = first_difference(first, second)
    assert result is not None
    assert result.path() == path


def test_one_number_has_one_form():
    """1 and 1.0 are one JSON number: no difference, and one digest."""
    assert first_difference(to_tree([1]), to_tree([1.0])) is None
    assert canonical_trace(to_tree([1])) == canonical_trace(to_tree([1.0]))


@dataclass
class Step:
    name: str
    at: datetime


class StructStep(Struct):
    name: str
    at: datetime


@pytest.mark.parametrize("step", [Step, StructStep])
def test_dataclasses_structs_tuples_and_times_are_values(step):
    """What tests have at hand becomes JSON: dataclasses and Structs dicts, tuples lists, dates and times ISO texts."""
    moment = datetime(2026, 2, 12, 18, 29, tzinfo=UTC)
    result = to_tree([step("pay", moment), (1, 2), date(2026, 2, 12), time(18, 29)])
    assert result == [{"name": "pay", "at": moment.isoformat()}, [1, 2], "2026-02-12", "18:29:00"]


@pytest.mark.parametrize("step", [Step, StructStep])
def test_a_masked_field_may_hold_anything(step):
    """What is masked is replaced before it is looked at, in dataclasses and Structs too."""
    assert to_tree([{"ts": object(), "n": 2**60}, step("a", object())], {"ts", "n", "at"}) == [
        {"ts": MASKED, "n": MASKED},
        {"name": "a", "at": MASKED},
    ]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ([{"a": [object()]}], "$[0].a[0] is an object"),
        ([{1, 2}], "$[0] is a set"),
        ([b"x"], "$[0] is a bytes"),
        ([float("nan")], "$[0] is nan"),
        ([float("-inf")], "$[0] is -inf"),
        ([2**53], "$[0] is an integer beyond 2**53"),
        ([{"a": {1: 2}}], "$[0].a has a key of type int"),
        (["\ud800"], "$[0] has a text with half a character"),
        ([Step], "$[0] is a type"),
        ([StructStep], "$[0] is a StructMeta"),
    ],
)
def test_what_json_cannot_carry_is_named(value, expected):
    """A value that has no JSON form is refused, with its path and type."""
    with pytest.raises(ProofError) as caught:
        to_tree(value)
    assert expected in str(caught.value)


def test_a_value_within_itself_is_refused():
    """A cycle ends in a message, and not in a RecursionError."""
    loop: list[object] = []
    loop.append(loop)
    with pytest.raises(ProofError, match="contain themselves"):
        to_tree(loop)


def test_redaction_reaches_keys_texts_and_numbers_and_leaves_json():
    """Secrets in keys, texts and numbers are redacted, and the text stays readable JSON."""
    secret = 'pa"ss\nwörd'

    def redact(text):
        return text.replace(secret, "[R]").replace("123456789", "[R]")

    result = redact_tree(to_tree([{secret: f"is {secret}", "n": 123456789, "on": True, "no": None}]), redact)
    assert json.loads(canonical_trace(result)) == [{"[R]": "is [R]", "n": "[R]", "on": True, "no": None}]
