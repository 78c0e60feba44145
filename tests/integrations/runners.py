"""Runners of CI platforms, as far as our action and component need them: they run the real steps in a real shell."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
ACTION = ROOT / "integrations" / "github" / "action.yml"
DEPLOYED_ACTION = ACTION.parent / "deployed" / "action.yml"
COMPONENT = ROOT / "integrations" / "gitlab" / "templates" / "readiness.yml"
DEPLOYED_COMPONENT = COMPONENT.with_name("deployed.yml")
EXPRESSION = re.compile(r"\$\{\{\s*(.+?)\s*\}\}")
INTERPOLATION = re.compile(r"\$\[\[\s*inputs\.([a-z_]+)\s*\]\]")
_PLATFORM = ("GITHUB_", "CI_", "GITLAB_", "READINESS_", "RUNNER_", "PYTEST_", "PYTHON")


@dataclass
class Job:
    """What a platform knows of a job at its end."""

    log: str = ""
    summary: str = ""
    outputs: dict[str, str] = field(default_factory=dict)
    artifacts: dict[str, list[str]] = field(default_factory=dict)
    """Files by name of the artifact."""
    failed: list[str] = field(default_factory=list)
    """Names of the steps that failed."""
    exit_code: int = 0


def environ(folder: Path, platform: Mapping[str, str]) -> dict[str, str]:
    """Return a platform's environment: this Python, no network, and none of the variables of the machine that tests."""
    own = {name: value for name, value in os.environ.items() if not name.startswith(_PLATFORM) and name != "CI"}
    path = os.pathsep.join((str(Path(sys.executable).parent), own.get("PATH", "")))
    home = {"PIP_NO_INDEX": "1", "HOME": str(folder), "PATH": path, "CI": "true", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    return own | home | platform


def names_in(folder: Path) -> list[str]:
    """Return the names in a folder, sorted; none if it is not there."""
    return sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []


class GitHub:
    """GitHub's runner of a composite action."""

    def __init__(self, folder: Path, inputs: Mapping[str, str], action: Path = ACTION) -> None:
        self.action: dict[str, Any] = yaml.safe_load(action.read_text(encoding="utf-8"))
        self.action_path = str(action.parent)
        unknown = inputs.keys() - self.action["inputs"].keys()
        assert not unknown, unknown
        self.inputs = {name: str(given.get("default", "")) for name, given in self.action["inputs"].items()} | inputs
        self.folder = folder
        self.steps: dict[str, dict[str, str]] = {}
        self.job = Job()
        self.files = folder / ".runner"
        self.files.mkdir(exist_ok=True)
        (self.files / "summary").unlink(missing_ok=True)

    def run(self) -> Job:
        """Run the steps in order, each if its condition holds."""
        for step in self.action["runs"]["steps"]:
            if self.is_due(step):
                self.step(step)
        self.job.outputs = {name: self.expand(given["value"]) for name, given in self.action["outputs"].items()}
        self.job.exit_code = int(bool(self.job.failed))
        return self.job

    def is_due(self, step: Mapping[str, Any]) -> bool:
        """Return whether a step runs: after a failure only those that always do."""
        terms = [term.strip() for term in str(step.get("if", "")).split("&&") if term.strip()]
        if self.job.failed and "always()" not in terms:
            return False
        return all(self.holds(term) for term in terms if term != "always()")

    def holds(self, term: str) -> bool:
        """Return the value of a comparison."""
        left, operator, right = term.split(" ", 2)
        assert operator in {"==", "!="}, term
        return (self.value(left) == right.strip("'")) is (operator == "==")

    def value(self, expression: str) -> str:
        """Return the value of an input, or of an output of a step; empty if the step did not run."""
        kind, _, name = expression.partition(".")
        if kind == "inputs":
            return self.inputs[name]
        assert kind == "steps", expression
        step, outputs, output = name.split(".")
        assert outputs == "outputs", expression
        assert step in {given.get("id") for given in self.action["runs"]["steps"]}, expression
        return self.steps.get(step, {}).get(output, "")

    def expand(self, text: object) -> str:
        """Return a text with the values of its expressions."""
        return EXPRESSION.sub(lambda match: self.value(match[1]), str(text))

    def step(self, step: Mapping[str, Any]) -> None:
        """Run one step: a script in the shell that GitHub starts for `shell: bash`, or the upload of an artifact."""
        if "uses" in step:
            assert step["uses"].startswith("actions/upload-artifact@"), step
            folder = self.folder / self.expand(step["with"]["path"])
            files = [name for name in names_in(folder) if not name.startswith(".")]  # as the action does
            self.job.artifacts[self.expand(step["with"]["name"])] = files
            return
        assert step["shell"] == "bash"
        output, summary, script = (self.files / name for name in ("output", "summary", "script.sh"))
        output.write_text("")
        summary.touch()
        script.write_text(step["run"])
        variables = {
            "GITHUB_ACTIONS": "true", "GITHUB_OUTPUT": str(output), "GITHUB_STEP_SUMMARY": str(summary),
            "GITHUB_ACTION_PATH": self.action_path, "GITHUB_RUN_ID": "7", "GITHUB_RUN_ATTEMPT": "1",
            "GITHUB_REPOSITORY": "acme/shop", "GITHUB_ACTOR": "dev", "GITHUB_JOB": "readiness",
            "GITHUB_SERVER_URL": "https://github.com", "GITHUB_WORKFLOW": "ci",
        }  # fmt: skip
        variables |= {name: self.expand(text) for name, text in step.get("env", {}).items()}
        done = subprocess.run(
            [str(shutil.which("bash")), "--noprofile", "--norc", "-e", "-o", "pipefail", str(script)],
            cwd=self.folder / self.expand(step.get("working-directory", ".")), env=environ(self.folder, variables),
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
        )  # fmt: skip
        self.job.log += done.stdout
        self.job.summary = summary.read_text()
        pairs = (line.partition("=") for line in output.read_text().splitlines())
        self.steps[step.get("id", "")] = {name: value for name, _, value in pairs}
        if done.returncode != 0:
            self.job.failed.append(step["name"])


def component(inputs: Mapping[str, Any], template: Path = COMPONENT) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the header of a GitLab component, and its jobs with these inputs, as GitLab fills them in.

    GitLab replaces the references in the text of each YAML value, and keeps the type of a value that is only one.
    """
    header, jobs = yaml.safe_load_all(template.read_text(encoding="utf-8"))
    declared: dict[str, dict[str, Any]] = header["spec"]["inputs"]
    assert inputs.keys() <= declared.keys()
    values = {name: inputs.get(name, given.get("default")) for name, given in declared.items()}
    for name, given in declared.items():
        assert values[name] is not None, f"{name} is required"
        assert values[name] in given.get("options", [values[name]]), f"{name} is none of its options"
    return header, _filled(jobs, values)


def _filled(value: Any, values: Mapping[str, Any]) -> Any:
    if isinstance(value, dict):
        return {_filled(key, values): _filled(part, values) for key, part in value.items()}
    if isinstance(value, list):
        return [_filled(part, values) for part in value]
    if isinstance(value, str):
        return INTERPOLATION.sub(lambda match: _text(values[match[1]]), value)
    return value


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def run_component(
    folder: Path,
    inputs: Mapping[str, Any],
    *,
    shell: str = "sh",
    template: Path = COMPONENT,
    dotenv: Mapping[str, str] | None = None,
) -> Job:
    """Run the script of a component's job as GitLab's runner does: all its entries in one shell that ends at errors.

    ``dotenv`` has the variables that earlier jobs report.
    """
    _, jobs = component(inputs, template)
    (job,) = jobs.values()
    variables = {
        "GITLAB_CI": "true", "CI_PIPELINE_ID": "9", "CI_JOB_ID": "11", "CI_JOB_NAME": "readiness",
        "CI_PROJECT_PATH": "acme/shop", "CI_SERVER_URL": "https://gitlab.example.com", "GITLAB_USER_LOGIN": "dev",
        "CI_PROJECT_DIR": str(folder), "CI_SERVER_HOST": "gitlab.example.com",
        **{name: str(value) for name, value in job["variables"].items()}, **(dotenv or {}),
    }  # fmt: skip
    options = ["-e", "-o", "pipefail"] if shell == "bash" else ["-e"]
    done = subprocess.run(
        [str(shutil.which(shell)), *options, "-c", "\n".join(job["script"])],
        cwd=folder, env=environ(folder, variables), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
    )  # fmt: skip
    result = Job(log=done.stdout, exit_code=done.returncode)
    for pattern in job.get("artifacts", {}).get("paths", ()):
        path = folder / pattern
        result.artifacts[pattern] = names_in(path)
    return result
