"""The machine that histories happen on: a clock that we set, a git that is there or not, and folders in memory.

Imported before the product, which may take what it needs from the standard library when it is loaded.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

EPOCH = 1_767_225_600
"""2026-01-01T00:00:00Z, where each history begins."""


class Machine:
    """What time it is, and whether there is a git."""

    def __init__(self) -> None:
        self.now = float(EPOCH)
        self.git = False

    def set(self, second: float) -> None:
        """Set the clock to a second of the history."""
        self.now = EPOCH + second


MACHINE = Machine()
_time, _gmtime, _utime, _run = time.time, time.gmtime, os.utime, subprocess.run


def _now() -> float:
    return MACHINE.now


def _gmtime_now(seconds: float | None = None) -> time.struct_time:
    return _gmtime(MACHINE.now if seconds is None else seconds)


def _touch(path: Any, times: Any = None, **named: Any) -> None:
    """A file that is touched has the time of our clock: else every run's clocks would disagree."""
    _utime(path, (MACHINE.now, MACHINE.now) if times is None and not named else times, **named)


def _program(command: Any, *given: Any, **named: Any) -> Any:
    """Most histories have no git: starting it would take most of their time."""
    if not MACHINE.git and isinstance(command, list) and command[0] == "git":
        raise FileNotFoundError(2, "there is no git in this history", "git")
    return _run(command, *given, **named)


def install() -> None:
    """Put the clock and the git in place, and forget what the environment says of a CI or of the product."""
    time.time, time.gmtime, os.utime, subprocess.run = _now, _gmtime_now, _touch, _program  # type: ignore[assignment]
    metadata.entry_points = cache(metadata.entry_points)  # type: ignore[assignment]  # nothing is installed meanwhile
    metadata.version = cache(metadata.version)
    for ours, real in ((_now, _time), (_gmtime_now, _gmtime)):
        ours.__wrapped__ = real  # type: ignore[attr-defined]  # as functools.wraps says it: no clock was replaced
    for name in list(os.environ):
        if name.startswith(("READINESS_", "GITHUB_", "CI_", "GITLAB_", "PYTEST_")) or name in _CI:
            del os.environ[name]
    os.environ |= {
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1",
    }  # fmt: skip


_CI = ("CI", "TF_BUILD", "JENKINS_URL", "BUILDKITE", "CIRCLECI", "TRAVIS", "TEAMCITY_VERSION")


def new_folder() -> Path:
    """Return a new folder, in memory where there is such a place."""
    memory = Path("/dev/shm")
    return Path(tempfile.mkdtemp(prefix="gatefuzz-", dir=memory if os.access(memory, os.W_OK) else None))
