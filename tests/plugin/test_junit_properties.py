"""Properties of evidence tests in pytest's own JUnit XML, and the report that a session writes as JUnit XML."""

from __future__ import annotations

import pytest
from junitparser import JUnitXml

from tests.project import XDIST, Project

pytestmark = pytest.mark.slow

HOW = pytest.mark.parametrize("how", [(), XDIST], ids=["alone", "xdist"])
SUITE = """
@evidence("UC-001", item=1)
@evidence("UC-002", item=2)
def test_two(record_property):
    record_property("own", "1")

@evidence("UC-001", item=2)
def test_fails(): assert 0

@evidence("UC-002", item=1)
@pytest.mark.skip(reason="later")
def test_skipped(): pass

def test_plain(record_property):
    record_property("own", "2")
"""
FIELDS = ("use_case", "item", "environment", "provider_mode", "real", "not_real_because", "run")
TOKEN = "ghp_" + "Ab3dE6gH9jK2mN5pQ8sT1vW4yZ7bC0eF3hJ6"


def properties(project: Project, name: str = "own.xml") -> dict[str, list[tuple[str, str]]]:
    """Return the properties of each test in pytest's file, by the test's name; a test is there once."""
    cases = [case for suite in JUnitXml.fromfile(str(project.path / name)) for case in suite]
    by_test = {
        case.name: [(each.get("name"), each.get("value")) for each in case._elem.iter("property")] for case in cases
    }
    assert len(by_test) == len(cases)
    return by_test


def cases_of(project: Project) -> list[list[tuple[str, ...]]]:
    """Return the claims of each case of pytest's file."""
    cases = [case for suite in JUnitXml.fromfile(str(project.path / "own.xml")) for case in suite]
    return [claims([(each.get("name"), each.get("value")) for each in case._elem.iter("property")]) for case in cases]


def claims(pairs: list[tuple[str, str]]) -> list[tuple[str, ...]]:
    """Return the values of each claim, whose names are always the same seven."""
    readiness = [(name, value) for name, value in pairs if name.startswith("readiness.")]
    assert [name for name, _ in readiness] == [f"readiness.{name}" for name in FIELDS] * (len(readiness) // len(FIELDS))
    values = [value for _, value in readiness]
    return [tuple(values[start : start + len(FIELDS)]) for start in range(0, len(values), len(FIELDS))]


@HOW
def test_each_claim_is_in_pytests_own_file(project: Project, how: tuple[str, ...]) -> None:
    """An evidence test has the seven properties for each of its claims; another test has none, and own ones stay."""
    project.configured().tests(SUITE)
    mode = "--readiness-provider-mode=BYOK"
    result = project.run(*how, mode, "--junitxml=own.xml", "-o", "junit_family=xunit1")
    result.assert_outcomes(passed=2, failed=1, skipped=1)
    by_test = properties(project)
    (run,) = {piece["id"].rsplit(".", 2)[0] for piece in project.evidence()}
    assert sorted(claims(by_test["test_two"])) == [
        ("UC-001", "1", "staging", "BYOK", "true", "", run),
        ("UC-002", "2", "staging", "BYOK", "true", "", run),
    ]
    assert by_test["test_two"][0] == ("own", "1")
    assert claims(by_test["test_fails"]) == [("UC-001", "2", "staging", "BYOK", "true", "", run)]
    assert claims(by_test["test_skipped"]) == [("UC-002", "1", "staging", "BYOK", "true", "", run)]
    assert by_test["test_plain"] == [("own", "2")]


@HOW
def test_a_rehearsal_says_why_and_keeps_no_secret(project: Project, how: tuple[str, ...]) -> None:
    """The reason is there, in one harmless line, without the secret that a hook has put into it."""
    project.configured().tests('@evidence("UC-001", item=1)\ndef test_it(): pass\n')
    project.write(
        "conftest.py", f"def pytest_readiness_simulation(item): return 'stub {TOKEN} \\n::error::x \\u202e'\n"
    )
    project.run(*how, "--junitxml=own.xml", "-o", "junit_family=xunit1")
    ((_, _, environment, _, real, because, _),) = claims(properties(project)["test_it"])
    assert (environment, real) == ("staging", "false")
    assert because.startswith("stub ")
    assert (TOKEN in because, "\n" in because, "\u202e" in because) == (False, False, False)
    assert TOKEN not in (project.path / "own.xml").read_text(encoding="utf-8")


@HOW
def test_a_secret_that_another_test_registers_is_redacted_too(project: Project, how: tuple[str, ...]) -> None:
    """A value that an earlier test called secret is in no property of a later one."""
    project.configured().tests(
        """
        @evidence("UC-001", item=1)
        def test_first(record_evidence):
            record_evidence.secret("orange-rabbit-seventeen")

        @evidence("UC-001", item=2)
        def test_second(): pass
        """
    )
    project.write("conftest.py", "def pytest_readiness_simulation(item): return 'orange-rabbit-seventeen stub'\n")
    one_worker = ("-p", "xdist", "-n", "1") if how else ()
    project.run(*one_worker, "--junitxml=own.xml", "-o", "junit_family=xunit1")
    ((*_, because, _),) = claims(properties(project)["test_second"])
    assert because.endswith(" stub")
    assert "orange-rabbit" not in because


@pytest.mark.parametrize("family", ["xunit1", "xunit2", "legacy"])
def test_each_attempt_has_them_once(project: Project, family: str) -> None:
    """Pytest writes a case for each attempt (for the last alone, with an older plugin); each has each property once."""
    project.configured().tests(
        """
        tries = []

        @evidence("UC-001", item=1)
        def test_it():
            tries.append(1)
            assert len(tries) > 1
        """
    )
    result = project.run("-p", "rerunfailures", "--reruns=1", "--junitxml=own.xml", "-o", f"junit_family={family}")
    assert result.ret == 0
    assert {len(each) for each in cases_of(project)} == {1}


def test_other_plugins_see_none_without_the_file(project: Project) -> None:
    """A session without --junitxml leaves its reports as they are; with it, the list of the test itself stays."""
    project.configured().tests(SUITE)
    project.write(
        "conftest.py",
        """
        seen = {}
        def pytest_runtest_logreport(report):
            seen.setdefault(report.when, []).append(len(report.user_properties))
        def pytest_runtest_logfinish(nodeid): pass
        def pytest_sessionfinish(session):
            print("items", [len(item.user_properties) for item in session.items])
            print("reports", seen["teardown"])
        """,
    )
    without = project.run("-s").stdout.str()
    assert "items [1, 0, 0, 1]" in without
    assert "reports [1, 0, 0, 1]" in without
    beside = project.run("-s", "--junitxml=own.xml", "-o", "junit_family=xunit1").stdout.str()
    assert "items [1, 0, 0, 1]" in beside
    assert "reports [15, 7, 7, 1]" in beside


def test_no_readiness_adds_nothing(project: Project) -> None:
    """Turned off, pytest's file is pytest's own."""
    project.configured().tests(SUITE)
    project.run("--no-readiness", "--junitxml=own.xml", "-o", "junit_family=xunit1")
    assert properties(project)["test_fails"] == []


@HOW
def test_the_report_as_junit(project: Project, how: tuple[str, ...]) -> None:
    """A session writes a suite for each use case, gate or no gate; the command writes the same of the same moment."""
    project.configured().tests(SUITE)
    result = project.run(*how, "--readiness-junit=readiness.xml", "--readiness-gate")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    text = (project.path / "readiness.xml").read_text(encoding="utf-8")
    document = JUnitXml.fromstring(text.encode())
    assert [suite.name for suite in document] == ["UC-001", "UC-002"]
    states = {case.name: [each.type for each in case.result] for suite in document for case in suite}
    assert states == {"UC-001/1": [], "UC-001/2": ["FAILING"], "UC-002/1": ["MISSING"], "UC-002/2": ["ASSERTED"]}
    (at,) = {suite.timestamp for suite in document}
    again = project.cli("report", "--format", "junit")
    (now,) = {suite.timestamp for suite in JUnitXml.fromstring(again.stdout.encode())}
    assert again.stdout.replace(now, at) == text


def test_the_variable_names_the_file_too(project: Project) -> None:
    """A CI job sets it once for all its steps."""
    project.configured().tests(SUITE)
    project.monkeypatch.setenv("READINESS_JUNIT", "readiness.xml")
    project.run("--readiness-uc=UC-002")
    assert [suite.name for suite in JUnitXml.fromfile(str(project.path / "readiness.xml"))] == ["UC-002"]
