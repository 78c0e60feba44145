"""Verification of the store, of its artifacts, of journals, and of decisions in files."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from msgspec import Struct

from ..errors import IntegrityError, Problem, ReadinessError, count
from ..facts.evidence import Artifact
from ..facts.ledger.digest import is_sha256
from ..facts.timestamps import timestamp
from ..journal.folder import find_leftovers
from ..journal.leftover_reader import Leftover
from ..regular_files import regular_file
from ..signing.trust import DistrustReason, TrustStore
from ..store.protocol import EMPTY_SLOT, EvidenceStore, LedgerTree, RegisterDecisions, RunSummary, Store
from ..verdict.inputs import run_of
from .checkpoints import (
    StoredCheckpoint,
    contradictions,
    empty_checkpoints,
    matching_checkpoints,
    untrusted_checkpoints,
)
from .evaluate_project import Project
from .removed_use_cases import other_registers
from .retired_runs import RetiredRuns, find_retired_runs, retirement_sentence

_RUN_PLACE = re.compile(r"(?:leaf \d+, )?run ([^,]+)")
"""Pattern of a problem's place if it is in a run."""


class VerificationResult(Struct, frozen=True):
    """Numbers and problems that ``verify_store`` reports."""

    problems: list[Problem]
    runs: int
    evidence: int
    artifacts: int
    matching_checkpoints: tuple[str, ...] = ()
    """A sentence for each checkpoint that the store matches."""
    signatures: int = 0
    notes: tuple[Problem, ...] = ()
    """Valid signatures, and decisions, that do not count."""
    retired_runs: tuple[str, ...] = ()
    """A sentence for each retired run, whose problems are ignored."""
    has_store: bool = True
    """Whether there is a store."""
    sampled: int | None = None
    """Number of pieces of evidence that were read; None: all."""


def verify_store(
    project: Project, checkpoints: Sequence[StoredCheckpoint] = (), *, sample: int | None = None
) -> VerificationResult:
    """Check every digest, chain, seal, index, leaf and artifact of the store, the journals, and decisions in files.

    Args:
        project: the project with the store.
        checkpoints: the checkpoints to compare with the store.
        sample: number of pieces of evidence to read if the store has more; None: all are read.

    Raises:
        StorageError: the store cannot be read.
    """
    leftovers = find_leftovers(project.journals)
    problems = [Problem("", str(leftover.problem)) for leftover in leftovers if leftover.problem is not None]
    store = project.store()
    try:
        number, contradicted = _compare(store, checkpoints)
        trust = TrustStore.from_policy(project.policy)
        checkpoint_problems = [
            *untrusted_checkpoints(checkpoints, trust),
            *empty_checkpoints(checkpoints),
            *contradicted,
        ]
        decisions = _decisions(project, store)
        problems += decisions.problems
        if store is None:
            return VerificationResult(
                [*problems, *checkpoint_problems], 0, 0, 0, notes=decisions.notes, has_store=False
            )
        problems += _differing_journals(store, leftovers)
        retired = _find_retired(project, store, decisions)
        summaries = store.runs()
        evidence = sum(run.evidence_count for run in summaries)
        sampled = sample if sample is not None and evidence > sample else None
        store_problems, artifacts = _check_records(store, sampled, retired)
        other_problems, retirements = _without_retired(store_problems, retired)
        problems += [*other_problems, *checkpoint_problems, *_artifact_problems(project, artifacts.values())]
        signatures, distrusts = _signatures(project, store, summaries, decisions)
        register_notes = (Problem("", note) for note in other_registers(store, project.catalogue.register))
        return VerificationResult(
            problems=[*problems, *(distrust.problem for distrust in distrusts if distrust.broken)],
            runs=len(summaries),
            evidence=evidence,
            artifacts=len(artifacts),
            matching_checkpoints=tuple(matching_checkpoints(checkpoints, number, checkpoint_problems, trust)),
            signatures=signatures,
            retired_runs=(*retirements, *retired.refusals),
            sampled=sampled,
            notes=(
                *decisions.notes,
                *(distrust.problem for distrust in distrusts if not distrust.broken),
                *register_notes,
            ),
        )
    finally:
        if store is not None:
            store.close()


def _check_records(
    store: Store, sampled: int | None, retired: RetiredRuns
) -> tuple[list[Problem], dict[str, tuple[str, Artifact]]]:
    """Return the problems of the records, and the artifacts with the id of what names them. ``sampled``: None: all."""
    artifacts: dict[str, tuple[str, Artifact]] = {}

    def collect(owner: str, artifact: Artifact) -> None:
        # An invalid digest is reported as a problem, and is no path to read.
        if is_sha256(artifact.sha256) and run_of(owner) not in retired.runs and owner not in retired.runs:
            artifacts[artifact.sha256] = (owner, artifact)

    problems = store.verify(collect) if sampled is None else store.spot_check(sampled, collect)
    return list(problems), artifacts


def _without_retired(problems: Iterable[Problem], retired: RetiredRuns) -> tuple[list[Problem], list[str]]:
    """Return the problems that are not of a retired run, and a sentence for each retired run.

    An empty slot belongs to a run that lost evidence. If that is another run, it has a problem of its own.
    """
    numbers = dict.fromkeys(retired.runs, 0)
    others, empty_slots = [], []
    for problem in problems:
        match = _RUN_PLACE.match(problem.where)
        if match is not None and match[1] in numbers:
            numbers[match[1]] += 1
        elif problem.what.startswith(EMPTY_SLOT):
            empty_slots.append(problem)
        else:
            others.append(problem)
    if first_damaged := next((name for name, number in numbers.items() if number), None):
        numbers[first_damaged] += len(empty_slots)
    else:
        others += empty_slots
    return others, [
        f"{retirement_sentence(retirement)} ({count(numbers[name], 'problem')} in it ignored)"
        for name, retirement in retired.runs.items()
    ]


def _find_retired(project: Project, store: Store, decisions: RegisterDecisions) -> RetiredRuns:
    trust = TrustStore.from_policy(project.policy)
    identified = trust.with_identities(decisions.decisions, project.decisions(store))
    return find_retired_runs(store, identified, project.policy, project.catalogue.register, timestamp())


def _decisions(project: Project, store: Store | None) -> RegisterDecisions:
    """Return the decisions of both places; none if one in the store is damaged, which its verification reports."""
    try:
        return project.sources(store).register_decisions
    except IntegrityError:
        return RegisterDecisions()


def _signatures(
    project: Project, store: Store, summaries: Iterable[RunSummary], decisions: RegisterDecisions
) -> tuple[int, list[DistrustReason]]:
    """Return the number of signatures in all registers, and the reasons why some of this register do not count."""
    home = project.decisions(store)
    try:
        names = {decision.id: decision.by for decision in decisions.decisions} | {
            disputed.decision.id: disputed.decision.by for disputed in decisions.disputed
        }
        envelopes = store.envelopes(run.id for run in summaries)
        envelopes += home.envelopes(names) if home is not None else []
        other_ids = [
            decision.id
            for name in store.other_registers(project.catalogue.register)
            for decision in store.decisions(name)
        ]
        return len(envelopes) + len(store.envelopes(other_ids)), list(
            TrustStore.from_policy(project.policy).distrust_reasons(envelopes, names)
        )
    except IntegrityError:
        return 0, []  # the store's verification has reported it


def _differing_journals(store: EvidenceStore, leftovers: Iterable[Leftover]) -> Iterator[Problem]:
    """Yield a problem for each journal that differs from the stored run with its id."""
    for leftover in leftovers:
        run = leftover.run
        if run is None or leftover.problem is not None or not store.summaries([run.id]):
            continue
        try:
            stored = store.run(run.id)
        except ReadinessError:
            continue  # the store's verification reports it
        if stored is not None and stored.lines[-1].digest != run.lines[-1].digest:
            yield Problem(
                str(leftover.path),
                "differs from the run with this id in the store: one of them is not what was recorded",
            )


def _compare(store: LedgerTree | None, checkpoints: Sequence[StoredCheckpoint]) -> tuple[int, list[Problem]]:
    """Return the number of records, and the problems of checkpoints. An unreadable tree is one problem."""
    if not checkpoints:
        return 0, []
    try:
        return contradictions(store, checkpoints)
    except ReadinessError as error:
        return 0, [Problem("tree", str(error))]


def _artifact_problems(project: Project, artifacts: Iterable[tuple[str, Artifact]]) -> Iterator[Problem]:
    for evidence_id, artifact in artifacts:
        path = project.artifacts / artifact.sha256[:2] / artifact.sha256
        where = f"artifact {artifact.sha256} of {evidence_id}"
        try:
            digest = _sha256(path)
        except FileNotFoundError:
            yield Problem(where, f"is missing: there is no file {path}")
        except OSError as error:
            yield Problem(where, f"cannot be read: {error.strerror}")
        else:
            if digest != artifact.sha256:
                yield Problem(where, "was changed: its content has another digest")


def _sha256(path: Path) -> str:
    with regular_file(path) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
