"""Cases that exist only while something fails: what lets go of them, and what does not."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.project import Project

pytestmark = pytest.mark.slow

TODAY = datetime.now(UTC)


@pytest.fixture
def placed(project: Project) -> Project:
    """A project in staging."""
    project.monkeypatch.setenv("READINESS_ENVIRONMENT", "staging")
    return project.configured()


def case(name: str, result: str = "", message: str = "x") -> str:
    """A test case ``CLASS::NAME``."""
    class_name, _, name = name.rpartition("::")
    child = f'<{result} message="{message}"/>' if result else ""
    name, class_name = name.replace('"', "&quot;"), class_name.replace('"', "&quot;")
    return f'<testcase classname="{class_name}" name="{name}">{child}</testcase>'


def suite(name: str, *cases: str, day: int = 1) -> str:
    """A suite of such, on a day of the last ten."""
    started = (TODAY - timedelta(days=10 - day)).isoformat()
    return f'<testsuite name="{name}" timestamp="{started}">{"".join(cases)}</testsuite>'


def take(project: Project, *suites: str, args: tuple[str, ...] = ("--map", "*=UC-001/1")) -> str:
    """Import a report, and return what the command said."""
    project.write("it.xml", f"<testsuites>{''.join(suites)}</testsuites>")
    result = project.cli("record", "--junit", "it.xml", *args)
    assert result.exit_code == 0, result.output
    return " ".join((result.stdout + result.stderr).split())


def stands(project: Project, use_case: str = "UC-001") -> dict[str, Any]:
    """How its first requirement stands."""
    return project.report(use_case)["use_cases"][0]["items"][0]["requirements"][0]


def state(project: Project) -> str:
    """Of item 1 of UC-001."""
    return stands(project)["state"]


HOOKS: dict[str, tuple[Callable[[int], str], Callable[[int], str], Callable[[int], str]]] = {
    # a report that fails, one that holds all, one that holds less
    "unittest class": (
        lambda day: suite("s-1", case("m.T::a"), case("m.T::b"), case("tearDownClass (m.T)", "error"), day=day),
        lambda day: suite("s-2", case("m.T::a"), case("m.T::b"), day=day),
        lambda day: suite("s-2", case("m.T::a"), case("m.U::b"), day=day),
    ),
    "unittest module": (
        lambda day: suite("s", case("m.T::a"), case("m.U::b"), case("tearDownModule (m)", "error"), day=day),
        lambda day: suite("s", case("m.T::a"), case("m.U::b"), day=day),
        lambda day: suite("s", case("m.T::a"), case("mm.U::b"), day=day),
    ),
    "nose2 class": (
        lambda day: suite("s", case("m.T::a"), case("tearDownClass (m::T)", "error"), day=day),
        lambda day: suite("s", case("m.T::a"), day=day),
        lambda day: suite("s", case("m.U::a"), day=day),
    ),
    "unittest loader": (
        lambda day: suite("s", case("k.T::a"), case("unittest.loader._FailedTest::m", "error"), day=day),
        lambda day: suite("s", case("m.T::a"), day=day),
        lambda day: suite("s", case("k.T::a"), case("m2.T::a"), case("m.T::a", "skipped"), day=day),
    ),
    "pytest collection": (
        lambda day: suite("pytest", case("k::a"), case("t.test_m", "error", "collection failure"), day=day),
        lambda day: suite("pytest", case("t.test_m::test_a"), day=day),
        lambda day: suite("pytest", case("k::a"), day=day),
    ),
    "vitest file": (
        lambda day: suite("a.test.js", case("a.test.js::a.test.js", "failure"), day=day) + suite("b", case("b::c")),
        lambda day: suite("a.test.js", case("a.test.js::works"), day=day),
        lambda day: suite("b.test.js", case("b.test.js::works"), day=day) + suite("b", case("b::c"), day=day),
    ),
    "jest hook": (
        lambda day: suite("s", case("a::a"), case(f"{JEST}::{JEST}", "failure"), day=day),
        lambda day: suite("s", case("a::a"), day=day),
        lambda day: suite("s", case("b::b"), day=day) + suite("t", case("a::a"), day=day),
    ),
    "mocha after all": (
        lambda day: suite("s", case("a::s a"), case("b::s b"), case(f"{AFTER}::s {AFTER}", "failure"), day=day),
        lambda day: suite("s", case("a::s a"), case("b::s b", "failure"), day=day),
        lambda day: suite("s", case("b::s b"), case("b::s b"), day=day),
    ),
    "mocha before each": (
        lambda day: suite("s", case(f"{BEFORE}::s {BEFORE}", "failure"), day=day),
        lambda day: suite("s", case("a::s a"), day=day),
        lambda day: suite("s", case("b::s b"), day=day),
    ),
    "bats setup_file": (
        lambda day: (
            suite("a.bats", day=day)
            + suite("setup_suite", case("setup_suite::setup_file failed", "failure"), day=day)
            + suite("b.bats", case("b.bats::c"), day=day)
        ),
        lambda day: suite("a.bats", case("a.bats::a"), day=day) + suite("b.bats", case("b.bats::c"), day=day),
        lambda day: suite("b.bats", case("b.bats::c"), day=day),
    ),
    "nose2 module": (
        lambda day: suite("s", case("p.m.T::a"), case("setUpModule (p::m)", "error"), day=day),
        lambda day: suite("s", case("p.m.T::a"), day=day),
        lambda day: suite("s", case("p.mm.T::a"), day=day),
    ),
    "nose2 loader": (
        lambda day: suite("s", case("nose2.loader.ModuleImportFailure::m", "error"), day=day),
        lambda day: suite("s", case("m.T::a"), day=day),
        lambda day: suite("s", case("mm.T::a"), day=day),
    ),
    "jest file": (
        lambda day: suite("a.test.js", case("Test suite failed to run::a.test.js", "failure"), day=day),
        lambda day: suite("a.test.js", case("a::works"), day=day),
        lambda day: suite("b.test.js", case("a::works"), day=day),
    ),
    "mocha hook of a suite": (
        lambda day: suite("s", case("a::s a"), case(f"{HOOK_IN}::s {HOOK_IN}", "failure"), day=day),
        lambda day: suite("s", case("a::s a"), day=day),
        lambda day: suite("t", case("a::s a"), day=day),
    ),
    "bats file": (
        lambda day: suite("a.bats", case("a.bats::", "failure"), day=day),
        lambda day: suite("a.bats", case("a.bats::a"), day=day),
        lambda day: suite("b.bats", case("b.bats::a"), day=day),
    ),
    "GoogleTest environment": (
        lambda day: (
            suite("A", case("A::a"), case("A::b"), day=day) + suite("NonTestSuiteFailure", case("", "failure"), day=day)
        ),
        lambda day: suite("A", case("A::a"), case("A::b"), day=day),
        lambda day: suite("A", case("A::a"), day=day),
    ),
}
JEST = "Test execution failure: could be caused by test hooks like 'afterAll'."
HOOK_IN = '"before all" hook in "s"'
AFTER, BEFORE = '"after all" hook for "b"', '"before each" hook for "a"'


@pytest.mark.parametrize("what", HOOKS)
def test_a_later_report_that_holds_all_lets_go(placed: Project, what: str) -> None:
    """What failed and is no test is over, once all that it concerned has run to its end; and that is told."""
    fails, whole, _ = HOOKS[what]
    take(placed, fails(1))
    assert state(placed) == "FAILING"
    args = ("--map", "*=UC-002/1")  # so that what passes there does not stand beside it
    assert "fails no more" in take(placed, whole(2), args=args)
    found = stands(placed)
    assert found["state"] in ("ASSERTED", "MISSING"), found["why"]


@pytest.mark.parametrize("what", HOOKS)
def test_a_report_that_holds_less_lets_go_of_nothing(placed: Project, what: str) -> None:
    """A partial run, another class, another file: the failure stays."""
    fails, _, less = HOOKS[what]
    take(placed, fails(1))
    assert "fails no more" not in take(placed, less(2), args=("--map", "*=UC-002/1"))
    assert state(placed) == "FAILING"


@pytest.mark.parametrize("what", HOOKS)
def test_an_older_report_lets_go_of_nothing(placed: Project, what: str) -> None:
    """What ran before the failure, or in the same run, says nothing of it, however late it is imported."""
    fails, whole, _ = HOOKS[what]
    take(placed, fails(2))
    for day in (1, 2):
        assert "fails no more" not in take(placed, whole(day), args=("--map", "*=UC-002/1"))
        assert state(placed) == "FAILING"


@pytest.mark.parametrize("what", HOOKS)
def test_a_report_in_which_it_fails_again_lets_go_of_nothing(placed: Project, what: str) -> None:
    """Also where it is not mapped any more, so that nothing is recorded of it."""
    fails, whole, _ = HOOKS[what]
    take(placed, fails(1))
    take(placed, whole(2), fails(2), suite("other", case("z::z"), day=2), args=("--map", "z::z=UC-002/1"))
    assert state(placed) == "FAILING"


CONCERNED = {
    "unittest class": "m.T::*",
    "unittest module": "m.U::*",
    "nose2 class": "m.T::*",
    "unittest loader": "m::*",
    "pytest collection": "t.test_m::*",
    "jest hook": "a::*",
    "mocha after all": "a::*",
    "bats setup_file": "b.bats::*",
    "GoogleTest environment": "A::*",
}


@pytest.mark.parametrize("what", CONCERNED)
def test_no_pass_that_it_concerns_stands_alone(placed: Project, what: str) -> None:
    """Where only the tests are mapped that a hook concerns, or its class, it is evidence for the same, until it ends."""
    fails, whole, _ = HOOKS[what]
    args = ("--map", f"{CONCERNED[what]}=UC-001/1")
    take(placed, fails(1), args=args)
    assert state(placed) == "FAILING"
    assert "fails no more" in take(
        placed, whole(2), suite("z", case("z::z"), day=2), args=(*args, "--map", "z::z=UC-002/1")
    )
    assert state(placed) != "FAILING"


@pytest.mark.parametrize(
    "against", ['<error message="x"/>', case("tearDownClass (m.T)", "error")], ids=["suite", "hook"]
)
def test_it_has_one_name_for_an_item(placed: Project, against: str) -> None:
    """What a pattern takes with its suites is evidence for that by this name alone."""
    whole = suite("o", suite("i", case("m.T::a"), against))
    output = take(placed, whole, args=("--map", "o/*=UC-001/1", "--map", "m.T::a=UC-002/1"))
    assert (output.count("UC-001/1 ERROR by o/i"), output.count("UC-001/1 ERROR")) == (1, 1), output
    assert output.count("UC-002/1 ERROR by ") == 1


def test_what_it_does_not_concern_stands_alone(placed: Project) -> None:
    """A hook of one class says nothing of another, and what failed and is not mapped is told."""
    fails, *_ = HOOKS["unittest class"]
    output = take(placed, fails(1), suite("k", case("k.T::a")), args=("--map", "k.T::a=UC-001/1"))
    assert state(placed) == "ASSERTED"
    assert "1 of 4 test cases are mapped; 1 of the others failed, such as 'tearDownClass (m.T)'" in output


def test_another_environment_lets_go_of_nothing(placed: Project) -> None:
    """What runs well in dev says nothing of staging, and what runs well in staging nothing of dev."""
    fails, whole, _ = HOOKS["unittest class"]
    take(placed, fails(1))
    placed.monkeypatch.setenv("READINESS_ENVIRONMENT", "dev")
    assert "fails no more" not in take(placed, whole(2))
    assert state(placed) == "FAILING"


def test_it_satisfies_nothing(placed: Project) -> None:
    """A requirement for which only a hook was mapped is as if nothing had run, once the hook fails no more."""
    fails, whole, _ = HOOKS["unittest class"]
    take(placed, fails(1), args=("--map", "tearDownClass*=UC-001/1"))
    assert state(placed) == "FAILING"
    take(placed, whole(2), args=("--map", "*=UC-002/1"))
    assert state(placed) == "MISSING"


def test_every_other_case_goes_only_by_retirement(placed: Project) -> None:
    """A test that failed and is gone stays, whatever else of its suite passes, also one of a telling name."""
    names = ("m.T::test_gone", "m.T::tearDownClass", "m.T::tearDownClass (m.T)", "a::a.test.js", "t::failed", "::x")
    take(placed, suite("s", *(case(name, "failure") for name in names), case("m.T::a")))
    assert "fails no more" not in take(placed, suite("s", case("m.T::a"), case("m.T::b"), day=2))
    found = stands(placed)
    assert {piece["test_id"] for piece in found["evidence"] if piece["result"] == "FAILED"} == {
        name.removeprefix("::") for name in names
    }


def test_a_test_that_was_ever_anything_else_is_a_test(placed: Project) -> None:
    """A case of such a name that passed or was skipped once exists not only while it fails."""
    name, rest = "tearDownClass (m.T)", (case("m.T::a"), case("m.T::b"))
    take(placed, suite("s", case(name), *rest, day=1))
    take(placed, suite("s", case(name, "error"), *rest, day=2))
    assert "fails no more" not in take(placed, suite("s", *rest, day=3))
    assert state(placed) == "FAILING"


def test_a_narrower_failure_takes_nothing_back(placed: Project) -> None:
    """What a hook concerned when it failed is due, also after it failed again in a run of less."""
    broken = case("tearDownClass (m.T)", "error")
    take(placed, suite("s", case("m.T::a"), case("m.T::b"), broken, day=1))
    take(placed, suite("s", case("m.T::a"), broken, day=2))
    assert "fails no more" not in take(placed, suite("s", case("m.T::a"), day=3))
    assert state(placed) == "FAILING"
    assert "fails no more" in take(placed, suite("s", case("m.T::a"), case("m.T::b"), day=4))
    assert state(placed) == "ASSERTED"


@pytest.mark.parametrize("result", ["skipped", None])
def test_what_ran_must_run_again(placed: Project, result: str | None) -> None:
    """A skip, or one of two cases of a name, is no end of what ran; what was skipped then may be skipped again."""
    broken = case("tearDownClass (m.T)", "error")
    take(placed, suite("s", case("m.T::a"), case("m.T::b"), case("m.T::b"), case("m.T::c", "skipped"), broken))
    less = (case("m.T::b", result),) if result else ()
    assert "fails no more" not in take(
        placed, suite("s", case("m.T::a"), case("m.T::b"), *less, case("m.T::c", "skipped"), day=2)
    )
    assert state(placed) == "FAILING"
    whole = suite("s", case("m.T::a"), case("m.T::b"), case("m.T::b"), case("m.T::c", "skipped"), day=3)
    assert "fails no more" in take(placed, whole)
    assert state(placed) == "ASSERTED"


def test_it_comes_back(placed: Project) -> None:
    """A hook that fails after it was over counts again; while it is over, nobody is told that it is missing."""
    fails, whole, _ = HOOKS["unittest class"]
    for day in (1, 4):
        take(placed, fails(day))
        assert state(placed) == "FAILING"
        for later in (1, 2):
            assert "missing" not in take(placed, whole(day + later))
            assert state(placed) == "ASSERTED"


def test_the_report_says_what_lets_go(placed: Project) -> None:
    """Nobody is told to make a hook pass that is no test; the store is intact."""
    take(placed, HOOKS["unittest class"][0](1))
    found = stands(placed)
    assert (
        "import a report in which the 2 cases of the class m.T end and tearDownClass (m.T) does not occur"
        in found["completes_it"]
    )
    take(placed, HOOKS["unittest class"][1](2))
    assert placed.cli("verify").exit_code == 0
