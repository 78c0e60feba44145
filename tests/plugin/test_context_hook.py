"""The hook for the context of a run: subjects, release and the rest, where no option gives them."""

from __future__ import annotations

import pytest

from tests.cli.subjects import NEW, OLD, REQUIRED, heads
from tests.project import CONFIG, XDIST, Project
from tests.reviewed_project import TESTS

pytestmark = pytest.mark.slow

HOOK = "def pytest_readiness_context(config):\n    return {}\n"


@pytest.fixture
def project(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A project with two tests."""
    return Project.at(pytester, monkeypatch).configured().tests(TESTS)


def hooked(project: Project, value: object) -> None:
    """Write a conftest.py whose hook returns a value."""
    project.write("conftest.py", HOOK.format(value).replace("{}", repr(value)))


@pytest.mark.parametrize("how", [(), XDIST], ids=["one process", "xdist"])
@pytest.mark.parametrize("subject", [f"api={OLD}", [f"api={OLD}"], {"api": OLD}], ids=["text", "list", "dict"])
def test_the_hook_gives_context(project: Project, how: tuple[str, ...], subject: object) -> None:
    """Each key is kept as if an option had given it."""
    hooked(project, {"subject": subject, "release": "2.0", "tenant_id": "t-1", "project_id": "p-1"})
    project.run_apart(*how).assert_outcomes(passed=2)
    (head,) = heads(project)
    assert (head["subjects"], head["release"]) == ({"api": OLD}, "2.0")
    assert (head["context"]["tenant_id"], head["context"]["project_id"]) == ("t-1", "p-1")


def test_an_option_and_a_variable_go_before_the_hook(project: Project) -> None:
    """Whoever runs the tests knows better."""
    hooked(project, {"subject": f"api={OLD}", "release": "1.0"})
    project.run_apart(f"--readiness-subject=api={NEW}")
    project.monkeypatch.setenv("READINESS_RELEASE", "2.0")
    project.run_apart()
    first, second = heads(project)
    assert (first["subjects"], first["release"]) == ({"api": NEW}, "1.0")
    assert (second["subjects"], second["release"]) == ({"api": OLD}, "2.0")


def test_a_session_judges_the_subjects_of_the_hook(project: Project) -> None:
    """As it would those of the option."""
    project.configured(CONFIG + REQUIRED + 'asserted = "accept"\n')
    gate = ("--readiness-gate", "--readiness-gate-on=evidence", "--readiness-uc=UC-001")
    assert project.run_apart(*gate).ret == 11
    hooked(project, {"subject": f"api={OLD}"})
    assert project.run_apart(*gate).ret == 0


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"environment": "staging"}, "cannot give 'environment': whoever runs the tests names it"),
        ({"subjects": OLD}, "cannot give 'subjects': keys are provider_mode"),
        ({"subject": "api"}, "takes [[]NAME=[]]sha256:HEX"),
        ({"subject": []}, "gives a subject of the kind list"),
        ({"release": 2}, "must give a text for 'release', not 2"),
        ({"release": " "}, "must give a text for 'release'"),
        (3, "failed: TypeError"),
    ],
)
def test_another_value_is_a_usage_error(project: Project, value: object, message: str) -> None:
    """It names the plugin, and no test runs."""
    hooked(project, value)
    result = project.run_apart()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"*pytest_readiness_context*{message}*"])


def test_a_hook_that_fails_is_a_usage_error(project: Project) -> None:
    """Also if it would end the process."""
    project.write("conftest.py", "def pytest_readiness_context():\n    raise SystemExit(0)\n")
    result = project.run_apart()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*pytest_readiness_context failed: SystemExit: 0*"])
    assert project.run_apart("--no-readiness").ret == 0
