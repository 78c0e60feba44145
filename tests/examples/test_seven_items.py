"""The example ``seven_items`` is ready to go live, each switch breaks what its README says, and no server outlives it."""

from __future__ import annotations

import json
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.pages import ROOT, commands, fences, play, run, shell

pytestmark = pytest.mark.slow

EXAMPLE = ROOT / "conftest_examples" / "seven_items"
README = (EXAMPLE / "README.md").read_text(encoding="utf-8")
ROWS = README.partition("| `BREAK=` |")[2].partition("\n\n")[0].splitlines()[2:]
SWITCHES = [[cell.strip(" `") for cell in row.strip("|").split("|")] for row in ROWS]
"""What the README says of each switch: its name, the fault, requirements, their state, the use case's, and a message."""
PATIENCE = 60
"""Seconds in which a server that lost its tests must be gone."""


@pytest.fixture(scope="module", autouse=True)
def _servers_can_be_started() -> None:
    question = "from staging.database import obstacle; print(obstacle() or '')"
    command = [sys.executable, "-B", "-c", question]
    reason = subprocess.run(command, cwd=EXAMPLE, capture_output=True, text=True, check=True).stdout.strip()
    if reason:
        pytest.skip(reason)


@pytest.fixture
def example(tmp_path: Path) -> Path:
    """A copy of the example, away from what was recorded in this checkout."""
    leave_out = shutil.ignore_patterns(".readiness", "__pycache__", ".pytest_cache")
    return shutil.copytree(EXAMPLE, tmp_path / "conftest_examples" / "seven_items", ignore=leave_out)


@pytest.fixture
def temporary() -> Iterator[Path]:
    """A folder for the servers' temporary files that another user can reach; nothing is in it in the end."""
    folder = Path(tempfile.mkdtemp(prefix="seven-items-"))
    folder.chmod(0o755)
    yield folder
    end = time.monotonic() + PATIENCE
    while (rest := [*folder.iterdir(), *processes(folder)]) and time.monotonic() < end:
        time.sleep(0.1)
    shutil.rmtree(folder)
    assert rest == []


def processes(folder: Path) -> list[str]:
    """Return the processes that were started with this folder for temporary files, or with a file in it."""
    running = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            about = (process / "environ").read_bytes() + (process / "cmdline").read_bytes()
        except OSError:  # it has ended, or is another user's
            continue
        if bytes(folder) in about:
            running.append(f"{process.name}: {about[-200:]!r}")
    return running


def test_the_readme_takes_the_use_case_to_ready_for_go_live(example: Path):
    """Each step prints what the README shows, and the tracker has the status; no key and no password is in what is kept."""
    assert play(example / "README.md", example.parents[1]) == 11
    assert "| `READY_FOR_GO_LIVE` |" in (example / "PROD_READINESS_TRACKER.md").read_text()
    kept = [path for path in (example / ".readiness").rglob("*") if path.is_file()]
    assert any(b"received fast shutdown request" in path.read_bytes() for path in kept)
    assert [path for path in kept if re.search(rb"\b(sk|pw)_[\w-]{32}", path.read_bytes())] == []


def test_the_one_command_takes_these_steps():
    """After the installation it does what the README then shows step by step."""
    first, *others = (fence for fence in fences(README) if fence.language == "sh")
    install, _, steps = first.text.strip().partition(" && cd conftest_examples/seven_items && ")
    assert "-r conftest_examples/seven_items/requirements.txt" in install
    shown = [command for fence in others for command in commands(fence)]
    assert [command for command in shown if command in steps.split(" && ")][:4] == steps.split(" && ")


@pytest.mark.parametrize("switch", SWITCHES, ids=lambda switch: switch[0])
def test_a_switch_breaks_what_the_readme_says(switch: list[str], example: Path, temporary: Path):
    """Its requirements end in the state and with the message of its row, and all others are complete; the gate closes."""
    name, about, requirements, state, status, message = switch
    options = "--readiness-environment=staging --readiness-json=report.json"
    output = run(f"BREAK={name} TMPDIR={temporary} pytest {options}", example, int(state == "FAILING"), name)
    assert f"staging: {about}\n" in output

    (use_case,) = json.loads((example / "report.json").read_text())["use_cases"]
    results = {requirement["id"]: requirement for item in use_case["items"] for requirement in item["requirements"]}
    broken = {f"UC-301/{requirement.strip(' `')}" for requirement in requirements.split(",")}
    assert use_case["status"] == status
    assert {id_: result["state"] for id_, result in results.items()} == {
        id_: state if id_ in broken else "COMPLETE" for id_ in results
    }
    assert broken <= results.keys()
    assert [id_ for id_ in broken if message not in results[id_]["why"]] == []
    run("readiness gate", example, 1, name)


def test_there_are_eight_switches_and_no_other(example: Path):
    """The README names each, seven for the items; another name is a usage error that lists them."""
    output = run("BREAK=rotatoin pytest --readiness-environment=staging", example, 4, "misspelt")
    assert f"there are {', '.join(switch[0] for switch in SWITCHES)}\n" in output
    assert len(SWITCHES) == 8
    assert not (example / ".readiness").exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_no_server_outlives_tests_that_are_ended(number: signal.Signals, example: Path, temporary: Path):
    """Ended while the database runs, the tests leave no process and no file."""
    arguments, environ = shell(f"TMPDIR={temporary} pytest --readiness-environment=staging")
    tests = subprocess.Popen(arguments, cwd=example, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT)
    try:
        end = time.monotonic() + PATIENCE
        while not list(temporary.glob("*/data/postmaster.pid")):
            assert tests.poll() is None
            assert time.monotonic() < end
            time.sleep(0.05)
        assert processes(temporary)
        tests.send_signal(number)
        assert tests.wait(PATIENCE) in {pytest.ExitCode.INTERRUPTED, -number}
    finally:
        tests.kill()
        tests.wait()


def test_what_the_example_needs_is_among_what_the_tests_need():
    """Each line of its requirements is a line of the extra ``test``."""
    extra = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]["test"]
    assert set((EXAMPLE / "requirements.txt").read_text().split()) <= set(extra)
