"""The sanitiser: hostile text becomes one harmless line."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from pytest_readiness.views.sanitise import break_commands, sanitise

from .hostile import HOSTILE, dangers


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31m", "\\x1b[31m"),
        ("a\u202eb", "a\\u202eb"),
        ("a\nb\tc", "a\\nb\\tc"),
        ("\x9b", "\\x9b"),
        ("\ud800", "\\ud800"),
        ("a\u200bb", "a\\u200bb"),
        ("::error::x", "\\x3a:error::x"),
        ("  ::error::x", "  \\x3a:error::x"),
        ("tests/a.py::test_x", "tests/a.py::test_x"),
        ("a ##[group]", "a \\x23#[group]"),
        ("##vso[x]", "\\x23#vso[x]"),
        ("## heading", "## heading"),
        ("\u0301a", "\\u0301a"),
        ("e\u0301", "e\u0301"),
        ("中文 ✓ é", "中文 ✓ é"),
    ],
)
def test_dangerous_characters_become_visible_escapes_and_others_stay(text, shown):
    """Controls, bidi, invisible characters and CI commands are spelled out; ordinary text of any script is kept."""
    assert sanitise(text) == shown


@pytest.mark.parametrize("text", HOSTILE)
def test_the_hostile_corpus_is_harmless_in_one_line(text):
    """No text of the corpus keeps anything that a terminal or a CI server executes, nor a line break."""
    shown = sanitise(text)
    assert dangers(shown) == []
    assert len(shown.splitlines()) <= 1


@given(st.text(), st.integers(1, 50))
def test_any_text_is_harmless_capped_and_stable(text, limit):
    """Whatever the text: nothing executable is left, its length is bounded, sanitising again changes nothing."""
    shown = sanitise(text)
    assert dangers(shown) == []
    assert sanitise(shown) == shown
    assert len(sanitise(text, limit)) <= limit + 1 + 3 * (limit + 1)
    assert sanitise(text, ascii_only=True).isascii()


def test_a_cut_text_ends_in_an_ellipsis():
    """What exceeds the cap is cut, and the cut is shown."""
    assert sanitise("abcdef", 3) == "abc…"
    assert sanitise("abcdef", 3, ascii_only=True) == "abc..."
    assert sanitise("abc", 3) == "abc"


def test_ascii_only_spells_out_every_other_script():
    """Where only ASCII can be shown, other characters are escaped and not lost."""
    assert sanitise("é中", ascii_only=True) == "\\xe9\\u4e2d"


def test_marks_on_one_character_are_capped():
    """A pile of combining marks cannot paint over other lines: all beyond the third are spelled out."""
    assert sanitise("a" + "\u0301" * 5) == "a" + "\u0301" * 3 + "\\u0301" * 2


def test_breaking_commands_keeps_the_rest_of_the_line():
    """Only the two characters that make a command are touched."""
    assert break_commands(" ::a::##[b] c::d") == " \\x3a:a::\\x23#[b] c::d"
