"""Tests for joining the ends of tests with one id."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, strategies as st

from pytest_readiness.facts.evidence import BADNESS, Result
from pytest_readiness.facts.evidence_line import evidence_in
from pytest_readiness.journal.joined_executions import ExecutionJoiner, join_executions, severity

pytestmark = pytest.mark.slow

AT = "2026-01-01T00:00:00.00{}Z"
REHEARSAL = "responses replaced the network"

claims = st.builds(
    lambda use_case, environment, proofs, because: {
        "use_case": use_case,
        "item": "1",
        "environment": environment,
        **({} if proofs is None else {"proofs": [0][:proofs]}),
        **({"not_real_because": REHEARSAL} if because else {}),
    },
    st.sampled_from(["UC-1", "UC-2"]),
    st.sampled_from(["staging", "prod"]),
    st.none() | st.integers(0, 1),
    st.booleans(),
)
bodies = st.builds(
    lambda result, at, made, kind: {
        "test": "t",
        "result": result.value,
        "started_at": AT.format(at),
        "finished_at": AT.format(at + 1),
        "attempts": [{"result": result.value, "started_at": AT.format(at), "duration_ms": 1}],
        "claims": made,
        "proofs": [{"kind": kind, "details": []}],
        "message": f"it was {result.value}",
    },
    st.sampled_from(Result),
    st.integers(0, 8),
    st.lists(claims, max_size=3, unique_by=lambda claim: (claim["use_case"], claim["environment"])),
    st.sampled_from(["trace", "replay"]),
)


def read(body: dict[str, Any]) -> dict[tuple[str, str | None], Any]:
    """Return the evidence in a body by use case and environment."""
    pieces = evidence_in({**body, "kind": "finished", "run": "r", "seq": 1}, "register")
    return {(piece.uc, piece.environment): piece for piece in pieces}


@given(st.lists(bodies, min_size=2, max_size=5))
def test_a_joint_execution_claims_no_more_than_each_of_its_parts(parts: list[dict[str, Any]]) -> None:
    """The joined result is the worst one, with all places, the safe answer for ``real``, and the common proofs."""
    whole = join_executions(parts)
    worst = max((Result(part["result"]) for part in parts), key=BADNESS.__getitem__)
    joined, each = read(whole), [read(part) for part in parts]
    assert joined.keys() == set().union(*each)
    for place, evidence in joined.items():
        pieces = [part[place] for part in each if place in part]
        bad = worst in {Result.FAILED, Result.ERROR, Result.INTERRUPTED}
        assert evidence.result is worst
        assert evidence.real is (any if bad else all)(piece.real for piece in pieces)
        assert {proof.kind for proof in evidence.proofs} == set.intersection(
            *({proof.kind for proof in piece.proofs} for piece in pieces)
        )
    assert [attempt["result"] for attempt in whole["attempts"]] == [part["result"] for part in parts]
    assert whole["message"] == f"it was {worst.value}"
    assert (whole["started_at"], whole["finished_at"]) == (
        min(part["started_at"] for part in parts),
        max(part["finished_at"] for part in parts),
    )


@given(st.lists(bodies, min_size=1, max_size=4), st.integers(0, 3), st.integers(0, 2))
def test_what_is_due_is_told_once(parts: list[dict[str, Any]], more: int, running: int) -> None:
    """All planned ends make one line, and a missing end counts as INTERRUPTED or NOT_RUN."""
    ends, due = ExecutionJoiner(), len(parts) + more
    ends.planned([{"test": "t"}] * due)
    for _ in range(len(parts) + running):
        ends.started("t")
    written = [body for body, is_whole in map(ends.join, parts) if is_whole]
    lost = {**parts[0], "result": "INTERRUPTED", "attempts": []}
    written += ends.remaining(lambda _: lost)
    missing = ["INTERRUPTED"] * min(running, more) + ["NOT_RUN"] * (more > running)
    results = [Result(name) for name in [*(part["result"] for part in parts), *missing]]
    assert [body["result"] for body in written] == [max(results, key=BADNESS.__getitem__).value]


@given(bodies, bodies, bodies)
def test_another_end_of_one_of_several_is_no_better(
    first: dict[str, Any], then: dict[str, Any], more: dict[str, Any]
) -> None:
    """An unplanned further end of a shared id is joined with the line that was written."""
    ends = ExecutionJoiner()
    ends.planned([{"test": "t"}] * 2)
    ends.join(first)
    ends.join(then)
    body, is_whole = ends.join(more)
    assert is_whole
    assert severity(body) == max(map(severity, (first, then, more)))
    assert [attempt["result"] for attempt in body["attempts"]] == [end["result"] for end in (first, then, more)]


@given(bodies, bodies)
def test_another_end_of_one_test_is_another_attempt(first: dict[str, Any], then: dict[str, Any]) -> None:
    """A test that ends twice was run again: its last result counts, and an earlier failure stays an attempt."""
    ends = ExecutionJoiner()
    ends.planned([{"test": "t"}])
    ends.join(first)
    body, is_whole = ends.join(then)
    assert is_whole
    hides = first["result"] in {"FAILED", "ERROR", "INTERRUPTED"} and then["result"] in {
        "SKIPPED", "XFAILED", "XPASSED", "NOT_RUN",
    }  # fmt: skip
    assert body["result"] == (first if hides else then)["result"]
    earlier = [first["result"]] * (first["result"] != "PASSED")
    assert [attempt["result"] for attempt in body["attempts"]] == [*earlier, then["result"]]


@given(bodies)
def test_one_alone_is_left_as_it_is(body: dict[str, Any]) -> None:
    """The body of a single test does not change."""
    assert join_executions([body]) == body


def _end(result: str = "PASSED", **more: Any) -> dict[str, Any]:
    at = {"started_at": AT.format(1), "finished_at": AT.format(2)}
    claims = [{"use_case": "UC-1", "item": "7"}]
    return {"test": "t", "result": result, **at, "attempts": [], "claims": claims, **more}


def test_a_joint_execution_keeps_what_each_kept() -> None:
    """Artifacts and steps are unique, redactions are added up, and the last property of a name wins."""
    first = _end(
        artifacts=[{"name": "a"}, {"name": "b"}], steps=["s"], redactions=[["token", 2], ["key", 1]],
        properties=[["a", "1"], ["b", "2"]],
    )  # fmt: skip
    second = _end(artifacts=[{"name": "b"}], redactions=[["token", 3]], properties=[["a", "3"]], open_scope=True)
    whole = join_executions([first, second])
    assert whole["artifacts"] == [{"name": "a"}, {"name": "b"}]
    assert whole["redactions"] == [["token", 5], ["key", 1]]
    assert whole["properties"] == [["a", "3"], ["b", "2"]]
    assert whole["open_scope"] is True
    assert "open_scope" not in join_executions([first, first])
    assert whole["claims"] == [{"use_case": "UC-1", "item": "7"}]
    assert whole["attempts"] == []
    assert not {"proofs", "message", "references"} & set(whole)


def _named(kind: str, *names: str, **claim: Any) -> dict[str, Any]:
    body = _end(proofs=[{"kind": kind, "details": [["name", name]]} for name in names])
    body["claims"][0] |= claim
    return body


@pytest.mark.parametrize(
    ("kind", "drills", "shown"),
    [
        ("drill", (["outage", "flood"], ["flood"]), [1, 2]),
        ("drill", (["outage"], ["flood"]), []),
        ("drill", (["flood", "outage"], ["outage", "flood"]), [0, 1, 2, 3]),
        ("credential", (["outage"], ["flood"]), [0, 1]),
        ("trace", (["outage"], ["flood", "outage"]), [0, 1, 2]),
    ],
)
def test_a_drill_shows_itself_and_no_other(kind: str, drills: tuple[list[str], list[str]], shown: list[int]) -> None:
    """Common drills are found by their names, and other common proofs by their kind."""
    (claim,) = join_executions([_named(kind, *names) for names in drills])["claims"]
    assert claim["proofs"] == shown


def test_the_first_reason_why_it_was_not_real_is_told() -> None:
    """The first of several reasons for a rehearsal is used."""
    whole = join_executions([_named("trace", "a"), *(_named("trace", "a", not_real_because=why) for why in ("x", "y"))])
    assert whole["claims"][0]["not_real_because"] == "x"


def _attempt(result: str) -> dict[str, Any]:
    return {"result": result, "started_at": AT.format(1), "duration_ms": 1}


@pytest.mark.parametrize("tries", [[], ["FAILED"], ["FAILED", "ERROR"]])
def test_what_was_lost_with_a_process_is_told_with_the_next_end(tries: list[str]) -> None:
    """A test that passes after its process died has all its attempts, once, and no other test has them."""
    ends = ExecutionJoiner()
    for result in tries:
        ends.attempted({"test": "t", **_attempt(result)})
    ends.run_again(_end("INTERRUPTED", attempts=[_attempt("INTERRUPTED")]))
    for test, expected in (("other", []), ("t", [*tries, "INTERRUPTED"])):
        body, is_whole = ends.join({**_end(attempts=[_attempt("PASSED")]), "test": test})
        assert is_whole
        assert [attempt["result"] for attempt in body["attempts"]] == [*expected, "PASSED"]
    assert ends.crashed(_end(attempts=[_attempt("INTERRUPTED")]))["attempts"] == [_attempt("INTERRUPTED")]


def test_what_an_end_tells_itself_is_not_told_again() -> None:
    """The attempts of a test that ended are not added again if its process dies later."""
    ends = ExecutionJoiner()
    ends.attempted({"test": "t", **_attempt("FAILED")})
    ends.join(_end(attempts=[_attempt("FAILED"), _attempt("PASSED")]))
    assert ends.crashed(_end(attempts=[_attempt("INTERRUPTED")]))["attempts"] == [_attempt("INTERRUPTED")]


@pytest.mark.parametrize(("started", "ended"), [(1, 0), (2, 1), (0, 1), (0, 0)])
def test_what_remains_is_told_if_one_of_them_started_or_ended(started: int, ended: int) -> None:
    """Tests with one id of which none was started give no line here."""
    ends = ExecutionJoiner()
    ends.planned([{"test": "t"}] * 2)
    for _ in range(started):
        ends.started("t")
    for _ in range(ended):
        ends.join(_end())
    rest = list(ends.remaining(lambda test: {**_end("INTERRUPTED"), "test": test}))
    assert [(body["test"], body["result"]) for body in rest] == (
        [("t", "INTERRUPTED" if started else "NOT_RUN")] if started or ended else []
    )


@pytest.mark.parametrize("workers", [2, 3])
def test_workers_that_collected_different_tests_wait_for_no_more_than_they_planned(workers: int) -> None:
    """If each worker runs everything, a test that only one of them collected is complete with one end."""
    ends = ExecutionJoiner()
    ends.copies = workers
    ends.planned([{"test": "t"}])
    ends.planned([{"test": "u"}])
    ends.started("t")
    body, is_whole = ends.join(_end())
    assert (body["result"], is_whole) == ("PASSED", False)
    assert [end["result"] for end in ends.remaining(lambda test: {**_end("INTERRUPTED"), "test": test})] == ["PASSED"]
