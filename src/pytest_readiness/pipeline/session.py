"""A pytest session: prepare to record, close the run, evaluate and print the summary."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field
from msgspec.structs import replace
from pluggy import PluginManager

from ..claims.catalogue import Catalogue
from ..errors import ConfigError, IntegrityError, ReadinessError, one_line
from ..facts.run import Run
from ..facts.run_conditions import conditions_of
from ..recording.artifacts import ArtifactFolder
from ..recording.context import RunContext
from ..recording.evidence_recorder import SessionServices, new_nonce
from ..recording.nested_sessions import LiveSession, enclosing_journal
from ..recording.observer import Observer, WorkerObserver
from ..recording.provenance.invocation import describe_selection
from ..recording.report_writer import LocalReportWriter, ReportWriter
from ..recording.test_ids import NodeIds
from ..redaction.given_names import late_secret_notes, refuse_secrets
from ..redaction.redactor import Redactor
from ..third_party import describe_exception, is_failure
from .claim_rules import plain_rules, rules_from_plain
from .extensions import Plugins, kinds_if_requested, load_named
from .plugin_hooks import own_context
from .project import Project, find_project, select_use_cases
from .run_lifecycle import PendingRun, close_run, open_run, plugin_problem, redaction_problem
from .selection import SelectedTests, missing_only
from .session_options import PLAN_FORMATS, SessionOptions, names_given, parse_run_group, stated_subjects

if TYPE_CHECKING:  # slow to import: loaded if a session asks for a report or a gate
    from ..views.report import Report

NOT_ELIGIBLE = 11
"""Exit code of a session whose gate is closed: the command's exit code plus 10."""
NOT_STORED = 13
"""Exit code of a session whose evidence could not be stored or is not intact."""
_CUT_SHORT = frozenset({2, 3, 4})
"""Exit codes of pytest for a session that did not run all its tests. It does not count as a part of a run group."""


class PreparedSession(Struct, frozen=True):
    """A session that is ready to record; nothing is written yet."""

    project: Project
    report_writer: ReportWriter
    observer: Observer | None
    """The observer of tests; None if xdist runs the tests in other processes."""
    selection: SelectedTests
    live_session: LiveSession
    """Data with which a session in a test of this one recognizes this session."""
    enclosing_journal: str | None = None
    """The journal of a session around this one that writes to the same place, so that this one records nothing."""
    is_group_part: bool = False
    """Whether it is a part of a run group, which is stored even if no evidence test runs in it."""
    given_names: Mapping[str, str] = field(default_factory=dict)
    """The names given by options whose values are compared, by the option as messages show it."""
    context: Mapping[str, str] = field(default_factory=dict)
    """The context that plugins give, by option."""


def prepare_session(  # noqa: PLR0913 - all data that pytest has of a session
    root: Path,
    options: SessionOptions,
    argv: Sequence[str],
    hooks: PluginManager,
    *,
    distributes: bool,
    selection_options: Mapping[str, Any] | None = None,
    dry: bool = False,
    written: Sequence[str] = (),
    named: Mapping[str, str] = MappingProxyType({}),
) -> PreparedSession | None:
    """Return what a session needs to record, or None if there is neither a config nor an option.

    Args:
        root: the root folder of pytest.
        options: the options of the session.
        argv: the command line.
        hooks: pytest's own plugins, which may also have proof kinds.
        distributes: whether xdist runs the tests in other processes.
        selection_options: the options of pytest that select tests, from ``recording.provenance.invocation``.
        dry: whether the session runs no test, and records nothing.
        written: files that pytest and other plugins write.
        named: paths that options of pytest and other plugins name, and those options.

    Raises:
        ReadinessError: the config, the tracker or an option is invalid.
    """
    project = _find_project(root, options, hooks, dry=dry)
    if not project.configured and not options.any:
        return None
    context = _own_context(project, options, hooks)
    options = replace(options, values={**context, **options.values})
    group = parse_run_group(options.get("run-group"))
    given_names = names_given(options, group)  # before a run opens: a subject of another form is a usage error
    _check_paths(project, options, named)
    _check_checkpoints(options)
    _check_judged(project, options)
    selection, nonce = _selection(project, options), new_nonce()
    folder = project.settings.folder
    conditions = describe_selection(selection_options or {}, options.patterns, folder, missing=options.missing)
    more = {"group": group, "nonce": nonce, "conduct": conditions or None}
    pending = open_run(project, options.values, root, argv, more, written=written)
    if given_names:
        refuse_secrets(given_names, pending.redactor, project.declares)
    journals, store = project.journals.resolve(), str(project.store_file.resolve())
    enclosing = enclosing_journal(journals, store)
    pending.log.dry = dry = dry or enclosing is not None
    live_session = LiveSession(str(journals / pending.log.path.name), store, os.getpid())
    worker_input = _worker_input(pending, root, stores_artifacts=not dry) | {
        "living": list(live_session),
        "nonce": nonce,
        "selection": selection.to_plain(),
    }
    observer = None if distributes else observer_of(worker_input, hooks, redactor=pending.redactor)
    writer = _report_writer(pending, worker_input, observer)
    rest = enclosing, group is not None, given_names, context
    return PreparedSession(project, writer, observer, selection, live_session, *rest)


def _own_context(project: Project, options: SessionOptions, hooks: PluginManager) -> dict[str, str]:
    """Return the context that plugins give, without what an option or a variable gives.

    Raises:
        ConfigError: a plugin fails, or returns something else.
    """
    given = own_context(hooks.get_plugin("pytestconfig"), *project.plugins.managers)
    return {name: value for name, value in given.items() if name not in options.values}


def _find_project(root: Path, options: SessionOptions, hooks: PluginManager, *, dry: bool) -> Project:
    """Return the project of a session. Its register may come from the cache if the session only records."""
    return find_project(
        root,
        config=options.get("config"),
        store=options.get("store"),
        artifacts=options.get("artifacts"),
        hooks=(hooks,),
        kinds=kinds_if_requested,
        use_cache=not (dry or options.evaluates),
    )


def _report_writer(pending: PendingRun, worker_input: dict[str, Any], observer: Observer | None) -> ReportWriter:
    """Return the writer of the tests' reports: of this process's tests, or of those of xdist's workers."""
    if observer is None:
        from ..recording.controller_report_writer import ControllerReportWriter  # late: only for xdist

        return ControllerReportWriter(pending.log, pending.redactor, worker_input)
    writer = LocalReportWriter(pending.log, pending.redactor, worker_input, observer)
    writer.hooks = observer.hooks
    return writer


def _worker_input(pending: PendingRun, root: Path, *, stores_artifacts: bool) -> dict[str, Any]:
    """Return the plain data of a run for xdist workers."""
    project = pending.project
    return {
        "catalogue": project.catalogue.to_plain(),
        "context": pending.context.to_plain(),
        "key": pending.key.hex(),
        "artifacts": str(project.artifacts) if stores_artifacts else None,
        "artifact_limit": project.settings.artifact_limit,
        "plugins": list(project.settings.plugins),
        "plugins_at": project.plugins.named_at,
        "folder": str(project.settings.folder),
        "prefix": f"{path}/" if (path := project.path_to(root)) else "",
        "claim_rules": plain_rules(project.settings),
    }


def _selection(project: Project, options: SessionOptions) -> SelectedTests:
    """Return the selection. It is determined once, before recording: all xdist workers must select the same tests."""
    if options.missing:
        return missing_only(project, options.patterns, options.get("release"), stated_subjects(options))
    select_use_cases(project.catalogue, options.patterns)
    return SelectedTests(options.patterns)


def selection_of(worker_input: Mapping[str, Any]) -> SelectedTests:
    """Return the selection from plain data, in a worker."""
    return SelectedTests.from_plain(worker_input["selection"])


def observer_of(worker_input: Mapping[str, Any], hooks: PluginManager, *, redactor: Redactor | None = None) -> Observer:
    """Return the observer from plain data; without a redactor it is a worker's."""

    @cache
    def plugins() -> Plugins:
        return load_named(worker_input["plugins"], Path(worker_input["folder"]), worker_input["plugins_at"], [hooks])

    observer_type, artifacts = Observer if redactor else WorkerObserver, worker_input["artifacts"]
    redactor = redactor or Redactor(bytes.fromhex(worker_input["key"]), find_plugins=lambda: plugins().redactors())
    catalogue = Catalogue.from_plain(worker_input["catalogue"])
    redactor.is_public = catalogue.declares
    names = NodeIds(worker_input, redactor)
    observer = observer_type(
        catalogue,
        RunContext.from_plain(worker_input["context"]),
        redactor,
        ArtifactFolder(None if artifacts is None else Path(artifacts), worker_input["artifact_limit"]),
        names=names,
        rules=rules_from_plain(worker_input["claim_rules"], catalogue, names),
        services=SessionServices(worker_input["nonce"], lambda: plugins().kinds, lambda: plugins().simulations()),
    )
    observer.hooks = hooks
    return observer


def _check_paths(project: Project, options: SessionOptions, named: Mapping[str, str]) -> None:
    """Check output files early, so that an invalid one is reported before the tests run."""
    if (gate_on := options.get("gate-on")) not in (None, "review", "evidence"):
        raise ConfigError(f"--readiness-gate-on must be review or evidence, not '{one_line(str(gate_on))}'")
    if options.plan and (others := [name for name in options.output_files if name not in PLAN_FORMATS]):
        written = " or ".join(f"--readiness-{name}" for name in PLAN_FORMATS)
        raise ConfigError(f"--readiness-{others[0]} beside --readiness-plan: a plan is written with {written}")
    if outputs := {name: Path(path) for name, path in options.output_files.items()}:
        from .output_files import check_targets  # late: only for output files

        check_targets(project, outputs, named)


def _check_checkpoints(options: SessionOptions) -> None:
    """Read the checkpoints before the tests run, so that an unreadable one fails early."""
    if "READINESS_CHECKPOINT" in os.environ and options.evaluates_at_end:
        from .checkpoints import requested_checkpoints  # late: loads the evaluation

        requested_checkpoints()


def _check_judged(project: Project, options: SessionOptions) -> None:
    """Compare the named digests with those of the release before the tests run, so that a contradiction fails early."""
    if options.evaluates_at_end and options.get("release") in project.settings.releases:
        from .evaluation_request import EvaluationRequest  # late: loads the evaluation

        request = EvaluationRequest(release=options.get("release"), stated=stated_subjects(options))
        version = request.named_version(project.settings)
        version.judged(version.judging_policy(project.policy))


class SessionOutcome(Struct):
    """The result of a session."""

    run_id: str | None = None
    recorded: int = 0
    is_dirty: bool = False
    """Whether the run was on a work tree with uncommitted changes."""
    uncollected: str | None = None
    """A sentence on modules that could not be collected, so that their tests did not run."""
    report: Report | None = None
    problems: list[str] = field(default_factory=list)
    """Problems, a line each."""
    unwritten: int = 0
    """How many of the problems are only that a report or a bundle could not be written."""
    notes: list[str] = field(default_factory=list)
    """Notes for the person who runs the tests, a line each; the evidence is stored."""
    rehearsals: dict[str, int] = field(default_factory=dict)
    """The number of pieces that are rehearsals, by the reason."""
    warnings: dict[str, str] = field(default_factory=dict)
    """The warnings of the evidence, each with the first test that has it."""
    exit_code: int = 0
    """The exit code for a session that pytest itself would end with 0."""
    tests_succeeded: bool = True
    """Whether pytest itself would end the session with 0, so that ``exit_code`` replaces that."""


def close_session(prepared: PreparedSession, options: SessionOptions, exit_status: int) -> SessionOutcome:
    """Seal the run, store it, evaluate, and write the requested files. Errors become problems of the result."""
    options = replace(options, values={**prepared.context, **options.values})
    outcome = SessionOutcome(tests_succeeded=exit_status == 0)
    _close(prepared, options, exit_status, outcome)
    prepared.report_writer.log.release()
    if prepared.enclosing_journal is not None:
        around = f"this session runs inside a test of another session, which writes {prepared.enclosing_journal}"
        outcome.notes.append(f"nothing is recorded: {around}")
        outcome.exit_code = NOT_STORED if options.gate else 0
    elif outcome.problems:
        outcome.exit_code = NOT_STORED
    elif options.gate:
        verdict = outcome.report.verdict if outcome.report else None
        outcome.exit_code = 0 if verdict and (verdict.eligible or not verdict.enforced) else NOT_ELIGIBLE
    return outcome


def _close(prepared: PreparedSession, options: SessionOptions, exit_status: int, outcome: SessionOutcome) -> None:
    try:
        sealed = _store_run(prepared, outcome, exit_status, whole=bool(options.get("bundle")))
        if path := options.get("bundle"):
            _write_bundle(prepared.project, sealed, Path(path), outcome)
        if options.gate and (problem := prepared.project.plugin_problem) and not outcome.problems:
            outcome.problems.append(problem)  # as in ``readiness gate``, even if no test used the plugin
        if options.evaluates_at_end:
            _evaluate(prepared.project, options, outcome)
            _write_job_summary(prepared.project, options, outcome)
    except (ReadinessError, OSError) as error:
        outcome.problems.append(str(error))
    except BaseException as error:  # an internal error must close the gate, not hide the tests' results
        if not is_failure(error):
            raise
        from .replaced_libraries import describe_replaced  # late: hardly ever needed

        described = describe_exception(error)
        replaced = describe_replaced()
        outcome.problems.append(
            f"{replaced} ({described})" if replaced else f"internal error in pytest-readiness: {described}"
        )


def _store_run(prepared: PreparedSession, outcome: SessionOutcome, exit_status: int, *, whole: bool) -> Run | None:
    writer = prepared.report_writer
    writer.settle()
    if writer.log.uncollected:  # its tests may match the rules
        writer.log.drop_idle_rules()
    if writer.log.uncollected or writer.log.unread_marks or (prepared.is_group_part and exit_status not in _CUT_SHORT):
        writer.log.arrive()
    sealed, problems = close_run(prepared.project, writer.log, exit_status, whole=whole)
    outcome.problems += [*problems, *plugin_problem(writer.redactor)]
    outcome.notes += [*redaction_problem(writer.redactor), *writer.notes()]
    if prepared.given_names:
        outcome.notes += late_secret_notes(prepared.given_names, writer.redactor, prepared.project.declares)
    if sealed is not None:
        outcome.run_id, outcome.recorded, outcome.is_dirty = sealed.id, writer.log.recorded, bool(sealed.dirty)
        redacted = writer.redactor.text  # a secret may have been registered after the test that has it in a text
        for reason, number in writer.log.rehearsals.items():
            outcome.rehearsals[redacted(reason)] = outcome.rehearsals.get(redacted(reason), 0) + number
        outcome.warnings = {redacted(text): redacted(test) for text, test in writer.log.warnings.items()}
        if (uncached := prepared.project.uncached) is not None:
            uncached.keep(writer.redactor)
        conditions = conditions_of(sealed.head, sealed.seal.body if sealed.seal else None)
        outcome.uncollected = conditions.unrecorded_text(len(writer.invalid_marks))
    return sealed


def _write_bundle(project: Project, sealed: Run | None, path: Path, outcome: SessionOutcome) -> None:
    """Write the bundle, also if the run could not be stored: it can be imported from the bundle."""
    from .bundles import bundle_session  # late: loads archive modules that few sessions need

    try:
        missing = bundle_session(project, sealed, path).missing
    except ReadinessError as error:
        outcome.problems.append(str(error))
        outcome.unwritten += not isinstance(error, IntegrityError)
    else:
        outcome.problems += [f"{path}: the artifact {sha256} is not in it: its file is missing" for sha256 in missing]


def _write_job_summary(project: Project, options: SessionOptions, outcome: SessionOutcome) -> None:
    if outcome.report is not None and options.summary and "GITHUB_STEP_SUMMARY" in os.environ:
        from .ci_messages import write_summary  # late: only in a job of a CI server

        outcome.notes += write_summary(project, outcome.report)


def _evaluate(project: Project, options: SessionOptions, outcome: SessionOutcome) -> None:
    from ..views.output_formats import FORMATS
    from ..views.report import ReportedSession
    from .evaluate_project import EvaluationRequest, evaluate_project
    from .output_files import write_report
    from .report_contents import request_for, with_contents

    session = ReportedSession(outcome.run_id, outcome.recorded) if outcome.run_id else None
    request = EvaluationRequest(
        options.patterns,
        on=options.get("gate-on"),
        session=session,
        problems=tuple(outcome.problems),
        release=options.get("release"),
        stated=stated_subjects(options),
    )
    request = request_for([FORMATS[name] for name in options.report_files], request)
    outcome.report = evaluate_project(project, request)
    outcome.problems += [text for text in outcome.report.context.problems if text not in outcome.problems]
    for name, path in options.report_files.items():
        try:
            report = with_contents(project, outcome.report, request, FORMATS[name])
            write_report(Path(path), FORMATS[name].render(report))
        except (ReadinessError, OSError) as error:  # the other files are written
            outcome.problems.append(str(error))
            outcome.unwritten += 1
