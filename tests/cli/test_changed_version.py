"""A failing run whose record is changed to say that it was made for another version closes the gate as damage."""

from __future__ import annotations

import pytest

from tests.broken_runs import newest, sql
from tests.cli.subjects import NEW, OLD
from tests.project import CONFIG, Project
from tests.reviewed_project import REVIEW, TESTS, approve, record

pytestmark = pytest.mark.slow

RELEASE = ('"release":"1"', '"release":"2"')
VERSIONS = {
    "release": ("--readiness-release=1", ("--release", "1"), RELEASE),
    "subject": (f"--readiness-subject=api={OLD}", ("--subject", f"api={OLD}"), (OLD, NEW)),
}


@pytest.fixture
def project(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Project:
    """An empty project."""
    return Project.at(pytester, monkeypatch).configured(CONFIG + REVIEW).tests(TESTS)


def changed(project: Project, texts: tuple[str, str]) -> None:
    """Have the newest run say that it was made for another version, in its first line and in the index."""
    run = newest(project)
    old, new = texts
    sql(
        project,
        f"UPDATE line SET text = replace(text, '{old}', '{new}') WHERE run_id = '{run}' AND seq = 0",
        *([f"UPDATE run SET release = '2' WHERE id = '{run}'"] if texts == RELEASE else []),
    )


@pytest.mark.parametrize(("option", "judged", "texts"), VERSIONS.values(), ids=VERSIONS)
def test_the_newest_failure(project: Project, option: str, judged: tuple[str, ...], texts: tuple[str, str]) -> None:
    """It would leave an older pass as the newest execution for the judged version."""
    record(project, option)
    project.monkeypatch.setenv("PROVIDER", "down")
    record(project, option)
    changed(project, texts)
    result = project.cli("gate", "UC-001", "--on", "evidence", *judged)
    assert result.exit_code == 3, result.output
    assert newest(project) in result.output


@pytest.mark.parametrize(("option", "judged", "texts"), VERSIONS.values(), ids=VERSIONS)
def test_a_failure_that_the_reviewer_has_not_seen(
    project: Project, option: str, judged: tuple[str, ...], texts: tuple[str, str]
) -> None:
    """It would leave the approval current, although a test failed since and then passed."""
    record(project, option)
    approve(project, *judged)
    project.monkeypatch.setenv("PROVIDER", "down")
    record(project, option)
    failed = newest(project)
    changed(project, texts)
    project.monkeypatch.delenv("PROVIDER")
    record(project, option)
    result = project.cli("gate", "UC-001", *judged)
    assert result.exit_code == 3, result.output
    assert failed in result.output


@pytest.mark.parametrize(("option", "judged", "texts"), VERSIONS.values(), ids=VERSIONS)
def test_a_failure_of_another_version_that_is_intact(
    project: Project, option: str, judged: tuple[str, ...], texts: tuple[str, str]
) -> None:
    """(the other way round) It closes nothing."""
    record(project, option)
    approve(project, *judged)
    project.monkeypatch.setenv("PROVIDER", "down")
    record(project, option.replace(*texts).replace("=1", "=2"))
    result = project.cli("gate", "UC-001", *judged)
    assert result.exit_code == 0, result.output


@pytest.mark.parametrize(("option", "judged", "texts"), VERSIONS.values(), ids=VERSIONS)
def test_a_run_that_left_tests_out(
    project: Project, option: str, judged: tuple[str, ...], texts: tuple[str, str]
) -> None:
    """With ``deselected = "refuse"`` it would leave an older run as the newest, which left nothing out."""
    project.configured(f'{CONFIG}{REVIEW}[gate]\ndeselected = "refuse"\n')
    record(project, option)
    record(project, option, "-k", "provider")
    asked = ("gate", "UC-001", "--on", "evidence", *judged)
    assert project.cli(*asked).exit_code == 1
    changed(project, texts)
    result = project.cli(*asked)
    assert result.exit_code == 3, result.output
    assert newest(project) in result.output
