"""Pipelines of CI platforms: each job in a checkout of its own, with the platform's variables, artifacts and cache.

They run the files of ``conftest_examples/xdist_ci`` as they are, each script in the shell that the platform starts, and
know as much of a platform as these files use: everything else in them is an error.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests.integrations.runners import EXPRESSION, environ

WORKFLOW = Path(".github/workflows/readiness.yml")
GITLAB = Path(".gitlab-ci.yml")
_PLUGINS = "-p xdist -p pytest_readiness.plugin -p no:cacheprovider"
"""What a job finds by entry points, here where nothing is loaded by itself."""


@dataclass
class Pipeline:
    """A run of all jobs for the newest commit of a repository; what jobs keep for each other lies in ``storage``."""

    repository: Path
    storage: Path
    number: int
    lost: str = ""
    """An artifact that never arrives."""
    log: str = ""
    exit_codes: dict[str, int] = field(default_factory=dict)
    """By the name of the job."""

    @property
    def artifacts(self) -> Path:
        """Where this pipeline keeps them, a folder each."""
        return self.storage / f"artifacts-{self.number}"

    @property
    def report(self) -> Path:
        """The JSON report that the job with the gate leaves."""
        (path,) = self.artifacts.rglob("report.json")
        return path

    def checkout(self, job: str) -> Path:
        """Clone the repository for a job."""
        folder = self.storage / f"job-{self.number}-{job}"
        subprocess.run(["git", "clone", "-q", str(self.repository), str(folder)], check=True)
        return folder

    def keep(self, files: list[Path], name: str) -> None:
        """Keep files as an artifact, unless it gets lost."""
        assert files, f"nothing to keep as {name}"
        for path in files if name != self.lost else []:
            (self.artifacts / name).mkdir(parents=True, exist_ok=True)
            shutil.copy(path, self.artifacts / name)

    def fetch(self, folder: Path, pattern: str) -> None:
        """Copy the files of all artifacts with such a name into a folder."""
        for path in self.artifacts.glob(f"{pattern}/*"):
            shutil.copy(path, folder)

    def shell(self, words: list[str], folder: Path, variables: Mapping[str, str]) -> int:
        """Run a script; return its exit code."""
        ours = {"PYTEST_ADDOPTS": _PLUGINS, "GIT_CONFIG_GLOBAL": os.devnull, "PIP_NO_DEPS": "1"}  # all is installed
        given = environ(folder, {**variables, **ours})
        done = subprocess.run(
            words, cwd=folder, env=given, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
        )
        self.log += done.stdout
        return done.returncode


class GitHubPipeline(Pipeline):
    """A workflow on GitHub's runners."""

    def run(self) -> GitHubPipeline:
        """Run all jobs, in their order in the file."""
        workflow = yaml.safe_load((self.repository / WORKFLOW).read_text(encoding="utf-8"))
        for name, job in workflow["jobs"].items():
            assert set(job.get("needs", "").split()) <= self.exit_codes.keys() | {"shard"}
            for row in job.get("strategy", {}).get("matrix", {}).get("include", [{}]):
                self._run_job(name, job, {f"matrix.{key}": str(value) for key, value in row.items()})
        return self

    def _run_job(self, name: str, job: Mapping[str, Any], row: dict[str, str]) -> None:
        values = row | {"github.run_id": str(self.number), "github.run_attempt": "1"}
        variables = {
            "GITHUB_ACTIONS": "true", "GITHUB_RUN_ID": str(self.number), "GITHUB_RUN_ATTEMPT": "1",
            "GITHUB_REPOSITORY": "acme/warehouse", "GITHUB_ACTOR": "dev", "GITHUB_JOB": name, "GITHUB_WORKFLOW": "readiness",
            "GITHUB_SERVER_URL": "https://github.com", **self._filled(job.get("env", {}), values),
        }  # fmt: skip
        name = "-".join([name, *row.values()]).replace("/", ".")
        folder = self.storage / f"job-{self.number}-{name}"
        code = 0
        for step in job["steps"]:
            assert step.keys() <= {"uses", "with", "run", "if"}, step
            assert step.get("if", "always()") == "always()", step
            if code == 0 or "if" in step:
                given = self._filled(step.get("with", {}), values)
                if "uses" in step:
                    self._use(step["uses"].partition("@")[0], given, name, folder)
                else:
                    script = ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c", step["run"]]
                    code = self.shell(script, folder, variables) or code
        self.exit_codes[name] = code

    def _filled(self, texts: Mapping[str, Any], values: Mapping[str, str]) -> dict[str, str]:
        return {key: EXPRESSION.sub(lambda match: values[match[1]], str(text)) for key, text in texts.items()}

    def _use(self, action: str, given: Mapping[str, str], job: str, folder: Path) -> None:
        cache = self.storage / "cache"
        match action.removeprefix("actions/"):
            case "checkout":
                assert given.get("fetch-depth", "0") == "0"
                self.checkout(job)
            case "setup-python":
                assert re.fullmatch(r"3\.\d+", given["python-version"])
            case "upload-artifact":
                self.keep(list(folder.glob(given["path"])), given["name"])
            case "download-artifact":
                assert given["merge-multiple"] == "True"
                self.fetch(folder, given["pattern"])
            case "cache/restore":
                for path in sorted(cache.glob(f"{given['restore-keys']}*"))[-1:]:
                    shutil.copytree(path, folder / given["path"])
            case "cache/save":
                shutil.copytree(folder / given["path"], cache / given["key"])
            case _:
                raise AssertionError(action)


class GitLabPipeline(Pipeline):
    """A pipeline on GitLab's runners."""

    def run(self) -> GitLabPipeline:
        """Run all jobs, stage by stage."""
        document = yaml.safe_load((self.repository / GITLAB).read_text(encoding="utf-8"))
        stages, default = document.pop("stages"), document.pop("default")
        jobs = sorted(document.items(), key=lambda named: stages.index(named[1]["stage"]))
        for name, job in jobs:
            for row in self._rows(job):
                if not any(self.exit_codes.values()) or job["stage"] == stages[0] or job.get("when") == "always":
                    self._run_job(name, job, row, default["before_script"])
        return self

    def _rows(self, job: Mapping[str, Any]) -> Iterator[dict[str, str]]:
        yield from job.get("parallel", {}).get("matrix", [{}])

    def _run_job(self, name: str, job: Mapping[str, Any], row: dict[str, str], before: list[str]) -> None:
        known = {"stage", "parallel", "variables", "script", "artifacts", "when", "resource_group", "cache"}
        assert job.keys() <= known, job
        shown = f"{name}: [{', '.join(row.values())}]" if row else name
        variables = {
            "GITLAB_CI": "true", "CI_PIPELINE_ID": str(self.number), "CI_JOB_ID": str(10 * self.number + len(self.exit_codes)),
            "CI_JOB_NAME": shown, "CI_PROJECT_PATH": "acme/warehouse", "CI_SERVER_URL": "https://gitlab.example.com",
            "CI_SERVER_HOST": "gitlab.example.com", "GITLAB_USER_LOGIN": "dev", **job.get("variables", {}), **row,
        }  # fmt: skip
        slug = "-".join([name, *row.values()]).replace("/", ".")
        folder = self.checkout(slug)
        if job["stage"] != "test":
            self.fetch(folder, "*")  # of all earlier stages
        cached = [self.storage / "cache" / job["cache"]["key"] / path for path in job.get("cache", {}).get("paths", [])]
        for path in cached:
            if path.exists():
                shutil.copytree(path, folder / path.name)
        self.exit_codes[slug] = self.shell(["sh", "-e", "-c", "\n".join([*before, *job["script"]])], folder, variables)
        for path in cached:
            if (folder / path.name).exists():
                shutil.rmtree(path, ignore_errors=True)
                shutil.copytree(folder / path.name, path)
        for pattern in job["artifacts"]["paths"]:
            self.keep(list(folder.glob(pattern)), slug)
