"""Evidence: one execution of one test (or command) for one claim. It is never edited or deleted."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from msgspec import Struct

from .suite_failure import RequiredCases


class Result(StrEnum):
    """Result of an execution in pytest's words, decided after teardown."""

    PASSED = "PASSED"
    FAILED = "FAILED"
    ERROR = "ERROR"
    """Setup or teardown failed."""
    SKIPPED = "SKIPPED"
    XFAILED = "XFAILED"
    XPASSED = "XPASSED"
    """Passed although a failure was expected, and the expectation was not strict."""
    INTERRUPTED = "INTERRUPTED"
    """Started, never finished."""
    NOT_RUN = "NOT_RUN"
    """Planned, never started."""


BAD = frozenset({Result.FAILED, Result.ERROR})
"""Results that replace every older pass."""
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
"""Rank of each result: of two executions that started at the same time, the worse one counts."""


IMPORTED = "imported"
"""Method of evidence that came from an imported report."""


class ExecutionStanding(StrEnum):
    """Role of an execution in an evaluation. The store keeps the newest of each standing."""

    REAL = "real"
    """Ran in a real environment."""
    CUT_SHORT = "cut short"
    """Ended badly in a real environment, before the test stated its full scope: may count elsewhere too."""
    REHEARSAL = "rehearsal"
    """Ran, but not in a real environment."""
    UNSCOPED = "unscoped"
    """Ended badly outside a real environment, before the test stated its full scope: may count elsewhere."""
    COVERED = "unscoped covered"
    """Unscoped attempt; the last attempt ran in its place, so that it may only count elsewhere."""
    IDLE = "idle"
    """Skipped, expected to fail, unexpectedly passed, or never started: satisfies and replaces nothing."""


class Attempt(Struct, frozen=True):
    """One attempt of a test; a retried test has several."""

    result: Result
    started_at: str
    duration_ms: int
    message: str = ""
    """Failure message, redacted and capped."""


class Artifact(Struct, frozen=True):
    """File or text stored with evidence, named by its SHA-256."""

    name: str
    """A label; never used as a path."""
    media_type: str
    size: int
    """In bytes."""
    sha256: str
    unread: str = ""
    """Why it was not searched for secrets: ``raw`` or ``binary``; empty: it was searched."""

    def to_plain(self) -> dict[str, Any]:
        """Return the artifact as plain data for a line."""
        plain = {"name": self.name, "media_type": self.media_type, "size": self.size, "sha256": self.sha256}
        return {**plain, "unread": self.unread} if self.unread else plain


class Reference(Struct, frozen=True):
    """Link to an external log or dashboard."""

    name: str
    url: str


class Step(Struct, frozen=True):
    """Part of a test with its own result and duration; steps nest."""

    title: str
    result: Result
    duration_ms: int
    steps: tuple[Step, ...] = ()


class Connection(Struct, frozen=True):
    """Connection that a test made while it ran."""

    to: str
    """``host:port``, the path of a Unix socket, or the name of a started program."""
    kind: str
    """``tcp``, ``udp``, ``unix`` or ``process``."""
    address: str = ""
    """Network address, if ``to`` is a name."""
    expected: bool | None = None
    """Whether it is one of the endpoints of the claims' environments; None: none are declared."""
    earlier: bool = False
    """It was made before the test began, and used during the test."""


class Proof(Struct, frozen=True):
    """Typed, checked statement inside evidence. It is as true as the code that made it."""

    kind: str
    """For example ``trace`` or ``rotation``."""
    details: tuple[tuple[str, str], ...] = ()

    def shows(self, kind: str, part: str | None) -> bool:
        """Return whether the proof is of this kind and, for a drill, of this part."""
        return self.kind == kind and (kind != "drill" or part is None or dict(self.details).get("name", part) == part)


class Evidence(Struct, frozen=True, kw_only=True):
    """Evidence: the ten fields of the evidence template first, then the envelope."""

    id: str
    uc: str
    tenant_id: str | None = None
    project_id: str | None = None
    environment: str | None = None
    provider_mode: str | None = None
    item: str
    test_id: str
    """pytest's node id, or the redacted command line of ``record``."""
    result: Result
    timestamp: str
    """End of the execution (UTC)."""
    references: tuple[Reference, ...] = ()
    artifacts: tuple[Artifact, ...] = ()

    register: str
    run_id: str
    seq: int
    """Number of its line in the run."""
    started_at: str
    real: bool
    not_real_because: str | None = None
    claim_environment: str | None = None
    """Environment that the claim is limited to; evidence from elsewhere does not cover it."""
    claim_provider_mode: str | None = None
    parts: tuple[str, ...] = ()
    """Parts of the item that it names; empty: all."""
    environment_by: str | None = None
    """How the test itself stated the environment (``scope``); None: the run stated it, or nothing did."""
    provider_mode_by: str | None = None
    """How the test itself stated the provider mode (``scope``, ``credential``); None: the run did, or nothing did."""
    beside: str | None = None
    """Other provider modes that the test proved for the same item, separated by ``/``."""
    simulated: bool = False
    """Network, clock or assertions were replaced: the evidence shows nothing about any place."""
    replay_mode: str | None = None
    followed: bool = False
    """It belongs to an attempt that ended badly, in another place or with other parts than the last attempt."""
    covered: bool = False
    """A later attempt ran in the same place, and this one had not stated its full scope: it counts elsewhere only."""
    open_scope: bool = False
    """The test could still have stated its scope when it ended (it uses ``record_evidence``)."""
    attempts: tuple[Attempt, ...] = ()
    proofs: tuple[Proof, ...] = ()
    steps: tuple[Step, ...] = ()
    notes: tuple[str, ...] = ()
    properties: tuple[tuple[str, str], ...] = ()
    redactions: tuple[tuple[str, int], ...] = ()
    """Number of replacements of each redaction rule."""
    connections: tuple[Connection, ...] = ()
    """Observed connections of the test."""
    warnings: tuple[str, ...] = ()
    """Unusual things about it, one sentence each."""
    message: str = ""
    """Failure message or skip reason; redacted and capped."""
    method: str = "test"
    """``test``, ``command``, ``examined``, ``imported`` or ``absent``; the last three are ASSERTED at most.

    ``absent`` satisfies nothing: see ``facts.suite_failure``.
    """
    required_cases: RequiredCases | None = None
    """The cases that a failure concerns which is not the failure of a test; None: a test failed."""

    @property
    def standing(self) -> ExecutionStanding:
        """Role of the execution in an evaluation."""
        sources = self.environment_by, self.provider_mode_by
        return standing_of(self.result, sources, real=self.real, simulated=self.simulated, covered=self.covered)

    @property
    def is_cut_short(self) -> bool:
        """Whether it ended badly before the test itself stated its full scope."""
        return self.standing in CUT_SHORT

    @property
    def flaky(self) -> bool:
        """Whether it passed after an attempt that did not."""
        if len(self.attempts) < 2 or self.result is not Result.PASSED:  # noqa: PLR2004 - mostly one attempt
            return False
        return any(attempt.result is not Result.PASSED for attempt in self.attempts)

    @property
    def reference_texts(self) -> tuple[str, ...]:
        """Artifact/Log Reference: external references as URLs, artifacts by name and digest."""
        if not self.references and not self.artifacts:
            return ()  # the usual case, in a report of thousands of pieces
        return (
            *(f"{ref.name}: {ref.url}" if ref.name else ref.url for ref in self.references),
            *(f"{artifact.name} sha256:{artifact.sha256}" for artifact in self.artifacts),
        )


def standing_of(
    result: Result, sources: PlaceSources, *, real: bool, simulated: bool, covered: bool = False
) -> ExecutionStanding:
    """Return the standing of an execution.

    A credential states only its own provider mode; another one may have followed.
    """
    if result not in CONCLUSIVE:
        return ExecutionStanding.IDLE
    if result is Result.PASSED or simulated or (sources[0] is not None and sources[1] == "scope"):
        return ExecutionStanding.REAL if real else ExecutionStanding.REHEARSAL
    if covered:
        return ExecutionStanding.COVERED
    return ExecutionStanding.CUT_SHORT if real else ExecutionStanding.UNSCOPED


def standing_in(claim: Mapping[str, Any], result: Result) -> ExecutionStanding:
    """Return the standing of a claim in a line whose execution ended with this result."""
    read, real = claim.get, claim.get("not_real_because") is None
    if result is Result.PASSED:
        return ExecutionStanding.REAL if real else ExecutionStanding.REHEARSAL  # most claims
    sources = read("environment_by"), read("provider_mode_by")
    return standing_of(result, sources, real=real, simulated=bool(read("simulated")), covered=bool(read("covered")))


PlaceSources = tuple[str | None, str | None]
"""How a test stated its environment and its provider mode: None, ``scope`` or ``credential``."""
CUT_SHORT = frozenset({ExecutionStanding.CUT_SHORT, ExecutionStanding.UNSCOPED, ExecutionStanding.COVERED})
"""Standings of executions that ended badly before the test stated its full scope."""


def standing_text(standing: ExecutionStanding, sources: PlaceSources, beside: str | None = None) -> str:
    """Return a standing as text for the index of a store, with what the test itself stated."""
    environment, mode = sources
    text = standing.value
    text = f"{text}+environment" if environment is not None else text
    text = f"{text}+{'credential' if mode == 'credential' else 'provider_mode'}" if mode is not None else text
    return text if beside is None else f"{text} beside {beside}"


def by_number(evidence: Evidence) -> tuple[str, int, int]:
    """Return the sort key of evidence by its id, with numbers compared as numbers."""
    run, seq, number = evidence.id.rsplit(".", 2)
    return run, int(seq), int(number)


def execution_of(evidence: Evidence) -> str:
    """Return the part of the id that all claims of one execution share: the run and the number of its line."""
    return evidence.id.rpartition(".")[0]
