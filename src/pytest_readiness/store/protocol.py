"""The port: what a store of evidence does, whatever it is made of."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from ..errors import Problem
from ..facts.checkpoint import StoreTree
from ..facts.decision import Decision
from ..facts.evidence import Artifact, Evidence
from ..facts.requirements_snapshot import Snapshot
from ..facts.run import PlanEntry, Run, RunState
from ..facts.run_conditions import RunConditions
from ..facts.run_group import GroupPart
from ..fast_values import dataclass

if TYPE_CHECKING:  # loaded where there is a signature: most sessions have none
    from ..facts.envelope import Envelope

EMPTY_SLOT = "no evidence belongs to"
"""Begins what is told of a slot whose evidence is gone; the run that lost it is told itself."""


@dataclass(frozen=True, slots=True)
class RunSummary:
    """What the index says of one run, without its lines."""

    id: str
    register: str
    started_at: str
    finished_at: str
    state: RunState
    actor: str
    commit: str | None
    dirty: bool | None
    """Uncommitted changes at the start of the run; None: not known."""
    release: str | None
    group_id: str | None
    group_parts: int | None
    requirements_digest: str
    evidence_count: int
    conditions: RunConditions | None = None
    """How it was conducted; None: that was not asked."""


class FailureRecord(NamedTuple):
    """A FAILED or ERROR, as the index says."""

    use_case: str
    slot: int
    """Evidence that could be judged differently has different ones: see ``Store.newest``."""
    run_id: str
    started_at: str
    evidence_id: str


@dataclass(frozen=True, slots=True)
class SalvagedRun:
    """What can be read of a run, however broken it is."""

    head: dict[str, Any]
    """What its first line says; empty: it cannot be read."""
    evidence: tuple[Evidence, ...]
    planned: tuple[PlanEntry, ...] | None
    """None: what was planned is not what the seal names, or cannot be read."""
    unreported: tuple[Evidence, ...] = ()
    """What was planned and no line tells that the next line names: as interrupted when it was seen to start, if it was
    (else at the empty time), where the plan places it. Empty where the plan is None."""
    changed: bool = False
    """Its first line is lost, or not the one that the next line names: nobody knows where the run took place."""


@dataclass(frozen=True, slots=True)
class DisputedDecision:
    """A decision whose file names somebody who is not the author of the commit that added it, as after a squash."""

    decision: Decision
    """As it says itself."""
    author: str
    """Of the commit."""
    where: str
    """The file."""


@dataclass(frozen=True, slots=True)
class RegisterDecisions:
    """One look at the decisions of a register."""

    decisions: tuple[Decision, ...] = ()
    """Those that count, oldest first."""
    problems: tuple[Problem, ...] = ()
    """What keeps a decision from counting that somebody may rely on (a blocker, say)."""
    notes: tuple[Problem, ...] = ()
    """What does not count yet, such as a file that is not committed."""
    disputed: tuple[DisputedDecision, ...] = ()
    """Of the home in force; what they are worth, their signatures and their kinds say."""
    elsewhere: tuple[Decision, ...] = ()
    """Those of another home: files that lie elsewhere in the project."""
    envelopes: tuple[Envelope, ...] = ()
    """The signed statements that were committed beside them; a store is asked for its own."""


class DecisionStore(Protocol):
    """Where decisions live: the store, or a folder of the repository. Append-only."""

    def decide(
        self, decisions: Sequence[Decision], snapshots: Iterable[Snapshot] = (), envelopes: Iterable[Envelope] = ()
    ) -> list[str]:
        """Keep decisions in one step and return the ids of those that were new; keeping twice is harmless.

        ``envelopes``: signed statements about them.

        Raises:
            StorageError: they could not be written; none of them was.
        """

    def decisions(self, register: str) -> list[Decision]:
        """Return the decisions of a register that count, oldest first, as their texts say them.

        Raises:
            IntegrityError: one is not what was decided.
        """

    def register_decisions(self, register: str) -> RegisterDecisions:
        """Return the decisions that count, and what keeps others from counting.

        How it is known who decided is what is known here, and not what a decision from elsewhere says of itself.

        Raises:
            IntegrityError: one is not what was decided, in a home that must not hold such a thing.
        """

    def envelopes(self, subjects: Iterable[str]) -> list[Envelope]:
        """Return the signed statements about these runs and decisions (ids), by subject. Nothing is verified here.

        Raises:
            IntegrityError: one is not what was kept.
        """


class Store(DecisionStore, Protocol):
    """An append-only store of sealed runs, decisions, verdicts, and the requirements they were made under."""

    @property
    def url(self) -> str:
        """Its address, without credentials."""

    def save(
        self,
        runs: Sequence[Run],
        snapshots: Iterable[Snapshot] = (),
        decisions: Iterable[Decision] = (),
        verdicts: Iterable[str] = (),
        made_here: Collection[str] = (),
        envelopes: Iterable[Envelope] = (),
    ) -> list[str]:
        """Take in sealed runs, and what belongs to them, in one transaction; return the ids of what was new.

        ``made_here``: ids of runs whose lines this process made, which are not checked again, and of decisions that are
        made here and now: of all others it is only declared who decided, whatever they say of themselves.
        ``envelopes``: signed statements about runs and decisions, of this call or kept before.
        A run that is there already with the same seal is skipped, as is a decision or verdict that is there, so that
        keeping twice is harmless.

        Raises:
            IntegrityError: a run is not sealed, its chain is broken, another run or decision has its id, the digest
                of a snapshot is not that of its text, a decision, verdict or signed statement cannot be read back, or
                a statement is about something that is not kept, or has another digest; nothing was written.
            StorageError: it could not be written; nothing of it was.
        """

    def newest(
        self, register: str, use_cases: Collection[str] | None = None, until: str | None = None
    ) -> list[Evidence]:
        """Return the newest execution of each slot: use case, item, test, environment, provider mode, parts, standing.

        What a claim was limited to, its replay mode, and what the test itself said of its place (with the standing) are
        parts of the slot too: evidence that could be judged differently does not hide each other. Newest by start; of
        equal start times the worse result. ``until`` (a moment as ``facts.timestamps`` writes it) leaves out what
        started after it. Ordered by use case and item. The time it takes does not grow with the history behind the
        newest executions.

        Raises:
            IntegrityError: what is stored does not hold what its index names.
            StorageError: it could not be read. So it is with every question to the store.
        """

    def oldest(self, register: str, tests: Iterable[tuple[str, str, str]]) -> list[Evidence]:
        """Return the oldest execution of every slot of these tests (use case, item, test id) that tells a place.

        That is one in which the test itself said where it ran, or which counted where it ran: what a test that was cut
        short would have gone on to say is told by its earlier executions. Of a test of another item more may be told.
        """

    def history(self, register: str, use_case: str, item: str | None = None) -> Iterator[Evidence]:
        """Yield every piece of evidence of a use case (or of one of its items), newest start first."""

    def evidence(self, evidence_id: str) -> Evidence | None:
        """Return one piece of evidence, or None if there is none with this id."""

    def artifacts(self, register: str | None = None) -> Iterator[tuple[str, Artifact]]:
        """Yield the id of each piece of evidence with each artifact that it names, in the order of the runs."""

    def use_cases(self, register: str) -> list[str]:
        """Return the ids of the use cases that have evidence, sorted."""

    def other_registers(self, register: str) -> dict[str, tuple[int, int]]:
        """Return the other registers that the store holds, in their order: how many runs and decisions of each."""

    def runs(self, register: str | None = None) -> list[RunSummary]:
        """Return the kept runs, newest start first."""

    def run(self, run_id: str) -> Run | None:
        """Return one run with its lines, or None."""

    def failures(self, register: str, since: Mapping[str, str]) -> list[FailureRecord]:
        """Return every FAILED or ERROR that started after a moment, by use case, of any standing; the newest first.

        From the index alone: the time it takes grows with what went wrong since, and not with the history.
        """

    def interruptions(self, register: str, since: Mapping[str, str], until: str | None = None) -> list[Evidence]:
        """Return each INTERRUPTED after a moment, by use case, whose next execution that ran to its end did not pass.

        Of any standing. ``until`` leaves out what started after it. The next execution is the same test's, for the same
        item, environment and provider mode; rehearsals follow rehearsals only. One that was cut short before its test
        said all of where it runs is told whatever followed: where it counts, who judges knows. The time it
        takes grows with what was interrupted since, and not with the history.
        """

    def evidence_by_ids(self, register: str, evidence_ids: Iterable[str]) -> list[Evidence]:
        """Return these pieces of evidence, in their order.

        Raises:
            IntegrityError: one is not there.
        """

    def exclude_runs(self, run_ids: Iterable[str], doubted: Iterable[str] = ()) -> None:
        """Leave these runs out of every answer about evidence, and of every check, until the store is closed.

        ``doubted``: leave these out of answers alone; what does not fit in them is told as ever.
        What else an answer or a check says is as if the store had never had them; ``verify`` still names what does
        not fit in them.
        """

    def salvage_run(self, run_id: str, register: str) -> SalvagedRun:
        """Return what can be read of a run, however broken it is: each line for itself."""

    def missing(self, evidence_ids: Iterable[str]) -> set[str]:
        """Return which of these pieces of evidence the store does not have."""

    def newest_run(self, register: str, until: str) -> str | None:
        """Return the id of the run that started last of those that ended by a moment; None: there is none."""

    def summaries(self, run_ids: Iterable[str]) -> dict[str, RunSummary]:
        """Return what the index says of these runs, by id, without reading all."""

    def run_conditions(self, run_ids: Iterable[str]) -> dict[str, RunConditions]:
        """Return how these runs were conducted, by id, from the first line and the seal of each."""

    def plans(self, run_ids: Iterable[str]) -> dict[str, tuple[PlanEntry, ...]]:
        """Return the evidence tests that these runs had collected, left out or not, by id, without reading all.

        Raises:
            IntegrityError: what was planned is not what the seal names.
        """

    def seals(self, run_ids: Iterable[str]) -> dict[str, str]:
        """Return the digests of the seals of these runs, by id; only of runs whose lines lead unbroken to their seal.

        Reads every line of these runs: a signed seal stands for all of them, and so they are looked at.
        """

    def group_parts(self, register: str, since: str = "") -> list[GroupPart]:
        """Return the runs of each run group that a run since a moment is of, without their plans, by id.

        Raises:
            IntegrityError: what a run says of its group cannot be read.
        """

    def save_verdict(self, text: str) -> str:
        """Keep a verdict (canonical JSON text that says when it was ``generated_at``) and return its id, its digest.

        Raises:
            IntegrityError: it is no such text.
            StorageError: it could not be written.
        """

    def verdicts(self) -> list[str]:
        """Return the texts of the kept verdicts, oldest first.

        Raises:
            IntegrityError: one is not what was kept.
        """

    def snapshot(self, digest: str) -> Snapshot | None:
        """Return the requirements kept under this digest, or None."""

    def check(self, evidence: Iterable[Evidence]) -> Iterator[Problem]:
        """Yield what is wrong with the seals of the runs, and with the lines, that this evidence rests on.

        Checks for each piece that its line has its digest, that the next line follows it, that its index says what
        the line says, and for each run that its seal closes it; and of the whole store that its schema is as it was
        made and that the number of its records is the number the runs name: what a gate must know, without reading
        everything. Evidence of a run that is not in the store, and what cannot be read, are problems too.
        """

    def verify(self, seen: Callable[[str, Artifact], object] | None = None) -> Iterator[Problem]:
        """Recompute everything that is kept (chains, seals, indexes, schema, tree), yield each thing that does not fit.

        What cannot be read is a problem too, and not raised. ``seen`` is called with the id of each piece of
        evidence that has an artifact (of the run, where that is its tracker), and with the artifact.
        """

    def tree(self) -> StoreTree | None:
        """Return the tree over all that was taken in, in that order; None: an older store, before its next write.

        Raises:
            IntegrityError: it has lost its name.
        """

    def check_tree(self, run_ids: Iterable[str]) -> Iterator[Problem]:
        """Yield what keeps the tree from speaking for these runs: what a gate must know that trusts a checkpoint.

        Each record must have its leaf and each leaf its record, and every line of these runs must lead up to the seal
        that the leaf of the run names. What cannot be read is a problem too, and not raised.
        """

    def close(self) -> None:
        """Let go of the store."""
