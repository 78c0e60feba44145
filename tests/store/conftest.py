"""Fixtures with repositories for the tests of decision files."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.store.decision_files.repositories import ANA, Repository

from .runs import blocker


@pytest.fixture(params=["decisions", "sub/of it/[decisions]"])
def any_repository(tmp_path: Path, request: pytest.FixtureRequest) -> Repository:
    """A repository whose folder of decisions is at its top, or deep in it under a name that git could expand."""
    repository = Repository(tmp_path, request.param)
    repository.git("init", "--quiet")
    return repository


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """A repository without a commit."""
    repository = Repository(tmp_path)
    repository.git("init", "--quiet")
    return repository


@pytest.fixture
def decided(repository: Repository) -> Repository:
    """A repository in which Ana committed a blocker."""
    repository.folder.decide([blocker()])
    repository.commit(by=ANA)
    return repository
