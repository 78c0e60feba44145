"""What options and variables ask for is done, or it is an error: nothing is left out in silence."""

from __future__ import annotations

import json

import pytest

from tests.project import CONFIG, TRACKER, Project

pytestmark = pytest.mark.slow

BOTH = """
@evidence("UC-001", "UC-002", item=[1, 2])
def test_all(record_evidence): record_evidence.trace([{"a": 1}], again=[{"a": 1}])
"""


def complete(project: Project, *args: str) -> Project:
    """Give the project all its evidence."""
    project.configured().tests(BOTH)
    project.run(*args).assert_outcomes(passed=1)
    return project


def test_the_gate_reads_what_eligible_means(project: Project) -> None:
    """READINESS_GATE_ON stands above the config and below the option; empty it says nothing."""
    complete(project)
    assert project.cli("gate").exit_code == 1
    project.monkeypatch.setenv("READINESS_GATE_ON", "evidence")
    opened = project.cli("gate")
    assert opened.exit_code == 0
    assert "relaxed setting" in opened.stdout
    assert project.cli("gate", "--on", "review").exit_code == 1
    assert "(on evidence)" in project.cli("report").stdout
    project.write("readiness.toml", CONFIG + '[gate]\non = "evidence"\n')
    project.monkeypatch.setenv("READINESS_GATE_ON", "review")
    assert project.cli("gate").exit_code == 1
    project.monkeypatch.setenv("READINESS_GATE_ON", "")
    assert project.cli("gate").exit_code == 0


@pytest.mark.parametrize("command", ["gate", "report", "next"])
def test_a_wrong_word_is_an_error(project: Project, command: str) -> None:
    """What is neither review nor evidence is exit code 2 and one line, as it is a usage error of pytest."""
    complete(project)
    project.monkeypatch.setenv("READINESS_GATE_ON", "reviews")
    wrong = project.cli(command)
    assert (wrong.exit_code, wrong.stdout) == (2, "")
    assert wrong.stderr == "readiness: READINESS_GATE_ON must be review or evidence, not 'reviews'\n"
    assert project.run("--readiness-gate").ret == 4


def test_the_gate_reads_which_use_cases(project: Project) -> None:
    """READINESS_UC, several with commas, is what gate, report and next are about unless ids are given; wrong it is 2."""
    project.configured().tests(BOTH.replace('"UC-001", ', ""))
    project.run()
    assert project.cli("gate", "--on", "evidence").exit_code == 1
    project.monkeypatch.setenv("READINESS_UC", " uc-*2 ,")
    assert project.cli("gate", "--on", "evidence").exit_code == 0
    assert project.cli("gate", "--on", "evidence", "UC-001").exit_code == 1
    assert "UC-001" not in project.cli("report").stdout + project.cli("next").stdout
    project.run().assert_outcomes(passed=1)
    project.monkeypatch.setenv("READINESS_UC", "UC-009")
    assert project.cli("gate", "--on", "evidence").exit_code == 2
    assert project.run().ret == 4
    project.monkeypatch.setenv("READINESS_UC", ",")
    assert project.cli("gate", "--on", "evidence").exit_code == 1


def test_a_release_that_is_asked_for_is_judged(project: Project) -> None:
    """gate --release R judges by R whatever the config says, and so does report; the variable only says what is recorded."""
    complete(project)
    assert project.cli("gate", "--on", "evidence").exit_code == 0
    closed = project.cli("gate", "--on", "evidence", "--release", "2.0")
    assert closed.exit_code == 1
    assert "release" in closed.stdout
    assert "UC-001/1 MISSING" in closed.stdout
    assert {"MISSING"} == {
        needed["state"]
        for use_case in json.loads(project.cli("report", "--format", "json", "--release", "2.0").stdout)["use_cases"]
        for item in use_case["items"]
        for needed in item["requirements"]
    }
    project.monkeypatch.setenv("READINESS_RELEASE", "2.0")
    assert project.cli("gate", "--on", "evidence").exit_code == 0
    project.run("--readiness-gate", "--readiness-gate-on=evidence").assert_outcomes(passed=1)
    assert project.cli("gate", "--on", "evidence", "--release", "2.0").exit_code == 0
    assert project.cli("gate", "--on", "evidence", "--release", "2.1").exit_code == 1
    assert project.run("--readiness-release=2.1", "--readiness-gate", "--readiness-gate-on=evidence").ret == 0
    assert project.cli("gate", "--on", "evidence", "--release", "2.0").exit_code == 0


@pytest.mark.parametrize(
    "arguments",
    [
        ("--store", "", "gate"),
        ("gate", "--release", ""),
        ("report", "--release", " "),
        ("gate", "--checkpoint", ""),
        ("next", "--owner", ""),
        ("gate", ""),
        ("record", "UC-001", "--item", "1", "--result", "PASSED", "--environment", ""),
        ("record", "UC-001", "--item", "1", "--result", "PASSED", "--release", ""),
        ("block", "UC-001", "--reason", "x", "--by", ""),
    ],
)
def test_an_empty_option_of_the_command_is_an_error(project: Project, arguments: tuple[str, ...]) -> None:
    """A value that an unset variable of the shell made empty is exit code 2, and not the default."""
    project.configured()
    done = project.cli(*arguments)
    assert (done.exit_code, done.stdout, len(done.stderr.splitlines())) == (2, "", 1)


@pytest.mark.parametrize(
    "name", ["environment", "provider-mode", "tenant", "release", "actor", "store", "gate-on", "uc", "json", "config"]
)
@pytest.mark.parametrize("configured", [True, False])
def test_an_empty_option_of_pytest_is_an_error(project: Project, name: str, configured: bool) -> None:
    """An empty value is a usage error, with a config and without; an empty variable says nothing."""
    project.tests(BOTH)
    if configured:
        project.configured(tracker=TRACKER)
    wrong = project.run(f"--readiness-{name}=", environment=None)
    assert wrong.ret == 4
    assert f"--readiness-{name} is empty" in wrong.stderr.str()
    project.monkeypatch.setenv(f"READINESS_{name.upper().replace('-', '_')}", "")
    assert project.run(environment=None).ret == 0
