"""Export and import of bundles: runs of CI shards, other machines and earlier times meet in one store."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from pathlib import Path
from typing import IO

from msgspec import Struct

from ..errors import ConfigError, IntegrityError, ReadinessError, location as shown_place, write_error
from ..facts.decision import Blocker, Decision, Review, Unblock, Waiver, makes_worse
from ..facts.requirements_snapshot import Snapshot
from ..facts.run import Run
from ..facts.stored_verdict import StoredVerdict
from ..regular_files import regular_file
from ..signing.trust import TrustStore
from ..store.bundle.merging import MergedRecords, merge_bundle as merge_one
from ..store.bundle.origin import BundleOrigin
from ..store.bundle.reading import Bundle, open_bundle
from ..store.bundle.writing import BundleContents, write_bundle
from ..store.protocol import DecisionStore, EvidenceStore, RunSummary, Store
from .bundle_selection import refuse_unstored_runs, runs_to_export
from .derived_report import DerivedFiles, ReportInputs, ReportScope, derive_files, refuse_other_files
from .evaluate_project import EvaluationRequest, Project, evaluate_project, select_use_cases
from .persist import statements_of
from .project import writable_store


class BundleSummary(Struct, frozen=True):
    """Contents of a written bundle."""

    runs: int
    decisions: int
    verdicts: int
    missing: tuple[str, ...]
    """SHA-256 of artifacts of the runs that are missing in the artifact folder."""


def export_bundle(project: Project, use_cases: Sequence[str], path: Path, *, with_tree: bool = False) -> BundleSummary:
    """Write the stored records of this register into a file.

    Args:
        project: the project with the store, the artifacts and the register.
        use_cases: ids or globs. Without any, everything is exported. With some, the file has the whole runs with
            evidence for them, the other parts of their groups and of incomplete groups that keep them closed, and the
            decisions about them. Retirements are always exported, stored verdicts only with everything.
        path: the file. Equal contents give equal bytes.
        with_tree: include the store's id and its record tree. Without it, stores with equal records give equal files.

    Raises:
        ConfigError: a use case is unknown, or there is no tree to include.
        IntegrityError: the store or a journal is not intact.
        StorageError: the store cannot be read, the file cannot be written, or a run is not in the store yet.
    """
    register, chosen = project.catalogue.register, select_use_cases(project.catalogue, use_cases)
    store = project.store()
    if store is None:
        refuse_unstored_runs(project, None, chosen)
        return BundleSummary(0, 0, 0, tuple(write_bundle(path, BundleContents(), _artifact_reader(project))))
    try:
        refuse_unstored_runs(project, store, chosen)
        tree = store.tree() if with_tree else None
        if with_tree and tree is None:
            raise ConfigError("this store has no record tree yet: the next stored run or decision creates it")
        summaries = runs_to_export(project, store, use_cases, chosen)
        decisions = [
            decision for decision in _decisions(project, store) if chosen is None or _is_about(decision, chosen)
        ]
        digests = {run.requirements_digest for run in summaries} | {
            decision.requirements_digest for decision in decisions
        }
        verdicts = store.verdicts() if chosen is None else []
        runs = _complete_runs(store, summaries)
        _refuse_damage(project, use_cases, summaries, decisions, verdicts)
        snapshots = _snapshots(store, digests)
        envelopes = store.envelopes([*(run.id for run in summaries), *(decision.id for decision in decisions)])
        inputs = ReportInputs(_complete_runs(store, summaries), decisions, snapshots, verdicts, envelopes)
        version = EvaluationRequest().named_version(project.settings)
        derived = derive_files(inputs, ReportScope(register, chosen, version.release, version))
        contents = BundleContents(
            runs=runs,
            decisions=decisions,
            snapshots=snapshots,
            verdicts=verdicts,
            envelopes=store.envelopes,
            origin=BundleOrigin.from_tree(tree) if tree is not None else None,
            report=derived.report,
            readme=derived.readme,
            index=derived.index,
        )
        missing = write_bundle(path, contents, _artifact_reader(project))
        return BundleSummary(len(summaries), len(decisions), len(verdicts), tuple(missing))
    finally:
        store.close()


def bundle_session(project: Project, run: Run | None, path: Path) -> BundleSummary:
    """Write the run of a session into a file, even if the store is unavailable; None as the run gives an empty bundle.

    Raises:
        IntegrityError: an artifact is not what was recorded.
        StorageError: the file cannot be written.
    """
    runs = [run] if run is not None else []
    snapshots = [project.requirements for run in runs if run.requirements_digest == project.requirements.digest]
    signed = [envelope for run in runs for envelope in statements_of(project, run)]
    missing = write_bundle(
        path, BundleContents(runs, (), snapshots, envelopes=lambda _: signed), _artifact_reader(project)
    )
    return BundleSummary(len(runs), 0, 0, tuple(missing))


def write_script(path: Path) -> None:
    """Write the script that verifies bundles with only Python's standard library.

    Raises:
        ConfigError, StorageError: the file cannot be written.
    """
    from importlib.resources import files  # late: only this command needs it

    from ..store import bundle

    try:
        path.write_bytes(files(bundle).joinpath("verify_bundle.py").read_bytes())
    except OSError as error:
        raise write_error(path, "the script", error) from error


class MergeResult(Struct, frozen=True):
    """Result of importing one bundle."""

    path: Path
    merged: MergedRecords | None = None
    """The imported records; None if nothing was imported."""
    problem: str = ""
    """The reason why nothing was imported."""
    exit_code: int = 0
    """The exit code of the command for this problem."""
    other_registers: tuple[str, ...] = ()
    """Registers of its runs and decisions, except this one."""
    runs: tuple[str, ...] = ()
    """Ids of its runs, new or known."""
    report_note: str = ""
    """The reason why its report was not checked against its contents; empty if it was, or if there is no report."""
    self_declared: int = 0
    """Number of its decisions that count as self-declared, since no trusted key signed who made them."""


def merge_bundles(project: Project, paths: Sequence[Path]) -> list[MergeResult]:
    """Import bundles into the store, each completely or not at all. A refused bundle does not stop the others.

    Raises:
        StorageError: the store cannot be opened.
    """
    limit = project.settings.artifact_limit
    results: list[MergeResult] = []
    store: Store | None = None
    try:
        for path in paths:
            try:
                with open_bundle(path, limit) as bundle:
                    _refuse_bad_signatures(bundle, project)
                    report_note = _check_report(bundle)
                    store = store or writable_store(project)
                    registers = {run.register for run in bundle.runs} | {
                        decision.register for decision in bundle.decisions
                    }
                    other_ids = tuple(sorted(registers - {project.catalogue.register}))
                    runs = tuple(run.id for run in bundle.runs)
                    merged = merge_one(bundle, store, project.artifacts)
                    self_declared = _count_self_declared(bundle, project, merged.decisions)
                    results.append(
                        MergeResult(
                            path,
                            merged,
                            other_registers=other_ids,
                            runs=runs,
                            self_declared=self_declared,
                            report_note=report_note,
                        )
                    )
            except ReadinessError as error:
                results.append(MergeResult(path, problem=str(error), exit_code=error.exit_code))
    finally:
        if store is not None:
            store.close()
    return results


def _refuse_bad_signatures(bundle: Bundle, project: Project) -> None:
    """Refuse a bundle with an invalid signature of a trusted key: with it the store would never be intact again."""
    trust, names = TrustStore.from_policy(project.policy), {decision.id: decision.by for decision in bundle.decisions}
    for distrust in trust.distrust_reasons(bundle.envelopes, names) if not trust.unchecked else ():
        if distrust.broken:
            raise IntegrityError(f"{shown_place(bundle.path)}: {distrust.problem}")


def _check_report(bundle: Bundle) -> str:
    if not bundle.report:
        return ""
    inputs = ReportInputs(bundle.runs, bundle.decisions, bundle.snapshots, bundle.verdicts, bundle.envelopes)
    try:
        return refuse_other_files(DerivedFiles(bundle.report, bundle.readme, bundle.index), inputs)
    except IntegrityError as error:
        raise IntegrityError(f"{shown_place(bundle.path)}: {error}") from None


def _count_self_declared(bundle: Bundle, project: Project, new: Collection[str]) -> int:
    """Return the number of new decisions without a trusted signature of who made them."""
    trust = TrustStore.from_policy(project.policy)
    decisions = {decision.id: decision for decision in bundle.decisions if decision.id in new}
    envelopes = [envelope for envelope in bundle.envelopes if envelope.subject in decisions]
    return len(
        decisions.keys()
        - {envelope.subject for envelope in envelopes if trust.is_by_decider(envelope, decisions[envelope.subject])}
    )


def _artifact_reader(project: Project) -> Callable[[str], IO[bytes]]:
    return lambda sha256: regular_file(project.artifacts / sha256[:2] / sha256)


def _complete_runs(store: EvidenceStore, summaries: Iterable[RunSummary]) -> Iterator[Run]:
    return (run for summary in summaries if (run := store.run(summary.id)) is not None)


def _refuse_damage(
    project: Project,
    use_cases: Sequence[str],
    runs: Sequence[RunSummary],
    decisions: Sequence[Decision],
    verdicts: Sequence[str],
) -> None:
    """Refuse contents that are needed for an evaluation and are not intact.

    Raises:
        StorageError, IntegrityError: the store cannot be read, or is not intact.
    """
    moments = [*(run.finished_at for run in runs), *(decision.at for decision in decisions)]
    moments += [StoredVerdict.parse(text).at for text in verdicts]
    if not moments:
        return
    report = evaluate_project(
        project, EvaluationRequest(tuple(use_cases), at=max(moments), on=project.policy.on, stored_only=True)
    )
    for problem in report.context.problems:
        raise IntegrityError(problem)


def _decisions(project: Project, store: DecisionStore) -> list[Decision]:
    """Return the decisions to export: those in the store that count.

    Decisions in a folder travel with the repository. Blockers and rejections in the store count as well.
    """
    stored = store.decisions(project.catalogue.register)
    return (
        stored if project.settings.decisions == "store" else [decision for decision in stored if makes_worse(decision)]
    )


def _is_about(decision: Decision, use_cases: Iterable[str]) -> bool:
    if isinstance(decision, Review | Blocker | Unblock):
        return decision.use_case in use_cases
    if isinstance(decision, Waiver):
        return decision.requirement.partition("/")[0] in use_cases
    return True


def _snapshots(store: EvidenceStore, digests: Iterable[str]) -> list[Snapshot]:
    return [snapshot for digest in sorted(digests) if digest and (snapshot := store.snapshot(digest)) is not None]
