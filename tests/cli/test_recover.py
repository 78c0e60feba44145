"""`readiness recover`: what a crash or an absent store left behind is taken in, and nothing else is touched."""

from __future__ import annotations

import shutil

import pytest

from tests.project import Project

pytestmark = pytest.mark.slow

SUITE = """
@evidence("UC-001", item=1)
def test_a(): pass

@evidence("UC-001", item=2)
def test_b(): os._exit(1)

@evidence("UC-002", item=1)
def test_c(): pass
"""


@pytest.fixture
def crashed(project: Project) -> Project:
    """A project whose only session died in its second test."""
    project.configured().tests(SUITE)
    project.run_apart("-q")
    assert len(project.journals) == 1
    return project


def test_a_dead_run(crashed: Project) -> None:
    """It is sealed and kept, told with its number of pieces, and gone from the folder; a second time nothing is left."""
    [journal] = crashed.journals
    done = crashed.cli("recover")
    assert done.exit_code == 0
    assert done.stdout == f"recovered run {journal.stem}: 3 pieces of evidence, INTERRUPTED\n"
    assert crashed.journals == []
    again = crashed.cli("recover")
    assert (again.exit_code, again.stdout) == (0, "nothing to recover\n")


def test_nothing_left_behind_creates_nothing(project: Project) -> None:
    """Without a journal no store is made."""
    project.configured()
    done = project.cli("recover")
    assert (done.exit_code, done.stdout) == (0, "nothing to recover\n")
    assert not (project.path / ".readiness").exists()


@pytest.mark.parametrize("cut", [1, 7, 40])
def test_a_torn_last_line(crashed: Project, cut: int) -> None:
    """A last line that was cut off in writing was never evidence: the rest is kept, and the store verifies."""
    [journal] = crashed.journals
    whole = journal.read_bytes()
    journal.write_bytes(whole + whole.splitlines()[-1][:-cut])
    assert crashed.cli("recover").exit_code == 0
    assert crashed.states()["UC-001/1"] == "COMPLETE"
    assert crashed.cli("verify").exit_code == 0


@pytest.mark.parametrize("cut", [1, 7, 40])
def test_a_torn_end_of_a_test(crashed: Project, cut: int) -> None:
    """A test whose end was cut off in writing started, and is INTERRUPTED."""
    [journal] = crashed.journals
    journal.write_bytes(journal.read_bytes()[:-cut])
    assert crashed.cli("recover").exit_code == 0
    assert crashed.states()["UC-001/1"] == "INTERRUPTED"
    assert crashed.cli("verify").exit_code == 0


def test_an_empty_journal(project: Project) -> None:
    """A journal with no whole line holds nothing, and goes."""
    project.configured()
    folder = project.path / ".readiness" / "journal"
    folder.mkdir(parents=True)
    (folder / "20260101T000000Z-00000000.jsonl").write_bytes(b"")
    (folder / "20260101T000000Z-00000001.jsonl").write_bytes(b'{"kind":"run"')
    assert project.cli("recover").exit_code == 0
    assert project.journals == []


def test_a_damaged_journal_is_left_and_the_others_are_taken_in(crashed: Project) -> None:
    """One journal that is damaged is told with 3 and left in place; a sound one beside it is kept all the same."""
    [journal] = crashed.journals
    damaged = journal.with_name("20000101T000000Z-00000000.jsonl")
    damaged.write_bytes(journal.read_bytes().replace(b"test_a", b"test_x", 1))
    before = damaged.read_bytes()
    done = crashed.cli("recover")
    assert done.exit_code == 3
    assert "recovered run" in done.stdout
    assert damaged.name in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert crashed.journals == [damaged]
    assert damaged.read_bytes() == before
    assert crashed.cli("gate").exit_code == 3


def test_a_copy_of_a_journal_that_was_kept(crashed: Project) -> None:
    """A journal that comes back after it was kept, with another end, is refused and named: two runs cannot have one id."""
    [journal] = crashed.journals
    data = journal.read_bytes()
    crashed.cli("recover")
    journal.write_bytes(data)
    done = crashed.cli("recover")
    assert done.exit_code == 3
    assert "another run with the id" in done.stderr
    assert crashed.journals == [journal]
    done = crashed.cli("verify")
    assert done.exit_code == 3
    assert f"{journal}: differs from the run with this id in the store" in done.stdout


def test_a_sealed_run_whose_store_was_away(project: Project) -> None:
    """A session that ended whole but could not be kept is taken in as it was sealed, not as interrupted."""
    (project.path / ".readiness" / "evidence.db").mkdir(parents=True)
    project.configured().tests(SUITE.replace("os._exit(1)", "pass"))
    assert project.run().ret == 13
    shutil.rmtree(project.path / ".readiness" / "evidence.db")
    done = project.cli("recover")
    assert done.exit_code == 0
    assert "3 pieces of evidence, SEALED" in done.stdout
    assert project.states()["UC-001/1"] == "COMPLETE"
    assert project.cli("verify").exit_code == 0


def test_the_requirements_come_with_the_run(crashed: Project) -> None:
    """The requirements in force at the crash are kept, though the config changed before the recovery."""
    crashed.write("readiness.toml", (crashed.path / "readiness.toml").read_text() + '[items.3]\ntitle = "new"\n')
    assert crashed.cli("recover").exit_code == 0
    assert crashed.cli("verify").exit_code == 0  # which misses requirements that a run was made under
    assert list((crashed.path / ".readiness" / "journal").glob("*.jsonl")) == []


def test_an_xdist_session_that_was_killed(project: Project) -> None:
    """What the controller had written is recovered, under the ids that the workers said."""
    project.configured().tests(
        SUITE.replace("os._exit(1)", "import time; time.sleep(1); os.kill(os.getppid(), 9); os._exit(1)")
    )
    project.run_apart("-p", "xdist", "-n1", "-q")
    done = project.cli("recover")
    assert done.exit_code == 0, done.output
    assert project.states()["UC-001/1"] == "COMPLETE"
    assert project.states()["UC-001/2"] == "INTERRUPTED"
    assert project.cli("verify").exit_code == 0


@pytest.mark.parametrize("content", [bytes(5000), b"garbage", b'{"actor":"ana@exam' + bytes(40), b"\n{"])
def test_a_journal_without_a_whole_line(project: Project, content: bytes) -> None:
    """What no session of ours leaves in its first line is damage, which is named and stays: never nothing."""
    project.configured().tests("@evidence('UC-001', item=1)\ndef test_a(): pass\n")
    project.run().assert_outcomes(passed=1)
    journal = project.path / ".readiness" / "journal" / "20261129T000000Z-aaaaaaaa.jsonl"
    journal.write_bytes(content)
    assert project.cli("gate").exit_code == 3
    assert project.cli("verify").exit_code == 3
    result = project.cli("recover")
    assert "is damaged" in result.output
    assert "nothing to recover" not in result.output
    assert journal.read_bytes() == content


@pytest.mark.parametrize("content", [b"", b"{", b'{"actor":"ana@exam'])
def test_what_a_kill_within_the_first_line_leaves(project: Project, content: bytes) -> None:
    """Nothing took place before that line was written; where more bears the name of its run, more did."""
    project.configured().tests("@evidence('UC-001', item=1)\ndef test_a(): pass\n")
    project.run().assert_outcomes(passed=1)
    journal = project.path / ".readiness" / "journal" / "20261129T000000Z-aaaaaaaa.jsonl"
    journal.write_bytes(content)
    beside = journal.with_suffix(".begun")
    beside.write_text("x")
    assert project.cli("verify").exit_code == 3
    assert journal.exists()
    beside.unlink()
    assert project.cli("verify").exit_code == 0
    assert project.cli("recover").exit_code == 0
    assert project.journals == []
