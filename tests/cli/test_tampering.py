"""What somebody changes who has the files: gate and verify exit 3 and name it, where the answer rests on it."""

from __future__ import annotations

import re
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from pytest_readiness.facts.ledger.line import line_digest
from tests.broken_runs import sql
from tests.project import Project

pytestmark = pytest.mark.slow

SUITE = """
@evidence("UC-001", item=1)
def test_a(record_evidence):
    record_evidence.attach(b"the log", name="log")
    assert os.environ.get("FINE") == "1"

@evidence("UC-002", item=1)
def test_b(): pass
"""


@pytest.fixture
def tracked(project: Project) -> Project:
    """A project whose newest run has a failure of UC-001 after a pass, and a pass of UC-002."""
    project.configured().tests(SUITE)
    project.monkeypatch.setenv("FINE", "1")
    project.run().assert_outcomes(passed=2)
    project.monkeypatch.setenv("FINE", "0")
    project.run("--readiness-uc=UC-001").assert_outcomes(failed=1, deselected=1)
    assert project.states()["UC-001/1"] == "FAILING"
    assert project.cli("verify").exit_code == 0
    return project


def assert_seen(project: Project, *told: str, gate: bool = True) -> None:
    """Verify exits 3 and names it; the gate does, too, where its answer rests on it; a session ends with 13."""
    done = project.cli("verify")
    assert done.exit_code == 3, done.output
    for one in told:
        assert one in done.output, done.output
    assert "a defect" not in done.output
    if gate:
        for command in (("gate",), ("gate", "UC-001", "--on", "evidence")):
            done = project.cli(*command)
            assert done.exit_code == 3, done.output
            assert "a defect" not in done.output
        for command in (("report",), ("report", "--format", "json"), ("why", "UC-001"), ("next",), ("show", "UC-001")):
            done = project.cli(*command)
            assert (done.exit_code, len(done.stderr.splitlines())) == (3, 1), (command, done.output)
        assert project.run("--readiness-gate", "-k", "test_b").ret == 13


FAILED = "(SELECT run_id FROM evidence WHERE result = 'FAILED')"
LINE = f"run_id = {FAILED} AND seq = (SELECT seq FROM evidence WHERE result = 'FAILED')"


def test_a_result_edited_in_the_index(tracked: Project) -> None:
    """A failure that is called a pass in the column is found by deriving the column again."""
    sql(tracked, "UPDATE evidence SET result = 'PASSED', badness = 0 WHERE result = 'FAILED'")
    assert_seen(tracked, "column evidence.result: the index has 'PASSED', the lines have 'FAILED'")


def test_a_result_edited_in_the_line(tracked: Project) -> None:
    """A failure that is called a pass in the stored line no longer has its digest."""
    sql(tracked, f"UPDATE line SET text = replace(text, 'FAILED', 'PASSED') WHERE {LINE}")
    assert_seen(tracked, "column digest: it does not match the text")


def test_a_failure_said_to_be_of_another_place(tracked: Project) -> None:
    """The newest failure is looked at too where its line says that it is about something that decides nothing."""
    for name, other in (("staging", "dev"), ("UC-001", "UC-009")):
        sql(tracked, f"UPDATE line SET text = replace(text, '{name}', '{other}') WHERE {LINE}")
        assert_seen(tracked, "column digest: it does not match the text")
        sql(tracked, f"UPDATE line SET text = replace(text, '{other}', '{name}') WHERE {LINE}")


def test_a_result_edited_with_its_digest(tracked: Project) -> None:
    """With the digest edited too, the next line no longer follows."""
    with closing(sqlite3.connect(tracked.path / ".readiness" / "evidence.db")) as plain:
        [(text,)] = plain.execute(f"SELECT text FROM line WHERE {LINE}").fetchall()
    forged = text.replace("FAILED", "PASSED").replace("'", "''")
    digest = line_digest(text.replace("FAILED", "PASSED"))
    index = "UPDATE evidence SET result = 'PASSED', badness = 0 WHERE result = 'FAILED'"
    sql(tracked, f"UPDATE line SET text = '{forged}', digest = '{digest}' WHERE {LINE}", index)
    assert_seen(tracked, "one of them was changed")


def test_the_newest_failing_line_deleted(tracked: Project) -> None:
    """A failure whose line and index are gone does not let the older pass stand for it."""
    sql(tracked, f"DELETE FROM line WHERE {LINE}", "DELETE FROM evidence WHERE result = 'FAILED'")
    assert_seen(tracked, "is missing")


def test_the_failing_run_deleted(tracked: Project) -> None:
    """A whole run whose row alone is deleted leaves lines that belong to no run."""
    sql(tracked, f"DELETE FROM run WHERE id = {FAILED}")
    assert_seen(tracked, "has rows of a run whose own row was deleted")


def test_a_dropped_guard(tracked: Project) -> None:
    """A trigger that was dropped is named, though no record was changed."""
    with closing(sqlite3.connect(tracked.path / ".readiness" / "evidence.db")) as plain:
        plain.execute("DROP TRIGGER line_no_update")
    assert_seen(tracked, "trigger line_no_update: was dropped")


def flipped(path: Path, needle: bytes) -> None:
    """Change one bit of each place where these bytes stand."""
    data = path.read_bytes()
    assert needle in data
    path.write_bytes(data.replace(needle, needle[:-1] + bytes([needle[-1] ^ 1])))


def test_flipped_bytes_in_the_file(tracked: Project) -> None:
    """A bit that flips in the middle of a line is found by its digest."""
    flipped(tracked.path / ".readiness" / "evidence.db", b"test_it.py::test_a")
    assert_seen(tracked, "run ")


def test_a_page_of_garbage(tracked: Project) -> None:
    """A page that is overwritten is told in lines of ours, by each command."""
    path = tracked.path / ".readiness" / "evidence.db"
    data = bytearray(path.read_bytes())
    data[4096:] = b"\xa5" * (len(data) - 4096)
    path.write_bytes(data)
    assert_seen(tracked, "damaged")
    for command in (("report",), ("why", "UC-001"), ("next",), ("show", "UC-001")):
        done = tracked.cli(*command)
        assert done.exit_code == 3
        assert done.stdout == ""
        assert len(done.stderr.splitlines()) == 1


def artifact(project: Project) -> Path:
    """The file of the artifact."""
    [path] = project.artifacts
    return path


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda path: path.write_bytes(b"another log"), "was changed: its content has another digest"),
        (lambda path: path.unlink(), "is missing: there is no file"),
        (lambda path: (path.unlink(), path.mkdir()), "cannot be read"),
        (lambda path: shutil.rmtree(path.parents[1]), "is missing: there is no file"),
    ],
    ids=["changed", "deleted", "a folder", "all deleted"],
)
def test_an_artifact_that_was_changed(tracked: Project, change: Callable[[Path], object], message: str) -> None:
    """Verify reads every artifact again and names the one that is not what was kept, and its evidence."""
    path = artifact(tracked)
    change(path)
    assert_seen(tracked, f"artifact {path.name} of ", message, gate=False)
    done = tracked.cli("verify")
    assert re.fullmatch(r"not intact: (1 problem|\d problems)", done.stdout.splitlines()[-1])


def test_a_journal_that_was_edited(project: Project) -> None:
    """A leftover journal whose failure was turned into a pass is refused, and left in its place."""
    project.configured().tests(SUITE + "\n@evidence('UC-001', item=2)\ndef test_c(): os._exit(1)\n")
    project.monkeypatch.setenv("FINE", "0")
    project.run_apart("-q")
    [journal] = project.journals
    text = journal.read_text()
    journal.write_text(text.replace('"FAILED"', '"PASSED"'))
    assert_seen(project, "was changed")
    for command in ("recover", "gate"):
        done = project.cli(command)
        assert done.exit_code == 3
        assert "was changed" in " ".join(done.output.split())
    assert journal.read_text() == text.replace('"FAILED"', '"PASSED"')
    journal.write_text(text)
    assert project.cli("recover").exit_code == 0
    assert project.states()["UC-001/1"] == "FAILING"
    assert project.cli("verify").exit_code == 0


def test_lines_cut_off_a_journal(project: Project) -> None:
    """A journal without its first lines, or with garbage in it, is damaged: told, refused and left."""
    project.configured().tests(SUITE + "\n@evidence('UC-001', item=2)\ndef test_c(): os._exit(1)\n")
    project.run_apart("-q")
    [journal] = project.journals
    data = journal.read_bytes()
    lines = data.splitlines(keepends=True)
    for damaged in (b"".join(lines[1:]), b"".join([*lines[:2], b"\xff\xfe\n", *lines[2:]]), b"{}\n", b"\n" + data):
        journal.write_bytes(damaged)
        done = project.cli("recover")
        assert (done.exit_code, journal.read_bytes()) == (3, damaged)
        assert len(done.stderr.splitlines()) == 1
        for command in ("gate", "verify"):
            assert project.cli(command).exit_code == 3
