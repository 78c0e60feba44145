"""The provider and the store as the product uses them, and a stopwatch for drills."""

import time
from pathlib import Path

import pytest
import screening

pytest_plugins = ["staging.plugin"]  # gives the fixture `staging`; write one that knows your own staging


@pytest.fixture(autouse=True)
def _secrets_are_never_recorded(staging, record_evidence):
    for secret in staging.secrets:
        record_evidence.secret(secret)


@pytest.fixture
def payment() -> dict:
    return {"reference": "order-7", "amount": 1250, "currency": "EUR"}


@pytest.fixture
def mode() -> str:
    """The provider mode of a test that does not choose one."""
    return "BYOK"


@pytest.fixture
def provider(staging, mode, record_evidence) -> screening.Provider:
    """The provider, asked with the key of a mode. Each request carries this run's nonce."""
    return screening.Provider(**staging.provider, key=staging.keys[mode], nonce=record_evidence.nonce)


@pytest.fixture
def store(staging):
    """The store, over a connection of its own."""
    opened = screening.Store(**staging.database)
    yield opened
    opened.close()


class Drill:
    """A stopwatch that starts with the fault, and what the database itself has logged since."""

    def __init__(self, log: Path):
        self._log = log
        self.times: dict[str, float] = {}

    def begin(self) -> None:
        self._written_before = self._log.stat().st_size
        self._start = time.monotonic()

    def detected(self) -> None:
        self.times["detected"] = round(time.monotonic() - self._start, 3)

    def recovered(self) -> None:
        self.times["recovered"] = round(time.monotonic() - self._start, 3)

    def audit(self, *messages: str) -> bytes:
        """Return the log since the fault. Each message must be in it."""
        log = self._log.read_bytes()[self._written_before :]
        for message in messages:
            if message.encode() not in log:
                pytest.fail(f"the log of the database does not mention '{message}': nobody can audit this drill")
        return log


@pytest.fixture
def drill(staging) -> Drill:
    return Drill(staging.database_log)
