"""Starts a warehouse in a process of its own for each test, whichever worker of pytest-xdist runs it."""

import json
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest


class Warehouse:
    """A running warehouse. What it must remember lies in ``folder``."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.start()

    def start(self) -> None:
        command = [sys.executable, str(Path(__file__).with_name("warehouse.py")), str(self.folder)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self.url = f"http://127.0.0.1:{int(self.process.stdout.readline())}"

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate(timeout=10)

    def stock(self) -> dict:
        return self.ask("/stock")[1]

    def put(self, **things: int) -> int:
        return self.ask("/stock", json.dumps(things).encode())[0]

    def order(self, **things: int) -> int:
        return self.ask("/orders", json.dumps(things).encode())[0]

    def ask(self, path: str, body: bytes | None = None) -> tuple[int, dict]:
        try:
            with urllib.request.urlopen(self.url + path, body, timeout=10) as response:
                return response.status, json.load(response)
        except urllib.error.HTTPError as refused:
            with refused:
                return refused.code, json.load(refused)


@pytest.fixture
def warehouse(tmp_path: Path) -> Iterator[Warehouse]:
    running = Warehouse(tmp_path)
    yield running
    running.kill()
