"""Provenance of a run."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from pytest_readiness.recording.provenance.run import find_person, find_recorder, read_ci, read_git


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({}, {}),
        (
            {
                "CI": "true", "GITHUB_ACTIONS": "true", "GITHUB_RUN_ID": "7", "GITHUB_RUN_ATTEMPT": "2",
                "GITHUB_REPOSITORY": "o/r", "GITHUB_ACTOR": "ana", "GITHUB_SERVER_URL": "https://git.example.com",
            },
            {
                "provider": "github", "run": "7", "attempt": "2", "actor": "ana", "project": "o/r",
                "url": "https://git.example.com/o/r/actions/runs/7",
            },
        ),
        (
            {"CI": "1", "GITLAB_CI": "1", "CI_PIPELINE_ID": "9", "CI_JOB_URL": "https://x/9", "GITLAB_USER_EMAIL": "a@b"},
            {"provider": "gitlab", "run": "9", "url": "https://x/9", "actor": "a@b"},
        ),
        (
            {"GITLAB_CI": "1", "GITLAB_USER_LOGIN": "gl", "CI_PROJECT_PATH": "g/p", "CI_JOB_NAME": "e2e"},
            {"provider": "gitlab", "actor": "gl", "project": "g/p", "job": "e2e"},
        ),
        (
            {"CIRCLECI": "1", "CIRCLE_PROJECT_USERNAME": "o", "CIRCLE_PROJECT_REPONAME": "r", "CIRCLE_JOB": "e2e"},
            {"provider": "circleci", "project": "o/r", "job": "e2e"},
        ),
        (
            {"BUILDKITE": "1", "BUILDKITE_BUILD_CREATOR": "Ana", "BUILDKITE_LABEL": "e2e"},
            {"provider": "buildkite", "actor": "Ana", "job": "e2e"},
        ),
        ({"CI": "true"}, {"provider": "ci"}),
    ],
)  # fmt: skip
def test_ci(environ: dict[str, str], expected: dict[str, str]) -> None:
    """Each CI provider is detected by its own variables; outside CI the result is empty."""
    assert read_ci(environ) == expected


@pytest.mark.parametrize("find", [find_person, find_recorder])
def test_a_person_goes_by_what_is_known_best(find: Callable[..., dict[str, str]]) -> None:
    """The declared name comes first, git's before the system's user; also for a recorder outside CI."""
    assert find("ana", {"provider": "ci", "actor": "bot"}, "a@b") == {"name": "ana", "known_by": "declared"}
    assert find(None, {}, "a@b") == {"name": "a@b", "known_by": "git"}
    assert find(None, {}, None)["known_by"] == "system"


def test_in_ci_a_person_is_whom_it_names_and_a_recorder_is_the_job() -> None:
    """The recorder is named by provider, project and job, if known; the person is CI's actor."""
    github = {"provider": "github", "project": "o/r", "job": "e2e", "actor": "bot"}
    assert find_person(None, github, "a@b") == {"name": "bot", "known_by": "ci"}
    assert find_person(None, {"provider": "ci"}, "a@b") == {"name": "a@b", "known_by": "git"}
    assert find_recorder(None, github, "a@b") == {"name": "ci:github/o/r/e2e", "known_by": "ci"}
    assert find_recorder(None, {"provider": "ci"}, "a@b") == {"name": "ci:ci", "known_by": "ci"}


def run(folder: Path, *arguments: str) -> None:
    """Run git."""
    subprocess.run(["git", "-C", str(folder), *arguments], check=True, capture_output=True)


def test_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Commit, branch, uncommitted changes and user.email are the folder's; outside git the result is empty."""
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert read_git(tmp_path) == {}
    run(tmp_path, "init", "-q", "-b", "trunk")
    run(tmp_path, "config", "user.email", "ana@example.com")
    run(tmp_path, "config", "user.name", "Ana")
    assert read_git(tmp_path) == {"dirty": False, "branch": "trunk", "email": "ana@example.com"}
    (tmp_path / "a").write_text("a")
    assert read_git(tmp_path)["dirty"] is True
    run(tmp_path, "add", "a")
    run(tmp_path, "commit", "-q", "-m", "a")
    provenance = read_git(tmp_path)
    assert (provenance["dirty"], len(provenance["commit"])) == (False, 40)
