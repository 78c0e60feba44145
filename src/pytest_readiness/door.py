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
from .untouched import Names, names_now, put_back

if TYPE_CHECKING:  # heavy: loaded where a session first needs them
    from .journal.recorder import Observer
    from .pipeline.selection import Selection
    from .pipeline.session import Options, Outcome, Prepared
    from .views.pen import Line


_DRY = ("collectonly", "setuponly", "setupplan")
"""Under which names pytest keeps the options that run no test."""


UNCOLLECTED = '{"uncollected":1}'
"""What a worker sends in the place of its plan where a module ended it."""
UNANSWERED = 13
"""Exit code of a session whose gate was asked, and that ended before it answered."""


class Door:
    """The session as pytest sees it. What happens in it is told in ``pipeline.session``, imported when first needed."""

    def __init__(
        self, config: pytest.Config, options: Mapping[str, Any], deselected: list[pytest.Item], *, wanted: bool
    ) -> None:
        self.config = config
        self.observer: Observer | None = None
        self._said = options
        self._deselected = deselected
        self._wanted = wanted
        self._prepared: Prepared | None = None
        self._selection: Selection | None = None
        self._outcome: Outcome | None = None
        self._plan: list[Line] = []
        self._looked = False
        self._told = False
        self._answered = False
        self._exit_code = 0
        self._uncollected: set[str] = set()
        """Node ids of what could not be collected: each worker of xdist tells of the same."""
        self._exit: SystemExit | None = None
        """What ended the collection, where a module did."""
        self._plans: Any = None
        """In a worker: by what it sends its plan."""
        self._leave: Callable[[], None] | None = None
        """Tells sessions that this process starts from now on that this one is over."""
        self._process = getpid()
        self._names = Names()

    @cached_property
    def options(self) -> Options:
        """What the options say."""
        from .pipeline.session import Options

        return Options(**self._said)

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
                from .journal.begun import beginner_of
                from .journal.recorder import PLANS
                from .pipeline.session import observer_of, selection_of

                self._plans = given.pop(PLANS)  # it is no plain data, as others may take this for
                observer = observer_of(given, self.config.pluginmanager)
                observer.begun = beginner_of(given)
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
        from .settings import find

        if not self._wanted and find(self.config.rootpath) is None:
            return  # installed but unconfigured
        from .journal.invocation import invocation, written
        from .pipeline.session import prepare

        argv = [str(word) for word in self.config.invocation_params.args]
        try:
            hooks, called = self.config.pluginmanager, invocation(self.config.option, self.config.getini)
            prepared = prepare(
                self.config.rootpath,
                self.options,
                argv,
                hooks,
                distributes=self._distributes,
                called=called,
                written=written(self.config.option),
                dry=self._is_dry,
            )
        except ReadinessError as error:
            from .views.sanitise import sanitise

            raise pytest.UsageError(sanitise(str(error))) from None
        if prepared is not None:
            self._prepared, self._selection = prepared, prepared.selection
            self.config.pluginmanager.register(prepared.keeper, "readiness-keeper")
            if prepared.observer is not None:
                self._watch(prepared.observer)
            if not prepared.keeper.log.dry:
                self._enter(prepared.living)

    @property
    def _is_dry(self) -> bool:
        """Whether no test will run."""
        option = self.config.option
        return self._said["plan"] or any(getattr(option, name, False) for name in _DRY)

    def _enter(self, living: Any) -> None:
        """Tell sessions that a test of this one starts. ``living``: in a worker, its controller's session."""
        from .journal.nested import Living, enter, leave

        session = Living(*living)
        enter(session)
        self._leave = partial(leave, session)

    def _watch(self, observer: Observer) -> None:
        from .journal.bodies import OBSERVER

        self.observer = observer
        self.config.pluginmanager.register(observer, OBSERVER)

    # -- collection

    def choose(self, items: list[pytest.Item]) -> None:
        """Leave out what the session is not about."""
        if self._selection is not None and self._selection.narrows and self.observer is not None:
            from .claims.collected import tag

            wants, catalogue, context = self._selection.wants, self.observer.catalogue, self.observer.context
            chosen = {item: None for item in items if wants(tag(item, catalogue), catalogue, context)}
            left_out = [item for item in items if item not in chosen]
            if left_out:
                self.config.hook.pytest_deselected(items=left_out)
                items[:] = chosen

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Count what could not be collected: nobody knows which evidence tests are in it."""
        if report.failed:
            self._uncollected.add(report.nodeid)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_make_collect_report(self, collector: pytest.Collector) -> Generator[None, Any, Any]:
        """Count a module that ends the session while it is imported: of that there is no report."""
        try:
            return (yield)
        except SystemExit as end:
            if end is not self._exit:  # else it is the folder in which that module lies
                self._exit = end
                self._uncollected.add(collector.nodeid)
                if self._plans is not None:
                    self._plans.send(UNCOLLECTED)
            raise

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Take in the claims of the tests that are to run; without a config only their form is judged."""
        if self.observer is None and not any(map(is_tagged, session.items)):
            return
        from .claims.collected import Refusal, tag_all

        catalogue = self.observer.catalogue if self.observer else None
        tagged = tag_all(session.items, catalogue)
        if self.observer is not None:
            everything = [*tagged, *tag_all(self._deselected, catalogue, selected=False)]
            self.observer.names.learn(session, everything, self._deselected)
            plan = self.observer.planned(everything)
            unread = sum(bool(test.problems) and not test.claims for test in tagged)
            if self._prepared is not None:
                self._prepared.keeper.log.plan(plan)
                self._prepared.keeper.log.unread_marks = unread
            elif self._plans is not None:
                from .facts.line import canonical

                self._plans.send(canonical({"tests": plan, "unread": unread, **self.observer.names.to_plain()}))
        elif any(test.problems for test in tagged):
            self.config.pluginmanager.register(Refusal(), "readiness-refusal")

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool | None:
        """Open the journal before the first test's time begins; with ``--readiness-plan`` run nothing."""
        if self._prepared is None or not self._said["plan"]:
            self._begin_tests(session)
            return None
        from .claims.collected import tag_all
        from .pipeline.planning import plan_lines

        tagged = tag_all(session.items, self._prepared.place.catalogue)
        self._plan = plan_lines(tagged, self._prepared, self.options, width=self._width)
        return True

    def _begin_tests(self, session: pytest.Session) -> None:
        """Load what is needed until the end, and write the first lines: from here on names may be replaced."""
        if self.observer is not None or self._prepared is not None:
            from .pipeline.loading import load

            asked = self.options
            load(
                records=self.observer is not None and self.observer.records,
                keeps=None if self._prepared is None else self._prepared.place.store_file,
                bundles=asked.get("bundle") is not None,
                judges=asked.report or asked.gate or asked.get("json") is not None,
            )
            self._names = names_now()
        gives_up = session.testsfailed and not self.config.getoption("continue_on_collection_errors")
        if self._prepared is not None and not self._distributes and not gives_up:
            self._prepared.keeper.open()

    # -- end

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> Generator[None]:
        """Seal, keep and judge once fixtures are torn down, also where another plugin fails here."""
        try:
            return (yield)
        finally:
            if getpid() == self._process:  # else a child that a test forked, and that came back from it
                with put_back(self._names):
                    self._finish(session)

    def _finish(self, session: pytest.Session) -> None:
        if self._is_worker:
            if self.observer is not None:
                from .journal.recorder import KEPT

                output: dict[str, Any] = getattr(self.config, "workeroutput", {})  # xdist's
                output[KEPT] = self.observer.artifacts.kept.files
        elif self._prepared is not None and not self._said["plan"]:
            from .pipeline.session import close

            self._prepared.keeper.log.uncollected = len(self._uncollected)
            self._outcome = close(self._prepared, self.options, int(session.exitstatus))
            self._exit_code = self._outcome.exit_code
            if session.exitstatus == 0 and self._outcome.exit_code:
                session.exitstatus = self._outcome.exit_code

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Tell the report, or in one line what was recorded and what went wrong."""
        self._tell(terminalreporter)

    def pytest_unconfigure(self) -> None:
        """Tell it here where pytest left the summary out (``pytest.exit`` with an exit code of its own)."""
        if self._leave is not None:
            with put_back(self._names):
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
        with put_back(self._names):
            from .views.pen import MARKUP, plain

            lines = self._plan or self._lines(self._prepared)
        self._outcome = None  # as the run log forgets: a report is thousands of values
        if lines and reporter is not None:
            reporter.section("production readiness")
            write(reporter, lines, MARKUP)
        elif lines and self._said["gate"]:
            sys.stdout.write(f"{plain(lines)}\n")
        self._answered = True

    def _lines(self, prepared: Prepared) -> list[Line]:
        from .pipeline.session import told

        assert self._outcome is not None  # noqa: S101 - for the type checker
        verbosity = self.config.get_verbosity()
        return told(self._outcome, self.options, prepared.place, width=self._width, verbosity=verbosity)


def write(reporter: Any, lines: Sequence[Line], markup: Mapping[str, Mapping[str, bool]]) -> None:
    """Write lines through pytest's terminal writer, which knows whether colours are wanted."""
    for line in lines:
        for text, style in line:
            reporter.write(text, **markup[style])
        reporter.write("\n")
