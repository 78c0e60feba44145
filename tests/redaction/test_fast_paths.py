"""Tests for shortcuts: each one gives the same result as the general rules."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from unittest.mock import patch

import pytest
from hypothesis import example, given, settings, strategies as st

from pytest_readiness.redaction import key_value_rules, known_secrets, repeated_text, token_patterns
from pytest_readiness.redaction.known_secrets import KnownSecrets
from pytest_readiness.redaction.match import Match
from pytest_readiness.redaction.redactor import Redactor
from tests.redaction.forms import FORMS, HONEST, HOSTILE

KEY = b"k" * 32
NAMES = (
    "token", "password", "api_key", "x-api-key", "X-Api-Key", "Cookie", "Authorization", "auth", "cookies", "tokens", "pwd.",
    "--token", "//token", "api key", "is_token", "db-password", "name", "value", "PASSWORD", "\\ntoken", "\u00fctoken",
)  # fmt: skip
BETWEEN = (
    "=", ":", ": ", " = ", " : ", "=>", ":=", "==", "::", " ", ",", "|", "=:", ":  ", "\t=", ": str = ", ":str=", "'", '"', "': '",
    '": "', "' : '", '\\": \\"', "=\n ", ":\n", ": |\n  ", "(", "=(", "%3D", "\x1b[0m=", "=\x1b[0m", "=\\x1b[0m", "=b'", '=rb"', "=&quot;",
)  # fmt: skip
VALUES = (
    "x1y2z3w4", "abc", "none", "12345", "123456", "***", "word", "two words", "correct horse battery", "must be longer", "f(x)", "(a, b)",
    "Some(abc123)", "string(abc123)", "[abc123]", "{abc123}", "a,b=c", "a;b", "a)b", "a))", "\\", "\\n", '\\"', "''", '""', '"""', "'''",
    '"x1y2z3w4"', "'x1y2z3w4'", "'x\"1y2z3w4'", "'x1y2z3w4''", "''x1y2z3w4'''", '"x1y2z3w4""',
    "<tag>", "${X}", "-x1y2z3w4", "basic", "Bearer abcdef123456", "a&b", "x" * 210, "[REDACTED:key]", "oauth2", "b'x1y2z3'", "a.b.c(d", "'x'y",
)  # fmt: skip
AROUND = (
    "", " ", "\n", '"', "'", ", ", "; ", "{", "}", '{"a": "', "[", "('", "</", ">", "\\", ")", ".", "name: ", "\r\n", "E  ",
)  # fmt: skip
PIECES = (
    st.sampled_from(NAMES)
    | st.sampled_from(BETWEEN)
    | st.sampled_from(VALUES)
    | st.sampled_from(AROUND)
    | st.sampled_from(HOSTILE)
    | st.sampled_from([*HONEST, *(form.replace("{}", "Zk3vQ9mLx7") for form in FORMS.values())])
)
FIELDS = st.tuples(
    *map(st.sampled_from, (AROUND, NAMES, BETWEEN, VALUES, AROUND)),
).map("".join)
WITHOUT = re.compile(key_value_rules._PLAIN + b"|" + key_value_rules._ANY)
"""The pattern for the text after a name, without the frequent forms."""


@pytest.mark.slow
@settings(max_examples=400)
@example("//token': 'x1y2z3w4'")
@example("'token': '''x1y2z3w4'''")
@given(st.lists(FIELDS | PIECES, max_size=12).map("".join))
def test_a_usual_form_gives_what_the_rules_for_all_give(text: str) -> None:
    """Any mixture of names, separators and values gives the same result with the frequent forms and without."""
    quick, slow = Redactor(KEY, {}), Redactor(KEY, {})
    redacted = quick.text(text)
    with patch.object(key_value_rules, "_AFTER_USUAL", WITHOUT):
        assert redacted == slow.text(text)
    assert quick.take_counts() == slow.take_counts()


@pytest.mark.slow
@settings(max_examples=80, deadline=None)
@given(
    st.lists(FIELDS | PIECES, max_size=3).map("".join),
    st.lists(FIELDS | PIECES, min_size=1, max_size=4).map("".join).filter(bool),
    st.sampled_from([7_000, 12_000, 30_000]),
    st.lists(FIELDS | PIECES, max_size=3).map("".join),
)
@example("", 'token="x', 30_000, "")
@example("{", f'token="q7w8e9r0" {"plain words " * 14}5" ', 30_000, "")
@example('"', 'token="x1y2z3\\n', 30_000, "'")
@example('value: "abcdef" ', "- token: name \n", 30_000, "value: x1y2z3w4")
def test_what_repeats_itself_gives_what_each_turn_gives(before: str, turn: str, size: int, after: str) -> None:
    """A repetitive text gives the same result if all of it is scanned."""
    text = f"{before}{turn * (size // len(turn) + 1)}{after}"
    quick, slow = Redactor(KEY, {}), Redactor(KEY, {})
    for redactor in (quick, slow):
        redactor.register("x1y2z3w4")
    redacted = quick.text(text)
    with patch.object(repeated_text, "NAMES_BETWEEN_TESTS", 10**9):
        assert redacted == slow.text(text)
    assert quick.take_counts() == slow.take_counts()


@pytest.mark.parametrize("turn", ["token=x1y2z3w4 user=ana\n", 'token="x', "retrying: password=***, api_key=abcdef1\n"])
def test_what_repeats_itself_is_looked_at_a_few_times(turn: str) -> None:
    """Of twenty thousand equal names only some hundreds are scanned, and each value is replaced."""
    scanned = 0
    find_key_values = key_value_rules.find_key_values

    def counted(*given: object) -> list[Match] | Iterator[Match]:
        nonlocal scanned
        scanned += 1
        return find_key_values(*given)  # type: ignore[arg-type,return-value]

    redactor, few = Redactor(KEY, {}), Redactor(KEY, {})
    with patch.object(key_value_rules, "find_key_values", counted):
        redactor.text(turn * 20_000)
    few.text(turn * 20)
    assert scanned < 2500
    per_turn = dict(few.take_counts())
    assert abs(dict(redactor.take_counts())["key"] - 1000 * per_turn["key"]) <= 1000


REPEATED = st.builds(str.__mul__, st.text("ab", min_size=2, max_size=4), st.integers(2, 4))


@given(st.lists(REPEATED, min_size=1, max_size=3), st.lists(REPEATED | st.sampled_from("abc"), max_size=8).map("".join))
def test_places_of_a_known_value_that_overlap_are_one(values: list[str], text: str) -> None:
    """Every position of a known secret is covered, and overlapping ones are merged."""
    secrets, data = KnownSecrets(), text.encode()
    secrets.add((value.encode() for value in values), "registered")
    covered = {at for match in secrets.find(data) for at in range(match.start, match.end)}
    places = [(at, len(value)) for value in values for at in range(len(text)) if text.startswith(value, at)]
    assert covered == {place for at, size in places for place in range(at, at + size)}
    single = KnownSecrets()
    single.add([values[0].encode()], "registered")
    spans = sorted(single.find(data))
    assert all(match.end <= other.start for match, other in pairwise(spans))


def test_what_is_passed_over_holds_nothing() -> None:
    """A kind of token or of a truncation mark is skipped only if a part of each of its prefixes is missing."""
    kinds = [entry for _, family in token_patterns._FAMILIES for entry in family]
    assert sorted(kinds) == sorted(token_patterns._PATTERNS)
    assert all(shared in prefix for shared, family in token_patterns._FAMILIES for _, prefix, _ in family)
    assert all(rare in mark for rare, mark in known_secrets._TRUNCATION_MARKS)


def test_the_names_of_fifty_thousand_tests_are_searched_once():
    """A name is needed when a test is planned, starts and ends; a large session searches it only the first time."""
    redactor = Redactor(KEY, {})
    names = [f"tests/test_versions.py::test_order[{number}-1.0.dev456-a & b]" for number in range(50_000)]
    with patch.object(redactor, "_redact_name", wraps=redactor._redact_name) as search:
        for _ in range(3):
            assert [redactor.name(name) for name in names] == names
    assert search.call_count == len(names)
