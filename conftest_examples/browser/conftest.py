"""Starts the shop and the machine's own Chromium, and keeps what the browser leaves as artifacts of the evidence."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


class Shop:
    """The running shop."""

    def __init__(self) -> None:
        command = [sys.executable, str(Path(__file__).with_name("shop.py"))]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self.url = f"http://127.0.0.1:{int(self.process.stdout.readline())}/"

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate(timeout=10)


@pytest.fixture
def shop() -> Iterator[Shop]:
    running = Shop()
    yield running
    running.kill()


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict) -> dict:
    """Use Chromium of this machine, where there is one, and else the one that Playwright has installed."""
    return {**browser_type_launch_args, "executable_path": CHROMIUM, "args": ["--no-sandbox", "--disable-gpu"]}


@pytest.fixture(autouse=True)
def keep_what_the_browser_leaves(record_evidence, output_path: str) -> None:
    """Screenshot, trace and video are written after all fixtures are gone, so they are kept when the test has ended."""
    record_evidence.attach_later(Path(output_path))
