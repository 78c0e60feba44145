"""``readiness sync``: the tracker says what is derived, and nothing else in it changes."""

from __future__ import annotations

import os
import re
import sqlite3
import stat
import time

import pytest

from pytest_readiness.facts.timestamps import timestamp
from tests.project import CONFIG, TRACKER, Project, turn_clock

pytestmark = pytest.mark.slow

PASSING = "@evidence('UC-001', item=1)\ndef test_a(): pass\n"


@pytest.fixture
def started(project: Project) -> Project:
    """A project whose tracker says that UC-001 was not started, and whose store knows better."""
    project.configured().tests(PASSING)
    project.run()
    return project


def tracker(project: Project) -> bytes:
    """What the tracker holds."""
    return (project.path / "PROD_READINESS_TRACKER.md").read_bytes()


def test_sync_changes_status_and_date_of_the_rows_that_differ(started: Project) -> None:
    """The derived status and today's UTC date are written, and every other byte stays."""
    before, days = TRACKER.encode(), {timestamp()[:10]}
    result = started.cli("sync")
    days.add(timestamp()[:10])
    assert result.exit_code == 0, result.output
    assert result.stdout == "PROD_READINESS_TRACKER.md:5: UC-001 NOT_STARTED -> IN_PROGRESS\n"
    row = b"| UC-001 | `GREEN` | `NOT_STARTED` | ana@example.com | 2026-01-01 | Checkout |"
    written = [row.replace(b"NOT_STARTED", b"IN_PROGRESS").replace(b"2026-01-01", day.encode()) for day in days]
    assert tracker(started) in [before.replace(row, new) for new in written]
    assert not started.report()["use_cases"][0]["drift"]


def test_the_date_is_that_of_the_last_change(project: Project) -> None:
    """The row says since when the status is what it is, not when sync was called."""
    now = time.time()
    project.configured()
    passed = ("record", "UC-001", "--item", "1", "--result", "PASSED", "--environment", "staging")
    for days in (40, 20):  # the second pass does not change the status any more
        with project.monkeypatch.context() as patch:
            turn_clock(patch, lambda days=days: now - days * 86400)
            assert project.cli(*passed).exit_code == 0
    assert project.cli("sync").exit_code == 0
    assert f"| `IN_PROGRESS` | ana@example.com | {timestamp(now - 40 * 86400)[:10]} |".encode() in tracker(project)


def test_sync_twice_changes_nothing_more(started: Project) -> None:
    """A tracker in step is not written again, and sync says so."""
    started.cli("sync")
    path = started.path / "PROD_READINESS_TRACKER.md"
    before = path.stat()
    result = started.cli("sync")
    assert (result.exit_code, result.stdout) == (0, "the tracker is up to date\n")
    assert (path.stat().st_ino, path.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_check_tells_and_writes_nothing(started: Project) -> None:
    """--check names each row that differs and exits 1; in step it exits 0."""
    result = started.cli("sync", "--check")
    assert result.exit_code == 1
    assert result.stdout.splitlines() == [
        "PROD_READINESS_TRACKER.md:5: UC-001 says NOT_STARTED, derived is IN_PROGRESS",
        "`readiness sync` updates the tracker",
    ]
    assert tracker(started) == TRACKER.encode()
    started.cli("sync")
    assert started.cli("sync", "--check").exit_code == 0


def test_a_status_that_somebody_typed_is_taken_back(project: Project) -> None:
    """Nobody types a status: one without evidence becomes NOT_STARTED again, once there is a store."""
    typed = TRACKER.replace("`NOT_STARTED` | tbd", "`BLOCKED` | tbd")
    project.configured(tracker=typed).tests(PASSING)
    project.run()
    assert project.cli("sync").exit_code == 0
    assert re.search(rb"UC-002 \| `GREEN` \| `NOT_STARTED` \| tbd \| \d{4}", tracker(project))


def test_statuses_are_written_in_the_trackers_own_words(project: Project) -> None:
    """[statuses] and [tracker_columns] hold for writing as they hold for reading."""
    text = "| Flow | Go-live |\n|--|--|\n| UC-001 | not yet |\n| UC-002 | not yet |\n"
    words = (
        '[tracker_columns]\nuc = "Flow"\nstatus = "Go-live"\n[statuses]\nNOT_STARTED = "not yet"\nIN_PROGRESS = "wip"\n'
    )
    project.configured(CONFIG + words, text).tests(PASSING)
    project.run()
    assert project.cli("sync").exit_code == 0
    assert tracker(project).decode() == text.replace("not yet", "wip", 1)


def test_a_row_that_cannot_be_changed_with_certainty(started: Project) -> None:
    """One line with file and line, exit code 2, and the tracker as it was."""
    odd = TRACKER.replace("ana@example.com | 2026-01-01", "ana@example.com | 2026-01-01 at noon")
    started.write("PROD_READINESS_TRACKER.md", odd)
    result = started.cli("sync")
    assert result.exit_code == 2, result.output
    assert result.stderr.startswith(
        "readiness: PROD_READINESS_TRACKER.md:5: UC-001 has more than a date in its date cell"
    )
    assert result.stderr.count("\n") == 1
    assert tracker(started) == odd.encode()


def test_without_a_tracker(project: Project) -> None:
    """Where the config names no tracker, sync says so and exits 2."""
    project.configured(CONFIG.replace('tracker = "PROD_READINESS_TRACKER.md"', "[use_cases.UC-001]"), None)
    result = project.cli("sync")
    assert result.exit_code == 2, result.output
    assert "there is no tracker to update" in result.stderr


@pytest.mark.parametrize("how", ["tampered", "unreadable"])
@pytest.mark.parametrize("option", [(), ("--check",)], ids=["sync", "check"])
def test_a_store_that_cannot_be_trusted(started: Project, how: str, option: tuple[str, ...]) -> None:
    """From a tampered or unreadable store nothing is derived: exit code 3, and nothing is written."""
    store = started.path / ".readiness" / "evidence.db"
    if how == "unreadable":
        store.write_bytes(b"not a database at all")
    else:
        with sqlite3.connect(store) as connection:
            for (name,) in connection.execute("select name from sqlite_master where type = 'trigger'").fetchall():
                connection.execute(f'drop trigger "{name}"')
            connection.execute("update line set text = replace(text, 'test_a', 'test_b')")
        connection.close()
    result = started.cli("sync", *option)
    assert result.exit_code == 3, result.output
    assert tracker(started) == TRACKER.encode()


@pytest.mark.skipif(os.name == "nt", reason="modes are POSIX's")
def test_mode_and_link_stay(started: Project) -> None:
    """The tracker keeps its mode, a link to it stays a link, and no temporary file is left."""
    path = started.path / "PROD_READINESS_TRACKER.md"
    real = started.path / "docs" / "real.md"
    real.parent.mkdir()
    path.rename(real)
    path.symlink_to(real)
    real.chmod(0o640)
    result = started.cli("sync")
    assert result.exit_code == 0, result.output
    assert path.is_symlink()
    assert b"IN_PROGRESS" in real.read_bytes()
    assert stat.S_IMODE(real.stat().st_mode) == 0o640
    assert [found.name for found in real.parent.iterdir()] == ["real.md"]


def test_a_tracker_that_cannot_be_written(started: Project) -> None:
    """A full disk is a storage failure in one line; the tracker is as it was, and no temporary file is left."""

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    with started.monkeypatch.context() as patch:
        patch.setattr("pytest_readiness.atomic_write.os.fsync", full)
        result = started.cli("sync")
    assert result.exit_code == 3
    assert result.stderr == (
        "readiness: PROD_READINESS_TRACKER.md: the tracker cannot be written: No space left on device\n"
    )
    assert tracker(started) == TRACKER.encode()
    assert not list(started.path.glob(".PROD*"))
