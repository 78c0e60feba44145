"""What a JUnit suite says against itself as a whole is a case of its own, and none of its passes stands alone."""

from __future__ import annotations

from typing import Any

import pytest

from tests.cli.test_record_junit import lines
from tests.project import Project

pytestmark = pytest.mark.slow


@pytest.fixture
def placed(project: Project) -> Project:
    """A project in staging."""
    project.monkeypatch.setenv("READINESS_ENVIRONMENT", "staging")
    return project.configured()


def taken_in(project: Project, xml: str, *maps: str) -> tuple[dict[str, str], str]:
    """Import a file; return the result of each test, and what was said on standard error."""
    project.write("it.xml", xml)
    given = [word for mapping in maps or ("*=UC-001/1",) for word in ("--map", mapping)]
    result = project.cli("record", "--junit", "it.xml", *given)
    assert result.exit_code == 0, result.output
    return {line["test"]: line["result"] for line in lines(project)}, result.stderr


TAP = '<testsuites><testsuite name="d_t" tests="1" errors="1" failures="0"><testcase name="1 - one"/><error message="exit 3"/></testsuite></testsuites>'
CATCH2 = '<testsuites><testsuite name="a" tests="2" errors="0" failures="1"><testcase classname="a.global" name="unexpected pass" status="run"/></testsuite></testsuites>'
NEWMAN = '<testsuites><testsuite name="r" tests="1" failures="0" errors="1"><system-err>testScriptError</system-err><testcase name="before" classname="R"/></testsuite></testsuites>'
GOTESTSUM = '<testsuites tests="1" failures="0" errors="1"><testsuite name="z/a" tests="1" failures="0"><testcase classname="z/a" name="TestA"/></testsuite></testsuites>'
SAID = '<testsuite name="s" time="1" {}><testcase name="x" time="1"/></testsuite>'
NESTED = '<testsuites><testsuite name="o" failures="1"><testsuite name="i" failures="1"><testcase name="x" time="1"/></testsuite></testsuite></testsuites>'


@pytest.mark.parametrize(
    ("xml", "suites", "message"),
    [
        (TAP, ["d_t"], "it.xml: the suite 'd_t' is an ERROR of its own: exit 3"),
        (TAP.replace("error message", "failure message"), ["d_t"], "exit 3"),
        (TAP.replace("<error message", "<Error message"), ["d_t"], "exit 3"),
        (TAP.replace(' message="exit 3"', ""), ["d_t"], "it has an <error>"),
        (CATCH2, ["a"], "the suite 'a' is an ERROR of its own: it says that it has 1 failures and errors, and has 0"),
        (NEWMAN, ["r"], "it says that it has 1 failures and errors, and has 0"),
        (NEWMAN.replace('errors="1"', 'errors="many"'), ["r"], "it says errors='many'"),
        (NEWMAN.replace('errors="1"', 'status="failed"'), ["r"], "it says status='failed', and none of its test cases"),
        (GOTESTSUM, ["a test suite without a name"], "the suite 'a test suite without a name' is an ERROR of its own"),
        (GOTESTSUM.replace("<testsuites", '<testsuites name="all"'), ["all"], "the suite 'all' is an ERROR of its own"),
        *(
            (
                SAID.format(f'{name}="{word}"'),
                ["s"],
                f"it says {name.lower()}='{word.lower()}', which is not known to be said of",
            )
            for name, word in [
                ("status", "aborted"),
                ("result", "Inconclusive"),
                ("STATUS", "timedout"),
                ("executed", "x"),
            ]
        ),
        (
            f'<testsuites name="all" status="aborted">{SAID.format("")}</testsuites>',
            ["all"],
            "it says status='aborted'",
        ),
        (
            SAID.format('status="aborted"').replace("/></", "/><testcase name='y'><failure/></testcase></"),
            ["s"],
            "aborted",
        ),
        *(
            (SAID.format(f'{name}="{word}"'), ["s"], f"it says {name}='{word}', and 1 test case of it would count as")
            for name, word in [("status", "skipped"), ("result", "notrun"), ("executed", "false")]
        ),
        (
            SAID.format("").replace("<testcase", "<skipped/><testcase"),
            ["s"],
            "it has a <skipped>, and 1 test case of it",
        ),
        (NESTED, ["i"], "the suite 'i' is an ERROR of its own"),
        (NESTED.replace('"o" failures="1"', '"o" failures="2"'), ["i", "o"], "the suite 'o' is an ERROR of its own"),
    ],
)
def test_what_is_against_a_suite_is_a_case_of_its_own(
    placed: Project, xml: str, suites: list[str], message: str
) -> None:
    """It is an ERROR named after the suite, said on standard error, and the use case is not ready by its passes."""
    found, said = taken_in(placed, xml)
    assert [name for name, result in found.items() if result == "ERROR"] == suites
    assert message in " ".join(said.split())
    assert placed.states("UC-001")["UC-001/1"] == "FAILING"


@pytest.mark.parametrize("mapping", ["1 - one=UC-001/1", "d_t/1 - one=UC-001/1"], ids=["by its name", "with its suite"])
def test_a_mapped_pass_of_such_a_suite_does_not_stand_alone(placed: Project, mapping: str) -> None:
    """The case of the suite is evidence also for what a pattern maps of the suite alone."""
    found, _ = taken_in(placed, TAP, mapping)
    assert found["d_t"] == "ERROR"
    assert len(found) == 2
    assert placed.states("UC-001")["UC-001/1"] == "FAILING"


def test_a_property_takes_the_suite_along(placed: Project) -> None:
    """Where the pass says itself what it is evidence for, its suite is evidence for that."""
    message = (
        '<testcase name="1 - one"><properties><property name="readiness" value="UC-002/1"/></properties></testcase>'
    )
    taken_in(placed, TAP.replace('<testcase name="1 - one"/>', message), "nothing=UC-001/1")
    assert placed.states("UC-002")["UC-002/1"] == "FAILING"


def test_a_result_of_its_name_replaces_it(placed: Project) -> None:
    """A later report of the whole suite leaves it, what somebody saw ends it, and the next failure counts anew."""
    taken_in(placed, TAP)
    taken_in(placed, TAP.replace('errors="1"', 'errors="0"').replace('<error message="exit 3"/>', ""))
    assert placed.states("UC-001")["UC-001/1"] == "FAILING"
    result = placed.cli("record", "UC-001", "--item", "1", "--id", "d_t", "--result", "PASSED")
    assert result.exit_code == 0, result.output
    assert placed.states("UC-001")["UC-001/1"] == "ASSERTED"
    taken_in(placed, TAP)
    assert placed.states("UC-001")["UC-001/1"] == "FAILING"


def test_another_suite_is_left_alone(placed: Project) -> None:
    """What is against one suite says nothing of what is mapped in the suite beside it."""
    beside = '<testsuite name="b"><testcase name="2 - two" time="1"/></testsuite></testsuites>'
    found, _ = taken_in(placed, TAP.replace("</testsuites>", beside), "2 - two=UC-001/1")
    assert found == {"2 - two": "PASSED"}


def test_a_suite_that_loads_nothing_is_found_by_the_pattern_of_its_tests(placed: Project) -> None:
    """A package that does not build has no test, and is what ``package::*`` maps."""
    found, _ = taken_in(placed, '<testsuite name="z/a" tests="0" errors="1"/>', "z/a::*=UC-001/1")
    assert found == {"z/a": "ERROR"}


@pytest.mark.parametrize(
    "suite",
    [
        'failures="1"><testcase name="x"><failure/></testcase>',
        'failures="1"><testcase name="x" status="failed"/>',
        'failures="1" errors="1"><testcase name="x"><failure/><error/></testcase>',
        'errors="1"><testcase name="x"><timeout/></testcase>',
        'errors="0" failures="0.0" status="failed"><testcase name="x"><failure/></testcase>',
        'status="passed" result="Completed" executed="True"><testcase name="x" time="1"/>',
        'status="run"><testcase name="x" time="1"/>',
        'status="skipped"><testcase name="x"><skipped/></testcase>',
        'executed="false"><skipped/><testcase name="x" status="notrun"/>',
        'failures="0"><testcase name="x"><failure/></testcase><testcase name="y"><failure/></testcase>',
        'failures="1" errors=""><testsuite name="i" failures="1"><testcase name="x"><failure/></testcase></testsuite>',
    ],
)
def test_what_the_cases_tell_is_no_case_of_the_suite(placed: Project, suite: str) -> None:
    """Counts that the failures and errors in it account for are no news, and neither are counts that say too few."""
    found, said = taken_in(placed, f'<testsuites><testsuite name="s" {suite}</testsuite></testsuites>')
    assert "s" not in found
    assert "of its own" not in said


def test_many_such_suites_are_told_by_a_few(placed: Project) -> None:
    """A thousand suites with something against them do not bury what else is said."""
    suites: Any = "".join(f'<testsuite name="s{number}" errors="1"/>' for number in range(30))
    _, said = taken_in(placed, f"<testsuites>{suites}</testsuites>")
    assert said.count("of its own") == 5
    assert "it.xml: the same for 25 more suites" in said
