"""What every test may use: a project that is a value on disk, run as a user would."""

from __future__ import annotations

import pytest

from tests.project import Project

pytest_plugins = ["pytester"]


@pytest.fixture
def project(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Project:
    """An empty project, away from this machine's CI variables and git config."""
    return Project.at(pytester, monkeypatch)
