"""Commands whose plugin takes standard output or error away: one line, and never an answer that nobody could read."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.project import CONFIG, Project

pytestmark = pytest.mark.slow

OUTPUT = "readiness: a plugin closed standard output, so the output of '{}' is lost\n"
ERROR = "readiness: a plugin closed standard error, so a message of '{}' is lost\n"
RENDERER = "import os, sys\ndef pytest_readiness_render(report, format):\n    {}\n    return 'whole text\\n'\n"
TAKEN = {
    "sys.__stdout__.close()": OUTPUT,
    "sys.__stdout__.detach()": OUTPUT,
    "os.close(1)": OUTPUT,
    "os.close(1); open(os.devnull, 'w')": OUTPUT,
    "sys.stdout.close()": ERROR,  # a plugin's own output goes to standard error
    "sys.stdout.detach()": ERROR,
    "sys.stderr.close()": ERROR,
}
"""What a plugin does, and the line that says so."""


@pytest.fixture
def ready(project: Project) -> Project:
    """A project whose gate is open, with a plugin that is written later."""
    project.configured(f'plugins = ["own_output"]\n{CONFIG}[gate]\non = "evidence"\n'.replace('proof = "trace"\n', ""))
    project.write("own_output.py", "")
    claims = "".join(f"@evidence('UC-00{uc}', item={item})\n" for uc in (1, 2) for item in (1, 2))
    project.tests(f"{claims}def test_it(): pass\n").run()
    assert project.cli("gate").exit_code == 0
    return project


def run(project: Project, *args: str) -> subprocess.CompletedProcess[str]:
    """Run a command in a process of its own."""
    command = [sys.executable, "-m", "pytest_readiness", *args]
    return subprocess.run(command, cwd=project.path, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("doing", TAKEN)
def test_a_renderer_that_takes_a_stream_away(ready: Project, doing: str) -> None:
    """A report that could not be written, or whose messages could not, does not exit with 0."""
    ready.write("own_output.py", RENDERER.format(doing))
    ended = run(ready, "report", "--format", "own")
    is_output = TAKEN[doing] is OUTPUT
    expected = (3, "" if is_output else "whole text\n", TAKEN[doing].format("report"))
    assert (ended.returncode, ended.stdout, ended.stderr) == expected


@pytest.mark.parametrize("doing", TAKEN)
def test_a_plugin_that_takes_a_stream_away_as_it_is_loaded(ready: Project, doing: str) -> None:
    """The gate is closed, although everything is there."""
    ready.write("own_output.py", f"import os, sys\n{doing}\n")
    ended = run(ready, "gate")
    assert (ended.returncode, ended.stderr) == (3, TAKEN[doing].format("gate"))


def test_a_renderer_that_closes_its_output_and_fails(ready: Project) -> None:
    """The line is there that a failing renderer gets, though its standard error is closed."""
    ready.write("own_output.py", RENDERER.format("sys.stdout.close(); 1 / 0"))
    ended = run(ready, "report", "--format", "own")
    message = "pytest_readiness_render failed: ZeroDivisionError: division by zero"
    line = f"readiness: readiness.toml:1: the plugin 'own_output': {message}\n"
    assert (ended.returncode, ended.stdout, ended.stderr) == (2, "", line)


def test_a_file_that_is_written_though_the_output_is_lost(ready: Project) -> None:
    """The file is whole; the command says what it lost."""
    ready.write("own_output.py", RENDERER.format("sys.__stdout__.close()"))
    ended = run(ready, "report", "--format", "own", "-o", "own.txt")
    assert (ended.returncode, ended.stderr) == (3, OUTPUT.format("report"))
    assert (ready.path / "own.txt").read_text() == "whole text\n"


def test_without_standard_error_the_line_is_on_the_output(ready: Project) -> None:
    """A descriptor that is closed takes no line."""
    ready.write("own_output.py", RENDERER.format("os.close(2)"))
    ended = run(ready, "report", "--format", "own")
    assert (ended.returncode, ended.stdout, ended.stderr) == (3, f"whole text\n\n{ERROR.format('report')}", "")


@pytest.mark.skipif(os.name != "posix", reason="the shell is another one")
def test_a_caller_without_standard_error_is_no_fault_of_a_plugin(ready: Project) -> None:
    """A gate answers where nothing was there to be closed."""
    command = f'"{sys.executable}" -m pytest_readiness gate 2>&-'
    ended = subprocess.run(command, shell=True, cwd=ready.path, stdout=subprocess.PIPE, text=True, check=False)
    assert (ended.returncode, ended.stdout.splitlines()[-1]) == (0, "exit code 0: eligible")
