"""Decisions that were made by clocks that differ: what closes a gate closes it, and the last word is the last."""

from __future__ import annotations

import time

import pytest

from pytest_readiness.facts.clock import moment
from tests.project import CONFIG, Project
from tests.signing import ANA, BEN, DEV, REVIEW, TESTS, approve, commit, decided, record, repository, status, told

MINUTE = 60
HOUR = 60 * MINUTE
BLOCK = ("block", "UC-001", "--reason", "db down", "--by", DEV)
REJECT = ("review", "UC-001", "--reject", "--comment", "data loss", "--by", BEN)


class Clock:
    """A clock that can be set."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.monkeypatch = monkeypatch

    def ahead(self, seconds: float) -> None:
        """Let it run ahead of the right time."""
        self.monkeypatch.setitem(moment.__kwdefaults__, "now", lambda: time.time() + seconds)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The clock of the machine that the next command runs on."""
    return Clock(monkeypatch)


def gate(project: Project) -> tuple[int, str]:
    """Exit code of the gate of UC-001, and what it prints in one line."""
    done = project.cli("gate", "UC-001")
    return done.exit_code, " ".join(done.output.split())


def approved(project: Project) -> Project:
    """A project whose UC-001 is approved, and its gate open."""
    decided(project)
    approve(project)
    assert gate(project)[0] == 0
    return project


@pytest.mark.parametrize("closing", [BLOCK, REJECT], ids=["blocked", "rejected"])
def test_what_closes_counts_though_its_clock_ran_ahead(
    project: Project, clock: Clock, closing: tuple[str, ...]
) -> None:
    """A blocker or a rejection from the future keeps the gate closed, and gate, check and report say what it is."""
    approved(project)
    clock.ahead(HOUR)
    assert "UC-001 now: " in project.cli(*closing).stdout
    clock.ahead(0)
    code, told_ = gate(project)
    assert code == 1, told_
    assert "counts all the same: by the clock here it is" in told_
    assert "counts all the same" in " ".join(project.cli("check").output.split())
    assert status(project) == ("BLOCKED", None)
    assert ("db down" if closing is BLOCK else "rejected") in project.cli("history", "UC-001").output


def test_so_it_does_where_decisions_are_files(project: Project, clock: Clock) -> None:
    """A committed blocker that lies two hours ahead is in force."""
    repository(project.configured('decisions = "decisions"\n' + CONFIG + REVIEW).tests(TESTS), ANA)
    commit(project)
    record(project)
    approve(project)
    commit(project, by=ANA)
    assert gate(project)[0] == 0
    clock.ahead(2 * HOUR)
    assert project.cli(*BLOCK).exit_code == 0
    commit(project, by=DEV)
    clock.ahead(0)
    code, said = gate(project)
    assert (code, "counts all the same" in said) == (1, True), said


def test_what_opens_waits_for_its_time(project: Project, clock: Clock) -> None:
    """An approval, a waiver and an unblock from the future open nothing yet, and the gate says that they wait."""
    decided(project)
    clock.ahead(HOUR)
    approve(project)
    clock.ahead(0)
    code, said = gate(project)
    assert (code, "the approval of UC-001" in said, "counts for nothing until then" in said) == (1, True, True), said
    assert told(project)["review"]["approvals"] == 0


def test_of_the_past_counts_what_was_decided_by_then(project: Project, clock: Clock) -> None:
    """A report of a past moment leaves out what was decided since, and not what no clock can place."""
    approved(project)
    then = moment()
    time.sleep(0.002)
    assert project.cli(*BLOCK).exit_code == 0
    report = ("report", "UC-001", "--format", "json", "--at", then)
    assert '"status": "READY_FOR_GO_LIVE"' in project.cli(*report).stdout
    clock.ahead(HOUR)
    assert project.cli(*BLOCK).exit_code == 0
    clock.ahead(0)
    assert '"status": "BLOCKED"' in project.cli(*report).stdout


def test_a_row_does_not_take_a_blocker_from_the_future_with_it(project: Project, clock: Clock) -> None:
    """The row of a use case that a clock ahead blocked is taken out: the gate stays closed by its name."""
    decided(project)
    clock.ahead(HOUR)
    assert project.cli("block", "UC-002", "--reason", "db down", "--by", DEV).exit_code == 0
    clock.ahead(0)
    tracker = project.path / "PROD_READINESS_TRACKER.md"
    tracker.write_text("\n".join(line for line in tracker.read_text().splitlines() if "UC-002" not in line))
    approve(project)
    done = project.cli("gate")
    assert (done.exit_code, "UC-002" in done.output, "db down" in done.output) == (1, True, True), done.output
