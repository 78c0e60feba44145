"""A retired run keeps what it was recorded for: what ended badly in it stays bad for that release and these digests."""

from __future__ import annotations

import pytest

from tests.broken_runs import newest, retire, sql
from tests.cli.subjects import NEW, OLD
from tests.project import CONFIG, Project
from tests.reviewed_project import REVIEW, TESTS, record

pytestmark = pytest.mark.slow

VERSIONS = {
    "release": ("--readiness-release=1", "--readiness-release=2", ("--release", "1"), ("--release", "2")),
    "subject": (
        f"--readiness-subject=api={OLD}",
        f"--readiness-subject=api={NEW}",
        ("--subject", f"api={OLD}"),
        ("--subject", f"api={NEW}"),
    ),
}


@pytest.fixture
def project(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Project:
    """An empty project."""
    project = Project.at(pytester, monkeypatch)
    return project.configured(f'{CONFIG}{REVIEW}\n[gate]\nasserted = "accept"\n').tests(TESTS)


def gate(project: Project, version: tuple[str, ...]) -> int:
    """The gate's answer on UC-001, for a release or a digest."""
    return project.cli("gate", "UC-001", "--on", "evidence", *version).exit_code


@pytest.mark.parametrize(("one", "other", "judged", "beside"), VERSIONS.values(), ids=VERSIONS)
def test_a_failure_of_a_retired_run_stays(
    project: Project, one: str, other: str, judged: tuple[str, ...], beside: tuple[str, ...]
) -> None:
    """It closes the gate for what it was recorded for until the test passes again, and for nothing else."""
    record(project, one)
    record(project, other)
    project.monkeypatch.setenv("PROVIDER", "down")
    record(project, one)
    project.monkeypatch.delenv("PROVIDER")
    assert retire(project, newest(project))[0] == 0
    assert (gate(project, judged), gate(project, beside)) == (1, 0)
    record(project, one)
    assert gate(project, judged) == 0


@pytest.mark.parametrize(("one", "other", "judged", "beside"), VERSIONS.values(), ids=VERSIONS)
def test_a_failure_of_a_retired_run_of_unknown_version_counts_for_any(
    project: Project, one: str, other: str, judged: tuple[str, ...], beside: tuple[str, ...]
) -> None:
    """Where its first line was changed, nobody knows what it was recorded for."""
    record(project, one)
    record(project, other)
    project.monkeypatch.setenv("PROVIDER", "down")
    record(project, one)
    run = newest(project)
    sql(project, f"UPDATE line SET text = replace(text, 'bot@', 'bat@') WHERE run_id = '{run}' AND seq = 0")
    assert gate(project, judged) == 3
    assert retire(project, run)[0] == 0
    assert (gate(project, judged), gate(project, beside)) == (1, 1)
