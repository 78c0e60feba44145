"""What writers of JUnit XML are known to write where others fail to see it: the smallest file of each, and its verdict."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from tests.cli.test_record_junit import lines
from tests.project import Project

pytestmark = pytest.mark.slow

AT = 'timestamp="2026-11-28T10:00:00Z"'


@dataclass(frozen=True)
class File:
    """A file, and what is to come of it."""

    text: str
    results: dict[str, str]
    """Of each test that is recorded, by name; none: the file is refused."""
    told: str = ""
    """Part of what is said on standard error."""
    ready: bool = False
    """Whether UC-001/1 is satisfied by it, as far as an import can."""
    maps: tuple[str, ...] = ("*=UC-001/1",)


def suites(inside: str, name: str = "s", more: str = AT) -> str:
    """A suite in a report."""
    return f'<testsuites><testsuite name="{name}" {more}>{inside}</testsuite></testsuites>'


def said(attributes: str = "", inside: str = "") -> str:
    """A report of the one case ``a::b``."""
    return suites(f'<testcase classname="a" name="b" {attributes}>{inside}</testcase>')


UNKNOWN = "untested", "undefined", "pending", "broken", "aborted", "not run", "inconclusive", "timedout"
NAMESAKES = '<testsuites><testsuite name="group"><testcase name="one" classname="test"/></testsuite><testsuite name="other"><testcase name="one" classname="test"><failure/></testcase></testsuite></testsuites>'
FILES = {
    "GoogleTest: the environment of all tests fails, in a case without a name": File(
        '<testsuites><testsuite name="NonTestSuiteFailure" timestamp="1970-01-01T00:00:00.000"><testcase name="" classname="" status="run" result="completed"><failure message="environment teardown"/></testcase></testsuite></testsuites>',
        {"NonTestSuiteFailure": "FAILED"},
    ),
    "bats 1.8: a case without a name": File(
        suites('<testcase classname="a.bats" name=""><failure/></testcase>', "a.bats"), {"a.bats": "FAILED"}
    ),
    "TAP: an error of the suite": File(
        '<testsuites><testsuite name="d_t" tests="1" errors="1" failures="0"><testcase name="1 - one"/><error message="exit 3"/></testsuite></testsuites>',
        {"1 - one": "PASSED", "d_t": "ERROR"},
        "the suite 'd_t' is an ERROR of its own: exit 3",
    ),
    "Catch2: [!shouldfail] that passes is only counted": File(
        '<testsuites><testsuite name="a" tests="2" errors="0" failures="1"><testcase classname="a.global" name="unexpected pass" status="run"/></testsuite></testsuites>',
        {"a.global::unexpected pass": "PASSED", "a": "ERROR"},
        "it says that it has 1 failures and errors, and has 0",
    ),
    "newman: a script that threw is only counted": File(
        '<testsuites><testsuite name="r" tests="1" failures="0" errors="1"><system-err>testScriptError</system-err><testcase name="before" classname="R"/></testsuite></testsuites>',
        {"R::before": "PASSED", "r": "ERROR"},
        "it says that it has 1 failures and errors, and has 0",
    ),
    "gotestsum: a package that does not build is only counted at the root": File(
        f'<testsuites tests="1" errors="1"><testsuite name="z/a" tests="1" failures="0" {AT}><testcase classname="z/a" name="TestA"/></testsuite></testsuites>',
        {"z/a::TestA": "PASSED", "a test suite without a name": "ERROR"},
        "is an ERROR of its own",
    ),
    "GoogleTest: a list of tests is no run": File(
        '<testsuites tests="1" name="AllTests"><testsuite name="Basic" tests="1"><testcase name="Fails" file="a.cc" line="5"/></testsuite></testsuites>',
        {},
        "is a list of tests, not a report of a run",
    ),
    "pytest-rerunfailures: a failed try is one more case that passed": File(
        suites('<testcase classname="t" name="flaky"/><testcase classname="t" name="flaky"/>', "pytest"),
        {"t::flaky": "PASSED"},
        "1 name of several test cases, such as 't::flaky': each name counts as one test",
        ready=True,
    ),
    "gotestsum: a failed try is one more case": File(
        suites('<testcase classname="z/a" name="TestFlaky"><failure message="Failed"/></testcase><testcase classname="z/a" name="TestFlaky"/>', "a"),
        {"z/a::TestFlaky": "FAILED"},
        "1 name of several test cases, such as 'z/a::TestFlaky'",
    ),
    "Playwright: test.fail() is a property": File(
        suites('<testcase name="x" classname="a.spec.js"><properties><property name="fail" value=""/></properties></testcase>'),
        {"a.spec.js::x": "XFAILED"},
    ),
    "unittest-xml-reporting: an expected failure is a type of skip": File(
        said("", '<skipped type="XFAIL" message="expected failure"/>'), {"a::b": "XFAILED"}
    ),
    "jest-junit: test.todo is a bare case that its suite does not count": File(
        suites('<testcase classname="c" name="works"/><testcase classname="c" name="later"/>', more=f'tests="1" {AT}'),
        {"c::works": "PASSED", "c::later": "PASSED"},
        "declares 1 test and contains 2: perhaps some did not run",
        ready=True,
    ),
    **{f"status={word}": File(said(f'status="{word}"'), {"a::b": "ERROR"}) for word in UNKNOWN},
    **{f"status={word}": File(said(f'status="{word}"'), {"a::b": "FAILED"}) for word in ("fail", "failed", "FAILURE")},
    **{f"status={word}": File(said(f'status="{word}"'), {"a::b": "PASSED"}, ready=True) for word in ("run", "Completed", "PASSED", "")},
    **{f"<{tag}>": File(said("", f"<{tag}/>"), {"a::b": "ERROR"}) for tag in ("timeout", "Failure", "skip", "aborted")},
    "executed=false": File(said('executed="false"'), {"a::b": "SKIPPED"}),
    "node: failure= beside the child": File(said('failure="boom"'), {"a::b": "FAILED"}),
    "Surefire: a rerun that failed, and no end": File(said("", "<rerunFailure/>"), {"a::b": "FAILED"}),
    "CTest: a disabled test": File(said('status="disabled"', "<skipped/>"), {"a::b": "SKIPPED"}),
    "GoogleTest: a disabled test": File(said('status="notrun" result="suppressed"'), {"a::b": "SKIPPED"}),
    "behave: untested beside <skipped>": File(said('status="untested"', "<skipped/>"), {"a::b": "SKIPPED"}),
    "Catch2: [!mayfail] is skipped and failed": File(said("", "<skipped/><failure/>"), {"a::b": "FAILED"}),
    "PHPUnit, pytest: an error beside a failure": File(said("", "<failure/><error/>"), {"a::b": "FAILED"}),
    "a control character in a message": File(
        '<testsuites><testsuite name="s"><testcase classname="a" name="b"/><testcase classname="a" name="c"><failure>x \x01 y</failure></testcase></testsuite></testsuites>',
        {"a::b": "PASSED", "a::c": "FAILED"},
        "1 character that XML does not allow: replaced with U+FFFD",
    ),
    "a lone surrogate": File(
        suites('<testcase classname="a" name="b"/><testcase classname="a" name="c"><failure>&#56575;</failure></testcase>'),
        {"a::b": "PASSED", "a::c": "FAILED"},
        "1 character that XML does not allow",
    ),
    "node: groups hold tests of one name": File(
        NAMESAKES, {"test::one": "FAILED"}, "a pattern with the suite name separates them, such as 'group/test::one'"
    ),
    "node: groups that are told apart": File(
        NAMESAKES,
        {"group/test::one": "PASSED", "other/test::one": "FAILED"},
        ready=True,
        maps=("group/*=UC-001/1", "other/*=UC-002/1"),
    ),
    "a page of HTML": File("<!DOCTYPE html><html><body>404</body></html>", {}, "is an HTML page, not JUnit XML"),
    "cucumber: a report of 0 bytes": File("", {}, "is empty: the test run did not finish writing it"),
    "unittest-xml-reporting: the year 1": File(
        suites('<testcase classname="a" name="b" time="0"><failure/></testcase>', more='timestamp="0001-01-01T00:00:00"'),
        {"a::b": "FAILED"},
    ),
}  # fmt: skip


@pytest.fixture
def placed(project: Project) -> Project:
    """A project in staging."""
    project.monkeypatch.setenv("READINESS_ENVIRONMENT", "staging")
    return project.configured()


@pytest.mark.parametrize("name", FILES)
def test_no_file_of_a_writer_says_more_than_was_shown(placed: Project, name: str) -> None:
    """Each is recorded as what it is, and what it hides is told; where it cannot be a report nothing is recorded."""
    one = FILES[name]
    placed.write("it.xml", one.text)
    result = placed.cli("record", "--junit", "it.xml", *(f"--map={pattern}" for pattern in one.maps))
    assert result.exit_code == (0 if one.results else 2), result.output
    assert one.told in result.stderr
    if not one.results:
        assert not (placed.path / ".readiness").exists()
        return
    assert {line["test"]: line["result"] for line in lines(placed)} == one.results
    assert (placed.states("UC-001")["UC-001/1"] == "ASSERTED") == one.ready
    assert placed.cli("gate", "--on", "evidence").exit_code == 1


@pytest.mark.parametrize("encoding", ["ISO-8859-1", "windows-1252", "UTF-16", "UTF-8-sig"])
def test_a_file_in_another_encoding_is_read(placed: Project, encoding: str) -> None:
    """By what it declares, or by its byte order mark."""
    declared = encoding.removesuffix("-sig")
    text = f'<?xml version="1.0" encoding="{declared}"?>' + suites('<testcase classname="c" name="é"/>')
    (placed.path / "it.xml").write_bytes(text.encode(encoding))
    result = placed.cli("record", "--junit", "it.xml", "--map", "c::é=UC-001/1")
    assert result.exit_code == 0, result.output
    assert [line["test"] for line in lines(placed)] == ["c::é"]


def test_what_is_told_of_a_case_that_is_not_known_to_have_passed(placed: Project) -> None:
    """The word and the element are named, where somebody asks why."""
    placed.write("it.xml", suites('<testcase classname="a" name="b" status="timedout"/><testcase classname="a" name="c"><aborted/></testcase>'))  # fmt: skip
    assert placed.cli("record", "--junit", "it.xml", "--map", "*=UC-001/1").exit_code == 0
    why = " ".join(placed.cli("why", "UC-001/1").stdout.split())
    for word in ("status='timedout'", "<aborted>"):
        assert f"{word} is not known to be said of a test that passed" in why


def test_a_failure_of_an_environment_is_retired_by_the_name_it_got(placed: Project) -> None:
    """And what names nothing is refused in one line."""
    placed.configured(
        (placed.path / "readiness.toml").read_text() + "[review]\nreviewers = ['rm@example.com']\nseparate = false\n"
    )
    placed.write("it.xml", FILES["GoogleTest: the environment of all tests fails, in a case without a name"].text)
    placed.cli("record", "--junit", "it.xml", "--map", "*=UC-001/1")
    assert placed.states("UC-001")["UC-001/1"] == "FAILING"
    for nothing in ("", " ", "::"):
        refused = placed.cli("retire", nothing, "--reason", "x", "--by", "rm@example.com")
        assert (refused.exit_code, refused.stderr.count("\n")) == (2, 1), refused.output
    done = placed.cli("retire", "NonTestSuiteFailure", "--reason", "x", "--by", "rm@example.com")
    assert done.exit_code == 0, done.output
    assert placed.states("UC-001")["UC-001/1"] == "MISSING"
