"""Observation of one test: the phases of each attempt, and the resulting line.

It does not depend on pytest: a phase is plain data, so that the result can be derived and tested without it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, Protocol

from ..claims.claim import Claim
from ..facts.evidence import BADNESS, Result
from ..facts.proofs.values import ProofResult
from ..facts.timestamps import timestamp
from ..journal.earlier_attempts import BROKEN, EarlierAttempt, merge_earlier_attempts
from ..redaction.redactor import Redactor, cut_text
from .claim_resolution import as_failed, as_simulated
from .context import RunContext
from .recorder_base import RecordedData

ClaimResolver = Callable[[Sequence[Claim], RunContext, Sequence[ProofResult]], list[dict[str, Any]]]
"""``claim_resolution.resolve_claims`` with a catalogue."""


class AuthenticityObserver(Protocol):
    """Checks the authenticity of a test: ``authenticity.check.AuthenticityCheck``."""

    def begin(self) -> None:
        """Start watching."""

    def inspect(self, item: Any = None) -> None:
        """Check what is replaced at this moment; with a test, call the hook too."""

    def end(self) -> None:
        """Stop watching."""

    def judge(
        self,
        claims: list[dict[str, Any]],
        *,
        passed: bool,  # noqa: ARG002 - for implementations
    ) -> tuple[list[dict[str, Any]], dict[str, Any]]:
        """Return the claims, rehearsals with their reasons, and additional keys of the line."""
        return claims, {}

    def reason(self) -> str | None:
        """Return why the running attempt is not real so far; None if it is."""

    def mark_unwatched(self, reason: str) -> None:
        """Add a reason why the test could not be watched."""

    @property
    def unwatched_reasons(self) -> list[str]:
        """Reasons why the test could not be watched."""
        return []


class Unobserved(AuthenticityObserver):
    """Checks nothing."""


MESSAGE_LIMIT = 4000
"""Maximum length of a failure message, in characters."""


class PhaseResult(NamedTuple):
    """Result of a setup, call or teardown."""

    when: str
    """``setup``, ``call`` or ``teardown``."""
    outcome: str
    """``passed``, ``failed`` or ``skipped``; ``unrun``: passed for pytest, but its body never ran to its end."""
    expected_to_fail: bool
    """Whether pytest marked it as an expected failure, whatever the outcome."""
    message: str


WENT_WELL = {when: PhaseResult(when, "passed", False, "") for when in ("setup", "call", "teardown")}  # noqa: FBT003
"""Plain passes, the common case, by phase."""
_ALL_WELL = list(WENT_WELL.values())


def result_of(phases: Sequence[PhaseResult]) -> Result:
    """Return the result of an attempt, decided after teardown.

    Subtests report calls of their own before the test's call. A failed one makes the test FAILED; else the last call
    decides. A teardown that skips, or is expected to fail, cancels a pass.
    """
    setup = [phase for phase in phases if phase.when == "setup"]
    calls = [phase for phase in phases if phase.when == "call"]
    teardown = [phase for phase in phases if phase.when == "teardown"]
    if any(phase.outcome == "failed" for phase in (*setup, *teardown)):
        return Result.ERROR
    if any(phase.outcome == "failed" for phase in calls):
        return Result.FAILED
    decisive = next((phase for phase in setup if phase.outcome == "skipped"), calls[-1] if calls else None)
    if decisive is None:
        return Result.INTERRUPTED
    skipped = [phase for phase in teardown if phase.outcome == "skipped"]
    return max((_result_of_phase(phase) for phase in (decisive, *skipped)), key=BADNESS.__getitem__)


def _result_of_phase(phase: PhaseResult) -> Result:
    """Return the test's result after a phase that did not fail."""
    if phase.outcome == "unrun":
        return Result.INTERRUPTED
    if phase.outcome == "skipped":
        return Result.XFAILED if phase.expected_to_fail else Result.SKIPPED
    return Result.XPASSED if phase.expected_to_fail else Result.PASSED


def worsened_line(body: dict[str, Any], phases: Sequence[PhaseResult]) -> dict[str, Any]:
    """Return a test's line, with the result of its final reports if that is worse."""
    not_passed = [phase for phase in phases if phase.outcome != "passed" or phase.expected_to_fail]
    if not not_passed:
        return body
    # Without a call or a failure, only the phases that did not pass decide.
    decided = any(phase.when == "call" or phase.outcome == "failed" for phase in phases)
    result = result_of(phases) if decided else max(map(_result_of_phase, not_passed), key=BADNESS.__getitem__)
    if BADNESS[result] <= BADNESS[Result(body["result"])]:
        return body
    changed = {"result": result.value}
    if message := failure_message(phases):
        changed["message"] = message
    attempts = [*body["attempts"][:-1], {**body["attempts"][-1], **changed}]
    return {**body, **changed, "claims": list(map(as_failed, body["claims"])), "attempts": attempts}


def failure_message(phases: Sequence[PhaseResult]) -> str:
    """Return the messages of the failed phases, or of the skipped ones if none failed."""
    failed = [phase for phase in phases if phase.outcome == "failed"]
    reported = failed or [phase for phase in phases if phase.outcome != "passed" or phase.expected_to_fail]
    return "\n".join(dict.fromkeys(phase.message for phase in reported if phase.message))


class Observation:
    """Observation of one test so far, in the process that runs it.

    Defaults are attributes of the class: most tests never set them, and one is created for each test.
    """

    item: object = None
    """The test itself: another test may have the same id."""
    marks = 0
    """Number of its marks when it was collected."""
    unrun: PhaseResult | None = None
    """Result of its call if that passes without its body."""
    final_line: dict[str, Any] | None = None
    """Its line, once it ran to its end."""
    evidence: dict[str, Any] | None = None
    """Its line as it was when the teardown of the latest attempt ended; None: it has not ended."""
    _seconds = 0.0
    _bad_attempts: tuple[tuple[dict[str, Any], RunContext, tuple[ProofResult, ...], str | None], ...] = ()
    """Attempts that ended badly: each with its context, its proofs, and the reason why it was not real."""
    _recording: RecordedData | None = None

    def __init__(
        self,
        test_id: str,
        claims: tuple[Claim, ...],
        records: bool,  # noqa: FBT001 - whether it can still name its environment
        base: RunContext,
        redactor: Redactor,
        planned_claims: list[dict[str, Any]] | None = None,
        authenticity: AuthenticityObserver | None = None,
    ) -> None:
        """``planned_claims``: resolved claims, valid unless the test names another place or proves something."""
        self.reports: list[Any] = []
        """Pytest's reports of this attempt, which other plugins may still change."""
        self.test_id = test_id
        self.claims = claims
        self.records = records
        self.base = base
        self.redactor = redactor
        self.planned_claims = planned_claims
        self.authenticity: AuthenticityObserver = authenticity or Unobserved()  # type: ignore[abstract]  # does nothing on purpose
        self.phases: list[PhaseResult] = []
        self.attempts: list[dict[str, Any]] = []
        self.started_at = self._attempt_started_at = timestamp()
        self._secrets_at_start = redactor.secret_count

    @property
    def recording(self) -> RecordedData:
        """Data that the test records; created when first used, as most tests record nothing."""
        if self._recording is None:
            self._recording = RecordedData(self.base)
        return self._recording

    def adopt_recording(self, recording: RecordedData) -> None:
        """Use the data that the test recorded before its setup."""
        self._recording = recording

    def begin_attempt(self, previous: dict[str, Any] | None = None) -> None:
        """Start another attempt. Artifacts and notes of earlier ones remain; scope and proofs are discarded.

        ``previous``: the line of the attempt before, with its reports as they are now.
        """
        if previous is not None:
            self.attempts[-1] = previous["attempts"][-1]
        self.final_line = self.evidence = None
        self.unrun = None
        self.reports.clear()
        if self.phases:
            self.end_attempt()
        if self.attempts:
            self._attempt_started_at = timestamp()
            if self.attempts[-1]["result"] in BROKEN:
                self._bad_attempts += ((self.attempts[-1], *self._stated(), self.authenticity.reason()),)
            if self._recording is not None:
                self._recording.begin_attempt(self.base)

    def record_phase(self, phase: PhaseResult, seconds: float) -> None:
        """Add the result of a phase, and its duration in seconds."""
        self.phases.append(self._redacted(phase) if phase.message else phase)
        self._seconds += seconds

    def _redacted(self, phase: PhaseResult) -> PhaseResult:
        message = self.redactor.text(phase.message)  # before the cut: half a secret is not recognised
        return phase._replace(message=cut_message(message))

    def fail_attempt(self, line: dict[str, Any], phase: PhaseResult) -> None:
        """Make the ended attempt a failure: a later hook failed a phase of it. ``line``: the line so far."""
        self.attempts[-1] = worsened_line(line, [self._redacted(phase)])["attempts"][-1]

    def has_phase(self, when: str) -> bool:
        """Return whether the phase of that name has ended in this attempt."""
        return any(phase.when == when for phase in self.phases)

    def attempt_so_far(self) -> dict[str, Any]:
        """Return the running attempt as plain data; teardown may still make it worse."""
        passed = self.phases == _ALL_WELL
        attempt: dict[str, Any] = {
            "result": "PASSED" if passed else result_of(self.phases).value,
            "started_at": self._attempt_started_at,
            "duration_ms": round(self._seconds * 1000),
        }
        if not passed and (message := failure_message(self.phases)):
            attempt["message"] = message
        return attempt

    def end_attempt(self) -> dict[str, Any]:
        """End the attempt and return it as plain data."""
        attempt = self.attempt_so_far()
        self.attempts.append(attempt)
        self.phases, self._seconds = [], 0.0
        return attempt

    def _resolved(self, resolve: ClaimResolver) -> list[dict[str, Any]]:
        recording = self._recording
        if recording is None:
            return resolve(self.claims, self.base, ()) if self.planned_claims is None else self.planned_claims
        if self.planned_claims is not None and recording.context is self.base and not recording.proofs:
            return self.planned_claims
        return resolve(self.claims, recording.context, recording.proofs)

    def _stated(self) -> tuple[RunContext, tuple[ProofResult, ...]]:
        recording = self._recording
        return (self.base, ()) if recording is None else (recording.context, tuple(recording.proofs))

    def claims_so_far(self, resolve: ClaimResolver) -> list[dict[str, Any]]:
        """Return the claims of the running attempt, in case the process ends before the test."""
        return as_simulated(resolve(self.claims, *self._stated()), self.authenticity.reason())

    def _with_earlier(self, claims: list[dict[str, Any]], result: str, resolve: ClaimResolver) -> list[dict[str, Any]]:
        earlier = [
            EarlierAttempt(attempt, as_simulated(resolve(self.claims, context, proofs), reason))
            for attempt, context, proofs, reason in self._bad_attempts
        ]
        return merge_earlier_attempts(claims, result, earlier)

    def _recorded(self) -> dict[str, Any]:
        return self.base.owner if self._recording is None else self._recording.to_plain()

    def finish(self, resolve: ClaimResolver, *, interrupted: bool = False) -> dict[str, Any]:
        """Return the test's line; ``interrupted``: it did not run to its end."""
        last = self.end_attempt() if self.phases or not self.attempts else self.attempts[-1]
        if interrupted:
            last["result"] = Result.INTERRUPTED.value
        if self._recording is not None and self._recording.deferred:
            self._recording.attach_deferred()
        if self._recording is None and self.planned_claims is not None:  # most tests record nothing
            recorded, claims = self.base.owner, self.planned_claims
        else:
            recorded, claims = self._recorded(), self._resolved(resolve)
        claims, additional = self.authenticity.judge(claims, passed=last["result"] == "PASSED")
        if self._bad_attempts:
            claims = self._with_earlier(claims, last["result"], resolve)
        if additional:
            warnings = [*recorded.get("warnings", ()), *additional.get("warnings", ())]
            recorded = {**recorded, **additional, **({"warnings": warnings} if warnings else {})}
        body: dict[str, Any] = {
            **recorded,
            "test": self.test_id,
            "claims": claims,
            "result": last["result"],
            "started_at": self.started_at,
            "finished_at": timestamp(),
            "attempts": self.attempts,
        }
        if message := last.get("message"):
            body["message"] = message
        if self.records:
            body["open_scope"] = True
        if (
            recorded or self.redactor.secret_count != self._secrets_at_start
        ):  # else everything was redacted when it was recorded
            body = dict(self.redactor.plain(body))
        if self.redactor.counts and (counts := self.redactor.take_counts()):
            body["redactions"] = [list(pair) for pair in counts]
        self.final_line = body
        return body


def cut_message(message: str) -> str:
    """Return a message, cut if it is too long; then it names its length."""
    return cut_text(message, MESSAGE_LIMIT)
