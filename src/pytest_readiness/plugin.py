"""The pytest door: options, the mark, and what waits for the first test that carries it.

The session itself is in ``door``, imported with that test, or at once where an option is given or xdist distributes.
What stands here every session of every project pays for, and pytest loads a plugin's modules slowly: it is kept small.
"""

from __future__ import annotations

import os
from collections.abc import Generator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pytest

from .mark import CASES, DESCRIPTION, is_tagged, late_note

if TYPE_CHECKING:
    from .facts.proofs.values import ProofCheck
    from .recording.evidence_recorder import RecordEvidence
    from .session_plugin import SessionPlugin

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
    "actor": ("NAME", "who records (default: in CI the job, else git's user.email, the system's user)"),
    "store": ("URL", "where evidence is kept, such as sqlite:///.readiness/evidence.db"),
    "artifacts": ("URL", "where artifacts are kept"),
    "config": ("PATH", "the config to use"),
    "json": ("PATH", "also write the report as JSON"),
    "bundle": ("PATH", "also write this run as a bundle, which 'readiness merge' takes in elsewhere"),
    "run-group": ("ID:K/N", "this session is part K of the N parts of the logical run ID"),
}
_TELLS = ("help", "version", "markers", "showfixtures", "show_fixtures_per_test", "cacheshow")
"""Options with which pytest tells about itself, and no session begins."""
SESSION_PLUGIN = pytest.StashKey["SessionPlugin"]()
DESELECTED = pytest.StashKey[list[pytest.Item]]()
LATE = pytest.StashKey[list[str]]()


def pytest_addhooks(pluginmanager: pytest.PytestPluginManager) -> None:
    """Declare our hooks, so that a plugin or a ``conftest.py`` may implement them."""
    from . import hookspecs

    pluginmanager.add_hookspecs(hookspecs)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the options; a value option left out is None, so that its environment variable can speak."""
    group = parser.getgroup("readiness", "production readiness")

    def add(name: str, **how: Any) -> None:
        # where dest is given, pytest does not compare it with those of all other options
        group.addoption(f"--{name}", dest=name.replace("-", "_"), **how)

    add("no-readiness", action="store_true", help="turn everything of pytest-readiness off")
    for name, told in SWITCHES.items():
        add(f"readiness-{name}", action="store_true", help=told)
    add(
        "readiness-uc",
        action="append",
        default=None,
        metavar="PATTERN",
        help="run only tests that claim these use cases (glob, repeatable); report and gate speak of these",
    )
    for name, (metavar, told) in VALUES.items():
        add(f"readiness-{name}", default=None, metavar=metavar, help=f"{told}; else {variable_name(name)}")


def variable_name(name: str) -> str:
    """Return the environment variable that an option also reads."""
    return f"READINESS_{name.replace('-', '_').upper()}"


def read_options(config: pytest.Config) -> dict[str, Any]:
    """Return what the options say, or their environment variables: the fields of ``session.Options``."""
    values = {}
    for name in VALUES:
        value = config.getoption(f"readiness_{name.replace('-', '_')}")
        if value is not None or (value := os.environ.get(variable_name(name))):
            values[name] = str(value)
    patterns = config.getoption("readiness_uc")
    if patterns is None:
        patterns = [word for part in os.environ.get(variable_name("uc"), "").split(",") if (word := part.strip())]
    for name, value in (*values.items(), *(("uc", pattern) for pattern in patterns)):
        if not value.strip():  # what somebody asks for is not left out in silence
            raise pytest.UsageError(f"--readiness-{name} is empty: give it a value, or leave it out")
    switches = {name: bool(config.getoption(f"readiness_{name}")) for name in SWITCHES}
    return {"values": values, "patterns": tuple(patterns), **switches}


def refuse_silence(config: pytest.Config) -> None:
    """Raise UsageError where the gate is asked for, and another option would keep it from being asked."""
    for name in ("no-readiness", "readiness-plan"):
        if config.getoption("readiness_gate") and config.getoption(name.replace("-", "_")):
            told = f"--{name} beside --readiness-gate: the gate would not be asked: take one of them out"
            raise pytest.UsageError(f"{told} (-o addopts= sets aside the ini file's, PYTEST_ADDOPTS= the variable's)")


def is_requested(options: Mapping[str, Any]) -> bool:
    """Whether an option or its environment variable asks for us, config or none."""
    return any(options["values"].values()) or any(options[name] for name in ("patterns", *SWITCHES))


def pytest_configure(config: pytest.Config) -> None:
    """Register the mark, and begin at once where an option asks for it, xdist distributes, or this is a worker."""
    config.addinivalue_line("markers", DESCRIPTION)
    refuse_silence(config)
    if config.getoption("no_readiness"):
        return
    if is_requested(read_options(config)) or config.getoption("dist", "no") != "no" or hasattr(config, "workerinput"):
        register_session(config).begin_early()


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None]:
    """A ``conftest.py`` that ends the process while it is loaded answers no gate."""
    try:
        return (yield)
    except SystemExit as end:
        if is_success(end.code) and getattr(early_config.known_args_namespace, "readiness_gate", False):
            told = "a conftest.py ended pytest by SystemExit while it was loaded, before the gate was asked"
            raise pytest.UsageError(f"{told}: call sys.exit() in no module that pytest loads") from None
        raise


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> Generator[None, Any, Any]:
    """Have the last word: whatever ends a session, one that was to answer and has not is no success."""
    try:
        code = yield
    except SystemExit as end:
        code, end.code = end.code, last_word(config, end.code)
        raise
    return last_word(config, code)


def last_word(config: pytest.Config, code: Any) -> Any:
    """Return the exit code of the process; pytest's own stands unless the shell would take it for 0."""
    if not is_success(code) or any(getattr(config.option, name, False) for name in _TELLS):
        return code
    door = config.stash.get(SESSION_PLUGIN, None)
    if door is not None:
        return door.last_word() or code
    return 13 if getattr(config.option, "readiness_gate", False) else code  # as in door


def is_success(code: object) -> bool:
    """Return whether the shell takes the code of a ``SystemExit`` for 0."""
    return code is None or (isinstance(code, int) and not code % 256)


def register_session(config: pytest.Config) -> SessionPlugin:
    """Register the one object that holds the session."""
    from .session_plugin import SessionPlugin

    options = read_options(config)
    door = config.stash[SESSION_PLUGIN] = SessionPlugin(
        config, options, config.stash.setdefault(DESELECTED, []), wanted=is_requested(options)
    )
    config.pluginmanager.register(door, "readiness-door")
    return door


@pytest.hookimpl(trylast=True)
def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Remember how many cases a function has: of those that are not asked for, pytest keeps nothing."""
    if cases := getattr(metafunc, "_calls", None):
        metafunc.config.stash.setdefault(CASES, {})[metafunc.definition.nodeid] = len(cases)


def pytest_deselected(items: Sequence[pytest.Item]) -> None:
    """Remember evidence tests that are left out: another part of the logical run may run them."""
    for item in filter(is_tagged, items):
        item.config.stash.setdefault(DESELECTED, []).append(item)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> Generator[None]:
    """Begin with the first evidence mark, once other plugins have marked, ordered and left out what they will."""
    result = yield
    door = config.stash.get(SESSION_PLUGIN, None)
    if any(map(is_tagged, items)) and not config.getoption("no_readiness"):
        door = door or register_session(config)
        door.begin()
    if door is not None:
        door.choose(items)
    return result


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Look for tests that were marked while they ran, in a session that had no evidence when it began."""
    config = session.config
    if SESSION_PLUGIN not in config.stash and not config.getoption("no_readiness"):
        config.stash[LATE] = [item.nodeid for item in filter(is_tagged, getattr(session, "items", ()))]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say that such a mark records nothing, where anything would be recorded."""
    if late := config.stash.get(LATE, None):
        from .settings import find_config

        if find_config(config.rootpath) is not None:
            terminalreporter.section("production readiness")
            terminalreporter.line(late_note(late))


@pytest.fixture
def record_evidence(request: pytest.FixtureRequest) -> RecordEvidence:
    """Record what this test shows: artifacts, references, notes, properties, steps, scope, secrets, proofs.

    Where nothing is recorded it still checks what it is given, and writes nothing.
    """
    door = request.config.stash.get(SESSION_PLUGIN, None)
    if door is not None and door.observer is not None:
        return door.observer.record_evidence(request.node)
    from .recording.evidence_recorder import SessionServices
    from .recording.observer import detached_recorder

    return detached_recorder(services=SessionServices(kinds=lambda: _own_proofs(request.config)))


def _own_proofs(config: pytest.Config) -> Mapping[str, ProofCheck]:
    from .pipeline.extensions import own_proofs

    return own_proofs(config.pluginmanager)
