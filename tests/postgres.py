"""A PostgreSQL server of one's own, where the machine has one to start."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

HOSTS = ("127.0.0.1", "127.0.0.2")
_TRIES = 3


@contextmanager
def postgres() -> Iterator[int]:
    """Start a server that trusts everybody at ``HOSTS``, and yield its port; skip where it cannot be started."""
    control, create = shutil.which("pg_ctl"), shutil.which("initdb")
    if control is None or create is None:
        pytest.skip("no PostgreSQL server is installed")
    folder = Path(tempfile.mkdtemp(prefix="readiness-pg-"))
    data = str(folder / "data")
    try:
        try:
            _call([create, "-D", data, "-U", "tests", "-A", "trust", "--no-sync"], folder)
            port = _start(control, data, folder)
        except (OSError, subprocess.CalledProcessError) as error:
            pytest.skip(f"PostgreSQL cannot be started here: {error}")
        try:
            yield port
        finally:
            _call([control, "-D", data, "-m", "immediate", "-w", "stop"], folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _start(control: str, data: str, folder: Path) -> int:
    for last in range(_TRIES):  # another process may take the port that was free
        with socket.create_server((HOSTS[0], 0)) as free:
            port: int = free.getsockname()[1]
        options = f"-c listen_addresses={','.join(HOSTS)} -c port={port} -c unix_socket_directories={folder} -F"
        start = [control, "-D", data, "-w", "-t", "120", "-l", str(folder / "log"), "-o", options, "start"]
        try:
            _call(start, folder)
        except subprocess.CalledProcessError:
            if last == _TRIES - 1:
                raise
        else:
            return port
    raise AssertionError


def _call(command: list[str], folder: Path) -> None:
    if os.geteuid() == 0:  # PostgreSQL refuses to run as root
        command = ["unshare", "--user", "--map-user=1000", "--map-group=1000", *command]
    subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
