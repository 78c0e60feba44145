"""Levels of evidence: sealed, signed, and with a receipt for the signed nonce."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from pytest_readiness.facts.evidence import Proof, Result
from pytest_readiness.verdict.gate import evaluate_gate
from pytest_readiness.verdict.inputs import SignedRun
from pytest_readiness.verdict.requirement.levels import level_of, weakest_level
from tests.verdict.judging import FAILED, UC, complete, ran
from tests.verdict.people import ORIGINS, REVIEWED, judge_all, waiver


def receipt(**details: str) -> Proof:
    """Return a receipt of the provider."""
    return Proof("receipt", tuple(details.items()))


@pytest.mark.parametrize(
    ("nonce", "proofs", "level"),
    [
        ("n", (receipt(nonce="n", request_id="r"),), "L3"),
        ("n", (receipt(nonce="m", request_id="r"), receipt(nonce="n", request_id="r")), "L3"),
        ("n", (receipt(nonce="m", request_id="r"),), "L2"),
        ("n", (receipt(nonce="n"),), "L2"),
        ("n", (receipt(request_id="r"),), "L2"),
        ("n", (), "L2"),
        (None, (receipt(nonce="n", request_id="r"),), "L2"),
        ("", (receipt(nonce="", request_id="r"),), "L2"),
    ],
)
def test_level(nonce: str | None, proofs: tuple[Proof, ...], level: str) -> None:
    """Signed is L2, and L3 only with a receipt for the run's own nonce; unsigned is L1, and open L0 whatever it has."""
    item = replace(ran(run_id="r"), proofs=proofs)
    signed = {"r": SignedRun("key", nonce)}
    assert level_of(item, (), signed) == level
    assert level_of(item, ("r",), signed) == "L0"
    assert level_of(item, ("other",), {"other": signed["r"]}) == "L1"


def test_the_weakest_of_none_is_none() -> None:
    """A requirement without evidence has no level."""
    assert weakest_level([]) is None
    assert weakest_level(["L2", "L1", "L3"]) == "L1"


@pytest.mark.parametrize(("waived", "eligible"), [(True, True), (False, False)])
def test_the_gate_asks_no_level_of_what_is_waived(waived: bool, eligible: bool) -> None:
    """Waived requirements need no level; all others do."""
    short = ran(item="4", days=0.1, run_id="unsigned", result=FAILED if waived else Result.PASSED, proofs=("trace",))
    policy = replace(REVIEWED, on="evidence", waivers="accept", level="L2")
    signed = {"run": SignedRun("key")}
    result = judge_all([*complete(), short], [waiver()] if waived else [], policy, signed=signed)
    verdict = evaluate_gate(result, policy, origins=ORIGINS)
    assert verdict.eligible is eligible, [rule for rule in verdict.rules if not rule.passed]
    (rule,) = [rule for rule in verdict.rules if rule.rule == "evidence level"]
    assert rule.detail == ("none that rests on evidence is below L2" if waived else f"{UC}/4 is L1")
