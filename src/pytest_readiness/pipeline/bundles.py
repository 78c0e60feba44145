"""Carrying what is kept between stores: shards and last week's runs meet in one place."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from pathlib import Path
from typing import IO

from ..errors import ConfigError, IntegrityError, ReadinessError, StorageError, location as place_of, write_error
from ..facts.decision import Blocker, Decision, Review, Unblock, Waiver, makes_worse
from ..facts.requirements_snapshot import Snapshot
from ..facts.run import Run
from ..facts.stored_verdict import StoredVerdict
from ..fast_values import dataclass
from ..journal.writer import ignore_folder
from ..regular_files import regular_file
from ..signing.trust import TrustStore
from ..store.bundle.merging import MergedRecords, merge_bundle as merge_one
from ..store.bundle.origin import BundleOrigin
from ..store.bundle.reading import Bundle, open_bundle
from ..store.bundle.writing import BundleContents, write_bundle
from ..store.protocol import RunSummary, Store
from .bundle_selection import refuse_unstored_runs, runs_to_carry
from .derived_report import ReportInputs, ReportScope, derive_report, refuse_other_report
from .evaluate_project import HOME, EvaluationRequest, Project, evaluate_project, select_use_cases
from .persist import statements_of


@dataclass(frozen=True, slots=True)
class BundleSummary:
    """What went into a bundle."""

    runs: int
    decisions: int
    verdicts: int
    missing: tuple[str, ...]
    """SHA-256 of artifacts that the runs name and the artifact folder does not have."""


def export_bundle(place: Project, use_cases: Sequence[str], path: Path, *, with_tree: bool = False) -> BundleSummary:
    """Write what the store holds of this register into a file.

    Args:
        place: whose store, artifacts and register.
        use_cases: ids or globs; none: everything. Else the runs with evidence for them, the other parts of their
            groups and of the incomplete ones that hold them, whole, and the decisions about them; retirements always,
            kept verdicts only with everything.
        path: the file; equal contents give equal bytes.
        with_tree: tell from which store it comes, and which records that has; else stores with the same records give
            the same file.

    Raises:
        ConfigError: a use case is unknown; or there is no tree to tell of.
        IntegrityError: something in the store, or in a journal, is not what was recorded.
        StorageError: the store cannot be read, the file cannot be written, or a run is not in the store yet.
    """
    register, chosen = place.catalogue.register, select_use_cases(place.catalogue, use_cases)
    store = place.store()
    if store is None:
        refuse_unstored_runs(place, None, chosen)
        return BundleSummary(0, 0, 0, tuple(write_bundle(path, BundleContents(), _reader(place))))
    try:
        refuse_unstored_runs(place, store, chosen)
        tree = store.tree() if with_tree else None
        if with_tree and tree is None:
            raise ConfigError("this store has no tree yet: it gets one with the next run or decision that is kept")
        summaries = runs_to_carry(place, store, use_cases, chosen)
        decisions = [one for one in _decisions(place, store) if chosen is None or _about(one, chosen)]
        digests = {run.requirements_digest for run in summaries} | {one.requirements_digest for one in decisions}
        verdicts = store.verdicts() if chosen is None else []
        runs = _whole(store, summaries)
        _refuse_damage(place, use_cases, summaries, decisions, verdicts)
        snapshots = _snapshots(store, digests)
        envelopes = store.envelopes([*(run.id for run in summaries), *(one.id for one in decisions)])
        held = ReportInputs(_whole(store, summaries), decisions, snapshots, verdicts, envelopes)
        contents = BundleContents(
            runs=runs,
            decisions=decisions,
            snapshots=snapshots,
            verdicts=verdicts,
            envelopes=store.envelopes,
            origin=BundleOrigin.from_tree(tree) if tree is not None else None,
            report=derive_report(held, ReportScope(register, chosen, os.environ.get("READINESS_RELEASE") or None)),
        )
        missing = write_bundle(path, contents, _reader(place))
        return BundleSummary(len(summaries), len(decisions), len(verdicts), tuple(missing))
    finally:
        store.close()


def bundle_session(place: Project, run: Run | None, path: Path) -> BundleSummary:
    """Write the run of a session into a file, also where the store could not take it; None: a bundle of nothing.

    Raises:
        IntegrityError: an artifact is not what was recorded.
        StorageError: the file cannot be written.
    """
    runs = [run] if run is not None else []
    snapshots = [place.requirements for run in runs if run.requirements_digest == place.requirements.digest]
    signed = [envelope for run in runs for envelope in statements_of(place, run)]
    missing = write_bundle(path, BundleContents(runs, (), snapshots, envelopes=lambda _: signed), _reader(place))
    return BundleSummary(len(runs), 0, 0, tuple(missing))


def write_script(path: Path) -> None:
    """Write the script that verifies bundles with Python's standard library alone.

    Raises:
        ConfigError, StorageError: it cannot be written.
    """
    from importlib.resources import files  # read only where the script is asked for

    from ..store import bundle

    try:
        path.write_bytes(files(bundle).joinpath("verify_bundle.py").read_bytes())
    except OSError as error:
        raise write_error(path, "the script", error) from error


@dataclass(frozen=True, slots=True)
class MergeResult:
    """What came of one bundle."""

    path: Path
    merged: MergedRecords | None = None
    """None: nothing of it was taken in."""
    problem: str = ""
    """Why not."""
    exit_code: int = 0
    """What that means for the exit code of the command."""
    other_registers: tuple[str, ...] = ()
    """Registers of its runs and decisions, other than this one."""
    runs: tuple[str, ...] = ()
    """Ids of its runs, new or not."""
    report_note: str = ""
    """Why its report was not compared with what follows from its contents; empty: it was, or there is none."""
    self_declared: int = 0
    """How many of its decisions say more of who decided than is believed of them: nobody who is trusted signed them."""


def merge_bundles(place: Project, paths: Sequence[Path]) -> list[MergeResult]:
    """Take bundles into the store, each whole or not at all; one that is refused does not keep others out.

    Raises:
        StorageError: the store cannot be opened.
    """
    limit = place.settings.artifact_limit
    taken: list[MergeResult] = []
    store: Store | None = None
    try:
        for path in paths:
            try:
                with open_bundle(path, limit) as found:
                    _refuse_broken(found, place)
                    doubt = _check_report(found)
                    store = store or writable_store(place)
                    registers = {run.register for run in found.runs} | {one.register for one in found.decisions}
                    elsewhere = tuple(sorted(registers - {place.catalogue.register}))
                    runs = tuple(run.id for run in found.runs)
                    merged = merge_one(found, store, place.artifacts)
                    declared = _declared(found, place, merged.decisions)
                    taken.append(
                        MergeResult(
                            path,
                            merged,
                            other_registers=elsewhere,
                            runs=runs,
                            self_declared=declared,
                            report_note=doubt,
                        )
                    )
            except ReadinessError as error:
                taken.append(MergeResult(path, problem=str(error), exit_code=error.exit_code))
    finally:
        if store is not None:
            store.close()
    return taken


def _refuse_broken(found: Bundle, place: Project) -> None:
    """Refuse a signature that says it is by a trusted key, and does not fit: kept, no store would be intact again."""
    trust, by = TrustStore.from_policy(place.policy), {one.id: one.by for one in found.decisions}
    for doubt in trust.distrust_reasons(found.envelopes, by) if not trust.unchecked else ():
        if doubt.broken:
            raise IntegrityError(f"{place_of(found.path)}: {doubt.problem}")


def _check_report(found: Bundle) -> str:
    if not found.report:
        return ""
    held = ReportInputs(found.runs, found.decisions, found.snapshots, found.verdicts, found.envelopes)
    try:
        return refuse_other_report(found.report, held)
    except IntegrityError as error:
        raise IntegrityError(f"{place_of(found.path)}: {error}") from None


def _declared(found: Bundle, place: Project, new: Collection[str]) -> int:
    """Return of how many decisions that came new no trusted key says who made them, whatever they say of it."""
    trust = TrustStore.from_policy(place.policy)
    said = {one.id: one for one in found.decisions if one.id in new}
    about = [one for one in found.envelopes if one.subject in said]
    return len(said.keys() - {one.subject for one in about if trust.is_by_decider(one, said[one.subject])})


def writable_store(place: Project) -> Store:
    """Return the open store, made where there is none yet, in a folder that git ignores.

    Raises:
        StorageError: it cannot be made or opened.
    """
    try:
        ignore_folder(place.settings.folder / HOME)
    except OSError as error:
        raise StorageError(f"{place.settings.folder / HOME}: cannot be made: {error.strerror}") from error
    store = place.store(create=True)
    assert store is not None  # noqa: S101 - for the type checker: it was to be made
    return store


def _reader(place: Project) -> Callable[[str], IO[bytes]]:
    return lambda sha256: regular_file(place.artifacts / sha256[:2] / sha256)


def _whole(store: Store, summaries: Iterable[RunSummary]) -> Iterator[Run]:
    return (run for summary in summaries if (run := store.run(summary.id)) is not None)


def _refuse_damage(
    place: Project,
    use_cases: Sequence[str],
    runs: Sequence[RunSummary],
    decisions: Sequence[Decision],
    verdicts: Sequence[str],
) -> None:
    """Refuse contents of which something that a judgement rests on is not what was recorded.

    Raises:
        StorageError, IntegrityError: what it rests on cannot be read, or is not what was recorded.
    """
    moments = [*(run.finished_at for run in runs), *(one.at for one in decisions)]
    moments += [StoredVerdict.parse(text).at for text in verdicts]
    if not moments:
        return
    report = evaluate_project(
        place, EvaluationRequest(tuple(use_cases), at=max(moments), on=place.policy.on, stored_only=True)
    )
    for problem in report.context.problems:
        raise IntegrityError(problem)


def _decisions(place: Project, store: Store) -> list[Decision]:
    """Return those that count and are in the store: decisions in a folder travel with the repository.

    Blockers and rejections in the store stand also where decisions live in a folder.
    """
    kept = store.decisions(place.catalogue.register)
    return kept if place.settings.decisions == "store" else [one for one in kept if makes_worse(one)]


def _about(decision: Decision, use_cases: Iterable[str]) -> bool:
    if isinstance(decision, Review | Blocker | Unblock):
        return decision.use_case in use_cases
    if isinstance(decision, Waiver):
        return decision.requirement.partition("/")[0] in use_cases
    return True


def _snapshots(store: Store, digests: Iterable[str]) -> list[Snapshot]:
    return [found for digest in sorted(digests) if digest and (found := store.snapshot(digest)) is not None]
