"""Stores, journals, bundles, checkpoints and decisions of the first format are read, verified and judged as they were.

``first_format`` was written by the version that introduced it, and is never written again: a pytest session in a real
environment, a rehearsal, an xdist session, a group, imported JUnit XML, a command, a result that was examined, reviews,
a rejection, a blocker, a waiver, a retirement, a kept verdict, a signed run, a signed checkpoint, a bundle, and the journal
of a session that was killed. ``report.json`` is what that version reported at ``AT``, without that journal.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pytest_readiness.store.bundle import verify_bundle
from tests.project import Project
from tests.reviewed_project import commit, repository

FIRST = Path(__file__).parent / "first_format"
AT = "2026-11-30T08:09:36Z"
ELIGIBLE = {"UC-001": 0, "UC-002": 1, "UC-003": 1, "UC-004": 1, "UC-005": 1, "UC-006": 1, "UC-007": 1}
MAY_DIFFER = re.compile(
    r"context\.version"
    r"|verdict\.rules\.\d+\.detail"
    r"|verdict\.weaker\.\d+"
    r"|use_cases\.\d+\.items\.\d+\.requirements\.\d+\.(why|completes_it)"
    r"|use_cases\.\d+\.review\.(why|reviews\.\d+\.why)\.\d+"
    r"|next\.\d+\.text"
    r"|runs\.\d+\.(called|notes)\.\d+"
    r"|warnings\.\d+"
)
"""The paths of sentences in the JSON report: their words may be bettered. Every other value is what it was."""
COUNTED_NOW = {
    **{f"verdict.rules.{rule}.looked_at": (28, 21) for rule in (5, 6, 8, 13)},
    "verdict.rules.11.looked_at": (7, 6),
}
"""Numbers then and now: a rule about evidence counts only what rests on evidence, and not what has none."""
ADDED = {"changes", "context.scope", "context.subjects", "context.subjects_of_release", "verdict.enforced"}
"""Keys that came later."""
ADDED_TO_EVIDENCE = ("counts", "why_not", "state", "proven")
"""Keys of a piece of evidence that came later."""
SUBJECTS = re.compile(r"(runs|use_cases\.\d+\.review\.reviews)\.\d+\.subjects")
"""Keys of a run and of a review that came later, as did ``skipped_since`` of a requirement."""


@pytest.fixture
def first(project: Project) -> Project:
    """A project whose store, journal and files were written in the first format."""
    for name in ("readiness.toml", "PROD_READINESS_TRACKER.md", "ci.pem", "checkpoint.txt", "bundle.zip"):
        shutil.copy(FIRST / name, project.path / name)
    shutil.copytree(FIRST / "state", project.path / ".readiness")
    return project


def leaves(value: Any, path: str = "") -> dict[str, Any]:
    """Return each plain value of a JSON document by its path; an empty list or object is one too."""
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    inner = {
        at: leaf for key, part in parts for at, leaf in leaves(part, f"{path}.{key}" if path else str(key)).items()
    }
    return inner or {path: value}


def test_the_report_is_the_same_value_by_value(first: Project) -> None:
    """The report of that moment differs from the first version's in sentences alone, and in keys that came later."""
    for journal in first.journals:
        journal.unlink()
    result = first.cli("report", "--format", "json", "--at", AT)
    assert result.exit_code == 0, result.output
    now, then = leaves(json.loads(result.stdout)), leaves(json.loads((FIRST / "report.json").read_text()))
    later = {at for at in now if re.search(rf"evidence\.\d+\.({'|'.join(ADDED_TO_EVIDENCE)})$", at)}
    later |= {at for at in now if SUBJECTS.fullmatch(at) or ".skipped_since" in at}
    assert (now.keys() - ADDED - later, bool(later)) == (then.keys(), True)
    differing = {at: (then[at], now[at]) for at in then if then[at] != now[at] and not MAY_DIFFER.fullmatch(at)}
    assert differing == COUNTED_NOW


@pytest.mark.parametrize(("use_case", "code"), ELIGIBLE.items())
def test_the_gate_decides_as_it_did(first: Project, use_case: str, code: int) -> None:
    """What could go live can go live, and nothing else."""
    result = first.cli("gate", use_case)
    assert result.exit_code == code, result.output


def test_the_store_verifies_against_its_checkpoint(first: Project) -> None:
    """Every chain, seal, index, leaf and signature is intact, and the store grew out of the signed checkpoint."""
    assert first.cli("recover").exit_code == 0
    result = first.cli("verify", "--checkpoint", "checkpoint.txt")
    assert result.exit_code == 0, result.output
    assert "9 runs, 51 pieces of evidence, 4 artifacts, 1 signature" in result.stdout


def test_an_approval_is_current(first: Project) -> None:
    """The review of UC-001 still holds: nothing that it pins has another digest."""
    result = first.cli("review", "UC-001")
    assert (result.exit_code, "nothing changed since" in result.stdout) == (0, True), result.output


def test_a_session_goes_on_with_the_store(first: Project) -> None:
    """New runs are appended to the old store, which stays intact, and the killed session's test counts as INTERRUPTED."""
    first.tests('@evidence("UC-007", item=7)\ndef test_new(): pass\n')
    result = first.run("--readiness-report")
    assert result.ret == 0, result.stdout.str()
    assert first.cli("verify").exit_code == 0
    assert "INTERRUPTED" in first.cli("why", "UC-005/2").stdout


def test_the_bundle_is_merged_into_an_empty_store(first: Project) -> None:
    """The bundle brings all that it held, and the gate decides alike where no decision has to be known better."""
    shutil.rmtree(first.path / ".readiness")
    result = first.cli("merge", "bundle.zip")
    assert result.exit_code == 0, result.output
    assert first.cli("verify").exit_code == 0
    codes = {name: first.cli("gate", name).exit_code for name in ELIGIBLE}
    assert codes == ELIGIBLE


def test_the_bundle_verifies_offline() -> None:
    """The stand-alone script finds the first format's bundle intact."""
    script = [sys.executable, "-I", str(verify_bundle.__file__), str(FIRST / "bundle.zip")]
    done = subprocess.run(script, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.endswith("\nfits: everything that was checked fits together\n")
    assert "index.html" not in done.stdout


def test_a_decision_file_counts(first: Project) -> None:
    """A blocker that was committed as a file of the first format closes the gate."""
    config = first.path / "readiness.toml"
    config.write_text(config.read_text().replace("register = ", 'decisions = "decisions"\nregister = '))
    repository(first)
    shutil.copytree(FIRST / "decisions", first.path / "decisions", dirs_exist_ok=True)
    commit(first, by="qa@example.com")
    result = first.cli("gate", "UC-001")
    assert (result.exit_code, "pen test open" in result.stdout) == (1, True), result.output
