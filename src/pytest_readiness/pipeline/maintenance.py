"""Care of the store: import of left-over journals, checkpoints, signatures, verdicts and search."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path

from msgspec import Struct, field
from msgspec.structs import replace

from ..errors import ClaimError, ConfigError, IntegrityError, StorageError
from ..facts.checkpoint import Checkpoint
from ..facts.envelope import Envelope, run_statement
from ..facts.evidence import Evidence
from ..facts.ledger.line import canonical
from ..facts.run import Run
from ..journal.folder import find_leftovers
from ..journal.open_runs import open_evidence
from ..signing.trust import TrustStore
from ..store.protocol import EvidenceStore, RunSummary
from ..verdict.evidence_standing import EvidenceStanding, EvidenceStandings, RequirementStanding
from ..verdict.inputs import SignedRun
from ..verdict.readiness import State
from ..views.document import to_document
from ..views.evidence import ShownPiece
from ..views.report import Report
from .checkpoints import (
    signed_checkpoint,
    store_head,
    write_checkpoint,
)
from .damage import refuse_damage
from .evaluate_project import EvaluationRequest, Project, evaluate_project, evaluate_with_facts
from .persist import recover_all
from .project import writable_store


class RecoveryResult(Struct, frozen=True):
    """Result of ``recover``."""

    runs: list[Run] = field(default_factory=list)
    living: list[str] = field(default_factory=list)
    """Ids of runs that a process still writes."""
    problems: list[str] = field(default_factory=list)


def recover_journals(project: Project) -> RecoveryResult:
    """Import the journals that no process writes any more. Without any, no store is created.

    Raises:
        StorageError: the store cannot be written.
    """
    leftovers = find_leftovers(project.journals)
    living = [leftover.path.stem for leftover in leftovers if leftover.is_active]
    if len(living) == len(leftovers):
        return RecoveryResult(living=living)
    store = project.store(create=True)
    assert store is not None  # noqa: S101 - for the type checker
    try:
        runs, problems = recover_all(project, store)
    finally:
        store.close()
    return RecoveryResult(runs, living, problems)


def make_checkpoint(project: Project, path: Path | None) -> Checkpoint:
    """Return a checkpoint of the store, signed if the environment names a key, and write it to a file if one is given.

    Raises:
        ConfigError: the store does not exist, or the file is not a checkpoint.
        IntegrityError: the store is not intact, or has not grown from the checkpoint in the file.
        StorageError: the store cannot be read, the key cannot sign, or the file cannot be written.
    """
    store = project.store()
    try:
        tree = store_head(store, project.settings.store)
    finally:
        if store is not None:
            store.close()
    checkpoint, trust = tree.checkpoint(), TrustStore.from_policy(project.policy)
    if os.environ.get("READINESS_SIGNER"):
        checkpoint = signed_checkpoint(checkpoint, project.settings.folder, trust)
    if path is not None:
        write_checkpoint(path, checkpoint, tree, trust)
    return checkpoint


def find_evidence(project: Project, evidence_id: str) -> tuple[Evidence, RunSummary | None] | None:
    """Return the evidence with an id, and its run, from the store or else from a journal; None if there is none.

    Raises:
        StorageError: the store cannot be read.
        IntegrityError: the evidence is not what was recorded.
    """
    store = project.store()
    if store is not None:
        try:
            if (evidence := store.evidence(evidence_id)) is not None:
                refuse_damage([str(problem) for problem in store.check([evidence])])
                return evidence, _run_of(store, evidence)
        finally:
            store.close()
    for leftover in find_leftovers(project.journals):
        if leftover.run is not None and leftover.problem is None:
            for piece in open_evidence(leftover.run):
                if piece.id == evidence_id:
                    return piece, None
    return None


class SigningResult(Struct, frozen=True):
    """Result of signing runs."""

    runs: int = 0
    trusted: bool = True
    """Whether the key is trusted with runs."""
    problem: str = ""
    """The reason why no run was signed; empty if there was no problem."""


def sign_untrusted(project: Project, run_ids: Iterable[str]) -> SigningResult | None:
    """Sign stored runs without a trusted signature, with the key in the environment; None if there is no key.

    Such runs were recorded without a key, and imported where there is one. The signature attests the import. Signatures
    of other keys do not prevent it. A run with a signature of this key is not signed again.

    Raises:
        StorageError, IntegrityError: the store cannot be read.
    """
    if not os.environ.get("READINESS_SIGNER") or (store := project.store()) is None:
        return None
    from ..signing.keys import sign_and_match  # late: the signing libraries take 200 ms to load

    trust = TrustStore.from_policy(project.policy)
    try:
        unsigned = dict.fromkeys(run_ids)
        for name in trust.signed_runs(store, unsigned):
            del unsigned[name]
        envelopes_by_run: dict[str, list[Envelope]] = {}
        for envelope in store.envelopes(unsigned):
            envelopes_by_run.setdefault(envelope.subject, []).append(envelope)
        signatures = []
        for run in (store.run(name) for name in unsigned):
            if run is not None:
                envelope, is_signed_by_key = sign_and_match(
                    run_statement(run), project.settings.folder, project.public_keys
                )
                signatures += [] if any(map(is_signed_by_key, envelopes_by_run.get(run.id, ()))) else [envelope]
        store.save([], envelopes=signatures)
        return SigningResult(len(signatures), not signatures or trust.signer(signatures[0], "runs") is not None)
    except ConfigError as error:
        return SigningResult(problem=f"the imported runs are not signed: {error}")
    finally:
        store.close()


def signed_runs(project: Project, run_ids: Collection[str]) -> dict[str, SignedRun]:
    """Return the trusted signature of each signed run, by run id.

    Raises:
        StorageError, IntegrityError: the store cannot be read.
    """
    store = project.store()
    try:
        return TrustStore.from_policy(project.policy).signed_runs(store, run_ids)
    finally:
        if store is not None:
            store.close()


def save_verdict(project: Project, report: Report) -> str:
    """Store the gate's verdict, as the document of the JSON report, and return its id.

    Raises:
        StorageError: the verdict cannot be stored.
    """
    store = writable_store(project)
    try:
        return store.save_verdict(canonical(to_document(report)))
    finally:
        store.close()


def _run_of(store: EvidenceStore, evidence: Evidence) -> RunSummary | None:
    return _with_conduct(store, store.summaries([evidence.run_id])).get(evidence.run_id)


def _with_conduct(store: EvidenceStore, runs: Mapping[str, RunSummary]) -> dict[str, RunSummary]:
    conducts = store.run_conditions(runs)
    return {id_: replace(run, conditions=conducts.get(id_)) for id_, run in runs.items()}


def deciding_evidence(project: Project, use_case: str, item: str | None, *, every: bool = True) -> list[ShownPiece]:
    """Return the evidence that decides on a use case, or on one of its items, without duplicates.

    ``every``: also what does not count, such as rehearsals; else it is only returned where nothing counts.

    Raises:
        StorageError: the store cannot be read.
        IntegrityError: the store is not intact where the evidence needs it.
    """
    report = evaluate_project(project, EvaluationRequest((use_case,), to_sign=False))
    refuse_damage(report.context.problems)
    pieces = {
        piece.id: piece
        for readiness in report.readiness.use_cases
        for needed in readiness.requirements
        if item is None or needed.requirement.item == item
        for piece in (needed.evidence if every else needed.deciding or needed.evidence[:1])
    }
    runs: dict[str, RunSummary] = {}
    if (store := project.store()) is not None:
        try:
            runs = _with_conduct(store, store.summaries({piece.run_id for piece in pieces.values()}))
        finally:
            store.close()
    standings = EvidenceStandings(report.readiness)
    return [ShownPiece(piece, runs.get(piece.run_id), standings.find(piece)) for piece in pieces.values()]


def shown_piece(project: Project, evidence: Evidence, run: RunSummary | None) -> ShownPiece:
    """Return a piece of evidence with what it is worth now. Where that cannot be judged, it says so."""
    return ShownPiece(evidence, run, _standings(project, evidence))


def _standings(project: Project, evidence: Evidence) -> tuple[RequirementStanding, ...]:
    if evidence.register != project.catalogue.register:
        return _does_not_count(f"it is of the register '{evidence.register}'")
    try:
        name = project.catalogue.use_case(evidence.uc).id
    except ClaimError:
        return _does_not_count(f"the register has no use case {evidence.uc}")
    try:
        judged = evaluate_with_facts(project, EvaluationRequest((name,), to_sign=False))
    except (ConfigError, StorageError, IntegrityError) as error:
        return _does_not_count(f"not known: {error}")
    if judged.report.context.problems:
        return _does_not_count("not known, as the store is not intact: `readiness verify` names all problems")
    retired = evidence.run_id in judged.facts.run_retirements
    return EvidenceStandings(judged.report.readiness).find(evidence, retired=retired)


def _does_not_count(why: str) -> tuple[RequirementStanding, ...]:
    return (("", EvidenceStanding(State.MISSING, why_not=why)),)
