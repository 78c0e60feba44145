"""Reader of the evidence in a run's lines."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .evidence import BAD, Artifact, Attempt, Connection, Evidence, Proof, Reference, Result, Step
from .ledger.line import Line
from .suite_failure import RequiredCases


def evidence_of(line: Line, register: str) -> list[Evidence]:
    """Return the evidence of a line, one for each of its claims.

    Raises:
        KeyError, ValueError, TypeError: the line lacks fields of its kind (``verify`` reports it).
    """
    return evidence_in(line.body, register)


def evidence_in(body: dict[str, Any], register: str) -> list[Evidence]:
    """Return the evidence in the body of a line, as ``evidence_of`` does."""
    kind = body.get("kind")
    if kind == "finished":
        return _finished(body, register, body["claims"], body["test"])
    return _not_run(body, register) if kind == "not_run" else []


def unfinished_of(test: dict[str, Any], run: str, register: str, at: str) -> list[Evidence]:
    """Return the evidence of a planned test that a run does not report: INTERRUPTED, for each of its claims.

    Args:
        test: the plan's entry of the test: its claims with their places at that time and the limits of its marks.
        run: id of the run.
        register: register of the run.
        at: start of the run (UTC).

    Raises:
        KeyError, ValueError, TypeError: the entry lacks required fields.
    """
    body = {"run": run, "seq": 0, "result": Result.INTERRUPTED, "started_at": at, "finished_at": at}
    return _finished({**body, "open_scope": bool(test.get("records"))}, register, test["claims"], test["test"])


def _not_run(body: dict[str, Any], register: str) -> list[Evidence]:
    evidence: list[Evidence] = []
    for test in body["tests"]:
        evidence += _finished({**body, "result": Result.NOT_RUN}, register, test["claims"], test["test"], len(evidence))
    return evidence


def _finished(
    body: dict[str, Any], register: str, claims: list[dict[str, Any]], test_id: str, before: int = 0
) -> list[Evidence]:
    """Return evidence for each claim; shared fields are read once. ``before``: earlier pieces of the same line."""
    run, seq, result, open_scope = body["run"], body["seq"], _result(body["result"]), bool(body.get("open_scope"))
    shared: dict[str, Any] = {
        "test_id": test_id,
        "result": result,
        "timestamp": body["finished_at"],
        "register": register,
        "run_id": run,
        "seq": seq,
        "started_at": body["started_at"],
        "open_scope": open_scope,
    }
    # Absent fields keep the defaults of the class: most lines have few fields, and a gate reads many lines.
    for name, value in body.items():
        if name in _LINE_FIELDS:
            shared[name] = _LINE_FIELDS[name](value)
    if "held" in body:
        shared["required_cases"] = RequiredCases.from_plain(body["held"])
    pieces = []
    for number, claim in enumerate(claims, before + 1):
        because, ended = claim.get("not_real_because"), result
        if "result" in claim and (ended := _result(claim["result"])) not in _BROKEN:
            raise ValueError("a claim has a result of its own, and is of no attempt that ended badly")
        if "covered" in claim and ("result" not in claim or because is None):
            raise ValueError("a claim is covered by a later attempt, and is of none that was followed by one")
        values = {
            **shared,
            "id": f"{run}.{seq}.{number}",
            "uc": claim["use_case"],
            "item": claim["item"],
            "real": because is None,
        }
        values.update({name: value for name, value in claim.items() if name in _CLAIM_FIELDS})
        if "result" in claim:
            values |= {"result": ended, "message": claim.get("message", ""), "followed": True}
        if "parts" in claim:
            values["parts"] = tuple(claim["parts"])
        if "proofs" in claim:
            values["proofs"] = _proofs_of(claim, shared.get("proofs", ()))
        pieces.append(Evidence(**values))
    return pieces


def _proofs_of(claim: dict[str, Any], proofs: tuple[Proof, ...]) -> tuple[Proof, ...]:
    """Return the proofs that a claim names by number; all of them if it names none."""
    numbers = claim["proofs"]
    if numbers is None:
        return proofs
    if not all(isinstance(number, int) and 0 <= number < len(proofs) for number in numbers):
        raise ValueError("a claim names a proof that is not there")
    return tuple(proofs[number] for number in numbers)


def _attempt(plain: dict[str, Any]) -> Attempt:
    return Attempt(_result(plain["result"]), plain["started_at"], plain["duration_ms"], plain.get("message", ""))


def _step(plain: dict[str, Any]) -> Step:
    inner = tuple(_step(step) for step in plain.get("steps", ()))
    return Step(plain["title"], _result(plain["result"]), plain["duration_ms"], inner)


def _pairs(plain: Any) -> tuple[tuple[str, str], ...]:
    return tuple([(str(name), str(value)) for name, value in plain])


def _result(plain: Any) -> Result:
    return _RESULTS.get(plain) or Result(plain)


def _unchanged(plain: Any) -> Any:
    return plain


_BROKEN = BAD | {Result.INTERRUPTED}
_RESULTS = {result.value: result for result in Result}
_CLAIM_FIELDS = frozenset(
    (
        *("environment", "provider_mode", "claim_environment", "claim_provider_mode", "environment_by"),
        *("provider_mode_by", "beside", "not_real_because", "simulated", "covered", "replay_mode"),
    )
)
"""Fields of a claim that are copied to its evidence unchanged."""
_LINE_FIELDS: dict[str, Callable[[Any], Any]] = {
    "tenant_id": _unchanged,
    "project_id": _unchanged,
    "message": _unchanged,
    "method": _unchanged,
    "notes": tuple,
    "properties": _pairs,
    "warnings": tuple,
    # Lists within: a generator takes several times as long for one value.
    "redactions": lambda plain: tuple([(rule, count) for rule, count in plain]),
    "proofs": lambda plain: tuple([Proof(proof["kind"], _pairs(proof.get("details", ()))) for proof in plain]),
    "attempts": lambda plain: tuple([_attempt(attempt) for attempt in plain]),
    "references": lambda plain: tuple([Reference(**reference) for reference in plain]),
    "artifacts": lambda plain: tuple([Artifact(**artifact) for artifact in plain]),
    "steps": lambda plain: tuple([_step(step) for step in plain]),
    "connections": lambda plain: tuple([Connection(**connection) for connection in plain]),
}
"""Fields of a line that apply to all its evidence, and the function that reads each."""
