"""Attacks on stores: exactly the listed commands show each attack."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.pages import ROOT
from tests.project import CONFIG, TRACKER, Project
from tests.reviewed_project import ANA, BEN, BOT, REVIEW

from .attacks import ATTACKS, COMMANDS, FAILED, database, one, texts

pytestmark = pytest.mark.slow

SUITE = """
@evidence("UC-001", item=1)
def test_provider(record_evidence):
    record_evidence.attach(b"the provider's log", name="log")
    assert os.environ["PROVIDER"] == "up"

@evidence("UC-001", item=2)
def test_trace(): pass

@evidence("UC-002", item=[1, 2])
def test_refund(): pass
"""


@pytest.fixture(scope="module")
def copy_of(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the project is kept once it is made."""
    return tmp_path_factory.mktemp("copy_of")


@pytest.fixture
def real(project: Project, copy_of: Path) -> Project:
    """A project with four runs, one of them failing, decisions, a verdict and an artifact, and a copy of its own of it."""
    if not any(copy_of.iterdir()):
        make(project)
        shutil.copytree(project.path, copy_of, dirs_exist_ok=True)
    else:
        shutil.copytree(copy_of, project.path, dirs_exist_ok=True)
    return project


def make(project: Project) -> None:
    """Run, decide and run again, as users do; keep an older copy, and a checkpoint of all but the last run."""
    project.configured(CONFIG + REVIEW, TRACKER).tests(SUITE)
    run(project, "up", 3)
    decide(project, "review", "UC-001", "--approve", "--by", ANA, "--acknowledge", "asserted")
    decide(project, "review", "UC-002", "--approve", "--by", BEN, "--acknowledge", "asserted")
    shutil.copyfile(database(project.path), project.path / "older.db")
    run(project, "down", 2)
    late = ("--reason", "the provider is late", "--until", "2999-01-01", "--requested-by", BOT)
    decide(project, "waive", "UC-001/1", "--by", ANA, *late[:2], "--until", until(), *late[4:])
    decide(project, "block", "UC-002", "--by", BOT, "--reason", "a customer complained")
    assert project.cli("gate", "--keep").exit_code == 1
    run(project, "up", 1, "-k", "refund")
    (project.path / "elsewhere").mkdir()
    assert project.cli("checkpoint", "-o", "elsewhere/kept.txt").exit_code == 0
    run(project, "up", 1, "-k", "refund")


def until() -> str:
    """A day within what a waiver may last."""
    from datetime import UTC, datetime, timedelta

    return (datetime.now(UTC) + timedelta(days=30)).date().isoformat()


def run(project: Project, provider: str, passed: int, *args: str) -> None:
    """Run the suite as the robot."""
    project.monkeypatch.setenv("PROVIDER", provider)
    outcomes = project.run(f"--readiness-actor={BOT}", *args).parseoutcomes()
    assert outcomes["passed"] == passed


def decide(project: Project, *args: str) -> None:
    """Let somebody decide."""
    done = project.cli(*args)
    assert done.exit_code == 0, done.output


def test_the_store_that_is_attacked_is_sound(real: Project) -> None:
    """Before any attack every command finds it intact, and the gate is closed for what failed."""
    codes = {name: real.cli(*command).exit_code for name, command in COMMANDS.items()}
    assert codes == {"verify": 0, "gate": 1, "verify --checkpoint": 0, "gate --checkpoint": 1}
    with closing(sqlite3.connect(database(real.path))) as plain:
        kinds = [kind for (kind,) in plain.execute("SELECT kind FROM leaf ORDER BY number")]
        assert len(texts(plain, one(plain, FAILED))) > 5
    assert kinds == ["run", "decision", "decision", "run", "decision", "decision", "verdict", "run", "run"]


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_is_shown_by_what_is_said_to_show_it_and_by_nothing_else(real: Project, name: str) -> None:
    """Exit code 3 with a line that names it where it is shown; where it is not, the command ends as if nothing were."""
    attack = ATTACKS[name]
    attack.does(real.path)
    done = {command: real.cli(*COMMANDS[command]) for command in COMMANDS}
    codes = {command: result.exit_code for command, result in done.items()}
    assert {command for command, code in codes.items() if code == 3} == attack.shown_by, done["verify"].output
    unseen = {0, 1} if database(real.path).exists() else {1, 2}  # there is nothing to verify where there is no store
    assert {code for command, code in codes.items() if command not in attack.shown_by} <= unseen
    message = next((done[command].output for command in COMMANDS if command in attack.shown_by), "")
    assert attack.told in message
    assert not any("a defect" in result.output or "Traceback" in result.output for result in done.values())


def test_a_run_that_is_taken_in_again_under_its_own_id_changes_nothing(real: Project) -> None:
    """Replaying a run that the store has, as a bundle carries it, is passed over: no row, and no leaf, is added."""
    assert real.cli("bundle", "-o", "all.zip").exit_code == 0
    before = database(real.path).read_bytes()
    done = real.cli("merge", "all.zip")
    assert done.exit_code == 0
    assert database(real.path).read_bytes() == before


def test_a_blocker_that_was_moved_to_another_register_still_blocks(real: Project) -> None:
    """The gate reads where a decision counts from its text: the column cannot take it away."""
    ATTACKS["a blocker moved to another register in its column"].does(real.path)
    assert "UC-002 is blocked: a customer complained" in " ".join(real.cli("gate").stdout.split())


def test_the_gate_says_how_many_records_a_checkpoint_vouches_for(real: Project) -> None:
    """The rule is printed where it passes, and where it fails, with what it looked at; without a checkpoint it is not."""
    gate = COMMANDS["gate --checkpoint"]
    passed = " ".join(real.cli(*gate).stdout.split())
    assert "passed checkpoint (8 of 8): the store begins with the records of elsewhere/kept.txt, and 1 came" in passed
    assert "checkpoint" not in real.cli("gate").stdout
    ATTACKS["the store rolled back to an older copy"].does(real.path)
    failed = " ".join(real.cli(*gate).stdout.split())
    message = "the store held 8 records then, and holds 3: it was rolled back to an older copy"
    assert f"failed checkpoint (1 problem): checkpoint elsewhere/kept.txt: {message}" in failed


def test_the_docs_tell_of_every_attack_and_of_what_shows_it() -> None:
    """The page has a row for each attack, in this order, with the exit code 3 of the commands that show it."""
    page = (ROOT / "docs" / "explanation" / "attacks.md").read_text(encoding="utf-8")
    rows = [[cell.strip() for cell in row.split("|")[1:-1]] for row in re.findall(r"^\|.*\|$", page, re.MULTILINE)]
    assert rows[0] == ["attack", *(f"`{command}`" for command in COMMANDS)]
    expected = [
        [name, *("3" if command in attack.shown_by else "not shown" for command in COMMANDS)]
        for name, attack in ATTACKS.items()
    ]
    assert rows[2:] == expected


def test_a_run_says_with_what_it_was_made_and_its_seal_how_it_ended(real: Project) -> None:
    """The first line holds the versions; the seal count, head, planned set, exit status and both clocks."""
    with closing(sqlite3.connect(database(real.path))) as plain:
        lines = [json.loads(text) for text in texts(plain, one(plain, FAILED))]
    first, seal = lines[0], lines[-1]
    assert first["versions"].keys() == {"python", "pytest", "pytest-readiness", "sqlite"}
    assert first["versions"]["pytest"] == pytest.__version__
    assert first["versions"]["sqlite"] == sqlite3.sqlite_version
    assert (seal["count"], seal["exit_status"], seal["recovered"]) == (len(lines) - 1, 1, False)
    assert len(seal["prev"]) == len(seal["planned"]) == 64
    assert abs(seal["clock"]["python"] - seal["clock"]["file"]) < 60_000
