"""What earlier versions left behind is read, verified and judged as it was: stores, journals, bundles, decisions.

Each folder beside this module was written by a version of long ago, and is never written again. ``first_format`` has a
pytest session in a real environment, a rehearsal, an xdist session, a group, imported JUnit XML, a command, a result that
was examined, reviews, a rejection, a blocker, a waiver, a retirement, a kept verdict, a signed run, a signed checkpoint, a
bundle, and the journal of a session that was killed. ``before_subjects``, from before evidence could name its subject
(commit 5e815c5d, by ``write_fixture.py``), has in addition a failing session and a bundle with pages. ``report.json`` is what
the version itself reported, without that journal.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import pytest

from pytest_readiness.store.bundle import verify_bundle
from tests.project import Project
from tests.reviewed_project import commit, repository

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
LATER = r"(.*\.)?subjects?(_of_release)?(\..*)?|verdict\.enforced|context\.scope|.*\.skipped_since(\..*)?"
"""Keys that came later than both."""


@dataclass(frozen=True)
class Left:
    """What a version left behind, and what it said of it."""

    folder: str
    at: str
    """When ``report.json`` was made."""
    gates: Mapping[str, int]
    """The exit code of the gate by use case, without the journal of the session that was killed."""
    counts: str
    """What ``verify`` counts after recovery."""
    interrupted: str
    """A requirement of the test that was killed."""
    gates_with_journal: Mapping[str, int]
    """The same with it: while a run is open, what it may change is not ready."""
    later: str = LATER
    """Keys of the report that came later."""
    differing: Mapping[str, tuple[Any, Any]] = field(default_factory=dict)
    """Numbers then and now: a rule about evidence counts only what rests on evidence, and not what has none."""

    @property
    def path(self) -> Path:
        """The folder."""
        return Path(__file__).parent / self.folder


_FIRST = {"UC-001": 0, "UC-002": 1, "UC-003": 1, "UC-004": 1, "UC-005": 1, "UC-006": 1, "UC-007": 1}
_MADE: dict[str, Any] = json.loads(Path(__file__).with_name("before_subjects").joinpath("made.json").read_text())
ALL = [
    Left(
        "first_format",
        at="2026-11-30T08:09:36Z",
        gates=_FIRST,
        gates_with_journal=_FIRST,  # it is of a use case that is not ready anyway
        counts="9 runs, 51 pieces of evidence, 4 artifacts, 1 signature",
        interrupted="UC-005/2",
        later=rf"{LATER}|changes|.*evidence\.\d+\.(counts|why_not|state|proven)",
        differing={
            **{f"verdict.rules.{rule}.looked_at": (28, 21) for rule in (5, 6, 8, 13)},
            "verdict.rules.11.looked_at": (7, 6),
        },
    ),
    Left(
        "before_subjects",
        at=_MADE["at"],
        gates=_MADE["gates"],
        gates_with_journal=dict.fromkeys(_MADE["gates"], 1),
        counts="6 runs, 27 pieces of evidence",
        interrupted="UC-002/1",
    ),
]


@pytest.fixture(params=ALL, ids=lambda left: left.folder)
def left(request: pytest.FixtureRequest) -> Left:
    """One of them."""
    return cast("Left", request.param)


@pytest.fixture
def old(project: Project, left: Left) -> Project:
    """A project whose store, journal and files that version wrote."""
    for name in ("readiness.toml", "PROD_READINESS_TRACKER.md", "ci.pem", "checkpoint.txt", "bundle.zip"):
        shutil.copy(left.path / name, project.path / name)
    shutil.copytree(left.path / "state", project.path / ".readiness")
    assert len(project.journals) == 1
    return project


@pytest.fixture
def whole(old: Project) -> Project:
    """The same without the journal of the session that was killed."""
    for journal in old.journals:
        journal.unlink()
    return old


def leaves(value: Any, path: str = "") -> dict[str, Any]:
    """Return each plain value of a JSON document by its path; an empty list or object is one too."""
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    inner = {
        at: leaf for key, part in parts for at, leaf in leaves(part, f"{path}.{key}" if path else str(key)).items()
    }
    return inner or {path: value}


def gates(project: Project, left: Left) -> dict[str, int]:
    """The exit code of the gate by use case."""
    return {name: project.cli("gate", name).exit_code for name in left.gates}


def test_the_report_is_the_same_value_by_value(whole: Project, left: Left) -> None:
    """The report of that moment differs in sentences alone, and in keys that came later."""
    result = whole.cli("report", "--format", "json", "--at", left.at)
    assert result.exit_code == 0, result.output
    now = leaves(json.loads(result.stdout))
    then = leaves(json.loads((left.path / "report.json").read_text(encoding="utf-8")))
    added = {at for at in now.keys() - then.keys() if not MAY_DIFFER.fullmatch(at)}
    assert {at for at in added if not re.fullmatch(left.later, at)} == set()
    assert added
    differing = {at: (then[at], now.get(at)) for at in then if then[at] != now.get(at) and not MAY_DIFFER.fullmatch(at)}
    assert differing == left.differing


def test_the_gate_decides_as_it_did(whole: Project, left: Left) -> None:
    """What could go live can go live, and nothing else; the store is intact."""
    assert gates(whole, left) == left.gates
    assert whole.cli("verify").exit_code == 0


def test_the_gate_knows_of_the_session_that_was_killed(old: Project, left: Left) -> None:
    """While its journal is there, what it may change is not ready."""
    assert gates(old, left) == left.gates_with_journal


def test_the_bundle_is_merged_into_an_empty_store(whole: Project, left: Left) -> None:
    """The bundle brings all that it held, and the gate decides alike."""
    shutil.rmtree(whole.path / ".readiness")
    result = whole.cli("merge", "bundle.zip")
    assert result.exit_code == 0, result.output
    assert whole.cli("verify").exit_code == 0
    assert gates(whole, left) == left.gates


def test_the_store_verifies_against_its_checkpoint(old: Project, left: Left) -> None:
    """Every chain, seal, index, leaf and signature is intact, and the store grew out of the signed checkpoint."""
    assert old.cli("recover").exit_code == 0
    assert old.journals == []
    result = old.cli("verify", "--checkpoint", "checkpoint.txt")
    assert (result.exit_code, left.counts in result.stdout) == (0, True), result.output
    assert "INTERRUPTED" in old.cli("why", left.interrupted).stdout


def test_an_approval_is_current(whole: Project) -> None:
    """The review of UC-001 still holds: nothing that it pins has another digest."""
    result = whole.cli("review", "UC-001")
    assert (result.exit_code, "nothing changed since" in result.stdout) == (0, True), result.output


def test_a_session_goes_on_with_the_store(old: Project, left: Left) -> None:
    """New runs are appended to the old store, which stays intact, and the killed session's test counts as INTERRUPTED."""
    old.tests('@evidence("UC-002", item=1)\ndef test_new(): pass\n')
    result = old.run("--readiness-report")
    assert result.ret == 0, result.stdout.str()
    assert old.journals == []
    assert old.cli("verify").exit_code == 0
    assert ("test_it.py::test_new", "PASSED") in {(piece["test_id"], piece["result"]) for piece in old.evidence()}
    assert "INTERRUPTED" in old.cli("why", left.interrupted).stdout


def test_the_bundle_verifies_offline(left: Left) -> None:
    """The stand-alone script finds the bundle, and its pages where it has some, intact."""
    script = [sys.executable, "-I", str(verify_bundle.__file__), str(left.path / "bundle.zip")]
    done = subprocess.run(script, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert done.stdout.endswith("\nfits: everything that was checked fits together\n")
    assert ("index.html" in done.stdout) == (left.folder == "before_subjects")


def test_a_decision_file_counts(whole: Project, left: Left) -> None:
    """A blocker that was committed as a file of that version closes the gate."""
    config = whole.path / "readiness.toml"
    config.write_text(config.read_text().replace("register = ", 'decisions = "decisions"\nregister = '))
    repository(whole)
    shutil.copytree(left.path / "decisions", whole.path / "decisions", dirs_exist_ok=True)
    commit(whole, by="qa@example.com")
    result = whole.cli("gate", "UC-001")
    assert (result.exit_code, "pen test open" in result.stdout) == (1, True), result.output
