"""Life of a run, from its start to its storage, in a pytest session or in ``readiness record``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from stat import S_ISREG
from typing import Any

from msgspec import Struct

from ..errors import one_line
from ..facts.run import Run
from ..facts.subject import parse_subjects
from ..journal.run_log import RunLog
from ..journal.written_lines import ChangedJournalError
from ..recording.artifacts import ArtifactFolder
from ..recording.context import RunContext
from ..recording.provenance.run import config_git, read_provenance
from ..recording.provenance.tracker_snapshot import store_tracker
from ..redaction.fingerprint_key import load_key
from ..redaction.redactor import Redactor
from ..store.address import check_address
from .persist import keep_run
from .project import HOME, Project
from .session_options import OUTPUTS


class PendingRun(Struct, frozen=True):
    """A run that is ready to record. Nothing is written before the first evidence."""

    project: Project
    context: RunContext
    key: bytes
    redactor: Redactor
    artifacts: ArtifactFolder
    log: RunLog


def open_run(
    project: Project,
    options: Mapping[str, str],
    root: Path,
    argv: Sequence[str],
    more: Mapping[str, Any] | None = None,
    *,
    examined: bool = False,
    written: Sequence[str] = (),
) -> PendingRun:
    """Return a run that is ready to record.

    Args:
        project: the project that stores the run.
        options: the values of options or their environment variables: ``environment``, ``provider-mode``, ``tenant``,
            ``project``, ``release``, ``actor``, ``subject``.
        root: a folder of the git repository with the commit.
        argv: the command line.
        more: further keys of the run's first line; values of None are left out.
        examined: whether a person reports a result, and nothing is executed.
        written: files and folders that others write, in addition to those of this tool.

    Raises:
        ClaimError: the environment or the provider mode does not exist.
        ConfigError: the store's address or a subject is invalid.
    """
    context = _context(project, options)
    check_address(project.settings.store, project.settings.folder)
    key = load_key(project.settings.folder / HOME)
    redactor = Redactor(key, find_plugins=project.plugins.redactors)
    redactor.is_public = project.catalogue.declares
    artifacts = ArtifactFolder(project.artifacts, project.settings.artifact_limit)

    subjects = parse_subjects(text, "--subject") if (text := options.get("subject")) else None
    more = {**(more or {}), "subjects": subjects}
    own_files = [*written, *_own_files(project, options)]  # early: a test may change the current folder

    def head() -> dict[str, Any]:
        plain = dict(redactor.plain(_head(options, context, root, argv, more, examined=examined, written=own_files)))
        if (config_commit := config_git(project.settings.folder, root)) is not None:
            plain["config_git"] = config_commit
        return plain | store_tracker(project.settings.tracker, project.settings.folder, artifacts, redactor)

    log = RunLog(
        folder=project.journals,
        head=head,
        register=project.catalogue.register,
        requirements=project.requirements,
        key=key,
    )
    return PendingRun(project, context, key, redactor, artifacts, log)


def _own_files(project: Project, options: Mapping[str, str]) -> list[str]:
    """Return the files that this tool writes: the store, SQLite's files, journals, artifacts and requested outputs."""
    store, outputs = str(project.store_file), [options[name] for name in OUTPUTS if options.get(name)]
    names = [store, f"{store}-*", str(project.settings.folder / HOME), str(project.artifacts), *outputs]
    return [str(Path(name).absolute()) for name in names]


_OVERWRITTEN = (
    "it contained a secret that was registered late, and could not be rewritten: the lines with it are overwritten, "
    "and the run is not stored; free disk space, delete the file, and run the tests again"
)


def close_run(project: Project, log: RunLog, exit_status: int, *, whole: bool = False) -> tuple[Run | None, list[str]]:
    """Seal a run and store it; return the run, or None if nothing was recorded, and problems, a line each.

    ``whole``: keep its lines in memory, for use after the journal is deleted.
    """
    problems: list[str] = []
    if log.failure is not None:
        problems.append(f"evidence could not be recorded: {one_line(str(log.failure), 600)}")
    if log.is_overwritten and log.writer is not None:
        log.writer.close()
        return None, [*problems, f"{log.writer.path}: {_OVERWRITTEN}"]
    try:
        sealed = log.seal(exit_status)
        if sealed is not None and log.writer is not None:
            sealed = Run(tuple(sealed.lines)) if whole else sealed
            problems += keep_run(project, sealed, log.writer)
            problems += _changed_artifacts(project, sealed, log.artifacts)
    except ChangedJournalError as error:
        if log.writer is not None:
            log.writer.close()
        return None, [*problems, str(error)]
    return sealed, problems


def _changed_artifacts(project: Project, sealed: Run, attached: Mapping[str, int]) -> Iterator[str]:
    """Yield a message if an artifact of the run, or its tracker, was changed, which a test may have done."""
    folder, sizes, tracker = ArtifactFolder(project.artifacts, 0), dict(attached), sealed.head.get("tracker", {})
    if "sha256" in tracker:
        sizes[tracker["sha256"]] = tracker["size"]
    changed = sorted(folder.path(digest) for digest, size in sizes.items() if _size(folder.path(digest)) != size)
    if changed:
        more = f", and {len(changed) - 1} more of this run" if changed[1:] else ""
        yield f"{changed[0]}: the artifact is missing or changed{more}: tests must not change this folder"


def _size(path: Path) -> int | None:
    """Return the size of a regular file in bytes; None if there is none of that name."""
    try:
        status = path.lstat()
    except OSError:
        return None
    return status.st_size if S_ISREG(status.st_mode) else None


def plugin_problem(redactor: Redactor) -> list[str]:
    """Return a message about plugins that cannot be loaded, if a text needed redaction."""
    effect = "they may have redactors, so that all texts to redact were replaced"
    return [f"{redactor.plugins.load_failure}: {effect}"] if redactor.plugins.load_failure is not None else []


def redaction_problem(redactor: Redactor) -> list[str]:
    """Return a message about a plugin's redactor that failed. Later calls do not repeat it."""
    failure, redactor.plugins.failure = redactor.plugins.failure, None
    message = f"a redactor of a plugin failed, and each text on which it failed was replaced: {failure}"
    return [message] if failure is not None else []


def _context(project: Project, options: Mapping[str, str]) -> RunContext:
    environment, mode = options.get("environment"), options.get("provider-mode")
    if environment is not None:
        project.catalogue.check_environment(environment)
    if mode is not None:
        project.catalogue.check_provider_mode(mode)
    defaults = project.settings.context
    return RunContext(
        environment=environment,
        provider_mode=mode,
        tenant_id=options.get("tenant") or defaults.tenant_id,
        project_id=options.get("project") or defaults.project_id,
        usual_provider_mode=defaults.provider_mode,
    )


def _head(
    options: Mapping[str, str],
    context: RunContext,
    root: Path,
    argv: Sequence[str],
    more: Mapping[str, Any],
    *,
    examined: bool,
    written: Sequence[str],
) -> dict[str, Any]:
    """Return the plain data of the run's first line."""
    from ..store.sqlite.schema import (
        SQLITE,  # late: only recording needs the store
    )

    versions = {name: _version(name) for name in ("pytest", "pytest-readiness")} | {"sqlite": SQLITE}
    head = read_provenance(root, argv, options.get("actor"), versions, examined=examined, written=written)
    head["context"] = {name: value for name, value in context.to_plain().items() if isinstance(value, str)}
    if release := options.get("release"):
        head["release"] = release
    return head | {name: value for name, value in more.items() if value is not None}


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:  # run from a source tree
        return "unknown"
