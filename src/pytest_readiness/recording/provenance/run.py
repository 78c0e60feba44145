"""Provenance of a run: code, machine, CI, versions, and actor."""

from __future__ import annotations

import getpass
import os
import platform
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct

from .hidden_changes import GitError, ask_git, hidden_edits
from .uncommitted_changes import uncommitted_changes

HIDDEN_NAMES = 5
"""Maximum number of changed files of each kind that a run names."""


class CIProvider(Struct, frozen=True):
    """A CI provider, and its environment variables about a run."""

    name: str
    present: str
    run: str
    attempt: str = ""
    url: str = ""
    actor: tuple[str, ...] = ()
    """The person who pushed, merged or scheduled it: the first variable that is set."""
    project: tuple[str, ...] = ()
    """The project: all variables that are set, from the whole to the part."""
    job: tuple[str, ...] = ()
    """The job of the pipeline: the first variable that is set."""
    pipeline: tuple[str, ...] | None = None
    """Variables that identify the pipeline, equal in all its jobs and their reruns; None: ``run`` does."""


PROVIDERS = (
    CIProvider(
        *("github", "GITHUB_ACTIONS", "GITHUB_RUN_ID", "GITHUB_RUN_ATTEMPT", ""),
        *(("GITHUB_ACTOR",), ("GITHUB_REPOSITORY",), ("GITHUB_JOB",)),
    ),
    CIProvider(
        *("gitlab", "GITLAB_CI", "CI_PIPELINE_ID", "", "CI_JOB_URL"),
        *(("GITLAB_USER_EMAIL", "GITLAB_USER_LOGIN"), ("CI_PROJECT_PATH",), ("CI_JOB_NAME",)),
    ),
    CIProvider(
        *("jenkins", "JENKINS_URL", "BUILD_NUMBER", "", "BUILD_URL"),
        *(("BUILD_USER_ID", "BUILD_USER_EMAIL", "BUILD_USER"), ("JOB_NAME",), ("STAGE_NAME",)),
        ("JOB_NAME", "BUILD_NUMBER"),
    ),
    CIProvider(
        *("azure", "TF_BUILD", "BUILD_BUILDID", "SYSTEM_JOBATTEMPT", ""),
        ("BUILD_REQUESTEDFOREMAIL", "BUILD_REQUESTEDFOR"),
        ("SYSTEM_TEAMPROJECT", "BUILD_DEFINITIONNAME"),
        ("SYSTEM_JOBNAME",),
    ),
    CIProvider(
        *("buildkite", "BUILDKITE", "BUILDKITE_BUILD_ID", "", "BUILDKITE_BUILD_URL"),
        ("BUILDKITE_BUILD_CREATOR_EMAIL", "BUILDKITE_BUILD_CREATOR"),
        ("BUILDKITE_ORGANIZATION_SLUG", "BUILDKITE_PIPELINE_SLUG"),
        ("BUILDKITE_STEP_KEY", "BUILDKITE_LABEL"),
    ),
    CIProvider(
        *("circleci", "CIRCLECI", "CIRCLE_WORKFLOW_ID", "", "CIRCLE_BUILD_URL"),
        *(("CIRCLE_USERNAME",), ("CIRCLE_PROJECT_USERNAME", "CIRCLE_PROJECT_REPONAME"), ("CIRCLE_JOB",)),
        ("CIRCLE_PIPELINE_ID",),  # a rerun has another workflow id
    ),
    CIProvider(
        *("travis", "TRAVIS", "TRAVIS_BUILD_ID", "", "TRAVIS_BUILD_WEB_URL"),
        *((), ("TRAVIS_REPO_SLUG",), ("TRAVIS_JOB_NAME", "TRAVIS_JOB_NUMBER")),
    ),
    CIProvider(
        *("teamcity", "TEAMCITY_VERSION", "BUILD_NUMBER", "", ""),
        *((), ("TEAMCITY_PROJECT_NAME",), ("TEAMCITY_BUILDCONF_NAME",)),
        (),  # each build of a chain has its own number
    ),
    CIProvider("ci", "CI", "CI_RUN_ID"),
)


def read_ci(environ: Mapping[str, str]) -> dict[str, str]:
    """Return provider, run, attempt, URL, project, job and actor of the CI job; empty outside CI.

    The actor is the person who started it.
    """
    provider = next((candidate for candidate in PROVIDERS if environ.get(candidate.present)), None)
    if provider is None:
        return {}

    def values_of(*names: str) -> list[str]:
        return [environ[name] for name in names if environ.get(name)]

    candidates = {
        "provider": [provider.name],
        "run": values_of(provider.run),
        "attempt": values_of(provider.attempt),
        "url": values_of(provider.url),
        "actor": values_of(*provider.actor),
        "project": ["/".join(values_of(*provider.project))],
        "job": values_of(*provider.job),
    }
    ci = {key: values[0] for key, values in candidates.items() if values and values[0]}
    if provider.pipeline is not None and "run" in ci:
        ci["pipeline"] = "/".join(values_of(*provider.pipeline))
    if provider.name == "github" and "run" in ci and "project" in ci:
        server = environ.get("GITHUB_SERVER_URL", "https://github.com")
        ci["url"] = f"{server}/{ci['project']}/actions/runs/{ci['run']}"
    return ci


def read_git(folder: Path, written: Collection[str] = ()) -> dict[str, Any]:
    """Return commit, branch, uncommitted changes and user.email; empty without git or a repository.

    ``written``: paths that the run itself writes, which are no changes if they are untracked.
    """
    try:
        changes = uncommitted_changes(folder, written)
    except GitError:
        return {}
    git: dict[str, Any] = {"dirty": bool(changes.names)}
    if changes.names:
        git["changed"] = {"count": len(changes.names), "names": list(changes.names[:HIDDEN_NAMES])}
    if changes.written:
        git["written"] = {"count": len(changes.written), "names": list(changes.written[:HIDDEN_NAMES])}
    if (commit := changes.headers.get("branch.oid", "(initial)")) != "(initial)":
        git["commit"] = commit
    if (branch := changes.headers.get("branch.head", "(detached)")) != "(detached)":
        git["branch"] = branch
    if email := (_git(folder, "config", "user.email") or "").strip():
        git["email"] = email
    return git


def read_worktree(folder: Path, written: Collection[str] = ()) -> dict[str, Any]:
    """Return the result of ``read_git`` with the edits that git status hides.

    A tree with hidden edits is ``dirty``. If they cannot be determined, ``dirty`` is left out.
    """
    git = read_git(folder, written)
    if git:
        try:
            names = hidden_edits(folder)
        except GitError:
            git.pop("dirty", None)
            return git
        if names:
            git |= {"dirty": True, "hidden": {"count": len(names), "names": names[:HIDDEN_NAMES]}}
    return git


def config_git(config: Path, tests: Path) -> dict[str, str] | None:
    """Return the commit of the config's repository, empty if unknown; None: the tests are in the same repository.

    The history of the register is in that repository, which does not have the tests' commit.
    """
    if _repository_root(config) == _repository_root(tests):
        return None
    commit = (_git(config, "rev-parse", "--verify", "--quiet", "HEAD") or "").strip()
    return {"commit": commit} if commit else {}


def _repository_root(folder: Path) -> Path | None:
    """Return the root folder of the git repository, found without a call of git; None: there is none."""
    real = folder.resolve()
    return next((path for path in (real, *real.parents) if (path / ".git").exists()), None)


def _git(folder: Path, *arguments: str) -> str | None:
    try:
        return ask_git(folder, *arguments)
    except GitError:
        return None


def find_person(declared: str | None, from_ci: Mapping[str, str], email: str | None) -> dict[str, str]:
    """Return the name of the person who runs this process, and its source (``known_by``).

    That is the declared name, else CI's actor, else git's user.email, else the system's user.
    """
    if declared:
        return {"name": declared, "known_by": "declared"}
    if from_ci.get("actor"):
        return {"name": from_ci["actor"], "known_by": "ci"}
    if email:
        return {"name": email, "known_by": "git"}
    try:
        return {"name": getpass.getuser(), "known_by": "system"}
    except (OSError, KeyError):
        return {"name": "unknown", "known_by": "system"}


def find_recorder(declared: str | None, from_ci: Mapping[str, str], email: str | None) -> dict[str, str]:
    """Return the recorder of a run and its source: in CI the job, unless a name is declared; else a person.

    The person who pushed, merged or scheduled a job is not its recorder: otherwise they could not review it.
    """
    if declared or not from_ci:
        return find_person(declared, from_ci, email)
    names = (from_ci.get(field) for field in ("provider", "project", "job"))
    return {"name": f"ci:{'/'.join(name for name in names if name)}", "known_by": "ci"}


def read_provenance(
    folder: Path,
    argv: Sequence[str],
    declared_actor: str | None,
    versions: Mapping[str, str],
    *,
    examined: bool = False,
    written: Collection[str] = (),
) -> dict[str, Any]:
    """Return the provenance in the first line of a run, as plain data that the caller redacts.

    ``examined``: a person examined something and reports the result, so the recorder is never a job. ``written``: as
    for ``read_git``.
    """
    from_ci, from_git = read_ci(os.environ), read_worktree(folder, written)
    actor = (find_person if examined else find_recorder)(declared_actor, from_ci, from_git.pop("email", None))
    return {
        "actor": actor["name"],
        "actor_known_by": actor["known_by"],
        **({"started_by": from_ci["actor"]} if "actor" in from_ci else {}),
        "host": platform.node(),
        "platform": f"{platform.system()} {platform.release()} {platform.machine()}",
        "argv": list(argv),
        "ci": from_ci,
        "git": from_git,
        "versions": {"python": platform.python_version(), **versions},
    }
