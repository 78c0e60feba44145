"""Evidence of lines: one complete value for each claim."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_readiness.facts.evidence import Artifact, Attempt, Evidence, ExecutionStanding, Reference, Result, Step
from pytest_readiness.facts.evidence_line import evidence_of
from pytest_readiness.facts.ledger.line import Line, LineChain

FINISHED: dict[str, Any] = {
    "test": "t.py::test_a",
    "claims": [
        {"use_case": "UC-001", "item": "1", "environment": "staging", "claim_environment": "staging", "parts": ["a"]},
        {"use_case": "UC-002", "item": "5", "not_real_because": "dev is not real", "replay_mode": "FULL"},
    ],
    "result": "PASSED",
    "started_at": "2026-02-12T18:00:00.000Z",
    "finished_at": "2026-02-12T18:00:01.000Z",
    "attempts": [
        {"result": "FAILED", "started_at": "2026-02-12T18:00:00.000Z", "duration_ms": 3, "message": "no"},
        {"result": "PASSED", "started_at": "2026-02-12T18:00:00.500Z", "duration_ms": 4},
    ],
    "references": [{"name": "log", "url": "https://x"}],
    "artifacts": [{"name": "a", "media_type": "text/plain", "size": 3, "sha256": "0" * 64}],
    "steps": [{"title": "s", "result": "PASSED", "duration_ms": 1, "steps": [{"title": "i", "result": "FAILED", "duration_ms": 0}]}],
    "notes": ["n"],
    "properties": [["k", "v"]],
    "redactions": [["registered", 2]],
    "tenant_id": "t",
    "project_id": "p",
    "message": "m",
}  # fmt: skip


def line(kind: str, body: dict[str, Any], seq: int = 3) -> Line:
    """Return a line of the run ``r``."""
    return LineChain("r", seq=seq).next(kind, body)


def pieces(body: dict[str, Any], kind: str = "finished") -> list[Evidence]:
    """Return the evidence of a line."""
    return list(evidence_of(line(kind, body), "payments"))


def test_one_piece_for_each_claim() -> None:
    """Each claim is a piece with an id of its own: run, line and number; where and why differ by claim."""
    first, second = pieces(FINISHED)
    assert (first.id, second.id) == ("r.3.1", "r.3.2")
    assert (first.uc, first.item, first.environment, first.claim_environment, first.parts) == (
        "UC-001", "1", "staging", "staging", ("a",),
    )  # fmt: skip
    assert (first.real, first.not_real_because) == (True, None)
    assert (second.real, second.not_real_because, second.replay_mode) == (False, "dev is not real", "FULL")


def test_what_was_recorded_belongs_to_each_piece() -> None:
    """Everything that the test said is in every piece, typed."""
    for execution in pieces(FINISHED):
        assert execution.references == (Reference("log", "https://x"),)
        assert execution.artifacts == (Artifact("a", "text/plain", 3, "0" * 64),)
        assert execution.steps == (Step("s", Result.PASSED, 1, (Step("i", Result.FAILED, 0),)),)
        assert execution.attempts[0] == Attempt(Result.FAILED, "2026-02-12T18:00:00.000Z", 3, "no")
        assert (execution.notes, execution.properties, execution.redactions) == (
            ("n",),
            (("k", "v"),),
            (("registered", 2),),
        )
        assert (execution.tenant_id, execution.project_id, execution.message, execution.register) == (
            "t",
            "p",
            "m",
            "payments",
        )
        assert (execution.timestamp, execution.method) == ("2026-02-12T18:00:01.000Z", "test")
        assert execution.flaky


def test_a_test_that_never_ran_is_evidence_of_that() -> None:
    """One line covers all tests that never ran; their evidence is numbered consecutively."""
    body = {
        "tests": [
            {"test": "a", "claims": [{"use_case": "U", "item": "1"}, {"use_case": "U", "item": "2"}]},
            {"test": "b", "claims": [{"use_case": "U", "item": "1"}]},
        ],
        "started_at": "x",
        "finished_at": "y",
    }
    result = pieces(body, "not_run")
    assert [(execution.id, execution.test_id, execution.result) for execution in result] == [
        ("r.3.1", "a", Result.NOT_RUN), ("r.3.2", "a", Result.NOT_RUN), ("r.3.3", "b", Result.NOT_RUN),
    ]  # fmt: skip


@pytest.mark.parametrize("kind", ["run", "planned", "started", "attempt", "sealed", "something new"])
def test_other_lines_hold_no_evidence(kind: str) -> None:
    """Only ends are evidence; kinds of later versions are ignored."""
    assert pieces(FINISHED, kind) == []


@pytest.mark.parametrize(
    ("claim", "changed", "standing"),
    [
        ({"environment": "staging"}, {}, ExecutionStanding.REAL),
        ({"environment": "staging"}, {"result": "FAILED"}, ExecutionStanding.CUT_SHORT),
        ({"environment": "staging", "environment_by": "scope"}, {"result": "INTERRUPTED"}, ExecutionStanding.CUT_SHORT),
        ({"environment_by": "scope", "provider_mode_by": "credential"}, {"result": "ERROR"}, ExecutionStanding.CUT_SHORT),
        ({"environment_by": "scope", "provider_mode_by": "scope"}, {"result": "FAILED"}, ExecutionStanding.REAL),
        ({"not_real_because": "x"}, {"result": "PASSED", "open_scope": True}, ExecutionStanding.REHEARSAL),
        ({"not_real_because": "x"}, {"result": "FAILED"}, ExecutionStanding.UNSCOPED),
        ({"not_real_because": "x", "simulated": True}, {"result": "FAILED"}, ExecutionStanding.REHEARSAL),
        *(({"environment": "staging"}, {"result": result}, ExecutionStanding.IDLE) for result in ("SKIPPED", "XFAILED", "XPASSED", "NOT_RUN")),
    ],
)  # fmt: skip
def test_standing(claim: dict[str, Any], changed: dict[str, Any], standing: ExecutionStanding) -> None:
    """What an execution can do follows from its result, where it ran, and whether it could still have said where."""
    body = {**FINISHED, **changed, "claims": [{"use_case": "U", "item": "1", **claim}]}
    assert pieces(body)[0].standing is standing


@pytest.mark.parametrize("missing", ["test", "claims", "result", "started_at", "finished_at"])
def test_a_line_without_its_fields_is_an_error(missing: str) -> None:
    """What every end says must be there: for verify to tell, and never read as something else."""
    body = {key: value for key, value in FINISHED.items() if key != missing}
    with pytest.raises(KeyError):
        pieces(body)


def test_an_unknown_result_is_an_error() -> None:
    """An unknown result is refused."""
    with pytest.raises(ValueError, match="ALMOST"):
        pieces({**FINISHED, "result": "ALMOST"})
