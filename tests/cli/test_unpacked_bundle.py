"""Bundles that somebody unpacked inside of a project: what is in the store already says nothing new, and the rest may block."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path

import pytest

from tests.cli.decided_in_files import ONLY, gate
from tests.project import CONFIG, Project
from tests.reviewed_project import ANA, DEV, REVIEW, TESTS, commit, record, repository

pytestmark = pytest.mark.slow

EVIDENCE = CONFIG + REVIEW + '[gate]\non = "evidence"\n'


@pytest.fixture
def ready(project: Project) -> Project:
    """A project without git whose gate is open after a blocker was ended, with a bundle of it that is unpacked there."""
    project.configured(EVIDENCE, ONLY).tests(TESTS)
    record(project)
    decided(project, "block", "UC-001", "--reason", "legal")
    decided(project, "unblock", "UC-001", "--reason", "signed")
    assert gate(project)[0] == 0
    unpacked(project)
    return project


def decided(project: Project, *args: str) -> None:
    """Make a decision in the store."""
    done = project.cli(*args, "--by", ANA)
    assert done.exit_code == 0, done.output


def unpacked(project: Project) -> Path:
    """Unpack a bundle of the whole store, inside of the project."""
    assert project.cli("bundle", "-o", "all.zip").exit_code == 0
    with zipfile.ZipFile(project.path / "all.zip") as archive:
        archive.extractall(project.path / "audit" / "all")
    return project.path / "audit" / "all"


@pytest.mark.parametrize("command", [("gate",), ("report",), ("check",), ("verify",), ("sync", "--check"), ("next",)])
def test_a_bundle_of_the_same_store_is_no_damage(ready: Project, command: tuple[str, ...]) -> None:
    """Its decisions are in the store, where they count."""
    done = ready.cli(*command)
    assert "is a decision" not in done.output
    assert done.exit_code != 3


def test_its_blocker_is_missed_once_the_store_is_lost(ready: Project) -> None:
    """What was in the store only, and is not there any more, may block: the folder is named, and what to do."""
    shutil.rmtree(ready.path / ".readiness")
    record(ready)
    code, output = gate(ready)
    assert code == 3, output
    text = " ".join(output.split())
    assert "audit/all/decisions/" in text
    assert "audit/all is an unpacked bundle: import its file (readiness merge), or move the folder away" in text
    assert ready.cli("merge", "all.zip").exit_code == 0
    assert gate(ready)[0] == 0


def test_an_edited_decision_in_it_is_another_one(ready: Project) -> None:
    """Only a decision that is the stored one to the byte is known; one by its name is not."""
    (path,) = (path for path in (ready.path / "audit/all/decisions").iterdir() if '"block' in path.read_text())
    text = path.read_text()
    assert "legal" in text
    path.write_text(text.replace("legal", "lethal"))
    from pytest_readiness.facts.decision import parse_decision

    path.rename(path.with_name(f"{parse_decision(path.read_text().rstrip()).id}.json"))
    assert gate(ready)[0] == 3


def test_one_that_was_committed_and_deleted_names_its_folder(project: Project) -> None:
    """A decision that was committed is missed, and the message says where it was."""
    repository(project.configured(EVIDENCE, ONLY).tests(TESTS), DEV)
    project.write(".gitignore", ".readiness/\n__pycache__/\n")
    commit(project, by=DEV)
    record(project)
    decided(project, "block", "UC-001", "--reason", "legal")
    folder = unpacked(project)
    commit(project, by=DEV)
    shutil.rmtree(folder)
    commit(project, by=DEV)
    code, output = gate(project)
    assert code == 3, output
    assert "only followed by another: restore it in 'audit/all/decisions'" in " ".join(output.split())
