"""Index rows: those of a line are the rows that its evidence has."""

from __future__ import annotations

from typing import Any

from hypothesis import given, strategies as st

from pytest_readiness.facts.evidence import Result
from pytest_readiness.facts.evidence_line import evidence_of
from pytest_readiness.facts.ledger.line import LineChain
from pytest_readiness.facts.run import Run
from pytest_readiness.store.integrity.index import evidence_of_line, index_rows, rows_of
from tests.store.runs import evidence_row, finished, not_run, planned, slot_row

TEXTS = st.text(max_size=8)
PLACES = st.fixed_dictionaries(
    {"use_case": TEXTS, "item": TEXTS},
    optional={
        name: st.none() | TEXTS
        for name in ("environment", "provider_mode", "claim_environment", "claim_provider_mode", "replay_mode")
    }
    | {"parts": st.lists(TEXTS, max_size=3), "not_real_because": st.none() | TEXTS}
    | {"environment_by": st.just("scope"), "provider_mode_by": st.sampled_from(["scope", "credential"])}
    | {
        "beside": st.sampled_from(["BYOK", "BYOK/MANAGED"]),
        "result": st.sampled_from(["FAILED", "ERROR", "INTERRUPTED"]),
    }
    | {"simulated": st.just(True)},
)
BODIES = st.one_of(
    st.builds(
        lambda test, claims, result, more: finished(test, *claims, result=result, **more),
        TEXTS,
        st.lists(PLACES, min_size=1, max_size=3),
        st.sampled_from([result.value for result in Result]),
        st.fixed_dictionaries({}, optional={"open_scope": st.booleans(), "message": TEXTS}),
    ),
    st.builds(not_run, TEXTS, TEXTS),
    st.builds(planned, TEXTS),
)


@given(BODIES, TEXTS)
def test_rows_are_those_of_the_evidence(body: dict[str, Any], register: str) -> None:
    """Whatever a line says, and of whichever kind it is, its rows are those that its evidence has."""
    line = LineChain("r").next(body["kind"], {name: value for name, value in body.items() if name != "kind"})
    evidence = evidence_of(line, register)
    assert rows_of(line.body, register) == [(evidence_row(piece), slot_row(piece)) for piece in evidence]
    assert list(evidence_of_line(line, register)) == [
        (piece, evidence_row(piece), slot_row(piece)) for piece in evidence
    ]


@given(PLACES, st.lists(st.tuples(TEXTS, st.sampled_from(list(Result)), st.booleans()), max_size=5), TEXTS)
def test_tests_that_share_their_claims_have_slots_of_their_own(
    place: dict[str, Any], tests: list[tuple[str, Result, bool]], register: str
) -> None:
    """Of one claim that many tests make, however they end, each has the rows that it would have alone."""
    chain, claims = LineChain("r"), [place]
    lines = [chain.next("run", {"register": register})]
    for test, result, open_scope in tests:
        body = finished(test, result=result.value, open_scope=open_scope)
        lines.append(chain.next("finished", {**body, "claims": claims}))
    rows = [(row, slot) for line in lines for _, row, slot in evidence_of_line(line, register)]
    assert [row for _, found in index_rows(Run(tuple(lines))) for row in found] == rows
