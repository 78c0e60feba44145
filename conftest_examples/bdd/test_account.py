"""The steps of the scenarios. What a scenario is evidence for stands in its tags, and in ``readiness.toml``."""

import json
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_bdd import given, parsers, scenarios, then, when

scenarios("features")


class Bank:
    """A bank with one account, in a process of its own."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.start()

    def start(self) -> None:
        command = [sys.executable, str(Path(__file__).with_name("account.py")), str(self.folder)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self.url = f"http://127.0.0.1:{int(self.process.stdout.readline())}/"

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate(timeout=10)

    def ask(self, body: bytes | None = None) -> tuple[int, int]:
        try:
            with urllib.request.urlopen(self.url, body, timeout=10) as response:
                return response.status, json.load(response)["cents"]
        except urllib.error.HTTPError as refused:
            with refused:
                return refused.code, json.load(refused)["cents"]

    def book(self, cents: int) -> int:
        return self.ask(json.dumps({"cents": cents}).encode())[0]


@pytest.fixture
def bank(tmp_path: Path) -> Iterator[Bank]:
    running = Bank(tmp_path)
    yield running
    running.kill()


@given(parsers.parse("an account with {cents:d} cents"))
def _(bank: Bank, cents: int):
    assert bank.book(cents) == 201


@when(parsers.parse("the customer pays in {cents:d} cents"), target_fixture="status")
def _(bank: Bank, cents: int) -> int:
    return bank.book(cents)


@when(parsers.parse("the customer takes out {cents:d} cents"), target_fixture="status")
def _(bank: Bank, cents: int) -> int:
    return bank.book(-cents)


@when("the bank crashes and is started again")
def _(bank: Bank):
    bank.kill()
    bank.start()


@then(parsers.parse("the balance is {cents:d} cents"))
def _(bank: Bank, cents: int):
    assert bank.ask() == (200, cents)


@then("the bank refuses")
def _(status: int):
    assert status == 409
