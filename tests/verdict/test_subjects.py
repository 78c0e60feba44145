"""Judged digests in the verdict: whatever runs there are, only those for the judged digests count."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from msgspec.structs import replace

from pytest_readiness.facts.evidence import Result
from pytest_readiness.facts.run_conditions import RunConditions
from pytest_readiness.facts.subject import Subjects, counts_for
from pytest_readiness.verdict.gate import evaluate_gate
from pytest_readiness.verdict.inputs import RunOrigin
from pytest_readiness.verdict.policy import Policy
from tests.verdict.judging import complete
from tests.verdict.people import CI, judge_all

pytestmark = pytest.mark.slow

DIGESTS = tuple(f"sha256:{digit * 64}" for digit in "ab")
SETS = st.dictionaries(st.sampled_from(["api", "web"]), st.sampled_from(DIGESTS), max_size=2)
POLICY = Policy(on="evidence", subject="required", asserted="accept", flaky="accept")
RUNS = st.lists(
    st.tuples(SETS, st.sampled_from([Result.PASSED, Result.FAILED, Result.INTERRUPTED])), min_size=1, max_size=5
)
judging = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))


def recorded(runs: list[tuple[Subjects, Result]]):
    """Return the evidence of runs of one use case, the oldest first, and their origins."""
    evidence, origins = [], {}
    for number, (subjects, result) in enumerate(runs):
        name = f"run{number}"
        conditions = RunConditions(subject_pairs=tuple(sorted(subjects.items())))
        origins[name] = RunOrigin(actor=CI, conditions=conditions)
        evidence += [
            replace(piece, run_id=name, id=f"{name}.{at}.1", result=result)
            for at, piece in enumerate(complete(days=5 - number), 1)
        ]
    return evidence, origins


def verdict(evidence, origins, judged: Subjects, policy: Policy = POLICY):
    """Return the gate's verdict on evidence for judged digests."""
    readiness = judge_all(evidence, (), policy, origins=origins, subjects=judged)
    return evaluate_gate(readiness, policy, origins=origins, subjects=judged)


@judging
@given(RUNS, SETS)
def test_the_gate_opens_as_if_the_others_were_not_there(runs: list[tuple[Subjects, Result]], judged: Subjects) -> None:
    """Evidence for other digests changes no verdict: neither a pass opens nor a failure closes it."""
    evidence, origins = recorded(runs)
    counting = {name for name, origin in origins.items() if counts_for(origin.subjects, judged)}
    only = [piece for piece in evidence if piece.run_id in counting]
    assert verdict(evidence, origins, judged).eligible is verdict(only, origins, judged).eligible


@judging
@given(RUNS, SETS)
def test_an_open_gate_rests_on_the_judged_digests(runs: list[tuple[Subjects, Result]], judged: Subjects) -> None:
    """Whenever it opens, the newest run that counts passed, and each judged digest is named by one that counts."""
    evidence, origins = recorded(runs)
    if verdict(evidence, origins, judged).eligible:
        counting = [(subjects, result) for subjects, result in runs if counts_for(subjects, judged)]
        assert judged
        assert counting[-1][1] is Result.PASSED
        assert judged.items() <= {item for subjects, _ in counting for item in subjects.items()}
        ignoring = replace(POLICY, subject="ignore")
        assert verdict(
            [piece for piece in evidence if piece.result is Result.PASSED], origins, judged, ignoring
        ).eligible


@judging
@given(RUNS)
def test_without_the_rule_digests_change_nothing(runs: list[tuple[Subjects, Result]]) -> None:
    """By default no digest is looked at, whatever runs name and whatever is named at the gate."""
    evidence, origins = recorded(runs)
    plain = {name: RunOrigin(actor=CI) for name in origins}
    policy = replace(POLICY, subject="ignore")
    judged = {"api": DIGESTS[0]}
    assert verdict(evidence, origins, judged, policy) == verdict(evidence, plain, {}, policy)


def test_the_gate_can_open() -> None:
    """So that the properties above are about more than closed gates."""
    evidence, origins = recorded([({"api": DIGESTS[0]}, Result.PASSED), ({"web": DIGESTS[1]}, Result.FAILED)])
    assert verdict(evidence, origins, {"api": DIGESTS[0]}).eligible
    assert not verdict(evidence, origins, {"api": DIGESTS[1]}).eligible
    assert not verdict(evidence, origins, {"web": DIGESTS[1]}).eligible
    assert not verdict(evidence, origins, {}).eligible
