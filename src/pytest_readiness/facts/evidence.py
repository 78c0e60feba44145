"""Evidence: one execution of one test (or command) for one claim. Never edited, never deleted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from .line import Line


class Result(StrEnum):
    """How an execution ended, in pytest's words, decided after teardown."""

    PASSED = "PASSED"
    FAILED = "FAILED"
    ERROR = "ERROR"
    """Setup or teardown failed."""
    SKIPPED = "SKIPPED"
    XFAILED = "XFAILED"
    XPASSED = "XPASSED"
    """Passed though a failure was expected, and the expectation was not strict."""
    INTERRUPTED = "INTERRUPTED"
    """Started, never finished."""
    NOT_RUN = "NOT_RUN"
    """Planned, never started."""


BAD = frozenset({Result.FAILED, Result.ERROR})
"""Results that beat every older pass."""
CONCLUSIVE = frozenset({Result.PASSED, Result.FAILED, Result.ERROR, Result.INTERRUPTED})
"""Results that satisfy or replace something."""

BADNESS = {
    Result.FAILED: 7,
    Result.ERROR: 6,
    Result.INTERRUPTED: 5,
    Result.XPASSED: 4,
    Result.XFAILED: 3,
    Result.SKIPPED: 2,
    Result.NOT_RUN: 1,
    Result.PASSED: 0,
}
"""Equal start times: the worse result wins."""


class Standing(StrEnum):
    """What an execution can do in an evaluation; the newest of each standing is looked at."""

    REAL = "real"
    """Ran to an end that counts, in a real environment."""
    REHEARSAL = "rehearsal"
    """Ran to an end, but not for real."""
    UNSCOPED = "unscoped"
    """Ended badly before it could say where it ran: counts against everything it could have covered."""
    IDLE = "idle"
    """Skipped, expected to fail, unexpectedly passed, or never started: satisfies and replaces nothing."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try of a test; a retried test has several."""

    result: Result
    started_at: str
    duration_ms: int
    message: str = ""
    """Failure message, redacted and capped."""


@dataclass(frozen=True, slots=True)
class Artifact:
    """A file or text kept with evidence, named by its SHA-256."""

    name: str
    """A label, any text; never used as a path."""
    media_type: str
    size: int
    """Bytes."""
    sha256: str


@dataclass(frozen=True, slots=True)
class Reference:
    """An external log or dashboard."""

    name: str
    url: str


@dataclass(frozen=True, slots=True)
class Step:
    """A part of a test with a result and a duration of its own; steps nest."""

    title: str
    result: Result
    duration_ms: int
    steps: tuple[Step, ...] = ()


@dataclass(frozen=True, slots=True)
class Proof:
    """A typed, checked statement inside evidence. As true as the code that made it."""

    kind: str
    """Such as ``trace`` or ``rotation``."""
    details: tuple[tuple[str, str], ...] = ()

    def shows(self, kind: str, part: str | None) -> bool:
        """Return whether it is of this kind and, where it names a drill, of this part."""
        return self.kind == kind and (kind != "drill" or part is None or dict(self.details).get("name", part) == part)


@dataclass(frozen=True, slots=True)
class Evidence:
    """The ten fields of the evidence template first, then the envelope."""

    id: str
    uc: str
    tenant_id: str | None
    project_id: str | None
    environment: str | None
    provider_mode: str | None
    item: str
    test_id: str
    """pytest's node id, or for ``record`` the redacted command line."""
    result: Result
    timestamp: str
    """When it ended (UTC)."""
    references: tuple[Reference, ...]
    artifacts: tuple[Artifact, ...]

    register: str
    run_id: str
    seq: int
    """Number of its line in the run."""
    started_at: str
    real: bool
    not_real_because: str | None
    claim_environment: str | None = None
    """Environment the claim was limited to; evidence from elsewhere does not cover it."""
    claim_provider_mode: str | None = None
    parts: tuple[str, ...] = ()
    """Parts of the item that it names; empty: all."""
    replay_mode: str | None = None
    open_scope: bool = False
    """The test could still have said where it ran when it ended (it uses ``record_evidence``)."""
    attempts: tuple[Attempt, ...] = ()
    proofs: tuple[Proof, ...] = ()
    steps: tuple[Step, ...] = ()
    notes: tuple[str, ...] = ()
    properties: tuple[tuple[str, str], ...] = ()
    redactions: tuple[tuple[str, int], ...] = ()
    """How often each redaction rule applied."""
    message: str = ""
    """Failure message, or the reason of a skip; redacted and capped."""
    method: str = "test"
    """``test``, ``command``, ``examined`` or ``imported``; the last two are ASSERTED at most."""

    @property
    def standing(self) -> Standing:
        """What it can do in an evaluation."""
        return standing_of(self.result, self.environment, real=self.real, open_scope=self.open_scope)

    @property
    def flaky(self) -> bool:
        """It passed after a failed attempt."""
        return self.result is Result.PASSED and len(self.attempts) > 1

    @property
    def fits_its_claim(self) -> bool:
        """It ran in the environment and provider mode that its claim was limited to."""
        return self.claim_environment in (None, self.environment) and self.claim_provider_mode in (
            None,
            self.provider_mode,
        )

    @property
    def reference_texts(self) -> tuple[str, ...]:
        """Artifact/Log Reference: external references as URLs, artifacts by name and digest."""
        return (
            *(f"{ref.name}: {ref.url}" if ref.name else ref.url for ref in self.references),
            *(f"{artifact.name} sha256:{artifact.sha256}" for artifact in self.artifacts),
        )


def standing_of(result: Result, environment: str | None, *, real: bool, open_scope: bool) -> Standing:
    """Return what an execution can do in an evaluation."""
    if result not in CONCLUSIVE:
        return Standing.IDLE
    if real:
        return Standing.REAL
    if environment is None and open_scope and result is not Result.PASSED:
        return Standing.UNSCOPED
    return Standing.REHEARSAL


EVIDENCE_LINES = frozenset({"finished", "not_run"})
"""Kinds of line that hold evidence."""


def evidence_of(line: Line, register: str) -> Iterator[Evidence]:
    """Yield the evidence that a line holds: one for each of its claims.

    Raises:
        KeyError, ValueError, TypeError: the line has not the fields that its kind has (``verify`` reports it).
    """
    if line.kind == "finished":
        yield from _finished(line.body, register, line.body["claims"], line.body["test"], 0)
    elif line.kind == "not_run":
        number = 0
        for test in line.body["tests"]:
            yield from _finished({**line.body, **_NOT_RUN}, register, test["claims"], test["test"], number)
            number += len(test["claims"])


_NOT_RUN: dict[str, Any] = {"result": Result.NOT_RUN}


def _finished(
    body: dict[str, Any], register: str, claims: list[dict[str, Any]], test_id: str, offset: int
) -> Iterator[Evidence]:
    """Shared fields are read once, however many claims there are."""
    get = body.get
    result = Result(body["result"])
    # Lists within: this is done for every execution, and a generator takes five times as long to find nothing.
    attempts = tuple([_attempt(plain) for plain in get("attempts", ())])
    references = tuple([Reference(**plain) for plain in get("references", ())])
    artifacts = tuple([Artifact(**plain) for plain in get("artifacts", ())])
    proofs = tuple([Proof(plain["kind"], _pairs(plain.get("details", ()))) for plain in get("proofs", ())])
    steps = tuple([_step(plain) for plain in get("steps", ())])
    notes, properties = tuple(get("notes", ())), _pairs(get("properties", ()))
    redactions = tuple([(rule, count) for rule, count in get("redactions", ())])
    open_scope, message, method = bool(get("open_scope", False)), get("message", ""), get("method", "test")
    run, seq, started_at, finished_at = body["run"], body["seq"], body["started_at"], body["finished_at"]
    for number, claim in enumerate(claims, offset + 1):
        said = claim.get
        because = said("not_real_because")
        yield Evidence(
            id=f"{run}.{seq}.{number}",
            uc=claim["use_case"],
            tenant_id=get("tenant_id"),
            project_id=get("project_id"),
            environment=said("environment"),
            provider_mode=said("provider_mode"),
            item=claim["item"],
            test_id=test_id,
            result=result,
            timestamp=finished_at,
            references=references,
            artifacts=artifacts,
            register=register,
            run_id=run,
            seq=seq,
            started_at=started_at,
            real=because is None,
            not_real_because=because,
            claim_environment=said("claim_environment"),
            claim_provider_mode=said("claim_provider_mode"),
            parts=tuple(said("parts", ())),
            replay_mode=said("replay_mode"),
            open_scope=open_scope,
            attempts=attempts,
            proofs=_proofs_of(claim, proofs),
            steps=steps,
            notes=notes,
            properties=properties,
            redactions=redactions,
            message=message,
            method=method,
        )


def _proofs_of(claim: dict[str, Any], proofs: tuple[Proof, ...]) -> tuple[Proof, ...]:
    """A claim names by number the proofs that concern it; one that names none of its own has all."""
    numbers = claim.get("proofs")
    if numbers is None:
        return proofs
    if not all(isinstance(number, int) and 0 <= number < len(proofs) for number in numbers):
        raise ValueError("a claim names a proof that is not there")
    return tuple(proofs[number] for number in numbers)


def _attempt(plain: dict[str, Any]) -> Attempt:
    return Attempt(Result(plain["result"]), plain["started_at"], plain["duration_ms"], plain.get("message", ""))


def _step(plain: dict[str, Any]) -> Step:
    inner = tuple(_step(step) for step in plain.get("steps", ()))
    return Step(plain["title"], Result(plain["result"]), plain["duration_ms"], inner)


def _pairs(plain: Any) -> tuple[tuple[str, str], ...]:
    return tuple([(str(name), str(value)) for name, value in plain])
