"""Run groups: when an incomplete one holds a use case, and when it releases it."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, strategies as st
from msgspec.structs import replace

from pytest_readiness.facts.evidence import Result
from pytest_readiness.facts.run import PlanEntry
from pytest_readiness.facts.run_group import GroupPart, RunPlan
from pytest_readiness.verdict.evaluation import Facts, evaluate
from pytest_readiness.verdict.group_plans import with_plans
from pytest_readiness.verdict.policy import Policy
from pytest_readiness.verdict.run_groups import generations
from pytest_readiness.verdict.run_version import RunVersion
from tests.verdict.judging import CATALOGUE, ERROR, FAILED, IDLE, INTERRUPTED, NOW, UC, days_ago, ran, use_case
from tests.verdict.people import retirement

pytestmark = pytest.mark.slow

HOUR = 1 / 24


def plan(
    *tests: str, ended: tuple[str, ...] | None = None, left_out: tuple[str, ...] = (), claims=((UC, "4"),)
) -> RunPlan:
    """Return a plan of tests that all ended, unless ``ended`` says which did."""
    planned = [PlanEntry(test, claims) for test in tests] + [
        PlanEntry(test, claims, selected=False) for test in left_out
    ]
    return RunPlan(tuple(planned), frozenset(tests if ended is None else ended), frozenset())


def part(number: int, *tests: str, days: float = 2, of: int = 2, run: str | None = None, **more) -> GroupPart:
    """Return a part of the group ``nightly``, in staging; its run is told by number and start unless ``run`` says it."""
    planned = more.pop("plan", None) or plan(*tests)
    all_finished = {test.test_id for test in planned.tests if test.selected} <= planned.ended
    fields = {
        "environment": "staging",
        "group": "nightly",
        "started_at": days_ago(days),
        "all_finished": all_finished,
        **more,
    }
    return GroupPart(run_id=run or f"{number}@{days}", number=number, parts=of, plan=planned, **fields)


def complete(days: float = 9) -> list[GroupPart]:
    """Return a complete generation that planned tests a and b."""
    return [part(1, "a", days=days), part(2, "b", days=days)]


def holds(evidence, *parts: GroupPart, **facts) -> list[str]:
    """Return what is told of the groups that hold the use case."""
    return [str(hold) for hold in use_case(evidence, parts=parts, **facts).group_holds]


def arrived(*parts: GroupPart) -> list[str]:
    """Return why the groups that hold the use case do, without evidence."""
    return [hold.why for hold in use_case([], parts=parts).group_holds]


def test_it_is_complete_when_each_part_has_arrived():
    """By their numbers, however often and in whatever order; only then the gate is open."""
    assert arrived(part(1, "a")) == ["1 of 2 parts arrived"]
    assert arrived(part(1, "a"), part(1, "b", days=1.9)) == ["1 of 2 parts arrived"]
    assert arrived(part(2, "a"), part(1, "a", days=1.9)) == []
    assert arrived(part(1, "a", of=1)) == []
    assert arrived(part(1, "a"), part(2, "b", of=3)) == ["its parts disagree on their number (2, 3)"]
    assert arrived(part(0, "a", of=1)) == ["0 of 1 part arrived"]
    assert arrived(part(1, "a", of=1, collected=False)) == ["0 of 1 part arrived"]


def test_parts_that_disagree_have_arrived_up_to_the_most_that_any_says():
    """What is there is told by all of their numbers, and by none that none of them has."""
    (result,) = generations([part(1, "a"), part(3, "b", of=3), part(4, "c", of=3)]).values()
    assert [(generation.sizes, generation.arrived, generation.all_arrived) for generation in result] == [
        ((2, 3), (1, 3), False)
    ]


def test_what_is_missing_is_told_with_the_way_out():
    """The first five missing parts are named; and how many runs a reviewer would have to set aside, where not one."""

    def remedy(*parts: GroupPart) -> str:
        (hold,) = use_case([], parts=parts).group_holds
        return hold.remedy

    single, several = remedy(part(1, "a", of=6)), remedy(part(1, "a", of=7), part(1, "a", of=7, days=1.9))
    assert single.startswith("run part 2, 3, 4, 5, 6 of 6 of nightly, or all its parts again; ")
    assert single.endswith("a reviewer runs `readiness retire --run 1@2`")
    assert several.startswith("run part 2, 3, 4, 5, 6 ... of 7 of nightly")
    assert several.endswith("`readiness retire --run 1@2`, and the same for each of its 2 runs")


def test_each_planned_test_has_to_end():
    """In any attempt of a part: what was cut off is completed by a narrower one, and nothing is taken back."""
    cut = part(1, plan=plan("a", "b", ended=("a",)))
    assert arrived(cut, part(2, "c")) == ["all parts arrived, but 1 test did not run to its end"]
    assert arrived(cut, part(2, "c"), part(1, "b", days=1.9)) == []
    assert arrived(part(1, "a", "b"), part(2, "c"), part(1, days=1.9, plan=plan("b", ended=()))) == []
    assert arrived(part(1, plan=plan("a", left_out=("b",))), part(2, "c")) == []


def test_parts_without_a_ci_run_belong_together_for_twelve_hours():
    """From the first of them; what starts later begins another generation."""
    assert arrived(part(1, "a"), part(2, "b", days=2 - 12 * HOUR)) == []
    assert len(arrived(part(1, "a"), part(2, "b", days=2 - 12.01 * HOUR))) == 2
    assert len(arrived(part(1, "a"), part(1, "a", days=2 - 11 * HOUR), part(2, "b", days=2 - 13 * HOUR))) == 2


def test_parts_of_one_ci_run_belong_together_however_late():
    """A job that is run again days later is a part of its CI run, and of no other."""
    assert arrived(part(1, "a", pipeline="ci/1"), part(2, "b", days=0.1, pipeline="ci/1")) == []
    assert len(arrived(part(1, "a", pipeline="ci/1"), part(2, "b", pipeline="ci/2"))) == 2
    assert len(arrived(part(1, "a", pipeline="ci/1"), part(2, "b"))) == 2


@pytest.mark.parametrize("other", [{"environment": "prod"}, {"provider_mode": "BYOK"}, {"group": "weekly"}])
def test_a_group_is_told_by_its_id_and_place(other):
    """The same id in another environment or provider mode is another group."""
    assert len(arrived(part(1, "a"), part(2, "b", **other))) == 2


def test_the_first_generation_holds_every_use_case():
    """Whatever ran since: nobody knows what the missing part would have run."""
    everything = [ran(test=name) for name in "ab"]
    elsewhere = plan("x", claims=(("UC-9", "4"),))
    assert holds(everything, part(1, plan=elsewhere)) == [
        "nightly in staging, started at 2026-05-30T12:00:00.000Z: 1 of 2 parts arrived"
    ]


def test_a_later_one_holds_what_was_planned():
    """What its parts planned or left out, and what the last complete one planned."""
    assert holds([], *complete(), part(1, "a")) != []
    assert holds([ran(test="a")], *complete(), part(1, "a")) != []
    assert holds([ran(test="b")], *complete(), part(1, "a")) != []
    assert holds([ran(test="a"), ran(test="b")], *complete(), part(1, "a")) == []
    more = part(1, plan=plan("a", left_out=("c",)))
    assert holds([ran(test="a"), ran(test="b")], *complete(), more) != []
    assert holds([ran(test="a"), ran(test="b"), ran(test="c")], *complete(), more) == []
    other = [replace(one, plan=plan("x", claims=(("UC-9", "4"),))) for one in (*complete(), part(1))]
    assert holds([], *other) == []


BOTH = ("a", "b")


@pytest.mark.parametrize("result", [Result.PASSED, FAILED, ERROR])
def test_lets_go_of_a_test_that_ran_to_its_end(result):
    """Also where it failed, at this very moment, or as a part of the generation itself."""
    parts = (*complete(), part(1, "a"))
    assert holds([ran(test="a"), ran(result, test="b", days=0)], *parts) == []
    assert holds([ran(test="a", run_id="1@2", days=2), ran(result, test="b")], *parts) == []


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
        {"test": "b", "environment": "prod"},
        {"test": "b", "environment": None},
        {"test": "b", "real": False},
        {"test": "b", "run_id": "open"},
        {"test": "b", "result": INTERRUPTED},
        *({"test": "b", "result": result} for result in IDLE),
    ],
)
def test_holds_until_then(second):
    """Nothing less lets go: one test of two, another item or environment, a rehearsal, a skip, an open run."""
    evidence = [ran(test="a"), *([ran(**second)] if second else [])]
    assert holds(evidence, *complete(), part(1, "a"), open_runs={"open": ()}) != []


def test_another_provider_mode_lets_nothing_go():
    """Where the group names one, the test has to run in it."""
    parts = [replace(one, provider_mode="BYOK") for one in (*complete(), part(1, "a"))]
    assert holds([ran(test=name, provider_mode="MANAGED") for name in BOTH], *parts) != []
    assert holds([ran(test=name, provider_mode="BYOK") for name in BOTH], *parts) == []


def test_a_later_complete_generation_lets_go():
    """One of the same group: an earlier one, or another group's, does not."""
    assert arrived(part(1, "a"), *complete(days=1)) == []
    assert arrived(*complete(), part(1, "a")) != []
    assert arrived(part(1, "a"), *(replace(part, environment="prod") for part in complete(days=1))) != []


def test_it_holds_nothing_once_it_is_older_than_the_longest_max_age():
    """Of the items: 180 days."""
    assert arrived(part(1, "a", days=180)) != []
    assert arrived(part(1, "a", days=180.01)) == []


@pytest.mark.parametrize("environment", ["dev", "nowhere", None])
def test_it_holds_nothing_where_nothing_is_real(environment):
    """Evidence from there shows nothing either."""
    assert arrived(part(1, "a", environment=environment)) == []


def test_where_the_run_named_none_it_holds_where_its_tests_placed_themselves():
    """Also where only those of the last complete one did: the missing part may be the one that goes there."""
    there = {"environment": None, "plan": replace(plan("a"), environments=frozenset({"prod", "dev"}))}
    assert arrived(part(1, **there)) == ["1 of 2 parts arrived"]
    earlier = [part(number, **there, days=9) for number in (1, 2)]
    assert arrived(*earlier, part(1, "b", environment=None)) == ["1 of 2 parts arrived"]
    assert holds([ran(test=name, environment="staging") for name in BOTH], *earlier, part(1, **there)) != []
    assert holds([ran(test=name, environment="prod") for name in BOTH], *earlier, part(1, **there)) == []


@pytest.mark.parametrize(("by", "lets_go"), [("lead@example.com", True), ("stranger", False)])
def test_a_retired_test_need_not_run_again(by, lets_go):
    """Where its retirement holds, that is: by a listed reviewer."""
    decisions, policy = [retirement("b", by=by)], Policy(reviewers=("lead@example.com",))
    result = use_case([ran(test="a")], policy, parts=[*complete(), part(1, "a")], decisions=decisions).group_holds
    assert (not result) is lets_go


def test_held_by_several():
    """Each group that holds a use case is named, in the order of the names."""
    assert [text.split()[0] for text in holds([], part(1, group="b", run="b"), part(1, group="a", run="a"))] == [
        "a",
        "b",
    ]


def test_a_run_that_a_reviewer_set_aside_has_not_arrived():
    """What it planned has to run again; a generation of such runs alone is none."""
    parts = [part(1, "a", run="x"), part(2, "b", run="y")]
    (result,) = generations(parts, {"x"}).values()
    assert [(generation.complete, generation.arrived, generation.unfinished) for generation in result] == [
        (False, (2,), ("a",))
    ]
    (result,) = generations([*parts, part(1, "a", run="z")], {"x"}).values()
    assert [generation.complete for generation in result] == [True]
    (result,) = generations(parts, {"x", "y"}).values()
    assert result == []


TESTS = st.lists(st.sampled_from("abcd"), unique=True, max_size=3)


@st.composite
def histories(draw) -> list[GroupPart]:
    """Return runs of two groups, in a few nights, with parts that come more than once, late, or cut off."""
    result = []
    for number in range(draw(st.integers(1, 9))):
        tests = tuple(draw(TESTS))
        ended = tuple(test for test in tests if draw(st.integers(0, 5)))
        result.append(
            part(
                draw(st.integers(1, 2)),
                days=draw(st.sampled_from((0.1, 0.4, 1, 1.3, 2, 190))),
                of=2 if draw(st.integers(0, 9)) else 3,
                run=f"run-{number}",
                group=draw(st.sampled_from(("nightly", "weekly"))),
                environment=draw(st.sampled_from(("staging", "prod", "dev", None))),
                pipeline=draw(st.sampled_from((None, None, "ci/1", "ci/2"))),
                plan=plan(*tests, ended=ended, left_out=tuple(draw(TESTS))),
                subjects=draw(st.sampled_from(({}, {"api": "old"}, {"api": "old"}, {"api": "new"}, {"web": "old"}))),
            )
        )
    return result


EVIDENCE = st.lists(
    st.builds(
        ran,
        result=st.sampled_from((Result.PASSED, FAILED, *IDLE)),
        test=st.sampled_from("abcd"),
        days=st.sampled_from((0.05, 0.2, 1.1, 3)),
        environment=st.sampled_from(("staging", "prod", "dev")),
    ),
    max_size=6,
)


@given(histories(), EVIDENCE, st.randoms(use_true_random=False))
def test_the_order_of_arrival_does_not_matter(parts: list[GroupPart], evidence, shuffle: random.Random):
    """The verdict is the same in whatever order runs arrive, and if some arrive twice."""
    expected = holds(evidence, *parts)
    again = [*parts, *parts[:2]]
    shuffle.shuffle(again)
    assert holds(evidence, *again) == expected


@st.composite
def of_two_moments(draw) -> list[GroupPart]:
    """Return a few CI runs of one group, which all began in one of two milliseconds."""
    days = {pipeline: draw(st.sampled_from((1, 1, 2))) for pipeline in ("ci/1", "ci/2", "ci/3")}
    return [
        part(number, *draw(TESTS), days=days[pipeline], pipeline=pipeline, run=f"run-{pipeline}-{number}")
        for pipeline in days
        for number in draw(st.sampled_from(((), (1,), (2,), (1, 2))))
    ]


@given(of_two_moments() | histories(), EVIDENCE, st.randoms(use_true_random=False))
def test_the_names_of_runs_decide_nothing(parts: list[GroupPart], evidence, shuffle: random.Random):
    """Of what began in one millisecond none is the later by its id, which is made by chance."""
    names = [part.run_id for part in parts]
    shuffle.shuffle(names)
    renamed = [replace(part, run_id=name) for part, name in zip(parts, names, strict=True)]
    assert holds(evidence, *renamed) == holds(evidence, *parts)


@pytest.mark.parametrize("ids", ["ab", "ba"])
def test_of_one_millisecond_nobody_is_the_later(ids: str):
    """A complete generation lets an incomplete one go that began before it, and none that began with it."""
    whole = [part(number, "a", pipeline="ci/1", run=f"{ids[0]}{number}") for number in (1, 2)]
    half = part(1, "b", pipeline="ci/2", run=f"{ids[1]}1")
    assert arrived(*whole, half) == ["1 of 2 parts arrived"]
    assert holds([ran(test="b", days=0)], *whole, half) != []
    assert holds([ran(test="b", days=0), ran(test="a", days=0)], *whole, half) == []
    assert arrived(*whole, replace(half, started_at=days_ago(2.1))) == []


@given(histories(), EVIDENCE)
def test_the_plans_that_are_not_read_change_nothing(parts: list[GroupPart], evidence):
    """Only those plans are read that can change what is held."""
    plans = {part.run_id: part.plan for part in parts}
    read = with_plans([replace(part, plan=None) for part in parts], lambda run: plans[run], NOW, 180)
    assert {part.run_id for part in read} == plans.keys()
    assert holds(evidence, *read) == holds(evidence, *parts)


VERSIONS = st.sampled_from(({"api": "old"}, {"api": "new"}, {"api": "old", "web": "old"}))


def held(evidence, parts: list[GroupPart], version: dict[str, str]) -> list[str]:
    """Return the generations that hold the use case where digests are judged, and only evidence of run A is for them."""
    policy, facts = Policy(subject="required"), Facts(evidence, parts=parts)
    (found,) = evaluate(CATALOGUE, policy, facts, NOW, subjects=version).use_cases
    return [str(hold) for hold in found.group_holds]


@given(histories(), EVIDENCE, VERSIONS)
def test_the_plans_that_are_not_read_change_nothing_for_a_version(parts: list[GroupPart], evidence, version):
    """So where digests are judged; and what is held is held at least as long as without."""
    plans = {part.run_id: part.plan for part in parts}
    unread = [replace(part, plan=None) for part in parts]
    read = with_plans(unread, lambda run: plans[run], NOW, 180, (), RunVersion(subjects=version))
    assert held(evidence, read, version) == held(evidence, parts, version)
    assert {*holds(evidence, *parts)} <= {*held(evidence, parts, version)}


@pytest.mark.parametrize(
    ("later", "is_let_go"),
    [
        (({"api": "old"}, {"api": "old"}), True),
        (({"api": "old"}, {}), True),
        (({"api": "old"}, {"web": "any"}), True),
        (({"api": "new"}, {"api": "new"}), False),
        (({"api": "old"}, {"api": "new"}), False),
        (({}, {}), False),
    ],
)
def test_what_is_judged_is_let_go_by_what_shows_it(later, is_let_go: bool):
    """A later complete generation of another digest, or of none, lets an incomplete one of the judged digest not go."""
    whole = [part(number, "a", days=1, subjects=subjects) for number, subjects in enumerate(later, 1)]
    half = part(1, "a", days=3, subjects={"api": "old"})
    assert held([], [half, *whole], {"api": "old"}) == ([] if is_let_go else [str(hold) for hold in _holds_of(half)])
    assert held([], [replace(half, subjects={"api": "older"}), *whole], {"api": "old"}) == []


def _holds_of(half: GroupPart):
    return use_case([], parts=[half]).group_holds


def asked(*parts: GroupPart) -> list[str]:
    """Return the runs whose plans are read."""
    plans, runs = {part.run_id: part.plan for part in parts}, []
    with_plans([replace(part, plan=None) for part in parts], lambda run: runs.append(run) or plans[run], NOW, 180)
    return sorted(runs)


def test_plans_are_read_only_where_something_may_be_held():
    """Not of a group whose newest generation is complete, alone or after others, nor of what is over: it costs time."""
    assert asked(*complete()) == []
    assert asked(part(1, "a"), *complete(days=1)) == []
    assert asked(part(1, "a", days=181)) == []
    assert asked(part(1, "a")) == ["1@2"]
    assert asked(*complete(), part(1, "a")) == ["1@2", "1@9", "2@9"]
    assert asked(*complete(days=10), *complete(days=8), part(1, "a")) == ["1@2", "1@8", "2@8"]


@given(histories(), EVIDENCE, st.data())
def test_a_narrower_rerun_opens_nothing(parts: list[GroupPart], evidence, data: st.DataObject):
    """A part that is run again with fewer of its tests, all of which had ended, leaves what is held as it was."""
    item = data.draw(st.sampled_from(parts))
    tests = tuple(test for test in sorted(item.plan.ended) if data.draw(st.booleans()))
    name = data.draw(st.sampled_from((f"{item.run_id}-again", "a-run")))
    again = replace(item, run_id=name, plan=plan(*tests), all_finished=True)
    assert holds(evidence, *parts, again) == holds(evidence, *parts)
