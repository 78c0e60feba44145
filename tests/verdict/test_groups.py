"""When an incomplete run group holds a use case, and when it lets go."""

from __future__ import annotations

import pytest

from pytest_readiness.verdict.groups import RunGroup
from tests.verdict.judging import FAILED, IDLE, UC, days_ago, ran, use_case

PLANNED = (("a", UC, "4"), ("b", UC, "4"), ("c", "UC-9", "4"))


def group(present: int = 1, name: str = "nightly", days: float = 2, planned=PLANNED) -> RunGroup:
    """Return a group of two parts, of which one (run ``part``) is there."""
    return RunGroup(name, 2, present, days_ago(days), ("part",), planned)


def held(evidence, *groups: RunGroup, **facts) -> tuple[str, ...]:
    """Return the groups that hold the use case."""
    return use_case(evidence, groups=groups, **facts).held_by_groups


def test_missing_parts_hold():
    """A group with a missing part holds what its planned tests claim, and a complete one does not."""
    assert held([], group()) == ("nightly",)
    assert held([], group(present=2)) == ()
    assert held([], group(planned=(("c", "UC-9", "4"),))) == ()


def test_lets_go_at_this_very_moment():
    """A test that started at the moment being judged has run again."""
    assert held([ran(test="a", days=0), ran(test="b", days=0)], group()) == ()


def test_held_by_several():
    """Each group that holds a use case is named, in the order of the names."""
    assert held([], group(name="b"), group(name="a")) == ("a", "b")


def test_lets_go_when_all_ran_again():
    """A group lets go once each planned test ran again for real, even where it failed; other use cases' do not matter."""
    assert held([ran(test="a"), ran(FAILED, test="b")], group()) == ()


@pytest.mark.parametrize(
    "second",
    [
        None,
        {"test": "c"},
        {"test": "b", "item": "5"},
        {"test": "b", "days": 2},
        {"test": "b", "days": 3},
        {"test": "b", "days": -1},
        {"test": "b", "environment": "dev"},
        {"test": "b", "run_id": "part"},
        {"test": "b", "run_id": "open"},
        *({"test": "b", "result": result} for result in IDLE),
    ],
)
def test_holds_until_then(second):
    """Nothing less lets go: not one test of two, not another item, no rehearsal, no skip, no part, no open run."""
    evidence = [ran(test="a"), *([ran(**second)] if second else [])]
    assert held(evidence, group(), open_runs={"open": ()}) == ("nightly",)


def test_a_part_of_another_incomplete_group_lets_nothing_go():
    """Groups with missing parts do not mend each other."""
    newer = RunGroup("newer", 2, 1, days_ago(1.5), ("other",), PLANNED)
    evidence = [ran(test=name, run_id="other") for name in "ab"]
    assert held(evidence, group(), newer) == ("newer", "nightly")
