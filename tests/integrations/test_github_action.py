"""The GitHub action: its steps run in a shell with GitHub's variables, on a real project, open and closed."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.integrations.runners import ACTION, EXPRESSION, ROOT, GitHub, Job
from tests.project import Project
from tests.reviewed_project import approve, decided
from tests.views.sinks import Runner

pytestmark = pytest.mark.slow

SPEC: dict[str, Any] = yaml.safe_load(ACTION.read_text(encoding="utf-8"))
SCRIPTS = {step["name"]: step["run"] for step in SPEC["runs"]["steps"] if "run" in step}
PAGE = (ROOT / "docs" / "how-to" / "use-the-github-action.md").read_text(encoding="utf-8")
PLUGIN = "-p pytest_readiness.plugin -p no:cacheprovider"
GATED = {"install": "", "pytest-args": PLUGIN, "environment": "staging"}


def run(project: Project, **inputs: str) -> Job:
    """Run the action with inputs, whose names are written with underscores."""
    return GitHub(project.path, GATED | {name.replace("_", "-"): value for name, value in inputs.items()}).run()


def test_it_is_an_action_by_the_published_schema() -> None:
    """The schema of action.yml that check-jsonschema carries accepts it."""
    check = [sys.executable, "-m", "check_jsonschema", "--builtin-schema"]
    done = subprocess.run([*check, "vendor.github-actions", str(ACTION)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("name", SCRIPTS)
def test_no_script_has_a_mistake_that_shellcheck_knows(name: str) -> None:
    """Nor does any script hold an expression: what a user gives comes as a variable, and is never read as code."""
    checked = [str(Path(sys.executable).with_name("shellcheck")), "--shell=bash", "--severity=style", "-"]
    head = "#!/usr/bin/env bash\nset -e -o pipefail\n"
    done = subprocess.run(checked, input=head + SCRIPTS[name], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert EXPRESSION.search(SCRIPTS[name]) is None


def test_what_it_declares_is_what_it_uses() -> None:
    """Each input is used and documented, each expression names an input or an earlier step, and the gate is last."""
    text = ACTION.read_text(encoding="utf-8")
    assert set(re.findall(r"inputs\.([a-z-]+)", text)) == SPEC["inputs"].keys()
    for name, given in {**SPEC["inputs"], **SPEC["outputs"]}.items():
        assert f"`{name}`" in PAGE, name
        assert given["description"].endswith("."), name
    assert [step["name"] for step in SPEC["runs"]["steps"]][-1] == "Gate"
    assert all(step["if"].startswith("always()") for step in SPEC["runs"]["steps"][2:])


def test_the_workflow_on_its_page_is_one(tmp_path: Path) -> None:
    """The schema of workflows accepts each one, and each gives only inputs that there are."""
    workflows = [text for text in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL) if "jobs:" in text]
    assert workflows
    for number, text in enumerate(workflows):
        path = tmp_path / f"{number}.yml"
        path.write_text(text)
        check = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.github-workflows", str(path)]
        done = subprocess.run(check, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout
        steps = [step for job in yaml.safe_load(text)["jobs"].values() for step in job["steps"]]
        uses = [step for step in steps if "integrations/github" in step.get("uses", "")]
        assert uses
        assert all(step.get("with", {}).keys() <= SPEC["inputs"].keys() for step in uses)


def test_a_closed_gate(project: Project) -> None:
    """The tests pass, and nobody has reviewed: comment, summary, annotations and artifact say so, and the job fails."""
    decided(project)
    job = run(project)
    assert (job.exit_code, job.failed) == (1, ["Gate"]), job.log
    assert job.outputs["eligible"] == "false"
    assert (job.outputs["tests-exit-code"], job.outputs["gate-exit-code"]) == ("0", "1")
    comment = (project.path / job.outputs["comment"]).read_text()
    assert comment.splitlines()[0] == "<!-- pytest-readiness -->"
    assert "0 of 2 ready" in comment
    assert job.summary == comment.partition("\n")[2]
    assert json.loads((project.path / job.outputs["report"]).read_text())["verdict"]["eligible"] is False
    assert job.artifacts == {"readiness-report": ["comment.md", "readiness.html", "readiness.json"]}
    levels = {name for name, _, _ in Runner.reads(job.log).commands}
    assert levels
    assert levels <= {"error", "warning", "notice"}


def test_an_open_gate(project: Project) -> None:
    """Of a use case that is approved, tests, report and gate pass."""
    decided(project)
    approve(project)
    job = run(project, use_cases="UC-001")
    assert (job.exit_code, job.failed) == (0, []), job.log
    assert (job.outputs["eligible"], job.outputs["gate-exit-code"]) == ("true", "0")
    assert "UC-002" not in job.summary


def test_tests_that_fail_close_it_whatever_the_gate_says(project: Project) -> None:
    """The report is written for them, too, and the job ends with pytest's code."""
    decided(project).tests("def test_other(): assert False\n", "test_other.py")
    job = run(project, gate="report-only")
    assert (job.exit_code, job.failed, job.outputs["tests-exit-code"]) == (1, ["Gate"], "1"), job.log
    assert "readiness.json" in job.artifacts["readiness-report"]
    only = run(project, gate="report-only", tests="false")
    assert (only.exit_code, only.outputs["tests-exit-code"]) == (0, ""), only.log


def test_a_baseline(project: Project) -> None:
    """What changed since is in the comment and annotated, and the gate may ask for that alone."""
    decided(project)
    project.cli("report", "--format", "json", "-o", "base.json")
    same = run(project, baseline="base.json", gate="no-regression")
    assert (same.exit_code, same.outputs["eligible"]) == (0, "false"), same.log
    project.tests('@evidence("UC-001", item=1)\ndef test_provider(): assert False\n')
    worse = run(project, baseline="base.json", gate="no-regression", tests="false")
    assert worse.exit_code == 0
    project.run()
    worse = run(project, baseline="base.json", gate="no-regression", tests="false")
    assert (worse.exit_code, worse.failed) == (1, ["Gate"])
    assert "item 1 failed" in worse.summary
    assert any(properties.get("title") == "worse than before" for _, properties, _ in Runner.reads(worse.log).commands)


@pytest.mark.parametrize(
    ("inputs", "failed"),
    [
        ({"gate": "eligable"}, ["Gate"]),
        ({"gate": "no-regression"}, ["Gate"]),
        ({"tests": "yes", "gate": "report-only"}, ["Gate"]),
        ({"install": "no-such-package-of-anybody", "gate": "report-only"}, ["Install", "Gate"]),
        ({"pytest-args": "'", "gate": "report-only"}, ["Run the tests", "Gate"]),
        ({"baseline": "absent.json", "gate": "report-only"}, ["Report"]),
        ({"use-cases": "UC-9", "gate": "report-only"}, ["Report", "Gate"]),
        ({"python": "no-such-python", "gate": "report-only"}, ["Run the tests", "Report", "Gate"]),
    ],
)
def test_it_fails_closed(project: Project, inputs: dict[str, str], failed: list[str]) -> None:
    """Of a use case that would be let through, no mistake in an input opens the gate."""
    decided(project)
    approve(project)
    job = GitHub(project.path, GATED | {"use-cases": "UC-001"} | inputs).run()
    assert (job.exit_code, job.failed) == (1, failed), job.log


def test_inputs_are_never_code(project: Project) -> None:
    """What an input holds is an argument or a value, even where it looks like a command."""
    decided(project)
    evil = '$(touch hacked) `touch hacked` "; touch hacked; #'
    hostile = dict.fromkeys(
        ("environment", "provider-mode", "release", "use-cases", "baseline", "gate", "install"), evil
    )
    for given in ({"pytest-args": "'$(touch hacked)' \\; touch hacked"}, {"tests": evil}):
        assert GitHub(project.path, hostile | given).run().exit_code == 1
    assert not (project.path / "hacked").exists()


def test_the_package_is_installed(project: Project) -> None:
    """By default pip gets our name, which it finds to be there."""
    decided(project)
    job = GitHub(project.path, {"pytest-args": PLUGIN, "environment": "staging", "gate": "report-only"}).run()
    assert job.failed == [], job.log
    assert "Requirement already satisfied: pytest-readiness" in job.log
