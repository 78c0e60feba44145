"""The pen: a line is clean and fits, whatever was written into it."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st
from wcwidth import wcswidth

from pytest_readiness.verdict.readiness import State, Status
from pytest_readiness.views.line_writer import (
    _NARROW,
    MARKUP,
    LineWriter,
    cell_width,
    plain_lines,
    style_of,
    styled_lines,
)

from .hostile import HOSTILE, dangers

TEXTS = st.one_of(st.text(max_size=60), st.sampled_from(HOSTILE))


@given(st.lists(TEXTS, max_size=5), st.integers(0, 40), st.booleans())
def test_a_line_never_exceeds_its_width_and_is_harmless(texts, width, unicode):
    """However hostile its segments are, also where two make a command together, the line fits and executes nothing."""
    line = plain_lines([LineWriter(width, unicode=unicode).line(*texts)])
    assert wcswidth(line) <= width
    assert dangers(line) == []
    assert unicode or line.isascii()


@given(TEXTS, TEXTS, st.integers(20, 60), st.integers(0, 6), st.sampled_from([None, 1, 2]))
def test_a_paragraph_never_exceeds_its_width_nor_its_number_of_lines(text, lead, width, indent, most):
    """Wrapped text fits its width, keeps to the number of lines asked for, and no wrap makes a command."""
    lines = LineWriter(width).paragraph(text, lead=(lead, "strong"), indent=indent, most=most)
    assert max(wcswidth(plain_lines([line])) for line in lines) <= width
    assert dangers(plain_lines(lines)) == []
    assert most is None or len(lines) <= most


@given(st.text(alphabet="abc:/ ", max_size=200))
def test_wrapping_loses_no_character(text):
    """All but the blanks at which lines are wrapped comes out again, in order (escapes of colons taken back)."""
    lines = LineWriter(24).paragraph(text)
    assert plain_lines(lines).replace("\\x3a", ":").replace("\n", "").replace(" ", "") == text.replace(" ", "")


def test_two_harmless_segments_that_make_a_command_are_broken():
    """``#`` followed by ``#[x]`` is harmless only apart."""
    assert plain_lines([LineWriter(40).line("a #", "#[x]", (" end", "good"))]) == "a \\x23#[x] end"
    assert plain_lines([LineWriter(40).line("  ", ":", ":error::")]) == "  \\x3a:error::"


def test_what_does_not_fit_is_cut_with_an_ellipsis():
    """A cut line shows that it was cut, in ASCII too, and a wide character is not halved."""
    assert plain_lines([LineWriter(6).line("abc", "defg")]) == "abcde…"
    assert plain_lines([LineWriter(6, unicode=False).line("abc", "defg")]) == "abc..."
    assert plain_lines([LineWriter(4).line("中文字")]) == "中…"


def test_a_node_id_is_not_cut_before_its_colons():
    """A wrapped node id needs no escape: the cut is moved so that no line starts with colons."""
    assert plain_lines(LineWriter(20).paragraph("tests/long/a/xy.py.z::test_of_something")) == (
        "tests/long/a/xy.py.\nz::test_of_something"
    )


def test_styles_reach_both_printers():
    """Each style in use is ANSI for a command's terminal and markup for pytest's writer; no style is no escape."""
    used = {style_of(state) for state in (*State, *Status)} | {"", "strong", "dim"}
    assert used == set(MARKUP)
    assert styled_lines([(("a", "good"), ("b", ""))]) == "\x1b[32ma\x1b[0mb"
    assert all("\x1b[" in styled_lines([(("x", style),)]) for style in used - {""})


@pytest.mark.parametrize("state", State)
def test_each_sign_is_one_column_and_the_ascii_signs_differ(state):
    """A sign stands for one state only, in one column, also where there is only ASCII."""
    writer = LineWriter(80, unicode=False)
    assert cell_width(state.sign) == 1
    assert writer.sign(state).isascii()
    assert len({writer.sign(other) for other in State}) == len(State)


@pytest.mark.parametrize("text", ["x" * 18 + " ::" + "y" * 18, ":" * 100, "a" * 20 + " " + ":" * 41])
def test_a_command_that_a_wrap_would_make_is_broken_without_loss(text):
    """Colons that come to the start of a line are escaped before the line is measured, so that none is cut off."""
    output = plain_lines(LineWriter(20).paragraph(text))
    assert dangers(output) == []
    assert "…" not in output
    assert output.replace("\\x3a", ":").replace("\n", "").replace(" ", "") == text.replace(" ", "")


@pytest.mark.parametrize(
    ("text", "width"),
    [
        ("e\u0301", 1),  # a mark on a letter
        ("中文", 4),
        ("ｶﾅ", 2),
        ("한국", 4),
        ("\u1112\u1161\u11ab", 2),  # the same syllables, a letter at a time
        ("का", 2),  # a mark beside its letter
        ("👍", 2),
        ("👍🏽", 2),
        ("🇩🇪", 2),
        ("é·–…✓✗", 6),
    ],
)
def test_a_width_is_that_of_a_terminal(text, width):
    """Marks take no column of their own, and wide characters take two."""
    assert cell_width(text) == width


def test_the_characters_that_are_not_looked_up_take_one_column():
    """What a report is made of needs no tables, and has the width that these know."""
    narrow = [char for char in map(chr, range(0x110000)) if _NARROW.fullmatch(char)]
    assert [char for char in narrow if wcswidth(char) != 1] == []
    assert {state.sign for state in State} | {"…"} <= set(narrow)


def test_a_text_with_marks_that_fits_is_not_cut():
    """What counts is its width, and not the number of its characters."""
    text = "e\u0301" * 10
    assert plain_lines([LineWriter(10).line(text)]) == text
    assert plain_lines([LineWriter(5).line(text)]) == "e\u0301" * 4 + "…"


def test_a_wrap_keeps_a_mark_with_its_letter():
    """A long word is not cut before a mark, which would be shown as an escape on the next line."""
    assert plain_lines(LineWriter(10).paragraph("e\u0301" * 15)) == "e\u0301" * 10 + "\n" + "e\u0301" * 5
    assert plain_lines(LineWriter(9).paragraph("का" * 5)) == "का" * 4 + "\n" + "का"


@pytest.mark.parametrize("width", range(12, 60))
@pytest.mark.parametrize("most", [1, 2, 3])
def test_a_cut_text_has_no_half_command(width: int, most: int) -> None:
    """A command in backticks is there as a whole in one line or not at all, and the other lines fit."""
    command = "`readiness retire 'test_it.py::test_a[*' --reason ...`"
    lines = LineWriter(width).paragraph(f"make it pass; if it was removed: {command}", most=most)
    text = plain_lines(lines)
    assert (text.count("`") % 2, len(lines) <= most) == (0, True)
    assert all(len(line) <= width or line == command for line in text.splitlines())
    assert ("`" in text) is (command in text)
    assert command in text or text.endswith("…")


@pytest.mark.parametrize("width", range(12, 130))
@pytest.mark.parametrize("quote", ["`", ""])
def test_a_command_is_never_broken(width: int, quote: str) -> None:
    """It is in one line, below the text if it does not fit there, at the left edge if it needs the whole width."""
    command = "readiness --config other/readiness.toml retire 'test_it.py::test_a[*' --reason ..."
    named = f"{quote}{command}{quote}"
    commands = () if quote else (command,)
    for lead in ("", "readiness gate: "):
        lines = LineWriter(width).paragraph(f"if it was removed: {named}, or not", lead=(lead, ""), commands=commands)
        shown = plain_lines(lines).splitlines()
        assert len([line for line in shown if command in line]) == 1
        assert all(len(line) <= width or line == f"{named}," for line in shown)
        alone = plain_lines(LineWriter(width).paragraph(named, lead=(lead, ""), commands=commands)).splitlines()
        assert alone[-1].strip().endswith(named)
        assert len(alone) <= 2
        one_line = LineWriter(width).paragraph(named, lead=(lead, ""), commands=commands, most=1)
        assert len(one_line) == 1
