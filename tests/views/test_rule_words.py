"""Failed rules in words: a reader of the first lines knows what is wrong, not what would be right."""

from __future__ import annotations

from pytest_readiness.verdict.gate import rules_of
from pytest_readiness.verdict.policy import Policy
from pytest_readiness.verdict.readiness import RuleResult
from pytest_readiness.views.rule_words import _FAILED, checked_text, failures_text

BROKEN = RuleResult("evidence complete", False, 288, "UC-001/1 MISSING and 275 more", 276)
REVIEWED = RuleResult("reviewed", False, 32, "UC-001 has 0 of 1 approval", 32)
EMPTY = RuleResult("evidence intact", False, 0, "there was nothing to check")
UNNAMED = RuleResult("release", False, 0, "no release was named: --release R", 1)


def test_what_fails_is_said_with_how_much_of_it():
    """Numbers where a rule checks many things; what had nothing to check comes last."""
    assert failures_text([EMPTY, BROKEN, REVIEWED]) == (
        "evidence incomplete (276 of 288 requirements), not reviewed (32 of 32 use cases), nothing to check yet (evidence intact)"
    )
    sealed = RuleResult("runs sealed", False, 0, "there was nothing to check")
    assert failures_text([sealed, EMPTY, REVIEWED]) == "not reviewed (32 of 32 use cases), 2 rules empty"
    assert failures_text([REVIEWED]) == "not reviewed (32 of 32 use cases): UC-001 has 0 of 1 approval"
    assert failures_text([BROKEN]) == "evidence incomplete (276 of 288 requirements)"
    assert failures_text([UNNAMED]) == "not for the release: no release was named: --release R"
    assert failures_text([RuleResult("evidence intact", False, 2, "x", 5), BROKEN]).startswith(
        "evidence not intact (5 problems),"
    )


def test_a_rule_says_how_many_are_right():
    """``9 of 9`` passed; of a failed one the number that fails; nothing where nothing was checked."""
    assert checked_text(RuleResult("nothing failing", True, 9, "")) == "9 of 9 requirements"
    assert checked_text(RuleResult("runs sealed", True, 1, "")) == "1 of 1 run"
    assert checked_text(RuleResult("a later rule", True, 2, "")) == "2 of 2"
    assert checked_text(BROKEN) == "276 of 288 requirements fail"
    assert checked_text(RuleResult("nothing failing", False, 9, "x", 1)) == "1 of 9 requirements fails"
    assert checked_text(RuleResult("evidence intact", False, 2, "x", 5)) == "5 problems"
    assert checked_text(EMPTY) == checked_text(UNNAMED) == ""


def test_every_rule_of_the_gate_has_words():
    """A new rule must say what its failure means: no rule is shown by the name of what it asks for."""
    policy = Policy(
        deselected="refuse", architecture="GREEN", release="required", clean_commit=True, checkpoint="required"
    )
    names = {finding.rule for finding in (rule(_inputs(policy)) for rule in rules_of(policy))}
    assert names - _FAILED.keys() == set()
    assert {"checkpoint", "no regression"} <= _FAILED.keys()


def _inputs(policy):
    from pytest_readiness.verdict.gate_input import GateInput

    from . import values

    return GateInput(values.untouched(1).readiness, policy)
