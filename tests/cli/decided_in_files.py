"""Projects whose decisions are files of a git repository."""

from __future__ import annotations

from pathlib import Path

from tests.project import CONFIG, TRACKER, Project
from tests.reviewed_project import ANA, DEV, REVIEW, TESTS, approve, commit, record, repository

FOLDER = 'decisions = "decisions"\n'
ONLY = TRACKER.replace("| UC-002 | `GREEN` | `NOT_STARTED` | tbd | 2026-01-01 | Refunds |\n", "")


def approved(project: Project) -> Project:
    """Return a repository whose decisions are files, and a use case that Ana approved and that is ready."""
    repository(project.configured(FOLDER + CONFIG + REVIEW, ONLY).tests(TESTS), ANA)
    commit(project, by=DEV)
    record(project)
    approve(project)
    commit(project, by=ANA)
    assert project.cli("gate").exit_code == 0
    return project


def gate(project: Project) -> tuple[int, str]:
    """Exit code of the gate, and what it prints in one line."""
    done = project.cli("gate")
    return done.exit_code, " ".join(done.output.split())


def block(project: Project, by: str = DEV) -> Path:
    """Block it; the file, committed by the same."""
    before = set((project.path / "decisions").iterdir()) if (project.path / "decisions").exists() else set()
    assert project.cli("block", "UC-001", "--reason", "legal", "--by", by).exit_code == 0
    commit(project, by=by)
    (made,) = set((project.path / "decisions").iterdir()) - before
    return made


def switched(project: Project, decisions: str) -> None:
    """Decisions live somewhere else from now on."""
    config = project.path / "readiness.toml"
    lines = [line for line in config.read_text().splitlines() if not line.startswith("decisions =")]
    config.write_text("\n".join([f'decisions = "{decisions}"', *lines]))
