"""The GitHub action: its steps run in a shell with GitHub's variables, on a real project, open and closed."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from html import unescape
from pathlib import Path
from typing import Any

import pytest
import yaml
from benchmarks import environments

from tests.integrations.clones import python_without_us
from tests.integrations.runners import ACTION, DEPLOYED_ACTION, EXPRESSION, ROOT, GitHub, Job
from tests.project import Project
from tests.reviewed_project import approve, decided, git, repository
from tests.views.sinks import Runner

pytestmark = pytest.mark.slow

ACTIONS = (ACTION, DEPLOYED_ACTION)
SPEC, DEPLOYED = (dict[str, Any](yaml.safe_load(path.read_text(encoding="utf-8"))) for path in ACTIONS)
SCRIPTS = {
    f"{name}: {step['name']}": step["run"]
    for name, spec in {"action": SPEC, "deployed": DEPLOYED}.items()
    for step in spec["runs"]["steps"]
    if "run" in step
}
PAGE = (ROOT / "docs" / "how-to" / "use-the-github-action.md").read_text(encoding="utf-8")
PLUGIN = "-p pytest_readiness.plugin -p no:cacheprovider"
GATED = {"install": "", "pytest-args": PLUGIN, "environment": "staging"}


def run(project: Project, **inputs: str) -> Job:
    """Run the action with inputs, whose names are written with underscores."""
    return GitHub(project.path, GATED | {name.replace("_", "-"): value for name, value in inputs.items()}).run()


@pytest.mark.parametrize("path", ACTIONS, ids=["action", "deployed"])
def test_it_is_an_action_by_the_published_schema(path: Path) -> None:
    """The schema of action.yml that check-jsonschema carries accepts it."""
    check = [sys.executable, "-m", "check_jsonschema", "--builtin-schema"]
    done = subprocess.run([*check, "vendor.github-actions", str(path)], capture_output=True, text=True, check=False)
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
    for spec, path in zip((SPEC, DEPLOYED), ACTIONS, strict=True):
        text = path.read_text(encoding="utf-8")
        assert set(re.findall(r"inputs\.([a-z-]+)", text)) == spec["inputs"].keys()
        for name, given in {**spec["inputs"], **spec["outputs"]}.items():
            assert f"`{name}`" in PAGE, name
            assert given["description"].endswith("."), name
    conditions = {step["name"]: step["if"] for step in SPEC["runs"]["steps"]}
    assert [*conditions] == ["Install", "Check the subject", "Run the tests", "Report", "Upload the report", "Gate"]
    assert all(conditions[name].startswith("always()") for name in ("Report", "Upload the report", "Gate"))
    assert DEPLOYED["runs"]["steps"][-1]["if"] == "always()"


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
        for step in uses:
            spec = DEPLOYED if "/deployed@" in step["uses"] else SPEC
            assert step.get("with", {}).keys() <= spec["inputs"].keys()


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


def test_a_gate_that_only_warns(project: Project) -> None:
    """Where the config does not enforce the gate, the job passes, and its last line and a warning say why."""
    decided(project, "[gate]\nenforce = false\n")
    job = run(project)
    assert (job.exit_code, job.failed) == (0, []), job.log
    assert (job.outputs["eligible"], job.outputs["gate-exit-code"]) == ("false", "0")
    warns = "only warns: [gate] enforce = false"
    assert f"the gate ended with exit code 0 (it would be closed, and {warns})" in job.log
    assert f"::warning title=readiness::the gate would be closed, and {warns}" in job.log


def test_a_job_of_one_use_case_and_a_baseline_of_all(project: Project) -> None:
    """What the job does not look at is not gone; a job of all is closed for a baseline of one."""
    decided(project)
    project.cli("report", "--format", "json", "-o", "base.json")
    inputs = {"use-cases": "UC-001", "baseline": "base.json", "tests": "false"}
    same = run(project, gate="no-regression", **inputs)
    assert same.exit_code == 0, same.log
    assert "title=worse than before" not in same.log
    assert "gone" not in same.log
    (project.path / same.outputs["report"]).rename(project.path / "limited.json")
    closed = run(project, gate="no-regression", baseline="limited.json", tests="false")
    assert (closed.exit_code, closed.failed) == (1, ["Gate"]), closed.log
    limits = "the earlier report is limited to UC-001 and speaks of 1 of 2 use cases"
    assert unescape(closed.summary).startswith(f"## ✗ NO COMPARISON: {limits}"), closed.summary


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
    assert unescape(same.summary).startswith("## ✓ LET THROUGH (not worse than before), NOT ELIGIBLE"), same.summary
    shown = run(project, baseline="base.json", gate="report-only")
    assert "no regression" not in shown.summary
    assert "What changed since base.json" in shown.summary
    project.tests('@evidence("UC-001", item=1)\ndef test_provider(): assert False\n')
    worse = run(project, baseline="base.json", gate="no-regression", tests="false")
    assert worse.exit_code == 0
    project.run()
    worse = run(project, baseline="base.json", gate="no-regression", tests="false")
    assert (worse.exit_code, worse.failed) == (1, ["Gate"])
    first, *rest = worse.summary.splitlines()
    assert unescape(first).startswith("## ✗ WORSE THAN BEFORE: UC-001")
    titles = [line for line in rest if line.startswith("#")]
    assert titles[0].startswith("### What changed since base.json")
    assert "item 1 failed" in worse.summary
    assert "test_provider" in worse.summary.partition("### What blocks")[0]
    assert "| no regression | failed |" in worse.summary.partition("### Rules of the gate")[2]
    assert any(properties.get("title") == "worse than before" for _, properties, _ in Runner.reads(worse.log).commands)


@pytest.mark.parametrize(
    ("inputs", "failed"),
    [
        ({"gate": "eligable"}, ["Gate"]),
        ({"gate": "no-regression"}, ["Gate"]),
        ({"tests": "yes", "gate": "report-only"}, ["Gate"]),
        ({"tests-may-fail": "yes", "gate": "report-only"}, ["Gate"]),
        ({"keep": "yes", "gate": "report-only"}, ["Gate"]),
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
    names = (
        "environment",
        "provider-mode",
        "release",
        "use-cases",
        "baseline",
        "gate",
        "install",
        "tests-may-fail",
        "keep",
    )
    hostile = dict.fromkeys(names, evil)
    for given in ({"pytest-args": "'$(touch hacked)' \\; touch hacked"}, {"tests": evil}):
        assert GitHub(project.path, hostile | given).run().exit_code == 1
    assert not (project.path / "hacked").exists()


SKIPPED = """
import pytest

@pytest.mark.evidence("UC-001", item=1)
@pytest.mark.skip(reason="staging is down")
def test_provider(): pass
"""
WORDS = {
    "environment": ({"environment": "stagging"}, "4", "usage error: no test ran", 4),
    "argument": (
        {"gate": "report-only", "pytest-args": f"{PLUGIN} --no-such-option"},
        "4",
        "usage error: no test ran",
        4,
    ),
    "no tests": ({"pytest-args": f"{PLUGIN} -k nothing_of_this_name"}, "5", "no tests: none was collected", 5),
    "interrupted": ({"pytest-args": f"{PLUGIN} test_it.py broken.py"}, "2", "interrupted: not all tests ran", 2),
    "no evidence": ({"pytest-args": "-p no:cacheprovider"}, "0", "recorded no evidence", 3),
    "rehearsals": ({"environment": ""}, "0", "recorded no evidence that counts", 3),
    "skipped": ({"pytest-args": f"{PLUGIN} skipped.py"}, "0", "recorded no evidence that counts", 3),
    "not installed": ({"install": "no-such-package-of-anybody"}, "", "the tests did not run to their end", 3),
}


@pytest.mark.parametrize(("inputs", "tests", "words", "code"), WORDS.values(), ids=WORDS)
def test_a_run_that_did_not_take_place_is_no_answer(
    project: Project, inputs: dict[str, str], tests: str, words: str, code: int
) -> None:
    """Of a use case that was eligible before, comment, output and last line say what happened to this run."""
    decided(project)
    approve(project)
    project.write("broken.py", "import nowhere_at_all\n")
    project.write("skipped.py", SKIPPED)
    job = GitHub(project.path, GATED | {"use-cases": "UC-001"} | inputs).run()
    assert (job.exit_code, job.outputs["eligible"], job.outputs["tests-exit-code"]) == (1, "false", tests), job.log
    assert job.failed[-1] == "Gate"
    first = job.summary.splitlines()[0]
    assert first.startswith("## ✗ This run gives no answer: ")
    assert words in first
    assert "ELIGIBLE: 1 of 1 ready" in unescape(job.summary)
    assert job.summary == (project.path / job.outputs["comment"]).read_text().partition("\n")[2]
    last = job.log.splitlines()[-1]
    assert last.startswith(f"::error title=readiness::the job fails with exit code {code}: "), last
    assert words in last
    assert "the gate ended with exit code 0 (" in last
    if tests:
        assert f"pytest ended with exit code {tests} (" in job.log


def test_a_job_that_only_reports_may_rehearse(project: Project) -> None:
    """It passes with a warning, its comment says that the run gives no answer, and nothing is eligible by it."""
    decided(project)
    approve(project)
    job = run(project, gate="report-only", use_cases="UC-001", environment="")
    assert (job.exit_code, job.outputs["eligible"]) == (0, "false"), job.log
    assert job.summary.startswith(
        "## ✗ This run gives no answer: pytest ended with exit code 0 (all tests passed), and rec"
    )
    assert "::warning title=readiness::this run recorded no evidence that counts for the use cases in scope" in job.log


def test_tests_that_failed_are_named_before_an_open_gate(project: Project) -> None:
    """The comment begins with the verdict and, below it, why the job fails all the same; the last line says it, too."""
    decided(project).tests("def test_other(): assert False\n", "test_other.py")
    approve(project)
    job = run(project, gate="report-only")
    first, blank, second, below, *_ = job.summary.splitlines()
    assert unescape(first).startswith("## ✗ NOT ELIGIBLE: 1 of 2 ready")
    assert second.startswith("**Tests failed**: pytest ended with exit code 1 (tests failed), so the job fails")
    assert (blank, below, job.summary.count("NOT ELIGIBLE")) == ("", "", 1)
    assert job.log.splitlines()[-1] == (
        "::error title=readiness::the job fails with exit code 1: "
        "pytest ended with exit code 1 (tests failed); the gate ended with exit code 0 (report-only)"
    )


def test_only_the_gate_decides_where_tests_may_fail(project: Project) -> None:
    """A failing test of old fails no job that is gated on getting no worse; what did not run still does."""
    decided(project).tests("def test_other(): assert False\n", "test_other.py")
    project.cli("report", "--format", "json", "-o", "base.json")
    lax = {"baseline": "base.json", "gate": "no-regression", "tests_may_fail": "true"}
    job = run(project, **lax)
    assert (job.exit_code, job.outputs["tests-exit-code"]) == (0, "1"), job.log
    assert "tests-may-fail: a failed test does not fail this job, the gate alone decides" in job.log
    assert "the gate alone decides (`tests-may-fail`)" in job.summary.splitlines()[2]
    assert run(project, **lax, environment="stagging").exit_code == 1
    project.tests('@evidence("UC-001", item=1)\ndef test_provider(): assert False\n')
    worse = run(project, **lax)
    assert worse.exit_code == 1
    assert worse.log.splitlines()[-1].endswith(
        "the gate ended with exit code 1 (closed: worse than in the baseline, or not comparable)"
    )


def test_a_wrong_baseline_costs_only_the_comparison(project: Project) -> None:
    """Everything else is written and given as output; what is wrong is said once, and the job fails."""
    decided(project)
    approve(project)
    project.write("list.json", "[]")
    for name, problem in {"absent.json": "cannot be read: No such file", "list.json": "is not a JSON report"}.items():
        job = run(project, use_cases="UC-001", gate="no-regression", baseline=name)
        assert (job.exit_code, job.failed) == (1, ["Report", "Gate"]), job.log
        assert job.outputs["report"] == "readiness-report/readiness.json"
        assert job.outputs["eligible"] == "false"
        assert job.artifacts["readiness-report"] == ["comment.md", "readiness.html", "readiness.json"]
        assert unescape(job.summary).startswith("## ✓ ELIGIBLE: 1 of 1 ready\n\n**Nothing is compared**")
        assert "ELIGIBLE" in job.summary
        errors = [line for line in job.log.splitlines() if name in line and "baseline" not in line]
        assert len(set(errors)) == 1, errors
        assert problem in errors[0]


def test_a_wrong_mark_is_shown_beside_the_code(project: Project) -> None:
    """The session has neither report nor gate, and still names the test, at its line."""
    decided(project).tests('@evidence("UC-999", item=1)\ndef test_ghost(): pass\n', "test_ghost.py")
    commands = Runner.reads(run(project).log).commands
    assert [fields.get("line") for _, fields, text in commands if "UC-999" in text] == ["3"]
    assert "UC-999" in commands[0][2]


def test_what_it_writes_is_no_change_of_the_checkout(project: Project) -> None:
    """git sees nothing of the folder, so the next run in the same job is as clean as the first."""
    repository(decided(project))
    job = run(project)
    assert "comment.md" in job.artifacts["readiness-report"]
    assert "readiness-report" not in git(project, "status", "--porcelain", "--untracked-files=all")


@pytest.mark.parametrize("install", [None, f"'{environments.PLUGIN}'\n{ROOT}"])
def test_the_package_is_installed(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, install: str | None
) -> None:
    """By default from the action's own repository; else by as many requirements as are named."""
    decided(project)
    python = python_without_us(tmp_path / "env")
    monkeypatch.setenv("PIP_NO_BUILD_ISOLATION", "0")
    found = "-p readiness -p no:cacheprovider"  # by pytest's entry point, which the second distribution has
    given = {"python": str(python), "environment": "staging", "gate": "report-only", "pytest-args": found}
    job = GitHub(project.path, given | ({} if install is None else {"install": install})).run()
    assert job.failed == [], job.log
    assert "Successfully installed pytest-readiness-" in job.log
    assert "pytest-readiness-plugin-" in job.log


def test_a_requirement_with_an_address_is_one(project: Project) -> None:
    """The name, the sign and the address of pip's own notation stay together."""
    decided(project)
    job = run(project, install="pytest-readiness @ file:///nowhere/at-all")
    assert "Install" in job.failed
    assert "/nowhere/at-all" in job.log
    assert "Invalid requirement" not in job.log
