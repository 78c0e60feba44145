"""Execution of a command as evidence: without a shell, and with its output passed on while it runs."""

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

from msgspec import Struct

from ..errors import ConfigError, one_line
from ..facts.evidence import Result

BLOCK = 1 << 16
GRACE = 1.0
"""Seconds to wait for output after the command has ended. A process that it left running may keep the output open."""
PATIENCE = 2.0
"""Seconds that an interrupted command has to end by itself, and again after it was terminated."""
_POLL_SECONDS = 0.1


class CommandResult(Struct, frozen=True):
    """Result of one execution."""

    result: Result
    message: str = ""
    duration_ms: int = 0


def check_command(command: Sequence[str]) -> None:
    """Raise an error if the program does not exist. A mistyped name is no failed evidence, so nothing is recorded then.

    Raises:
        ConfigError: the program does not exist, or is not executable.
    """
    if shutil.which(command[0]) is None:
        raise _not_started(command, "no such program, or it is not executable")


def run_command(command: Sequence[str], read_output: Callable[[Iterator[bytes]], None]) -> CommandResult:
    """Run a command to its end, with its standard input closed, and return its result.

    Args:
        command: the program and its arguments.
        read_output: receives the output (standard output and error, in order) while the command runs. It must read to
            the end.

    Returns:
        PASSED for exit code 0; FAILED for any other exit code or a signal.

    Raises:
        ConfigError: the command cannot be started.
    """
    begun = time.perf_counter()
    try:
        process = subprocess.Popen(  # noqa: S603 - the user asked to run it
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, bufsize=0
        )
    except (OSError, ValueError) as error:
        raise _not_started(command, getattr(error, "strerror", None) or str(error)) from None
    try:
        read_output(_output(process))
        code = process.wait()
    except BaseException:
        _stop(process)
        raise
    duration = round((time.perf_counter() - begun) * 1000)
    return CommandResult(Result.FAILED if code else Result.PASSED, _exit_message(code), duration)


def _not_started(command: Sequence[str], why: str) -> ConfigError:
    return ConfigError(f"'{one_line(command[0], 200)}' cannot be started: {why}; nothing was recorded")


def _output(process: subprocess.Popen[bytes]) -> Iterator[bytes]:
    """Yield the output until it ends, or until a command that has ended prints nothing for ``GRACE`` seconds."""
    assert process.stdout is not None  # noqa: S101 - for the type checker
    blocks: Queue[bytes | None] = Queue(maxsize=64)
    Thread(target=_read_blocks, args=(process.stdout, blocks), daemon=True).start()
    quiet_since: float | None = None
    while quiet_since is None or time.monotonic() - quiet_since < GRACE:
        try:
            block = blocks.get(timeout=_POLL_SECONDS)
        except Empty:
            if quiet_since is None and process.poll() is not None:
                quiet_since = time.monotonic()
            continue
        if block is None:
            return
        yield block


def _read_blocks(stream: IO[bytes], blocks: Queue[bytes | None]) -> None:
    with suppress(OSError, ValueError), stream:
        while block := stream.read(BLOCK):  # unbuffered: returns what is available
            blocks.put(block)
    blocks.put(None)


def _stop(process: subprocess.Popen[bytes]) -> None:
    """Stop a command. If the user pressed Ctrl-C in a terminal, the command received it too."""
    for stop in (process.terminate, process.kill):
        with suppress(subprocess.TimeoutExpired, KeyboardInterrupt):
            process.wait(PATIENCE)
            return
        stop()
    process.wait()


def _exit_message(code: int) -> str:
    if code >= 0:
        return f"exit code {code}" if code else ""
    try:
        return f"ended by signal {-code} ({signal.Signals(-code).name})"
    except ValueError:
        return f"ended by signal {-code}"
