"""A command that is run for evidence: without a shell, its output handed on while it runs."""

from __future__ import annotations

import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from queue import Empty, Queue
from threading import Thread
from typing import IO

from ..errors import ConfigError, one_line
from ..facts.evidence import Result
from ..fast_values import dataclass

BLOCK = 1 << 16
GRACE = 1.0
"""Seconds to wait for output after the command has ended: what it left running may hold its output open for ever."""
PATIENCE = 2.0
"""Seconds that an interrupted command has to end by itself, and again once it is asked to."""
_TICK = 0.1


@dataclass(frozen=True, slots=True)
class CommandResult:
    """How an execution ended."""

    result: Result
    message: str = ""
    duration_ms: int = 0


def check_command(command: Sequence[str]) -> None:
    """Look for the program before anything is recorded: a mistyped one is no failure of what was to be shown.

    Raises:
        ConfigError: there is no such program, or it is not executable.
    """
    if shutil.which(command[0]) is None:
        raise _not_started(command, "no such program, or it is not executable")


def run_command(command: Sequence[str], take: Callable[[Iterator[bytes]], None]) -> CommandResult:
    """Run a command to its end, with its standard input closed, and return how it ended.

    Args:
        command: The program and its arguments.
        take: Is given the output (standard output and error, as they come) while the command runs; must read to the
            end of it.

    Returns:
        PASSED for exit code 0, FAILED for another or a signal.

    Raises:
        ConfigError: it cannot be started.
    """
    begun = time.perf_counter()
    try:
        process = subprocess.Popen(  # noqa: S603 - running it is what we were asked for
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, bufsize=0
        )
    except (OSError, ValueError) as error:
        raise _not_started(command, getattr(error, "strerror", None) or str(error)) from None
    try:
        take(_output(process))
        code = process.wait()
    except BaseException:
        _stop(process)
        raise
    duration = round((time.perf_counter() - begun) * 1000)
    return CommandResult(Result.FAILED if code else Result.PASSED, _told(code), duration)


def _not_started(command: Sequence[str], why: str) -> ConfigError:
    return ConfigError(f"'{one_line(command[0], 200)}' cannot be started: {why}; nothing was recorded")


def _output(process: subprocess.Popen[bytes]) -> Iterator[bytes]:
    """Yield the output until it ends, or until nothing comes any more of a command that has ended."""
    assert process.stdout is not None  # noqa: S101 - for the type checker
    blocks: Queue[bytes | None] = Queue(maxsize=64)
    Thread(target=_read, args=(process.stdout, blocks), daemon=True).start()
    quiet_since: float | None = None
    while quiet_since is None or time.monotonic() - quiet_since < GRACE:
        try:
            block = blocks.get(timeout=_TICK)
        except Empty:
            if quiet_since is None and process.poll() is not None:
                quiet_since = time.monotonic()
            continue
        if block is None:
            return
        yield block


def _read(stream: IO[bytes], blocks: Queue[bytes | None]) -> None:
    with suppress(OSError, ValueError), stream:
        while block := stream.read(BLOCK):  # unbuffered: what is there, at once
            blocks.put(block)
    blocks.put(None)


def _stop(process: subprocess.Popen[bytes]) -> None:
    """See to it that a command ends; from a terminal it got the same Ctrl-C."""
    for ask in (process.terminate, process.kill):
        with suppress(subprocess.TimeoutExpired, KeyboardInterrupt):
            process.wait(PATIENCE)
            return
        ask()
    process.wait()


def _told(code: int) -> str:
    if code >= 0:
        return f"exit code {code}" if code else ""
    try:
        return f"ended by signal {-code} ({signal.Signals(-code).name})"
    except ValueError:
        return f"ended by signal {-code}"
