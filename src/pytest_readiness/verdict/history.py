"""History of a use case: promotions and demotions, replayed from events. It is never stored."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date, timedelta

from msgspec import Struct, field

from ..claims.catalogue import Catalogue
from ..errors import ClaimError
from ..facts.decision import Decision, counts_at
from ..facts.evidence import Evidence
from ..facts.run_conditions import UNKNOWN_CONDITIONS, RunConditions
from ..facts.subject import NO_SUBJECTS, Subjects, counts_for
from ..facts.timestamps import parse_timestamp
from .causes import cause_of
from .coverage import RealPlaces
from .evaluation import evaluate
from .inputs import Facts, JudgedVersion
from .policy import Policy
from .readiness import Phase, Status, UseCaseReadiness
from .requirement.execution_ledger import BROKEN, ExecutionLedger, recency_key
from .review.standing import horizons_of, newest_approvals, starts_of
from .standing_order import standing_rank

RequirementsAt = Callable[[str], tuple[Catalogue, Policy]]
"""Returns the requirements and the policy in force at a moment."""


class HistoryEvent(Struct, frozen=True):
    """Event that changes the known facts: the evidence of a run at its end, or a decision."""

    at: str
    evidence: tuple[Evidence, ...] = ()
    decision: Decision | None = None
    conditions: RunConditions = UNKNOWN_CONDITIONS
    """Conditions of the run."""

    @classmethod
    def from_decision(cls, decision: Decision, now: str) -> HistoryEvent:
        """Return the event of a decision. One that counts before its time is placed at the end of the replay."""
        return cls(min(decision.at, now) if counts_at(decision, now) else decision.at, decision=decision)


class StatusChange(Struct, frozen=True):
    """Change of a use case's status or phase."""

    at: str
    use_case: str
    from_status: Status
    to_status: Status
    cause: str
    """One sentence."""
    because_of: str | None
    """Id of the evidence or of the decision; None: only time passed."""
    from_phase: Phase | None = None
    to_phase: Phase | None = None

    @property
    def is_demotion(self) -> bool:
        """Whether the use case is further from going live than before."""
        return standing_rank(self.to_status, self.to_phase) < standing_rank(self.from_status, self.from_phase)


class Progress(Struct, frozen=True):
    """Numbers of requirements at a moment: complete, required, and done (complete or accepted by a review)."""

    at: str
    complete: int
    required: int
    done: int


class UseCaseHistory(Struct, frozen=True):
    """History of one use case."""

    use_case: str
    """Its id."""
    changes: tuple[StatusChange, ...]
    """Oldest first."""
    burn_up: tuple[Progress, ...]
    """One point at each event, and at each change of the counts by time alone."""
    events: tuple[HistoryEvent, ...] = ()
    """Events of the use case, oldest first."""

    @property
    def status_since(self) -> str | None:
        """Time of the last status change; None: the status has always been NOT_STARTED."""
        return next(
            (change.at for change in reversed(self.changes) if change.from_status is not change.to_status), None
        )


def replay_history(
    use_case: str,
    events: Iterable[HistoryEvent],
    in_force: RequirementsAt,
    now: str,
    *,
    constant: Facts | None = None,
    release: str | None = None,
    subjects: Subjects = NO_SUBJECTS,
) -> UseCaseHistory:
    """Return the history of a use case, evaluated at each event and each expiry with the facts known then.

    Args:
        use_case: its id.
        events: in any order; with evidence of this use case only.
        in_force: returns the requirements in force at a moment.
        now: the end of the replay; later events are ignored.
        constant: facts that hold for the whole replay: origins of runs, missing evidence, retired runs.
        release: the release that is judged.
        subjects: the digests that are judged, by name.
    """
    replay = _Replay(use_case, in_force, constant or Facts(), JudgedVersion(release, subjects))
    # At the same moment, evidence is known before the decision on it.
    in_order = sorted(
        (event for event in events if event.at <= now), key=lambda event: (event.at, event.decision is not None)
    )
    for event in in_order:
        replay.expire(event.at)
        replay.apply(event)
    replay.expire(now)
    replay.finish(now)
    return UseCaseHistory(use_case, tuple(replay.changes), tuple(replay.burn_up), tuple(in_order))


class _Replay(Struct):
    """State of the replay."""

    use_case: str
    requirements_at: RequirementsAt
    constant: Facts
    judged: JudgedVersion
    changes: list[StatusChange] = field(default_factory=list)
    burn_up: list[Progress] = field(default_factory=list)
    before: UseCaseReadiness | None = None
    at: str = ""
    required: tuple[Catalogue, Policy] | None = None
    """Requirements and policy of the last evaluation."""
    newest: dict[tuple[object, ...], Evidence] = field(default_factory=dict)
    oldest: dict[tuple[object, ...], Evidence] = field(default_factory=dict)
    """Oldest executions: they show where a test placed itself before it was cut short."""
    executions: dict[tuple[str, str], list[Evidence]] = field(default_factory=dict)
    """By item and test."""
    broken: set[tuple[str, str]] = field(default_factory=set)
    """Items and tests with an execution that ended badly."""
    decisions: list[Decision] = field(default_factory=list)

    def apply(self, event: HistoryEvent) -> None:
        """Add an event to the known facts, and evaluate."""
        for execution in event.evidence:
            slot = (*_slot_of(execution), *self._version_of(execution))
            self.newest[slot] = max(execution, self.newest.get(slot, execution), key=recency_key)
            self.oldest[slot] = min(execution, self.oldest.get(slot, execution), key=recency_key)
            self.executions.setdefault((execution.item, execution.test_id), []).append(execution)
            if execution.result in BROKEN:
                self.broken.add((execution.item, execution.test_id))
        if event.decision is not None:
            self.decisions.append(event.decision)
        self.evaluate_at(event.at, event)

    def _version_of(self, execution: Evidence) -> tuple[bool, bool]:
        """Return whether it is of the judged release, and counts for the judged digests: others do not hide it."""
        origin = self.constant.origin(execution.id)
        return origin.release == self.judged.release, counts_for(origin.subjects, self.judged.subjects)

    def expire(self, until: str) -> None:
        """Evaluate at each moment before ``until`` at which something expires."""
        while self.before is not None and (moment := _next_expiry(self.before, self.at)) and moment < until:
            self.evaluate_at(moment, None)

    def finish(self, now: str) -> None:
        """Evaluate once more if the requirements changed since the last event: a config change is no event."""
        if self.before is not None and self.requirements_at(now) != self.required:
            self.evaluate_at(now, None)

    def evaluate_at(self, at: str, event: HistoryEvent | None) -> None:
        """Evaluate the use case at a moment, and record the changes."""
        self.required = catalogue, policy = self.requirements_at(at)
        self.at = at
        facts = self._facts(catalogue, policy, at)
        try:
            release, subjects = self.judged.release, self.judged.subjects
            readiness = evaluate(catalogue, policy, facts, at, [self.use_case], release=release, subjects=subjects)
        except ClaimError:
            return  # it was not in the register at that time
        (after,) = readiness.use_cases
        self._note(at, after, event)
        self.before = after

    def _note(self, at: str, after: UseCaseReadiness, event: HistoryEvent | None) -> None:
        before = self.before
        status, phase = (before.status, before.phase) if before else (Status.NOT_STARTED, None)
        if (after.status, after.phase) != (status, phase):
            cause, id_ = cause_of(before, after, event.evidence if event else (), event.decision if event else None)
            self.changes.append(
                StatusChange(
                    at, self.use_case, status, after.status, cause, id_, from_phase=phase, to_phase=after.phase
                )
            )
        progress = Progress(at, after.complete, len(after.required), after.done)
        last = self.burn_up[-1] if self.burn_up else None
        if (
            event is not None
            or last is None
            or (last.complete, last.required, last.done) != (progress.complete, progress.required, progress.done)
        ):
            self.burn_up.append(progress)

    def _facts(self, catalogue: Catalogue, policy: Policy, at: str) -> Facts:
        return Facts(
            evidence=list(
                {execution.id: execution for execution in (*self.newest.values(), *self.oldest.values())}.values()
            ),
            decisions=self.decisions,
            adverse=self._adverse(catalogue, policy, at),
            missing=self.constant.missing,
            origins=self.constant.origins,
            retired_runs={
                id_: retirement for id_, retirement in self.constant.run_retirements.items() if retirement.at <= at
            },
            unknown_runs=self.constant.unknown_runs,
        )

    def _adverse(self, catalogue: Catalogue, policy: Policy, at: str) -> Sequence[Evidence]:
        counting = newest_approvals(self.decisions, policy, at)
        horizons = horizons_of(counting).get(self.use_case)
        if not horizons:
            return ()
        since = min(starts_of(counting)[self.use_case], *(horizon.since for horizon in horizons))
        places = RealPlaces.from_catalogue(catalogue)
        ledgers = (ExecutionLedger.build(self.executions[key], at, (), places) for key in sorted(self.broken))
        return [
            execution for ledger in ledgers for execution in ledger.adverse_executions() if execution.started_at > since
        ]


def _slot_of(execution: Evidence) -> tuple[object, ...]:
    place = execution.environment, execution.provider_mode, execution.claim_environment, execution.claim_provider_mode
    sources = execution.environment_by, execution.provider_mode_by
    return (
        execution.item,
        execution.test_id,
        *place,
        execution.replay_mode,
        execution.parts,
        execution.standing,
        *sources,
    )


def _next_expiry(use_case: UseCaseReadiness, after: str) -> str | None:
    """Return the first later moment at which a pass turns stale or a waiver ends; None: there is none."""
    passes = [_just_after(requirement.expires_at) for requirement in use_case.required if requirement.expires_at]
    waivers = [_day_after(waiver.until) for waiver in use_case.waivers if waiver.void is None]
    return min((moment for moment in (*passes, *waivers) if moment > after), default=None)


def _just_after(moment: str) -> str:
    """Return the first moment at which a pass that is fresh until ``moment`` is stale."""
    later = parse_timestamp(moment) + timedelta(milliseconds=1)
    return later.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


def _day_after(day: str) -> str:
    return f"{(date.fromisoformat(day) + timedelta(days=1)).isoformat()}T00:00:00.000Z"
