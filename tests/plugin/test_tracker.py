"""The tracker is kept with each run as people read it then, and what became of it shows."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from pytest_readiness.recording.provenance import tracker_snapshot as trackers
from tests.project import CONFIG, TRACKER, Project
from tests.store.bundle.bundles import artifact, members

PASSING = "@evidence('UC-001', item=1)\ndef test_a(): pass\n"
NAME = "PROD_READINESS_TRACKER.md"


def told(project: Project) -> list[dict[str, Any]]:
    """What the first line of each kept run says of the tracker, oldest first; nothing where it says nothing."""
    with closing(sqlite3.connect(project.path / ".readiness" / "evidence.db")) as plain:
        rows = plain.execute("SELECT text FROM line WHERE seq = 0 ORDER BY rowid").fetchall()
    return [json.loads(text).get("tracker", {}) for (text,) in rows]


def kept(project: Project, sha256: str) -> Path:
    """Where the tracker with this digest lies."""
    return project.path / ".readiness" / "artifacts" / sha256[:2] / sha256


def test_the_tracker_is_kept_byte_for_byte(project: Project) -> None:
    """Status and notes, which the requirements leave out, are there as they stood; equal trackers are one file."""
    project.configured().tests(PASSING)
    project.run()
    project.run()
    project.write(NAME, TRACKER.replace("NOT_STARTED", "IN_PROGRESS"))
    project.run()
    first, again, other = told(project)
    data = TRACKER.encode()
    assert first == again == {"name": NAME, "sha256": hashlib.sha256(data).hexdigest(), "size": len(data)}
    assert kept(project, first["sha256"]).read_bytes() == data
    assert kept(project, other["sha256"]).read_bytes() == data.replace(b"NOT_STARTED", b"IN_PROGRESS")
    assert project.cli("verify").stdout.endswith(" 2 artifacts\n")


def test_a_bundle_carries_it(project: Project) -> None:
    """Its bytes go with the run that names them."""
    project.configured().tests(PASSING)
    project.run("--readiness-bundle=a.zip")
    (sha256,) = {one["sha256"] for one in told(project)}
    assert artifact(project.path / "a.zip", sha256) == TRACKER.encode()
    assert f"artifacts/{sha256}" in members(project.path / "a.zip")


@pytest.mark.parametrize(("change", "says"), [("write", "was changed"), ("unlink", "is missing")])
def test_verify_looks_at_it(project: Project, change: str, says: str) -> None:
    """A kept tracker that was edited or deleted is named with the run that it belongs to."""
    project.configured().tests(PASSING)
    project.run()
    (one,) = told(project)
    path = kept(project, one["sha256"])
    path.write_text("| UC |") if change == "write" else path.unlink()
    result = project.cli("verify")
    assert (result.exit_code, f"artifact {one['sha256']} of 2" in result.stdout, says in result.stdout) == (
        3,
        True,
        True,
    )


def test_without_a_tracker_there_is_none(project: Project) -> None:
    """Use cases that the config alone names need no file."""
    config = CONFIG.partition("\n")[2] + '\n[use_cases.UC-001]\narchitecture_status = "GREEN"\n'
    project.configured(config, tracker=None).tests(PASSING)
    project.run().assert_outcomes(passed=1)
    assert told(project) == [{}]


def test_a_tracker_with_a_secret_is_not_kept(project: Project) -> None:
    """It would be on the disk for good: its name is told, and why it is not there."""
    project.monkeypatch.setenv("API_TOKEN", "hunter2-hunter2")
    project.configured(tracker=TRACKER.replace("Checkout", "hunter2-hunter2")).tests(PASSING)
    project.run().assert_outcomes(passed=1)
    assert told(project) == [{"name": NAME, "withheld": "it holds what looks like a secret"}]
    assert b"hunter2" not in b"".join(
        one.read_bytes() for one in (project.path / ".readiness").rglob("*") if one.is_file()
    )


def test_a_tracker_that_is_gone_is_no_error(project: Project) -> None:
    """Removed while the tests are collected: the run is recorded, and says that there was nothing to read."""
    project.configured().tests("pathlib.Path('PROD_READINESS_TRACKER.md').unlink()\n" + PASSING)
    project.run().assert_outcomes(passed=1)
    assert told(project) == [{"name": NAME, "withheld": "it could not be read: No such file or directory"}]


def test_a_tracker_that_is_too_large_is_not_kept(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing large is written by the way."""
    monkeypatch.setattr(trackers, "MAX_SIZE", 100)
    project.configured().tests(PASSING)
    project.run().assert_outcomes(passed=1)
    assert told(project) == [{"name": NAME, "withheld": "it is larger than an artifact may be"}]
