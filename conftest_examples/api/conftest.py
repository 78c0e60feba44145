"""Starts the order service in a process of its own, and keeps a step for each operation of its contract."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--faulty", action="store_true", help="start the service with a fault in it")


@pytest.fixture(scope="session")
def service(request: pytest.FixtureRequest) -> Iterator[str]:
    """The address of the running service."""
    options = ["--faulty"] if request.config.option.faulty else []
    command = [sys.executable, str(Path(__file__).with_name("orders.py")), *options]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    yield f"http://127.0.0.1:{int(process.stdout.readline())}"
    process.kill()
    process.communicate(timeout=10)


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function):
    """A step for each operation: schemathesis calls the test with many cases, and this hook once for all of them."""
    with pyfuncitem.funcargs["record_evidence"].step(pyfuncitem.name.partition("[")[2].rstrip("]")):
        return (yield)
