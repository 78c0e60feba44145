"""A clock of the machine that jumps: results stay what they are, the store verifies, and no closed gate opens."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.project import Project
from tests.reviewed_project import REVIEW, approve

SHIM = Path(__file__).with_name("clock.c")
CC = shutil.which("cc")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CC is None or os.uname().sysname != "Linux", reason="a clock that jumps is compiled, for Linux"),
]

SUITE = """
def jump():
    if "JUMP" in os.environ:
        pathlib.Path(os.environ["CLOCK_FILE"]).write_text(os.environ["JUMP"])

@evidence("UC-001", item=1)
def test_a():
    jump()
    assert not os.environ.get("BAD")

@evidence("UC-001", item=1)
def test_b(): pass
"""
CONFIG = f"""\
tracker = "PROD_READINESS_TRACKER.md"
[environments.staging]
real = true
[items.1]
title = "the provider answers"
max_age_days = 30
{REVIEW}"""
DAY = 86400
JUMPS = {"an hour back": -3600, "a day back": -DAY, "a year ahead": 365 * DAY, "to 1970": 60 - int(time.time())}


@pytest.fixture(scope="module")
def shim(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The library that moves the clock."""
    library = tmp_path_factory.mktemp("clock") / "clock.so"
    done = subprocess.run(
        [str(CC), "-shared", "-fPIC", "-o", library, SHIM, "-ldl"], capture_output=True, text=True, check=False
    )
    if done.returncode:
        pytest.skip(f"it cannot be compiled here: {done.stderr}")
    return library


def turned(project: Project, shim: Path, seconds: int, *command: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Run a module with a clock that is so many seconds ahead."""
    path = project.write("seconds.txt", str(seconds))
    environ = {**os.environ, "LD_PRELOAD": str(shim), "CLOCK_FILE": str(path), **more}
    return subprocess.run(
        [sys.executable, "-m", *command], cwd=project.path, env=environ, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("name", JUMPS)
def test_a_session_in_which_the_clock_jumps(project: Project, shim: Path, name: str) -> None:
    """Both results are recorded as they were, whatever their times are, and the store verifies."""
    project.configured(CONFIG).tests(SUITE)
    words = ["pytest", *project.args("--readiness-actor=bot@example.com")]
    done = turned(project, shim, 0, *words, BAD="1", JUMP=str(JUMPS[name]))
    text = done.stdout + done.stderr
    assert "1 failed, 1 passed" in text
    for word in ("INTERNALERROR", "internal error", "a defect"):
        assert word not in text
    assert project.journals == []
    verified = project.cli("verify")
    assert (verified.exit_code, "1 run, 2 pieces" in verified.stdout) == (0, True), verified.output
    results = {piece["test_id"].partition("::")[2]: piece["result"] for piece in project.evidence()}
    assert results == {"test_a": "FAILED", "test_b": "PASSED"}


@pytest.mark.parametrize("name", JUMPS)
def test_a_closed_gate_stays_closed_when_the_clock_jumps(project: Project, shim: Path, name: str) -> None:
    """A pass was approved, and the test fails since: no clock of the machine that judges makes it pass."""
    project.configured(CONFIG).tests(SUITE)
    assert project.run("--readiness-actor=bot@example.com").ret == 0
    approve(project)
    project.monkeypatch.setenv("BAD", "1")
    project.run("--readiness-actor=bot@example.com")
    assert project.cli("gate", "UC-001").exit_code == 1
    gate = turned(project, shim, JUMPS[name], "pytest_readiness", "gate", "UC-001")
    assert gate.returncode in (1, 3), gate.stdout
    assert "internal error" not in gate.stdout + gate.stderr
