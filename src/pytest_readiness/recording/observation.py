"""One test as it happens: the phases of each attempt, and what its line will say.

Knows nothing of pytest: a phase is a few plain facts, so that the result can be decided (and tested) without it.
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

Place = Callable[[Sequence[Claim], RunContext, Sequence[ProofResult]], list[dict[str, Any]]]
"""What a place and proofs make of claims: ``placing.placed_all`` with a catalogue."""


class AuthenticityObserver(Protocol):
    """Looks at whether what a test does is real: ``realness.Realness``."""

    def begin(self) -> None:
        """Watch from now on."""

    def look(self, item: Any = None) -> None:
        """See what is replaced at this moment; with a test, ask the hook too."""

    def end(self) -> None:
        """Watch no longer."""

    def judge(
        self,
        claims: list[dict[str, Any]],
        *,
        passed: bool,  # noqa: ARG002 - of those who look
    ) -> tuple[list[dict[str, Any]], dict[str, Any]]:
        """Return the claims, each with the reason why it is a rehearsal, and what the line tells beside."""
        return claims, {}

    def reason(self) -> str | None:
        """Return why what was seen so far is not real."""

    def unwatched(self, because: str) -> None:
        """Take in why it could not be watched."""

    @property
    def unseen(self) -> list[str]:
        """Why it cannot be told whether what it did was real."""
        return []


class Unobserved(AuthenticityObserver):
    """Nobody looks."""


MESSAGE_LIMIT = 4000
"""Characters of a failure message that are kept."""


class PhaseResult(NamedTuple):
    """How setup, call or teardown ended."""

    when: str
    """``setup``, ``call`` or ``teardown``."""
    outcome: str
    """``passed``, ``failed`` or ``skipped``; ``unrun``: pytest says passed, and its body never ran to its end."""
    expected_to_fail: bool
    """pytest marked it as an expected failure, whatever came of it."""
    message: str


WENT_WELL = {when: PhaseResult(when, "passed", False, "") for when in ("setup", "call", "teardown")}  # noqa: FBT003
"""The common case: a phase that passed, and was not expected to fail."""
_ALL_WELL = list(WENT_WELL.values())


def result_of(phases: Sequence[PhaseResult]) -> Result:
    """Return how an attempt ended, decided after teardown.

    Subtests report as calls of their own before the test's call does: one that failed makes the test FAILED, and else
    the last call decides. A teardown that skips, or is expected to fail, takes a pass away.
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
    left = [phase for phase in teardown if phase.outcome == "skipped"]
    return max((_alone(phase) for phase in (decisive, *left)), key=BADNESS.__getitem__)


def _alone(phase: PhaseResult) -> Result:
    """Return what a phase that did not fail makes of the test."""
    if phase.outcome == "unrun":
        return Result.INTERRUPTED
    if phase.outcome == "skipped":
        return Result.XFAILED if phase.expected_to_fail else Result.SKIPPED
    return Result.XPASSED if phase.expected_to_fail else Result.PASSED


def worsened_line(body: dict[str, Any], phases: Sequence[PhaseResult]) -> dict[str, Any]:
    """Return what a test's line says, made worse where its reports, as pytest has them in the end, are worse."""
    odd = [phase for phase in phases if phase.outcome != "passed" or phase.expected_to_fail]
    if not odd:
        return body
    decided = any(phase.when == "call" or phase.outcome == "failed" for phase in phases)  # else the call was not shown
    result = result_of(phases) if decided else max(map(_alone, odd), key=BADNESS.__getitem__)
    if BADNESS[result] <= BADNESS[Result(body["result"])]:
        return body
    changed = {"result": result.value}
    if message := failure_message(phases):
        changed["message"] = message
    attempts = [*body["attempts"][:-1], {**body["attempts"][-1], **changed}]
    return {**body, **changed, "claims": list(map(as_failed, body["claims"])), "attempts": attempts}


def failure_message(phases: Sequence[PhaseResult]) -> str:
    """Return the messages of what failed, or of what was skipped if nothing failed."""
    failed = [phase for phase in phases if phase.outcome == "failed"]
    told = failed or [phase for phase in phases if phase.outcome != "passed" or phase.expected_to_fail]
    return "\n".join(dict.fromkeys(phase.message for phase in told if phase.message))


class Observation:
    """What is known of one test so far; lives in the process that runs it."""

    def __init__(
        self,
        test_id: str,
        claims: tuple[Claim, ...],
        records: bool,  # noqa: FBT001 - whether it can still say where it ran
        base: RunContext,
        redactor: Redactor,
        planned: list[dict[str, Any]] | None = None,
        authenticity: AuthenticityObserver | None = None,
    ) -> None:
        """``planned``: claims as they were planned; they hold where it names no other place and proves nothing."""
        self.item: object = None
        """The test itself: another with its id is another test."""
        self.marks = 0
        """How many marks it had when it was collected."""
        self.unrun: PhaseResult | None = None
        """Its call passes without its body: this is what the call was."""
        self.reports: list[Any] = []
        """The reports of this attempt as pytest has them: who handles them may still change them."""
        self.test_id = test_id
        self.claims = claims
        self.records = records
        self.base = base
        self.redactor = redactor
        self.planned = planned
        self.authenticity: AuthenticityObserver = authenticity or Unobserved()  # type: ignore[abstract]  # does nothing, on purpose
        self.phases: list[PhaseResult] = []
        self.attempts: list[dict[str, Any]] = []
        self.started_at = self._attempt_started_at = timestamp()
        self._seconds = 0.0
        self._earlier: tuple[tuple[dict[str, Any], RunContext, tuple[ProofResult, ...], str | None], ...] = ()
        """Attempts that ended badly: each with where it took place, what it proved, and why it was not real."""
        self._known = redactor.secret_count
        self._recording: RecordedData | None = None
        self.final_line: dict[str, Any] | None = None
        """What its line says, once it ran to its end."""

    @property
    def recording(self) -> RecordedData:
        """What the test says about itself: made when it first can, as most tests say nothing."""
        if self._recording is None:
            self._recording = RecordedData(self.base)
        return self._recording

    def adopt_recording(self, recording: RecordedData) -> None:
        """Take in what the test said before it was set up."""
        self._recording = recording

    def begin_attempt(self, ended: dict[str, Any] | None = None) -> None:
        """Start another attempt; artifacts and notes of earlier ones stay, scope and proofs are said anew.

        ``ended``: what is told of the one before, by its reports as they are now.
        """
        if ended is not None:
            self.attempts[-1] = ended["attempts"][-1]
        self.final_line = None
        self.unrun = None
        self.reports.clear()
        if self.phases:
            self.end_attempt()
        if self.attempts:
            self._attempt_started_at = timestamp()
            if self.attempts[-1]["result"] in BROKEN:
                self._earlier += ((self.attempts[-1], *self._said(), self.authenticity.reason()),)
            if self._recording is not None:
                self._recording.begin_again(self.base)

    def record_phase(self, phase: PhaseResult, seconds: float) -> None:
        """Take in how a phase ended, and how long it took."""
        self.phases.append(self._kept(phase) if phase.message else phase)
        self._seconds += seconds

    def _kept(self, phase: PhaseResult) -> PhaseResult:
        message = self.redactor.text(phase.message)  # before the cut: half a secret would not be recognised
        return phase._replace(message=cut_message(message))

    def fail_attempt(self, told: dict[str, Any], phase: PhaseResult) -> None:
        """A later hook failed a phase of the attempt that ended, of which this was to be told."""
        self.attempts[-1] = worsened_line(told, [self._kept(phase)])["attempts"][-1]

    def has_phase(self, when: str) -> bool:
        """Return whether this attempt's phase of that name has ended."""
        return any(phase.when == when for phase in self.phases)

    def attempt_so_far(self) -> dict[str, Any]:
        """Return the attempt that runs, as plain data; teardown may still make it worse."""
        well = self.phases == _ALL_WELL
        attempt: dict[str, Any] = {
            "result": "PASSED" if well else result_of(self.phases).value,
            "started_at": self._attempt_started_at,
            "duration_ms": round(self._seconds * 1000),
        }
        if not well and (message := failure_message(self.phases)):
            attempt["message"] = message
        return attempt

    def end_attempt(self) -> dict[str, Any]:
        """Close the attempt and return it as plain data."""
        attempt = self.attempt_so_far()
        self.attempts.append(attempt)
        self.phases, self._seconds = [], 0.0
        return attempt

    def _placed(self, place: Place) -> list[dict[str, Any]]:
        recording = self._recording
        if recording is None:
            return place(self.claims, self.base, ()) if self.planned is None else self.planned
        if self.planned is not None and recording.context is self.base and not recording.proofs:
            return self.planned
        return place(self.claims, recording.context, recording.proofs)

    def _said(self) -> tuple[RunContext, tuple[ProofResult, ...]]:
        recording = self._recording
        return (self.base, ()) if recording is None else (recording.context, tuple(recording.proofs))

    def claims_so_far(self, place: Place) -> list[dict[str, Any]]:
        """Return the claims as the attempt that runs has placed them, for those who may never hear more of it."""
        return as_simulated(place(self.claims, *self._said()), self.authenticity.reason())

    def _with_earlier(self, claims: list[dict[str, Any]], result: str, place: Place) -> list[dict[str, Any]]:
        earlier = [
            EarlierAttempt(attempt, as_simulated(place(self.claims, context, proofs), because))
            for attempt, context, proofs, because in self._earlier
        ]
        return merge_earlier_attempts(claims, result, earlier)

    def _recorded(self) -> dict[str, Any]:
        return self.base.owner if self._recording is None else self._recording.to_plain()

    def finish(self, place: Place, *, interrupted: bool = False) -> dict[str, Any]:
        """Return what the test's line says; ``interrupted`` where it did not run to its end."""
        last = self.end_attempt() if self.phases or not self.attempts else self.attempts[-1]
        if interrupted:
            last["result"] = Result.INTERRUPTED.value
        if self._recording is not None and self._recording.later:
            self._recording.keep_what_came_later()
        recorded, claims = self._recorded(), self._placed(place)
        claims, seen = self.authenticity.judge(claims, passed=last["result"] == Result.PASSED)
        if self._earlier:
            claims = self._with_earlier(claims, last["result"], place)
        if seen:
            warnings = [*recorded.get("warnings", ()), *seen.get("warnings", ())]
            recorded = {**recorded, **seen, **({"warnings": warnings} if warnings else {})}
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
        if recorded or self.redactor.secret_count != self._known:  # else all of it was redacted when it came in
            body = dict(self.redactor.plain(body))
        if self.redactor.counts and (counts := self.redactor.take_counts()):
            body["redactions"] = [list(pair) for pair in counts]
        self.final_line = body
        return body


def cut_message(message: str) -> str:
    """Return a message as it is kept: cut, with its length said, where it is too long."""
    return cut_text(message, MESSAGE_LIMIT)
