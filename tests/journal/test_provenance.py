"""Where a run comes from."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from pytest_readiness.journal.provenance import actor, ci, git


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
                "provider": "github", "run": "7", "attempt": "2", "actor": "ana",
                "url": "https://git.example.com/o/r/actions/runs/7",
            },
        ),
        (
            {"CI": "1", "GITLAB_CI": "1", "CI_PIPELINE_ID": "9", "CI_JOB_URL": "https://x/9", "GITLAB_USER_EMAIL": "a@b"},
            {"provider": "gitlab", "run": "9", "url": "https://x/9", "actor": "a@b"},
        ),
        ({"CI": "true"}, {"provider": "ci"}),
    ],
)  # fmt: skip
def test_ci(environ: dict[str, str], expected: dict[str, str]) -> None:
    """Each CI is known by its own variables; outside CI nothing is said."""
    assert ci(environ) == expected


def test_actor_goes_by_what_is_known_best() -> None:
    """The told name comes before CI's, CI's before git's, and the system's user is last."""
    assert actor("ana", {"actor": "bot"}, "a@b") == {"name": "ana", "known_by": "declared"}
    assert actor(None, {"actor": "bot"}, "a@b") == {"name": "bot", "known_by": "ci"}
    assert actor(None, {}, "a@b") == {"name": "a@b", "known_by": "git"}
    assert actor(None, {}, None)["known_by"] == "system"


def run(folder: Path, *arguments: str) -> None:
    """Run git."""
    subprocess.run(["git", "-C", str(folder), *arguments], check=True, capture_output=True)


def test_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Commit, branch, uncommitted changes and user.email are those of the folder; outside git nothing is said."""
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert git(tmp_path) == {}
    run(tmp_path, "init", "-q", "-b", "trunk")
    run(tmp_path, "config", "user.email", "ana@example.com")
    run(tmp_path, "config", "user.name", "Ana")
    assert git(tmp_path) == {"dirty": False, "branch": "trunk", "email": "ana@example.com"}
    (tmp_path / "a").write_text("a")
    assert git(tmp_path)["dirty"] is True
    run(tmp_path, "add", "a")
    run(tmp_path, "commit", "-q", "-m", "a")
    found = git(tmp_path)
    assert (found["dirty"], len(found["commit"])) == (False, 40)
