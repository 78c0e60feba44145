"""Waivers: their validity, and their effect."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from pytest_readiness.facts.decision import IdentityLevel
from pytest_readiness.verdict.actions import next_actions
from pytest_readiness.verdict.gate import evaluate_gate
from pytest_readiness.verdict.inputs import RunOrigin
from pytest_readiness.verdict.people import People
from pytest_readiness.verdict.policy import Policy
from pytest_readiness.verdict.readiness import State
from tests.verdict.judging import CATALOGUE, FAILED, INTERRUPTED, NOW, UC, complete, days_ago, ran
from tests.verdict.people import LEAD, REVIEWED, approval, judge_all, judged, waiver

ACCEPTS = replace(REVIEWED, waivers="accept")
BUT_ONE = [execution for execution in complete(days=2) if execution.item != "4"]
MINE = {"run": RunOrigin(actor=LEAD)}


def need(evidence, decisions, tail="4", **more):
    """Return one requirement of the judged use case."""
    requirements = {
        requirement.requirement.id: requirement for requirement in judged(evidence, decisions, **more).requirements
    }
    return requirements[f"{UC}/{tail}"]


UNDERLYING = {
    "missing": ([], "WAIVED", "MISSING"),
    "failing": ([ran(FAILED)], "WAIVED", "FAILING"),
    "interrupted": ([ran(INTERRUPTED)], "WAIVED", "INTERRUPTED"),
    "stale": ([ran(days=91)], "WAIVED", "STALE"),
    "rehearsed": ([ran(environment="dev")], "WAIVED", "REHEARSED"),
    "complete": ([ran(proofs=("trace",))], "COMPLETE", None),
    "asserted": ([ran()], "ASSERTED", None),
    "flaky": ([ran(attempts=2)], "FLAKY", None),
}


@pytest.mark.parametrize(("evidence", "state", "underlying"), UNDERLYING.values(), ids=UNDERLYING)
def test_what_a_waiver_changes(evidence, state, underlying):
    """A waiver turns a state that could not be signed into WAIVED and keeps the state that it hides in sight."""
    result = need(evidence, [waiver()])
    assert (result.state, result.waived_from) == (state, underlying)
    if underlying:
        assert f"without the waiver it is {underlying}" in result.why
        assert "vendor is late" in result.why


@pytest.mark.parametrize(("setting", "attempts"), [("asserted", 1), ("flaky", 2)])
def test_refused_states_can_be_waived(setting, attempts):
    """Asserted and flaky requirements can be waived where their policy refuses them, and only there."""
    refuses = replace(REVIEWED, **{setting: "refuse"})
    assert need([ran(attempts=attempts)], [waiver()], policy=refuses).state is State.WAIVED


def test_not_applicable_stays():
    """A requirement that is not applicable stays that."""
    row = replace(CATALOGUE.use_cases[UC], not_applicable=(("4", "no"),))
    catalogue = replace(CATALOGUE, use_cases={UC: row})
    assert need([], [waiver()], catalogue=catalogue).state is State.NOT_APPLICABLE


def test_it_is_one_requirement_that_is_waived():
    """A waiver of one requirement leaves the others of its item as they are."""
    assert need([], [waiver("2/staging")], "2/prod").state is State.MISSING


VOID = {
    "as it should be": ({}, None),
    "no reason": ({"reason": " "}, "no reason"),
    "nobody asked": ({"requested_by": ""}, "who requested"),
    "no end": ({"until": ""}, "no date"),
    "never": ({"until": "never"}, "no date"),
    "no such day": ({"until": "2026-02-30"}, "no date"),
    "a moment": ({"until": "2026-07-01T00:00:00.000Z"}, "no date"),
    "another way to write a day": ({"until": "20260701"}, "no date"),
    "asked for by the approver": ({"requested_by": "Lead@Example.com"}, "cannot approve it too"),
    "approved by a stranger": ({"by": "stranger"}, "not a listed reviewer"),
    "ended yesterday": ({"until": days_ago(1)[:10], "days": 3}, "expired"),
    "ends today": ({"until": NOW[:10]}, None),
    "ended by its cap": ({"until": "2099-01-01", "days": 91}, "90 days after"),
    "on the last day of its cap": ({"until": "2099-01-01", "days": 90}, None),
}


@pytest.mark.parametrize(("changes", "void"), VOID.values(), ids=VOID)
def test_void(changes, void):
    """A malformed, expired, unlimited or self-approved waiver is void and says why; the nearest good one holds."""
    use_case = judged([], [waiver(**changes)])
    (standing,) = use_case.waivers
    assert (void in standing.void) if void else standing.void is None
    assert standing.used is (void is None)
    state = next(requirement.state for requirement in use_case.requirements if requirement.requirement.item == "4")
    assert state is (State.MISSING if void else State.WAIVED)


def test_the_cap_ends_a_waiver_early():
    """A waiver holds until the day it names, and 90 days at most."""
    assert judged([], [waiver(until="2099-01-01", days=0)]).waivers[0].until == "2026-08-30"
    assert judged([], [waiver(until="2026-06-02")]).waivers[0].until == "2026-06-02"


def test_approver_and_requester_are_persons():
    """Two names of one person do not make a waiver of two people."""
    policy = replace(REVIEWED, people=People.from_aliases({LEAD: ["laptop"]}))
    assert "cannot approve" in judged([], [waiver(requested_by="laptop")], policy).waivers[0].void


def test_who_may_waive():
    """The approver has to be known well enough, and must not have recorded what stood for the requirement then."""
    assert judged([], [waiver()], replace(REVIEWED, identity="git")).waivers[0].void
    assert judged([], [waiver(known_by=IdentityLevel.GIT)], replace(REVIEWED, identity="git")).waivers[0].void is None
    assert "recorded" in judged([ran(FAILED)], [waiver()], origins=MINE).waivers[0].void
    assert judged([ran(FAILED)], [waiver()], replace(REVIEWED, separate=False), origins=MINE).waivers[0].void is None
    assert judged([ran(FAILED, days=0.1)], [waiver()], origins=MINE).waivers[0].void is None
    assert judged([ran(FAILED, item="7")], [waiver()], origins=MINE).waivers[0].void is None


def test_the_newest_that_holds():
    """Of several waivers the newest that holds counts; a newer void one is told beside it, an older one is not."""
    good, void = waiver(days=2), waiver(days=1, reason="")
    assert [(waiver.void is None, waiver.used) for waiver in judged([], [good, void]).waivers] == [
        (False, False),
        (True, True),
    ]
    assert [one.decision for one in judged([], [waiver(days=3, reason=""), good]).waivers] == [good]
    assert [one.decision for one in judged([], [waiver(days=3, reason=""), void]).waivers] == [void]


def test_what_is_not_in_force_is_told():
    """A waiver of no requirement, and a decision about no use case, are told and change nothing."""
    result = judge_all([], [waiver("99"), replace(approval([]), use_case="UC-9")])
    assert result.use_cases[0].waivers == ()
    assert [f"{UC}/99" in result.notes[0], "UC-9" in result.notes[1], len(result.notes)] == [True, True, 2]
    assert judge_all([], [waiver("4"), approval([])]).notes == ()


def test_a_waiver_starts_a_use_case():
    """A waiver is a decision: its use case is IN_PROGRESS."""
    assert judged([], [waiver()]).status == "IN_PROGRESS"
    assert judged([], [replace(waiver(), requirement="UC-004/4")]).status == "NOT_STARTED"


class TestGate:
    """Waivers and the gate."""

    def verdict(self, policy, evidence=BUT_ONE, **more):
        """Return status and phase, whether the gate opens, and the rules that fail."""
        decided = waiver(days=1)
        review = approval(evidence, policy=policy, decisions=[decided], **more)
        result = judge_all(evidence, [decided, review], policy)
        verdict = evaluate_gate(result, policy)
        item = result.use_cases[0]
        failed = [rule.rule for rule in verdict.rules if not rule.passed]
        return item.status, item.phase, verdict.eligible, failed

    def test_never_ready(self):
        """A waived requirement never gives READY; the gate opens where it accepts waivers, and stays closed else."""
        assert self.verdict(ACCEPTS) == ("IN_PROGRESS", "AWAITING_REVIEW", True, [])
        status, phase, opens, failed = self.verdict(REVIEWED)
        assert (status, phase, opens) == ("IN_PROGRESS", "COLLECTING", False)
        assert failed == ["evidence complete", "waivers", "reviewed"]

    def test_signed_while_waived(self):
        """What was signed as WAIVED is suspect once it is not any more: nobody signed the evidence that came since."""
        decided = waiver(days=1)
        review = approval(BUT_ONE, policy=ACCEPTS, decisions=[decided])
        evidence = [*BUT_ONE, ran(proofs=("trace",), days=0.1)]
        for policy in (ACCEPTS, REVIEWED):
            result = judged(evidence, [decided, review], policy)
            assert (result.status, result.phase) == ("IN_PROGRESS", "REVIEW_SUSPECT")
            assert result.review.why == (f"{UC}/4 was WAIVED when it was signed, and is not any more",)
        assert judged(evidence, [decided, review, approval(evidence, days=0.05)]).status == "READY_FOR_GO_LIVE"

    def test_signed_while_waived_and_waived_still(self):
        """While it is WAIVED the review holds, though waivers are refused by now; without a waiver it is suspect."""
        decided = waiver(days=1)
        review = approval(BUT_ONE, policy=ACCEPTS, decisions=[decided])
        assert judged(BUT_ONE, [decided, review], ACCEPTS).review.state == "CURRENT"
        refused = judged(BUT_ONE, [decided, review], REVIEWED)
        assert (refused.phase, refused.review.state) == ("COLLECTING", "CURRENT")
        assert judged(BUT_ONE, [review], ACCEPTS).review.state == "SUSPECT"

    def test_nobody_is_asked_to_review_again(self):
        """A reviewed use case whose waiver is accepted asks nobody for another review."""
        decided = waiver(days=1)
        review = approval(BUT_ONE, policy=ACCEPTS, decisions=[decided])
        assert next_actions(judge_all(BUT_ONE, [decided, review], ACCEPTS), ACCEPTS) == ()

    def test_a_review_is_asked_for_all_the_same(self):
        """Where waivers are accepted the gate asks for everything else that READY asks."""
        evidence = [*BUT_ONE, ran(FAILED, item="7", test="b", days=2)]
        assert self.verdict(ACCEPTS, evidence)[2] is False
        assert evaluate_gate(judge_all(BUT_ONE, [waiver()], ACCEPTS), ACCEPTS).eligible is False

    def test_on_evidence(self):
        """On evidence alone a waiver opens the gate only where it is accepted."""
        for waivers, opens in (("accept", True), ("refuse", False)):
            policy = replace(REVIEWED, waivers=waivers, on="evidence")
            assert evaluate_gate(judge_all(BUT_ONE, [waiver()], policy), policy).eligible is opens

    def test_told(self):
        """The rule about waivers names what is waived, and the setting is told as weaker than its default."""
        verdict = evaluate_gate(judge_all(BUT_ONE, [waiver()], ACCEPTS), ACCEPTS)
        rule = next(rule for rule in verdict.rules if rule.rule == "waivers")
        assert (rule.passed, f"{UC}/4" in rule.detail) == (True, True)
        assert any("waivers" in sentence for sentence in verdict.weaker)


def test_what_is_to_be_done():
    """A waived requirement is to be collected as if it were not, unless the gate accepts the waiver."""

    def todo(policy):
        result = next_actions(judge_all(BUT_ONE, [waiver()], policy), policy)
        return [(action.action, action.requirement) for action in result]

    assert todo(REVIEWED) == [("collect", f"{UC}/4")]
    assert todo(ACCEPTS) == [("review", None)]


def test_a_failing_requirement_that_is_waived_does_not_block():
    """A waived failure leaves the use case IN_PROGRESS; without the waiver it is BLOCKED."""
    evidence = [*BUT_ONE, ran(FAILED)]
    assert judged(evidence, [waiver()]).status == "IN_PROGRESS"
    assert judged(evidence).status == "BLOCKED"


def test_an_empty_list_of_reviewers_waives_nothing():
    """Where nobody is listed no waiver holds."""
    assert judged([], [waiver()], Policy()).waivers[0].void
