"""The fixtures of the suite, as they were before: a shop in a process of its own, and a client."""

import json
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

SHOP = Path(__file__).parents[1] / "shop.py"


class Shop:
    """A running shop."""

    def __init__(self, folder: Path, *options: str):
        self.folder, self.options = folder, options
        self.start()

    def start(self) -> None:
        command = [sys.executable, str(SHOP), str(self.folder), *self.options]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self.url = f"http://127.0.0.1:{int(self.process.stdout.readline())}"

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate(timeout=10)

    def orders(self) -> list[dict]:
        return self.ask("/orders")[1]["orders"]

    def order(self, **order: object) -> tuple[int, dict]:
        return self.ask("/orders", json.dumps(order).encode())

    def ask(self, path: str, body: bytes | None = None) -> tuple[int, dict]:
        try:
            with urllib.request.urlopen(self.url + path, body, timeout=10) as response:
                return response.status, json.load(response)
        except urllib.error.HTTPError as refused:
            with refused:
                return refused.code, json.load(refused)


@pytest.fixture
def open_shop(tmp_path: Path) -> Iterator[Callable[..., Shop]]:
    shops: list[Shop] = []

    def start(*options: str) -> Shop:
        shops.append(Shop(tmp_path, *options))
        return shops[-1]

    yield start
    for shop in shops:
        shop.kill()


@pytest.fixture
def shop(open_shop: Callable[..., Shop]) -> Shop:
    return open_shop()
