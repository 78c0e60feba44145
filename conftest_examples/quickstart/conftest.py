"""Starts the ledger in a process of its own, and gives tests a client that talks to it over the network."""

import json
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from secrets import token_hex

import pytest

SERVICE = Path(__file__).with_name("service.py")


class Service:
    """The running ledger. What it must remember lies in ``folder``."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.key = f"lk_{token_hex(12)}"
        self.start()

    def start(self) -> None:
        command = [sys.executable, str(SERVICE), str(self.folder), self.key]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self.url = f"http://127.0.0.1:{int(self.process.stdout.readline())}"

    def stop(self) -> None:
        self.process.kill()  # no goodbye: what was confirmed must be on disk
        self.process.communicate(timeout=10)

    def restart(self) -> None:
        self.stop()
        self.start()


class Client:
    """Talks to the ledger as a customer would, with a key."""

    def __init__(self, service: Service, key: str):
        self.service = service
        self.key = key

    def get(self, path: str) -> tuple[int, dict]:
        return self.ask(path)

    def post(self, path: str, **body: object) -> tuple[int, dict]:
        return self.ask(path, json.dumps(body).encode())

    def ask(self, path: str, body: bytes | None = None) -> tuple[int, dict]:
        headers = {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"}
        request = urllib.request.Request(self.service.url + path, body, headers)
        try:
            with urllib.request.urlopen(request, timeout=10) as response:
                return response.status, json.load(response)
        except urllib.error.HTTPError as refused:
            with refused:
                return refused.code, json.load(refused)


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    running = Service(tmp_path_factory.mktemp("ledger"))
    yield running
    running.stop()


@pytest.fixture
def client(service: Service, record_evidence) -> Client:
    """A client with the customer's key; the key is kept out of everything that is recorded."""
    record_evidence.secret(service.key)
    record_evidence.scope(provider_mode="BYOK")
    return Client(service, service.key)
