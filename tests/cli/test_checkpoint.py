"""``readiness checkpoint``, and what verify, gate and pytest make of a checkpoint that was kept elsewhere."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from tests.project import CONFIG, Project

pytestmark = pytest.mark.slow

SUITE = """
@evidence("UC-001", item=1)
def test_a(): pass
"""


@pytest.fixture
def recorded(project: Project) -> Project:
    """A project with a run in its store."""
    project.configured().tests(SUITE).run()
    return project


def head(project: Project) -> str:
    """What the command prints."""
    done = project.cli("checkpoint")
    assert (done.exit_code, done.stderr) == (0, "")
    return done.stdout


def assert_refused(project: Project, code: int, *arguments: str, expected: str) -> None:
    """The command ends with this code and one line that says it."""
    done = project.cli(*arguments)
    assert (done.exit_code, done.stdout, len(done.stderr.splitlines())) == (code, "", 1), done.output
    assert expected in done.stderr


def test_the_head_is_printed_and_written_as_it_is(recorded: Project) -> None:
    """Three lines and an empty one, the same each time; every register of the store is in it."""
    first = head(recorded)
    origin, size, root, empty = first.split("\n")[:4]
    assert origin.startswith("readiness-store/")
    assert (size, len(root), empty, first.count("\n")) == ("1", 44, "", 4)
    assert head(recorded) == first
    done = recorded.cli("checkpoint", "-o", "head.txt")
    assert (done.exit_code, done.stdout) == (0, f"head.txt: 1 record of {origin}\n")
    assert (recorded.path / "head.txt").read_text() == first
    assert [path.name for path in recorded.path.glob(".head*")] == []
    recorded.run()
    assert head(recorded).split("\n")[:2] == [origin, "2"]


def test_a_file_is_replaced_where_the_store_has_grown_out_of_it(recorded: Project) -> None:
    """The same head, and a later one, take the place of an earlier one."""
    for size in (1, 1, 2):
        if size == 2:
            recorded.run()
        assert recorded.cli("checkpoint", "-o", "head.txt").exit_code == 0
        assert (recorded.path / "head.txt").read_text().split("\n")[1] == str(size)


def test_a_checkpoint_of_more_records_is_never_replaced(recorded: Project) -> None:
    """After a rollback the file is the only one that knows: it stays, and the command says what happened."""
    shutil.copy(recorded.path / ".readiness" / "evidence.db", "older.db")
    recorded.run()
    recorded.cli("checkpoint", "-o", "head.txt")
    stored = (recorded.path / "head.txt").read_text()
    shutil.copy("older.db", recorded.path / ".readiness" / "evidence.db")
    message = "checkpoint head.txt: the store held 2 records then, and holds 1: it was rolled back"
    assert_refused(recorded, 3, "checkpoint", "-o", "head.txt", expected=message)
    assert (recorded.path / "head.txt").read_text() == stored


def test_a_checkpoint_of_another_store_is_never_replaced(recorded: Project) -> None:
    """A store that was deleted and made anew has another name."""
    recorded.cli("checkpoint", "-o", "head.txt")
    stored = (recorded.path / "head.txt").read_text()
    (recorded.path / ".readiness" / "evidence.db").unlink()
    recorded.run()
    assert_refused(
        recorded, 3, "checkpoint", "-o", "head.txt", expected="head.txt: is of another store (readiness-store/"
    )
    assert (recorded.path / "head.txt").read_text() == stored


@pytest.mark.parametrize("content", [b"", b"notes", b"\xff\xfe", b"x" * 100_000])
def test_what_is_no_checkpoint_is_one_line_and_stays(recorded: Project, content: bytes) -> None:
    """Another file is neither read as a checkpoint nor written over."""
    (recorded.path / "notes.txt").write_bytes(content)
    for command in (("checkpoint", "-o"), ("verify", "--checkpoint"), ("gate", "--checkpoint")):
        assert_refused(recorded, 2, *command, "notes.txt", expected="notes.txt: is not a checkpoint: ")
    assert (recorded.path / "notes.txt").read_bytes() == content


def test_what_cannot_be_read_or_written_is_one_line(recorded: Project) -> None:
    """A file that is not there, and a folder that is not there, are told with what to look at."""
    assert_refused(recorded, 2, "gate", "--checkpoint", "none.txt", expected="none.txt: the checkpoint cannot be read")
    assert_refused(
        recorded, 2, "checkpoint", "-o", "none/head.txt", expected="head.txt: the checkpoint cannot be written"
    )


def test_no_store_has_no_head(project: Project) -> None:
    """Nothing is created, and CI does not take an empty checkpoint for a kept one."""
    project.configured()
    assert_refused(project, 2, "checkpoint", expected="there is no store at")
    assert not (project.path / ".readiness").exists()


def test_a_store_whose_leaves_do_not_fit_has_no_head(recorded: Project) -> None:
    """A checkpoint must not vouch for records that are not there."""
    import sqlite3

    with sqlite3.connect(recorded.path / ".readiness" / "evidence.db") as database:
        database.execute("DROP TRIGGER leaf_no_update")
        database.execute("UPDATE leaf SET digest = 'x'")
    database.close()
    assert_refused(recorded, 3, "checkpoint", "-o", "head.txt", expected="does not match its leaf")
    assert not (recorded.path / "head.txt").exists()


def test_verify_says_what_each_checkpoint_covers(recorded: Project) -> None:
    """Several can be given: each is compared, and told in a line of its own."""
    recorded.cli("checkpoint", "-o", "first.txt")
    recorded.run()
    recorded.cli("checkpoint", "-o", "second.txt")
    done = recorded.cli("verify", "--checkpoint", "first.txt", "--checkpoint", "second.txt")
    assert done.exit_code == 0
    assert done.stdout.startswith("intact: 2 runs, 2 pieces of evidence, ")
    assert done.stdout.splitlines()[1:] == [
        "the first 1 of 2 records are those of first.txt",
        "the first 2 of 2 records are those of second.txt",
    ]


def test_the_variable_names_checkpoints_for_both_doors(recorded: Project) -> None:
    """READINESS_CHECKPOINT stands for the option: verify, gate and a pytest session compare alike."""
    recorded.cli("checkpoint", "-o", "first.txt")
    recorded.run()
    recorded.cli("checkpoint", "-o", "second.txt")
    recorded.monkeypatch.setenv("READINESS_CHECKPOINT", os.pathsep.join(["first.txt", "second.txt"]))
    assert "are those of second.txt" in recorded.cli("verify").stdout
    done = recorded.run("--readiness-gate")
    assert done.ret == 11
    done.stdout.fnmatch_lines(["*passed  checkpoint (2 of 2): the store begins with the records of*"])
    (recorded.path / ".readiness" / "evidence.db").unlink()
    assert recorded.cli("gate").exit_code == 3
    done = recorded.run("--readiness-gate")
    assert done.ret == 13
    done.stdout.fnmatch_lines(["*failed  checkpoint (2 problems): *is of another store*"])


def test_a_bad_file_in_the_variable_is_known_before_a_test_runs(recorded: Project) -> None:
    """A session that is to be gated by a checkpoint that is not there ends at once, as with any wrong option."""
    recorded.monkeypatch.setenv("READINESS_CHECKPOINT", "none.txt")
    done = recorded.run("--readiness-gate")
    assert done.ret == pytest.ExitCode.USAGE_ERROR
    done.stderr.fnmatch_lines(["*none.txt: the checkpoint cannot be read*"])
    assert recorded.run().ret == 0


def test_a_report_tells_of_a_rollback_too(recorded: Project) -> None:
    """What the variable names is compared wherever readiness is judged: a report of a rolled-back store exits 3."""
    recorded.cli("checkpoint", "-o", "head.txt")
    recorded.monkeypatch.setenv("READINESS_CHECKPOINT", "head.txt")
    assert recorded.cli("report").exit_code == 0
    Path(".readiness/evidence.db").unlink()
    done = recorded.cli("report")
    assert (done.exit_code, len(done.stderr.splitlines())) == (3, 1)


@pytest.mark.parametrize("names", ["", " ", os.pathsep, f"head.txt{os.pathsep}", f"{os.pathsep}head.txt"])
def test_an_empty_name_in_the_variable_is_a_usage_error(recorded: Project, names: str) -> None:
    """An output of CI that was never set is not a checkpoint: nothing is passed over in silence, by no door."""
    recorded.cli("checkpoint", "-o", "head.txt")
    recorded.monkeypatch.setenv("READINESS_CHECKPOINT", names)
    for words in (("gate",), ("verify",), ("report",), ("review", "UC-001", "--approve", "--by", "ana@example.com")):
        assert_refused(recorded, 2, *words, expected="name a checkpoint, or unset the variable")
    done = recorded.run("--readiness-gate")
    assert done.ret == pytest.ExitCode.USAGE_ERROR
    done.stderr.fnmatch_lines(["*READINESS_CHECKPOINT *: name a checkpoint, or unset the variable*"])
    assert "are those of head.txt" in recorded.cli("verify", "--checkpoint", "head.txt").stdout


EMPTY = "0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n\n"


def test_a_checkpoint_of_nothing_is_nothing_to_look_at(recorded: Project) -> None:
    """Every store has grown out of an empty one: it says nothing, and neither command takes it for an answer."""
    name = head(recorded).partition("\n")[0]
    recorded.write("empty.txt", f"{name}\n{EMPTY}")
    message = "checkpoint empty.txt: is of an empty store: there is nothing to compare"
    recorded.cli("checkpoint", "-o", "head.txt")
    for more in ((), ("--checkpoint", "head.txt")):
        done = recorded.cli("verify", "--checkpoint", "empty.txt", *more)
        compared = ["the first 1 of 1 record are those of head.txt"] if more else []
        assert (done.exit_code, done.stdout.splitlines()) == (3, [message, *compared, "not intact: 1 problem"])
        gate = recorded.cli("gate", "--checkpoint", "empty.txt", *more)
        assert gate.exit_code == 3
        assert message in " ".join(gate.stdout.split())


REQUIRED = (
    CONFIG.replace("[items.2]", "[items.3]").partition("[items.3]")[0]
    + """
[review]
reviewers = ["ana@example.com"]

[gate]
checkpoint = "required"
"""
)


@pytest.fixture
def approved(project: Project) -> Project:
    """A project that asks for a checkpoint, with a use case that is reviewed."""
    project.configured(REQUIRED).tests(SUITE).run()
    assert project.cli("review", "UC-001", "--approve", "--by", "ana@example.com").exit_code == 0
    return project


def test_a_checkpoint_can_be_asked_for(approved: Project) -> None:
    """Without one the gate is closed, and says how to name one; with one it opens, by the option or the variable."""
    message = "failed checkpoint: no checkpoint was named, and [gate] checkpoint requires one"
    done = approved.cli("gate", "UC-001")
    assert done.exit_code == 1
    assert message in " ".join(done.stdout.split())
    session = approved.run("--readiness-gate", "--readiness-uc=UC-001")
    assert session.ret == 11
    assert message in " ".join(str(session.stdout).split())
    approved.cli("checkpoint", "-o", "head.txt")
    assert approved.cli("gate", "UC-001", "--checkpoint", "head.txt").exit_code == 0
    approved.monkeypatch.setenv("READINESS_CHECKPOINT", "head.txt")
    assert approved.cli("gate", "UC-001").exit_code == 0


def test_nothing_is_sound_without_the_checkpoint_that_is_asked_for(approved: Project) -> None:
    """A gate that compares with an earlier report is no way around it."""
    approved.cli("report", "--format", "json", "-o", "before.json")
    done = approved.cli("gate", "UC-001", "--no-regression", "before.json")
    assert done.exit_code == 1, done.output


def test_asking_for_none_later_is_weaker(approved: Project) -> None:
    """What was signed where a checkpoint was asked for is suspect where none is; the other way round it holds."""
    assert approved.report("UC-001")["use_cases"][0]["status"] == "READY_FOR_GO_LIVE"
    approved.configured(REQUIRED.replace("required", "ignore"))
    row = approved.report("UC-001")["use_cases"][0]
    assert row["phase"] == "REVIEW_SUSPECT"
    assert '[gate] checkpoint was "required"' in " ".join(row["review"]["why"])
    assert approved.cli("gate", "UC-001").exit_code == 1
    assert approved.cli("review", "UC-001", "--approve", "--by", "ana@example.com").exit_code == 0
    approved.configured(REQUIRED)
    assert approved.report("UC-001")["use_cases"][0]["status"] == "READY_FOR_GO_LIVE"
