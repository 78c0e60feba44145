"""Evidence: one execution of one test (or command) for one claim. Never edited, never deleted."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from functools import cached_property
from typing import Any

from ..fast_values import dataclass
from .suite_failure import RequiredCases


class Result(StrEnum):
    """How an execution ended, in pytest's words, decided after teardown."""

    __hash__ = str.__hash__  # an Enum's own is several times as slow, and every dict asks for it

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


IMPORTED = "imported"
"""The method of what came in with a report."""


class ExecutionStanding(StrEnum):
    """What an execution can do in an evaluation; the newest of each standing is looked at."""

    __hash__ = str.__hash__

    REAL = "real"
    """Ran in a real environment."""
    CUT_SHORT = "cut short"
    """Ended badly in a real environment before the test itself said all of where it runs: may count elsewhere too."""
    REHEARSAL = "rehearsal"
    """Ran, but not for real."""
    UNSCOPED = "unscoped"
    """Ended badly, not for real, before the test itself said all of where it runs: may count elsewhere."""
    COVERED = "unscoped covered"
    """An attempt that ended so, and the last one ran where it was: may count elsewhere only."""
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
    unread: str = ""
    """Why it was kept without being looked at for secrets: ``raw`` or ``binary``; empty: it was looked at."""

    def to_plain(self) -> dict[str, Any]:
        """Return it as a line holds it."""
        plain = {"name": self.name, "media_type": self.media_type, "size": self.size, "sha256": self.sha256}
        return {**plain, "unread": self.unread} if self.unread else plain


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
class Connection:
    """Where a test connected to, seen while it ran."""

    to: str
    """``host:port``, the path of a Unix socket, or the name of a program that was started."""
    kind: str
    """``tcp``, ``udp``, ``unix`` or ``process``."""
    address: str = ""
    """The address, where ``to`` says a name."""
    expected: bool | None = None
    """Whether it is among the endpoints of the claims' environments; None where none are declared."""
    earlier: bool = False
    """It was made before the test began, and used in it."""


@dataclass(frozen=True, slots=True)
class Proof:
    """A typed, checked statement inside evidence. As true as the code that made it."""

    kind: str
    """Such as ``trace`` or ``rotation``."""
    details: tuple[tuple[str, str], ...] = ()

    def shows(self, kind: str, part: str | None) -> bool:
        """Return whether it is of this kind and, where it names a drill, of this part."""
        return self.kind == kind and (kind != "drill" or part is None or dict(self.details).get("name", part) == part)


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """The ten fields of the evidence template first, then the envelope."""

    id: str
    uc: str
    tenant_id: str | None = None
    project_id: str | None = None
    environment: str | None = None
    provider_mode: str | None = None
    item: str
    test_id: str
    """pytest's node id, or for ``record`` the redacted command line."""
    result: Result
    timestamp: str
    """When it ended (UTC)."""
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
    """Environment the claim was limited to; evidence from elsewhere does not cover it."""
    claim_provider_mode: str | None = None
    parts: tuple[str, ...] = ()
    """Parts of the item that it names; empty: all."""
    environment_by: str | None = None
    """How the test itself said the environment (``scope``); None: the run said it, or nobody."""
    provider_mode_by: str | None = None
    """How the test itself said the provider mode (``scope``, ``credential``); None: the run said it, or nobody."""
    beside: str | None = None
    """The other provider modes that the test proved for the same item, with ``/`` between them."""
    simulated: bool = False
    """The network or the clock was replaced, or assertions were: it says nothing of any place."""
    replay_mode: str | None = None
    followed: bool = False
    """It is of an attempt that ended badly, in a place or with parts that are not those of the last attempt."""
    covered: bool = False
    """A later attempt ran where this one was, which had not said all of where it runs: it counts elsewhere only."""
    open_scope: bool = False
    """The test could still have said where it ran when it ended (it uses ``record_evidence``)."""
    attempts: tuple[Attempt, ...] = ()
    proofs: tuple[Proof, ...] = ()
    steps: tuple[Step, ...] = ()
    notes: tuple[str, ...] = ()
    properties: tuple[tuple[str, str], ...] = ()
    redactions: tuple[tuple[str, int], ...] = ()
    """How often each redaction rule applied."""
    connections: tuple[Connection, ...] = ()
    """What the test connected to, as far as that can be seen."""
    warnings: tuple[str, ...] = ()
    """What is odd about it, a sentence each."""
    message: str = ""
    """Failure message, or the reason of a skip; redacted and capped."""
    method: str = "test"
    """``test``, ``command``, ``examined``, ``imported`` or ``absent``; the last three are ASSERTED at most.

    An absent one satisfies nothing: see ``facts.suite_failure``.
    """
    required_cases: RequiredCases | None = None
    """What was concerned, if it is no test that failed."""

    @cached_property
    def standing(self) -> ExecutionStanding:
        """What it can do in an evaluation."""
        sources = self.environment_by, self.provider_mode_by
        return standing_of(self.result, sources, real=self.real, simulated=self.simulated, covered=self.covered)

    @property
    def is_cut_short(self) -> bool:
        """Whether it ended badly before the test itself said all of where it runs."""
        return self.standing in CUT_SHORT

    @property
    def flaky(self) -> bool:
        """It passed after an attempt that did not."""
        if len(self.attempts) < 2 or self.result is not Result.PASSED:  # noqa: PLR2004 - as most
            return False
        return any(attempt.result is not Result.PASSED for attempt in self.attempts)

    @property
    def reference_texts(self) -> tuple[str, ...]:
        """Artifact/Log Reference: external references as URLs, artifacts by name and digest."""
        return (
            *(f"{ref.name}: {ref.url}" if ref.name else ref.url for ref in self.references),
            *(f"{artifact.name} sha256:{artifact.sha256}" for artifact in self.artifacts),
        )


def standing_of(
    result: Result, sources: PlaceSources, *, real: bool, simulated: bool, covered: bool = False
) -> ExecutionStanding:
    """Return what an execution can do in an evaluation.

    A credential says the provider mode of its own only: another one may have followed.
    """
    if result not in CONCLUSIVE:
        return ExecutionStanding.IDLE
    if result is Result.PASSED or simulated or (sources[0] is not None and sources[1] == "scope"):
        return ExecutionStanding.REAL if real else ExecutionStanding.REHEARSAL
    if covered:
        return ExecutionStanding.COVERED
    return ExecutionStanding.CUT_SHORT if real else ExecutionStanding.UNSCOPED


def standing_in(claim: Mapping[str, Any], result: Result) -> ExecutionStanding:
    """Return what a claim of a line can do in an evaluation that ended so."""
    read, real = claim.get, claim.get("not_real_because") is None
    if result is Result.PASSED:
        return ExecutionStanding.REAL if real else ExecutionStanding.REHEARSAL  # most are, and a gate reads thousands
    where = read("environment_by"), read("provider_mode_by")
    return standing_of(result, where, real=real, simulated=bool(read("simulated")), covered=bool(read("covered")))


PlaceSources = tuple[str | None, str | None]
"""How a test itself said its environment and its provider mode: None, ``scope`` or ``credential``."""
CUT_SHORT = frozenset({ExecutionStanding.CUT_SHORT, ExecutionStanding.UNSCOPED, ExecutionStanding.COVERED})
"""Of what ended badly before the test itself said all of where it runs."""


def standing_text(standing: ExecutionStanding, sources: PlaceSources, beside: str | None = None) -> str:
    """Return a standing as the index of a store tells it, with what the test itself said, and beside it."""
    environment, mode = sources
    text = f"{standing.value}+environment" if environment is not None else standing.value
    text = f"{text}+{'credential' if mode == 'credential' else 'provider_mode'}" if mode is not None else text
    return text if beside is None else f"{text} beside {beside}"


def by_number(evidence: Evidence) -> tuple[str, int, int]:
    """Return the key that sorts evidence by its id, numbers as numbers: the tenth piece comes after the ninth."""
    run, seq, number = evidence.id.rsplit(".", 2)
    return run, int(seq), int(number)


def execution_of(evidence: Evidence) -> str:
    """Return what all claims of one execution have in common: the run and the number of its line."""
    return evidence.id.rpartition(".")[0]
