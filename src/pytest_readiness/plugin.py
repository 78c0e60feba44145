"""The pytest door: options and hooks that only delegate.

Importing this module imports pytest and nothing heavy; the config is not read before the first evidence mark is met,
unless an option is given or xdist distributes.
"""

from __future__ import annotations

import os
from collections.abc import Generator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import pytest

from .claims.mark import DESCRIPTION, is_tagged

if TYPE_CHECKING:  # heavy: loaded where a session first needs them
    from .facts.proofs import ProofCheck
    from .journal.proving import RecordEvidence
    from .journal.recorder import Observer
    from .selection import Selection
    from .session import Options, Outcome, Prepared
    from .views.pen import Line

SWITCHES = {
    "report": "print where each use case stands at the end: verdict, who must act, matrix",
    "gate": "close the session with exit code 11 unless the use cases in scope are eligible for go-live",
    "missing": "run only evidence tests with a requirement that is not complete, or expires soon",
    "plan": "run nothing: show requirement by requirement which tests claim it, and what nobody claims",
}
VALUES = {
    "gate-on": ("review|evidence", "what eligible means (default: the config's word, else review)"),
    "environment": ("NAME", "the environment that this run takes place in"),
    "provider-mode": ("NAME", "the provider mode that this run uses"),
    "tenant": ("ID", "the tenant of the product under test"),
    "project": ("ID", "the project of the product under test"),
    "release": ("NAME", "the release that this run is made for"),
    "actor": ("NAME", "who runs (default: CI's actor, git's user.email, the system's user)"),
    "store": ("URL", "where evidence is kept, such as sqlite:///.readiness/evidence.db"),
    "artifacts": ("URL", "where artifacts are kept"),
    "config": ("PATH", "the config to use"),
    "json": ("PATH", "also write the report as JSON"),
    "bundle": ("PATH", "also write this run as a bundle, which 'readiness merge' takes in elsewhere"),
    "run-group": ("ID:N", "this session is one of N parts of the logical run ID"),
}
DOOR = pytest.StashKey["Door"]()


def pytest_addhooks(pluginmanager: pytest.PytestPluginManager) -> None:
    """Declare our hooks, so that a plugin or a ``conftest.py`` may implement them."""
    from . import hookspecs

    pluginmanager.add_hookspecs(hookspecs)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the options; a value option left out is None, so that its environment variable can speak."""
    group = parser.getgroup("readiness", "production readiness")
    group.addoption("--no-readiness", action="store_true", help="turn everything of pytest-readiness off")
    for name, told in SWITCHES.items():
        group.addoption(f"--readiness-{name}", action="store_true", help=told)
    group.addoption(
        "--readiness-uc",
        action="append",
        default=None,
        metavar="PATTERN",
        help="run only tests that claim these use cases (glob, repeatable); report and gate speak of these",
    )
    for name, (metavar, told) in VALUES.items():
        group.addoption(f"--readiness-{name}", default=None, metavar=metavar, help=f"{told}; else {variable(name)}")


def variable(name: str) -> str:
    """Return the environment variable that an option also reads."""
    return f"READINESS_{name.replace('-', '_').upper()}"


def pytest_configure(config: pytest.Config) -> None:
    """Register the mark, and the one object that holds the session, unless everything is turned off."""
    config.addinivalue_line("markers", DESCRIPTION)
    if not config.getoption("no_readiness"):
        door = Door(config)
        config.stash[DOOR] = door
        config.pluginmanager.register(door, "readiness-door")
        door.open()


@pytest.fixture
def record_evidence(request: pytest.FixtureRequest) -> RecordEvidence:
    """Record what this test shows: artifacts, references, notes, properties, steps, scope, secrets, proofs.

    Where nothing is recorded it still checks what it is given, and writes nothing.
    """
    door = request.config.stash.get(DOOR, None)
    if door is not None and door.observer is not None:
        return door.observer.record_evidence(request.node)
    from .journal.proving import Means
    from .journal.recorder import detached

    return detached(means=Means(kinds=lambda: _own_proofs(request.config)))


def _own_proofs(config: pytest.Config) -> Mapping[str, ProofCheck]:
    from .extensions import own_proofs

    return own_proofs(config.pluginmanager)


class Door:
    """The session as pytest sees it. What happens in it is told in ``session``, imported when first needed."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self.observer: Observer | None = None
        self._prepared: Prepared | None = None
        self._selection: Selection | None = None
        self._outcome: Outcome | None = None
        self._plan: list[Line] = []
        self._deselected: list[pytest.Item] = []
        self._looked = False
        self._told = False

    # -- options

    def _value(self, name: str) -> str | None:
        """Return the value of an option: as given, else of its environment variable, else None."""
        given = self.config.getoption(f"readiness_{name.replace('-', '_')}")
        return str(given) if given is not None else os.environ.get(variable(name)) or None

    def _switch(self, name: str) -> bool:
        return bool(self.config.getoption(f"readiness_{name}"))

    @property
    def _patterns(self) -> tuple[str, ...]:
        given = self.config.getoption("readiness_uc")
        from_environ = [word for word in os.environ.get(variable("uc"), "").split(",") if word]
        return tuple(given if given is not None else from_environ)

    @property
    def _wanted(self) -> bool:
        """Whether an option or its environment variable asks for us, config or none."""
        return bool(self._patterns) or any(map(self._switch, SWITCHES)) or any(map(self._value, VALUES))

    @cached_property
    def options(self) -> Options:
        """What the options say."""
        from .session import Options

        values = {name: value for name in VALUES if (value := self._value(name)) is not None}
        return Options(values, self._patterns, **{name: self._switch(name) for name in SWITCHES})

    @property
    def _is_worker(self) -> bool:
        return hasattr(self.config, "workerinput")

    @property
    def _distributes(self) -> bool:
        """Whether xdist runs the tests elsewhere."""
        return self.config.getoption("dist", "no") != "no" and not self.config.getoption("collectonly")

    # -- begin

    def open(self) -> None:
        """Begin at once where an option asks for it, xdist distributes, or this is a worker."""
        if self._switch("plan"):
            self.config.option.dist = "no"  # before xdist's own trylast hook: nothing runs, so nothing is distributed
        if self._is_worker:
            if given := getattr(self.config, "workerinput", {}).get("readiness"):
                from .session import observer_of, selection_of

                self._watch(observer_of(given, self.config.pluginmanager))
                self._selection = selection_of(given)
        elif self._wanted or self._distributes:
            self._begin()

    def _begin(self) -> None:
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
        from .journal.invocation import invocation
        from .session import prepare

        argv = [str(word) for word in self.config.invocation_params.args]
        try:
            hooks, called = self.config.pluginmanager, invocation(self.config.option, self.config.getini)
            prepared = prepare(
                self.config.rootpath, self.options, argv, hooks, distributes=self._distributes, called=called
            )
        except ReadinessError as error:
            from .views.sanitise import sanitise

            raise pytest.UsageError(sanitise(str(error))) from None
        if prepared is not None:
            self._prepared, self._selection = prepared, prepared.selection
            self.config.pluginmanager.register(prepared.keeper, "readiness-keeper")
            if prepared.observer is not None:
                self._watch(prepared.observer)

    def _watch(self, observer: Observer) -> None:
        self.observer = observer
        self.config.pluginmanager.register(observer, "readiness-observer")

    # -- collection

    def pytest_deselected(self, items: Sequence[pytest.Item]) -> None:
        """Remember evidence tests that are left out: another part of the logical run may run them."""
        self._deselected += filter(is_tagged, items)

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        """Read the config with the first evidence mark, and leave out what the session is not about."""
        if any(map(is_tagged, items)):
            self._begin()
        if self._selection is not None and self._selection.narrows and self.observer is not None:
            from .claims.collected import tag

            wants, catalogue, context = self._selection.wants, self.observer.catalogue, self.observer.context
            chosen = {item: None for item in items if wants(tag(item, catalogue), catalogue, context)}
            left_out = [item for item in items if item not in chosen]
            if left_out:
                config.hook.pytest_deselected(items=left_out)
                items[:] = chosen

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Take in the claims of the tests that are to run; without a config only their form is judged."""
        if self.observer is None and not any(map(is_tagged, session.items)):
            return
        from .claims.collected import Refusal, tag_all

        catalogue = self.observer.catalogue if self.observer else None
        tagged = tag_all(session.items, catalogue)
        if self.observer is not None:
            everything = [*tagged, *tag_all(self._deselected, catalogue, selected=False)]
            plan = self.observer.planned(everything)
            if self._prepared is not None:
                self._prepared.keeper.log.plan(plan)
        elif any(test.problems for test in tagged):
            self.config.pluginmanager.register(Refusal(), "readiness-refusal")

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool | None:
        """With ``--readiness-plan`` run nothing."""
        if not self._switch("plan") or self._prepared is None:
            return None
        from .claims.collected import tag_all
        from .session import plan_lines

        tagged = tag_all(session.items, self._prepared.place.catalogue)
        self._plan = plan_lines(tagged, self._prepared, self.options, width=self._width)
        return True

    # -- end

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> Generator[None]:
        """Seal, keep and judge once fixtures are torn down, also where another plugin fails here."""
        try:
            return (yield)
        finally:
            self._finish(session)

    def _finish(self, session: pytest.Session) -> None:
        if self._is_worker:
            if self.observer is not None:
                output: dict[str, Any] = getattr(self.config, "workeroutput", {})  # xdist's
                output["readiness_plan"] = getattr(self.observer, "plan", None)
                output["readiness_texts"] = self.observer.artifacts.texts
        elif self._prepared is not None and not self._switch("plan"):
            from .session import close

            self._outcome = close(self._prepared, self.options, int(session.exitstatus))
            if session.exitstatus == 0 and self._outcome.exit_code:
                session.exitstatus = self._outcome.exit_code

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Tell the report, or in one line what was recorded and what went wrong."""
        self._tell(terminalreporter)

    def pytest_unconfigure(self) -> None:
        """Tell it here where pytest left the summary out (``pytest.exit`` with an exit code of its own)."""
        reporter = self.config.pluginmanager.get_plugin("terminalreporter")
        if reporter is not None:
            self._tell(reporter)

    @property
    def _width(self) -> int:
        return self.config.get_terminal_writer().fullwidth

    def _tell(self, reporter: Any) -> None:
        if self._told or self._prepared is None or (self._outcome is None and not self._plan):
            return
        self._told = True
        lines = self._plan or self._lines(self._prepared)
        if lines:
            reporter.section("production readiness")
            write(reporter, lines)

    def _lines(self, prepared: Prepared) -> list[Line]:
        from .session import told

        assert self._outcome is not None  # noqa: S101 - for the type checker
        verbosity = self.config.get_verbosity()
        return told(self._outcome, self.options, prepared.place, width=self._width, verbosity=verbosity)


def write(reporter: Any, lines: Sequence[Line]) -> None:
    """Write lines through pytest's terminal writer, which knows whether colours are wanted."""
    from .views.pen import MARKUP

    for line in lines:
        for text, style in line:
            reporter.write(text, **MARKUP[style])
        reporter.write("\n")
