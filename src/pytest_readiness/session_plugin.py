"""Pytest hooks of one session, which delegate to ``pipeline.session``.

The config is read when the first marked test is collected, or at once if an option is given or xdist distributes.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property, partial
from os import getpid
from shutil import get_terminal_size
from typing import TYPE_CHECKING, Any

import pytest

from .mark import is_tagged
from .unpatched import Names, current_names, restore_names

if TYPE_CHECKING:  # heavy: imported when a session first needs them
    from .pipeline.selection import SelectedTests
    from .pipeline.session import PreparedSession, SessionOutcome
    from .pipeline.session_options import SessionOptions
    from .recording.observer import Observer
    from .views.line_writer import Line

_DRY_RUN_OPTIONS = ("collectonly", "setuponly", "setupplan")
"""Pytest's names of the options that run no test."""

UNCOLLECTED = '{"uncollected":1}'
"""Message that an xdist worker sends instead of its plan if a module ended its session."""
_UNRECORDED = "readiness_unrecorded"
"""Key of a worker's output: the number of its evidence tests, if nothing is recorded."""
UNANSWERED = 13
"""Exit code of a session that ended before its requested gate was evaluated."""


class SessionPlugin:
    """Hook object of one session; the work is done in ``pipeline.session``, imported when first needed."""

    def __init__(
        self, config: pytest.Config, options: Mapping[str, Any], deselected: list[pytest.Item], *, requested: bool
    ) -> None:
        self.config = config
        self.observer: Observer | None = None
        self._raw_options = options
        self._deselected = deselected
        self._requested = requested
        self._prepared: PreparedSession | None = None
        self._selection: SelectedTests | None = None
        self._outcome: SessionOutcome | None = None
        self._plan: list[Line] = []
        self._plan_has_problems = False
        self._unrecorded = 0
        """Number of evidence tests that ran without a config, so that nothing was recorded."""
        self._has_begun = self._reported = self._answered = False
        self._exit_code = 0
        self._uncollected: set[str] = set()
        """Node ids of collection failures: every xdist worker reports the same ones."""
        self._exit: SystemExit | None = None
        """The exception by which a module ended the collection; None: none did."""
        self._plans: Any = None
        """Channel by which an xdist worker sends its plan."""
        self._leave: Callable[[], None] | None = None
        """Removes this session from the list of live sessions."""
        self._process = getpid()
        self._names = Names()

    @cached_property
    def options(self) -> SessionOptions:
        """Values of the options."""
        from .pipeline.session_options import SessionOptions

        return SessionOptions(**self._raw_options)

    @property
    def _is_worker(self) -> bool:
        return hasattr(self.config, "workerinput")

    @property
    def _distributes(self) -> bool:
        """Whether xdist runs the tests in other processes."""
        return self.config.getoption("dist", "no") != "no" and not self.config.getoption("collectonly")

    # -- begin

    def begin_early(self) -> None:
        """Begin at once if an option asks for it, xdist distributes, or this is a worker."""
        if self._raw_options["plan"]:
            self.config.option.dist = "no"  # before xdist's own trylast hook: nothing runs, so nothing is distributed
        if self._is_worker:
            if worker_input := getattr(self.config, "workerinput", {}).get("readiness"):
                from .journal.started_tests import build_start_writer
                from .pipeline.session import observer_of, selection_of
                from .recording.report_keys import PLANS

                self._plans = worker_input.pop(PLANS)  # not plain data, which others may expect here
                observer = observer_of(worker_input, self.config.pluginmanager)
                observer.start_writer = build_start_writer(worker_input)
                self._watch(observer)
                self._selection = selection_of(worker_input)
                self._enter(worker_input["living"])
        elif self._requested or self._distributes:
            self.begin()

    def begin(self) -> None:
        """Read the config and prepare to record; nothing is written yet.

        Raises:
            pytest.UsageError: the config, the tracker or an option cannot be used.
        """
        if self._has_begun or self._is_worker:
            return
        self._has_begun = True
        from .settings import find_config

        if not self._requested and find_config(self.config.rootpath) is None:
            return  # installed but unconfigured
        argv = [str(argument) for argument in self.config.invocation_params.args]
        with _usage_errors():
            from .pipeline.session import prepare_session
            from .recording.provenance.invocation import describe_invocation, named_paths, written_paths

            prepared = prepare_session(
                self.config.rootpath,
                self.options,
                argv,
                self.config.pluginmanager,
                distributes=self._distributes,
                selection_options=describe_invocation(self.config),
                written=written_paths(self.config.option),
                named=named_paths(self.config.option),
                dry=self._is_dry,
            )
        if prepared is not None:
            self._prepared, self._selection = prepared, prepared.selection
            self.config.pluginmanager.register(prepared.report_writer, "readiness-report-writer")
            if self.config.getoption("xmlpath", None) and not prepared.report_writer.log.dry:
                from .recording.junit_properties import JunitProperties, xml_of

                properties = JunitProperties(prepared.report_writer, partial(xml_of, self.config.pluginmanager))
                self.config.pluginmanager.register(properties, "readiness-junit-properties")
            if prepared.observer is not None:
                prepared.observer.attaches_evidence = bool(self.config.getoption("xmlpath", None))
                self._watch(prepared.observer)
            if not prepared.report_writer.log.dry:
                self._enter(prepared.live_session)

    @property
    def _is_dry(self) -> bool:
        """Whether no test will run."""
        option = self.config.option
        return self._raw_options["plan"] or any(getattr(option, name, False) for name in _DRY_RUN_OPTIONS)

    def _enter(self, fields: Any) -> None:
        """Add this session to the live sessions, for sessions that its tests start.

        ``fields``: those of a ``LiveSession``; in a worker, of its controller's session.
        """
        from .recording.nested_sessions import LiveSession, enter_session, leave_session

        session = LiveSession(*fields)
        enter_session(session)
        self._leave = partial(leave_session, session)

    def _watch(self, observer: Observer) -> None:
        from .recording.skipped_bodies import OBSERVER

        self.observer = observer
        self.config.pluginmanager.register(observer, OBSERVER)

    # -- collection

    def select(self, items: list[pytest.Item]) -> None:
        """Deselect the tests that are not in the scope of the session."""
        if self._selection is not None and self._selection.narrows and self.observer is not None:
            from .claims.collection import collect_claims

            wants, catalogue, context = self._selection.wants, self.observer.catalogue, self.observer.context
            tagged_items = [(item, collect_claims(item, catalogue, self.observer.rules)) for item in items]
            selected = {item: None for item, tagged in tagged_items if wants(tagged, catalogue, context)}
            deselected = [item for item in items if item not in selected]
            if deselected:
                self.config.hook.pytest_deselected(items=deselected)
                items[:] = selected

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Count collection failures: they may hide evidence tests."""
        if report.failed:
            self._uncollected.add(report.nodeid)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_make_collect_report(self, collector: pytest.Collector) -> Generator[None, Any, Any]:
        """Count a module that ends the session while it is imported: pytest reports nothing of it."""
        try:
            return (yield)
        except SystemExit as error:
            if error is not self._exit:  # else it passes through the folder of the same module
                self._exit = error
                self._uncollected.add(collector.nodeid)
                if self._plans is not None:
                    self._plans.send(UNCOLLECTED)
            raise

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Read the claims of the tests that will run; without a config only their form is checked."""
        if self.observer is None and not any(map(is_tagged, session.items)):
            return
        from .claims.collection import InvalidMarksPlugin, collect_all, invalid_marks

        catalogue, rules = (self.observer.catalogue, self.observer.rules) if self.observer else (None, None)
        tagged = collect_all(session.items, catalogue, rules)
        if self.observer is not None:
            everything = [*tagged, *collect_all(self._deselected, catalogue, rules, selected=False)]
            self.observer.names.learn(session, everything, self._deselected)
            plan = self.observer.build_plan(everything)
            unread = sum(bool(test.problems) and not test.claims for test in tagged)
            wrong = invalid_marks(session.items) if any(test.problems for test in tagged) else []
            counts = rules.matched if rules is not None else {}
            if self._prepared is not None:
                self._prepared.report_writer.invalid_marks = wrong
                self._prepared.report_writer.log.plan(plan, self.observer.redactor.plain(counts))
                self._prepared.report_writer.log.unread_marks = unread
            elif self._plans is not None:
                from .facts.ledger.line import canonical

                body = {"tests": plan, "unread": unread, "wrong": wrong, "rules": counts}
                self._plans.send(canonical({**body, **self.observer.names.to_plain()}))
        else:
            self._count_unrecorded(len(tagged))
            if any(test.problems for test in tagged):
                self.config.pluginmanager.register(InvalidMarksPlugin(), "readiness-refusal")

    def _count_unrecorded(self, tests: int) -> None:
        """Store the number of evidence tests of a session without a config; a worker sends it to the controller."""
        if self._is_worker:
            getattr(self.config, "workeroutput", {})[_UNRECORDED] = tests  # xdist's
        elif self._prepared is None and not self._is_dry:
            self._unrecorded = tests

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Take the number of evidence tests from a worker; each worker has collected all of them."""
        if self._prepared is None:
            output = getattr(node, "workeroutput", None) or {}
            self._unrecorded = max(self._unrecorded, output.get(_UNRECORDED, 0))

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool | None:
        """Open the journal before the first test; with ``--readiness-plan`` run nothing."""
        if self._prepared is None or not self._raw_options["plan"]:
            self._begin_tests(session)
            return None
        self._plan = self._plan_lines(session, self._prepared)
        return True

    def _plan_lines(self, session: pytest.Session, prepared: PreparedSession) -> list[Line]:
        from .claims.collection import collect_all
        from .pipeline.session_plan import plan_lines

        rules = None if self.observer is None else self.observer.rules
        tagged = collect_all(session.items, prepared.project.catalogue, rules)
        self._plan_has_problems = any(test.problems for test in tagged)
        with _usage_errors():  # a file cannot be written
            return plan_lines(tagged, [*session.items, *self._deselected], prepared, self.options, width=self._width)

    def _begin_tests(self, session: pytest.Session) -> None:
        """Load the modules that the end needs, and write the first lines: from now on tests may replace names."""
        if self.observer is not None or self._prepared is not None:
            from .pipeline.preload import preload

            records = self.observer is not None and self.observer.records
            with _usage_errors():
                preload(self.options, None if self._prepared is None else self._prepared.project, records=records)
            self._names = current_names()
        gives_up = session.testsfailed and not self.config.getoption("continue_on_collection_errors")
        if self._prepared is not None and not self._distributes and not gives_up:
            self._prepared.report_writer.open()

    # -- end

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> Generator[None]:
        """Finalize, store and evaluate the run after the fixtures' teardown, even if another plugin fails here."""
        try:
            return (yield)
        finally:
            if getpid() == self._process:  # else this is a child process that a test forked
                with restore_names(self._names):
                    self._finish(session)

    def _finish(self, session: pytest.Session) -> None:
        if self._is_worker:
            if self.observer is not None:
                from .recording.report_keys import STORED

                output: dict[str, Any] = getattr(self.config, "workeroutput", {})  # xdist's
                output[STORED] = self.observer.artifacts.stored.files
        elif self._prepared is not None and self._raw_options["plan"]:
            if session.exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):  # a plan may be empty
                session.exitstatus = pytest.ExitCode.USAGE_ERROR if self._plan_has_problems else pytest.ExitCode.OK
        elif self._prepared is not None:
            from .pipeline.session import close_session
            from .recording.provenance.invocation import is_about_files

            log = self._prepared.report_writer.log
            log.uncollected = max(log.uncollected, len(self._uncollected))  # a worker may have sent its number already
            if is_about_files(self.config.option):
                log.drop_idle_rules()
            self._outcome = close_session(self._prepared, self.options, int(session.exitstatus))
            self._exit_code = self._outcome.exit_code
            if session.exitstatus == 0 and self._outcome.exit_code:
                session.exitstatus = self._outcome.exit_code

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Print the report, or one line with what was recorded and what went wrong."""
        self._print_summary(terminalreporter)
        if self._unrecorded:
            tests = f"{self._unrecorded} evidence test{'' if self._unrecorded == 1 else 's'}"
            terminalreporter.section("production readiness")
            terminalreporter.line(f"{tests}, no readiness.toml: nothing was recorded (readiness init)", yellow=True)

    def pytest_unconfigure(self) -> None:
        """Print the summary if pytest skipped it (``pytest.exit`` with an exit code of its own)."""
        if self._leave is not None:
            with restore_names(self._names):
                self._leave()
        self._print_summary(self.config.pluginmanager.get_plugin("terminalreporter"))

    def final_exit_code(self) -> int:
        """Return the exit code of a session that pytest would end with 0.

        No plugin opens the gate by ending the process or setting another code. A gate without an answer is closed.
        """
        self._print_summary(self.config.pluginmanager.get_plugin("terminalreporter"))
        if self._exit_code or not self._raw_options["gate"] or self._is_worker or self._answered:
            return self._exit_code
        sys.stderr.write("readiness: the session ended before the gate was evaluated: it is closed\n")
        return UNANSWERED

    @property
    def _width(self) -> int:
        reporter = self.config.pluginmanager.get_plugin("terminalreporter")
        return get_terminal_size().columns if reporter is None else self.config.get_terminal_writer().fullwidth

    def _print_summary(self, reporter: Any) -> None:
        """Print the summary once. ``reporter`` None (``-p no:terminal``): only with a gate, on stdout."""
        if self._reported or self._prepared is None or (self._outcome is None and not self._plan):
            return
        self._reported = True
        with restore_names(self._names):
            from .views.line_writer import MARKUP, plain_lines

            lines = self._plan or self._lines(self._prepared)
        self._outcome = None  # frees the report: it is thousands of values
        if lines and reporter is not None:
            reporter.section("production readiness")
            write_lines(reporter, lines, MARKUP)
        elif lines and self._raw_options["gate"]:
            sys.stdout.write(f"{plain_lines(lines)}\n")
        self._answered = True

    def _lines(self, prepared: PreparedSession) -> list[Line]:
        from .pipeline.session_summary import summary_lines

        assert self._outcome is not None  # noqa: S101 - for the type checker
        verbosity = self.config.get_verbosity()
        lines = summary_lines(self._outcome, self.options, prepared.project, width=self._width, verbosity=verbosity)
        report = self._outcome.report if self.options.report or self.options.gate else None
        marks = prepared.report_writer.redactor.plain(prepared.report_writer.invalid_marks)
        if "GITHUB_ACTIONS" in os.environ and (report is not None or marks):  # no command sees the marks later
            from .pipeline.ci_messages import annotation_lines

            lines += [((line, ""),) for line in annotation_lines(prepared.project, report, marks)]
        return lines


@contextmanager
def _usage_errors() -> Generator[None]:
    """Turn this package's errors into pytest's, and those of imports in whose place a test module put a stub."""
    from .errors import ReadinessError
    from .pipeline.replaced_libraries import needed_libraries

    try:
        with needed_libraries():
            yield
    except ReadinessError as error:
        from .views.sanitise import sanitise

        raise pytest.UsageError(sanitise(str(error))) from None


def write_lines(reporter: Any, lines: Sequence[Line], markup: Mapping[str, Mapping[str, bool]]) -> None:
    """Write lines through pytest's terminal writer, which applies colours if they are on."""
    for line in lines:
        for text, style in line:
            reporter.write(text, **markup[style])
        reporter.write("\n")
