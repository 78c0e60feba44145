"""The CI files of an example: what the platforms' schemas and shellcheck say, and what their jobs do in a shell."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.integrations.clones import commit
from tests.integrations.pipelines import GITLAB, WORKFLOW, GitHubPipeline, GitLabPipeline, Pipeline
from tests.integrations.runners import EXPRESSION, ROOT

pytestmark = pytest.mark.slow

EXAMPLE = ROOT / "conftest_examples" / "xdist_ci"
REVIEWER = "release-manager@example.com"
PLATFORMS = {"github": GitHubPipeline, "gitlab": GitLabPipeline}


def scripts() -> dict[str, str]:
    """Return the scripts of both files, by a name."""
    workflow = yaml.safe_load((EXAMPLE / WORKFLOW).read_text(encoding="utf-8"))
    document = yaml.safe_load((EXAMPLE / GITLAB).read_text(encoding="utf-8"))
    steps = [(name, step["run"]) for name, job in workflow["jobs"].items() for step in job["steps"] if "run" in step]
    jobs = [(name, "\n".join(job["script"])) for name, job in document.items() if "script" in job]
    return {
        f"{platform} {name}: {text}": text
        for platform, named in (("github", steps), ("gitlab", jobs))
        for name, text in named
    }


@pytest.mark.parametrize(
    ("schema", "path"), [("github-workflows", WORKFLOW), ("gitlab-ci", GITLAB)], ids=["github", "gitlab"]
)
def test_the_file_is_one_of_its_platform(schema: str, path: Path) -> None:
    """The platform's schema, which check-jsonschema carries, accepts it."""
    check = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", f"vendor.{schema}", str(EXAMPLE / path)]
    done = subprocess.run(check, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_no_script_has_a_mistake_that_shellcheck_knows() -> None:
    """Nor does any hold an expression, which a platform would read as code."""
    text = '#!/bin/sh\nset -e\n: "${PART:=}" "${TESTS:=}"\n' + "\n".join(scripts().values()) + "\n"
    checked = [str(Path(sys.executable).with_name("shellcheck")), "--severity=style", "-"]
    done = subprocess.run(checked, input=text, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert EXPRESSION.search(text) is None


def test_both_platforms_do_the_same() -> None:
    """The commands of the jobs are the same ones, in the same order."""
    github, gitlab = (
        [
            line
            for name, text in scripts().items()
            if name.startswith(platform)
            for line in text.splitlines()
            if "pip" not in line
        ]
        for platform in PLATFORMS
    )
    assert github == gitlab


class Team:
    """A repository of the example, its pipelines, and the reviewer."""

    def __init__(self, folder: Path) -> None:
        self.storage = folder
        self.repository = folder / "origin"
        shutil.copytree(
            EXAMPLE, self.repository, ignore=shutil.ignore_patterns(".readiness", "__pycache__", "*.db", "*.zip")
        )
        # installed already, and named as they will be once they are published: pip looks nowhere else here
        (self.repository / "requirements-readiness.txt").write_text("pytest-readiness-plugin\npytest-readiness\n")
        commit(self.repository)
        self.pipelines = 0

    def pipeline(self, platform: str, lost: str = "") -> Any:
        """Run a pipeline for the newest commit."""
        self.pipelines += 1
        storage = self.storage / platform
        storage.mkdir(exist_ok=True)
        return PLATFORMS[platform](self.repository, storage, self.pipelines, lost).run()

    def sign(self, pipeline: Pipeline) -> None:
        """The reviewer approves what the report of a pipeline says, in a clone that has no store, and it is merged."""
        clone = self.storage / "reviewer"
        who = {f"GIT_{role}_{what}": REVIEWER for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
        kept = {name: text for name, text in os.environ.items() if not name.startswith(("READINESS_", "GITHUB_", "CI"))}
        for command in (
            ["git", "clone", "-q", str(self.repository), str(clone)],
            ["git", "-C", str(clone), "config", "user.email", REVIEWER],
            [
                sys.executable,
                "-m",
                "pytest_readiness",
                "review",
                "UC-1",
                "UC-2",
                f"--from={pipeline.report}",
                "--approve",
            ],
            ["git", "-C", str(clone), "add", "decisions"],
            ["git", "-C", str(clone), "commit", "-q", "-m", "Sign"],
            ["git", "-C", str(self.repository), "pull", "-q", str(clone)],
        ):
            place = clone if clone.exists() else self.storage
            subprocess.run(command, cwd=place, env=kept | who, check=True, stdout=subprocess.DEVNULL)


@pytest.fixture
def team(tmp_path: Path) -> Team:
    """A team without a pipeline yet."""
    return Team(tmp_path)


@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_merge_request_with_a_signature_opens_the_gate(team: Team, platform: str) -> None:
    """Two shards give all evidence, and the gate asks for a review; with the signed report the next pipeline passes.

    A part that is lost after that closes the gate again, whatever its tests had shown before.
    """
    first = team.pipeline(platform)
    assert list(first.exit_codes.values()) == [0, 0, 1], first.log
    assert "ELIGIBLE: 0 of 2 ready, 2 in progress" in first.log
    assert "not reviewed (2 of 2 use cases)" in first.log

    team.sign(first)
    second = team.pipeline(platform)
    assert list(second.exit_codes.values()) == [0, 0, 0], second.log
    assert "\nELIGIBLE: 2 of 2 ready" in second.log

    if platform == "github":  # the commands are the same, see above
        third = team.pipeline(platform, lost="part-2")
        assert list(third.exit_codes.values()) == [0, 0, 1], third.log
        assert "1 of 2 parts arrived" in third.log
