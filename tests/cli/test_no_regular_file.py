"""A pipe, a device, or a link to one in the place of a file that is read: said in a line, and waited for by nobody."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import pytest

from pytest_readiness.store.bundle import verify_bundle
from tests.project import CONFIG, TRACKER, Project
from tests.reviewed_project import ANA, DEV, REVIEW, TESTS, approve, commit, record, repository
from tests.signing.keyring import key_pair

pytestmark = [pytest.mark.slow, pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with a name here")]

SECONDS = 30.0
KEYS = '\n[keys.ci]\npublic = "keys/ci.pem"\nroles = ["runs"]\n'


def pipe(path: Path) -> None:
    """A pipe that nobody writes into."""
    os.mkfifo(path)


def link_to_a_pipe(path: Path) -> None:
    """A link to such a pipe."""
    os.mkfifo(path.parent / "a.pipe")
    path.symlink_to("a.pipe")


def link_to_a_device(path: Path) -> None:
    """A link to a device; one without an end would fill the memory of whoever reads it."""
    path.symlink_to(os.devnull)


def odd_ones(path: Path) -> Iterator[str]:
    """Put one after the other in the place of a file, and say which."""
    for make in (pipe, link_to_a_pipe, link_to_a_device):
        path.unlink(missing_ok=True)
        make(path)
        yield make.__name__
        (path.parent / "a.pipe").unlink(missing_ok=True)


READ = {
    "readiness.toml": "check",
    "pyproject.toml": "gate",
    "PROD_READINESS_TRACKER.md": "report",
    "keys/ci.pem": "gate",
    "secret/ci.key.pem": "checkpoint",
    "note.txt": "gate --checkpoint note.txt",
    "kept.txt": "checkpoint -o kept.txt",
    "before.json": "gate --no-regression before.json",
    "signed.json": "review UC-001 --approve --from signed.json --by ana@example.com",
    "results.xml": "record --junit results.xml --map *=UC-001/1",
    "log.txt": "record UC-001 --item 1 --result PASSED --artifact log.txt",
    "run.zip": "merge run.zip",
}
"""Commands that read a file of this name."""
CODES = {"readiness.toml": 1, "secret/ci.key.pem": 3}
"""``check`` finds a problem; a checkpoint that cannot be signed is not made."""


class HangError(AssertionError):
    """Somebody waits for what never comes."""


@contextmanager
def in_time() -> Iterator[None]:
    """Fail what hangs; the alarm ends a system call that waits."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        raise HangError(f"it hung for {SECONDS} s")

    before = signal.signal(signal.SIGALRM, stop)
    # Again and again: who catches the first waits at the next place.
    signal.setitimer(signal.ITIMER_REAL, SECONDS, SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@pytest.fixture
def prepared(project: Project) -> Project:
    """A project that trusts a key, and whose store holds a run."""
    key_pair(project, "ci")
    project.configured(CONFIG + REVIEW + KEYS, TRACKER).tests(TESTS)
    record(project)
    return project


@pytest.mark.parametrize("name", READ)
def test_each_file_that_a_command_reads(prepared: Project, name: str) -> None:
    """One line says what is there, where, and what to do; exit code 2, and nothing waits."""
    path = prepared.path / name
    if name == "pyproject.toml":
        (prepared.path / "readiness.toml").unlink()
    if name == "signed.json":
        prepared.configured('decisions = "decisions"\n' + CONFIG)
    if name.startswith("secret"):
        prepared.monkeypatch.setenv("READINESS_SIGNER", f"file2:{name}")
    for odd in odd_ones(path):
        with in_time():
            done = prepared.cli(*READ[name].split())
        (line,) = done.stderr.splitlines() or [done.stdout.splitlines()[0]]
        assert done.exit_code == CODES.get(name, 2), (odd, done.output)
        assert path.name in line, odd
        assert "no regular file: put a file in its place" in line or "attach " in line, odd


@pytest.mark.parametrize("name", ["readiness.toml", "pyproject.toml", "PROD_READINESS_TRACKER.md", "keys/ci.pem"])
def test_a_session_says_so_before_its_tests(prepared: Project, name: str) -> None:
    """A usage error of pytest, with the same line."""
    if name == "pyproject.toml":
        (prepared.path / "readiness.toml").unlink()
    for odd in odd_ones(prepared.path / name):
        with in_time():
            result = prepared.run("--readiness-gate")
        assert result.ret == pytest.ExitCode.USAGE_ERROR, odd
        result.stderr.fnmatch_lines([f"ERROR: *{Path(name).name}*no regular file: put a file in its place*"])


@pytest.mark.parametrize("place", ["artifact", "statement", "fingerprint"])
def test_a_file_of_our_own(prepared: Project, place: str) -> None:
    """What lies in the place of an artifact is damage that is named; a session records, whatever lies about."""
    home = prepared.path / ".readiness"
    if place == "artifact":
        (path,) = [file for file in (home / "artifacts").rglob("*") if file.is_file()]
    else:
        (run,) = prepared.report()["runs"]
        names = {"statement": f"journal/{run['id']}.signed.json", "fingerprint": "fingerprint.key"}
        path = home / names[place]
    for odd in odd_ones(path):
        with in_time():
            verified = prepared.cli("verify")
            bundled = prepared.cli("bundle", "-o", "run.zip")
            result = prepared.run()
        assert result.ret == 0, odd
        assert verified.exit_code == (3 if place == "artifact" else 0), odd
        assert bundled.exit_code == verified.exit_code, odd
        assert place != "artifact" or "no regular file" in verified.output, odd


@pytest.mark.parametrize("suffix", ["-journal", "-wal", "-shm"])
def test_what_sqlite_opens_beside_the_store(prepared: Project, suffix: str) -> None:
    """Commands name what is there and end with 3; a session keeps its journal."""
    path = prepared.path / ".readiness" / f"evidence.db{suffix}"
    for _ in odd_ones(path):
        for words in ("gate", "verify", "check"):
            with in_time():
                done = prepared.cli(words)
            assert (done.exit_code, "Traceback" in done.output) == (1 if words == "check" else 3, False), done.output
            assert f"evidence.db{suffix} is not a regular file" in " ".join(done.output.split())
        with in_time():
            assert prepared.run().ret == 13
    path.unlink()
    assert prepared.cli("recover").exit_code == 0
    assert prepared.cli("verify").exit_code == 0


def test_a_decision_file(project: Project) -> None:
    """In the place of a committed decision it is damage (3), and beside it a note at most."""
    only = TRACKER.replace("| UC-002 | `GREEN` | `NOT_STARTED` | tbd | 2026-01-01 | Refunds |\n", "")
    repository(project.configured('decisions = "decisions"\n' + CONFIG + REVIEW, only).tests(TESTS), ANA)
    commit(project, by=DEV)
    record(project)
    approve(project)
    commit(project, by=ANA)
    folder = project.path / "decisions"
    (decision,) = folder.glob("*.json")
    for odd in odd_ones(folder / "20260101T000000Z-0000000000000000.json"):
        with in_time():
            assert project.cli("gate").exit_code == 0, odd
    for odd in odd_ones(decision):
        with in_time():
            assert project.cli("gate").exit_code == 3, odd


@pytest.mark.parametrize("words", ["odd", "run.zip --key ci=odd", "run.zip --checkpoint odd"])
def test_the_script_that_stands_alone(prepared: Project, words: str) -> None:
    """It says so too, with its exit code for what it cannot read."""
    assert prepared.cli("bundle", "-o", "run.zip").exit_code == 0
    for odd in odd_ones(prepared.path / "odd"):
        done = subprocess.run(
            [sys.executable, verify_bundle.__file__, *words.split()],
            cwd=prepared.path, capture_output=True, text=True, timeout=SECONDS, check=False,
        )  # fmt: skip
        message = "cannot be read: odd is not a regular file: name a file\n"
        assert (done.returncode, done.stderr) == (2, message), odd


@pytest.mark.parametrize("words", ["bundle -o odd", "checkpoint -o odd"])
def test_what_is_written_takes_no_device_away(prepared: Project, words: str) -> None:
    """A file is put in the place of a file only: else whoever may do that would replace a device by it."""
    for odd in odd_ones(prepared.path / "odd"):
        before = (prepared.path / "odd").lstat()
        with in_time():
            done = prepared.cli(*words.split())
        assert (done.exit_code, len(done.stderr.splitlines())) == (2, 1), odd
        after = (prepared.path / "odd").lstat()
        assert (before.st_mode, before.st_ino) == (after.st_mode, after.st_ino), odd


@pytest.mark.parametrize("words", ["report -o", "report --format html -o", "open --no-browser -o", "bundle --script"])
def test_no_command_waits_for_a_reader(prepared: Project, words: str) -> None:
    """A pipe in the place of an output is told in a line; a device that takes everything is written to."""
    for odd in odd_ones(prepared.path / "odd"):
        with in_time():
            done = prepared.cli(*words.split(), "odd")
        if odd == link_to_a_device.__name__:
            assert done.exit_code == 0, done.output
        else:
            assert (done.exit_code, len(done.stderr.splitlines())) == (2, 1), odd
            assert "it is a pipe or a device, and no regular file: name a file" in done.stderr, odd


@pytest.mark.parametrize("option", ["html", "json", "markdown", "junit", "csv", "bundle"])
def test_no_session_waits_for_a_reader(prepared: Project, option: str) -> None:
    """A usage error before a test runs; and a pipe that a test makes is one line and 13 when the session ends."""
    pipe(prepared.path / "odd")
    with in_time():
        result = prepared.run(f"--readiness-{option}=odd")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*odd: the * cannot be written: it is a pipe or a device, and no regular file*"])
    prepared.tests('@evidence("UC-001", item=1)\ndef test_it(): os.mkfifo("later")\n', "test_later.py")
    with in_time():
        result = prepared.run(f"--readiness-{option}=later", "test_later.py")
    assert result.ret == 13
    result.stdout.fnmatch_lines(["exit code 13: a file could not be written; the evidence is stored"])


def test_an_open_pipe_is_written_to(prepared: Project) -> None:
    """Standard output may be a pipe, under its name, too."""
    for name in ("/dev/stdout", "/dev/fd/1"):
        command = [sys.executable, "-m", "pytest_readiness", "report", "-q", "-o", name]
        done = subprocess.run(command, cwd=prepared.path, capture_output=True, text=True, timeout=SECONDS, check=False)
        assert (done.returncode, "of 2 ready" in done.stdout) == (0, True), (name, done.stderr)


@pytest.mark.parametrize(
    "words", ["report -o", "report --format json -o", "bundle -o", "bundle --script", "checkpoint -o"]
)
def test_a_place_for_no_file_is_a_usage_error(prepared: Project, words: str) -> None:
    """Whatever command writes, a mistaken name is told in a line, and is not taken for failing storage."""
    (prepared.path / "folder").mkdir()
    prepared.write("file", "")
    for where in ("none/odd", "folder", "file/odd"):
        done = prepared.cli(*words.split(), where)
        assert (done.exit_code, len(done.stderr.splitlines())) == (2, 1), (where, done.output)


def test_a_full_disk_is_failing_storage(prepared: Project) -> None:
    """Of that the exit code says 3."""
    if not Path("/dev/full").exists():
        pytest.skip("no device that is full")
    done = prepared.cli("report", "-o", "/dev/full")
    assert (done.exit_code, done.stderr.splitlines()) == (
        3, ["readiness: /dev/full: the report cannot be written: No space left on device"],
    )  # fmt: skip
