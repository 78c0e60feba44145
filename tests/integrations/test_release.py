"""The release: a workflow that GitHub accepts, and a tag that is the version, or nothing is published."""

from __future__ import annotations

import re
import runpy
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.integrations.runners import EXPRESSION, ROOT

pytestmark = pytest.mark.slow

WORKFLOW = ROOT / ".github" / "workflows" / "release.yml"
CHECK = ROOT / ".ci" / "check_release.py"
if not WORKFLOW.exists():
    pytest.skip("a source archive has no workflow", allow_module_level=True)
SPEC: dict[str, Any] = yaml.safe_load(WORKFLOW.read_text(encoding="utf-8"))
STEPS = [step for job in SPEC["jobs"].values() for step in job["steps"]]


def test_it_is_a_workflow_by_the_published_schema() -> None:
    """The schema of workflows that check-jsonschema carries accepts it."""
    check = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.github-workflows", str(WORKFLOW)]
    done = subprocess.run(check, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("script", [step["run"] for step in STEPS if "run" in step])
def test_no_script_has_a_mistake_that_shellcheck_knows(script: str) -> None:
    """Nor does any script hold an expression: the name of a tag comes as a variable, and is never read as code."""
    checked = [str(Path(sys.executable).with_name("shellcheck")), "--shell=bash", "--severity=style", "-"]
    text = f"#!/usr/bin/env bash\nset -e -o pipefail\n{script}"
    done = subprocess.run(checked, input=text, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert EXPRESSION.search(script) is None


def test_a_job_may_do_no_more_than_it_needs() -> None:
    """Nothing is allowed but what a job names, the job that publishes runs no script, and there is no secret."""
    assert SPEC["permissions"] == {}
    assert SPEC["jobs"]["publish"]["permissions"] == {"id-token": "write"}
    assert not any("run" in step for step in SPEC["jobs"]["publish"]["steps"])
    assert "secrets" not in WORKFLOW.read_text(encoding="utf-8")


def test_its_sessions_exist() -> None:
    """What the workflow asks nox for is a session of noxfile.py."""
    noxfile = (ROOT / "noxfile.py").read_text(encoding="utf-8")
    (names,) = [re.findall(r"nox -s (.+)", step["run"]) for step in STEPS if "nox -s" in step.get("run", "")]
    for name in names[0].split():
        assert f"\ndef {name}(session" in noxfile


@pytest.fixture
def ready(tmp_path: Path) -> Path:
    """A checkout that can be released as 1.2.3."""
    for name in ("packages/pytest-readiness-plugin/pyproject.toml", "docs/changelog.md"):
        (tmp_path / name).parent.mkdir(parents=True)
        shutil.copy(ROOT / name, tmp_path / name)
    (tmp_path / "changelog.d").mkdir()
    plugin, changelog = tmp_path / "packages/pytest-readiness-plugin/pyproject.toml", tmp_path / "docs/changelog.md"
    plugin.write_text(re.sub(r'(?m)^version = "[^"]+"', 'version = "1.2.3"', plugin.read_text()))
    changelog.write_text(changelog.read_text() + "\n## 1.2.3 (2026-12-01)\n")
    return tmp_path


def problems(tag: str, root: Path) -> list[str]:
    """What the check says."""
    told: list[str] = runpy.run_path(str(CHECK))["problems"](tag, root)
    return told


def test_a_tag_that_is_the_version_is_released(ready: Path) -> None:
    """The tag, the version, the changelog and its fragments agree."""
    assert problems("v1.2.3", ready) == []


def test_what_does_not_agree_is_named(ready: Path) -> None:
    """Another tag, a version of unreleased code, a changelog without it, and a fragment that was left."""
    assert problems("v1.2.4", ready) == [
        "the tag is v1.2.4, and the version in packages/pytest-readiness-plugin/pyproject.toml is 1.2.3: tag v1.2.3"
    ]
    (ready / "changelog.d" / "x.added.md").write_text("x\n")
    assert "1 fragments" in problems("v1.2.3", ready)[0]
    (ready / "docs" / "changelog.md").write_text("# Changelog\n\n## 1.2.3 (not released)\n")
    assert "has no heading for 1.2.3" in problems("v1.2.3", ready)[0]


def test_today_s_code_is_not_released_by_mistake() -> None:
    """A tag in the middle of the work publishes nothing."""
    done = subprocess.run([sys.executable, CHECK, "v0.3.0"], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr
