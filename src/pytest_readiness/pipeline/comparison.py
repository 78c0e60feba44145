"""Comparison of two evaluations, each named by a report, a bundle, a run, a time or a git revision."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

from msgspec import Struct

from ..errors import ConfigError, first_names, location, one_line
from ..facts.timestamps import parse_timestamp, timestamp
from ..git_environ import git_environ
from ..regular_files import read_regular
from ..store.bundle.archive import SIZE_LIMIT
from ..store.bundle.reading import Bundle, open_bundle
from ..verdict.changes import changes_between
from ..verdict.snapshots import EvaluationSnapshot
from ..views.difference import ComparedSide, Difference
from .damage import refuse_damage
from .derived_report import DerivedFiles, ReportInputs, ReportScope, derive_files, refuse_other_files
from .evaluate_project import EvaluationRequest, evaluate_project
from .project import Project

NOW = "now"
_ARCHIVE = b"PK"
"""First bytes of a bundle: a ZIP archive."""
_RUN_ID = re.compile(r"[0-9]{8}T[0-9]{6}Z-[0-9a-f]{8,32}")
_GIT_SECONDS = 60.0
_MOST_NAMED = 5


class _Side(Struct, frozen=True):
    """One side, and what it is compared by."""

    side: ComparedSide
    snapshot: EvaluationSnapshot


def compare(old: str, new: str, find_project: Callable[[], Project]) -> Difference:
    """Return what differs between two evaluations.

    Args:
        old: the earlier one: path of a JSON report or a bundle, id of a run, a time (UTC), ``now``, or a git revision.
        new: the later one.
        find_project: returns the project. Called only if a name is no file, so that files are compared anywhere.

    Raises:
        ConfigError: a name is none of these, a file cannot be read, they are of different registers, or a name is no
            file and there is no store.
        IntegrityError: a bundle is not what was exported, or the evidence behind an answer is not intact.
        StorageError: the store cannot be read.
    """
    before, after = (_resolve(name, find_project) for name in (old, new))
    if before.snapshot.register != after.snapshot.register:
        names = " and ".join(f"'{one_line(side.snapshot.register, 60)}'" for side in (before, after))
        raise ConfigError(f"these are of different registers, {names}, and cannot be compared")
    changes = changes_between(before.snapshot, after.snapshot)
    used = {change.evidence for change in changes}
    tests = {id_: test for id_, test in after.snapshot.tests.items() if id_ in used}
    by_result = before.snapshot.by_result or after.snapshot.by_result
    limits = (*_limits(before, after.snapshot), *_limits(after, before.snapshot))
    return Difference(before.snapshot.register, before.side, after.side, changes, tests, by_result, limits)


def _limits(side: _Side, other: EvaluationSnapshot) -> Iterator[str]:
    """Yield the sentence that one side is limited to some use cases, if the other has more."""
    names = side.snapshot.scope
    if names is None or not any(map(side.snapshot.leaves_out, other.use_cases)):
        return
    verb, pronoun = ("is", "it") if len(names) == 1 else ("are", "them")
    what = first_names(names, _MOST_NAMED) if names else "no use case"
    yield f"only {what} {verb} compared: {side.side.kind} {side.side.name} is limited to {pronoun}"


def _resolve(name: str, find_project: Callable[[], Project]) -> _Side:
    path = Path(name)
    if _exists(path):
        return _of_file(path)
    if name == NOW:
        return _of_moment(_stored(find_project(), name), None, name, "now")
    if _RUN_ID.fullmatch(name):
        return _of_run(_stored(find_project(), name), name)
    try:
        moment = parse_timestamp(name).replace(tzinfo=None).isoformat(timespec="milliseconds")
    except (ValueError, OverflowError):
        return _of_revision(find_project(), name)
    return _of_moment(_stored(find_project(), name), f"{moment}Z", name, "time")


def _stored(project: Project, name: str) -> Project:
    """Return the project; without its store nothing was known at any moment, and all would differ.

    Raises:
        ConfigError: there is no store.
    """
    if missing := project.nothing_there:
        raise ConfigError(f"'{one_line(name, 120)}' is no file, so it is read from the store, but {missing}")
    return project


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):  # longer than a file's name may be
        return False


# -- files ---------------------------------------------------------------------------------------------------------


def _of_file(path: Path) -> _Side:
    """Return a JSON report, or the report of a bundle, whose contents are verified as an import does."""
    place = location(path)
    if path.is_dir():
        raise ConfigError(f"{place}: is a folder: name a JSON report, a bundle, a run, a time or a git revision")
    try:
        content = read_regular(path)
    except OSError as error:
        raise ConfigError(f"{place}: cannot be read: {error.strerror or error}") from None
    kind = "bundle" if content.startswith(_ARCHIVE) else "report"
    text = _bundle_report(path) if kind == "bundle" else content
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        problem = f"is neither a JSON report nor a bundle: {one_line(str(error), 120)}"
        raise ConfigError(f"{place}: {problem}") from None
    try:
        snapshot = EvaluationSnapshot.from_document(document)
    except ConfigError as error:
        raise ConfigError(f"{place}: {error}") from None
    return _side(str(path), kind, snapshot)


def _bundle_report(path: Path) -> str:
    """Return the report of a bundle; if it has none, as that of a session, the one that follows from its contents."""
    with open_bundle(path, SIZE_LIMIT) as bundle:
        inputs = ReportInputs(bundle.runs, bundle.decisions, bundle.snapshots, bundle.verdicts, bundle.envelopes)
        if bundle.report:
            refuse_other_files(DerivedFiles(bundle.report, bundle.readme, bundle.index), inputs)
            return bundle.report
        return derive_files(inputs, ReportScope(_register_of(bundle))).report


def _register_of(bundle: Bundle) -> str:
    registers = {run.register for run in bundle.runs} | {decision.register for decision in bundle.decisions}
    if len(registers) != 1:
        problem = "holds no run" if not registers else "has no report, and records of several registers"
        raise ConfigError(f"{location(bundle.path)}: this bundle {problem}, so it cannot be compared")
    return registers.pop()


# -- moments -------------------------------------------------------------------------------------------------------


def _of_moment(project: Project, at: str | None, name: str, kind: str) -> _Side:
    """Return what was known and required at a moment; None: now."""
    report = evaluate_project(project, EvaluationRequest(at=at, to_sign=False))
    refuse_damage(report.context.problems)
    return _side(name, kind, EvaluationSnapshot.from_readiness(report.readiness))


def _of_run(project: Project, run_id: str) -> _Side:
    """Return what was known when a run ended."""
    ended = _ends(project).get(run_id)
    if ended is None:
        raise ConfigError(f"{run_id}: there is no such run in register '{project.catalogue.register}'")
    return _of_moment(project, ended[0], run_id, "run")


def _of_revision(project: Project, name: str) -> _Side:
    """Return what was known after the last run from a commit without local changes, else at the commit's time."""
    answer = _git(project.settings.folder, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}")
    commit = answer.strip()
    if not commit:
        shown = one_line(name, 120)
        if name.startswith((".", "/")) or Path(name).suffix.lower() in (".json", ".zip"):
            raise ConfigError(f"{location(Path(name))}: cannot be read: No such file or directory")
        kinds = "a file (JSON report or bundle), a run, a time or a git revision"
        raise ConfigError(f"'{shown}' is none of these: {kinds}")
    ends = [end for end, of_commit, clean in _ends(_stored(project, name)).values() if of_commit == commit and clean]
    return _of_moment(project, max(ends, default="") or _commit_time(project, commit), name, "revision")


def _commit_time(project: Project, commit: str) -> str:
    """Return the end of the second in which a commit was made: git does not store more."""
    seconds = _git(project.settings.folder, "show", "--no-patch", "--format=%ct", commit).strip()
    if not seconds.isdecimal():
        raise ConfigError(f"git does not say when commit {commit[:12]} was made")
    return timestamp(int(seconds)).replace(".000Z", ".999Z")


def _ends(project: Project) -> dict[str, tuple[str, str | None, bool]]:
    """Return the end of each run of the register, its commit, and whether there were no local changes, by id."""
    store = project.store()
    try:
        sources = project.sources(store)
        ends = {run.id: (run.finished_at, run.commit, run.dirty is False) for run in sources.runs}
        for run in sources.journal_runs.values():
            if run.finished_at is not None:
                ends[run.id] = (run.finished_at, run.commit, run.dirty is False)
    finally:
        if store is not None:
            store.close()
    return ends


def _git(folder: Path, *arguments: str) -> str:
    """Return what git answers; empty if it is not installed, knows nothing, or the folder is in no repository."""
    try:
        done = subprocess.run(  # noqa: S603 - fixed arguments, and a revision that git reads as such
            ["git", "-C", str(folder), *arguments],  # noqa: S607 - the user's own git
            capture_output=True, timeout=_GIT_SECONDS, check=False, env=git_environ(literal=True),
        )  # fmt: skip
    except (OSError, ValueError, subprocess.SubprocessError):
        return ""
    return done.stdout.decode("utf-8", "replace") if done.returncode == 0 else ""


def _side(name: str, kind: str, snapshot: EvaluationSnapshot) -> _Side:
    return _Side(ComparedSide(name, kind, snapshot.at, snapshot.ready, len(snapshot.use_cases)), snapshot)
