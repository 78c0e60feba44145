"""Hooks for pre-commit: pre-commit accepts the manifest, and their commands pass and fail as a commit needs."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from benchmarks import environments

from tests.integrations.clones import clone, commit, offline, python_without_us
from tests.project import Project
from tests.reviewed_project import decided

MANIFEST = Path(__file__).parents[2] / ".pre-commit-hooks.yaml"
HOOKS: list[dict[str, Any]] = yaml.safe_load(MANIFEST.read_text(encoding="utf-8"))


@pytest.mark.slow
def test_pre_commit_accepts_the_manifest() -> None:
    """Its own validator does."""
    command = [sys.executable, "-m", "pre_commit", "validate-manifest", str(MANIFEST)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("hook", HOOKS, ids=lambda hook: str(hook["id"]))
def test_which_files_start_a_hook(hook: dict[str, Any]) -> None:
    """The config and the tracker in any of its formats, and no source file."""
    pattern = re.compile(hook["files"])
    for name in (
        "readiness.toml",
        "pyproject.toml",
        "PROD_READINESS_TRACKER.md",
        "docs/MY_TRACKER.csv",
        "TRACKER.yaml",
    ):
        assert pattern.search(name), name
    for name in ("src/app.py", "readiness.toml.orig", "issue_tracker.md", "my.toml"):
        assert not pattern.search(name), name
    assert hook["pass_filenames"] is False


def run(project: Project, id_: str) -> tuple[int, str]:
    """Run the command of a hook as pre-commit does: its exit code decides, its output is shown."""
    (hook,) = [hook for hook in HOOKS if hook["id"] == id_]
    program, *arguments = hook["entry"].split()
    assert program == "readiness"
    result = project.cli(*arguments)
    return result.exit_code, result.output


def test_check_stops_a_commit_of_a_broken_tracker(project: Project) -> None:
    """A sound project passes; a use case in two rows does not, and the hook says where."""
    project.configured()
    assert run(project, "readiness-check")[0] == 0
    tracker = project.path / "PROD_READINESS_TRACKER.md"
    tracker.write_text(tracker.read_text() + "| UC-001 | `GREEN` | `NOT_STARTED` | tbd | 2026-01-01 | again |\n")
    code, output = run(project, "readiness-check")
    assert code != 0
    assert "PROD_READINESS_TRACKER.md:" in output


def test_sync_check_stops_a_commit_of_a_status_that_is_not_derived(project: Project) -> None:
    """After `sync` the tracker passes; a status that somebody typed does not."""
    decided(project)
    assert run(project, "readiness-sync-check")[0] == 1
    assert project.cli("sync").exit_code == 0
    assert run(project, "readiness-sync-check")[0] == 0
    tracker = project.path / "PROD_READINESS_TRACKER.md"
    tracker.write_text(tracker.read_text().replace("`IN_PROGRESS`", "`READY_FOR_GO_LIVE`"))
    assert run(project, "readiness-sync-check")[0] == 1


@pytest.mark.slow
def test_pre_commit_installs_the_hooks_from_a_clone(project: Project, tmp_path: Path) -> None:
    """In an environment of its own, which has our requirements alone, it makes both and runs them."""
    revision = clone(tmp_path / "clone")
    decided(project)
    assert project.cli("sync").exit_code == 0
    hooks = [{"id": hook["id"]} for hook in HOOKS]
    config = {"repos": [{"repo": f"file://{tmp_path / 'clone'}", "rev": revision, "hooks": hooks}]}
    project.write(".pre-commit-config.yaml", yaml.safe_dump(config))
    commit(project.path)
    python_without_us(tmp_path / "env", ("hatchling",))
    home = {"PRE_COMMIT_HOME": str(tmp_path / "home"), "PYTHONPATH": str(environments.site_of(tmp_path / "env"))}
    done = subprocess.run(
        [sys.executable, "-m", "pre_commit", "run", "--all-files", "--verbose"],
        cwd=project.path, env=offline(tmp_path) | home, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("Passed") == len(HOOKS)
    assert "the tracker is up to date" in done.stdout
