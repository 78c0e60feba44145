"""Where a run comes from: code, machine, CI, versions, and who started it."""

from __future__ import annotations

import getpass
import os
import platform
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from ..frozen import dataclass
from .changes import changes
from .worktree import GitError, ask, hidden_edits

HIDDEN_NAMES = 5
"""How many changed files a run names of each kind."""


@dataclass(frozen=True, slots=True)
class CI:
    """A CI provider, and the environment variables in which it tells about a run."""

    name: str
    present: str
    run: str
    attempt: str = ""
    url: str = ""
    actor: tuple[str, ...] = ()
    """Who pushed, merged or scheduled it: the first that says so."""
    project: tuple[str, ...] = ()
    """What is built: all that say so, from the whole to the part."""
    job: tuple[str, ...] = ()
    """The job of the pipeline: the first that says so."""
    pipeline: tuple[str, ...] | None = None
    """What together names the pipeline, the same in its jobs and when they are run again; None: ``run`` does."""


PROVIDERS = (
    CI(
        *("github", "GITHUB_ACTIONS", "GITHUB_RUN_ID", "GITHUB_RUN_ATTEMPT", ""),
        *(("GITHUB_ACTOR",), ("GITHUB_REPOSITORY",), ("GITHUB_JOB",)),
    ),
    CI(
        *("gitlab", "GITLAB_CI", "CI_PIPELINE_ID", "", "CI_JOB_URL"),
        *(("GITLAB_USER_EMAIL", "GITLAB_USER_LOGIN"), ("CI_PROJECT_PATH",), ("CI_JOB_NAME",)),
    ),
    CI(
        *("jenkins", "JENKINS_URL", "BUILD_NUMBER", "", "BUILD_URL"),
        *(("BUILD_USER_ID", "BUILD_USER_EMAIL", "BUILD_USER"), ("JOB_NAME",), ("STAGE_NAME",)),
        ("JOB_NAME", "BUILD_NUMBER"),
    ),
    CI(
        *("azure", "TF_BUILD", "BUILD_BUILDID", "SYSTEM_JOBATTEMPT", ""),
        ("BUILD_REQUESTEDFOREMAIL", "BUILD_REQUESTEDFOR"),
        ("SYSTEM_TEAMPROJECT", "BUILD_DEFINITIONNAME"),
        ("SYSTEM_JOBNAME",),
    ),
    CI(
        *("buildkite", "BUILDKITE", "BUILDKITE_BUILD_ID", "", "BUILDKITE_BUILD_URL"),
        ("BUILDKITE_BUILD_CREATOR_EMAIL", "BUILDKITE_BUILD_CREATOR"),
        ("BUILDKITE_ORGANIZATION_SLUG", "BUILDKITE_PIPELINE_SLUG"),
        ("BUILDKITE_STEP_KEY", "BUILDKITE_LABEL"),
    ),
    CI(
        *("circleci", "CIRCLECI", "CIRCLE_WORKFLOW_ID", "", "CIRCLE_BUILD_URL"),
        *(("CIRCLE_USERNAME",), ("CIRCLE_PROJECT_USERNAME", "CIRCLE_PROJECT_REPONAME"), ("CIRCLE_JOB",)),
        ("CIRCLE_PIPELINE_ID",),  # the workflow is another one when it is run again
    ),
    CI(
        *("travis", "TRAVIS", "TRAVIS_BUILD_ID", "", "TRAVIS_BUILD_WEB_URL"),
        *((), ("TRAVIS_REPO_SLUG",), ("TRAVIS_JOB_NAME", "TRAVIS_JOB_NUMBER")),
    ),
    CI(
        *("teamcity", "TEAMCITY_VERSION", "BUILD_NUMBER", "", ""),
        *((), ("TEAMCITY_PROJECT_NAME",), ("TEAMCITY_BUILDCONF_NAME",)),
        (),  # each build of a chain has a number of its own
    ),
    CI("ci", "CI", "CI_RUN_ID"),
)


def ci(environ: Mapping[str, str]) -> dict[str, str]:
    """Return what the CI that this process runs in says; empty outside CI.

    That is provider, run, attempt, URL, project, job, and as ``actor`` the person who started it.
    """
    provider = next((known for known in PROVIDERS if environ.get(known.present)), None)
    if provider is None:
        return {}

    def said(*names: str) -> list[str]:
        return [environ[name] for name in names if environ.get(name)]

    told = {
        "provider": [provider.name],
        "run": said(provider.run),
        "attempt": said(provider.attempt),
        "url": said(provider.url),
        "actor": said(*provider.actor),
        "project": ["/".join(said(*provider.project))],
        "job": said(*provider.job),
    }
    found = {field: values[0] for field, values in told.items() if values and values[0]}
    if provider.pipeline is not None and "run" in found:
        found["pipeline"] = "/".join(said(*provider.pipeline))
    if provider.name == "github" and "run" in found and "project" in found:
        server = environ.get("GITHUB_SERVER_URL", "https://github.com")
        found["url"] = f"{server}/{found['project']}/actions/runs/{found['run']}"
    return found


def git(folder: Path, written: Collection[str] = ()) -> dict[str, Any]:
    """Return commit, branch, what is not committed, and user.email; empty where there is no git.

    ``written``: what the run itself writes, which is no change as long as it is not tracked.
    """
    try:
        told = changes(folder, written)
    except GitError:
        return {}
    said = told.headers
    found: dict[str, Any] = {"dirty": bool(told.names)}
    if told.names:
        found["changed"] = {"count": len(told.names), "names": list(told.names[:HIDDEN_NAMES])}
    if told.written:
        found["written"] = {"count": len(told.written), "names": list(told.written[:HIDDEN_NAMES])}
    if (commit := said.get("branch.oid", "(initial)")) != "(initial)":
        found["commit"] = commit
    if (branch := said.get("branch.head", "(detached)")) != "(detached)":
        found["branch"] = branch
    if email := (_git(folder, "config", "user.email") or "").strip():
        found["email"] = email
    return found


def worktree(folder: Path, written: Collection[str] = ()) -> dict[str, Any]:
    """Return what ``git`` says of a folder, and the edits that it was told not to look for.

    A tree with hidden edits is ``dirty``; where they cannot be looked for, whether it is dirty is not said.
    """
    found = git(folder, written)
    if found:
        try:
            names = hidden_edits(folder)
        except GitError:
            found.pop("dirty", None)
            return found
        if names:
            found |= {"dirty": True, "hidden": {"count": len(names), "names": names[:HIDDEN_NAMES]}}
    return found


def config_git(config: Path, tests: Path) -> dict[str, str] | None:
    """Return the commit of the config's repository, empty where git cannot tell; None: the tests lie in the same one.

    What the register had is asked of that repository, and the tests' commit is none of its.
    """
    if _top(config) == _top(tests):
        return None
    commit = (_git(config, "rev-parse", "--verify", "--quiet", "HEAD") or "").strip()
    return {"commit": commit} if commit else {}


def _top(folder: Path) -> Path | None:
    """Return the folder above which no file is of the repository; no process is needed to tell one from another."""
    real = folder.resolve()
    return next((path for path in (real, *real.parents) if (path / ".git").exists()), None)


def _git(folder: Path, *arguments: str) -> str | None:
    try:
        return ask(folder, *arguments)
    except GitError:
        return None


def person(given: str | None, from_ci: Mapping[str, str], email: str | None) -> dict[str, str]:
    """Return which person runs this, and how that is known.

    Whoever is told, else whom CI says, else git's user.email, else the system's user.
    """
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


def recorder(given: str | None, from_ci: Mapping[str, str], email: str | None) -> dict[str, str]:
    """Return who records what a process runs, and how that is known: a person, or in CI, unless told, the job.

    Who pushed, merged or scheduled a job did not record what it found: else nobody who merges could ever review.
    """
    if given or not from_ci:
        return person(given, from_ci, email)
    names = (from_ci.get(field) for field in ("provider", "project", "job"))
    return {"name": f"ci:{'/'.join(name for name in names if name)}", "known_by": "ci"}


def provenance(
    folder: Path,
    argv: Sequence[str],
    given_actor: str | None,
    versions: Mapping[str, str],
    *,
    examined: bool = False,
    written: Collection[str] = (),
) -> dict[str, Any]:
    """Return what the first line of a run says about its origin (plain data; the caller redacts it).

    ``examined``: a person looked, and tells what they saw; no job records that. ``written``: as for ``git``.
    """
    from_ci, from_git = ci(os.environ), worktree(folder, written)
    who = (person if examined else recorder)(given_actor, from_ci, from_git.pop("email", None))
    return {
        "actor": who["name"],
        "actor_known_by": who["known_by"],
        **({"started_by": from_ci["actor"]} if "actor" in from_ci else {}),
        "host": platform.node(),
        "platform": f"{platform.system()} {platform.release()} {platform.machine()}",
        "argv": list(argv),
        "ci": from_ci,
        "git": from_git,
        "versions": {"python": platform.python_version(), **versions},
    }
