"""``readiness record --junit``: evidence from JUnit XML, by pattern or by a property of the test case."""

from __future__ import annotations

import json
import os
import sqlite3
from html import escape
from pathlib import Path
from typing import Any

import pytest

from pytest_readiness.external.junit.files import find_files
from tests.project import CONFIG, Project

pytestmark = pytest.mark.slow

XML = """\
<?xml version="1.0" encoding="utf-8"?>
<testsuites>
  <testsuite name="pytest" timestamp="2026-02-01T10:00:00+01:00">
    <testcase classname="tests.test_api" name="test_pay" time="1.5"/>
    <testcase classname="tests.test_api" name="test_refund" time="0.25"><failure message="401 is not 200">trace</failure></testcase>
    <testcase classname="tests.test_ui" name="test_click"/>
  </testsuite>
</testsuites>
"""


@pytest.fixture
def placed(project: Project) -> Project:
    """A project in staging."""
    project.monkeypatch.setenv("READINESS_ENVIRONMENT", "staging")
    return project.configured()


def lines(project: Project) -> list[dict[str, Any]]:
    """What was imported, in its order."""
    with sqlite3.connect(project.path / ".readiness" / "evidence.db") as connection:
        texts = connection.execute("select text from line join run on run_id = id order by started_at, seq").fetchall()
    connection.close()
    return [line for (text,) in texts if (line := json.loads(text))["kind"] == "finished"]


def imported(project: Project, cases: str, *args: str, suite: str = 'timestamp="2026-02-01T10:00:00Z"') -> Any:
    """Import test cases, each mapped to item 1 of UC-001 unless other arguments are given; return the lines."""
    project.write("it.xml", f"<testsuite {suite}>{cases}</testsuite>")
    result = project.cli("record", "--junit", "it.xml", *(args or ("--map", "*=UC-001/1")))
    assert result.exit_code == 0, result.output
    return lines(project)


def test_what_a_pattern_matches_is_imported(placed: Project) -> None:
    """Cases are mapped by a glob on classname::name, with result, message, times in UTC, and the file as artifact."""
    placed.write("out/junit.xml", XML)
    maps = ("--map", "tests.test_api::*=UC-001/1", "--map", "*::test_pay=uc-002/1")
    result = placed.cli("record", "--junit", "out/junit.xml", *maps, "--note", "nightly")
    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines()[:3] == [
        "UC-001/1 PASSED by tests.test_api::test_pay",
        "UC-002/1 PASSED by tests.test_api::test_pay",
        "UC-001/1 FAILED by tests.test_api::test_refund",
    ]
    paid, refunded = lines(placed)
    assert (paid["test"], paid["method"], paid["notes"]) == ("tests.test_api::test_pay", "imported", ["nightly"])
    assert (paid["started_at"], paid["finished_at"]) == ("2026-02-01T09:00:00.000Z", "2026-02-01T09:00:01.500Z")
    assert (refunded["result"], refunded["message"]) == ("FAILED", "401 is not 200")
    (artifact,) = paid["artifacts"]
    stored = placed.path / ".readiness" / "artifacts" / artifact["sha256"][:2] / artifact["sha256"]
    assert (artifact["name"], stored.read_text()) == ("junit.xml", XML)
    assert placed.states() == {
        "UC-001/1": "FAILING",
        "UC-001/2": "MISSING",
        "UC-002/1": "ASSERTED" if placed.report()["generated_at"] < "2026-03-03T09" else "STALE",
        "UC-002/2": "MISSING",
    }
    assert placed.cli("verify").exit_code == 0


def test_a_property_says_what_a_case_is_evidence_for(placed: Project) -> None:
    """pytest's record_property("readiness", "UC/ITEM") is enough, and adds to what patterns say."""
    props = (
        '<properties><property name="readiness" value="UC-002/2"/><property name="x" value="UC-001/1"/></properties>'
    )
    cases = f'<testcase classname="a" name="b">{props}</testcase><testcase classname="a" name="c"/>'
    (line,) = imported(placed, cases, "--map", "*::nothing=UC-001/1")
    assert [(claim["use_case"], claim["item"]) for claim in line["claims"]] == [("UC-002", "2")]
    assert len(imported(placed, cases, "--map", "*::b=UC-001/1")[-1]["claims"]) == 2


def test_a_junit_file_that_pytest_writes(placed: Project) -> None:
    """The results of a session come through pytest's own JUnit XML as they are."""
    placed.tests(
        """
        def test_pass(record_property): record_property("readiness", "UC-001/1")
        def test_fail(): assert 0, "no"
        def test_skip(): pytest.skip("later")
        @pytest.mark.xfail
        def test_xfail(): assert 0
        @pytest.fixture
        def broken():
            yield
            raise OSError("gone")
        def test_error(broken): pass
        def test_both(broken): assert 0
        """
    )
    placed.run("--no-readiness", "--junitxml=it.xml", "-o", "junit_family=xunit1")
    result = placed.cli("record", "--junit", "it.xml", "--map", "test_it::*=UC-002/1")
    assert result.exit_code == 0, result.output
    assert {line["test"].partition("::")[2]: line["result"] for line in lines(placed)} == {
        "test_pass": "PASSED",
        "test_fail": "FAILED",
        "test_skip": "SKIPPED",
        "test_xfail": "XFAILED",
        "test_error": "ERROR",
        "test_both": "FAILED",
    }
    assert placed.states("UC-001")["UC-001/1"] == "ASSERTED"


@pytest.mark.parametrize(
    ("inside", "attributes", "expected"),
    [
        ("", "", "PASSED"),
        ("<system-out>failure</system-out>", "", "PASSED"),
        ("<error/>", "", "ERROR"),
        ("<failure/>", "", "FAILED"),
        ("<failure/><error/>", "", "FAILED"),
        ("<skipped/>", "", "SKIPPED"),
        ('<skipped type="pytest.skip"/>', "", "SKIPPED"),
        ('<skipped type="pytest.xfail"/>', "", "XFAILED"),
        ("", 'status="run" result="completed"', "PASSED"),
        ("", 'status="notrun" result="suppressed"', "SKIPPED"),
        ("", 'status="FAILED"', "FAILED"),
        ("", 'status="Passed"', "PASSED"),
        ("", 'status="fail"', "FAILED"),
        ("", 'status="timedout"', "ERROR"),
        ("", 'result="untested"', "ERROR"),
        ("", 'failure="boom"', "FAILED"),
        ("", 'errors="1"', "ERROR"),
        ("", 'errors="0" failures="0" skipped="false" executed="true"', "PASSED"),
        ("", 'executed="false"', "SKIPPED"),
        ("", 'incomplete="true"', "ERROR"),
        ("<timeout/>", "", "ERROR"),
        ("<Failure/>", "", "ERROR"),
        ("<aborted/>", "", "ERROR"),
        ("<rerunFailure/>", "", "FAILED"),
        ('<skipped type="XFAIL"/>', "", "XFAILED"),
        ('<properties><property name="fail" value=""/></properties>', "", "XFAILED"),
        ('<properties><property name="fail" value=""/></properties><failure/>', "", "FAILED"),
        ("<properties/><system-out/><system-err/>", "", "PASSED"),
        ('<x:failure xmlns:x="u"/>', "", "FAILED"),
    ],
)
def test_results_by_the_rules_of_junit(placed: Project, inside: str, attributes: str, expected: str) -> None:
    """What is no error, failure or skip has passed, unless its attributes say that it never ran."""
    (line,) = imported(placed, f'<testcase name="a" {attributes}>{inside}</testcase>')
    assert line["result"] == expected


@pytest.mark.parametrize(
    ("inside", "attempts"),
    [
        ('<flakyFailure time="1"/><flakyError/>', ["FAILED", "ERROR", "PASSED"]),
        ('<failure/><rerunFailure/><rerunError message="x"/>', ["FAILED", "FAILED", "ERROR"]),
        ("<skipped/><rerunFailure/>", ["SKIPPED", "FAILED"]),
    ],
)
def test_further_attempts_are_kept(placed: Project, inside: str, attempts: list[str]) -> None:
    """Reruns and flaky failures, as Surefire writes them, are attempts; the last one is the result."""
    (line,) = imported(placed, f'<testcase name="a">{inside}</testcase>')
    assert [attempt["result"] for attempt in line["attempts"]] == attempts
    assert line["result"] == attempts[-1]


def test_the_worst_of_one_name_wins(placed: Project) -> None:
    """Two cases of one name are one execution, with the worse end and the later start."""
    case = '<testcase classname="a" name="b">{}</testcase>'
    early = f'<testsuite timestamp="2026-01-01T00:00:00Z">{case.format("<failure/>")}</testsuite>'
    late = f'<testsuite timestamp="2026-02-01T00:00:00Z">{case.format("")}</testsuite>'
    (line,) = imported(placed, early + late)
    assert (line["result"], line["started_at"]) == ("FAILED", "2026-02-01T00:00:00.000Z")


@pytest.mark.parametrize(
    ("suite", "expected"),
    [
        ('timestamp="2026-02-01T10:00:00"', "2026-02-01T10:00:00.000Z"),
        ('timestamp="2026-02-01T10:00:00.1239+05:30"', "2026-02-01T04:30:00.123Z"),
        ('timestamp="2026-02-01T10:00:00Z"', "2026-02-01T10:00:00.000Z"),
        ('timestamp=""', "2026-01-02T03:04:05.000Z"),
        ("", "2026-01-02T03:04:05.000Z"),
    ],
)
def test_times(placed: Project, suite: str, expected: str) -> None:
    """The suite's timestamp in its zone (none: UTC), else the time of the file; written as every moment is."""
    path = placed.write(
        "it.xml", f'<testsuites><testsuite {suite}><testcase name="a" time="0"/></testsuite></testsuites>'
    )
    os.utime(path, (1767323045, 1767323045))
    result = placed.cli("record", "--junit", "it.xml", "--map", "a=UC-001/1")
    assert result.exit_code == 0, result.output
    assert lines(placed)[0]["started_at"] == expected


def test_importing_twice_is_harmless(placed: Project) -> None:
    """The same file again is another run of the same executions: nothing gets newer, nothing gets better."""
    placed.write("it.xml", XML)
    command = ("record", "--junit", "it.xml", "--map", "*test_refund=UC-001/1")
    assert placed.cli(*command).exit_code == 0
    placed.write("later.xml", XML.replace("2026-02-01T10", "2026-02-01T11").replace("failure", "system-out"))
    placed.cli("record", "--junit", "later.xml", "--map", "*test_refund=UC-001/1")
    before = placed.states("UC-001")
    assert placed.cli(*command).exit_code == 0
    assert placed.states("UC-001") == before
    assert before["UC-001/1"] in ("ASSERTED", "STALE")


def test_imported_evidence_is_asserted_at_most(placed: Project) -> None:
    """Also where the item asks for no proof, and where one is given."""
    imported(
        placed,
        '<testcase name="a" time="1"/>',
        "--map",
        "a=UC-001/1",
        "--map",
        "a=UC-001/2",
        "--proof",
        "trace",
        "a=b",
        suite="",
    )
    assert placed.states("UC-001") == {"UC-001/1": "ASSERTED", "UC-001/2": "ASSERTED"}


def test_a_pattern_that_matches_nothing_is_told(placed: Project) -> None:
    """A pattern gone stale does not stop the import, and is named."""
    placed.write("it.xml", XML)
    result = placed.cli("record", "--junit", "it.xml", "--map", "*pay=UC-001/1", "--map", "*pya=UC-001/2")
    assert result.exit_code == 0
    assert result.stderr.splitlines() == [
        "readiness: --map '*pya' matches no test case",
        "readiness: 1 of 3 test cases are mapped; 1 of the others failed, such as 'tests.test_api::test_refund'",
    ]


@pytest.mark.parametrize("secret", ["s3cr3t-t0ken", "s3<r3t&t0k'en"])
def test_secrets_in_the_file_are_redacted(placed: Project, secret: str) -> None:
    """The kept file and the messages are without known secrets, also where XML spells them in its own way."""
    placed.monkeypatch.setenv("SERVICE_TOKEN", secret)
    spelled = escape(secret, quote=False)
    imported(placed, f'<testcase name="a"><failure message="{spelled}">{spelled}</failure></testcase>')
    everything = b"".join(path.read_bytes() for path in (placed.path / ".readiness").rglob("*") if path.is_file())
    assert secret.encode() not in everything
    assert spelled.encode() not in everything
    assert lines(placed)[0]["message"] == "[REDACTED:environment]"


PROPERTY = '<testsuite><testcase name="a" time="1"><properties><property name="readiness" value="{}"/></properties></testcase></testsuite>'
ENTITIES = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><testsuite><testcase name="&b;"/></testsuite>'


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "it.xml: is empty: the test run did not finish writing it"),
        ("<testsuite>\n<testcase>\n", "it.xml:3: is not XML"),
        ("<html/>", "it.xml: is an HTML page, not JUnit XML"),
        ("<!-- x -->\n<!DOCTYPE html>\n<html><p>404", "it.xml: is an HTML page, not JUnit XML"),
        ("<report/>", "is not JUnit XML: its root is <report>"),
        ("PK\x03\x04", "it.xml: is a zip archive: unpack it first"),
        (
            '<testsuites tests="1"><testsuite name="B" tests="1"><testcase name="a" file="a.cc"/></testsuite></testsuites>',
            "is a list of tests, not a report of a run",
        ),
        (ENTITIES, "has a document type"),
        (ENTITIES.replace("<!DOCTYPE", '<?xml version="1.0"?>\n<!DOCTYPE'), "has a document type"),
        ('<!DOCTYPE x SYSTEM "file:///etc/passwd"><testsuite/>', "has a document type"),
        ('<testsuite timestamp="noon"><testcase name="a"/></testsuite>', "the timestamp 'noon' is not a valid time"),
        ('<?xml version="1.0" encoding="x-none"?><testsuite/>', "it.xml"),
        ("<testsuite/>", "none of 0 test cases is mapped"),
        (
            '<testsuite><testcase classname="c" name="b"/></testsuite>',
            "none of 1 test case, such as 'c::b', is mapped",
        ),
        (
            PROPERTY.format("UC-01/1"),
            "test case 'a': no use case 'UC-01' (did you mean 'UC-001'?)",
        ),
        (
            PROPERTY.format("UC-001"),
            "test case 'a': 'UC-001' is not of the form UC/ITEM",
        ),
    ],
)
def test_a_file_that_cannot_be_used(placed: Project, text: str, message: str) -> None:
    """One line, exit code 2, and nothing recorded."""
    placed.write("it.xml", text)
    result = placed.cli("record", "--junit", "it.xml", "--map", "a=UC-001/1")
    assert result.exit_code == 2, result.output
    assert message in result.stderr
    assert result.stderr.count("\n") == 1
    assert not (placed.path / ".readiness").exists()


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"PK\x03\x04", "a zip"),
        (b"\x1f\x8b\x08", "a gzip"),
        (b"BZh9", "a bzip2"),
        (b"\xfd7zXZ\0", "an xz"),
        (b"(\xb5/\xfd", "a zstd"),
        (b"7z\xbc\xaf\x27\x1c", "a 7z"),
        (b"Rar!\x1a\x07", "a rar"),
        (b"a.xml".ljust(257, b"\0") + b"ustar  \0", "a tar"),
    ],
)
def test_an_archive_is_told_for_what_it_is(placed: Project, data: bytes, kind: str) -> None:
    """Also one whose first bytes are the name of a file in it."""
    (placed.path / "it.xml").write_bytes(data)
    result = placed.cli("record", "--junit", "it.xml", "--map", "a=UC-001/1")
    assert (result.exit_code, result.stderr) == (2, f"readiness: it.xml: is {kind} archive: unpack it first\n")


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_a_file_in_utf_16_is_kept_as_utf_8(placed: Project, encoding: str) -> None:
    """Secrets are found in it, as in every text."""
    placed.monkeypatch.setenv("API_TOKEN", "tok-Zq8vLm2x")
    text = '<?xml version="1.0" encoding="UTF-16"?><testsuite><testcase name="a" time="1"><failure>tok-Zq8vLm2x é</failure></testcase></testsuite>'
    (placed.path / "it.xml").write_bytes(text.encode(encoding))
    result = placed.cli("record", "--junit", "it.xml", "--map", "a=UC-001/1")
    assert (result.exit_code, "it.xml: is in UTF-16: stored as UTF-8" in result.stderr) == (0, True), result.output
    stored = b"".join(path.read_bytes() for path in (placed.path / ".readiness").rglob("*") if path.is_file())
    assert "é".encode() in stored
    assert b"Zq8vLm2x" not in stored


@pytest.mark.parametrize("wrong", ["\x01", "\x1b[31m", "&#8;", "&#x1B;", "&#56575;", b"\xff", "\x00"], ids=repr)
def test_what_xml_does_not_allow_costs_no_results(placed: Project, wrong: str | bytes) -> None:
    """A control character, as runners write it into messages, is replaced and told; the failure is one."""
    content = wrong.encode() if isinstance(wrong, str) else wrong
    data = b'<testsuite><testcase classname="c" name="a"/><testcase classname="c" name="b"><failure>x %s y</failure></testcase></testsuite>'
    (placed.path / "it.xml").write_bytes(data % content)
    result = placed.cli("record", "--junit", "it.xml", "--map", "*=UC-001/1")
    assert result.exit_code == 0, result.output
    assert "it.xml: 1 character that XML does not allow: replaced with U+FFFD" in result.stderr
    assert [(line["test"], line["result"]) for line in lines(placed)] == [("c::a", "PASSED"), ("c::b", "FAILED")]


PASS = '<testsuite name="s" timestamp="2026-02-01T10:00:00Z"><testcase classname="c" name="{}"/></testsuite>'
FAIL = PASS.replace("/></", "><failure/></testcase></")


@pytest.mark.parametrize(
    "given",
    [("--junit", "out/a.xml", "--junit", "out/b.xml"), ("--junit", "out/a.xml", "out/b.xml"), ("--junit", "out"),
     ("--junit=out/a.xml", "out/b.xml"),
     ("--junit", "out/*.xml"), ("--junit", "out/b.xml", "out"), ("--junit", "**/[ab].xml")],
    ids=" ".join,
)  # fmt: skip
def test_several_files_are_one_run(placed: Project, given: tuple[str, ...]) -> None:
    """Files, folders and patterns are taken in together: no failure vanishes behind a file that is named later."""
    placed.write("out/a.xml", FAIL.format("one"))
    placed.write("out/b.xml", PASS.format("two"))
    result = placed.cli("record", *given, "--map", "*=UC-001/1")
    assert result.exit_code == 0, result.output
    output = lines(placed)
    assert sorted((line["test"], line["result"]) for line in output) == [("c::one", "FAILED"), ("c::two", "PASSED")]
    assert len({line["run"] for line in output}) == 1
    assert sorted(artifact["name"] for line in output for artifact in line["artifacts"]) == ["a.xml", "b.xml"]


def test_links_that_lead_in_circles_are_not_followed(placed: Project) -> None:
    """``**`` ends, finds what a shell finds, and leaves hidden folders out."""
    for name in ("out/a.xml", "out/deep/b.xml", ".hidden/c.xml"):
        placed.write(name, PASS.format(name[-5]))
    for name in ("one", "two"):
        (placed.path / name).symlink_to(".")
    for pattern in ("**/*.xml", "**/../out/**/*.xml", str(placed.path / "**" / "[ab]**.xml")):
        assert sorted(path.name for path in find_files([Path(pattern)])) == ["a.xml", "b.xml"], pattern


def test_a_folder_is_read_in_any_letter_case(placed: Project) -> None:
    """A failure is not passed over because its file is called ``.XML``."""
    placed.write("out/a.XML", FAIL.format("one"))
    placed.write("out/b.xml", PASS.format("two"))
    result = placed.cli("record", "--junit", "out", "--map", "*=UC-001/1")
    assert result.exit_code == 0, result.output
    assert {line["test"]: line["result"] for line in lines(placed)} == {"c::one": "FAILED", "c::two": "PASSED"}


def test_a_name_in_two_files_is_one_test_with_the_worst_result(placed: Project) -> None:
    """And that is told."""
    placed.write("out/a.xml", FAIL.format("one"))
    placed.write("out/b.xml", PASS.format("one"))
    result = placed.cli("record", "--junit", "out", "--map", "*=UC-001/1")
    assert (
        "1 name of several test cases, such as 'c::one': each name counts as one test, with the worst result"
        in result.stderr
    )
    (line,) = lines(placed)
    assert (line["result"], [artifact["name"] for artifact in line["artifacts"]]) == ("FAILED", ["a.xml", "b.xml"])


@pytest.mark.parametrize(
    ("given", "message"),
    [("empty", "empty: the folder has no .xml file"), ("no*.xml", "no*.xml: no file matches")],
)
def test_nothing_where_files_are_meant(placed: Project, given: str, message: str) -> None:
    """A folder without reports, or a pattern that matches nothing, records nothing."""
    (placed.path / "empty").mkdir()
    result = placed.cli("record", "--junit", given, "--map", "*=UC-001/1")
    assert (result.exit_code, message in result.stderr) == (2, True), result.output


def test_what_is_not_mapped_or_did_not_run_is_told(placed: Project) -> None:
    """How many cases a mapping took, and a suite that says fewer tests than it has (``test.todo`` of jest)."""
    cases = '<testcase name="a" time="1"/><testcase name="b" time="1"/>'
    placed.write("it.xml", f'<testsuites><testsuite name="s" tests="1">{cases}</testsuite></testsuites>')
    result = placed.cli("record", "--junit", "it.xml", "--map", "a=UC-001/1")
    assert "it.xml: the suite 's' declares 1 test and contains 2: perhaps some did not run" in result.stderr
    assert "1 of 2 test cases are mapped" in result.stderr


def test_a_case_without_a_name_bears_its_suites(placed: Project) -> None:
    """A failing global environment of GoogleTest is a case without a name: it can be retired by that of its suite."""
    (line,) = imported(
        placed, '<testcase name="" classname="" status="run"><failure/></testcase>', suite='name="Env" failures="1"'
    )
    assert (line["test"], line["result"]) == ("Env", "FAILED")
    refused = placed.cli("retire", "", "--reason", "x", "--by", "ana@example.com")
    assert (refused.exit_code, "must not be empty" in refused.stderr) == (2, True), refused.output


def test_a_file_that_is_too_large_is_refused(placed: Project) -> None:
    """No more is read than ``junit_limit`` allows; a file of that size is read."""
    placed.configured(f'junit_limit = "1 KiB"\n{CONFIG}')
    fits = '<testsuite><testcase name="a" time="1"/></testsuite>'.ljust(1024)
    message = placed.write("it.xml", f"{fits} ").name + ": is larger than junit_limit (1,024 bytes)"
    result = placed.cli("record", "--junit", "it.xml", "--map", "*=UC-001/1")
    assert (result.exit_code, message in result.stderr) == (2, True), result.output
    placed.write("it.xml", fits)
    assert placed.cli("record", "--junit", "it.xml", "--map", "*=UC-001/1").exit_code == 0


def test_a_gigabyte_is_refused_unread(placed: Project) -> None:
    """The size is looked at before the content is."""
    with (placed.path / "it.xml").open("wb") as file:
        file.truncate(10**9)
    result = placed.cli("record", "--junit", "it.xml", "--map", "*=UC-001/1")
    assert (result.exit_code, "is larger than junit_limit" in result.stderr) == (2, True), result.output


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("--map", "UC-001/1"), "--map takes PATTERN=UC/ITEM"),
        (("--map", "a=UC-001"), "'UC-001' is not of the form UC/ITEM"),
        (("--map", "*=UC-001/9"), "no item '9'"),
        (("--map", "*=UC-001/1", "--environment", "stagin"), "did you mean 'staging'"),
        (("UC-001",), "takes no use case"),
        (("--item", "1"), "takes no --item"),
        (("--result", "PASSED"), "takes no --result"),
        (("--map", "*=UC-001/1", "--", "true"), "runs no command"),
        (("--junit", "absent.xml"), "absent.xml: cannot be read"),
        (("--junit", "it.xml", "absent.xml"), "absent.xml: cannot be read"),
    ],
)
def test_mistakes_record_nothing(placed: Project, args: tuple[str, ...], message: str) -> None:
    """A mistake in the options is one line and exit code 2."""
    placed.write("it.xml", XML)
    result = placed.cli("record", "--junit", "it.xml", *args)
    assert result.exit_code == 2, result.output
    assert message in result.stderr
    assert result.stderr.count("\n") == 1
    assert not (placed.path / ".readiness").exists()


def test_many_nested_suites(placed: Project) -> None:
    """Suites may nest deeper than Python's own stack."""
    deep = "<testsuite>" * 5000 + '<testcase name="a"/>' + "</testsuite>" * 5000
    (line,) = imported(placed, deep)
    assert line["test"] == "a"


def test_an_artifact_beside_the_file(placed: Project) -> None:
    """Files given by option are kept with each imported execution."""
    placed.configured(CONFIG)
    placed.write("server.log", "fine")
    (line,) = imported(placed, '<testcase name="a"/>', "--map", "a=UC-001/1", "--artifact", "server.log")
    assert [artifact["name"] for artifact in line["artifacts"]] == ["it.xml", "server.log"]
