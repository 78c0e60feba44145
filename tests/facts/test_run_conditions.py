"""Run conditions: read from two lines, whatever they contain."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from pytest_readiness.facts.run_conditions import SKEW_LIMIT_MS, UNKNOWN_CONDITIONS, RunConditions, conditions_of

NOON = 1_770_000_000_000
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=5,
)
KEYS = st.sampled_from(
    ["clock", "git", "ci", "conduct", "plan", "python", "file", "hidden", "count", "names", "reruns"]
)
BODIES = st.dictionaries(KEYS, PLAIN | st.dictionaries(KEYS, PLAIN, max_size=4), max_size=6)


def clock(skew: int) -> dict[str, object]:
    """Return a line that compared two clocks."""
    return {"clock": {"python": NOON + skew, "file": NOON}}


@pytest.mark.parametrize("skew", [-SKEW_LIMIT_MS, 0, SKEW_LIMIT_MS])
def test_clocks_that_differ_as_clocks_do_agree(skew):
    """Up to the tolerance, ahead or behind, two clocks are taken to agree."""
    assert not conditions_of(clock(skew), clock(0)).clocks_disagree


@pytest.mark.parametrize(("first", "seal"), [(2001, 0), (0, 2001), (-2001, 0), (0, -90_000)])
def test_clocks_disagree_where_they_do_at_either_end(first, seal):
    """The greater of both differences counts, ahead or behind, at the start or at the end."""
    result = conditions_of(clock(first), clock(seal))
    assert result.clocks_disagree
    assert result.skew_ms == max(abs(first), abs(seal))
    assert any(result.skew in remark for remark in result.remarks())


@pytest.mark.parametrize(
    "line", [{}, {"clock": None}, {"clock": {"python": 1}}, {"clock": {"python": "1", "file": True}}]
)
def test_clocks_that_were_not_compared(line):
    """Without both clocks the skew is not known."""
    assert conditions_of(line, line).skew_ms is None
    assert not conditions_of(line, None).clocks_disagree


def test_what_is_unusual_is_told():
    """Hidden edits, deselected tests, the CI attempt and the options are reported."""
    first = {
        "git": {"hidden": {"count": 5, "names": ["a.py", "b.py", "c.py", "d.py"]}},
        "ci": {"provider": "github", "attempt": "3", "secret": "no"},
        "conduct": {"optimize": 1, "reruns": 2, "keyword": "not slow", "switched_off": ["randomly"], "missing": True},
    }
    result = conditions_of(first, {"plan": {"tests": 9, "deselected": 4}})
    assert list(result.remarks()) == [
        "5 files have edits hidden from git: a.py, b.py, c.py and 2 more",
        "it deselected 4 of 9 evidence tests",
        "it is attempt 3 of its CI run",
    ]
    assert result.session_options == (
        "python -O: assertions are removed",
        "-k not slow",
        "--reruns 2",
        "plugins switched off: randomly",
        "--readiness-missing",
    )
    assert result.ci == (("provider", "github"), ("attempt", "3"))


def test_a_run_like_any_other_has_nothing_to_tell():
    """An ordinary run has no remarks."""
    ordinary = conditions_of(
        {**clock(3), "ci": {"provider": "ci", "attempt": "1"}}, {"plan": {"tests": 4, "deselected": 0}}
    )
    assert list(ordinary.remarks()) == []
    assert (ordinary.tests, ordinary.deselected, ordinary.deselected_text) == (4, 0, None)


@pytest.mark.slow
@given(BODIES, BODIES | st.none())
def test_anything_can_stand_in_the_lines(first, seal):
    """Whatever the lines contain, the conditions have the right types: damaged lines are no error here."""
    result = conditions_of(first, seal)
    assert isinstance(result, RunConditions)
    assert all(isinstance(text, str) for text in (*result.session_options, *result.remarks(), *result.hidden_names))
    assert result.skew_ms is None or result.skew_ms >= 0


def test_a_run_that_says_nothing():
    """Lines without conditions give unknown conditions."""
    assert conditions_of({}, None) == UNKNOWN_CONDITIONS
