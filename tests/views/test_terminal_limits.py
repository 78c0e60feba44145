"""The report for a terminal with hostile text and at any width: nothing is executed, and no line is too wide."""

from __future__ import annotations

import pytest
from hypothesis import given, settings, strategies as st
from wcwidth import wcswidth

from pytest_readiness.verdict.readiness import State
from pytest_readiness.views.line_writer import plain_lines
from pytest_readiness.views.terminal import render_report

from . import values
from .hostile import HOSTILE, dangers
from .test_terminal import text

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("unicode", [True, False])
@pytest.mark.parametrize("bad", HOSTILE)
def test_hostile_text_never_reaches_the_terminal_raw(bad, unicode):
    """Whatever the register, the tests and the config say, nothing executable is printed."""
    for verbosity in (-1, 0, 1):
        output = text(values.hostile_report(bad), verbosity=verbosity, unicode=unicode)
        assert dangers(output) == []
        assert unicode or output.isascii()


@settings(max_examples=40)
@given(
    st.one_of(st.text(max_size=80), st.sampled_from(HOSTILE)), st.integers(60, 200), st.booleans(), st.integers(-1, 1)
)
def test_no_line_is_wider_than_the_terminal(bad, width, unicode, verbosity):
    """For ids, names and messages of any text, every line but a command takes at most the width that was asked for."""
    lines = text(values.hostile_report(bad), width, unicode=unicode, verbosity=verbosity).split("\n")
    assert max(wcswidth(line) for line in lines if not is_command(line)) <= width


def test_a_title_grows_with_the_width():
    """What is cut off at 140 columns is whole at 200: the rest of a wide screen is not empty."""
    title = "Analytics cost write lifecycle: live write-path idempotency and provenance validation pending"
    catalogue = values.catalogue(["UC-001"])
    report = values.report([values.use_case(catalogue, "UC-001", {"4": State.FAILING}, row={"title": title})])
    rows = {width: plain_lines(render_report(report, width)) for width in (100, 140, 200)}
    assert [title in rows[width] for width in rows] == [False, False, True]
    assert max(map(wcswidth, rows[200].split("\n"))) <= 200


def is_command(line):
    """Return whether a line is a command to be typed, which is never broken."""
    return line.startswith(("readiness ", "`readiness ", "`pytest "))


@settings(max_examples=40)
@given(st.integers(1, 140))
def test_the_real_register_fits_any_width(width):
    """Ordinary text fits whatever the width, even one that shows nothing useful; a command stays as it is typed."""
    lines = text(values.mixed(), width).split("\n")
    assert max(wcswidth(line) for line in lines if not is_command(line)) <= width
