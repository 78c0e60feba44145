"""Tests for journals that a crash left behind: they are read without changes, and sealed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from pytest_readiness.errors import IntegrityError, StorageError
from pytest_readiness.facts.requirements_snapshot import Snapshot, snapshot_digest
from pytest_readiness.facts.run import Run, RunState
from pytest_readiness.journal.folder import find_leftovers, requirements_path
from pytest_readiness.journal.open_runs import open_evidence
from pytest_readiness.journal.recovery import recover_run, requirements_of
from pytest_readiness.journal.writer import new_journal
from pytest_readiness.store.integrity.chain import check_run

NOW = "2026-02-12T18:00:00.000Z"


def claims(use_case: str = "UC-001") -> list[dict[str, Any]]:
    """Return the claims of a test."""
    return [{"use_case": use_case, "item": "1", "environment": "staging"}]


def finished(test: str, result: str = "PASSED") -> dict[str, Any]:
    """Return the body of a line about a finished test."""
    return {"test": test, "claims": claims(), "result": result, "started_at": NOW, "finished_at": NOW, "attempts": []}


def left_behind(folder: Path, run_id: str = "20260212T180000Z-00000001") -> Path:
    """Write a run in which a ended, b was retried and interrupted, c never started, and d was deselected."""
    writer = new_journal(folder, run_id)
    writer.append("run", {"register": "payments", "started_at": NOW, "requirements": "sha256:x"})
    tests = [{"test": name, "claims": claims()} for name in "abc"]
    tests[1]["records"] = True
    writer.append("planned", {"tests": [*tests, {"test": "d", "claims": claims(), "deselected": True}]})
    writer.append("started", {"test": "a", "at": NOW})
    writer.append("finished", finished("a"))
    writer.append("started", {"test": "b", "at": NOW})
    writer.append("attempt", {"test": "b", "result": "FAILED", "started_at": NOW, "duration_ms": 5, "message": "no"})
    writer.close()
    return writer.path


def results(run: Run) -> dict[str, str]:
    """Return the result of each test."""
    return {piece.test_id: piece.result.value for piece in run.evidence()}


def test_looking_changes_nothing(tmp_path: Path) -> None:
    """A leftover is read without changes: it is open and inactive, and an unfinished test is INTERRUPTED."""
    path = left_behind(tmp_path)
    before = path.read_bytes()
    [leftover] = find_leftovers(tmp_path)
    assert (leftover.is_active, leftover.problem, leftover.torn_bytes) == (False, None, 0)
    assert leftover.run is not None
    assert leftover.run.state is RunState.OPEN
    pieces = {piece.test_id: piece for piece in open_evidence(leftover.run)}
    assert {name: piece.result.value for name, piece in pieces.items()} == {"a": "PASSED", "b": "INTERRUPTED"}
    assert [attempt.result.value for attempt in pieces["b"].attempts] == ["FAILED", "INTERRUPTED"]
    assert pieces["b"].open_scope
    assert path.read_bytes() == before


def test_recovery_seals_it(tmp_path: Path) -> None:
    """A finished test stays, an unfinished one is INTERRUPTED, an unstarted one NOT_RUN, a deselected one left out."""
    left_behind(tmp_path)
    [leftover] = find_leftovers(tmp_path)
    recovered = recover_run(leftover)
    assert recovered is not None
    run, writer = recovered
    assert run.state is RunState.INTERRUPTED
    assert results(run) == {"a": "PASSED", "b": "INTERRUPTED", "c": "NOT_RUN"}
    assert list(check_run(run)) == []
    assert run.seal is not None
    assert (run.seal.body["recovered"], run.seal.body["exit_status"]) == (True, None)
    writer.close()


def test_a_crash_while_recovering_is_recovered(tmp_path: Path) -> None:
    """A recovery that was interrupted continues, and writes no test twice."""
    path = left_behind(tmp_path)
    [leftover] = find_leftovers(tmp_path)
    recovered = recover_run(leftover)
    assert recovered is not None
    recovered[1].close()
    whole = path.read_bytes()
    lines = whole.splitlines(keepends=True)
    for count in range(6, len(lines)):
        path.write_bytes(b"".join(lines[:count]) + lines[count][:20])
        again = recover_run(find_leftovers(tmp_path)[0])
        assert again is not None
        again[1].close()
        assert [piece.test_id for piece in again[0].evidence()] == ["a", "b", "c"]
        assert list(check_run(again[0])) == []


@given(cut=st.integers(0, 2000))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
def test_wherever_it_is_cut_off_what_was_whole_is_kept(tmp_path: Path, cut: int) -> None:
    """A journal that ends anywhere is recovered up to its last complete line."""
    folder = tmp_path / str(cut)
    if folder.exists():
        return
    path = left_behind(folder)
    data = path.read_bytes()[:cut]
    path.write_bytes(data)
    whole = data.count(b"\n")
    [leftover] = find_leftovers(folder)
    recovered = recover_run(leftover)
    if whole == 0:
        assert recovered is None
        assert not path.exists()
        return
    assert recovered is not None
    run, writer = recovered
    writer.close()
    assert [line.text.encode() for line in run.lines[:whole]] == data.split(b"\n")[:whole]
    assert list(check_run(run)) == []
    assert run.seal is not None
    assert run.seal.body["torn_bytes"] == len(data.rpartition(b"\n")[2])


def test_a_journal_that_is_written_is_living(tmp_path: Path) -> None:
    """A journal that another process has locked is active, and is not recovered."""
    path = left_behind(tmp_path)
    code = (
        "import os, sys, time; from pytest_readiness.journal.lock import lock\n"
        f"descriptor = os.open({str(path)!r}, os.O_RDWR); lock(descriptor)\n"
        "print('held', flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        [leftover] = find_leftovers(tmp_path)
        assert leftover.is_active
        with pytest.raises(StorageError, match="another session"):
            recover_run(leftover)
        process.kill()
    assert not find_leftovers(tmp_path)[0].is_active


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data.replace(b'"test":"a"', b'"test":"x"', 1),
        lambda data: data.replace(b"PASSED", b"FAILED", 1),
        lambda data: data.partition(b"\n")[2],
        lambda data: data.replace(b"\n", b"\n\n", 1),
        lambda data: data.replace(b'"seq":3', b'"seq": 3'),
        lambda data: b"\xff" + data,
    ],
)
def test_a_damaged_journal_is_never_taken_in(tmp_path: Path, damage: Any) -> None:
    """A damaged journal is reported in one line with its file, and recovery does not change it."""
    path = left_behind(tmp_path)
    path.write_bytes(damage(path.read_bytes()))
    before = path.read_bytes()
    [leftover] = find_leftovers(tmp_path)
    assert path.name in str(leftover.problem)
    assert "\n" not in str(leftover.problem)
    with pytest.raises(IntegrityError):
        recover_run(leftover)
    assert path.read_bytes() == before


def test_one_run_can_be_left_out(tmp_path: Path) -> None:
    """The session's own journal is left out, and the others are sorted from the oldest."""
    for number in (3, 1, 2):
        left_behind(tmp_path, f"20260212T180000Z-0000000{number}")
    leftovers = find_leftovers(tmp_path, except_run="20260212T180000Z-00000002")
    assert [leftover.path.stem[-1] for leftover in leftovers] == ["1", "3"]


def test_no_folder_is_nothing_left(tmp_path: Path) -> None:
    """A missing folder, or a file in its place, has no journals."""
    assert find_leftovers(tmp_path / "nowhere") == []
    (tmp_path / "file").write_text("x")
    assert find_leftovers(tmp_path / "file") == []


def test_what_cannot_be_opened_is_a_problem(tmp_path: Path) -> None:
    """A folder named like a journal is reported without a traceback."""
    (tmp_path / "20260212T180000Z-00000001.jsonl").mkdir()
    [leftover] = find_leftovers(tmp_path)
    assert isinstance(leftover.problem, StorageError)


def test_requirements_come_by_their_digest(tmp_path: Path) -> None:
    """The snapshot beside a journal is used only if it has the digest in its name."""
    text = '{"catalogue":{}}'
    snapshot = Snapshot(text, snapshot_digest(text))
    writer = new_journal(tmp_path, "r")
    writer.append("run", {"register": "p", "started_at": NOW, "requirements": snapshot.digest})
    writer.close()
    run = find_leftovers(tmp_path)[0].run
    assert run is not None
    assert requirements_of(tmp_path, run) is None
    requirements_path(tmp_path, snapshot.digest).write_text(text)
    assert requirements_of(tmp_path, run) == snapshot
    requirements_path(tmp_path, snapshot.digest).write_bytes(b"\xff")
    assert requirements_of(tmp_path, run) is None
    requirements_path(tmp_path, snapshot.digest).write_text(text + " ")
    assert requirements_of(tmp_path, run) is None
