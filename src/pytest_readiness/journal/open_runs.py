"""Evidence of runs that are not sealed: each test that started and did not finish is INTERRUPTED."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..facts.evidence import Evidence
from ..facts.evidence_line import evidence_of
from ..facts.ledger.line import LineChain
from ..facts.run import Run
from .joined_executions import after_attempts, join_executions
from .run_end import interrupted_body


def open_evidence(run: Run) -> Iterator[Evidence]:
    """Yield the evidence of an unsealed run. A test that started and did not finish is INTERRUPTED."""
    yield from run.evidence()
    if run.seal is None:
        chain = LineChain(run.id, seq=len(run.lines), head=run.lines[-1].digest)
        for body in unfinished_tests(run):
            yield from evidence_of(chain.next("finished", body), run.register)


def unfinished_tests(run: Run, message: str = "its process ended before the test did") -> Iterator[dict[str, Any]]:
    """Yield the body of a line for each test that started and did not finish. ``message``: the reason in it."""
    started: dict[str, str] = {}
    attempts: dict[str, list[dict[str, Any]]] = {}
    ended: dict[str, list[dict[str, Any]]] = {}
    for line in run.lines:
        test_id = line.body.get("test", "")
        if line.kind == "started":
            started[test_id] = line.body["at"]
        elif line.kind == "attempt":  # it shows a start, too: the file beside the journal may be damaged or lost
            started.setdefault(test_id, line.body["started_at"])
            attempts.setdefault(test_id, []).append(_attempt(line.body))
        elif line.kind == "ended":  # one of several tests with this id
            started.setdefault(test_id, line.body["started_at"])
            attempts.pop(test_id, None)
            ended.setdefault(test_id, []).append(_end(line.body))
        elif line.kind == "finished":
            for by_id in (started, attempts, ended):
                by_id.pop(test_id, None)
    plan = plan_of(run)
    for test_id, at in started.items():
        if test_id in plan:
            body = interrupted_body(plan[test_id], at, message)
            yield join_executions([*ended.get(test_id, ()), after_attempts(attempts.get(test_id, ()), body)])


def _end(body: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in body.items() if name not in ("kind", "prev", "run", "seq")}


def _attempt(body: dict[str, Any]) -> dict[str, Any]:
    return {name: body[name] for name in ("result", "started_at", "duration_ms", "message", "claims") if name in body}


def plan_of(run: Run) -> dict[str, Mapping[str, Any]]:
    """Return the planned tests of a run by node id. A selected test replaces a deselected one with the same id."""
    plan: dict[str, Mapping[str, Any]] = {}
    for test in (test for line in run.lines if line.kind == "planned" for test in line.body["tests"]):
        if test["test"] not in plan or plan[test["test"]].get("deselected"):
            plan[test["test"]] = test
    return plan
