"""A run from its opening to its keeping, whoever records it: a pytest session or ``readiness record``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from stat import S_ISREG
from typing import Any

from ..errors import one_line
from ..facts.run import Run
from ..frozen import dataclass
from ..journal.artifact import ArtifactFolder
from ..journal.context import Context
from ..journal.key import load_key
from ..journal.provenance import config_git, provenance
from ..journal.redaction import Redactor
from ..journal.run_log import RunLog
from ..journal.tracker import kept_tracker
from ..journal.written import ChangedJournalError
from ..store.address import check_address
from .keeping import keep
from .place import HOME, Place


@dataclass(frozen=True)
class Opening:
    """Ready to record; nothing is written before the first piece of evidence begins."""

    place: Place
    context: Context
    key: bytes
    redactor: Redactor
    artifacts: ArtifactFolder
    log: RunLog


def open_run(
    place: Place,
    said: Mapping[str, str],
    root: Path,
    argv: Sequence[str],
    more: Mapping[str, Any] | None = None,
    *,
    examined: bool = False,
    written: Sequence[str] = (),
) -> Opening:
    """Return what a run needs to record.

    Args:
        place: Where it is kept.
        said: What the options say of it, or their environment variables: ``environment``, ``provider-mode``,
            ``tenant``, ``project``, ``release``, ``actor``.
        root: The folder whose git is asked for the commit.
        argv: What was called.
        more: What its first line says besides, unless it is None.
        written: Files and folders that are written beside ours.
        examined: A person tells what they saw, and nothing is run.

    Raises:
        ClaimError: the environment or the provider mode does not exist.
        ConfigError: the store's address cannot be used.
    """
    context = _context(place, said)
    check_address(place.settings.store, place.settings.folder)
    key = load_key(place.settings.folder / HOME)
    redactor = Redactor(key, own=place.plugins.redactors)
    redactor.is_public = place.catalogue.declares
    artifacts = ArtifactFolder(place.artifacts, place.settings.artifact_limit)

    own = [*written, *_own_files(place, said)]  # now: a test may go to another folder

    def head() -> dict[str, Any]:
        told = dict(redactor.plain(_head(said, context, root, argv, more or {}, examined=examined, written=own)))
        if (beside := config_git(place.settings.folder, root)) is not None:
            told["config_git"] = beside
        return told | kept_tracker(place.settings.tracker, place.settings.folder, artifacts, redactor)

    log = RunLog(
        folder=place.journals,
        head=head,
        register=place.catalogue.register,
        requirements=place.requirements,
        key=key,
    )
    return Opening(place, context, key, redactor, artifacts, log)


def _own_files(place: Place, said: Mapping[str, str]) -> list[str]:
    """Return what we write: the store with what SQLite puts beside it, journals, artifacts and what options ask for."""
    store, asked = str(place.store_file), [said[name] for name in ("json", "bundle") if said.get(name)]
    names = [store, f"{store}-*", str(place.settings.folder / HOME), str(place.artifacts), *asked]
    return [str(Path(name).absolute()) for name in names]


_BLOTTED = (
    "a secret that became known late stood in it, and it could not be written anew: those lines are overwritten, "
    "and the run is not kept; make room, delete the file, and run the tests again"
)


def close_run(place: Place, log: RunLog, exit_status: int, *, whole: bool = False) -> tuple[Run | None, list[str]]:
    """Seal a run and take it into the store; return it (None: nothing was recorded), and what went wrong.

    ``whole``: with its lines in memory, for whoever has a use for them after the journal is gone.
    """
    problems: list[str] = []
    if log.failure is not None:
        problems.append(f"evidence could not be recorded: {one_line(str(log.failure), 600)}")
    if log.is_blotted and log.writer is not None:
        log.writer.close()
        return None, [*problems, f"{log.writer.path}: {_BLOTTED}"]
    try:
        sealed = log.seal(exit_status)
        if sealed is not None and log.writer is not None:
            sealed = Run(tuple(sealed.lines)) if whole else sealed
            problems += keep(place, sealed, log.writer)
            problems += _gone(place, sealed, log.artifacts)
    except ChangedJournalError as error:
        if log.writer is not None:
            log.writer.close()
        return None, [*problems, str(error)]
    return sealed, problems


def _gone(place: Place, sealed: Run, attached: Mapping[str, int]) -> Iterator[str]:
    """Yield a line where artifacts of the run, or its tracker, are not as they were kept: a test may do that."""
    folder, sizes, tracker = ArtifactFolder(place.artifacts, 0), dict(attached), sealed.head.get("tracker", {})
    if "sha256" in tracker:
        sizes[tracker["sha256"]] = tracker["size"]
    wrong = sorted(folder.path(one) for one, size in sizes.items() if _size(folder.path(one)) != size)
    if wrong:
        more = f", and {len(wrong) - 1} more of this run" if wrong[1:] else ""
        yield f"{wrong[0]}: the artifact is gone or changed{more}: no test may touch what is kept in this folder"


def _size(path: Path) -> int | None:
    """Return the size of a regular file in bytes; None: there is none of that name."""
    try:
        found = path.lstat()
    except OSError:
        return None
    return found.st_size if S_ISREG(found.st_mode) else None


def plugins_trouble(redactor: Redactor) -> list[str]:
    """Return a line about plugins that cannot be loaded, where a text was to be redacted."""
    told = "nobody knows what they would redact, and each text that they would be asked about was replaced"
    return [f"{redactor.own.unloaded}: {told}"] if redactor.own.unloaded is not None else []


def redaction_trouble(redactor: Redactor) -> list[str]:
    """Return a line about a plugin's redactor that failed, once."""
    trouble, redactor.own.trouble = redactor.own.trouble, None
    told = f"a redactor of a plugin failed, and each text that it failed over was replaced: {trouble}"
    return [told] if trouble is not None else []


def _context(place: Place, said: Mapping[str, str]) -> Context:
    environment, mode = said.get("environment"), said.get("provider-mode")
    if environment is not None:
        place.catalogue.check_environment(environment)
    if mode is not None:
        place.catalogue.check_provider_mode(mode)
    usual = place.settings.context
    return Context(
        environment=environment,
        provider_mode=mode,
        tenant_id=said.get("tenant") or usual.tenant_id,
        project_id=said.get("project") or usual.project_id,
        usual_provider_mode=usual.provider_mode,
    )


def _head(
    said: Mapping[str, str],
    context: Context,
    root: Path,
    argv: Sequence[str],
    more: Mapping[str, Any],
    *,
    examined: bool,
    written: Sequence[str],
) -> dict[str, Any]:
    """What the first line of the run says."""
    from ..store.schema import SQLITE  # late: only who records loads the store, and every such session keeps its run

    versions = {name: _version(name) for name in ("pytest", "pytest-readiness")} | {"sqlite": SQLITE}
    head = provenance(root, argv, said.get("actor"), versions, examined=examined, written=written)
    head["context"] = {name: value for name, value in context.to_plain().items() if isinstance(value, str)}
    if release := said.get("release"):
        head["release"] = release
    return head | {name: value for name, value in more.items() if value is not None}


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:  # run from a source tree
        return "unknown"
