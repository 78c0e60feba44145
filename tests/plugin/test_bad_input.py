"""Bad input: one clear line, nothing recorded is lost, the other tests still run, the gate is closed."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from pytest_readiness.store.sqlite import schema
from tests.project import CONFIG, TRACKER, XDIST, Project

pytestmark = pytest.mark.slow

HOW = pytest.mark.parametrize("how", [(), XDIST], ids=["alone", "xdist"])
TWO = """
@evidence("UC-001", item=1)
def test_a(record_evidence): record_evidence.note("kept")

@evidence("UC-002", item=1)
def test_b(): pass

def test_plain(): pass
"""
ROW = "| UC-001 | `GREEN` | `NOT_STARTED` | ana@example.com | 2026-01-01 | Checkout |\n"


def assert_calm(text: str) -> None:
    """No traceback, no INTERNALERROR, no defect of ours."""
    for word in ("Traceback", "INTERNALERROR", "a defect"):
        assert word not in text, text


def ours(result: pytest.RunResult) -> str:
    """What we say at the end of a session."""
    return result.stdout.str().split("= production readiness =")[1].split("= short test summary")[0]


# -- what is known before a test runs: config and tracker

CONFIGS = {
    "unknown key": ('trackr = "T.md"\n' + CONFIG, "readiness.toml:1: unknown key 'trackr' (did you mean 'tracker'?)"),
    "unknown key below": (CONFIG + "[gate]\nasertd = 'accept'\n", "(did you mean 'asserted'?)"),
    "wrong value": (CONFIG + "[gate]\non = 'reviews'\n", "review"),
    "wrong type": (CONFIG.replace("real = true", "real = 'yes, really'"), "real"),
    "broken TOML": ("tracker = \n", "readiness.toml:1"),
    "not UTF-8": (b"tracker = '\xff'\n", "UTF-8"),
    "NUL": (b"\0\0\0", "readiness.toml"),
}
TRACKERS = {
    "missing": (None, "PROD_READINESS_TRACKER.md"),
    "empty": ("", "PROD_READINESS_TRACKER.md"),
    "no register": ("# Tracker\n\n| A | B |\n| --- | --- |\n| 1 | 2 |\n", "UC"),
    "a use case twice": (TRACKER + ROW, "PROD_READINESS_TRACKER.md:7"),
    "an unknown status": (TRACKER.replace("NOT_STARTED", "ALMOST", 1), "PROD_READINESS_TRACKER.md:5"),
    "an id without a letter": (TRACKER.replace("UC-001", "//"), "PROD_READINESS_TRACKER.md:5"),
    "a use case twice, once with a slash": (TRACKER + ROW.replace("UC-001", "UC/001"), "PROD_READINESS_TRACKER.md:7"),
    "not UTF-8": (TRACKER.encode() + b"\xff\xfe", "UTF-8"),
    "a folder": (Path, "PROD_READINESS_TRACKER.md"),
}


def put(project: Project, name: str, content: object) -> None:
    """Write text or bytes, make a folder, or leave the file out."""
    path = project.path / name
    path.unlink(missing_ok=True)
    if content is Path:
        path.mkdir()
    elif content is not None:
        path.write_bytes(content if isinstance(content, bytes) else str(content).encode())


@pytest.mark.parametrize("config", CONFIGS)
def test_a_config_that_cannot_be_used_is_a_usage_error(project: Project, config: str) -> None:
    """A session ends with 4 and each command with 2, in one line with file, line and the nearest known name."""
    content, told = CONFIGS[config]
    project.configured().tests(TWO)
    put(project, "readiness.toml", content)
    assert_usage_error(project, told)


@pytest.mark.parametrize("tracker", TRACKERS)
def test_a_tracker_that_cannot_be_used_is_a_usage_error(project: Project, tracker: str) -> None:
    """A session ends with 4 and each command with 2, in one line that names the tracker and the line in it."""
    content, told = TRACKERS[tracker]
    project.configured().tests(TWO)
    put(project, "PROD_READINESS_TRACKER.md", content)
    assert_usage_error(project, told)


def assert_usage_error(project: Project, told: str) -> None:
    """Both doors say it in one line; no test runs, and nothing is written."""
    for how in ((), XDIST) if "unknown" in told else ((),):
        result = project.run(*how)
        text = result.stderr.str() + result.stdout.str()
        assert result.ret == 4, text
        [line] = [line for line in text.splitlines() if line.startswith("ERROR: ")]
        assert told in line
        assert "passed" not in text
        assert_calm(text)
    for command in ("gate", "report", "next", "verify", "recover"):
        done = project.cli(command)
        assert (done.exit_code, done.stdout) == (2, "")
        [line] = done.stderr.splitlines()
        assert told in line
    assert not (project.path / ".readiness").exists()


def test_a_tracker_without_rows_is_never_eligible(project: Project) -> None:
    """With no use case at all the gate stays closed, on evidence too."""
    project.configured(tracker="".join(TRACKER.splitlines(keepends=True)[:4])).tests("def test_plain(): pass\n")
    assert project.run("--readiness-gate", "--readiness-gate-on=evidence").ret in (4, 11)
    assert project.cli("gate", "--on", "evidence").exit_code in (1, 2)


# -- what marks and options name


@HOW
def test_unknown_names_in_marks_fail_these_tests_alone(project: Project, how: tuple[str, ...]) -> None:
    """Unknown use case, item or environment: that test fails with the nearest name, the others are recorded.

    So is the error of the one whose mark names a use case and an item that exist.
    """
    project.configured().tests(
        TWO + "@evidence('UC-01', item=1)\ndef test_c(): pass\n@evidence('UC-001', item=3)\ndef test_d(): pass\n"
        "@evidence('UC-001', item=1, environment='stagign')\ndef test_e(): pass\n"
    )
    result = project.run(*how, "--readiness-gate")
    result.assert_outcomes(passed=3, errors=3)
    text = result.stdout.str()
    for told in ("UC-01", "did you mean 'UC-001'?", "did you mean 'staging'?"):
        assert told in text
    assert_calm(text)
    assert result.ret == 1
    found = {piece["test_id"].partition("::")[2]: piece["result"] for piece in project.evidence()}
    assert found == {"test_a": "PASSED", "test_b": "PASSED", "test_e": "ERROR"}


# -- a store that cannot be used


def folder(path: Path) -> None:
    """A folder in the store's place."""
    path.mkdir(parents=True)


def another(path: Path) -> None:
    """Another program's database."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with sqlite3.connect(path) as theirs:
        theirs.execute("CREATE TABLE cookies (x)")
    theirs.close()


def newer(path: Path) -> None:
    """A store that a newer version has written."""
    connection = schema.open_file(path, create=True)
    assert connection is not None
    connection.execute("PRAGMA user_version = 99")
    connection.close()


def garbage(path: Path) -> None:
    """No database at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"what is this? " * 1000)


def truncated(path: Path) -> None:
    """A store whose end is cut off."""
    connection = schema.open_file(path, create=True)
    assert connection is not None
    connection.close()
    path.write_bytes(path.read_bytes()[:6000])


STORES = {
    folder: "evidence.db is a folder",
    another: "evidence.db is another program's SQLite database",
    newer: "was written by a newer version of pytest-readiness",
    garbage: "evidence.db is not a SQLite database",
    truncated: "evidence.db is damaged",
}


@pytest.mark.parametrize(
    ("break_it", "how"), [*((break_it, ()) for break_it in STORES), pytest.param(garbage, XDIST, id="garbage-xdist")]
)
def test_a_store_that_cannot_be_used(project: Project, break_it: Callable[[Path], None], how: tuple[str, ...]) -> None:
    """All tests run, the session ends with 13 and one line; the journal has everything, and recover takes it in."""
    store = project.path / ".readiness" / "evidence.db"
    break_it(store)
    before = store.read_bytes() if store.is_file() else b""
    project.configured().tests(TWO)
    for more in ((), ("--readiness-gate", "--readiness-report"), ("-q", "--readiness-gate")):
        result = project.run(*how, *more)
        result.assert_outcomes(passed=3)
        assert result.ret == 13
        assert_calm(result.stdout.str() + result.stderr.str())
        assert STORES[break_it] in " ".join(ours(result).split())
    for command in ("gate", "report", "recover", "verify", "next"):
        done = project.cli(command)
        assert done.exit_code == 3, (command, done.output)
        assert STORES[break_it] in " ".join(done.output.split())
        assert_calm(done.output)
    assert (store.read_bytes() if store.is_file() else b"") == before  # nothing of theirs was touched
    assert len(project.journals) == 3
    shutil.rmtree(store) if store.is_dir() else store.unlink()
    assert project.cli("gate").exit_code == 1
    done = project.cli("recover")
    assert (done.exit_code, done.stdout.count("recovered run")) == (0, 3)
    assert project.journals == []
    assert project.states()["UC-001/1"] == "COMPLETE"
    assert project.cli("verify").exit_code == 0
