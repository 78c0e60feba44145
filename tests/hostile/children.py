"""Child processes by fork: what they need is imported once, so that one takes milliseconds."""

from __future__ import annotations

import fcntl
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from pytest_readiness.cli import main

FAILED = 99
"""Exit code of a child whose function raised."""
_ROOM = 1 << 20
"""Bytes of output that a child can write before somebody reads it."""


def readiness(*words: str) -> int:
    """Run the command in this process, and return its exit code."""
    try:
        main(list(words))
    except SystemExit as stopped:
        return stopped.code if isinstance(stopped.code, int) else 1
    return 0


@dataclass(frozen=True)
class Child:
    """A child process that leads a process group. Its output goes into a pipe, which no full disk limits."""

    process: int
    reader: int

    def wait(self) -> tuple[int, str]:
        """Wait for its end, and return exit code (negative: the signal that ended it) and output."""
        code = os.waitstatus_to_exitcode(os.waitpid(self.process, 0)[1])
        os.set_blocking(self.reader, False)
        data = b""
        with suppress(BlockingIOError):  # a grandchild may still hold the pipe
            while block := os.read(self.reader, _ROOM):
                data += block
        os.close(self.reader)
        return code, data.decode(errors="replace")

    def kill(self) -> int:
        """Kill it with its process group, and return the exit code."""
        with suppress(ProcessLookupError):
            os.killpg(self.process, signal.SIGKILL)
        with suppress(ProcessLookupError):  # it may not lead a group yet
            os.kill(self.process, signal.SIGKILL)
        return self.wait()[0]


def start(folder: Path, function: Callable[[], int]) -> Child:
    """Start a function in a child process in a folder, away from what a job or a user sets."""
    reader, writer = os.pipe()
    fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, _ROOM)
    process = os.fork()
    if process:
        os.close(writer)
        return Child(process, reader)
    code = FAILED
    try:
        os.setsid()
        os.chdir(folder)
        for stream in (1, 2):
            os.dup2(writer, stream)
        # what captures output in the parent has nothing to do with this process
        sys.stdout, sys.stderr = (os.fdopen(stream, "w", closefd=False) for stream in (1, 2))
        for name in [name for name in os.environ if name.startswith(("READINESS_", "GITHUB_", "CI", "PYTEST_"))]:
            del os.environ[name]
        os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
        os.environ["GIT_CONFIG_GLOBAL"] = os.devnull
        code = function()
        sys.stdout.flush()
        sys.stderr.flush()
    except BaseException:  # noqa: BLE001 - the parent sees it in the output
        os.write(2, traceback.format_exc().encode())
    finally:
        os._exit(code)


def run(folder: Path, function: Callable[[], int]) -> tuple[int, str]:
    """Run a function in a child, and return its exit code and output."""
    return start(folder, function).wait()


def wait_for(path: Path, seconds: float = 120) -> bool:
    """Wait until a file is there, closely; return whether it came."""
    deadline = time.monotonic() + seconds
    while not path.exists():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.0005)
    return True
