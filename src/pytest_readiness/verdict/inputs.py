"""What an evaluation rests on: evidence, decisions, and where both come from."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from ..errors import Problem
from ..facts.decision import Decision, RunRetirement
from ..facts.evidence import Evidence
from ..facts.run import PlanEntry
from ..facts.run_conditions import UNKNOWN_CONDITIONS, RunConditions
from ..facts.run_group import GroupPart
from ..fast_values import dataclass, field


@dataclass(frozen=True, slots=True)
class RunOrigin:
    """What a run was made with, by whom, and for what."""

    release: str | None = None
    commit: str | None = None
    dirty: bool | None = None
    """It had local changes; None: not known."""
    actor: str = ""
    """Who recorded it: a person, or a job of CI; empty: not known."""
    started_at: str = ""
    """When it started (UTC)."""
    group: str | None = None
    """The generation of a run group that it is a part of."""
    conditions: RunConditions = UNKNOWN_CONDITIONS
    """How it was conducted."""
    deselected_tests: tuple[PlanEntry, ...] = ()
    """The evidence tests that it collected and did not run; only where the policy asks for that."""

    @property
    def is_clean(self) -> bool:
        """Whether it was made from a commit, without local changes; not known is no."""
        return self.commit is not None and self.dirty is False

    @property
    def started_by(self) -> str:
        """Who pushed, merged or scheduled the job that recorded it; empty: not known, or not a job."""
        return self.conditions.started_by


@dataclass(frozen=True, slots=True)
class SignedRun:
    """A run whose seal, with everything that leads to it, is signed with a key that is trusted with runs."""

    by: str
    """Name of the key."""
    nonce: str | None = None
    """What the tests of the run sent along with their requests, as was signed."""


@dataclass(frozen=True, slots=True)
class CheckpointComparison:
    """What checkpoints that were kept elsewhere say of the store."""

    looked_at: int
    """How many of its records they speak of."""
    problems: tuple[Problem, ...]
    """What they say against it, and what keeps them from speaking for what the answer rests on."""
    detail: str
    """What is said where nothing is wrong."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known: evidence, what people decided, and where both come from."""

    evidence: Sequence[Evidence] = ()
    """At least the newest execution of each use case, item, test, environment, provider mode, parts and standing that
    started by the moment being judged, in any order; the evaluation itself picks the newest. Where one was cut short
    before its test said where it runs, also the oldest: they tell where it may count."""
    open_runs: Mapping[str, Collection[str]] = field(default_factory=dict)
    """Runs that are not sealed: id, and the use cases that their planned tests claim."""
    parts: Sequence[GroupPart] = ()
    """Sealed runs that are parts of run groups, with their plans where these say what is held (``with_plans``)."""
    decisions: Sequence[Decision] = ()
    """Those that count, oldest first. What lies after the moment being judged counts only where it makes things worse:
    whoever asks about the past leaves out what was decided since."""
    adverse: Sequence[Evidence] = ()
    """What went wrong and those who gave approvals could not see, though something newer may hide it: FAILED, ERROR,
    and INTERRUPTED whose next execution that ran to its end did not pass."""
    failed_runs: Mapping[str, Collection[str]] = field(default_factory=dict)
    """By use case: the ids of the runs with a FAILED or ERROR for it within the longest age of its items. Together with
    those in ``evidence`` they are all, where it was asked what a review rests on."""
    missing: Collection[str] = ()
    """Ids of the evidence that reviews rest on and the store lacks."""
    origins: Mapping[str, RunOrigin] = field(default_factory=dict)
    """By run id; a run that is not there is of unknown origin."""
    signed: Mapping[str, SignedRun] = field(default_factory=dict)
    """By run id; a run that is not there is not known to be signed."""
    retired_runs: Mapping[str, RunRetirement] = field(default_factory=dict)
    """By id: the runs that a reviewer set aside, and the word that holds."""
    void_run_retirements: Mapping[str, RunRetirement] = field(default_factory=dict)
    """By id: those of which the word does not hold; their passes count for nothing all the same."""
    unknown_runs: Collection[str] = ()
    """Ids of those of them of which nobody knows any more what they were to show: of anything, then."""
    retirement_notes: tuple[str, ...] = ()
    """Who did so and why, and why a retirement of a run does not hold; a sentence each."""
    signature_problem: str = ""
    """Why signatures could not be checked though keys are trusted; empty: they were."""

    @property
    def run_retirements(self) -> Mapping[str, RunRetirement]:
        """By id: the runs on whose passes nothing rests, and the word, whether it holds or not."""
        return {**self.void_run_retirements, **self.retired_runs} if self.void_run_retirements else self.retired_runs

    def origin(self, evidence_id: str) -> RunOrigin:
        """Return where a piece of evidence comes from; an empty origin where that is not known."""
        return self.origins.get(run_of(evidence_id), UNKNOWN)


UNKNOWN = RunOrigin()


def run_of(evidence_id: str) -> str:
    """Return the id of the run that a piece of evidence is of (``RUN.line.number``)."""
    return evidence_id.rsplit(".", 2)[0]
