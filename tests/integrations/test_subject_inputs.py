"""The input `subject` of the action and the component: what ships is recorded, judged, kept and asked for again."""

from __future__ import annotations

import json
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from tests.integrations.runners import DEPLOYED_ACTION, DEPLOYED_COMPONENT, GitHub, Job, run_component
from tests.project import Project
from tests.reviewed_project import approve, decided, record

pytestmark = pytest.mark.slow

A, B, C = (f"sha256:{digit * 64}" for digit in "abc")
PLUGIN = "-p pytest_readiness.plugin -p no:cacheprovider"
BOTH = f"api={A}\nsbom={B}\n"
WRONG = {
    "an expression without a value": (f"api={A}\n\n", "line 2 is ''"),
    "a name alone": ("api=", "line 1 is 'api='"),
    "a tag": ("registry/api:2.0", "line 1 is 'registry/api:2.0'"),
    "a short digest": (f"api={A}\nsbom={B[:-1]}", "line 2 is 'sbom=sha256:bbb"),
    "two on one line": (f"api={A} sbom={B}", "line 1 is"),
    "only lines": ("\n\n", "line 1 is ''"),
    "a comment": (f"# api={A}", "line 1 is '# api"),
    "code": ("api=$(touch hacked)`touch hacked`';touch hacked;'", "line 1 is"),
    "a command of the runner": (f"api={A}\n\r::stop-commands::x", "line 2 is '::stop-commands::x'"),
}


def github(project: Project, **inputs: str) -> Job:
    """Run the action on UC-001."""
    given = {"install": "", "pytest-args": PLUGIN, "environment": "staging", "use-cases": "UC-001"}
    return GitHub(project.path, given | {name.replace("_", "-"): value for name, value in inputs.items()}).run()


def gitlab(project: Project, dotenv: dict[str, str] | None = None, **inputs: Any) -> Job:
    """Run the component's job on UC-001."""
    given = {"install": "", "pytest_args": PLUGIN, "environment": "staging", "use_cases": "UC-001"}
    return run_component(project.path, given | inputs, dotenv=dotenv)


def ask_github(project: Project, **inputs: str) -> Job:
    """Run the action of a deploy job."""
    return GitHub(project.path, {"install": ""} | inputs, DEPLOYED_ACTION).run()


def ask_gitlab(project: Project, dotenv: dict[str, str] | None = None, **inputs: str) -> Job:
    """Run the component of a deploy job."""
    return run_component(project.path, {"install": ""} | inputs, template=DEPLOYED_COMPONENT, dotenv=dotenv)


def recorded(project: Project) -> list[Any]:
    """The digests of the newest run that decides in the report of a job."""
    report = json.loads((project.path / "readiness-report" / "readiness.json").read_text())
    newest = max(report["runs"], key=lambda run: run["started_at"])
    return list(newest["subjects"])


def approved(project: Project) -> None:
    """A use case that was approved for two digests."""
    decided(project)
    record(project, f"--readiness-subject=api={A}", f"--readiness-subject=sbom={B}")
    approve(project, "--subject", f"api={A}", "--subject", f"sbom={B}")


def kept(project: Project) -> None:
    """A project whose gate kept a verdict on two digests."""
    approved(project)
    judged = project.cli("gate", "UC-001", "--subject", f"api={A}", "--subject", f"sbom={B}", "--keep")
    assert judged.exit_code == 0, judged.output


@pytest.mark.parametrize("run", [github, gitlab])
def test_a_job_records_and_judges_what_ships(project: Project, run: Any) -> None:
    """The digests are with the evidence, report, comment and gate judge by them, and the same job for others is closed."""
    approved(project)
    job = run(project, subject=BOTH)
    assert job.exit_code == 0, job.log
    folder = project.path / "readiness-report"
    document = json.loads((folder / "readiness.json").read_text())
    assert document["context"]["subjects"] == [{"name": "api", "digest": A}, {"name": "sbom", "digest": B}]
    comment = unescape((folder / "comment.md").read_text())
    assert "✓ ELIGIBLE" in comment.splitlines()[1]
    assert A[:19] in comment
    other = run(project, subject=f"api={C}\nsbom={B}")
    assert other.exit_code == 1, other.log
    assert "✗ NOT ELIGIBLE" in (folder / "comment.md").read_text().splitlines()[1]
    assert recorded(project) == [{"name": "api", "digest": C}, {"name": "sbom", "digest": B}]
    assert run(project, subject=BOTH, tests="false" if run is github else False).exit_code == 0


@pytest.mark.parametrize(("subject", "words"), WRONG.values(), ids=WRONG)
@pytest.mark.parametrize("run", [github, gitlab, ask_github, ask_gitlab])
def test_a_wrong_subject_is_refused_in_one_line(project: Project, run: Any, subject: str, words: str) -> None:
    """It names the input and the line; no test runs, nothing is recorded or judged, and nothing in it is code."""
    decided(project)
    before = sorted(path.name for path in (project.path / ".readiness").rglob("*"))
    job = run(project, subject=subject)
    assert job.exit_code != 0
    refused = [line for line in job.log.splitlines() if "the input subject takes NAME=sha256:HEX on each line" in line]
    assert len(refused) == 1, job.log
    assert words in refused[0]
    assert "test session starts" not in job.log
    assert "Traceback" not in job.log
    assert not (project.path / "hacked").exists()
    assert sorted(path.name for path in (project.path / ".readiness").rglob("*")) == before


@pytest.mark.parametrize("run", [github, gitlab])
def test_a_verdict_that_is_kept_is_asked_for_before_a_deployment(project: Project, run: Any) -> None:
    """Without `keep` the deploy job is closed; with it, it opens for these digests and no others."""
    approved(project)
    ask = ask_github if run is github else ask_gitlab
    assert run(project, subject=BOTH).exit_code == 0
    assert ask(project, subject=BOTH).exit_code == 1
    job = run(project, subject=BOTH, keep="true" if run is github else True)
    assert job.exit_code == 0, job.log
    assert "stored as verdict" in job.log
    opened = ask(project, subject=BOTH)
    assert opened.exit_code == 0, opened.log
    assert "YES: 2 of 2 images judged eligible" in opened.log
    assert ask(project, subject=f"api={C}").exit_code == 1


def test_a_list_of_what_runs(project: Project) -> None:
    """It is asked for beside the digests; each of the two must have been judged."""
    kept(project)
    good, bad = project.write("good.txt", f"reg/api@{A}\n"), project.write("bad.txt", f"reg/api@{C}\n")
    project.write("-x.txt", f"reg/api@{A}\n")
    for ask in (ask_github, ask_gitlab):
        assert ask(project, list=str(good)).exit_code == 0
        assert ask(project, list="-x.txt").exit_code == 0
        assert ask(project, list=good.name, subject=BOTH).exit_code == 0
        for inputs in ({"list": bad.name, "subject": BOTH}, {"list": good.name, "subject": f"api={C}"}):
            closed = ask(project, **inputs)
            assert closed.exit_code == 1, closed.log
            assert closed.log.splitlines()[-1].endswith(
                "the job fails with exit code 1: not each image was judged eligible"
            )
        for inputs in ({"list": "absent.json"}, {"list": "-"}, {}):
            assert ask(project, **inputs).exit_code != 0
        assert "name what is deployed: the input subject or the input list" in ask(project).log
    assert ask_github(project, subject=BOTH).outputs == {"deployed": "true"}
    assert ask_github(project, subject=f"api={C}").outputs == {"deployed": "false"}


def test_a_digest_that_an_earlier_job_of_gitlab_reports(project: Project) -> None:
    """A variable is replaced by its value, which is no code, and one that there is not is refused."""
    kept(project)
    subject = "api=$API_DIGEST\nsbom=${SBOM_DIGEST}"
    reported = {"API_DIGEST": A, "SBOM_DIGEST": B}
    assert gitlab(project, reported, subject=subject, tests=False).exit_code == 0
    assert ask_gitlab(project, reported, subject=subject).exit_code == 0
    for run in (gitlab, ask_gitlab):
        assert "line 2 is 'sbom=${SBOM_DIGEST}'" in run(project, {"API_DIGEST": A}, subject=subject).log
        hostile = run(project, {"API_DIGEST": "$(touch hacked)", "SBOM_DIGEST": B}, subject=subject)
        assert (hostile.exit_code, (project.path / "hacked").exists()) == (2, False)


def test_the_input_goes_before_the_variable(project: Project) -> None:
    """READINESS_SUBJECT of the job neither is recorded nor judges."""
    approved(project)
    job = gitlab(project, {"READINESS_SUBJECT": f"api={C}"}, subject=BOTH)
    assert job.exit_code == 0, job.log
    assert recorded(project) == [{"name": "api", "digest": A}, {"name": "sbom", "digest": B}]


def test_the_package_of_the_deploy_job_is_installed_from_its_own_repository() -> None:
    """The folder that the action installs from has both distributions."""
    root = Path(DEPLOYED_ACTION.parent, "../../..").resolve()
    assert "$GITHUB_ACTION_PATH/../../.." in DEPLOYED_ACTION.read_text()
    assert (root / "pyproject.toml").is_file()
    assert (root / "packages" / "pytest-readiness-plugin" / "pyproject.toml").is_file()
