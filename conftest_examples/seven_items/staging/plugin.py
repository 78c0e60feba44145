"""The fixture ``staging``, and the switches that break it."""

import pytest
import screening

from . import servers, switches
from .database import obstacle
from .stub import StubConnection


def pytest_configure() -> None:
    try:
        switches.chosen()
    except LookupError as error:
        raise pytest.UsageError(error.args[0]) from None


def pytest_report_header() -> str:
    return f"staging: {switches.chosen().about}"


@pytest.fixture(scope="session")
def staging():
    if (reason := obstacle()) is not None:
        pytest.skip(reason)
    with servers.start(switches.chosen()) as started:
        yield started


@pytest.fixture(autouse=True)
def _a_stub_answers_for_the_provider(request, monkeypatch):
    """Only where ``BREAK=stub`` says so, and for the tests that use the provider."""
    if switches.chosen().stub and "provider" in request.fixturenames:
        accounts = {key: mode for mode, key in request.getfixturevalue("staging").keys.items()}
        monkeypatch.setattr(StubConnection, "accounts", accounts, raising=False)
        monkeypatch.setattr(screening, "HTTPSConnection", StubConnection)
