"""`readiness report --format csv`: every piece of evidence in scope, from the store and from journals."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from tests.project import CONFIG, Project
from tests.views.sinks import csv_cells

pytestmark = pytest.mark.slow

SUITE = """
@evidence("UC-001", item=1)
def test_a(): assert os.environ.get("PROVIDER", "up") == "up"

@evidence("UC-002", item=[1, 2])
def test_b(): pass
"""


def rows(project: Project, *args: str) -> list[dict[str, str]]:
    """The rows of the register, by their headers."""
    done = project.cli("report", "--format", "csv", *args)
    assert (done.exit_code, done.stderr) == (0, "")
    header, *cells = csv_cells(done.stdout_bytes.decode())
    return [dict(zip(header, row, strict=True)) for row in cells]


def test_history_is_all_there_newest_first(project: Project) -> None:
    """What was replaced, rehearsals and every item of a test have their rows; only the newest decide."""
    project.configured().tests(SUITE)
    project.monkeypatch.setenv("PROVIDER", "down")
    project.run()
    project.monkeypatch.setenv("PROVIDER", "up")
    project.run("--readiness-csv=register.csv")
    project.run(environment="dev")
    register = rows(project)
    assert len(register) == 9
    times = [row["Timestamp (UTC)"] for row in register]
    assert times == sorted(times, reverse=True)
    assert [(row["Result"], row["Environment"], row["Decides"]) for row in register if row["UC"] == "UC-001"] == [
        ("PASSED", "dev", ""), ("PASSED", "staging", "UC-001/1"), ("FAILED", "staging", ""),
    ]  # fmt: skip
    assert len({row["Evidence"] for row in register}) == 9
    assert len({row["Run"] for row in register}) == 3
    assert all(row["Actor"] for row in register)
    assert {row["UC"] for row in rows(project, "uc-002")} == {"UC-002"}
    _, *written = csv_cells((project.path / "register.csv").read_bytes().decode())
    assert len(written) == 6
    assert project.cli("report", "--format", "csv").stdout == project.cli("report", "--format", "csv").stdout


def test_a_run_in_a_journal_is_there_too(project: Project) -> None:
    """A run that the store could not take in has its rows, and has them once when it is taken in."""
    project.configured().tests(SUITE)
    project.run()
    project.run("--readiness-store=sqlite:////dev/null/x.db")
    assert len(project.journals) == 1
    register = rows(project)
    assert len(register) == 6
    assert project.cli("recover").exit_code == 0
    assert [row["Evidence"] for row in rows(project)] == [row["Evidence"] for row in register]


def test_a_moment_and_an_empty_store(project: Project) -> None:
    """For a moment in the past there is what had been recorded; without evidence there is the header alone."""
    project.configured().tests(SUITE)
    project.empty_store()
    assert rows(project) == []
    project.run()
    assert rows(project, "--at", "2020-01-01") == []
    assert len(rows(project, "--at", "2999-01-01")) == 3
    assert not (project.path / "x").exists()


def test_a_retired_run_is_there_as_far_as_it_can_be_read(project: Project) -> None:
    """Its pass does not count, and is still in the register."""
    project.configured(CONFIG + '[review]\nreviewers = ["qa@example.com"]\n').tests(SUITE)
    project.run("--readiness-actor=bot@example.com")
    (run,) = {row["Run"] for row in rows(project)}
    why = ("--reason", "wrong build", "--by", "qa@example.com")
    assert project.cli("retire", "--run", run, *why).exit_code == 0
    register = rows(project)
    assert [row["Result"] for row in register] == ["PASSED"] * 3
    assert {row["Run"] for row in register} == {run}
    assert project.states("UC-001")["UC-001/1"] != "COMPLETE"


def test_evidence_that_was_changed_is_no_register(project: Project) -> None:
    """A line of the past that decides nothing any more was edited: exit code 3, and one line that names it."""
    project.configured().tests(SUITE)
    project.monkeypatch.setenv("PROVIDER", "down")
    project.run()
    project.monkeypatch.setenv("PROVIDER", "up")
    project.run()
    with closing(sqlite3.connect(project.path / ".readiness" / "evidence.db")) as store:
        store.execute("DROP TRIGGER line_no_update")
        changed = store.execute("UPDATE line SET text = replace(text, 'AssertionError', 'AssertionErr0r')").rowcount
        assert changed
        store.execute(
            "CREATE TRIGGER line_no_update BEFORE UPDATE ON line BEGIN SELECT RAISE(ABORT, 'line is append-only'); END"
        )
        store.commit()
    done = project.cli("report", "--format", "csv")
    assert done.exit_code == 3
    assert done.stderr.count("\n") == 1
    assert "line" in done.stderr
