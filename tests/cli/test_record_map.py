"""``readiness record --junit --map``: which test cases are evidence for what, and what each is called."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from fnmatch import fnmatchcase
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, strategies as st

from pytest_readiness.external.junit.reader import CaseAttempt, JUnitCase
from pytest_readiness.external.mapping import MappingRule, map_cases
from pytest_readiness.facts.evidence import Result
from tests.growth import assert_linear
from tests.project import Project

pytestmark = pytest.mark.slow

SUITE = '<testsuite name="{name}" timestamp="2026-11-28T{at}:00:00Z" {more}>{cases}</testsuite>'


@pytest.fixture
def placed(project: Project) -> Project:
    """A project in staging."""
    project.monkeypatch.setenv("READINESS_ENVIRONMENT", "staging")
    return project.configured()


def suite(name: str, *cases: str, at: str = "10", more: str = "") -> str:
    """A suite with cases: each ``classname::name``, a failure where ``!`` stands behind it."""
    return SUITE.format(name=name, at=at, more=more, cases="".join(map(case, cases)))


def case(text: str) -> str:
    """A case."""
    class_name, _, name = text.removesuffix("!").rpartition("::")
    inside = '<failure message="no"/>' if text.endswith("!") else ""
    return f'<testcase classname="{class_name}" name="{name}" time="1">{inside}</testcase>'


def record(project: Project, suites: str, *maps: str, root: str = "testsuites") -> Any:
    """Import suites with these mappings."""
    project.write("it.xml", f"<{root}>{suites}</{root.partition(' ')[0]}>")
    result = project.cli("record", "--junit", "it.xml", *(f"--map={mapping}" for mapping in maps))
    assert result.exit_code == 0, result.output
    return result


def lines(project: Project) -> list[dict[str, Any]]:
    """What was recorded."""
    with sqlite3.connect(project.path / ".readiness" / "evidence.db") as connection:
        texts = connection.execute("select text from line join run on run_id = id order by started_at, seq").fetchall()
    connection.close()
    return [line for (text,) in texts if (line := json.loads(text))["kind"] == "finished"]


def results(project: Project) -> list[tuple[str, str]]:
    """What was recorded: test and result."""
    return [(line["test"], line["result"]) for line in lines(project)]


NAMESAKES = suite("group", "test::one") + suite("other", "test::one!")


def test_namesakes_are_told_apart_by_their_suites(placed: Project) -> None:
    """A pattern with the suite takes the cases of that suite alone, and its pass is not lost to a namesake."""
    record(placed, NAMESAKES, "group/test::one=UC-001/1", "other/*=UC-002/1")
    assert results(placed) == [("group/test::one", "PASSED"), ("other/test::one", "FAILED")]
    states = placed.states()
    assert (states["UC-001/1"], states["UC-002/1"]) == ("ASSERTED", "FAILING")


def test_a_pattern_without_a_suite_takes_namesakes_as_one(placed: Project) -> None:
    """With the worst result; that is told, and how to tell them apart."""
    result = record(placed, NAMESAKES, "test::*=UC-001/1")
    assert results(placed) == [("test::one", "FAILED")]
    message = "a pattern with the suite name separates them, such as 'group/test::one'"
    assert (
        f"1 name of several test cases, such as 'test::one': each name counts as one test, with the worst result; {message}"
        in result.stderr
    )


def test_namesakes_that_nobody_mapped_are_not_told(placed: Project) -> None:
    """What is left out anyway disturbs nobody."""
    result = record(placed, NAMESAKES + suite("s", "test::two"), "*::two=UC-001/1")
    assert "name of several" not in result.stderr


def test_suites_within_suites(placed: Project) -> None:
    """Each suite around a case is part of its path, the outermost first; the root's name is not."""
    inner = f'<testsuite name="pay">{suite("refund", "test::twice!")}{suite("charge", "test::twice")}</testsuite>'
    record(placed, inner, "pay/charge/*=UC-001/1", root='testsuites name="all"')
    assert results(placed) == [("pay/charge/test::twice", "PASSED")]


@pytest.mark.parametrize(
    ("root", "expected"),
    [('testsuites id="" name=""', "chromium/a.spec.ts/a.spec.ts::pays"), ("testsuites", "a.spec.ts/a.spec.ts::pays")],
)
def test_projects_of_playwright(placed: Project, root: str, expected: str) -> None:
    """Playwright says its project where others say the machine, whose name must not be part of a test's."""
    chromium = suite("a.spec.ts", "a.spec.ts::pays", more='hostname="chromium"')
    record(placed, chromium, "*/a.spec.ts::pays=UC-001/1", root=root)
    assert results(placed) == [(expected, "PASSED")]


@pytest.mark.parametrize(
    ("first", "then"), [("test::one", "group/test::one"), ("group/test::one", "test::*"), ("group/*", "*one")]
)
def test_another_pattern_loses_no_failure(placed: Project, first: str, then: str) -> None:
    """A failure recorded under one name stays when a later import calls the passing case by another."""
    record(placed, suite("group", "test::one!"), f"{first}=UC-001/1")
    record(placed, suite("group", "test::one", at="11"), f"{then}=UC-001/1")
    assert placed.states("UC-001")["UC-001/1"] == "FAILING"
    record(placed, suite("group", "test::one", at="12"), f"{first}=UC-001/1")
    assert placed.states("UC-001")["UC-001/1"] == "ASSERTED"


def test_a_pattern_that_matches_the_name_does_not_look_at_the_suite(placed: Project) -> None:
    """What a test is called stays as it was, whatever its suites are called."""
    record(placed, suite("pay/x", "z/a::one"), "*/a::one=UC-001/1")
    assert results(placed) == [("z/a::one", "PASSED")]


NAMES = [
    ("login/*", ["login/login.spec.ts::Login › signs in"]),
    ("chromium/login/*", ["chromium/login/login.spec.ts/login/login.spec.ts::Login › signs in"]),
    ("LedgerTest::*", ["LedgerTest::Posts"]),
    ("All/LedgerTest::*", ["All/LedgerTest::Posts/0"]),
    ("Types/LedgerTest/*::*", ["Types/LedgerTest/0::Posts"]),
]


@pytest.mark.parametrize(("pattern", "expected"), NAMES)
def test_the_patterns_of_the_how_to_take_what_it_says(placed: Project, pattern: str, expected: list[str]) -> None:
    """Each names the tests that stand beside it, once, in the shape that Playwright and GoogleTest write."""
    page = Path(__file__).parents[2].joinpath("docs/how-to/import-junit.md").read_text(encoding="utf-8")
    assert f"| `{expected[0]}` | `{pattern}`" in page
    file = "login/login.spec.ts"
    projects = "".join(
        suite(file, f"{file}::Login › signs in", more=f'hostname="{one}"') for one in ("chromium", "webkit")
    )
    names = ("LedgerTest::Posts", "All/LedgerTest::Posts/0", "Types/LedgerTest/0::Posts")
    others = "".join(suite(name.rpartition("::")[0], name) for name in names)
    placed.write("it.xml", f'<testsuites id="" name="">{projects}{others}</testsuites>')
    listed = placed.cli("record", "--junit", "it.xml", "--list", f"--map={pattern}=UC-001/1").stdout.splitlines()
    assert [line.split(None, 1)[1] for line in listed if " -> " in line] == [f"{name} -> UC-001/1" for name in expected]


def test_a_case_that_is_evidence_twice_for_one_item_is_told(placed: Project) -> None:
    """Two patterns map it, one of them by its suite: with both names and both patterns, also by ``--list``."""
    some = suite("Pay", "Pay::a", "Pay::b") + suite("Log", "Log::c")
    maps = "Pay*=UC-001/1", "*/Pay::*=UC-001/1", "*/Log::*=UC-001/1", "Log::*=UC-001/2"
    message = (
        "readiness: 2 test cases are evidence for one item under two names, such as 'Pay::a' and 'Pay/Pay::a' for "
        "UC-001/1 (by --map 'Pay*' and --map '*/Pay::*'): make one of the patterns narrower\n"
    )
    assert record(placed, some, *maps).stderr == message
    listed = placed.cli("record", "--junit", "it.xml", "--list", *(f"--map={mapping}" for mapping in maps))
    assert listed.stderr == message
    assert record(placed, some, *maps[1:]).stderr.count("two names") == 0


def test_a_flaky_pass_is_not_hidden_by_its_namesake(placed: Project) -> None:
    """Of two passes of one name, the one after a failed attempt counts, wherever it stands."""
    flaky = '<testcase classname="c" name="a"><flakyFailure/></testcase>'
    record(placed, suite("s", "c::a").replace("</testsuite>", f"{flaky}</testsuite>"), "*=UC-001/1")
    (line,) = lines(placed)
    assert [attempt["result"] for attempt in line["attempts"]] == ["FAILED", "PASSED"]
    assert placed.states("UC-001")["UC-001/1"] == "FLAKY"


PART = st.sampled_from(["a", "b", "a/b", "b/a", "a::b", ""])
CASES = st.builds(
    lambda suites, name, result: JUnitCase(name, 0.0, (CaseAttempt(result, "", 0),), (), tuple(filter(None, suites))),
    st.lists(PART, max_size=2),
    st.sampled_from(["a::b", "b::a", "a/b::a", "a", "b/a"]),
    st.sampled_from([Result.PASSED, Result.FAILED]),
)
RULES = st.lists(
    st.builds(MappingRule, st.sampled_from(["*", "a/*", "*/a", "*::b", "a/a::b", "b/*::*", "a::b", "*/b::*"]), st.sampled_from(["UC-1/1", "UC-2/1"]), st.just("--map")),
    max_size=4, unique=True,
)  # fmt: skip


def names(cases: Sequence[JUnitCase], rules: Sequence[MappingRule]) -> dict[str, set[str]]:
    """What each test is evidence for, by its name."""
    return {test.name: set(test.targets) for test in map_cases(cases, rules).tests}


@given(st.lists(CASES, max_size=5), st.lists(CASES, max_size=5), RULES)
def test_a_name_depends_on_no_other_case(
    some: list[JUnitCase], more: list[JUnitCase], rules: list[MappingRule]
) -> None:
    """An import of fewer cases calls each the same as one of more: no failure is left behind under another name."""
    all_of_them = names([*some, *more], rules)
    for name, targets in names(some, rules).items():
        assert targets <= all_of_them[name]
    alone = [names([one], rules) for one in (*some, *more)]
    assert {name for each in alone for name in each} == set(all_of_them)


@given(st.lists(CASES, max_size=6), RULES)
def test_no_mapped_failure_is_lost(cases: list[JUnitCase], rules: list[MappingRule]) -> None:
    """Whatever a failing case is mapped to fails, under each name that it gets."""
    failing = {test.name for test in map_cases(cases, rules).tests if test.case.result is Result.FAILED}
    for junit_case in cases:
        if junit_case.result is Result.FAILED:
            assert set(names([junit_case], rules)) <= failing


PATTERNS = st.text("ab*?[]!-/", max_size=6)


@given(st.lists(PATTERNS, max_size=5, unique=True), st.text("ab]/-", max_size=6))
def test_a_pattern_matches_what_fnmatch_says(patterns: list[str], name: str) -> None:
    """How rules are looked up changes nothing of what they match, nor of their order."""
    rules = [MappingRule(pattern, f"UC-{number}/1", "--map") for number, pattern in enumerate(patterns)]
    one = JUnitCase(name, 0.0, (CaseAttempt(Result.PASSED, "", 0),), ())
    found = [target for test in map_cases([one], rules).tests for target in test.targets]
    exact = [rule for rule in rules if rule.pattern == name and not set("*?[") & set(name)]
    globs = [rule for rule in rules if set("*?[") & set(rule.pattern) and fnmatchcase(name, rule.pattern)]
    assert found == [rule.target for rule in (*exact, *globs)]


def test_a_pattern_for_each_of_many_classes_is_looked_up() -> None:
    """What a listing proposes is a pattern for each class: work grows with the names, and not with both."""
    fresh = count()  # compiled patterns are remembered

    def mapped(many: int) -> None:
        of = next(fresh)
        names = [f"p{of}-{at % many}.C::t{at}" for at in range(many * 4)]
        cases = [JUnitCase(name, 0.0, (CaseAttempt(Result.PASSED, "", 0),), ()) for name in names]
        rules = [MappingRule(f"p{of}-{at}.C::*", "UC-1/1", "--map") for at in range(many)]
        assert map_cases(cases, rules).mapped == len(cases)

    assert_linear(lambda: mapped(50), lambda: mapped(500), times=10)
