"""The digests of what ships in runs: named by options and variables, kept with the run, and shown."""

from __future__ import annotations

import json

import pytest

from tests.cli.subjects import NEW, OLD, WEB, gate, heads
from tests.project import XDIST, Project
from tests.reviewed_project import TESTS, approve, decided

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("how", [(), XDIST], ids=["one process", "xdist"])
def test_a_run_keeps_its_subjects(project: Project, how: tuple[str, ...]) -> None:
    """They are in its first line, each with its name, in the order of the names and in lower case."""
    project.configured().tests(TESTS)
    project.run_apart(
        *how, f"--readiness-subject=web={WEB.upper().replace('SHA', 'sha')}", f"--readiness-subject={OLD}"
    )
    (head,) = heads(project)
    assert head["subjects"] == {"default": OLD, "web": WEB}
    (run,) = project.report()["runs"]
    assert run["subjects"] == [{"name": "default", "digest": OLD}, {"name": "web", "digest": WEB}]


def test_the_variable_holds_several(project: Project) -> None:
    """They are separated by spaces, commas or line ends; the option replaces them."""
    project.configured().tests(TESTS)
    project.monkeypatch.setenv("READINESS_SUBJECT", f"api={OLD}, web={WEB}\n")
    project.run()
    project.run(f"--readiness-subject=api={NEW}")
    result = project.cli("record", "UC-001", "--item", "1", "--environment", "staging", "--result", "PASSED")
    assert result.exit_code == 0, result.output
    first, second, third = heads(project)
    assert first["subjects"] == third["subjects"] == {"api": OLD, "web": WEB}
    assert second["subjects"] == {"api": NEW}


def test_record_keeps_subjects_and_show_shows_them(project: Project) -> None:
    """``record`` takes the option of the session, and ``show``, its JSON, the CSV and the page show what is kept."""
    project.configured()
    where = ("UC-001", "--item", "1", "--environment", "staging")
    result = project.cli("record", *where, "--subject", f"api={OLD}", "--subject", f"web={WEB}", "--", "true")
    assert result.exit_code == 0, result.output
    (head,) = heads(project)
    assert head["subjects"] == {"api": OLD, "web": WEB}
    shown = project.cli("show", "UC-001/1").output
    assert f"api {OLD}" in shown
    assert f"web {WEB}" in shown
    (piece,) = json.loads(project.cli("show", "UC-001/1", "--json").stdout)["evidence"]
    assert piece["run"]["subjects"] == [{"name": "api", "digest": OLD}, {"name": "web", "digest": WEB}]
    assert f"api={OLD}; web={WEB}" in project.cli("report", "--format", "csv").stdout
    assert OLD in project.cli("report", "--format", "html").stdout


def test_imported_results_have_subjects(project: Project) -> None:
    """JUnit XML is recorded for the digest that the option names."""
    project.configured()
    project.write("junit.xml", '<testsuite name="s"><testcase classname="c" name="n"/></testsuite>')
    options = ("--map", "*=UC-001/1", "--environment", "staging", "--subject", f"api={OLD}")
    result = project.cli("record", "--junit", "junit.xml", *options)
    assert result.exit_code == 0, result.output
    (head,) = heads(project)
    assert head["subjects"] == {"api": OLD}


def test_a_run_without_subjects_is_as_before(project: Project) -> None:
    """Nothing is kept, and nothing asks for it."""
    decided(project)
    approve(project)
    (head,) = heads(project)
    assert "subjects" not in head
    assert gate(project, "--on", "review", expected=0)
    assert "subject" not in [rule["rule"] for rule in project.report()["verdict"]["rules"]]


@pytest.mark.parametrize(
    "wrong", ["api", "api=", f"api={OLD[:-1]}", "api=sha512:" + "a" * 128, f"a b={OLD}", "=", f"={OLD}"]
)
def test_another_form_is_a_usage_error(project: Project, wrong: str) -> None:
    """No test runs (4), or nothing is recorded or judged (2), and the message has the form."""
    project.configured().tests(TESTS)
    result = project.run(f"--readiness-subject={wrong}")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert "[NAME=]sha256:HEX" in result.stderr.str()
    for command in (
        ("record", "UC-001", "--item", "1", "--result", "PASSED"),
        ("gate",),
        ("report",),
        ("review", "UC-001"),
    ):
        said = project.cli(*command, "--subject", wrong)
        assert said.exit_code == 2, said.output
        assert "[NAME=]sha256:HEX" in said.stderr
    project.monkeypatch.setenv("READINESS_SUBJECT", wrong)
    assert project.run().ret == pytest.ExitCode.USAGE_ERROR
    assert not (project.path / ".readiness" / "evidence.db").exists()


def test_a_name_has_one_digest(project: Project) -> None:
    """Two digests without a name are two values of one."""
    project.configured().tests(TESTS)
    result = project.run(f"--readiness-subject={OLD}", f"--readiness-subject={NEW}")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert "give each subject a name of its own" in result.stderr.str()
    assert project.run("--readiness-subject=").ret == pytest.ExitCode.USAGE_ERROR


def test_no_secret_replaces_a_digest(project: Project) -> None:
    """A secret with the digits of the digest, known before or registered by the test, leaves the digest as it is."""
    digits = OLD.removeprefix("sha256:")
    project.configured().tests(
        f"""
        @evidence("UC-001", item=1)
        def test_provider(record_evidence):
            record_evidence.secret("{digits}")
            record_evidence.secret("{OLD}")
        """
    )
    project.monkeypatch.setenv("API_TOKEN", digits)
    project.run_apart(f"--readiness-subject=api={OLD}").assert_outcomes(passed=1)
    (head,) = heads(project)
    assert head["subjects"] == {"api": OLD}
    assert gate(project, "--subject", f"api={OLD}", expected=1).count("✓ passed subject") == 1
