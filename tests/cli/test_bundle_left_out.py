"""What a bundle must not leave out in silence: it kept a gate closed here, and would open the one of another store."""

from __future__ import annotations

import shutil

import pytest

from tests.broken_runs import failed, gate, newest, retire, sql
from tests.project import Project, kill
from tests.reviewed_project import ANA, BOT, REVIEW, commit, record, repository

pytestmark = pytest.mark.slow

TESTS = """
@evidence("UC-001", item=1)
def test_b(): assert os.environ.get("PROVIDER", "up") == "up"

@evidence("UC-002", item=1)
def test_c(): pass
"""
ITEM = """tracker = "PROD_READINESS_TRACKER.md"
[environments.staging]
real = true
[items.1]
title = "the provider answers"
"""


@pytest.fixture
def passing(project: Project) -> Project:
    """Two use cases, each shown once."""
    project.configured(ITEM + REVIEW).tests(TESTS)
    record(project)
    assert gate(project)[0] == 0
    return project


def bundled(project: Project, *use_cases: str) -> tuple[int, str]:
    """Exit code of a bundle of these use cases, and the line that is printed."""
    done = project.cli("bundle", *use_cases, "-o", "out.zip")
    assert done.exit_code == 0 or not (project.path / "out.zip").exists(), "a file was left"
    assert len(done.output.splitlines()) == 1, done.output
    return done.exit_code, done.output


def elsewhere(project: Project) -> int:
    """Exit code of the gate of another store that takes the bundle in."""
    project.monkeypatch.setenv("READINESS_STORE", "sqlite:///other.db")
    assert project.cli("merge", "out.zip").exit_code == 0
    code = gate(project)[0]
    project.monkeypatch.delenv("READINESS_STORE")
    return code


def broken(project: Project, *args: str) -> str:
    """The id of a run that failed, lost its failure and was set aside."""
    run = failed(project, *args)
    assert bundled(project, "UC-001")[0] == 3
    assert retire(project, run)[0] == 0
    return run


def test_a_retired_run_that_planned_a_use_case_is_not_left_out(passing: Project) -> None:
    """No line of it says the use case any more but its plan: a bundle without it is refused, with its id."""
    run = broken(passing)
    assert gate(passing)[0] == 1
    for use_cases in (["UC-001"], ["UC-00*"], []):
        code, told = bundled(passing, *use_cases)
        assert (code, run in told, "restore the store from a copy" in told) == (3, True, True), told


def test_so_is_one_of_which_nobody_knows_what_it_planned(passing: Project) -> None:
    """Without a seal the plan is nobody's word: the run may have been to show any use case."""
    run = broken(passing, "test_it.py::test_b")
    assert bundled(passing, "UC-002")[0] == 0
    (passing.path / "out.zip").unlink()
    sql(passing, f"DELETE FROM line WHERE run_id = '{run}' AND text LIKE '%\"kind\":\"sealed\"%'")
    code, told = bundled(passing, "UC-002")
    assert (code, run in told) == (3, True), told


def test_a_sound_run_that_was_retired_goes_along(passing: Project) -> None:
    """What it was to show is to be shown again, here and wherever the bundle is taken in."""
    record(passing)
    assert retire(passing, newest(passing))[0] == 0
    assert (gate(passing)[0], bundled(passing, "UC-001")[0]) == (1, 0)
    assert elsewhere(passing) == 1


def crashed(project: Project, *args: str) -> str:
    """The id of a run whose process died in its first test."""
    (project.path / "test_it.py").write_text(
        (project.path / "test_it.py").read_text().replace("assert os", "os._exit(1); os")
    )
    project.run_apart(f"--readiness-actor={BOT}", *args)
    [journal] = project.journals
    return journal.stem


def test_an_open_run_is_not_left_out(passing: Project) -> None:
    """A run that was killed is to be recovered first: one line names it, and says how; then it goes along."""
    run = crashed(passing)
    for use_cases in (["UC-001"], []):
        code, told = bundled(passing, *use_cases)
        assert (code, run in told, "`readiness recover`" in told) == (3, True, True), told
    assert passing.cli("recover").exit_code == 0
    assert (bundled(passing, "UC-001")[0], gate(passing)[0], elsewhere(passing)) == (0, 1, 1)


def test_an_open_run_of_other_use_cases_is_no_hindrance(passing: Project) -> None:
    """A bundle of one use case does not wait for the run of another."""
    run = crashed(passing, "test_it.py::test_b")
    assert bundled(passing, "UC-002")[0] == 0
    (passing.path / "out.zip").unlink()
    assert run in bundled(passing)[1]


def test_without_a_store_an_open_run_is_not_left_out_either(project: Project) -> None:
    """The first session of a project was killed: the bundle is not empty, it is refused."""
    project.configured(ITEM + REVIEW).tests(TESTS)
    run = crashed(project)
    code, told = bundled(project)
    assert (code, run in told) == (3, True), told


def test_a_run_that_is_still_written_is_waited_for(passing: Project) -> None:
    """Of a session that lives nobody knows yet how it ends; once it ended, its run goes along."""
    passing.tests("""
        import time
        @evidence("UC-001", item=1)
        def test_b():
            pathlib.Path("started").touch()
            while not pathlib.Path("go").exists(): time.sleep(0.01)
            assert False
    """)
    process = passing.popen()
    try:
        passing.wait_for("started")
        code, told = bundled(passing, "UC-001")
        assert (code, "wait for runs that are still written" in told) == (3, True), told
        passing.write("go", "")
        assert process.wait(60) == 1
    finally:
        kill(process)
    assert (bundled(passing, "UC-001")[0], elsewhere(passing)) == (0, 1)


def test_a_sealed_run_that_the_store_could_not_take_is_not_left_out(passing: Project) -> None:
    """It counts from its journal here, with its failure; and what the store has already is no hindrance."""
    store, aside = passing.path / ".readiness" / "evidence.db", passing.path / "aside.db"
    store.rename(aside)
    store.mkdir()
    passing.monkeypatch.setenv("PROVIDER", "down")
    record(passing)
    store.rmdir()
    aside.rename(store)
    [journal] = passing.journals
    assert gate(passing)[0] == 1
    code, told = bundled(passing, "UC-001")
    assert (code, journal.stem in told) == (3, True), told
    copy = passing.path / "copy"
    shutil.copy(journal, copy)
    assert passing.cli("recover").exit_code == 0
    shutil.copy(copy, journal)
    assert (bundled(passing, "UC-001")[0], elsewhere(passing)) == (0, 1)


def test_a_damaged_journal_keeps_a_bundle_from_being_made(passing: Project) -> None:
    """What it held nobody knows: the gate is 3 here, and so is the bundle."""
    run = crashed(passing)
    [journal] = passing.journals
    journal.write_bytes(journal.read_bytes().replace(b'"run":', b'"ruN":', 1))
    assert gate(passing)[0] == 3
    code, told = bundled(passing, "UC-001")
    assert (code, run in told) == (3, True), told


def test_an_incomplete_group_that_holds_a_use_case_goes_along(passing: Project) -> None:
    """None of its runs shows the use case, and it was never complete: it holds it here, and elsewhere."""
    record(passing, "--readiness-run-group=nightly:1/2", "test_it.py::test_c")
    assert (gate(passing)[0], bundled(passing, "UC-001")[0]) == (1, 0)
    assert elsewhere(passing) == 1


def test_a_blocker_in_the_store_goes_along_where_decisions_live_in_a_folder(passing: Project) -> None:
    """It stands here until it is ended, so that it stands wherever the bundle is taken in; an approval does not."""
    for command in (["block", "UC-001", "--reason", "x", "--by", ANA], ["review", "UC-001", "--approve", "--by", ANA]):
        assert passing.cli(*command).exit_code == 0
    passing.configured('decisions = "decisions"\n' + ITEM + REVIEW)
    repository(passing, "dev@example.com")
    passing.write("decisions/.gitkeep", "")
    commit(passing)
    assert gate(passing)[0] == 1
    code, told = bundled(passing, "UC-001")
    assert (code, "1 decision" in told) == (0, True), told
    assert elsewhere(passing) == 1
