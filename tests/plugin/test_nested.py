"""A session within a test of a session: the outer one is living, whoever looks at its journal."""

from __future__ import annotations

import pytest

from tests.plugin.test_crash import recorded
from tests.project import XDIST, Project

pytestmark = pytest.mark.slow

INNER = """
from pytest_readiness import evidence
@evidence('UC-001', item=1)
def test_inner(record_evidence): record_evidence.attach('by the inner one')
"""
OUTER = """
import subprocess, sys
INNER = {inner!r}

@evidence("UC-001", item=1)
def test_before(): pass

@evidence("UC-001", item=2)
def test_runs_pytest(monkeypatch):
    inner = pathlib.Path(__file__).parent / "inner"
    inner.mkdir(exist_ok=True)
    (inner / "check_inner.py").write_text(INNER)
    arguments = ["-p", "pytest_readiness.plugin", "-q", "-p", "no:cacheprovider", "--readiness-environment=staging", *{more!r}, str(inner / "check_inner.py")]
    {act}

@evidence("UC-002", item=1)
def test_after(): pass
"""
HERE = "assert pytest.main(arguments) == {code}"
THERE = (
    "done = subprocess.run([sys.executable, '-m', 'pytest', *arguments],"
    " capture_output=True, text=True); print(done.stdout); assert done.returncode == {code}, done.stdout + done.stderr"
)
ALL_PASSED = {"test_before": "PASSED", "test_runs_pytest": "PASSED", "test_after": "PASSED"}


def outer(act: str, *more: str, code: int = 0) -> str:
    """A test file of which one test runs pytest."""
    return OUTER.format(inner=INNER, more=more, act=act.format(code=code))


@pytest.mark.parametrize("how", [(), XDIST], ids=["alone", "xdist"])
@pytest.mark.parametrize("act", [HERE, THERE], ids=["in this process", "in another"])
def test_a_session_in_a_test_of_the_same_project(project: Project, act: str, how: tuple[str, ...]) -> None:
    """It records nothing and says so; the evidence of the session around it is whole."""
    project.configured().tests(outer(act))
    result = project.run_apart("-rP", *how)
    assert result.ret == 0, result.stdout.str()
    assert recorded(project) == ALL_PASSED
    assert "nothing is recorded: this session runs inside a test of another session" in result.stdout.str()
    assert project.artifacts == []
    assert project.journals == []
    assert project.cli("verify").exit_code == 0


@pytest.mark.parametrize("act", [HERE, THERE], ids=["in this process", "in another"])
def test_its_gate_is_closed(project: Project, act: str) -> None:
    """A session that recorded nothing cannot say that anything is ready."""
    project.configured().tests(outer(act, "--readiness-gate", code=13))
    assert project.run_apart().ret == 0
    assert recorded(project) == ALL_PASSED


@pytest.mark.parametrize("act", [HERE, THERE], ids=["in this process", "in another"])
def test_the_second_one_in_a_test_too(project: Project, act: str) -> None:
    """pytest takes its variable away when a session within the process ends: the next one is known all the same."""
    project.configured().tests(outer(f"{HERE}; {act}"))
    assert project.run_apart().ret == 0
    assert recorded(project) == ALL_PASSED


TOY = """
[environments.staging]
real = true
[items.1]
title = "it works"
[use_cases.UC-001]
title = "toy"
"""


@pytest.mark.parametrize("act", [HERE, THERE], ids=["in this process", "in another"])
def test_a_toy_project_that_is_given_the_outer_store(project: Project, act: str) -> None:
    """A toy project with another folder of journals does not write into the store of the session around it."""
    toy = project.write("toy/readiness.toml", TOY).parent
    project.configured().tests(outer(act, f"--rootdir={toy}"))
    project.monkeypatch.setenv("READINESS_STORE", f"sqlite:///{project.path}/.readiness/evidence.db")
    result = project.run_apart()
    assert result.ret == 0, result.stdout.str()
    assert recorded(project) == ALL_PASSED


@pytest.mark.parametrize("act", [HERE, THERE], ids=["in this process", "in another"])
def test_a_toy_project_with_a_store_of_its_own(project: Project, act: str) -> None:
    """What has its own folder and store is recorded as ever, and the outer session too."""
    toy = project.write("toy/readiness.toml", TOY).parent
    project.configured().tests(outer(act, f"--rootdir={toy}"))
    result = project.run_apart()
    assert result.ret == 0, result.stdout.str()
    assert recorded(project) == ALL_PASSED
    project.monkeypatch.chdir(toy)
    assert [piece["result"] for piece in project.evidence()] == ["PASSED"]


def test_a_test_that_opens_every_file_of_the_project(project: Project) -> None:
    """Opening and closing the journal does not give it up to a session elsewhere."""
    act = "[path.open('rb').close() for path in pathlib.Path('.readiness').rglob('*') if path.is_file()]; " + THERE
    project.configured().tests(outer(act))
    assert project.run_apart().ret == 0
    assert recorded(project) == ALL_PASSED


def test_the_command_in_a_test(project: Project) -> None:
    """A test that recovers, reports and gates in its own project sees a living run, and takes nothing of it away."""
    act = (
        "from tests.project import Project; from click.testing import CliRunner; from pytest_readiness.cli import main\n"
        "    for words in (['recover'], ['report'], ['gate']): pytest.raises(SystemExit, main, words)"
    )
    project.configured().tests(outer(act))
    project.write("conftest.py", "")
    assert project.run().ret == 0
    assert recorded(project) == ALL_PASSED


def test_two_sessions_in_one_process(project: Project) -> None:
    """One after the other, each is recorded: the first is over."""
    project.configured().tests("@evidence('UC-001', item=1)\ndef test_a(): pass\n")
    assert project.run().ret == 0
    assert project.run("--readiness-report").ret == 0
    assert len(project.cli("history", "UC-001").stdout.split("run ")) > 2
