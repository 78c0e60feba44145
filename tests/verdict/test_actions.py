"""Next actions, and the people who must act."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from pytest_readiness.claims.catalogue import UseCase
from pytest_readiness.facts.run import PlanEntry
from pytest_readiness.facts.run_conditions import RunConditions
from pytest_readiness.facts.run_group import GroupPart, RunPlan
from pytest_readiness.verdict.actions import next_actions
from pytest_readiness.verdict.gate import GateInput, RuleFinding, RunOrigin, conclude, evaluate_gate
from pytest_readiness.verdict.policy import Policy
from pytest_readiness.verdict.remedies import gate_remedies
from tests.verdict.judging import CATALOGUE, FAILED, INTERRUPTED, UC, complete, days_ago, ran, readiness
from tests.verdict.people import REVIEWED, approval, judge_all


def todo(evidence, policy=None, catalogue=CATALOGUE, **facts):
    """Return the actions as (action, end of the requirement's id)."""
    result = next_actions(readiness(evidence, policy, catalogue, **facts), policy or Policy())
    return [(action.action, (action.requirement or "").removeprefix(f"{UC}/")) for action in result]


def but(item: str, *instead):
    """Return complete evidence with that of one item replaced."""
    return [*(execution for execution in complete() if execution.item != item), *instead]


@pytest.mark.parametrize(
    ("evidence", "action"),
    [
        (but("4", ran(FAILED)), ("fix", "4")),
        (but("4", ran(INTERRUPTED)), ("rerun", "4")),
        (but("4", ran(attempts=2)), ("rerun", "4")),
        (but("4", ran(attempts=2, days=80)), ("rerun", "4")),
        (but("4", ran(days=91)), ("renew", "4")),
        (but("4", ran(days=80, proofs=("trace",))), ("renew", "4")),
        (but("4", ran(environment="dev")), ("collect", "4")),
        (but("4"), ("collect", "4")),
        (but("4", ran()), ("prove", "4")),
    ],
)
def test_one_thing_to_do(evidence, action):
    """Each state that is not COMPLETE, and an expiring pass, is one action on its requirement."""
    assert [action for action in todo(evidence) if action[0] != "review"] == [action]


def test_the_most_urgent_first():
    """A failure goes before an interruption, an open run, a declaration, a renewal, what is missing, and a proof."""
    environments = {name: declared for name, declared in CATALOGUE.environments.items() if name == "staging"}
    row = UseCase(UC, environments=(), provider_modes=("BYOK",), declared_status="READY_FOR_GO_LIVE")
    catalogue = replace(CATALOGUE, environments=environments, use_cases={UC: row})
    evidence = [
        ran(),
        ran(item="5", days=91, replay_mode="FULL"),
        ran(INTERRUPTED, item="6", parts=("rotation",)),
        ran(FAILED, item="7"),
        ran(item="plain"),
    ]
    assert todo(evidence, catalogue=catalogue, open_runs={"r": {UC}}) == [
        ("fix", "7"),
        ("rerun", "6/rotation"),
        ("finish", ""),
        ("declare", ""),
        ("renew", "5"),
        ("collect", "1/BYOK"),
        ("collect", "6/revocation"),
        ("prove", "4"),
        ("sync", ""),
    ]


def test_what_expires_first_goes_first():
    """Of passes that expire soon, the one that expires first is renewed first."""
    rotation = ran(item="6", parts=("rotation",), days=70, proofs=("rotation",))
    revocation = ran(item="6", parts=("revocation",), days=80, proofs=("revocation",))
    result = todo(but("6", rotation, revocation))
    assert result[:2] == [("renew", "6/revocation"), ("renew", "6/rotation")]


def test_accepted_states_need_nobody():
    """What the policy accepts as it is asks for nothing; what it refuses is collected with the rest."""
    evidence = but("4", ran())
    assert todo(evidence, Policy(asserted="accept")) == [("review", "")]
    assert todo(evidence, Policy(asserted="refuse")) == [("prove", "4")]
    flaky = Policy(flaky="accept")
    assert todo(but("4", ran(attempts=2, proofs=("trace",))), flaky) == [("review", "")]
    assert todo(but("4", ran(attempts=2)), flaky) == [("rerun", "4"), ("review", "")]


def test_incomplete_group():
    """A group with missing parts is to be finished for each use case that it holds."""
    part = GroupPart("part", "ci", 1, 2, days_ago(0), "staging", plan=RunPlan((), frozenset(), frozenset()))
    result = next_actions(readiness(complete(), parts=[part]), Policy())
    assert result[0].action == "finish"
    assert result[0].text.startswith(
        "run part 2 of 2 of ci, or all its parts again; if none will arrive, a reviewer runs `readiness retire --run part`"
    )


@pytest.mark.parametrize(("reviewers", "who"), [((), "unassigned"), (("a@x", "b@x"), "a@x, b@x")])
def test_review_is_for_the_reviewers(reviewers, who):
    """Complete evidence waits for the listed reviewers, or for nobody yet."""
    policy = Policy(reviewers=reviewers)
    (review,) = next_actions(readiness(complete(), policy), policy)
    assert (review.action, review.who, review.requirement) == ("review", who, None)


@pytest.mark.parametrize("owner", ["", "tbd", "TBD", "`tbd`", " `Tbd` ", "none", "-"])
def test_no_owner(owner):
    """An owner of ``tbd`` or none is shown as unassigned."""
    catalogue = replace(CATALOGUE, use_cases={UC: replace(CATALOGUE.use_cases[UC], owner=owner)})
    assert {action.who for action in next_actions(readiness([], catalogue=catalogue), Policy())} == {"unassigned"}


def test_owner():
    """Missing evidence is an action of the owner."""
    assert {action.who for action in next_actions(readiness([]), Policy())} == {"team@example.com"}


def test_nothing_left_to_do():
    """Where everything is complete and nobody has to act but the reviewer, nothing else is asked."""
    assert todo(complete()) == [("review", "")]


TWO = "2 requirements to be acknowledged"


@pytest.mark.parametrize(
    ("instead", "end"),
    [
        ((), "its evidence is complete"),
        (
            (("4", ran()),),
            "its evidence is complete, with 1 requirement to be acknowledged (--acknowledge asserted)",
        ),
        (
            (("4", ran(attempts=2)), ("5", ran(item="5", replay_mode="FULL"))),
            f"its evidence is complete, with {TWO} (--acknowledge flaky --acknowledge asserted)",
        ),
    ],
)
def test_a_review_says_what_it_has_to_acknowledge(instead, end):
    """A reviewer learns from the action which options the sign-off will need."""
    evidence = complete()
    for item, execution in instead:
        evidence = [*(other for other in evidence if other.item != item), execution]
    texts = [
        action.text
        for action in next_actions(readiness(evidence), Policy(reviewers=("ana",)))
        if action.action == "review"
    ]
    assert texts == [f"review {UC}: {end}"]


def test_a_suspect_review_says_what_made_it_suspect():
    """Where a review is suspect, what is to be done names the first reason; where one is missing, how many there are."""
    old = complete(days=2)
    evidence = [*old, ran(FAILED, days=0.3), ran(days=0.2, proofs=("trace",))]
    (again,) = next_actions(judge_all(evidence, [approval(old)]), REVIEWED)
    assert (again.action, "FAILED" in again.text, "again" in again.text) == ("review", True, True)
    two = replace(REVIEWED, required=2)
    (second,) = next_actions(judge_all(old, [approval(old)], two), two)
    assert "1 of 2 approvals" in second.text
    assert next_actions(judge_all(old, [approval(old)]), REVIEWED) == ()


AWRY = RunConditions(skew_ms=3_600_000)
LEFT_OUT = (PlanEntry("tests/test_it.py::test_gone", ((UC, "4"),)),)
FINE = RunOrigin("1.0", "abc", dirty=False)


@pytest.mark.parametrize(
    ("asked", "origin", "release", "unchecked"),
    [
        ({"clean_commit": True}, RunOrigin("1.0", "abc", dirty=True), None, ""),
        ({"clean_commit": True}, None, None, ""),
        ({}, replace(FINE, conditions=AWRY), None, ""),
        ({"deselected": "refuse"}, replace(FINE, deselected_tests=LEFT_OUT), None, ""),
        ({"architecture": "GREEN"}, FINE, None, ""),
        ({"release": "required"}, FINE, None, ""),
        ({"release": "required"}, FINE, "2.0", ""),
        ({"level": "L3"}, FINE, None, ""),
        ({}, FINE, None, "no signature can be checked"),
    ],
)
def test_a_gate_that_is_closed_says_who_opens_it(asked, origin, release, unchecked):
    """Whatever one rule keeps the gate closed, each use case that fails has an action that is not about its row."""
    policy = Policy(on="evidence", **asked)
    judged = readiness(complete(), policy)
    origins = {"run": origin} if origin else {}
    grounds = GateInput(judged, policy, origins=origins, release=release, signature_problem=unchecked)
    verdict = evaluate_gate(judged, policy, origins=origins, release=release, signature_problem=unchecked)
    assert not verdict.eligible
    states = next_actions(judged, policy)
    result = [*states, *gate_remedies(grounds, verdict, states)]
    assert {action.use_case for action in result if action.action != "sync"} == {UC}
    assert all(action.who and action.text for action in result)


def test_a_rule_that_nobody_thought_of_is_told_as_it_is():
    """A use case that fails by a rule without a remedy of its own has the rule's own words to act on."""
    judged, policy = readiness(complete()), Policy(on="evidence")
    finding = RuleFinding("moon", 1, ("it is full",), "", (UC,))
    grounds = GateInput(judged, policy)
    (action,) = gate_remedies(grounds, conclude(grounds, [lambda _: finding]), ())
    assert (action.use_case, action.text) == (UC, "moon: it is full")
