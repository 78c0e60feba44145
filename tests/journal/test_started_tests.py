"""Tests for the file of started tests beside a journal: whatever happens to it, no test that began is as if it had not."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from pytest_readiness.facts.requirements_snapshot import Snapshot
from pytest_readiness.facts.run import Run
from pytest_readiness.journal import started_tests
from pytest_readiness.journal.leftover_reader import read_leftover
from pytest_readiness.journal.recovery import recover_run
from pytest_readiness.journal.run_log import RunLog
from pytest_readiness.journal.started_tests import start_path
from pytest_readiness.redaction.redactor import Redactor

KEY = b"k" * 32
AT = "2026-01-01T00:00:00.000Z"
CLAIM = {"use_case": "UC-001", "item": "1", "environment": "staging"}
TESTS = tuple(f"test_x.py::test_{letter}" for letter in "abcd")


def open_log(folder: Path, tests: tuple[str, ...] = TESTS) -> RunLog:
    """Return the log of a run with a plan, whose journal is open."""
    log = RunLog(
        folder=folder / "journal",
        head=dict,
        register="r",
        requirements=Snapshot("{}", "sha256:0"),
        key=KEY,
        run_id="20260101T000000Z-00000001",
    )
    log.plan([{"test": test, "claims": [CLAIM]} for test in tests])
    log.open()
    return log


def end_of(test: str, result: str = "PASSED") -> dict[str, Any]:
    """Return the line of a test."""
    attempt = {"result": result, "started_at": AT, "duration_ms": 1}
    body = {"test": test, "result": result, "claims": [CLAIM], "started_at": AT, "finished_at": AT}
    return {**body, "attempts": [attempt]}


def fail_once(log: RunLog, test: str) -> None:
    """Write that an attempt of a test failed, and that it runs again."""
    log.attempt({"test": test, "result": "FAILED", "started_at": AT, "duration_ms": 1, "claims": [CLAIM]})


def die(log: RunLog) -> Path:
    """Leave the journal as a process that dies does, and return its path."""
    assert log.writer is not None
    log.writer.close()
    return log.path


def recovered(journal: Path) -> dict[str, set[str]]:
    """Recover the journal, and return the results of each test."""
    closed = recover_run(read_leftover(journal))
    assert closed is not None
    run, writer = closed
    writer.close()
    assert read_leftover(journal).problem is None
    return results_of(run)


def results_of(run: Run) -> dict[str, set[str]]:
    """Return the results of each test."""
    results: dict[str, set[str]] = {}
    for piece in run.evidence():
        results.setdefault(piece.test_id, set()).add(piece.result.value)
    return results


def other_key(journal: Path) -> None:
    """Give the folder another key than the one that the starts were written with."""
    (journal.parent.parent / "fingerprint.key").write_bytes(b"j" * 32)


DAMAGES: dict[str, Callable[[Path], object]] = {
    "removed": lambda journal: start_path(journal).unlink(),
    "emptied": lambda journal: start_path(journal).write_bytes(b""),
    "overwritten": lambda journal: start_path(journal).write_bytes(b"\xff" * 64),
    "of another key": other_key,
    "with an impossible time": lambda journal: start_path(journal).write_text(
        start_path(journal).read_text().replace("T", "T9").replace("T90", "T9").replace("T91", "T9")
    ),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_file_of_starts_that_is_lost(tmp_path: Path, damage: str) -> None:
    """What ended keeps its result, and every other test may have begun: also the one that failed and ran again."""
    log = open_log(tmp_path)
    log.started(TESTS[0])
    log.finished(end_of(TESTS[0]))
    log.started(TESTS[1])
    fail_once(log, TESTS[1])
    log.started(TESTS[2])
    journal = die(log)
    DAMAGES[damage](journal)
    assert recovered(journal) == {
        TESTS[0]: {"PASSED"},
        TESTS[1]: {"INTERRUPTED", "FAILED"},
        TESTS[2]: {"INTERRUPTED"},
        TESTS[3]: {"INTERRUPTED"},
    }


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_file_of_starts_that_is_lost_before_any_end(tmp_path: Path, damage: str) -> None:
    """The test that took the process with it may be the first: nothing that ended tells that its start is lost."""
    log = open_log(tmp_path)
    log.started(TESTS[0])
    journal = die(log)
    DAMAGES[damage](journal)
    assert recovered(journal) == {test: {"INTERRUPTED"} for test in TESTS}


def test_the_beginning_of_the_file_of_starts_is_lost(tmp_path: Path) -> None:
    """Of tests that run at the same time, as under xdist, the start of one may be lost, and that of another not."""
    log = open_log(tmp_path)
    log.started(TESTS[0])
    log.started(TESTS[1])
    journal = die(log)
    start_path(journal).write_text(start_path(journal).read_text().splitlines()[-1] + "\n")
    assert recovered(journal) == {test: {"INTERRUPTED"} for test in TESTS}


def test_what_dies_before_its_first_test_has_run_none(tmp_path: Path) -> None:
    """The file is there before any test begins."""
    journal = die(open_log(tmp_path))
    assert recovered(journal) == {test: {"NOT_RUN"} for test in TESTS}


def test_an_attempt_shows_that_its_test_began(tmp_path: Path) -> None:
    """An attempt that failed is in no way lost where the file beside the journal has no start at all."""
    log = open_log(tmp_path)
    log.started(TESTS[1])
    fail_once(log, TESTS[1])
    journal = die(log)
    start_path(journal).unlink()
    assert recovered(journal)[TESTS[1]] == {"INTERRUPTED", "FAILED"}


def test_a_whole_file_of_starts_names_only_what_began(tmp_path: Path) -> None:
    """What never began is NOT_RUN, also where names of ended tests were redacted since."""
    secret, names = "zq7-known-1", [f"test_x.py::test_{number}[zq7-known-1]" for number in range(2)]
    log, redactor = open_log(tmp_path, (*names, *TESTS)), Redactor(KEY, {})
    log.started(names[0])
    log.finished(end_of(names[0]))
    log.started(names[1])
    redactor.register(secret)
    log.redact(redactor)
    log.started(TESTS[0])
    log.finished(end_of(TESTS[0]))
    results = recovered(die(log))
    assert sorted(results.values(), key=sorted) == [{"INTERRUPTED"}, *[{"NOT_RUN"}] * 3, *[{"PASSED"}] * 2]


def short_write(size: int) -> Callable[[int, bytes], int]:
    """Return an ``os.write`` for a disk that takes this many bytes more."""
    return lambda descriptor, data: os.write(descriptor, data[:size])


@pytest.mark.parametrize("size", [0, 1, 20, 59])
def test_a_start_that_fits_in_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    """On a full disk the journal has that start, and the next one is on a line of its own, with what it says."""
    log = open_log(tmp_path)
    log.started(TESTS[0])
    log.finished(end_of(TESTS[0]))
    with monkeypatch.context() as patch:
        patch.setattr(started_tests, "_write", short_write(size))
        log.started(TESTS[1])
    log.finished(end_of(TESTS[1]))
    log.started(TESTS[0], AT)  # once more, after its end
    results = recovered(die(log))
    assert results[TESTS[0]] == {"PASSED", "INTERRUPTED"}
    assert results[TESTS[1]] == {"PASSED"}


def test_a_start_under_a_new_name_that_fits_in_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the running tests cannot be written under their redacted names, the journal has their starts."""
    name = "test_x.py::test_it[zq7-known-1]"
    log, redactor = open_log(tmp_path, (name, *TESTS)), Redactor(KEY, {})
    log.started(name)
    redactor.register("zq7-known-1")
    with monkeypatch.context() as patch:
        patch.setattr(started_tests, "_write", short_write(2))
        log.redact(redactor)
    results = recovered(die(log))
    assert [results[test] for test in results if "REDACTED" in test] == [{"INTERRUPTED"}]


STEPS = st.lists(st.tuples(st.sampled_from(["start", "fail", "end"]), st.integers(0, len(TESTS) - 1)), max_size=12)


@settings(max_examples=60, deadline=None)
@given(STEPS, st.integers(0, 1000), st.binary(min_size=1, max_size=1))
def test_no_byte_of_it_hides_a_test_that_began(steps: list[tuple[str, int]], position: int, byte: bytes) -> None:
    """Whichever byte is another one, a test that began and did not end is INTERRUPTED, and what ended keeps its result."""
    with TemporaryDirectory() as folder:
        log, running, ended = open_log(Path(folder)), set[str](), set[str]()
        for step, number in steps:
            test = TESTS[number]
            if step == "start" and test not in ended:
                log.started(test)
                running.add(test)
            elif step == "fail" and test in running:
                fail_once(log, test)
            elif step == "end" and test in running:
                log.finished(end_of(test))
                running.remove(test)
                ended.add(test)
        journal = die(log)
        if running or ended:
            data = bytearray(start_path(journal).read_bytes())
            data[position % len(data)] = byte[0]
            start_path(journal).write_bytes(data)
        results = recovered(journal)
        assert all("INTERRUPTED" in results[test] for test in running)
        assert all("PASSED" in results[test] for test in ended)
        assert all("NOT_RUN" not in results[test] for test in (*running, *ended))
