"""Where a run comes from: code, machine, CI, versions, and who started it."""

from __future__ import annotations

import getpass
import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .worktree import GitError, ask, hidden_edits

HIDDEN_NAMES = 5
"""How many files with hidden edits a run names."""


@dataclass(frozen=True, slots=True)
class CI:
    """A CI provider, and the environment variables in which it tells about a run."""

    name: str
    present: str
    run: str
    attempt: str = ""
    url: str = ""
    actor: str = ""
    job: str = ""


PROVIDERS = (
    CI("github", "GITHUB_ACTIONS", "GITHUB_RUN_ID", "GITHUB_RUN_ATTEMPT", "", "GITHUB_ACTOR", "GITHUB_JOB"),
    CI("gitlab", "GITLAB_CI", "CI_PIPELINE_ID", "", "CI_JOB_URL", "GITLAB_USER_EMAIL", "CI_JOB_NAME"),
    CI("jenkins", "JENKINS_URL", "BUILD_NUMBER", "", "BUILD_URL", "BUILD_USER_ID", "JOB_NAME"),
    CI("azure", "TF_BUILD", "BUILD_BUILDID", "SYSTEM_JOBATTEMPT", "", "BUILD_REQUESTEDFOREMAIL", "SYSTEM_JOBNAME"),
    CI("buildkite", "BUILDKITE", "BUILDKITE_BUILD_ID", "", "BUILDKITE_BUILD_URL", "BUILDKITE_BUILD_CREATOR_EMAIL", ""),
    CI("circleci", "CIRCLECI", "CIRCLE_WORKFLOW_ID", "", "CIRCLE_BUILD_URL", "CIRCLE_USERNAME", "CIRCLE_JOB"),
    CI("travis", "TRAVIS", "TRAVIS_BUILD_ID", "", "TRAVIS_BUILD_WEB_URL", "", "TRAVIS_JOB_NUMBER"),
    CI("teamcity", "TEAMCITY_VERSION", "BUILD_NUMBER", "", "", "", ""),
    CI("ci", "CI", "CI_RUN_ID", "", "", "", ""),
)


def ci(environ: Mapping[str, str]) -> dict[str, str]:
    """Return provider, run, attempt, URL, job and actor of the CI that this process runs in; empty outside CI."""
    provider = next((known for known in PROVIDERS if environ.get(known.present)), None)
    if provider is None:
        return {}
    found = {"provider": provider.name}
    for field in ("run", "attempt", "url", "actor", "job"):
        if value := environ.get(getattr(provider, field) or "\0"):
            found[field] = value
    if provider.name == "github" and "run" in found and environ.get("GITHUB_REPOSITORY"):
        server = environ.get("GITHUB_SERVER_URL", "https://github.com")
        found["url"] = f"{server}/{environ['GITHUB_REPOSITORY']}/actions/runs/{found['run']}"
    return found


def git(folder: Path) -> dict[str, Any]:
    """Return commit, branch, whether there are uncommitted changes, and user.email; empty where there is no git."""
    # A config may hide changes in submodules from a plain status.
    status = _git(
        folder, "status", "--porcelain=v2", "--branch", "--untracked-files=normal", "--ignore-submodules=none"
    )
    if status is None:
        return {}
    lines = status.splitlines()
    said = dict(line[2:].split(" ", 1) for line in lines if line.startswith("# ") and " " in line[2:])
    found: dict[str, Any] = {"dirty": any(not line.startswith("# ") for line in lines)}
    if (commit := said.get("branch.oid", "(initial)")) != "(initial)":
        found["commit"] = commit
    if (branch := said.get("branch.head", "(detached)")) != "(detached)":
        found["branch"] = branch
    if email := (_git(folder, "config", "user.email") or "").strip():
        found["email"] = email
    return found


def worktree(folder: Path) -> dict[str, Any]:
    """Return what ``git`` says of a folder, and the edits that it was told not to look for.

    A tree with hidden edits is ``dirty``; where they cannot be looked for, whether it is dirty is not said.
    """
    found = git(folder)
    if found:
        try:
            names = hidden_edits(folder)
        except GitError:
            found.pop("dirty", None)
            return found
        if names:
            found |= {"dirty": True, "hidden": {"count": len(names), "names": names[:HIDDEN_NAMES]}}
    return found


def _git(folder: Path, *arguments: str) -> str | None:
    try:
        return ask(folder, *arguments)
    except GitError:
        return None


def actor(given: str | None, from_ci: Mapping[str, str], email: str | None) -> dict[str, str]:
    """Return who runs, and how that is known: told, else CI's word, else git's user.email, else the system's user."""
    if given:
        return {"name": given, "known_by": "declared"}
    if from_ci.get("actor"):
        return {"name": from_ci["actor"], "known_by": "ci"}
    if email:
        return {"name": email, "known_by": "git"}
    try:
        return {"name": getpass.getuser(), "known_by": "system"}
    except (OSError, KeyError):
        return {"name": "unknown", "known_by": "system"}


def provenance(
    folder: Path, argv: Sequence[str], given_actor: str | None, versions: Mapping[str, str]
) -> dict[str, Any]:
    """Return what the first line of a run says about its origin (plain data; the caller redacts it)."""
    from_ci, from_git = ci(os.environ), worktree(folder)
    who = actor(given_actor, from_ci, from_git.pop("email", None))
    return {
        "actor": who["name"],
        "actor_known_by": who["known_by"],
        "host": platform.node(),
        "platform": f"{platform.system()} {platform.release()} {platform.machine()}",
        "argv": list(argv),
        "ci": from_ci,
        "git": from_git,
        "versions": {"python": platform.python_version(), **versions},
    }
