"""Canonical texts beside a slow reference: the same bytes are written, and the same texts are refused."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import msgspec
import pytest
from hypothesis import example, given, strategies as st

from pytest_readiness.errors import IntegrityError
from pytest_readiness.facts.envelope import parse_envelope
from pytest_readiness.facts.ledger.line import canonical, read_canonical, read_line
from pytest_readiness.facts.stored_verdict import StoredVerdict
from pytest_readiness.store.bundle import verify_bundle

SPECIAL = st.sampled_from(['"', "\\", "/", "\x00", "\x1f", "\x7f", "\x85", "\u2028", "\u2029", "\ufeff", "\uffff", "\U0001f600", "é"])  # fmt: skip
TEXTS = st.text(SPECIAL | st.characters(exclude_categories=("Cs",)), max_size=6)
EDGES = [edge + step for power in (53, 63, 64, 80) for edge in (2**power, -(2**power)) for step in (-1, 0, 1)]
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from(EDGES) | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)
PIECES = st.sampled_from(
    [
        *'{}[]:,"\\ \n\t',
        *("0", "-0", "01", "1e5", "1.5", "-1", "9" * 30, "NaN", "Infinity", "true", "null", '"a"', '"a":1,', "\x01"),
        *('\\"', "\\/", "\\u0041", "\\u00e9", "\\u001f", "\\u0001", "\\n", "\\ud800", "\\ud83d\\ude00", "\ufeff"),
    ]
)


def reference(value: Any) -> str:
    """Return the canonical text of a value by the standard library."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def refuse(number: str) -> None:
    """Raise for a number that is no integer."""
    raise ValueError(number)


def reference_reading(text: str) -> tuple[Any, ...]:
    """Return the value of a text by the standard library; nothing if it is not canonical."""
    with suppress(ValueError):
        value = json.loads(text, parse_float=refuse, parse_constant=refuse)
        text.encode()
        if reference(value) == text:
            return (value,)
    return ()


def reading(text: str) -> tuple[Any, ...]:
    """Return the value of a text; nothing if it is refused."""
    with suppress(ValueError):
        return (read_canonical(text),)
    return ()


@given(VALUES)
def test_the_bytes_are_those_of_the_standard_library(value: Any) -> None:
    """Every value is written byte for byte as Python's own encoder writes it, and is read back."""
    assert canonical(value) == reference(value)
    assert reading(canonical(value)) == (value,)


@pytest.mark.parametrize("character", [*map(chr, range(0x180)), "\u2028", "\u2029", "\ufeff", "\uffff", "\U0001f600"])
def test_each_character_is_spelled_as_before(character: str) -> None:
    """Control characters, DEL and separators are escaped or not as Python's own encoder does, in texts and keys."""
    value = {character: [character, f"a{character}"]}
    assert canonical(value) == reference(value)


def test_keys_are_sorted_by_code_points() -> None:
    """Keys beyond the basic plane come after all others."""
    value = dict.fromkeys(["\U0001f600", "\uffff", "\ue000", "é", "e", "", "Z", "\x7f", "a\U0001f600", "a\uffff"], 1)
    assert canonical(value) == reference(value)


@example('{"a":1,"a":1}', 0, 0, "")
@example('{"b":1,"a":1}', 0, 0, "")
@example('{"a":"\\u00e9"}', 0, 0, "")
@example('["\\ud800"]', 0, 0, "")
@example("[1]", 0, 0, "\ufeff")
@example("[1]", 3, 3, "[1]")
@example("[1]", 1, 2, "1" + "0" * 5000)
@given(VALUES.map(reference), st.integers(0, 60), st.integers(0, 60), PIECES | TEXTS)
def test_a_damaged_text_is_refused_as_by_the_standard_library(text: str, start: int, end: int, piece: str) -> None:
    """A text is read if, and only if, Python's own reader and encoder find it canonical, with the same value."""
    damaged = text[:start] + piece + text[max(start, end) :]
    expected = reference_reading(damaged)
    assert [reference(value) for value in reading(damaged)] == [reference(value) for value in expected]


@given(st.dictionaries(TEXTS, VALUES, max_size=3).map(reference), st.integers(0, 60), PIECES | TEXTS)
def test_a_bundle_is_read_alike_without_the_package(text: str, start: int, piece: str) -> None:
    """The script that verifies bundles by the standard library alone accepts and refuses the same texts."""
    damaged = text[:start] + piece + text[start:]
    expected: tuple[Any, ...] = ()
    with suppress(ValueError, verify_bundle.BundleError):
        expected = (verify_bundle.parse_object(damaged, "it"),)
    documents = [value for value in reading(damaged) if isinstance(value, dict)]
    assert documents == list(expected)


@pytest.mark.parametrize("pair", ["[]", '{"a":}'])
def test_what_is_nested_too_deeply_is_refused(pair: str) -> None:
    """A line of a hundred thousand levels is an IntegrityError, and one of a hundred is read."""
    start, end = pair[:-1], pair[-1]
    with pytest.raises(IntegrityError, match="not valid"):
        read_line('{"a":' + start * 100_000 + "1" + end * 100_000 + ',"seq":1}')
    body, _ = read_line('{"a":' + start * 100 + "1" + end * 100 + ',"seq":1}')
    assert body["seq"] == 1


@pytest.mark.parametrize("number", ["1.5", "1e16", "12345678901234567890.0"])
def test_no_document_of_a_bundle_has_a_fraction(number: str) -> None:
    """Statements, stored verdicts and leaves are read as lines are: readers could round a fraction differently."""
    text = f'{{"generated_at":"2026-01-01T00:00:00.000Z","number":{number}}}'
    with pytest.raises(IntegrityError, match="is no"):
        StoredVerdict.parse(text)
    with pytest.raises(IntegrityError, match="no signed statement"):
        parse_envelope(text)
    with pytest.raises(verify_bundle.BundleError, match="not an integer"):
        verify_bundle.parse_object(text, "it")


class Pair(msgspec.Struct):
    """A value with two fields."""

    name: str
    number: float | None = None


def test_a_struct_is_written_as_its_fields_are() -> None:
    """A lone surrogate within it is escaped, and a number that is none is refused, as in a dict."""
    pair = Pair("a\ud800")
    assert canonical({"pair": pair}) == canonical({"pair": {"name": "a\ud800", "number": None}})
    with pytest.raises(ValueError, match="no number of JSON"):
        canonical({"pair": Pair("a", float("nan"))})
