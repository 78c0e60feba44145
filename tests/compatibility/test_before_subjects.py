"""What commit 5e815c5d left behind, before evidence could name its subject, is read, verified and judged as it was.

``before_subjects`` was written by ``write_fixture.py`` with that commit's code, and is never written again: rehearsals, a
failing session and a signed one, imported JUnit XML, a command, an approval, a rejection, a waiver, a blocker, a kept
verdict, a bundle with pages, a signed checkpoint, a decision as a file, and the journal of a session that was killed.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from pytest_readiness.store.bundle import verify_bundle
from tests.compatibility.test_first_format import MAY_DIFFER, leaves
from tests.project import Project
from tests.reviewed_project import commit, repository

FIXTURE = Path(__file__).parent / "before_subjects"
MADE: dict[str, Any] = json.loads((FIXTURE / "made.json").read_text(encoding="utf-8"))
LATER = re.compile(r"(.*\.)?subjects?(_of_release)?(\..*)?|verdict\.enforced|context\.scope|.*\.skipped_since(\..*)?")
"""Keys that came later."""


@pytest.fixture
def old(project: Project) -> Project:
    """A project whose store, journal and files that commit wrote."""
    for name in ("readiness.toml", "PROD_READINESS_TRACKER.md", "ci.pem", "checkpoint.txt", "bundle.zip"):
        shutil.copy(FIXTURE / name, project.path / name)
    shutil.copytree(FIXTURE / "state", project.path / ".readiness")
    return project


def test_the_report_is_the_same_value_by_value(old: Project) -> None:
    """The report of that moment differs in sentences alone, and in keys that came later."""
    for journal in old.journals:
        journal.unlink()
    result = old.cli("report", "--format", "json", "--at", MADE["at"])
    assert result.exit_code == 0, result.output
    now = leaves(json.loads(result.stdout))
    then = leaves(json.loads((FIXTURE / "report.json").read_text(encoding="utf-8")))
    assert {at for at in now.keys() - then.keys() if not LATER.fullmatch(at)} == set()
    assert {
        at: (then[at], now.get(at)) for at in then if then[at] != now.get(at) and not MAY_DIFFER.fullmatch(at)
    } == {}


@pytest.mark.parametrize("where", ["the store", "the bundle"])
def test_the_gate_decides_as_it_did(old: Project, where: str) -> None:
    """What could go live can go live, and nothing else, also in a store that only has the bundle."""
    for journal in old.journals:  # of a use case that the gate names
        journal.unlink()
    if where == "the bundle":
        if version("pytest-readiness") == "0.2.0":
            pytest.skip("pip installed this before its version changed: run pip install -e again")
        shutil.rmtree(old.path / ".readiness")
        assert old.cli("merge", "bundle.zip").exit_code == 0
    assert {name: old.cli("gate", name).exit_code for name in MADE["gates"]} == MADE["gates"]
    assert old.cli("verify").exit_code == 0


def test_the_store_verifies_against_its_checkpoint_with_what_a_kill_left(old: Project) -> None:
    """The killed session is recovered, its finished tests are kept, and the store grew out of the signed checkpoint."""
    assert old.cli("recover").exit_code == 0
    assert old.journals == []
    result = old.cli("verify", "--checkpoint", "checkpoint.txt")
    assert (result.exit_code, "6 runs, 27 pieces of evidence" in result.stdout) == (0, True), result.output
    assert "INTERRUPTED" in old.cli("why", "UC-002/1").stdout


def test_an_approval_is_current(old: Project) -> None:
    """The review of UC-001 still holds: nothing that it pins has another digest."""
    for journal in old.journals:
        journal.unlink()
    result = old.cli("review", "UC-001")
    assert (result.exit_code, "nothing changed since" in result.stdout) == (0, True), result.output


def test_the_bundle_verifies_offline() -> None:
    """The stand-alone script finds the bundle and its pages intact."""
    script = [sys.executable, "-I", str(verify_bundle.__file__), str(FIXTURE / "bundle.zip")]
    done = subprocess.run(script, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert done.stdout.endswith("\nfits: everything that was checked fits together\n")


def test_a_decision_file_counts(old: Project) -> None:
    """A blocker that was committed as a file of that commit closes the gate."""
    config = old.path / "readiness.toml"
    config.write_text(config.read_text().replace("register = ", 'decisions = "decisions"\nregister = '))
    repository(old)
    shutil.copytree(FIXTURE / "decisions", old.path / "decisions", dirs_exist_ok=True)
    commit(old, by="qa@example.com")
    result = old.cli("gate", "UC-001")
    assert (result.exit_code, "pen test open" in result.stdout) == (1, True), result.output
