"""Protocols of a store, for evidence, decisions and the tree, and the values that they return."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from msgspec import Struct

from ..errors import Problem
from ..facts.decision import Decision
from ..facts.evidence import Artifact, Evidence
from ..facts.requirements_snapshot import Snapshot
from ..facts.run import PlanEntry, Run, RunState
from ..facts.run_conditions import RunConditions
from ..facts.run_group import GroupPart

if TYPE_CHECKING:  # loaded only with a signature or a checkpoint, which most sessions do not have
    from ..facts.checkpoint import StoreTree
    from ..facts.envelope import Envelope

EMPTY_SLOT = "no evidence belongs to"
"""Start of the problem of a slot without evidence. The run that lost the evidence has a problem of its own."""


class RunSummary(Struct, frozen=True):
    """The index entry of one run."""

    id: str
    register: str
    started_at: str
    finished_at: str
    state: RunState
    actor: str
    commit: str | None
    dirty: bool | None
    """Uncommitted changes at the start of the run; None: unknown."""
    release: str | None
    group_id: str | None
    group_parts: int | None
    requirements_digest: str
    evidence_count: int
    conditions: RunConditions | None = None
    """The conditions of the run; None: they were not read."""


class FailureRecord(NamedTuple):
    """The index entry of one FAILED or ERROR."""

    use_case: str
    slot: int
    """Id of its slot: see ``EvidenceStore.newest``."""
    run_id: str
    started_at: str
    evidence_id: str


class SalvagedRun(Struct, frozen=True):
    """The readable content of a damaged run."""

    head: dict[str, Any]
    """The first line; empty: it cannot be read."""
    evidence: tuple[Evidence, ...]
    """The evidence of the readable lines."""
    planned: tuple[PlanEntry, ...] | None
    """The plan; None: it cannot be read, or is not the one that the seal names."""
    unreported: tuple[Evidence, ...] = ()
    """Planned evidence without a line that the next line names, as INTERRUPTED in the place that the plan names. It has
    the time at which its test was seen to start, else an empty time. Empty if the plan is None."""
    changed: bool = False
    """The first line is missing, or not the one that the next line names: the place of the run is unknown."""


class DisputedDecision(Struct, frozen=True):
    """A decision that names another person than the author of the commit that added its file, as after a squash."""

    decision: Decision
    """The decision with the person that it names."""
    author: str
    """Author of the commit."""
    where: str
    """Path of the file."""


class RegisterDecisions(Struct, frozen=True):
    """The decisions of a register, with their problems."""

    decisions: tuple[Decision, ...] = ()
    """The decisions that count, oldest first."""
    problems: tuple[Problem, ...] = ()
    """Reasons why decisions do not count that somebody may rely on, such as a blocker."""
    notes: tuple[Problem, ...] = ()
    """Reasons why decisions do not count yet, such as a file that is not committed."""
    disputed: tuple[DisputedDecision, ...] = ()
    """Disputed decisions of the configured home. Their signature and kind decide whether they count."""
    elsewhere: tuple[Decision, ...] = ()
    """Decisions of the other home: files in other folders of the project."""
    envelopes: tuple[Envelope, ...] = ()
    """The signed statements that are committed with the files. Those of a store are read with ``envelopes``."""


class EnvelopeStore(Protocol):
    """Signed statements about runs and decisions."""

    def envelopes(self, subjects: Iterable[str]) -> list[Envelope]:
        """Return the signed statements about runs and decisions with these ids, by subject. They are not verified.

        Raises:
            IntegrityError: a statement was changed.
        """


class DecisionStore(EnvelopeStore, Protocol):
    """An append-only home of decisions: the store, or a folder of the repository."""

    def decide(
        self, decisions: Sequence[Decision], snapshots: Iterable[Snapshot] = (), envelopes: Iterable[Envelope] = ()
    ) -> list[str]:
        """Store decisions in one transaction, and return the ids of the new ones. Stored ones are skipped.

        ``envelopes``: signed statements about these decisions.

        Raises:
            StorageError: they cannot be written; none was stored.
        """

    def decisions(self, register: str) -> list[Decision]:
        """Return the decisions of a register that count, oldest first, with the identity that their texts declare.

        Raises:
            IntegrityError: a decision was changed.
        """

    def register_decisions(self, register: str) -> RegisterDecisions:
        """Return the decisions that count, and why others do not.

        The identity level is the one verified here. A decision from another store cannot declare a higher one.

        Raises:
            IntegrityError: a decision in the store was changed.
        """


class EvidenceStore(EnvelopeStore, Protocol):
    """An append-only store of sealed runs with their evidence, and of the requirements under which they ran."""

    @property
    def url(self) -> str:
        """The address of the store, without credentials."""

    def save(
        self,
        runs: Sequence[Run],
        snapshots: Iterable[Snapshot] = (),
        *,
        made_here: Collection[str] = (),
        envelopes: Iterable[Envelope] = (),
    ) -> list[str]:
        """Store sealed runs with their requirements in one transaction, and return the ids of the new ones.

        ``made_here``: ids of runs that this process recorded, whose lines are not checked again.
        ``envelopes``: signed statements about runs of this call, or about stored ones.
        A stored run with the same seal is skipped.

        Raises:
            IntegrityError: a run is not sealed, its chain is broken, another run has its id, the digest of a snapshot
                is not that of its text, or a signed statement cannot be read back, is about a record that is not
                stored, or has another digest. Nothing was written.
            StorageError: the records cannot be written; none was stored.
        """

    def newest(
        self, register: str, use_cases: Collection[str] | None = None, until: str | None = None
    ) -> list[Evidence]:
        """Return the newest execution of each slot, ordered by use case and item.

        A slot is a use case, item, test, environment, provider mode, parts and standing. The limits of the claim, its
        replay mode, and what the test said about its place belong to the slot too, so that evidence which could be
        judged differently does not hide other evidence. Newest means the latest start, then the worse result. ``until``
        (a moment as ``facts.timestamps`` writes it) excludes later starts. The time does not grow with the history.

        Raises:
            IntegrityError: a line does not contain the evidence that its index names.
            StorageError: the store cannot be read. Every method of the store can raise it.
        """

    def each_newest(self, register: str, use_cases: Collection[str] | None = None) -> Iterator[Evidence]:
        """Yield what ``newest`` returns, in the order of run, line and number, each verified as it is read.

        The evidence is read in batches and not cached: the memory grows with three numbers for each piece.

        Raises:
            IntegrityError: a line or its index was changed.
        """

    def oldest(self, register: str, tests: Iterable[tuple[str, str, str]]) -> list[Evidence]:
        """Return the oldest execution of every slot of these tests (use case, item, test id) that names a place.

        Such a slot is one in which the test itself named its place, or which counted where it ran. An interrupted test
        did not get so far; its earlier executions show the place. The answer may contain more of a test's other items.
        """

    def history(self, register: str, use_case: str, item: str | None = None) -> Iterator[Evidence]:
        """Yield every piece of evidence of a use case (or of one of its items), newest start first."""

    def recorded(self, register: str, use_cases: Collection[str] | None = None) -> Iterator[Evidence]:
        """Yield every piece of evidence of use cases (None: of all), newest end first, each verified as it is read.

        The evidence is read in batches. The time grows with the number of pieces, and the memory with three numbers for
        each. Of pieces with the same end, the one with the later id comes first.

        Raises:
            IntegrityError: a line or its index was changed.
        """

    def evidence(self, evidence_id: str) -> Evidence | None:
        """Return one piece of evidence, or None if there is none with this id."""

    def artifacts(self, register: str | None = None) -> Iterator[tuple[str, Artifact]]:
        """Yield the id of each piece of evidence with each of its artifacts, in the order of the runs."""

    def use_cases(self, register: str) -> list[str]:
        """Return the ids of the use cases that have evidence, sorted."""

    def runs(self, register: str | None = None) -> list[RunSummary]:
        """Return the stored runs, newest start first."""

    def run(self, run_id: str) -> Run | None:
        """Return one run with its lines, or None."""

    def lines(self, run_id: str, seqs: Iterable[int]) -> list[tuple[int, str]]:
        """Return the numbers and texts of these lines of a run, in order. Absent lines are left out.

        The texts are not checked: ``check`` does that for the lines of evidence.
        """

    def failures(self, register: str, since: Mapping[str, str]) -> list[FailureRecord]:
        """Return every FAILED or ERROR that started after the moment of its use case, newest first.

        Only the index is read: the time grows with the number of failures since then, and not with the history.
        """

    def interruptions(self, register: str, since: Mapping[str, str], until: str | None = None) -> list[Evidence]:
        """Return each INTERRUPTED after the moment of its use case whose next completed execution did not pass.

        The next execution is one of the same test, item, environment and provider mode. Rehearsals follow rehearsals
        only. An execution that was interrupted before its test named its place is always returned, because the caller
        decides where it counts. ``until`` excludes later starts. The time grows with the number of interruptions since
        then, and not with the history.
        """

    def evidence_by_ids(self, register: str, evidence_ids: Iterable[str]) -> list[Evidence]:
        """Return the evidence with these ids, in their order.

        Raises:
            IntegrityError: an id is not in the store.
        """

    def exclude_runs(self, run_ids: Iterable[str], doubted: Iterable[str] = ()) -> None:
        """Exclude these runs from every answer about evidence, and from every ``check``, until the store is closed.

        ``doubted``: runs that are excluded from answers only; ``check`` still reports their problems. ``verify``
        reports the problems of all runs.
        """

    def salvage_run(self, run_id: str, register: str) -> SalvagedRun:
        """Return the readable content of a run that may be damaged. Each line is read on its own."""

    def missing(self, evidence_ids: Iterable[str]) -> set[str]:
        """Return the ids among these that are not in the store."""

    def newest_run(self, register: str, until: str) -> str | None:
        """Return the id of the last started run among those that ended by a moment; None: there is none."""

    def summaries(self, run_ids: Iterable[str]) -> dict[str, RunSummary]:
        """Return the index entries of these runs, by id."""

    def run_conditions(self, run_ids: Iterable[str]) -> dict[str, RunConditions]:
        """Return the conditions of these runs, by id, from their first lines and seals."""

    def plans(self, run_ids: Iterable[str]) -> dict[str, tuple[PlanEntry, ...]]:
        """Return the evidence tests that these runs had collected, deselected ones too, by run id.

        Raises:
            IntegrityError: a plan is not the one that the seal names.
        """

    def seals(self, run_ids: Iterable[str]) -> dict[str, str]:
        """Return the digests of the seals of these runs, by id. A run with a broken chain is left out.

        Every line of these runs is read, because a signed seal covers all of them.
        """

    def group_parts(self, register: str, since: str = "") -> list[GroupPart]:
        """Return all runs of each run group with a run since a moment, by id, without their plans.

        Raises:
            IntegrityError: the group of a run cannot be read.
        """

    def snapshot(self, digest: str) -> Snapshot | None:
        """Return the requirements with this digest, or None."""

    def check(self, evidence: Iterable[Evidence]) -> Iterator[Problem]:
        """Yield the problems of the runs, lines and index rows that contain this evidence.

        This is what a gate must know, without reading everything. For each piece of evidence, the digest of its line,
        the link to the next line, and its index row are checked; for each run, its seal; for the store, its schema and
        its number of records. Evidence of an unknown run, and anything unreadable, is a problem too.
        """

    def spot_check(self, number: int, seen: Callable[[str, Artifact], object] | None = None) -> Iterator[Problem]:
        """Yield what ``check`` yields for ``number`` pieces of evidence all over the store, and problems of documents.

        Documents are requirements, decisions, verdicts and signed statements. The same store has the same sample; after
        the next run it is another one. ``seen``: see ``verify``; it is called with the artifacts of the sample.
        """

    def verify(self, seen: Callable[[str, Artifact], object] | None = None) -> Iterator[Problem]:
        """Verify the whole store (chains, seals, indexes, schema, tree), and yield each problem.

        Anything unreadable is a problem too, and not raised. ``seen`` is called with each artifact, after the id of its
        evidence, or of its run if the artifact is the tracker.
        """

    def close(self) -> None:
        """Close the store."""


class LedgerTree(Protocol):
    """The Merkle tree over the records of a store. Checkpoints are made of it and compared with it."""

    def tree(self) -> StoreTree | None:
        """Return the Merkle tree over all records, in the order in which they were stored.

        None: a store of an older version, which gets its tree with the next write.

        Raises:
            IntegrityError: the name of the store is missing or changed.
        """

    def check_tree(self, run_ids: Iterable[str]) -> Iterator[Problem]:
        """Yield the problems of the tree's leaves, and of the lines of these runs.

        This is what a gate must know that trusts a checkpoint. Each record must have its leaf, each leaf its record,
        and the chain of each of these runs must end in the seal that its leaf names. Anything unreadable is a problem
        too, and not raised.
        """


class Store(EvidenceStore, DecisionStore, LedgerTree, Protocol):
    """A store of all records, runs, decisions and verdicts: one transaction can hold them, and a tree covers them."""

    def save(
        self,
        runs: Sequence[Run],
        snapshots: Iterable[Snapshot] = (),
        decisions: Iterable[Decision] = (),
        verdicts: Iterable[str] = (),
        made_here: Collection[str] = (),
        envelopes: Iterable[Envelope] = (),
    ) -> list[str]:
        """Store sealed runs and other records in one transaction, and return the ids of the new ones.

        ``made_here``: ids of runs that this process recorded, whose lines are not checked again, and of decisions that
        are made now. The identity of all other decisions is only declared, whatever their texts say.
        ``envelopes``: signed statements about runs and decisions of this call, or about stored ones.
        A stored run with the same seal is skipped, and so is a stored decision or verdict.

        Raises:
            IntegrityError: a run is not sealed, its chain is broken, another run or decision has its id, the digest
                of a snapshot is not that of its text, a decision, verdict or signed statement cannot be read back, or
                a statement is about a record that is not stored, or has another digest. Nothing was written.
            StorageError: the records cannot be written; none was stored.
        """

    def save_verdict(self, text: str) -> str:
        """Store a verdict (canonical JSON text with a ``generated_at``), and return its id, which is its digest.

        Raises:
            IntegrityError: the text has a wrong form.
            StorageError: it cannot be written.
        """

    def verdicts(self) -> list[str]:
        """Return the texts of the stored verdicts, oldest first.

        Raises:
            IntegrityError: a verdict was changed.
        """

    def other_registers(self, register: str) -> dict[str, tuple[int, int]]:
        """Return the number of runs and decisions of each other register in the store, by name."""
