"""Canonical lines: RFC 8785 for the allowed values, read back as written, and chained."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
import rfc8785
from hypothesis import given, strategies as st
from msgspec.structs import replace

from pytest_readiness.errors import IntegrityError
from pytest_readiness.facts.evidence import Result
from pytest_readiness.facts.ledger.digest import EMPTY
from pytest_readiness.facts.ledger.line import (
    Line,
    LineChain,
    broken_links,
    canonical,
    escape_surrogates,
    line_digest,
)

pytestmark = pytest.mark.slow

KEYS = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=8)
"""Our own keys are ASCII."""
TEXTS = st.text(st.characters(exclude_categories=("Cs",)))
NUMBERS = st.integers(-(2**53) + 1, 2**53 - 1)
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=20,
)
BODIES = st.dictionaries(KEYS, VALUES, max_size=6)
ANY_TEXT = st.text(st.characters() | st.characters(categories=("Cs",)))
"""Lone surrogates too."""


@given(BODIES)
def test_it_is_rfc_8785(body: dict[str, Any]) -> None:
    """The text of every allowed value is byte for byte that of the library for RFC 8785."""
    assert canonical(body).encode() == rfc8785.dumps(body)


@given(BODIES)
def test_it_is_read_back_as_it_was_written(body: dict[str, Any]) -> None:
    """A text is read back as the value that it was made from."""
    assert json.loads(canonical(body)) == body


@given(st.dictionaries(KEYS, ANY_TEXT, max_size=4))
def test_lone_surrogates_are_spelled_out(body: dict[str, str]) -> None:
    r"""A lone surrogate becomes its escape (``\ud800``), everything else stays, and the text is UTF-8."""
    text = canonical(body)
    parsed = json.loads(text.encode().decode())
    for key, value in body.items():
        spelled = "".join(rf"\u{ord(char):04x}" if "\ud800" <= char <= "\udfff" else char for char in value)
        assert parsed[key] == spelled


@given(VALUES | ANY_TEXT)
def test_printable_is_settled(value: Any) -> None:
    """Escaping is idempotent, and leaves values without lone surrogates unchanged."""
    once = escape_surrogates(value)
    assert escape_surrogates(once) == once
    if _encodable(value):
        assert once == value


def _encodable(value: Any) -> bool:
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
@pytest.mark.parametrize("place", [lambda it: it, lambda it: {"x": it}, lambda it: {"x": [None, (it,)]}])
def test_numbers_that_json_does_not_have_are_refused(number: float, place: Callable[[float], Any]) -> None:
    """NaN and infinity are refused wherever they are, and do not become null."""
    with pytest.raises(ValueError, match="no number of JSON"):
        canonical(place(number))


@pytest.mark.parametrize("key", [("a", "b"), 1, None, b"a"])
def test_a_key_that_json_does_not_have_is_refused(key: object) -> None:
    """A key that is no text is refused, and not omitted."""
    with pytest.raises(TypeError, match="str keys"):
        canonical({key: 1})


def test_a_value_of_another_kind_is_refused() -> None:
    """A value that JSON does not have is refused."""
    with pytest.raises(TypeError, match="of type object has no canonical text"):
        canonical({"x": object()})


class _Text(str):
    """A text of a kind of its own."""

    __slots__ = ()


class _Number(int):
    """A number of a kind of its own."""


def test_texts_and_numbers_of_other_kinds_are_plain_ones() -> None:
    """Instances of a subclass of str or int, and members of an enum, are written as the plain values."""
    body = {_Text("b"): _Text("é"), "a": [_Number(3), Result.PASSED], Result.FAILED: True}
    assert canonical(body) == '{"FAILED":true,"a":[3,"PASSED"],"b":"é"}'


def lines_of(bodies: list[dict[str, Any]]) -> list[Line]:
    """Return the lines of a run with these bodies."""
    chain = LineChain("r")
    return [chain.next("note", body) for body in bodies]


@given(st.lists(st.dictionaries(KEYS, ANY_TEXT | NUMBERS, max_size=3), max_size=6))
def test_a_chain_is_whole_and_its_texts_say_what_its_lines_say(bodies: list[dict[str, Any]]) -> None:
    """Lines number themselves from 0, each names the digest of the one before, and parsing gives the same lines."""
    lines = lines_of(bodies)
    assert list(broken_links("r", lines)) == []
    assert [line.seq for line in lines] == list(range(len(lines)))
    assert [line.body["prev"] for line in lines] == [EMPTY, *(line.digest for line in lines)][: len(lines)]
    assert [Line.parse(line.text) for line in lines] == lines
    assert all(line.is_consistent and line.kind == "note" and "\n" not in line.text for line in lines)


def edited(lines: list[Line], at: int, data: st.DataObject) -> list[Line]:
    """Return the lines with one value changed, and its text and digest made again."""
    body = {**lines[at].body, "value": data.draw(TEXTS.filter(lambda text: text != lines[at].body["value"]))}
    text = canonical(body)
    return [*lines[:at], Line(text, body, line_digest(text)), *lines[at + 1 :]]


def deleted(lines: list[Line], at: int, data: st.DataObject) -> list[Line]:
    """Return the lines without one of them."""
    return [*lines[:at], *lines[at + 1 :]]


def swapped(lines: list[Line], at: int, data: st.DataObject) -> list[Line]:
    """Return the lines with two exchanged."""
    other = data.draw(st.integers(0, len(lines) - 1).filter(lambda item: item != at))
    changed = list(lines)
    changed[at], changed[other] = changed[other], changed[at]
    return changed


def doubled(lines: list[Line], at: int, data: st.DataObject) -> list[Line]:
    """Return the lines with one repeated."""
    return [*lines[: at + 1], *lines[at:]]


def inserted(lines: list[Line], at: int, data: st.DataObject) -> list[Line]:
    """Return the lines with a forged one, which has the right number and predecessor."""
    chain = LineChain("r", seq=at, head=lines[at - 1].digest if at else EMPTY)
    return [*lines[:at], chain.next("note", {"value": "mine"}), *lines[at:]]


def moved_in(lines: list[Line], at: int, data: st.DataObject) -> list[Line]:
    """Return the lines with one replaced by a line of another run."""
    chain = LineChain("other", seq=at, head=lines[at].body["prev"])
    return [*lines[:at], chain.next("note", dict(lines[at].body)), *lines[at + 1 :]]


@pytest.mark.parametrize("change", [edited, deleted, swapped, doubled, inserted, moved_in])
@given(values=st.lists(TEXTS, min_size=3, max_size=6), data=st.data())
def test_every_change_before_the_last_line_is_found(
    change: Callable[[list[Line], int, st.DataObject], list[Line]], values: list[str], data: st.DataObject
) -> None:
    """An edited, deleted, moved, repeated or inserted line breaks a link of the chain."""
    lines = lines_of([{"value": value} for value in values])
    at = data.draw(st.integers(0, len(lines) - 2))
    changed = change(lines, at, data)
    assert list(broken_links("r", changed)) != []
    assert list(broken_links("r", [Line.parse(line.text) for line in changed])) != []


def test_what_is_broken_is_named() -> None:
    """The message names the line and the problem."""
    lines = lines_of([{"value": str(number)} for number in range(4)])
    assert list(broken_links("r", [lines[0], *lines[2:]])) == ["line 1 is missing or out of order (found 2)"]
    assert list(broken_links("r", [*lines[:2], lines[1]])) == ["line 2 is missing or out of order (found 1)"]
    other = replace(lines[1], digest="x" * 64)
    assert list(broken_links("r", [lines[0], other, *lines[2:]])) == [
        "line 2 does not follow the line before it: one of them was changed"
    ]
    assert list(broken_links("q", lines[:1])) == ["line 0 belongs to another run"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "[]",
        "3",
        "{}",
        '{"seq":"1"}',
        '{"seq":1}x',
        '{"seq": 1}',
        '{"seq":1,"a":2}',
        '{"a":1,"a":2,"seq":1}',
        '{"a":"\\u0041","seq":1}',
        '{"a":1.0,"seq":1}',
        '{"a":NaN,"seq":1}',
        "[" * 100_000,
    ],
)
def test_a_text_that_is_no_line_is_refused(text: str) -> None:
    """What is no JSON object in canonical form with a number is an IntegrityError in one line, and nothing else."""
    with pytest.raises(IntegrityError) as caught:
        Line.parse(text)
    assert "\n" not in str(caught.value)


def test_who_made_a_line_is_no_part_of_it() -> None:
    """Lines with the same text, body and digest are equal, however they were made."""
    (made,) = lines_of([{"value": 1}])
    assert made == Line.parse(made.text) == Line.from_own_text(made.text) == Line(made.text, made.body, made.digest)


def test_a_line_of_our_own_is_read_to_its_end() -> None:
    """Further text after an own line is refused, although its canonical form is not checked."""
    assert Line.from_own_text('{"seq":1}').body == {"seq": 1}
    with pytest.raises(ValueError, match="trailing characters"):
        Line.from_own_text('{"seq":1}x')


@pytest.mark.parametrize("value", [float("nan"), "\ud800", {("a", "b"): 1}])
def test_what_no_text_can_carry_is_not_sound(value: object) -> None:
    """A line whose body cannot be encoded is not consistent."""
    (first,) = lines_of([{}])
    assert first.is_consistent
    assert replace(first, body={**first.body, "value": value}).is_consistent is False


@given(ANY_TEXT)
def test_any_text_is_a_line_or_an_integrity_error(text: str) -> None:
    """Parsing any text raises nothing but an IntegrityError."""
    try:
        Line.parse(text)
    except IntegrityError:
        return
    raise AssertionError("a random text cannot be a line")
