"""Installs producers, each in a folder of its own, and runs them there."""

from __future__ import annotations

import os
import shutil
import subprocess
import venv
from collections.abc import Iterator
from pathlib import Path

from .producer import Producer, Registry, Run

SUITES = Path(__file__).parent / "suites"
_SERVER = SUITES.with_name("serve.py")
"""What a suite is tried on that needs a server; runs that do say its name."""
_INSTALLED = "installed.txt"
_INSTALLING_SECONDS, _RUNNING_SECONDS = 900, 180


class Skipped(Exception):  # noqa: N818 - no error
    """Why a producer cannot be tried here."""


def set_up(producer: Producer, folder: Path) -> Path:
    """Install a producer under a folder, if it is not there yet; return the folder of a fresh copy of its suite.

    Raises:
        Skipped: what installs it is not here, or fails.
    """
    home = folder / producer.key
    wanted = "\n".join(producer.packages)
    noted = home / _INSTALLED
    if not noted.is_file() or noted.read_text() != wanted:
        home.mkdir(parents=True, exist_ok=True)
        _INSTALL[producer.registry](producer, home)
        noted.write_text(wanted)
    suite = home / "suite"
    shutil.rmtree(suite, ignore_errors=True)
    shutil.copytree(SUITES / (producer.suite or producer.key), suite)
    if any(_SERVER.name in one.command for one in producer.runs):
        shutil.copy(_SERVER, suite)
    return suite


def run(one: Run, suite: Path) -> tuple[Path | None, str]:
    """Run a producer; return its report, where it wrote one, and what it printed."""
    report = suite / one.report
    if not report.suffix:
        report.mkdir()
    path = os.pathsep.join([*map(str, _places(suite.parent)), os.environ["PATH"]])
    variables = {key: value for key, value in os.environ.items() if not key.startswith(("READINESS_", "PYTEST_"))}
    variables |= {"PATH": path, "TZ": "UTC", "LC_ALL": "C.UTF-8", **one.variables}
    printed = _call(one.command, suite, variables, _RUNNING_SECONDS)
    return (report if report.exists() else None), printed.stdout


def version(producer: Producer) -> str:
    """Return the versions of what was installed, as they are called in tables."""
    if producer.registry is Registry.NODE:
        return _call(("node", "--version"), Path.cwd(), None, 60).stdout.strip().lstrip("v")
    if producer.registry is Registry.DEBIAN:
        asked = ("dpkg-query", "--show", "--showformat", "${Version}", producer.packages[0])
        return _call(asked, Path.cwd(), None, 60).stdout.strip()
    return ", ".join(_last_version(package) for package in producer.packages)


def _last_version(package: str) -> str:
    return package.rpartition("@" if "@" in package[1:] else "==")[2]


def _places(home: Path) -> Iterator[Path]:
    yield home / "venv" / "bin"
    yield home / "node_modules" / ".bin"


def _from_pypi(producer: Producer, home: Path) -> None:
    venv.create(home / "venv", symlinks=True, with_pip=True, clear=True)
    python = str(home / "venv" / "bin" / "python")
    _must(python, "-m", "pip", "install", "-q", "--disable-pip-version-check", *producer.packages, home=home)


def _from_npm(producer: Producer, home: Path) -> None:
    _need("npm")
    (home / "package.json").write_text('{"private": true}')
    quiet = ("--no-save", "--no-package-lock", "--no-audit", "--no-fund", "--loglevel=error")
    _must("npm", "install", *quiet, *producer.packages, home=home)


def _from_debian(producer: Producer, home: Path) -> None:
    _need("apt-get")
    asked = _call(("dpkg-query", "--show", "--showformat", "${db:Status-Status}\n", *producer.packages), home, None, 60)
    if asked.returncode == 0 and set(asked.stdout.split()) == {"installed"}:
        return
    if os.geteuid() != 0:
        raise Skipped(f"only root can install {' '.join(producer.packages)}")
    variables = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    options = ("-y", "-qq", "--no-install-recommends")
    _must("apt-get", "install", *options, *producer.packages, home=home, variables=variables)


def _from_node(_producer: Producer, _home: Path) -> None:
    _need("node")


_INSTALL = {
    Registry.PYPI: _from_pypi,
    Registry.NPM: _from_npm,
    Registry.DEBIAN: _from_debian,
    Registry.NODE: _from_node,
}


def _need(program: str) -> None:
    if shutil.which(program) is None:
        raise Skipped(f"there is no {program} here")


def _must(*command: str, home: Path, variables: dict[str, str] | None = None) -> None:
    done = _call(command, home, variables, _INSTALLING_SECONDS)
    if done.returncode != 0:
        said = done.stdout.strip().splitlines() or ["it said nothing"]
        raise Skipped(f"{command[0]} could not install it: {said[-1]}")


def _call(
    command: tuple[str, ...], home: Path, variables: dict[str, str] | None, seconds: int
) -> subprocess.CompletedProcess[str]:
    """Call a program; one that takes too long, or is not there, ends with a code that is not 0."""
    try:
        return subprocess.run(
            command,
            cwd=home,
            env=variables,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            timeout=seconds,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return subprocess.CompletedProcess(command, 127, f"{error}\n")
