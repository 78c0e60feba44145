"""Inputs of an evaluation: evidence, decisions, and the origins of runs."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from msgspec import Struct, field

from ..errors import Problem
from ..facts.decision import Decision, RunRetirement
from ..facts.evidence import Evidence
from ..facts.run import PlanEntry
from ..facts.run_conditions import UNKNOWN_CONDITIONS, RunConditions
from ..facts.run_group import GroupPart
from ..facts.subject import NO_SUBJECTS, Subjects


class RunOrigin(Struct, frozen=True):
    """Origin of a run: code, recorder and conditions."""

    release: str | None = None
    commit: str | None = None
    dirty: bool | None = None
    """Whether there were local changes; None: not known."""
    actor: str = ""
    """Recorder of the run: a person, or a CI job; empty: not known."""
    started_at: str = ""
    """Start (UTC)."""
    group: str | None = None
    """Id of the run group generation that it belongs to."""
    conditions: RunConditions = UNKNOWN_CONDITIONS
    """Recorded conditions of the run."""
    deselected_tests: tuple[PlanEntry, ...] = ()
    """Evidence tests that it collected and did not run; only filled if the policy asks for them."""

    @property
    def is_clean(self) -> bool:
        """Whether it was made from a commit without local changes. False if that is not known."""
        return self.commit is not None and self.dirty is False

    @property
    def subjects(self) -> Subjects:
        """Digests of what was under test, by name; empty: the run names none."""
        return self.conditions.subjects

    @property
    def started_by(self) -> str:
        """The person who pushed, merged or scheduled the recording job; empty: not known, or not a job."""
        return self.conditions.started_by


class JudgedVersion(Struct, frozen=True):
    """What is judged: a release, or the digests of what ships. The policy says whether only evidence for it counts."""

    release: str | None = None
    subjects: Subjects = NO_SUBJECTS
    """Digests by name; empty: none are judged."""


class SignedRun(Struct, frozen=True):
    """Run whose seal, and thereby all lines, is signed with a key that is trusted for runs."""

    by: str
    """Name of the key."""
    nonce: str | None = None
    """The signed nonce that the tests of the run sent along with their requests."""


class CheckpointComparison(Struct, frozen=True):
    """Comparison of the store with checkpoints that were stored elsewhere."""

    looked_at: int
    """Number of records that the checkpoints cover."""
    problems: tuple[Problem, ...]
    """Contradictions, and reasons why a checkpoint does not cover the judged runs."""
    detail: str
    """Detail text if there are no problems."""


class Facts(Struct, frozen=True):
    """Known facts: evidence, decisions, and the origins of both."""

    evidence: Sequence[Evidence] = ()
    """At least the newest execution of each use case, item, test, environment, provider mode, parts and standing that
    started by the moment being judged, in any order; the evaluation picks the newest. If one was cut short before its
    test stated its place, also the oldest ones: they show where it may count."""
    open_runs: Mapping[str, Collection[str]] = field(default_factory=dict)
    """Unsealed runs by id, with the use cases that their planned tests claim."""
    parts: Sequence[GroupPart] = ()
    """Sealed runs that are parts of run groups, with their plans if these decide what is held (``with_plans``)."""
    decisions: Sequence[Decision] = ()
    """Counting decisions, oldest first. A later decision than the moment being judged counts only if it makes things
    worse. For a past moment the caller omits later decisions."""
    adverse: Sequence[Evidence] = ()
    """Adverse executions that the approvers could not see, even if newer ones replace them: FAILED, ERROR, and
    INTERRUPTED whose next conclusive execution did not pass."""
    set_aside: Sequence[Evidence] = ()
    """Executions that ended badly and do not count, as their runs are of another release or for other digests than the
    judged ones. The answer rests on that, so they must be intact."""
    failed_runs: Mapping[str, Collection[str]] = field(default_factory=dict)
    """By use case: ids of the runs with a FAILED or ERROR for it within the longest max age of its items. Together with
    those in ``evidence`` they are complete if a review basis was requested."""
    missing: Collection[str] = ()
    """Ids of evidence that reviews pin and the store lacks."""
    origins: Mapping[str, RunOrigin] = field(default_factory=dict)
    """By run id; a missing run has an unknown origin."""
    signed: Mapping[str, SignedRun] = field(default_factory=dict)
    """By run id; a missing run is not known to be signed."""
    retired_runs: Mapping[str, RunRetirement] = field(default_factory=dict)
    """Retired runs by id, with the valid retirement."""
    void_run_retirements: Mapping[str, RunRetirement] = field(default_factory=dict)
    """Runs by id whose retirement is void. Their passes do not count either."""
    unknown_runs: Collection[str] = ()
    """Ids of retired runs whose plan is not known: they may have been meant to show anything."""
    retirement_notes: tuple[str, ...] = ()
    """One sentence for each retirement of a run: who and why, or why it is void."""
    signature_problem: str = ""
    """Why signatures could not be checked although keys are trusted; empty: they were checked."""

    @property
    def run_retirements(self) -> Mapping[str, RunRetirement]:
        """Runs by id whose passes do not count, with the retirement, valid or void."""
        return {**self.void_run_retirements, **self.retired_runs} if self.void_run_retirements else self.retired_runs

    def origin(self, evidence_id: str) -> RunOrigin:
        """Return the origin of a piece of evidence; an empty origin if it is not known."""
        return self.origins.get(run_of(evidence_id), UNKNOWN)


UNKNOWN = RunOrigin()


def run_of(evidence_id: str) -> str:
    """Return the id of the run of a piece of evidence (``RUN.line.number``)."""
    return evidence_id.rsplit(".", 2)[0]
