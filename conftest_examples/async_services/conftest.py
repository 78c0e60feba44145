"""Starts the broker in a process of its own, for both kinds of tests."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

BROKER = Path(__file__).with_name("broker.py")


class Broker:
    """The running broker. It keeps its port when it is started again."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.port: int | None = None
        self.start()

    def start(self) -> None:
        command = [sys.executable, str(BROKER), str(self.folder), *([str(self.port)] if self.port else [])]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self.port = int(self.process.stdout.readline())

    def kill(self) -> None:
        self.process.kill()  # no goodbye
        self.process.communicate(timeout=10)

    def audit(self) -> str:
        return (self.folder / "audit.log").read_text()


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    running = Broker(tmp_path)
    yield running
    running.kill()
