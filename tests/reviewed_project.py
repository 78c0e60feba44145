"""A project in which people decide: reviewers, a robot that records, and, where decisions are files, a repository."""

from __future__ import annotations

import json
import os
import subprocess
from typing import Any

from tests.project import CONFIG, TRACKER, Project

ANA, BEN, DEV, BOT = "ana@example.com", "ben@example.com", "dev@example.com", "bot@example.com"
REVIEW = f"""
[review]
reviewers = ["{ANA}", "{BEN}"]
"""
TESTS = """
@evidence("UC-001", item=1)
def test_provider(): assert os.environ.get("PROVIDER", "up") == "up"

@evidence("UC-001", item=2)
def test_trace(): pass
"""


def decided(project: Project, more: str = "", tests: str = TESTS, tracker: str = TRACKER) -> Project:
    """The project with two reviewers, and evidence that the robot recorded."""
    project.configured(CONFIG + REVIEW + more, tracker).tests(tests)
    record(project)
    return project


def record(project: Project, *args: str, by: str = BOT) -> None:
    """Run the tests as somebody."""
    project.run(f"--readiness-actor={by}", *args)


def approve(project: Project, *args: str, by: str = ANA, expected: int = 0) -> Any:
    """Approve UC-001, or what is named first."""
    named = [] if args and args[0].startswith(("UC", "--suspect")) else ["UC-001"]
    acknowledge = [] if "--acknowledge" in args else ["--acknowledge", "asserted"]
    result = project.cli("review", *named, "--approve", "--by", by, *acknowledge, *args)
    assert result.exit_code == expected, result.output
    return result


def told(project: Project, use_case: str = "UC-001") -> dict[str, Any]:
    """What the JSON report says of a use case."""
    (found,) = project.report(use_case)["use_cases"]
    return dict(found)


def status(project: Project, use_case: str = "UC-001") -> tuple[str, str | None]:
    """Status and phase."""
    found = told(project, use_case)
    return found["status"], found["phase"]


def git(project: Project, *arguments: str, by: str = DEV) -> str:
    """Run git as somebody, away from this machine's settings."""
    who = {f"GIT_{role}_{what}": by for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    away = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    command = ["git", "-c", "init.defaultBranch=main", "-C", str(project.path), *arguments]
    done = subprocess.run(command, env={**os.environ, **who, **away}, capture_output=True, check=True)
    return done.stdout.decode()


def commit(project: Project, by: str = DEV) -> None:
    """Commit everything that git does not ignore, as somebody."""
    git(project, "add", "--all")
    git(project, "commit", "--quiet", "--message=x", by=by)


def repository(project: Project, email: str | None = None) -> Project:
    """The project as a git repository, without a commit yet."""
    git(project, "init", "--quiet")
    project.write(".gitignore", ".readiness/\n__pycache__/\n*.json\n!decisions/*.json\n")
    if email:
        git(project, "config", "user.email", email)
        git(project, "config", "user.name", email)
    return project


def files(project: Project) -> list[dict[str, Any]]:
    """The decisions that lie in the folder, oldest first."""
    return [json.loads(path.read_text()) for path in sorted((project.path / "decisions").glob("*.json"))]
