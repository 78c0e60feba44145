"""Fast check: a text that matches a known pattern is canonical, and other texts match none."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, strategies as st

from pytest_readiness.facts.ledger.fast_check import (
    LEARN_AFTER,
    MAX_SHAPES,
    MAX_SHAPES_PER_COUNT,
    CanonicalShapes,
    shape_of,
)
from pytest_readiness.facts.ledger.line import canonical

from .test_line import BODIES, TEXTS

pytestmark = pytest.mark.slow


def knowing(*texts: str) -> CanonicalShapes:
    """Return patterns that have learned each of these texts."""
    shapes = CanonicalShapes()
    for text in texts:
        for _ in range(LEARN_AFTER):
            shapes.learn(text)
    return shapes


PIECES = st.sampled_from(
    [*'{}[]:,"\\ \n\t', "0", "-0", "01", "1e3", "1.5", "-1", "9" * 30, "true", "null", '"a"', '"a":1', '\\"', "\\u0041"]
)


@given(BODIES, st.data())
def test_what_fits_is_canonical(body: dict[str, Any], data: st.DataObject) -> None:
    """A damaged text that still matches and is JSON is canonical."""
    text = canonical(body)
    shapes = knowing(text)
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(len(text), start + 6)))
    changed = text[:start] + data.draw(PIECES | TEXTS) + text[end:]
    if shapes.matches(changed):
        with suppress(ValueError):  # a control character within a text: no JSON
            assert canonical(json.loads(changed)) == changed


def renewed(value: Any, data: st.DataObject) -> Any:
    """Return the same keys and lists with other values of the same kinds."""
    if isinstance(value, dict):
        return {key: renewed(inner, data) for key, inner in value.items()}
    if isinstance(value, list):
        return [renewed(inner, data) for inner in value]
    if value is None or isinstance(value, bool):
        return data.draw(st.none() | st.booleans())
    return data.draw(st.integers(-99999, 99999) if isinstance(value, int) else TEXTS)


@given(BODIES, st.data())
def test_a_shape_knows_its_like(body: dict[str, Any], data: st.DataObject) -> None:
    """Other values in the same places match, unless one has to be escaped."""
    like = canonical(renewed(body, data))
    if "\\" not in canonical(body) + like:
        assert knowing(canonical(body)).matches(like) or len(str(max([0, *_numbers(body)], key=abs))) > 15


def _numbers(value: Any) -> list[int]:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    own = [value] if isinstance(value, int) else []
    return [*own, *(number for value in inner for number in _numbers(value))]


@pytest.mark.parametrize(
    "text",
    [
        '{"b":1,"a":2}',
        '{"a":1,"a":2}',
        '{"a":1,"b":2} ',
        '{"a": 1,"b":2}',
        '{"a":01,"b":2}',
        '{"a":-0,"b":2}',
        '{"a":1.0,"b":2}',
        '{"a":1e2,"b":2}',
        '{"a":"\\u0041","b":2}',
        '{"a":"\x01","b":2}',
        '{"a":"x","b":2}',
        '{"a":{"a":1},"b":2}',
        '{"a":1,"b":2,"c":3}',
        '{"a":1}',
        '{"a":NaN,"b":2}',
    ],
)
def test_what_is_not_alike_does_not_fit(text: str) -> None:
    """Another order, a repeated key, white space, another spelling or kind of a value do not match."""
    assert knowing('{"a":1,"b":2}').matches(text) is False


def test_a_fraction_makes_no_shape() -> None:
    """A value with two spellings is always proven by encoding."""
    assert shape_of('{"a":1.5}') is None
    assert knowing('{"a":1.5}').matches('{"a":1.50}') is False


def test_what_is_remembered_has_an_end() -> None:
    """The number of stored patterns, and of those tried for a text, is limited."""
    alike = ['{"a":' + "[" * depth + '"x"' + "]" * depth + "}" for depth in range(2 * MAX_SHAPES_PER_COUNT)]
    assert sum(knowing(*alike).matches(text) for text in alike) == MAX_SHAPES_PER_COUNT
    others = [canonical({f"k{number}": "x" for number in range(size)}) for size in range(1, 2 * MAX_SHAPES)]
    assert sum(knowing(*others).matches(text) for text in others) == MAX_SHAPES
