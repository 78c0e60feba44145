"""Times of JUnit files that say no zone, that the file's own date contradicts, or that are older than what is claimed."""

from __future__ import annotations

import os
import subprocess
from datetime import UTC, datetime

import pytest

from tests.cli.test_record_junit import lines
from tests.project import Project

pytestmark = pytest.mark.slow
NOON = datetime(2026, 11, 28, 12, 0, 5, tzinfo=UTC)
"""When the files were written."""
PASS = '<testsuite name="s" timestamp="{}"><testcase classname="c" name="a" time="1"/></testsuite>'
FAIL = PASS.replace("/></", "><failure/></testcase></")


@pytest.fixture
def placed(project: Project) -> Project:
    """A project in staging."""
    project.monkeypatch.setenv("READINESS_ENVIRONMENT", "staging")
    return project.configured()


def taken_in(project: Project, xml: str, *args: str, written: datetime = NOON) -> tuple[list[str], str]:
    """Import a file that was written at some time; return when its tests began, and what was said."""
    os.utime(project.write("it.xml", xml), (written.timestamp(),) * 2)
    result = project.cli("record", "--junit", "it.xml", "--map", "*=UC-001/1", *args)
    assert result.exit_code == 0, result.output
    return [line["started_at"][:16] for line in lines(project)], " ".join(result.stderr.split())


def test_a_failure_without_a_zone_is_not_hidden_by_an_earlier_pass(placed: Project) -> None:
    """A failure at noon, written by GoogleTest in New York, comes after the pass of ten o'clock."""
    taken_in(placed, PASS.format("2026-11-28T10:00:00Z"))
    began, said = taken_in(placed, FAIL.format("2026-11-28T07:00:00"))
    assert began[-1] == "2026-11-28T12:00"
    assert (
        "it.xml: 1 test case that did not pass has no time zone: the time of the file "
        "(2026-11-28T12:00:05.000Z) is used; give --timezone"
    ) in said
    assert placed.states("UC-001")["UC-001/1"] == "FAILING"


def test_a_pass_without_a_zone_hides_no_later_failure(placed: Project) -> None:
    """A pass of three o'clock that avocado wrote in Tokyo as noon comes before the failure of five o'clock."""
    morning = NOON.replace(hour=3)
    began, said = taken_in(placed, PASS.format("2026-11-28T12:00:00"), written=morning)
    assert began == ["2026-11-28T03:00"]
    assert (
        "it.xml: '2026-11-28T12:00:00' is 9 hours after the file was written (2026-11-28T03:00:05.000Z): for passes "
        "the time of the file is used; if it is a local time, give --timezone"
    ) in said
    taken_in(placed, FAIL.format("2026-11-28T05:00:00Z"), written=NOON.replace(hour=5))
    assert placed.states("UC-001")["UC-001/1"] == "FAILING"


@pytest.mark.parametrize(
    ("said", "args"),
    [
        ("2026-11-28T12:00:00Z", ()),
        ("2026-11-28T12:00:00", ("--timezone", "UTC")),
        ("2026-11-29T12:00:00", ()),
        ("2026-11-28T03:00:30", ()),
    ],
    ids=["zone", "option", "more than a zone", "a clock"],
)
def test_a_pass_that_no_zone_explains_begins_when_it_says(placed: Project, said: str, args: tuple[str, ...]) -> None:
    """A start with a zone, or so far after the file that it is none of zones, is taken as it is said."""
    began, _ = taken_in(placed, PASS.format(said), *args, written=NOON.replace(hour=3))
    assert began == [said[:16]]


@pytest.mark.parametrize("zone", ["America/New_York", "-05:00", "-0500"])
def test_a_zone_that_is_given_is_taken(placed: Project, zone: str) -> None:
    """With --timezone times are what they say, and nothing is moved or told."""
    began, said = taken_in(placed, FAIL.format("2026-11-28T07:00:00"), "--timezone", zone)
    assert began == ["2026-11-28T12:00"]
    assert said == ""


def test_a_time_with_a_zone_needs_none(placed: Project) -> None:
    """--timezone says nothing of times that say their own, or of none."""
    zone = ("--timezone", "Asia/Tokyo")
    assert taken_in(placed, FAIL.format("2026-11-28T07:00:00+01:00"), *zone) == (["2026-11-28T06:00"], "")
    assert taken_in(placed, PASS.format(""), *zone)[0][-1] == "2026-11-28T12:00"


@pytest.mark.parametrize(("xml", "hour"), [(PASS, "00:30"), (FAIL, "01:30")], ids=["passed", "failed"])
def test_an_hour_that_comes_twice_is_the_one_that_counts_less(placed: Project, xml: str, hour: str) -> None:
    """When clocks are put back, a pass is of the first of the two hours, and a failure of the second."""
    began, _ = taken_in(placed, xml.format("2026-10-25T02:30:00"), "--timezone", "Europe/Berlin")
    assert began == [f"2026-10-25T{hour}"]


@pytest.mark.parametrize("never", ["1970-01-01T00:00:00.000", "1970-01-01T01:00:00Z", "0001-01-01T00:00:00"])
@pytest.mark.parametrize("zone", [(), ("--timezone", "Europe/Berlin")], ids=["no zone", "zone"])
def test_a_failure_of_the_year_1970_is_as_late_as_its_file(placed: Project, never: str, zone: tuple[str, ...]) -> None:
    """What writers say who know no time makes no failure older than every pass."""
    began, _ = taken_in(placed, FAIL.format(never), *zone)
    assert began == ["2026-11-28T12:00"]
    assert taken_in(placed, PASS.format(never), *zone)[0][-1] < "1970-01-03"


@pytest.mark.parametrize("said", ["2026-11-28T17:30:05", "2026-11-28T18:30:05+01:00"])
def test_a_start_after_the_file_was_written_is_told(placed: Project, said: str) -> None:
    """Such a time is wrong, and a pass does not count before it."""
    _, told = taken_in(placed, PASS.format(said))
    assert f"it.xml: '{said}' is 5 h 30 min after the file was written (2026-11-28T12:00:05.000Z)" in told


def test_a_file_that_is_whole_hours_later_than_its_tests_is_told(placed: Project) -> None:
    """That is what a local time looks like, where the file was kept as it was written."""
    _, told = taken_in(placed, PASS.format("2026-11-28T07:00:00"))
    assert "'2026-11-28T07:00:00' is read as UTC, and the file was written 5 hours after that" in told
    for said in ("2026-11-28T12:00:00", "2026-11-28T07:00:00Z", "2026-11-28T07:11:00", "2026-11-26T12:00:00"):
        assert taken_in(placed, PASS.format(said))[1] == ""


def test_the_time_of_a_case_is_nearer_than_that_of_its_suite(placed: Project) -> None:
    """nose2 says when each test began, and nothing of the suite."""
    began, _ = taken_in(placed, PASS.format("").replace("<testcase ", '<testcase timestamp="2026-11-28T11:00:00Z" '))
    assert began == ["2026-11-28T11:00"]


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("--junit", "it.xml", "--map", "*=UC-001/1", "--timezone", "Europe/Berlinn"), "did you mean 'Europe/Berlin'"),
        (("--junit", "it.xml", "--map", "*=UC-001/1", "--timezone", "../x"), "there is no time zone '../x'"),
        (("--junit", "it.xml", "--map", "*=UC-001/1", "--timezone", "+99:00"), "there is no time zone '+99:00'"),
        (("UC-001", "--item", "1", "--result", "PASSED", "--timezone", "UTC"), "--timezone needs --junit"),
    ],
)
def test_a_wrong_zone_records_nothing(placed: Project, args: tuple[str, ...], message: str) -> None:
    """A mistake in the option is one line and exit code 2."""
    placed.write("it.xml", PASS.format(""))
    result = placed.cli("record", *args)
    assert (result.exit_code, message in result.stderr) == (2, True), result.output
    assert not (placed.path / ".readiness").exists()


def test_the_report_of_an_earlier_run_is_told(placed: Project) -> None:
    """Where a runner left its last report in its place, its tests are older than the commit, or the release's tag."""

    def commit(day: int, tag: str) -> None:
        made = dict.fromkeys(("GIT_COMMITTER_DATE", "GIT_AUTHOR_DATE"), f"2026-11-{day}T12:00:00Z")
        who = ("-c", "user.name=a", "-c", "user.email=a@example.com")
        for args in (("init", "-q"), (*who, "commit", "-q", "--allow-empty", "-m", tag), ("tag", tag)):
            subprocess.run(["git", *args], cwd=placed.path, check=True, capture_output=True, env=os.environ | made)

    commit(20, "v2.0")
    _, said = taken_in(placed, PASS.format("2026-11-19T10:00:00Z"), "--release", "1.0")
    assert "it.xml: its tests began at 2026-11-19T10:00:00.000Z or before, and commit " in said
    assert "was made at 2026-11-20T12:00:00.000Z: is it the report of an earlier run?" in said
    between = PASS.format("2026-11-21T10:00:00Z")
    assert taken_in(placed, between, "--release", "2.0")[1] == ""
    commit(25, "3.0")
    subprocess.run(["git", "checkout", "-q", "v2.0"], cwd=placed.path, check=True)
    assert taken_in(placed, between, "--release", "2.0")[1] == ""
    _, said = taken_in(placed, between, "--release", "3.0")
    assert "began at 2026-11-21T10:00:00.000Z or before, and release '3.0' (commit " in said
    assert ") was made at 2026-11-25T12:00:00.000Z: is it the report of an earlier run?" in said
