"""A store that was lost, or whose name is mistyped, is named; the tracker is not rewritten from nothing."""

from __future__ import annotations

import pytest

from tests.project import CONFIG, TRACKER, Project
from tests.reviewed_project import ANA, DEV, REVIEW

pytestmark = pytest.mark.slow

MISSING = "there is no store at sqlite:///"
PASSING = "@evidence('UC-001', item=1)\ndef test_a(): pass\n"
EVALUATING = [
    ("report",),
    ("report", "-q"),
    ("report", "--format", "badge"),
    ("status",),
    ("gate",),
    ("gate", "--json"),
    ("next",),
    ("why", "UC-001"),
    ("review",),
    ("review", "UC-001"),
    ("history", "UC-001"),
    ("show", "UC-001"),
    ("check",),
    ("open", "--no-browser"),
    ("bundle", "-o", "b.zip"),
]


def shown(project: Project, *command: str) -> str:
    """Return everything that a command prints, on one line."""
    return " ".join(project.cli(*command).output.split())


@pytest.fixture
def synced(project: Project) -> Project:
    """A project whose tracker says what its evidence gave."""
    project.configured().tests(PASSING)
    project.run()
    assert project.cli("sync").exit_code == 0
    return project


def test_every_command_that_evaluates_names_a_missing_store_once(project: Project) -> None:
    """Each says what may have happened and what to do, and nothing if there is a store."""
    project.configured().tests(PASSING)
    for command in EVALUATING:
        output = shown(project, *command)
        assert output.count(MISSING) == (2 if command == ("gate", "--json") else 1), command  # also in the document
        assert "restore the store, or name the right one" in output, command
    project.run()
    for command in EVALUATING:
        assert MISSING not in shown(project, *command), command


def test_a_mistyped_store_is_named_as_it_was_given(synced: Project) -> None:
    """The option's and the variable's store are named, beside an evaluation as of nothing."""
    assert f"{MISSING}nope.db" in shown(synced, "--store", "sqlite:///nope.db", "report")
    synced.monkeypatch.setenv("READINESS_STORE", "sqlite:///typo.db")
    assert f"{MISSING}typo.db" in shown(synced, "next")


@pytest.mark.parametrize("options", [(), ("--check",)], ids=["sync", "check"])
def test_sync_refuses_to_take_back_what_a_lost_store_gave(synced: Project, options: tuple[str, ...]) -> None:
    """Exit code 2, one line with the row and the store, and the tracker as it was; with the store all is well."""
    path, store = synced.path / "PROD_READINESS_TRACKER.md", synced.path / ".readiness" / "evidence.db"
    before = path.read_bytes()
    store.rename(synced.path / "elsewhere.db")
    done = synced.cli("sync", *options)
    assert (done.exit_code, done.stdout) == (2, "")
    last = done.stderr.splitlines()[-1]
    assert last.startswith("readiness: PROD_READINESS_TRACKER.md:5: UC-001 says IN_PROGRESS, which only evidence")
    assert MISSING in last
    assert path.read_bytes() == before
    assert synced.cli("--store", "sqlite:///elsewhere.db", "sync", *options).exit_code == 0


def test_a_fresh_project_is_no_failure(project: Project) -> None:
    """Without a store and with initial rows sync answers, with a note, and creates nothing."""
    project.configured()
    for options in ((), ("--check",)):
        done = project.cli("sync", *options)
        assert (done.exit_code, done.stdout) == (0, "the tracker is up to date\n")
        assert MISSING in done.stderr
    assert (project.path / "PROD_READINESS_TRACKER.md").read_text() == TRACKER
    assert not (project.path / ".readiness").exists()


def test_a_session_says_so(project: Project) -> None:
    """A report of a session that recorded nothing names the missing store, and how to see the claims; also with -q."""
    project.configured().tests("def test_a(): pass\n")
    for options in ((), ("-q",)):
        output = " ".join(project.run("--readiness-report", *options).stdout.str().split())
        assert MISSING in output
        assert "no test of this session was evidence: `pytest --readiness-plan`" in output


DECIDING = [
    ("waive", "UC-001/2", "--reason", "vendor", "--until", "+9d", "--requested-by", DEV, "--by", ANA),
    ("block", "UC-001", "--reason", "vendor", "--by", ANA),
    ("review", "UC-001", "--reject", "--comment", "nothing there", "--by", ANA),
]


@pytest.mark.parametrize("command", DECIDING, ids=lambda command: command[0])
def test_a_decision_that_makes_a_new_store_says_so(project: Project, command: tuple[str, ...]) -> None:
    """Afterwards nothing would say any more that the store was lost; a store that is there is not named."""
    project.configured(CONFIG + REVIEW)
    done = project.cli(*command)
    assert done.exit_code == 0, done.output
    assert done.stderr.count(MISSING) == 1
    assert "a new one was made for this" in done.stderr
    assert MISSING not in project.cli(*command).output


def test_a_refused_decision_names_the_missing_store(project: Project) -> None:
    """What it concerns may be in the store that is lost."""
    project.configured(CONFIG + REVIEW)
    done = project.cli("retire", "test_it.py::test_gone", "--reason", "gone", "--by", ANA)
    assert done.exit_code == 2
    assert done.stderr.count(MISSING) == 1
    assert not (project.path / ".readiness" / "evidence.db").exists()


@pytest.mark.parametrize(
    "command", [("history", "UC-001"), ("review",), ("show", "UC-001"), ("bundle", "-o", "b.zip")], ids=lambda c: c[0]
)
def test_where_there_is_neither_config_nor_store_that_is_said(project: Project, command: tuple[str, ...]) -> None:
    """An empty answer in the wrong folder is no answer about the project."""
    done = project.cli(*command)
    assert "there is neither a config in " in done.stderr
    assert done.stderr.count("\n") == 1
    project.tests(PASSING)
    project.run()
    assert "neither" not in project.cli(*command).output


@pytest.mark.parametrize("sides", [("now", "2026-11-30"), ("2026-11-30", "now")])
def test_nothing_is_compared_where_there_is_neither_config_nor_store(project: Project, sides: tuple[str, str]) -> None:
    """A comparison with nothing says that everything is gone, or that nothing changed."""
    done = project.cli("diff", *sides)
    assert (done.exit_code, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert "there is neither a config in " in done.stderr
    assert "run `readiness init`, or go to the folder of the project" in done.stderr
