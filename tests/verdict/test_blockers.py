"""Blockers, unblocks and retirements of tests."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from pytest_readiness.facts.decision import IdentityLevel
from pytest_readiness.verdict.actions import next_actions
from pytest_readiness.verdict.gate import evaluate_gate
from pytest_readiness.verdict.inputs import RunOrigin
from pytest_readiness.verdict.policy import Policy
from pytest_readiness.verdict.readiness import State
from tests.verdict.judging import FAILED, UC, complete, days_ago, ran
from tests.verdict.people import (
    LEAD,
    REVIEWED,
    SECOND,
    approval,
    blocker,
    judge_all,
    judged,
    rejection,
    retirement,
    unblock,
)

OLD = complete(days=2)
MINE = {"run": RunOrigin(actor=LEAD)}

ENDS = {
    "nothing": ([], True),
    "a later unblock": ([unblock()], False),
    "an unblock that knew of none": ([unblock(ended=[])], True),
    "a later unblock of another blocker": ([unblock(ended=[blocker(2)])], True),
    "an unblock of it, by a clock that was behind": ([unblock(1)], False),
    "an unblock by a stranger": ([unblock(by="stranger")], True),
    "an unblock of another use case": ([replace(unblock(), use_case="UC-004")], True),
    "an unblock in the future": ([unblock(-1)], True),
    "an unblock, then another blocker": ([unblock(), blocker(0.1)], True),
}


@pytest.mark.parametrize(("ends", "is_open"), ENDS.values(), ids=ENDS)
def test_a_blocker_is_open_until_it_is_unblocked(ends, is_open):
    """A use case is BLOCKED while a blocker is open, and READY once a reviewer ended it."""
    result = judged(OLD, [blocker(), approval(OLD), *ends])
    assert result.status == ("BLOCKED" if is_open else "READY_FOR_GO_LIVE")
    assert bool(result.blockers) is is_open


def test_who_may_unblock():
    """Who recorded the evidence that the use case rested on cannot unblock it; why it is still open is told."""
    result = judged(OLD, [blocker(), unblock()], origins=MINE)
    assert result.status == "BLOCKED"
    assert "recorded" in result.blockers[0].still_open[0]
    assert judged([], [blocker(), unblock()], replace(REVIEWED, identity="git")).status == "BLOCKED"
    assert (
        judged([], [blocker(), unblock(known_by=IdentityLevel.GIT)], replace(REVIEWED, identity="git")).blockers == ()
    )
    later = [*OLD, ran(days=0.1, proofs=("trace",), run_id="mine", id="mine.1.1")]
    assert judged(later, [blocker(), unblock()]).blockers == ()


def test_anyone_may_block():
    """A blocker by somebody who is not listed and known only by name holds, where a signature is asked for too."""
    assert judged([], [blocker(by="stranger")], Policy(identity="signed")).status == "BLOCKED"


def test_several_blockers():
    """One unblock ends every blocker that it knew of; a later one, and one that it did not know of, stay open."""
    first, second, third = blocker(2), blocker(1), blocker(0.1)
    assert [blocker.decision for blocker in judged([], [first, second]).blockers] == [first, second]
    assert [
        blocker.decision for blocker in judged([], [first, second, unblock(ended=[first, second]), third]).blockers
    ] == [third]
    assert [blocker.decision for blocker in judged([], [first, second, unblock(ended=[first])]).blockers] == [second]


def test_another_use_cases_blocker():
    """A blocker of another use case, or in another register, blocks nothing here."""
    assert judged(OLD, [blocker(use_case="UC-004")]).blockers == ()
    assert judged(OLD, [replace(blocker(), register="other")]).blockers == ()


@pytest.mark.parametrize("on", ["review", "evidence"])
def test_the_gate_stays_closed(on):
    """An open blocker closes the gate whatever eligible means, by its own rule; a rejection only where reviews count."""
    policy = replace(REVIEWED, on=on)
    verdict = evaluate_gate(judge_all(OLD, [approval(OLD), blocker()], policy), policy)
    assert [rule.rule for rule in verdict.rules if not rule.passed] == ["nothing blocked"]
    assert verdict.failing == (UC,)
    rejected = evaluate_gate(judge_all(OLD, [rejection()], policy), policy)
    assert rejected.eligible is (on == "evidence")


def test_a_rejection_closes_the_gate_whatever_word_is_there():
    """Only evidence alone asks for no review: a word that nobody knows does not."""
    policy = replace(REVIEWED, on="anything")
    verdict = evaluate_gate(judge_all(OLD, [rejection()], policy), policy)
    assert "nothing blocked" in [rule.rule for rule in verdict.rules if not rule.passed]


def test_what_is_to_be_done():
    """A blocker and a rejection are the owner's to fix; what is told names who and why."""
    result = next_actions(judge_all(OLD, [blocker(), rejection()]), REVIEWED)
    assert [(action.who, action.action) for action in result] == [("team@example.com", "fix")] * 2
    assert "data loss" in result[0].text
    assert "no rollback plan" in result[1].text


class TestRetirement:
    """Retired tests."""

    BAD = ran(FAILED, test="b")

    def test_a_retired_test_no_longer_has_to_pass(self):
        """Retiring the failing one of two tests makes the requirement rest on the other; its evidence stays in sight."""
        evidence = [*OLD, self.BAD]
        assert judged(evidence).status == "BLOCKED"
        result = judged(evidence, [retirement("b")])
        requirement = next(requirement for requirement in result.requirements if requirement.requirement.item == "4")
        assert (requirement.state, self.BAD in requirement.evidence, self.BAD in requirement.deciding) == (
            State.COMPLETE,
            True,
            False,
        )
        assert result.retirements[0].decision.test_id == "b"

    def test_its_passes_do_not_count_either(self):
        """A requirement of which only a retired test speaks is MISSING and says so; the use case stays started."""
        result = judged([ran(proofs=("trace",))], [retirement(ran().test_id)])
        requirement = next(requirement for requirement in result.requirements if requirement.requirement.item == "4")
        assert requirement.state is State.MISSING
        assert "was retired" in requirement.why
        assert result.status == "IN_PROGRESS"

    def test_its_later_executions_do_not_count(self):
        """A retired test that fails again changes nothing."""
        assert judged([*OLD, ran(FAILED, test="b", days=0.1)], [retirement("b")]).status == "IN_PROGRESS"

    def test_its_rehearsals_show_nothing(self):
        """A rehearsal by a retired test leaves a requirement MISSING."""
        result = judged([ran(environment="dev", test="b")], [retirement("b")])
        assert {requirement.state for requirement in result.requirements} == {State.MISSING}

    @pytest.mark.parametrize(
        ("decision", "counts"),
        [
            (retirement("b"), True),
            (retirement("b", by="stranger"), False),
            (retirement("B"), False),
            (retirement("b", -1), False),
            (replace(retirement("b"), register="other"), False),
        ],
    )
    def test_which_count(self, decision, counts):
        """Only a listed reviewer's retirement of exactly this test, made by now in this register, counts."""
        assert judged([*OLD, self.BAD], [decision]).status == ("IN_PROGRESS" if counts else "BLOCKED")

    def test_who_recorded_it_cannot_retire_it(self):
        """Who recorded the test's evidence cannot retire it, and the void retirement is told; others can."""
        result = judged([*OLD, self.BAD], [retirement("b")], origins=MINE)
        assert (result.status, "recorded" in result.retirements[0].void) == ("BLOCKED", True)
        assert judged([*OLD, self.BAD], [retirement("b", by=SECOND)], origins=MINE).status == "IN_PROGRESS"

    def test_a_void_retirement_excuses_nothing(self):
        """Where the retirement does not hold failures of the test count, and its passes still show nothing."""
        removed = retirement("b", by="stranger")
        assert judged([*OLD, self.BAD], [removed]).status == "BLOCKED"
        alone = judged([ran(test="b", proofs=("trace",))], [removed])
        requirement = next(requirement for requirement in alone.requirements if requirement.requirement.item == "4")
        assert (requirement.state, "is void" in requirement.why) == (State.MISSING, True)

    def test_the_first_that_holds(self):
        """Of several retirements of a test the first that holds is told, else the newest."""
        void, good = retirement("b", 1, by="stranger"), retirement("b", 0.5)
        assert judged([self.BAD], [void, good]).retirements[0].decision == good
        assert judged([self.BAD], [void]).retirements[0].decision == void

    def test_a_loose_failure_is_not_replaced_by_a_retired_test(self):
        """What a retired test did replaces no failure of it that could count, since that does not count either."""
        crash = ran(FAILED, test="b", environment=None, days=1)
        placed = ran(test="b", environment_by="scope", proofs=("trace",), days=1.5)
        assert judged([*OLD, placed, crash]).status == "BLOCKED"
        assert judged([*OLD, placed, crash], [retirement("b")]).status == "IN_PROGRESS"
        assert days_ago(1) == crash.started_at
