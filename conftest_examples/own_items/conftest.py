"""Starts registries, each in a process of its own with a folder of its own."""

import json
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest


class Registry:
    """A running registry."""

    def __init__(self, folder: Path):
        command = [sys.executable, str(Path(__file__).with_name("registry.py")), str(folder)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self.url = f"http://127.0.0.1:{int(self.process.stdout.readline())}"

    def ask(self, method: str, path: str, body: bytes | None = None) -> bytes:
        request = urllib.request.Request(self.url + path, body, method=method)
        with urllib.request.urlopen(request, timeout=10) as response:
            return response.read()

    def add(self, number: str, name: str) -> None:
        self.ask("POST", "/patients", json.dumps({"number": number, "name": name}).encode())

    def patients(self) -> list[list[str]]:
        return json.loads(self.ask("GET", "/patients"))

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate(timeout=10)


@pytest.fixture
def new_registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[], Registry]]:
    running: list[Registry] = []

    def start() -> Registry:
        running.append(Registry(tmp_path_factory.mktemp("registry")))
        return running[-1]

    yield start
    for registry in running:
        registry.kill()
