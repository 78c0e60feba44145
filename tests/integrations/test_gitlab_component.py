"""The GitLab component: its job with GitLab's schema, and its script in a shell with GitLab's variables."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.integrations.runners import COMPONENT, DEPLOYED_COMPONENT, INTERPOLATION, ROOT, Job, component, run_component
from tests.project import Project
from tests.reviewed_project import approve, decided

pytestmark = pytest.mark.slow

PAGE = (ROOT / "docs" / "how-to" / "use-the-gitlab-component.md").read_text(encoding="utf-8")
TEMPLATES = pytest.mark.parametrize("template", [COMPONENT, DEPLOYED_COMPONENT], ids=["readiness", "deployed"])
GATED = {"install": "", "pytest_args": "-p pytest_readiness.plugin -p no:cacheprovider", "environment": "staging"}
FILES = [".gitignore", "codequality.json", "comment.md", "junit.xml", "readiness.html", "readiness.json"]


def run(project: Project, shell: str = "sh", **inputs: Any) -> Job:
    """Run the job."""
    return run_component(project.path, GATED | inputs, shell=shell)


def is_valid(path: Path) -> subprocess.CompletedProcess[str]:
    """Check a file with GitLab's own schema, which check-jsonschema carries."""
    check = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.gitlab-ci"]
    return subprocess.run([*check, str(path)], capture_output=True, text=True, check=False)


MORE = {**GATED, "gate": "no-regression", "baseline": "a b.json", "tests": False}


@pytest.mark.parametrize(
    ("template", "inputs"),
    [
        (COMPONENT, {}),
        (COMPONENT, MORE),
        (DEPLOYED_COMPONENT, {"subject": "api=$DIGEST\nweb=$WEB", "list": "a b.json"}),
    ],
    ids=["defaults", "more", "deployed"],
)
def test_its_job_is_valid(tmp_path: Path, template: Path, inputs: dict[str, Any]) -> None:
    """GitLab's schema accepts the job with defaults and with other inputs, and refuses it with a misspelt keyword."""
    _, jobs = component(inputs, template)
    path = tmp_path / ".gitlab-ci.yml"
    path.write_text(yaml.safe_dump(jobs))
    done = is_valid(path)
    assert done.returncode == 0, done.stdout
    (name,) = jobs
    path.write_text(yaml.safe_dump({name: {**jobs[name], "artefacts": {}}}))
    assert is_valid(path).returncode != 0


@TEMPLATES
def test_its_inputs(template: Path) -> None:
    """Each is described, has a default among its options, is used, and is documented; none stands in a script."""
    header, _ = component({}, template)
    inputs = header["spec"]["inputs"]
    text = template.read_text(encoding="utf-8")
    assert set(INTERPOLATION.findall(text)) == inputs.keys()
    assert list(header) == ["spec"]
    for name, given in inputs.items():
        assert given.keys() <= {"description", "default", "options", "type", "regex"}, name
        assert given["description"].endswith("."), name
        assert f"`{name}`" in PAGE, name
    (job,) = list(yaml.safe_load_all(text))[1].values()
    assert INTERPOLATION.search("\n".join(job["script"])) is None


def test_an_option_that_there_is_not() -> None:
    """GitLab refuses it before there is a job."""
    with pytest.raises(AssertionError, match="options"):
        component({"gate": "eligable"})


@TEMPLATES
def test_no_script_has_a_mistake_that_shellcheck_knows(template: Path) -> None:
    """It is a script of any POSIX shell."""
    (job,) = component({}, template)[1].values()
    checked = [str(Path(sys.executable).with_name("shellcheck")), "--shell=sh", "--severity=style", "-"]
    script = "\n".join(job["script"])
    done = subprocess.run(checked, input=f"set -e\n{script}\n", capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_the_pipelines_on_its_page(tmp_path: Path) -> None:
    """GitLab's schema accepts each, and each gives only inputs that there are."""
    pipelines = [text for text in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL) if "include:" in text]
    assert pipelines
    for number, text in enumerate(pipelines):
        path = tmp_path / f"{number}.yml"
        path.write_text(text)
        done = is_valid(path)
        assert done.returncode == 0, done.stdout
        for included in yaml.safe_load(text)["include"]:
            deployed = "deployed" in included.get("component", included.get("local", ""))
            component(included.get("inputs", {}), DEPLOYED_COMPONENT if deployed else COMPONENT)


@pytest.mark.parametrize("shell", ["sh", "bash"])
def test_a_closed_gate(project: Project, shell: str) -> None:
    """Nobody has reviewed: the job fails after it has written its files."""
    decided(project)
    job = run(project, shell)
    assert job.exit_code == 1, job.log
    assert job.artifacts == {"readiness-report/": FILES}
    comment = (project.path / "readiness-report" / "comment.md").read_text()
    assert comment.startswith("<!-- pytest-readiness -->\n")
    assert "0 of 2 ready" in comment


def test_an_open_gate(project: Project) -> None:
    """Of a use case that is approved the job passes."""
    decided(project)
    approve(project)
    job = run(project, use_cases="UC-001")
    assert job.exit_code == 0, job.log


def test_a_gate_that_only_warns(project: Project) -> None:
    """Where the config does not enforce the gate, the job passes and says why."""
    decided(project, "[gate]\nenforce = false\n")
    job = run(project)
    assert job.exit_code == 0, job.log
    assert "(it would be closed, and only warns: [gate] enforce = false)" in job.log


def test_tests_that_fail_close_it_whatever_the_gate_says(project: Project) -> None:
    """The job ends with pytest's code."""
    decided(project).tests("def test_other(): assert False\n", "test_other.py")
    job = run(project, gate="report-only")
    assert (job.exit_code, job.artifacts["readiness-report/"]) == (1, FILES), job.log
    assert run(project, gate="report-only", tests=False).exit_code == 0


def test_a_baseline(project: Project) -> None:
    """What changed since is in the comment, and the gate may ask for that alone."""
    decided(project)
    project.cli("report", "--format", "json", "-o", "base line.json")
    assert run(project, gate="no-regression", baseline="base line.json").exit_code == 0
    project.tests('@evidence("UC-001", item=1)\ndef test_provider(): assert False\n')
    project.run()
    assert run(project, gate="no-regression", baseline="base line.json", tests=False).exit_code == 1
    comment = (project.path / "readiness-report" / "comment.md").read_text()
    assert comment.splitlines()[1].startswith("## ✗ WORSE THAN BEFORE&#58; UC-001")
    assert "item 1 failed" in comment.partition("### What blocks")[0]
    assert "| no regression | failed |" in comment


@pytest.mark.parametrize(
    "inputs",
    [
        {"gate": "no-regression"},
        {"install": "no-such-package-of-anybody"},
        {"install": "'"},
        {"pytest_args": "'"},
        {"baseline": "absent.json"},
        {"use_cases": "UC-9"},
        {"python": "no-such-python"},
        {"tests_may_fail": True, "environment": "stagging"},
    ],
    ids=str,
)
def test_it_fails_closed(project: Project, inputs: dict[str, Any]) -> None:
    """Of a use case that would be let through, no mistake in an input opens the gate."""
    decided(project)
    approve(project)
    job = run(project, **({"use_cases": "UC-001", "gate": "report-only"} | inputs))
    assert job.exit_code != 0, job.log


def test_inputs_are_never_code(project: Project) -> None:
    """What an input holds is an argument or a value, even where it looks like a command."""
    decided(project)
    evil = '$(touch hacked) `touch hacked` "; touch hacked; #'
    names = ("environment", "provider_mode", "release", "use_cases", "baseline")
    for inputs in (dict.fromkeys(names, evil), {"pytest_args": f"'{evil}'"}, {"install": f"'{evil}'"}):
        assert run(project, **inputs).exit_code != 0
    assert not (project.path / "hacked").exists()


WORDS = {
    "environment": ({"environment": "stagging"}, "pytest ended with exit code 4 (usage error: no test ran)", 4),
    "no tests": ({"pytest_args": f"{GATED['pytest_args']} -k nothing"}, "pytest ended with exit code 5 (no tests", 5),
    "no evidence": ({"pytest_args": "-p no:cacheprovider"}, "recorded no evidence", 3),
    "rehearsals": ({"environment": ""}, "recorded no evidence that counts", 3),
}


@pytest.mark.parametrize(("inputs", "words", "code"), WORDS.values(), ids=WORDS)
def test_a_run_that_did_not_take_place_is_no_answer(
    project: Project, inputs: dict[str, Any], words: str, code: int
) -> None:
    """Of a use case that was eligible before, the comment and the last line say what happened to this run."""
    decided(project)
    approve(project)
    job = run(project, **({"use_cases": "UC-001"} | inputs))
    assert job.exit_code == code, job.log
    comment = (project.path / "readiness-report" / "comment.md").read_text().splitlines()
    assert comment[1].startswith("## ✗ This run gives no answer: ")
    assert words in comment[1]
    last = job.log.splitlines()[-1]
    assert last.startswith(f"the job fails with exit code {code}: ")
    assert words in last
    assert last.endswith("the gate ended with exit code 0 (open)")


def test_only_the_gate_decides_where_tests_may_fail(project: Project) -> None:
    """A failing test fails no job whose gate is open; the first and the last line say so."""
    decided(project).tests("def test_other(): assert False\n", "test_other.py")
    failed = run(project, gate="report-only")
    assert failed.log.splitlines()[-1].startswith(
        "the job fails with exit code 1: pytest ended with exit code 1 (tests failed)"
    )
    job = run(project, gate="report-only", tests_may_fail=True)
    assert job.exit_code == 0, job.log
    assert job.log.startswith("tests_may_fail: a failed test does not fail this job, the gate alone decides")
    assert job.log.splitlines()[-1].startswith("the job passes: pytest ended with exit code 1 (tests failed)")
    lines = (project.path / "readiness-report" / "comment.md").read_text().splitlines()
    assert lines[1].startswith("## ✗ NOT ELIGIBLE")
    assert lines[3].startswith("**Tests failed**: pytest ended with exit code 1")
    assert not (project.path / "readiness-report" / ".report.md").exists()


def test_a_wrong_baseline_costs_only_the_comparison(project: Project) -> None:
    """Every file is there, the comment says it, and the job fails."""
    decided(project)
    job = run(project, gate="report-only", baseline="absent.json")
    assert (job.exit_code, job.artifacts["readiness-report/"]) == (2, FILES), job.log
    assert "**Nothing is compared**" in (project.path / "readiness-report" / "comment.md").read_text()
    assert "absent.json: cannot be read: No such file or directory" in job.log


def test_an_address_and_several_requirements(project: Project) -> None:
    """Requirements stand on lines of their own or beside each other, and an address belongs to its name."""
    decided(project)
    both = "pytest-readiness-plugin\npytest-readiness"
    assert run(project, gate="report-only", install=both).exit_code == 0
    job = run(project, gate="report-only", install="pytest-readiness @ file:///nowhere/at-all")
    assert job.exit_code != 0
    assert "/nowhere/at-all" in job.log
