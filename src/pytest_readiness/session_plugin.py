"""The session as pytest sees it: hooks that only delegate to ``pipeline.session``.

The config is not read before the first evidence mark is met, unless an option is given or xdist distributes.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator, Mapping, Sequence
from functools import cached_property, partial
from os import getpid
from shutil import get_terminal_size
from typing import TYPE_CHECKING, Any

import pytest

from .mark import is_tagged
from .unpatched import current_names, restore_names

if TYPE_CHECKING:  # heavy: loaded where a session first needs them
    from .pipeline.selection import SelectedTests
    from .pipeline.session import PreparedSession, SessionOptions, SessionOutcome
    from .recording.observer import Observer
    from .unpatched import Names
    from .views.line_writer import Line


_DRY = ("collectonly", "setuponly", "setupplan")
"""Under which names pytest keeps the options that run no test."""


UNANSWERED = 13
"""Exit code of a session whose gate was asked, and that ended before it answered."""


class SessionPlugin:
    """The session as pytest sees it. What happens in it is told in ``pipeline.session``, imported when first needed."""

    def __init__(
        self, config: pytest.Config, options: Mapping[str, Any], deselected: list[pytest.Item], *, wanted: bool
    ) -> None:
        self.config = config
        self.observer: Observer | None = None
        self._said = options
        self._deselected = deselected
        self._wanted = wanted
        self._prepared: PreparedSession | None = None
        self._selection: SelectedTests | None = None
        self._outcome: SessionOutcome | None = None
        self._plan: list[Line] = []
        self._looked = False
        self._told = False
        self._answered = False
        self._exit_code = 0
        self._uncollected = 0
        self._plans: Any = None
        """In a worker: by what it sends its plan."""
        self._leave: Callable[[], None] | None = None
        """Tells sessions that this process starts from now on that this one is over."""
        self._process = getpid()
        self._names: Names = ()

    @cached_property
    def options(self) -> SessionOptions:
        """What the options say."""
        from .pipeline.session import SessionOptions

        return SessionOptions(**self._said)

    @property
    def _is_worker(self) -> bool:
        return hasattr(self.config, "workerinput")

    @property
    def _distributes(self) -> bool:
        """Whether xdist runs the tests elsewhere."""
        return self.config.getoption("dist", "no") != "no" and not self.config.getoption("collectonly")

    # -- begin

    def begin_early(self) -> None:
        """Begin at once where an option asks for it, xdist distributes, or this is a worker."""
        if self._said["plan"]:
            self.config.option.dist = "no"  # before xdist's own trylast hook: nothing runs, so nothing is distributed
        if self._is_worker:
            if given := getattr(self.config, "workerinput", {}).get("readiness"):
                from .journal.started_tests import build_start_writer
                from .pipeline.session import observer_of, selection_of
                from .recording.observer import PLANS

                self._plans = given.pop(PLANS)  # it is no plain data, as others may take this for
                observer = observer_of(given, self.config.pluginmanager)
                observer.start_writer = build_start_writer(given)
                self._watch(observer)
                self._selection = selection_of(given)
                self._enter(given["living"])
        elif self._wanted or self._distributes:
            self.begin()

    def begin(self) -> None:
        """Read the config and get ready to record; nothing is written yet.

        Raises:
            pytest.UsageError: the config, the tracker or an option cannot be used.
        """
        if self._looked or self._is_worker:
            return
        self._looked = True
        from .errors import ReadinessError
        from .settings import find_config

        if not self._wanted and find_config(self.config.rootpath) is None:
            return  # installed but unconfigured
        from .pipeline.session import prepare_session
        from .recording.provenance.invocation import describe_invocation, written_paths

        argv = [str(word) for word in self.config.invocation_params.args]
        try:
            hooks, called = self.config.pluginmanager, describe_invocation(self.config.option, self.config.getini)
            prepared = prepare_session(
                self.config.rootpath,
                self.options,
                argv,
                hooks,
                distributes=self._distributes,
                called=called,
                written=written_paths(self.config.option),
                dry=self._is_dry,
            )
        except ReadinessError as error:
            from .views.sanitise import sanitise

            raise pytest.UsageError(sanitise(str(error))) from None
        if prepared is not None:
            self._prepared, self._selection = prepared, prepared.selection
            self.config.pluginmanager.register(prepared.report_writer, "readiness-keeper")
            if prepared.observer is not None:
                self._watch(prepared.observer)
            if not prepared.report_writer.log.dry:
                self._enter(prepared.live_session)

    @property
    def _is_dry(self) -> bool:
        """Whether no test will run."""
        option = self.config.option
        return self._said["plan"] or any(getattr(option, name, False) for name in _DRY)

    def _enter(self, living: Any) -> None:
        """Tell sessions that a test of this one starts. ``living``: in a worker, its controller's session."""
        from .recording.nested_sessions import LiveSession, enter_session, leave_session

        session = LiveSession(*living)
        enter_session(session)
        self._leave = partial(leave_session, session)

    def _watch(self, observer: Observer) -> None:
        from .recording.skipped_bodies import OBSERVER

        self.observer = observer
        self.config.pluginmanager.register(observer, OBSERVER)

    # -- collection

    def choose(self, items: list[pytest.Item]) -> None:
        """Leave out what the session is not about."""
        if self._selection is not None and self._selection.narrows and self.observer is not None:
            from .claims.collection import collect_claims

            wants, catalogue, context = self._selection.wants, self.observer.catalogue, self.observer.context
            chosen = {item: None for item in items if wants(collect_claims(item, catalogue), catalogue, context)}
            left_out = [item for item in items if item not in chosen]
            if left_out:
                self.config.hook.pytest_deselected(items=left_out)
                items[:] = chosen

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Count what could not be collected: nobody knows which evidence tests are in it."""
        self._uncollected += report.failed

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Take in the claims of the tests that are to run; without a config only their form is judged."""
        if self.observer is None and not any(map(is_tagged, session.items)):
            return
        from .claims.collection import InvalidMarksPlugin, collect_all

        catalogue = self.observer.catalogue if self.observer else None
        tagged = collect_all(session.items, catalogue)
        if self.observer is not None:
            everything = [*tagged, *collect_all(self._deselected, catalogue, selected=False)]
            self.observer.names.learn(session, everything)
            plan = self.observer.build_plan(everything)
            unread = sum(bool(test.problems) and not test.claims for test in tagged)
            if self._prepared is not None:
                self._prepared.report_writer.log.plan(plan)
                self._prepared.report_writer.log.unread_marks = unread
            elif self._plans is not None:
                from .facts.ledger.line import canonical

                self._plans.send(canonical({"tests": plan, "unread": unread, **self.observer.names.to_plain()}))
        elif any(test.problems for test in tagged):
            self.config.pluginmanager.register(InvalidMarksPlugin(), "readiness-refusal")

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool | None:
        """Open the journal before the first test's time begins; with ``--readiness-plan`` run nothing."""
        if self._prepared is None or not self._said["plan"]:
            self._begin_tests(session)
            return None
        from .claims.collection import collect_all
        from .pipeline.session_plan import plan_lines

        tagged = collect_all(session.items, self._prepared.project.catalogue)
        self._plan = plan_lines(tagged, self._prepared, self.options, width=self._width)
        return True

    def _begin_tests(self, session: pytest.Session) -> None:
        """Load what is needed until the end, and write the first lines: from here on names may be replaced."""
        if self.observer is not None or self._prepared is not None:
            from .pipeline.preload import preload

            asked = self.options
            preload(
                records=self.observer is not None and self.observer.records,
                keeps=None if self._prepared is None else self._prepared.project.store_file,
                bundles=asked.get("bundle") is not None,
                judges=asked.report or asked.gate or asked.get("json") is not None,
            )
            self._names = current_names()
        gives_up = session.testsfailed and not self.config.getoption("continue_on_collection_errors")
        if self._prepared is not None and not self._distributes and not gives_up:
            self._prepared.report_writer.open()

    # -- end

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> Generator[None]:
        """Seal, keep and judge once fixtures are torn down, also where another plugin fails here."""
        try:
            return (yield)
        finally:
            if getpid() == self._process:  # else a child that a test forked, and that came back from it
                with restore_names(self._names):
                    self._finish(session)

    def _finish(self, session: pytest.Session) -> None:
        if self._is_worker:
            if self.observer is not None:
                from .recording.observer import STORED

                output: dict[str, Any] = getattr(self.config, "workeroutput", {})  # xdist's
                output[STORED] = self.observer.artifacts.stored.files
        elif self._prepared is not None and not self._said["plan"]:
            from .pipeline.session import close_session

            self._prepared.report_writer.log.uncollected = self._uncollected
            self._outcome = close_session(self._prepared, self.options, int(session.exitstatus))
            self._exit_code = self._outcome.exit_code
            if session.exitstatus == 0 and self._outcome.exit_code:
                session.exitstatus = self._outcome.exit_code

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Tell the report, or in one line what was recorded and what went wrong."""
        self._tell(terminalreporter)

    def pytest_unconfigure(self) -> None:
        """Tell it here where pytest left the summary out (``pytest.exit`` with an exit code of its own)."""
        if self._leave is not None:
            with restore_names(self._names):
                self._leave()
        self._tell(self.config.pluginmanager.get_plugin("terminalreporter"))

    def last_word(self) -> int:
        """Return the exit code that the session must not end without, where it would end with 0.

        A plugin that ends the process while the session is closed, or sets another code, does not open the gate. Nor
        does a gate that was asked and has not answered.
        """
        self._tell(self.config.pluginmanager.get_plugin("terminalreporter"))
        if self._exit_code or not self._said["gate"] or self._is_worker or self._answered:
            return self._exit_code
        sys.stderr.write("readiness: the session ended before the gate had answered: it is closed\n")
        return UNANSWERED

    @property
    def _width(self) -> int:
        reporter = self.config.pluginmanager.get_plugin("terminalreporter")
        return get_terminal_size().columns if reporter is None else self.config.get_terminal_writer().fullwidth

    def _tell(self, reporter: Any) -> None:
        """``reporter``: None where pytest has none (``-p no:terminal``); then only a gate answers."""
        if self._told or self._prepared is None or (self._outcome is None and not self._plan):
            return
        self._told = True
        with restore_names(self._names):
            from .views.line_writer import MARKUP, plain_lines

            lines = self._plan or self._lines(self._prepared)
        self._outcome = None  # as the run log forgets: a report is thousands of values
        if lines and reporter is not None:
            reporter.section("production readiness")
            write_lines(reporter, lines, MARKUP)
        elif lines and self._said["gate"]:
            sys.stdout.write(f"{plain_lines(lines)}\n")
        self._answered = True

    def _lines(self, prepared: PreparedSession) -> list[Line]:
        from .pipeline.session import summary_lines

        assert self._outcome is not None  # noqa: S101 - for the type checker
        verbosity = self.config.get_verbosity()
        return summary_lines(self._outcome, self.options, prepared.project, width=self._width, verbosity=verbosity)


def write_lines(reporter: Any, lines: Sequence[Line], markup: Mapping[str, Mapping[str, bool]]) -> None:
    """Write lines through pytest's terminal writer, which knows whether colours are wanted."""
    for line in lines:
        for text, style in line:
            reporter.write(text, **markup[style])
        reporter.write("\n")
