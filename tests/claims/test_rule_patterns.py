"""Patterns of rules: which names and marks they match, and what their wildcards stand for."""

from __future__ import annotations

import time

import allure
import allure_commons
import pytest

from pytest_readiness.claims.catalogue import Catalogue
from pytest_readiness.claims.claim_rules import ClaimRule, ClaimRules, near_miss
from pytest_readiness.claims.rule_patterns import PatternError, parse_mark_pattern, parse_test_pattern


class Item:
    """A test with a name and marks."""

    def __init__(self, nodeid: str, *marks: pytest.Mark) -> None:
        self.nodeid = nodeid
        self.marks = marks

    def iter_markers(self):
        """Its marks."""
        return iter(self.marks)


def mark(name, /, *args, **kwargs):
    """A mark as pytest stores it."""
    return pytest.Mark(name, args, kwargs, _ispytest=True)


def claimed(pattern: str, item: Item, target: str = "UC/1", *, marks: bool = False) -> list[str] | None:
    """The use cases that a rule claims for a test, in order; None: the rule does not match."""
    rules = ClaimRules([ClaimRule(pattern, (target,), "readiness.toml:1", marks)], Catalogue("r", open_world=True))
    claims = rules.claims_of(item)
    assert rules.counts == [0 if claims is None else 1]
    assert rules.matches(item) is (claims is not None)
    return None if claims is None else [claim.use_case for claim in claims.claims]


@pytest.mark.parametrize(
    ("pattern", "name", "matches"),
    [
        ("tests/keys/**::test_rotation*", "tests/keys/test_a.py::test_rotation", True),
        ("tests/keys/**::test_rotation*", "tests/keys/deep/er/test_a.py::test_rotation_old", True),
        ("tests/keys/**::test_rotation*", "tests/keys/test_a.py::test_rotation[a::b/c]", True),
        ("tests/keys/**::test_rotation*", "tests/keys/test_a.py::TestKeys::test_rotation", True),
        ("tests/keys/**::test_rotation*", "tests/keys/test_a.py::test_x[a::test_rotation]", False),
        ("tests/keys/**::test_rotation*", "tests/other/test_a.py::test_rotation", False),
        ("tests/keys/**::test_rotation*", "src/tests/keys/test_a.py::test_rotation", False),
        ("tests/*/test_a.py::test_x", "tests/one/test_a.py::test_x", True),
        ("tests/*/test_a.py::test_x", "tests/one/two/test_a.py::test_x", False),
        ("**/test_a.py::test_x", "test_a.py::test_x", True),
        ("**/test_a.py::test_x", "tests/one/test_a.py::test_x", True),
        ("**/test_a.py::test_x", "tests/test_a.py::TestX::test_x", False),
        ("tests/test_a.py", "tests/test_a.py::TestX::test_x[1]", True),
        ("./tests/test_a.py", "tests/test_a.py::test_x", True),
        ("tests/", "tests/deep/test_a.py::test_x", True),
        ("tests/test_*.py", "tests/test_a.py::test_x", True),
        ("tests/test_?.py::test_x", "tests/test_a.py::test_x", True),
        ("tests/test_?.py::test_x", "tests/test_ab.py::test_x", False),
        ("tests", "tests/test_a.py::test_x", False),
        ("tests/test_a.py::test_x", "tests/test_a.py::test_x[1]", True),
        ("tests/test_a.py::test_x", "tests/test_a.py::test_xy", False),
        ("tests/test_a.py::TestX", "tests/test_a.py::TestX::test_x", True),
        ("tests/test_a.py::TestX::*_new", "tests/test_a.py::TestX::test_new", True),
        ("tests/test_a.py::*::test_x", "tests/test_a.py::TestX::test_x", True),
        ("tests/test_a.py::*::test_x", "tests/test_a.py::test_x", False),
        ("tests/test_a.py::**::test_x", "tests/test_a.py::A::B::test_x", True),
        ("tests/test_a.py::**::test_x", "tests/test_a.py::test_x", True),
        ("tests/test_a.py::test_x[byok-*]", "tests/test_a.py::test_x[byok-eu::1]", True),
        ("tests/test_a.py::test_x[byok-*]", "tests/test_a.py::test_x[managed-eu]", False),
        ("tests/test_a.py::test_x[b]", "tests/test_a.py::test_xb", False),
        ("Tests/**::test_x", "tests/test_a.py::test_x", False),
        ("README.md", "README.md::README.md", True),
    ],
)
def test_a_glob_matches_the_names_that_it_spells(pattern, name, matches):
    """``*`` stays within a step, ``**`` spans steps, brackets are themselves; a file or class stands for its tests."""
    assert (claimed(pattern, Item(name)) is not None) is matches


@pytest.mark.parametrize(
    ("pattern", "name", "target", "use_case"),
    [
        ("tests/uc*/**::test_*", "tests/uc7/a/test_b.py::test_x[1]", "UC-{1}", "UC-7"),
        ("tests/uc*/**::test_*", "tests/uc7/a/test_b.py::test_x[1]", "{3}", "x"),
        ("**/uc*_test.py", "a/b/uc12_test.py::test_x", "{2}", "12"),
        ("**/uc*_test.py", "uc12_test.py::test_x", "{2}-{1}", "12-"),
        ("tests/test_a.py::test_x[*]", "tests/test_a.py::test_x[a[0]]", "{1}", "a[0]"),
        ("tests/test_a.py::test_uc*_x*", "tests/test_a.py::test_uc1_x_x2", "{1}", "1"),
    ],
)
def test_a_placeholder_is_what_the_wildcard_matched(pattern, name, target, use_case):
    """``{1}`` is the text of the first ``*`` or ``**``, the shortest that fits."""
    assert claimed(pattern, Item(name), f"{target}/1") == [use_case]


@pytest.mark.parametrize(
    ("pattern", "marks", "use_cases"),
    [
        ("slow", [mark("slow")], ["UC"]),
        ("slow", [mark("slower")], None),
        ("PAY-*", [mark("PAY-003"), mark("PAY-004")], ["UC-003", "UC-004"]),
        ("jira(PAY-*)", [mark("jira", "PAY-7", run=False)], ["UC-7"]),
        ("jira(PAY-*)", [mark("jira", "PAY-7", "OPS-1", "PAY-8")], ["UC-7", "UC-8"]),
        ("jira(PAY-*)", [mark("jira", "OPS-7")], None),
        ("jira(PAY-*)", [mark("jira")], None),
        ("jira( 'PAY-*' )", [mark("jira", "PAY-7")], ["UC-7"]),
        ('jira("a=*")', [mark("jira", "a=7")], ["UC-7"]),
        ("xray(test_key=X-*)", [mark("xray", test_key="X-9")], ["UC-9"]),
        ("xray(X-*)", [mark("xray", ["X-9", "X-10"])], ["UC-9", "UC-10"]),
        ("testrail(ids=C*)", [mark("testrail", ids=("C5", "D6"))], ["UC-5"]),
        ("testrail(*)", [mark("testrail", 77)], ["UC-77"]),
        ("testrail(*)", [mark("testrail", object(), None, True, 10**50)], None),
        ("labels(*)", [mark("labels", {"b", "a"})], ["UC-a", "UC-b"]),
        ("allure_label(tag=UC-*)", [mark("allure_label", "UC-3", "other", label_type="tag")], ["UC-3"]),
        ("allure_label(tag=UC-*)", [mark("allure_label", "UC-3", label_type="story")], None),
        ("allure_label(id=*)", [mark("allure_label", "44", label_type="as_id")], ["UC-44"]),
        ("allure.id(*)", [mark("allure_label", "44", label_type="as_id")], ["UC-44"]),
        ("allure.id", [mark("allure_label", "44", label_type="as_id")], ["UC"]),
        ("allure.id", [mark("allure_label", "44", label_type="tag")], None),
        ("allure.issue(*PAY-3)", [mark("allure_link", "x.PAY-3", link_type="issue", name="x")], ["UC-x."]),
    ],
)
def test_a_mark_matches_by_its_name_and_argument(pattern, marks, use_cases):
    """A rule names a mark, a positional argument, a keyword, or the kind of a label of Allure."""
    target = "UC-{1}/1" if "*" in pattern else "UC/1"
    assert claimed(pattern, Item("a.py::test_a", *marks), target, marks=True) == use_cases


class MarksOfAllure:
    """Takes what the decorators of Allure ask for, and makes the marks that its plugin makes of it."""

    def __init__(self) -> None:
        self.marks: list[pytest.Mark] = []

    @allure_commons.hookimpl
    def decorate_as_label(self, label_type, labels):
        """Note the mark of labels."""
        self.marks.append(mark("allure_label", *labels, label_type=label_type))
        return lambda function: function

    @allure_commons.hookimpl
    def decorate_as_link(self, url, link_type, name):
        """Note the mark of a link."""
        self.marks.append(mark("allure_link", url, name=name or url, link_type=link_type))
        return lambda function: function


@pytest.mark.parametrize(
    ("name", "decorate"),
    [
        *((name, getattr(allure, name)) for name in ("tag", "epic", "feature", "story", "suite", "id")),
        *((name, getattr(allure, name)) for name in ("parent_suite", "sub_suite")),
        *((name, getattr(allure, name)) for name in ("link", "issue", "testcase")),
    ],
)
def test_the_name_of_a_decorator_of_allure_stands_for_the_mark_that_it_makes(name, decorate):
    """Allure itself makes the mark, under another name than its decorator's."""
    plugin = MarksOfAllure()
    allure_commons.plugin_manager.register(plugin)
    try:
        decorate("UC-3")(lambda: None)
    finally:
        allure_commons.plugin_manager.unregister(plugin)
    marks = plugin.marks
    assert claimed(f"allure.{name}(UC-*)", Item("a.py::test_a", *marks), "UC-{1}/1", marks=True) == ["UC-3"]
    other = "tag" if name != "tag" else "story"
    assert claimed(f"allure.{other}(UC-*)", Item("a.py::test_a", *marks), "UC-{1}/1", marks=True) is None


@pytest.mark.parametrize("number", [0, 2])
def test_a_placeholder_without_its_wildcard_is_refused(number):
    """The first * has the number 1, so that there is no {0}."""
    with pytest.raises(PatternError, match=f"where .{number}. is what a . matched, and has 1 "):
        ClaimRule("tests/*", (f"UC-{{{number}}}/1",), "readiness.toml:1").parse()


@pytest.mark.parametrize("text", ["", "  ", "::test_x", "tests/test_a.py::"])
def test_a_glob_that_names_no_test_is_refused(text):
    """A pattern without a path or a name says how one is written."""
    with pytest.raises(PatternError, match="must be a glob on node ids"):
        parse_test_pattern(text)


@pytest.mark.parametrize("text", ["", "jira(", "jira()", "jira(key=)", "(x)", "jira(x) y"])
def test_a_mark_pattern_of_another_form_is_refused(text):
    """A pattern that is no NAME, NAME(ARG) or NAME(key=ARG) says so."""
    with pytest.raises(PatternError, match="NAME"):
        parse_mark_pattern(text)


STARS = ["*" * 60 + "b", "*a" * 25 + "*b", "**a" * 25 + "**b"]


@pytest.mark.parametrize("glob", STARS, ids=["stars", "star and letter", "two stars and letter"])
def test_many_wildcards_cost_no_time(glob):
    """The nearest place of a literal is as good as a later one, so that a session does not hang on a rule."""
    begin = time.process_time()
    name = "a" * 300
    assert claimed(glob, Item(f"{name}/{name}.py::test_x")) is None
    assert claimed(f"x.py::{glob}", Item(f"x.py::{name}[{name}]")) is None
    assert claimed(f"x.py::f[{glob}]", Item(f"x.py::f[{name}]")) is None
    assert claimed(f"x({glob})", Item("x.py::f", mark("x", name)), marks=True) is None
    assert claimed(glob, Item("x.py::f", mark(name)), marks=True) is None
    for near in (glob, f"{glob}c"):
        assert near_miss(ClaimRule(near, ("UC/1",), "readiness.toml:1"), [name, f"{name}.py"]) == ""
    assert time.process_time() - begin < 5


@pytest.mark.parametrize(
    ("pattern", "name", "groups"),
    [
        ("a*b*c/*.py", "aXbYbZc/d.py", "X,YbZ,d"),
        ("**/a*b*/**::t", "p/q/axbyb/r/s.py::t", "p/q,x,yb,r/s.py"),
        ("**/a*b*/**::t", "ab/r/axb/s.py::t", "ab/r,x,,s.py"),
        ("x.py::a*b*c", "x.py::A::abbc[1]", None),
        ("x.py::**::a*b*c", "x.py::A::axbbcd::abcc[1]", "A::axbbcd,,c"),
        ("x.py::f[*-*-*]", "x.py::f[a-b-c-d]", "a,b,c-d"),
        ("x.py::f[**a*b]", "x.py::f[aacab]", ",aca"),
    ],
)
def test_each_wildcard_takes_as_little_as_it_can(pattern, name, groups):
    """From left to right, as far as the rest still matches."""
    count = pattern.count("**") + pattern.replace("**", "").count("*")
    target = ",".join(f"{{{number}}}" for number in range(1, count + 1))
    texts = ClaimRules([ClaimRule(pattern, (f"{target}",), "readiness.toml:1")], None)
    assert [found for _, found in texts._matches(Item(name))] == ([] if groups is None else [tuple(groups.split(","))])
