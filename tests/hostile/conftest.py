"""What holds for every hostile test: nothing that a job or a user sets reaches the command."""

from __future__ import annotations

import os

import pytest


@pytest.fixture(autouse=True)
def away_from_this_job(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take away what a job or a user sets for the command."""
    for name in [name for name in os.environ if name.startswith(("READINESS_", "GITHUB_", "CI"))]:
        monkeypatch.delenv(name)
