"""A pytest session's way through the pipeline: prepare to record, close the run, say what came of it."""

from __future__ import annotations

import gc
import os
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pluggy import PluginManager

from ..claims.catalogue import Catalogue
from ..errors import ConfigError, ReadinessError, count, one_line
from ..facts.run import Run
from ..facts.run_conditions import conditions_of
from ..fast_values import dataclass, field
from ..recording.artifacts import ArtifactFolder
from ..recording.context import RunContext
from ..recording.evidence_recorder import SessionServices, new_nonce
from ..recording.nested_sessions import LiveSession, enclosing_journal
from ..recording.observer import Observer, WorkerObserver
from ..recording.provenance.invocation import describe_selection
from ..recording.report_writer import ControllerReportWriter, LocalReportWriter, ReportWriter
from ..recording.test_ids import NodeIds
from ..redaction.redactor import Redactor
from ..third_party import describe_exception, is_failure
from .extensions import Plugins, kinds_if_requested, load_named
from .project import Project, find_project, select_use_cases
from .run_lifecycle import close_run, open_run, plugin_problem, redaction_problem
from .selection import SelectedTests, missing_only

if TYPE_CHECKING:  # judging and telling are heavy: loaded where a session is asked for them
    from ..views.line_writer import Line
    from ..views.report import Report

NOT_ELIGIBLE = 11
"""Exit code of a session whose gate is closed: 10 + the command's."""
NOT_KEPT = 13
"""Exit code of a session whose evidence could not be kept or is not intact."""
_RUN_GROUP = re.compile(r"(?P<id>.*\S.*):(?P<part>[0-9]{1,9})/(?P<parts>[0-9]{1,9})", re.ASCII | re.DOTALL)
_CUT_SHORT = frozenset({2, 3, 4})
"""pytest's exit codes of a session that did not get to its tests or through them: it is no part that arrives."""


@dataclass(frozen=True, slots=True)
class SessionOptions:
    """What the options, or their environment variables, say."""

    values: Mapping[str, str]
    """By the option's name without its prefix, such as ``gate-on``; only those that were given."""
    patterns: tuple[str, ...] = ()
    report: bool = False
    gate: bool = False
    plan: bool = False
    missing: bool = False

    @property
    def any(self) -> bool:
        """Whether anything is asked for."""
        return bool(self.values or self.patterns or self.report or self.gate or self.plan or self.missing)

    def get(self, name: str) -> str | None:
        """Return a value, or None."""
        return self.values.get(name)


@dataclass(frozen=True)
class PreparedSession:
    """Ready to record; nothing is written yet."""

    project: Project
    report_writer: ReportWriter
    observer: Observer | None
    """None where xdist runs the tests in other processes."""
    selection: SelectedTests
    live_session: LiveSession
    """How a session within this one is told of it."""
    enclosing_journal: str | None = None
    """The journal of a living session around this one, which writes where this one would: it records nothing."""
    is_group_part: bool = False
    """It is a part of a run group, which is kept even where no evidence test runs in it."""


def prepare_session(  # noqa: PLR0913 - everything that pytest says of a session
    root: Path,
    options: SessionOptions,
    argv: Sequence[str],
    hooks: PluginManager,
    *,
    distributes: bool,
    called: Mapping[str, Any] | None = None,
    dry: bool = False,
    written: Sequence[str] = (),
) -> PreparedSession | None:
    """Return what a session needs to record, or None where there is neither a config nor an option.

    ``hooks``: pytest's own plugins, which may bring proof kinds too. ``called``: as ``recording.provenance.invocation``
    tells it. ``written``: what pytest and other plugins write. ``dry``: the session runs no test, and records nothing.

    Raises:
        ReadinessError: the config, the tracker or an option cannot be used.
    """
    config, store, artifacts = options.get("config"), options.get("store"), options.get("artifacts")
    place = find_project(
        root, config=config, store=store, artifacts=artifacts, hooks=(hooks,), kinds=kinds_if_requested
    )
    if not place.configured and not options.any:
        return None
    group = _group(options.get("run-group"))
    _check_paths(place, options)
    _check_checkpoints(options)
    selection, nonce, arrives = _selection(place, options), new_nonce(), group is not None
    conduct = describe_selection(called or {}, options.patterns, missing=options.missing)
    more = {"group": group, "nonce": nonce, "conduct": conduct or None}
    opening = open_run(place, options.values, root, argv, more, written=written)
    journals, store = place.journals.resolve(), str(place.store_file.resolve())
    within = enclosing_journal(journals, store)
    opening.log.dry = dry = dry or within is not None
    living = LiveSession(str(journals / opening.log.path.name), store, os.getpid())
    for_workers = {
        "catalogue": place.catalogue.to_plain(),
        "context": opening.context.to_plain(),
        "key": opening.key.hex(),
        "living": list(living),
        "artifacts": None if dry else str(place.artifacts),
        "artifact_limit": place.settings.artifact_limit,
        "nonce": nonce,
        "plugins": list(place.settings.plugins),
        "plugins_at": place.plugins.named_at,
        "folder": str(place.settings.folder),
        "prefix": f"{way}/" if (way := place.path_to(root)) else "",
        "selection": selection.to_plain(),
    }
    log, redactor = opening.log, opening.redactor
    if distributes:
        return PreparedSession(
            place, ControllerReportWriter(log, redactor, for_workers), None, selection, living, within, arrives
        )
    observer = observer_of(for_workers, hooks, redactor=redactor)
    keeper = LocalReportWriter(log, redactor, for_workers, observer)
    keeper.hooks = observer.hooks
    return PreparedSession(place, keeper, observer, selection, living, within, arrives)


def _selection(place: Project, options: SessionOptions) -> SelectedTests:
    """What is missing is judged once, before anything is recorded: each xdist worker must select the same tests."""
    if options.missing:
        return missing_only(place, options.patterns, options.get("release"))
    select_use_cases(place.catalogue, options.patterns)
    return SelectedTests(options.patterns)


def selection_of(given: Mapping[str, Any]) -> SelectedTests:
    """Return the selection that plain data describes, in a worker."""
    return SelectedTests.from_plain(given["selection"])


def observer_of(given: Mapping[str, Any], hooks: PluginManager, *, redactor: Redactor | None = None) -> Observer:
    """Return the observer that plain data describes; without a redactor it is a worker's."""

    @cache
    def plugins() -> Plugins:
        return load_named(given["plugins"], Path(given["folder"]), given["plugins_at"], [hooks])

    make, artifacts = Observer if redactor else WorkerObserver, given["artifacts"]
    redactor = redactor or Redactor(bytes.fromhex(given["key"]), find_plugins=lambda: plugins().redactors())
    observer = make(
        Catalogue.from_plain(given["catalogue"]),
        RunContext.from_plain(given["context"]),
        redactor,
        ArtifactFolder(None if artifacts is None else Path(artifacts), given["artifact_limit"]),
        names=NodeIds(given, redactor),
        services=SessionServices(given["nonce"], lambda: plugins().kinds, lambda: plugins().simulations()),
    )
    observer.hooks = hooks
    return observer


def _group(given: str | None) -> dict[str, Any] | None:
    """``ID:K/N``; the id may itself contain colons."""
    if given is None:
        return None
    found = _RUN_GROUP.fullmatch(given)
    told = f"--readiness-run-group takes ID:K/N, such as nightly:2/4, not '{one_line(given)}'"
    if found is None:
        raise ConfigError(f"{told}: K says which of the N parts this session is")
    part, parts = int(found["part"]), int(found["parts"])
    if not 1 <= part <= parts:
        raise ConfigError(f"{told}: K is a number from 1 to N")
    return {"id": found["id"], "part": part, "parts": parts}


def _check_paths(place: Project, options: SessionOptions) -> None:
    """A report that cannot be written is a mistake that can be known before a test runs."""
    if (on := options.get("gate-on")) not in (None, "review", "evidence"):
        raise ConfigError(f"--readiness-gate-on is review or evidence, not '{one_line(str(on))}'")
    if named := {name: Path(path) for name in ("json", "bundle") if (path := options.get(name)) is not None}:
        from .output_files import check_targets  # only where something is to be written

        check_targets(place, named)


def _check_checkpoints(options: SessionOptions) -> None:
    """Nor is one that cannot be read found out only when the tests have run."""
    if "READINESS_CHECKPOINT" in os.environ and (options.report or options.gate or options.get("json")):
        from .checkpoints import requested_checkpoints  # brings what judges

        requested_checkpoints()


@dataclass
class SessionOutcome:
    """What came of a session."""

    run_id: str | None = None
    recorded: int = 0
    uncollected: str | None = None
    """What could not be collected, so that its tests did not run."""
    report: Report | None = None
    problems: list[str] = field(default_factory=list)
    """What went wrong, a line each."""
    notes: list[str] = field(default_factory=list)
    """What whoever runs should know, a line each; the evidence is kept."""
    exit_code: int = 0
    """For a session that pytest itself would end with 0."""


def close_session(prepared: PreparedSession, options: SessionOptions, exit_status: int) -> SessionOutcome:
    """Seal the run, keep it, judge, and write what is asked for. Nothing is raised: it is told."""
    outcome = SessionOutcome()
    with _uncollected():
        _close(prepared, options, exit_status, outcome)
        prepared.report_writer.log.release()
    if prepared.enclosing_journal is not None:
        around = f"this session runs inside a test of another session, which writes {prepared.enclosing_journal}"
        outcome.notes.append(f"nothing is recorded: {around}")
        outcome.exit_code = NOT_KEPT if options.gate else 0
    elif outcome.problems:
        outcome.exit_code = NOT_KEPT
    elif options.gate and not (outcome.report and outcome.report.verdict.eligible):
        outcome.exit_code = NOT_ELIGIBLE
    return outcome


@contextmanager
def _uncollected() -> Iterator[None]:
    """Run the block without garbage collection: it makes many values and no cycles, in a process full of others."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _close(prepared: PreparedSession, options: SessionOptions, exit_status: int, outcome: SessionOutcome) -> None:
    try:
        sealed = _keep(prepared, outcome, exit_status, whole=bool(options.get("bundle")))
        if path := options.get("bundle"):
            _bundle(prepared.project, sealed, Path(path), outcome)
        if options.gate and (trouble := prepared.project.plugin_problem) and not outcome.problems:
            outcome.problems.append(trouble)  # as ``readiness gate`` does, also where no test asked for the plugin
        if options.report or options.gate or options.get("json"):
            _judge(prepared.project, options, outcome)
    except (ReadinessError, OSError) as error:
        outcome.problems.append(str(error))
    except BaseException as error:  # a defect of ours must close the gate, not hide the tests' results
        if not is_failure(error):
            raise
        outcome.problems.append(f"a defect in pytest-readiness: {describe_exception(error)}")


def _keep(prepared: PreparedSession, outcome: SessionOutcome, exit_status: int, *, whole: bool) -> Run | None:
    keeper = prepared.report_writer
    keeper.settle()
    if keeper.log.uncollected or keeper.log.unread_marks or (prepared.is_group_part and exit_status not in _CUT_SHORT):
        keeper.log.arrive()
    sealed, problems = close_run(prepared.project, keeper.log, exit_status, whole=whole)
    outcome.problems += [*problems, *plugin_problem(keeper.redactor)]
    outcome.notes += [*redaction_problem(keeper.redactor), *keeper.notes()]
    if sealed is not None:
        outcome.run_id, outcome.recorded = sealed.id, keeper.log.recorded
        outcome.uncollected = conditions_of(sealed.head, sealed.seal.body if sealed.seal else None).unrecorded_remark
    return sealed


def _bundle(place: Project, sealed: Run | None, path: Path, outcome: SessionOutcome) -> None:
    """Also where the store could not take the run: then this is how it gets there."""
    from .bundles import bundle_session  # brings the archives of the standard library, which few sessions need

    try:
        missing = bundle_session(place, sealed, path).missing
    except ReadinessError as error:
        outcome.problems.append(str(error))
    else:
        outcome.problems += [f"{path}: the artifact {sha256} is not in it: it is gone" for sha256 in missing]


def _judge(place: Project, options: SessionOptions, outcome: SessionOutcome) -> None:
    from ..views.document import to_json
    from ..views.report import ReportedSession
    from .evaluate_project import EvaluationRequest, evaluate_project, write_report

    session = ReportedSession(outcome.run_id, outcome.recorded) if outcome.run_id else None
    request = EvaluationRequest(
        options.patterns,
        on=options.get("gate-on"),
        session=session,
        problems=tuple(outcome.problems),
        release=options.get("release"),
        to_sign=bool(options.get("json")),
    )
    outcome.report = evaluate_project(place, request)
    outcome.problems += [text for text in outcome.report.context.problems if text not in outcome.problems]
    if path := options.get("json"):
        write_report(Path(path), to_json(outcome.report))


def summary_lines(
    outcome: SessionOutcome, options: SessionOptions, place: Project, *, width: int, verbosity: int
) -> list[Line]:
    """Return the lines for the end of the session; none where nothing was recorded and nothing is asked for."""
    unicode = prints_unicode()
    lines: list[Line] = []
    if outcome.report is not None and (options.report or options.gate):
        from ..views.gate import render_failed, render_verdict
        from ..views.terminal import render_report

        if options.report or verbosity < 0:
            lines += render_report(outcome.report, width, verbosity=verbosity, unicode=unicode)
        if verbosity < 0:
            lines += _problem_lines(outcome)
            lines += render_failed(outcome.report, width, unicode=unicode) if options.gate else []
        elif options.gate:
            lines += [(), *render_verdict(outcome.report, width, unicode=unicode)] if lines else []
            lines = lines or render_verdict(outcome.report, width, unicode=unicode)
        return lines if verbosity < 0 else lines + _note_lines(outcome)
    if outcome.run_id is not None:
        lines.append(((f"{count(outcome.recorded, 'piece')} of evidence recorded as run {outcome.run_id}", ""),))
        lines += [((outcome.uncollected, "warn"),)] if outcome.uncollected else []
    lines += _problem_lines(outcome)
    if lines and not place.configured:
        from ..views.sanitise import sanitise

        told = f"no config in {place.settings.folder} or above"
        lines.append(((sanitise(f"{told}: run 'readiness init', or name one: --readiness-config=PATH", 600), "warn"),))
    return lines


def _problem_lines(outcome: SessionOutcome) -> list[Line]:
    from ..views.sanitise import sanitise

    return [*(((sanitise(problem, 2000), "bad"),) for problem in outcome.problems), *_note_lines(outcome)]


def _note_lines(outcome: SessionOutcome) -> list[Line]:
    from ..views.sanitise import sanitise

    return [((sanitise(note, 600), "warn"),) for note in outcome.notes]


def prints_unicode() -> bool:
    """Return whether what pytest prints to can show the signs of the matrix."""
    encoding = getattr(sys.__stdout__, "encoding", None) or "ascii"
    try:
        "✓·✗–…".encode(encoding)  # noqa: RUF001 - the signs of the matrix
    except (UnicodeEncodeError, LookupError):
        return False
    return True
