"""What every test may use: a project that is a value on disk, run as a user would."""

from __future__ import annotations

import os
from importlib import import_module
from pkgutil import walk_packages

import pytest
import yaml  # noqa: F401 - once for all: its compiled part knows the errors of the copy that it was loaded with
from hypothesis import settings

import pytest_readiness
from tests.project import Project

pytest_plugins = ["pytester"]

# Each of some thousand processes would compile the package again.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
# Most users have no such variable, and with it Python writes each text at once: nothing is left to the end of the process.
os.environ.pop("PYTHONUNBUFFERED", None)

# On a busy machine an example may take any time: how long one takes says nothing of what it shows.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")

# pytester forgets what a run imported, and a package keeps its attributes: a module that is loaded twice has classes of
# which one is no instance of the other. What is loaded before the first run stays.
for module in walk_packages(pytest_readiness.__path__, "pytest_readiness."):
    if not module.name.endswith("__main__"):
        import_module(module.name)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark as slow each case of a test that runs with xdist: it starts processes."""
    for item in items:
        parameters = (
            item.callspec.params.values() if isinstance(item, pytest.Function) and hasattr(item, "callspec") else ()
        )
        if any(isinstance(value, tuple) and "xdist" in value for value in parameters):
            item.add_marker(pytest.mark.slow)


@pytest.fixture
def project(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Project:
    """An empty project, away from this machine's CI variables and git config."""
    return Project.at(pytester, monkeypatch)
