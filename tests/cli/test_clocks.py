"""Decisions that were made by clocks that differ: what closes a gate closes it, and the last word is the last."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, strategies as st
from msgspec.structs import replace

from pytest_readiness.decisions.decision_time import ClockError, PriorDecisions
from pytest_readiness.facts.decision import Blocker, Decision, Review, ReviewMeaning, Unblock
from pytest_readiness.facts.review_basis import ReviewBasis
from pytest_readiness.facts.timestamps import timestamp
from pytest_readiness.verdict.inputs import Facts
from pytest_readiness.verdict.policy import Policy
from pytest_readiness.verdict.review.decision_index import DecisionIndex
from pytest_readiness.verdict.review.standing import standing_rejections
from tests.project import CONFIG, Project
from tests.reviewed_project import (
    ANA,
    BEN,
    DEV,
    REVIEW,
    TESTS,
    approve,
    commit,
    decided,
    record,
    repository,
    status,
    told,
)

pytestmark = pytest.mark.slow

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
        self.monkeypatch.setitem(timestamp.__kwdefaults__, "now", lambda: time.time() + seconds)


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
    then = timestamp()
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


def opened_later(project: Project, clock: Clock) -> tuple[int, str]:
    """The gate as it is judged when every clock has passed every decision."""
    clock.ahead(20 * MINUTE)
    return gate(project)


def test_a_rejection_is_not_overruled_by_an_earlier_approval(project: Project, clock: Clock) -> None:
    """Who approves by a clock that is ahead and then rejects by the right one has rejected, for good."""
    decided(project)
    clock.ahead(10 * MINUTE)
    approve(project, by=BEN)
    clock.ahead(0)
    assert "UC-001 now: BLOCKED" in project.cli(*REJECT).stdout
    code, said = opened_later(project, clock)
    assert (code, "data loss" in said) == (1, True), said


@pytest.mark.parametrize("home", ["store", "decisions"])
def test_an_unblock_ends_no_blocker_that_its_maker_never_saw(project: Project, clock: Clock, home: str) -> None:
    """A blocker that is made after an unblock by a clock that is ahead stays open, committed yet or not."""
    decided(project)
    repository(project.configured(f'decisions = "{home}"\n' + CONFIG + REVIEW), ANA)
    commit(project)
    approve(project)
    assert project.cli(*BLOCK).exit_code == 0
    if home == "decisions":
        commit(project, by=ANA)
    clock.ahead(10 * MINUTE)
    assert project.cli("unblock", "UC-001", "--reason", "up again", "--by", ANA).exit_code == 0
    clock.ahead(0)
    assert project.cli("block", "UC-001", "--reason", "two: data loss", "--by", ANA).exit_code == 0
    if home == "decisions":
        commit(project, by=ANA)
    code, said = opened_later(project, clock)
    assert (code, "data loss" in said) == (1, True), said


def test_what_opens_is_refused_while_something_lies_in_the_future(project: Project, clock: Clock) -> None:
    """An approval, an unblock and a retirement are refused in a line that says what, who and when; a blocker is not."""
    decided(project)
    clock.ahead(HOUR)
    assert project.cli(*BLOCK).exit_code == 0
    clock.ahead(0)
    for opening in (
        ("review", "UC-001", "--approve", "--acknowledge", "asserted"),
        ("unblock", "UC-001", "--reason", "up again"),
        ("retire", "test_it.py::test_trace", "--reason", "gone"),
    ):
        done = project.cli(*opening, "--by", ANA)
        assert (done.exit_code, len(done.stderr.splitlines())) == (2, 1), done.output
        assert f"the blocker of UC-001 by {DEV} was made at" in done.stderr
        assert "correct the wrong clock" in done.stderr
    preview = project.cli("review", "UC-001", "--by", ANA)
    assert (preview.exit_code, "correct the wrong clock" in preview.stdout) == (0, True), preview.output
    assert project.cli(*BLOCK).exit_code == 0


UC = "UC-001"
MADE = {
    "block": lambda at: Blocker(register="r", at=at, by=BEN, use_case=UC, reason="no"),
    "unblock": lambda at: Unblock(register="r", at=at, by=BEN, use_case=UC, reason="yes"),
    "reject": lambda at: Review(
        register="r",
        at=at,
        by=BEN,
        use_case=UC,
        meaning=ReviewMeaning.REJECTED,
        basis=ReviewBasis("sha256:0"),
        comment="no",
    ),
    "approve": lambda at: Review(
        register="r",
        at=at,
        by=BEN,
        use_case=UC,
        meaning=ReviewMeaning.APPROVED_FOR_GO_LIVE,
        basis=ReviewBasis("sha256:0"),
    ),
}


@given(st.lists(st.tuples(st.sampled_from(sorted(MADE)), st.integers(-5000, 5000), st.integers(0, 3000)), max_size=12))
def test_the_last_word_wins_whatever_the_clocks_say(steps: list[tuple[str, int, int]]) -> None:
    """Over any clocks, a use case is blocked or rejected exactly as the order in which decisions were made says."""
    made: list[Decision] = []
    kinds: list[str] = []
    right = 1_800_000_000_000
    for kind, offset, later in steps:
        right += later
        now = timestamp((right + offset) / 1000)
        try:
            one = MADE[kind](now)
            if isinstance(one, Unblock):
                one = replace(one, ends=PriorDecisions(made).closing(UC))
            made.append(PriorDecisions(made).dated(one, now=now))
        except ClockError:
            assert kind in ("unblock", "approve")
        else:
            kinds.append(kind)
    policy = Policy(reviewers=(BEN,))
    found = DecisionIndex.build(Facts(decisions=made), policy, "r", timestamp(1_900_000_000))
    for closes, opens, closed in (
        ("block", "unblock", found.remaining_blockers(UC, ())),
        ("reject", "approve", standing_rejections(found.reviews.get(UC, ()), policy)),
    ):
        last = next((kind for kind in reversed(kinds) if kind in (closes, opens)), opens)
        assert bool(closed) == (last == closes)
