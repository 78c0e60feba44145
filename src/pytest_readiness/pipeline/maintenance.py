"""Looking after what is kept: take in what was left behind, verify everything, find one piece."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import field, replace
from pathlib import Path

from ..errors import ConfigError, IntegrityError, Problem, ReadinessError
from ..facts.checkpoint import Checkpoint
from ..facts.envelope import Envelope, run_statement
from ..facts.evidence import Artifact, Evidence
from ..facts.ledger.digest import is_sha256
from ..facts.ledger.line import canonical
from ..facts.run import Run
from ..facts.timestamps import timestamp
from ..fast_values import dataclass
from ..journal.recovery import Leftover, find_leftovers, open_evidence
from ..regular_files import regular_file
from ..signing.trust import DistrustReason, TrustStore
from ..store.protocol import EMPTY_SLOT, RegisterDecisions, RunSummary, Store
from ..verdict.inputs import SignedRun, run_of
from ..views.document import to_document
from ..views.report import Report
from .bundles import writable_store
from .checkpoints import (
    StoredCheckpoint,
    contradictions,
    empty_checkpoints,
    matching_checkpoints,
    signed_checkpoint,
    store_head,
    untrusted_checkpoints,
    write_checkpoint,
)
from .evaluate_project import EvaluationRequest, Project, evaluate_project, recover_all
from .removed_use_cases import other_registers
from .retired_runs import RetiredRuns, find_retired_runs, retirement_sentence as said

BLOCK = 1 << 20
_OF_RUN = re.compile(r"(?:leaf \d+, )?run ([^,]+)")
"""How a problem of a run names its place."""


@dataclass(frozen=True)
class RecoveryResult:
    """What ``recover`` did."""

    runs: list[Run] = field(default_factory=list)
    living: list[str] = field(default_factory=list)
    """Runs that a process still writes."""
    problems: list[str] = field(default_factory=list)


def recover_journals(place: Project) -> RecoveryResult:
    """Take journals that nobody writes any more into the store. Without any, nothing is created.

    Raises:
        StorageError: the store cannot be written.
    """
    left = find_leftovers(place.journals)
    living = [leftover.path.stem for leftover in left if leftover.is_active]
    if len(living) == len(left):
        return RecoveryResult(living=living)
    store = place.store(create=True)
    assert store is not None  # noqa: S101 - for the type checker: it was to be made
    try:
        runs, problems = recover_all(place, store)
    finally:
        store.close()
    return RecoveryResult(runs, living, problems)


@dataclass(frozen=True)
class VerificationResult:
    """What ``verify_store`` looked at, and what does not fit."""

    problems: list[Problem]
    runs: int
    evidence: int
    artifacts: int
    matching_checkpoints: tuple[str, ...] = ()
    """Of each checkpoint that the store fits, what it covers."""
    signatures: int = 0
    notes: tuple[Problem, ...] = ()
    """Signatures that fit, and decisions, that count for nothing."""
    retired_runs: tuple[str, ...] = ()
    """Runs that were retired: what does not fit in them is no problem any more; a sentence each."""
    has_store: bool = True
    """There is a store."""


def verify_store(place: Project, kept: Sequence[StoredCheckpoint] = ()) -> VerificationResult:
    """Recompute every digest, chain, seal, index, leaf and artifact of the store, and look at what lies beside it.

    That is journals, and decisions that are files.

    ``kept``: checkpoints that the store is compared with.

    Raises:
        StorageError: the store cannot be read.
    """
    left = find_leftovers(place.journals)
    problems = [Problem("", str(one.problem)) for one in left if one.problem is not None]
    store = place.store()
    try:
        count, told = _contradicted(store, kept)
        told = (
            [*untrusted_checkpoints(kept, TrustStore.from_policy(place.policy)), *empty_checkpoints(kept)]
            if kept
            else []
        ) + told
        decisions = _decisions(place, store)
        problems += decisions.problems
        if store is None:
            return VerificationResult([*problems, *told], 0, 0, 0, notes=decisions.notes, has_store=False)
        problems += _other_runs(store, left)
        aside = _aside(place, store, decisions)
        artifacts: dict[str, tuple[str, Artifact]] = {}

        def seen(whose: str, artifact: Artifact) -> None:
            # Anything else is named, too, and is no place to look at.
            if is_sha256(artifact.sha256) and run_of(whose) not in aside.runs and whose not in aside.runs:
                artifacts[artifact.sha256] = (whose, artifact)

        fitting, set_apart = _apart(store.verify(seen), aside)
        problems += [*fitting, *told, *_artifact_problems(place, artifacts.values())]
        summaries = store.runs()
        evidence = sum(run.evidence_count for run in summaries)
        signatures, doubts = _signatures(place, store, summaries, decisions)
        others = (Problem("", told) for told in other_registers(store, place.catalogue.register))
        return VerificationResult(
            problems=[*problems, *(one.problem for one in doubts if one.broken)],
            runs=len(summaries),
            evidence=evidence,
            artifacts=len(artifacts),
            matching_checkpoints=tuple(matching_checkpoints(kept, count, told, TrustStore.from_policy(place.policy))),
            signatures=signatures,
            retired_runs=(*set_apart, *aside.refusals),
            notes=(*decisions.notes, *(one.problem for one in doubts if not one.broken), *others),
        )
    finally:
        if store is not None:
            store.close()


def _apart(found: Iterable[Problem], aside: RetiredRuns) -> tuple[list[Problem], list[str]]:
    """Return the problems that are not of a retired run, and a sentence for each of these runs.

    A slot that is empty is one of a run that lost evidence: where that is another run than these, it is told itself.
    """
    numbers = dict.fromkeys(aside.runs, 0)
    left, empty = [], []
    for problem in found:
        whose = _OF_RUN.match(problem.where)
        if whose is not None and whose[1] in numbers:
            numbers[whose[1]] += 1
        elif problem.what.startswith(EMPTY_SLOT):
            empty.append(problem)
        else:
            left.append(problem)
    if broken := next((name for name, number in numbers.items() if number), None):
        numbers[broken] += len(empty)
    else:
        left += empty
    return left, [f"{said(one)} ({numbers[name]} of its things do not fit)" for name, one in aside.runs.items()]


def _aside(place: Project, store: Store, found: RegisterDecisions) -> RetiredRuns:
    decisions = TrustStore.from_policy(place.policy).with_identities(found.decisions, place.decisions(store))
    return find_retired_runs(store, decisions, place.policy, place.catalogue.register, timestamp())


def _decisions(place: Project, store: Store | None) -> RegisterDecisions:
    """Return what is known of decisions, wherever they are; one in the store that is damaged, its own verify names."""
    try:
        return place.sources(store).register_decisions
    except IntegrityError:
        return RegisterDecisions()


def _signatures(
    place: Project, store: Store, summaries: Iterable[RunSummary], decided: RegisterDecisions
) -> tuple[int, list[DistrustReason]]:
    """Return how many signatures there are, those of other registers too, and why some of ours do not count."""
    home = place.decisions(store)
    try:
        by = {one.id: one.by for one in decided.decisions} | {
            one.decision.id: one.decision.by for one in decided.disputed
        }
        found = store.envelopes(run.id for run in summaries)
        found += home.envelopes(by) if home is not None else []
        apart = [one.id for name in store.other_registers(place.catalogue.register) for one in store.decisions(name)]
        return len(found) + len(store.envelopes(apart)), list(
            TrustStore.from_policy(place.policy).distrust_reasons(found, by)
        )
    except IntegrityError:
        return 0, []  # the store's own verify has named it


def _other_runs(store: Store, left: Iterable[Leftover]) -> Iterator[Problem]:
    """Yield each journal that says something else than the run with its id that the store has."""
    for leftover in left:
        run = leftover.run
        if run is None or leftover.problem is not None or not store.summaries([run.id]):
            continue
        try:
            kept = store.run(run.id)
        except ReadinessError:
            continue  # the store's own verify names it
        if kept is not None and kept.lines[-1].digest != run.lines[-1].digest:
            yield Problem(
                str(leftover.path), "another run with this id is in the store: one of them is not what was recorded"
            )


def _contradicted(store: Store | None, kept: Sequence[StoredCheckpoint]) -> tuple[int, list[Problem]]:
    """What keeps the tree from being read is told, and ends nothing else."""
    if not kept:
        return 0, []
    try:
        return contradictions(store, kept)
    except ReadinessError as error:
        return 0, [Problem("tree", str(error))]


def _artifact_problems(place: Project, artifacts: Iterable[tuple[str, Artifact]]) -> Iterator[Problem]:
    for evidence_id, artifact in artifacts:
        path = place.artifacts / artifact.sha256[:2] / artifact.sha256
        where = f"artifact {artifact.sha256} of {evidence_id}"
        try:
            found = _sha256(path)
        except FileNotFoundError:
            yield Problem(where, f"is missing: there is no file {path}")
        except OSError as error:
            yield Problem(where, f"cannot be read: {error.strerror}")
        else:
            if found != artifact.sha256:
                yield Problem(where, "was changed: its content has another digest")


def _sha256(path: Path) -> str:
    with regular_file(path) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def make_checkpoint(place: Project, path: Path | None) -> Checkpoint:
    """Return the store's head, signed where a key is named that signs notes; write it to a file where one is named.

    Raises:
        ConfigError: there is no store, or the file holds something that is no checkpoint.
        IntegrityError: the store is not intact, or has not grown out of the checkpoint in the file.
        StorageError: it cannot be read, or a key is named that cannot sign, or the file
            cannot be written.
    """
    store = place.store()
    try:
        tree = store_head(store, place.settings.store)
    finally:
        if store is not None:
            store.close()
    made, trust = tree.checkpoint(), TrustStore.from_policy(place.policy)
    if os.environ.get("READINESS_SIGNER"):
        made = signed_checkpoint(made, place.settings.folder, trust)
    if path is not None:
        write_checkpoint(path, made, tree, trust)
    return made


def find_evidence(place: Project, evidence_id: str) -> tuple[Evidence, RunSummary | None] | None:
    """Return one piece of evidence by its id, with its run; from the store, else from a journal; else None.

    Raises:
        StorageError: the store cannot be read.
        IntegrityError: it is not what was recorded.
    """
    store = place.store()
    if store is not None:
        try:
            if (found := store.evidence(evidence_id)) is not None:
                refuse_damage([str(problem) for problem in store.check([found])])
                return found, _run_of(store, found)
        finally:
            store.close()
    for leftover in find_leftovers(place.journals):
        if leftover.run is not None and leftover.problem is None:
            for piece in open_evidence(leftover.run):
                if piece.id == evidence_id:
                    return piece, None
    return None


@dataclass(frozen=True, slots=True)
class SigningResult:
    """What came of signing runs."""

    runs: int = 0
    trusted: bool = True
    """The key that signed them is trusted with runs."""
    problem: str = ""
    """Why none was signed that was to be; empty: nothing went wrong."""


def sign_untrusted(place: Project, run_ids: Iterable[str]) -> SigningResult | None:
    """Sign kept runs that no trusted key signed, with the key that the environment names; None: it names none.

    For runs that were recorded where no key is, and taken in where one is: it attests what was taken in. What others
    signed, or made look so, keeps nobody from that. A run that this key has signed is not signed again.

    Raises:
        StorageError, IntegrityError: the store cannot be read.
    """
    if not os.environ.get("READINESS_SIGNER") or (store := place.store()) is None:
        return None
    from ..signing.keys import sign_as  # the libraries that sign take 200 ms to load

    trust = TrustStore.from_policy(place.policy)
    try:
        unsigned = dict.fromkeys(run_ids)
        for name in trust.signed_runs(store, unsigned):
            del unsigned[name]
        others: dict[str, list[Envelope]] = {}
        for one in store.envelopes(unsigned):
            others.setdefault(one.subject, []).append(one)
        made = []
        for run in (store.run(name) for name in unsigned):
            if run is not None:
                envelope, signed_by_it = sign_as(run_statement(run), place.settings.folder, place.public_keys)
                made += [] if any(map(signed_by_it, others.get(run.id, ()))) else [envelope]
        store.save([], envelopes=made)
        return SigningResult(len(made), not made or trust.signer(made[0], "runs") is not None)
    except ConfigError as error:
        return SigningResult(problem=f"what was taken in is not signed: {error}")
    finally:
        store.close()


def signed_runs(place: Project, run_ids: Collection[str]) -> dict[str, SignedRun]:
    """Return with which trusted key runs are signed, by id.

    Raises:
        StorageError, IntegrityError: the store cannot be read.
    """
    store = place.store()
    try:
        return TrustStore.from_policy(place.policy).signed_runs(store, run_ids)
    finally:
        if store is not None:
            store.close()


def save_verdict(place: Project, report: Report) -> str:
    """Keep what the gate said, as the document of the JSON report, and return its id.

    Raises:
        StorageError: it cannot be kept.
    """
    store = writable_store(place)
    try:
        return store.save_verdict(canonical(to_document(report)))
    finally:
        store.close()


def refuse_damage(problems: Sequence[str]) -> None:
    """Raise what is wrong with what an answer rests on, in one line.

    Raises:
        IntegrityError: there is a problem.
    """
    if problems:
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        raise IntegrityError(f"{problems[0]}{more}; 'readiness verify' names everything that does not fit")


def _run_of(store: Store, evidence: Evidence) -> RunSummary | None:
    return _with_conduct(store, store.summaries([evidence.run_id])).get(evidence.run_id)


def _with_conduct(store: Store, runs: Mapping[str, RunSummary]) -> dict[str, RunSummary]:
    conducts = store.run_conditions(runs)
    return {id_: replace(run, conditions=conducts.get(id_)) for id_, run in runs.items()}


def deciding_evidence(place: Project, use_case: str, item: str | None) -> list[tuple[Evidence, RunSummary | None]]:
    """Return the evidence that decides on a use case, or on one of its items, each piece once.

    Raises:
        StorageError: the store cannot be read.
        IntegrityError: something that it rests on is not what was recorded.
    """
    report = evaluate_project(place, EvaluationRequest((use_case,)))
    refuse_damage(report.context.problems)
    pieces = {
        piece.id: piece
        for readiness in report.readiness.use_cases
        for needed in readiness.requirements
        if item is None or needed.requirement.item == item
        for piece in needed.evidence
    }
    store = place.store()
    if store is None:
        return [(piece, None) for piece in pieces.values()]
    try:
        runs = _with_conduct(store, store.summaries({piece.run_id for piece in pieces.values()}))
    finally:
        store.close()
    return [(piece, runs.get(piece.run_id)) for piece in pieces.values()]
