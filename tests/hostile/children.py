"""Child processes by fork: what they need is imported once, so that one takes milliseconds."""

from __future__ import annotations

import os
import signal
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from pytest_readiness.cli import main

FAILED = 99
"""Exit code of a child whose function raised."""


def readiness(*words: str) -> int:
    """Run the command in this process, and return its exit code."""
    try:
        main(list(words))
    except SystemExit as stopped:
        return stopped.code if isinstance(stopped.code, int) else 1
    return 0


def start(folder: Path, function: Callable[[], int], output: Path) -> int:
    """Start a function in a child process, as the leader of a process group in a folder; return its id.

    ``output``: the file that the child's standard output and error go to.
    """
    process = os.fork()
    if process:
        return process
    code = FAILED
    try:
        os.setsid()
        os.chdir(folder)
        descriptor = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        for stream in (1, 2):
            os.dup2(descriptor, stream)
        for name in [name for name in os.environ if name.startswith(("READINESS_", "GITHUB_", "CI", "PYTEST_"))]:
            del os.environ[name]
        os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
        os.environ["GIT_CONFIG_GLOBAL"] = os.devnull
        code = function()
    except BaseException:  # noqa: BLE001 - the parent sees it in the output
        os.write(2, traceback.format_exc().encode())
    finally:
        os._exit(code)


def wait(process: int) -> int:
    """Wait for a child, and return its exit code; a negative one is the signal that ended it."""
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])


def kill(process: int) -> int:
    """Kill a child with its process group, and return its exit code."""
    with suppress(ProcessLookupError):
        os.killpg(process, signal.SIGKILL)
    with suppress(ProcessLookupError):  # it may not lead a group yet
        os.kill(process, signal.SIGKILL)
    return wait(process)


def run(folder: Path, function: Callable[[], int]) -> tuple[int, str]:
    """Run a function in a child, and return its exit code and output."""
    output = folder.parent / f"{folder.name}.output"
    code = wait(start(folder, function, output))
    return code, output.read_text(encoding="utf-8", errors="replace")


def wait_for(path: Path, seconds: float = 120) -> bool:
    """Wait until a file is there, closely; return whether it came."""
    deadline = time.monotonic() + seconds
    while not path.exists():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.0005)
    return True
