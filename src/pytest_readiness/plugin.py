"""Entry point of the pytest plugin: its options, the mark, the fixture, and the start of a session.

The session itself is in ``session_plugin``. It is imported when the first marked test is collected, or at once if an
option is given or xdist distributes. Every session of every project pays for this module: it stays small.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pytest

from .mark import CASES, DESCRIPTION, is_tagged, late_note, may_have_rules

if TYPE_CHECKING:
    from .facts.proofs.values import ProofCheck
    from .recording.evidence_recorder import RecordEvidence
    from .session_plugin import SessionPlugin

SWITCHES = {
    "report": "print the report at the end: verdict, who must act, matrix of the use cases",
    "gate": "end with exit code 11 unless the use cases in scope are eligible for go-live",
    "missing": "run only evidence tests with a requirement that is not complete, or expires soon",
    "plan": "run nothing: list the tests that claim each requirement, and the requirements that no test claims",
}
VALUES = {
    "gate-on": ("review|evidence", "what eligible means (default: [gate] on in the config, else review)"),
    "environment": ("NAME", "the environment of this run"),
    "provider-mode": ("NAME", "the provider mode of this run"),
    "tenant": ("ID", "the tenant of the product under test"),
    "project": ("ID", "the project of the product under test"),
    "release": ("NAME", "the release under test"),
    "actor": ("NAME", "who records (default: the CI job, else git's user.email, else the system's user)"),
    "store": ("URL", "the evidence store, such as sqlite:///.readiness/evidence.db"),
    "artifacts": ("URL", "the artifact folder"),
    "config": ("PATH", "the config file"),
    "html": ("PATH", "also write the report as a page for a browser"),
    "json": ("PATH", "also write the report as JSON"),
    "markdown": ("PATH", "also write the report as Markdown, within the size of a comment"),
    "junit": ("PATH", "also write the report as JUnit XML, with a case for each requirement"),
    "csv": ("PATH", "also write the evidence register as CSV"),
    "bundle": ("PATH", "also export this run as a bundle, to be imported elsewhere with 'readiness merge'"),
    "run-group": ("ID:K/N", "this session is part K of the N parts of the logical run ID"),
}
_INFORMATION_OPTIONS = ("help", "version", "markers", "showfixtures", "show_fixtures_per_test", "cacheshow")
"""Options that make pytest print information and start no session."""
SESSION_PLUGIN = pytest.StashKey["SessionPlugin"]()
DESELECTED = pytest.StashKey[list[pytest.Item]]()
EVIDENCE_FILTER = pytest.StashKey[Callable[[pytest.Item], bool]]()
LATE = pytest.StashKey[list[str]]()
_UNANSWERED = 13  # session_plugin.UNANSWERED


def pytest_addhooks(pluginmanager: pytest.PytestPluginManager) -> None:
    """Declare the hooks of this package, so that a plugin or a ``conftest.py`` can implement them."""
    from . import hookspecs

    pluginmanager.add_hookspecs(hookspecs)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the options. A value option defaults to None: then its environment variable is read."""
    group = parser.getgroup("readiness", "production readiness")

    def add(name: str, **parameters: Any) -> None:
        # With dest given, pytest does not compare the name with those of all other options.
        group.addoption(f"--{name}", dest=name.replace("-", "_"), **parameters)

    add("no-readiness", action="store_true", help="turn pytest-readiness off")
    add("no-readiness-summary", action="store_true", help="do not append the report to the job summary of GitHub")
    for name, description in SWITCHES.items():
        add(f"readiness-{name}", action="store_true", help=description)
    add(
        "readiness-uc",
        action="append",
        default=None,
        metavar="PATTERN",
        help="run only tests that claim these use cases (glob, repeatable); report and gate cover only these "
        f"[env: {variable_name('uc')}, separated by commas]",
    )
    add(
        "readiness-subject",
        action="append",
        default=None,
        metavar="[NAME=]sha256:HEX",
        help="the digest of what is under test, such as an image or a wheel (repeatable, a name each) "
        f"[env: {variable_name('subject')}, separated by spaces]",
    )
    for name, (metavar, description) in VALUES.items():
        add(f"readiness-{name}", default=None, metavar=metavar, help=f"{description} [env: {variable_name(name)}]")


def variable_name(name: str) -> str:
    """Return the environment variable that an option also reads."""
    return f"READINESS_{name.replace('-', '_').upper()}"


def read_options(config: pytest.Config) -> dict[str, Any]:
    """Return the values of the options, or of their environment variables: the fields of ``SessionOptions``."""
    values = {}
    for name in VALUES:
        value = config.getoption(f"readiness_{name.replace('-', '_')}")
        if value is not None or (value := os.environ.get(variable_name(name))):
            values[name] = str(value)
    subjects = config.getoption("readiness_subject")
    if subjects is not None or (subjects := [os.environ.get(variable_name("subject"), "")]) != [""]:
        values["subject"] = " ".join(subjects) if all(map(str.strip, subjects)) else ""
    patterns = config.getoption("readiness_uc")
    if patterns is None:
        patterns = [
            stripped for part in os.environ.get(variable_name("uc"), "").split(",") if (stripped := part.strip())
        ]
    for name, value in (*values.items(), *(("uc", pattern) for pattern in patterns)):
        if not value.strip():  # an option that is given is never ignored silently
            raise pytest.UsageError(f"--readiness-{name} is empty: give it a value, or leave it out")
    switches = {name: bool(config.getoption(f"readiness_{name}")) for name in SWITCHES}
    switches["summary"] = not config.getoption("no_readiness_summary")
    return {"values": values, "patterns": tuple(patterns), **switches}


def check_gate_options(config: pytest.Config) -> None:
    """Raise UsageError if ``--readiness-gate`` is given beside an option that would skip the gate."""
    for name in ("no-readiness", "readiness-plan"):
        if config.getoption("readiness_gate") and config.getoption(name.replace("-", "_")):
            message = f"--{name} beside --readiness-gate: the gate would be skipped: remove one of them"
            raise pytest.UsageError(f"{message} (-o addopts= overrides the ini file, PYTEST_ADDOPTS= the variable)")


def is_requested(options: Mapping[str, Any]) -> bool:
    """Return whether an option or its environment variable asks for this plugin, with or without a config."""
    return any(options["values"].values()) or any(options[name] for name in ("patterns", *SWITCHES))


def pytest_configure(config: pytest.Config) -> None:
    """Register the mark. Begin at once if an option asks for it, xdist distributes, or this is a worker."""
    config.addinivalue_line("markers", DESCRIPTION)
    check_gate_options(config)
    if config.getoption("no_readiness"):
        return
    if is_requested(read_options(config)) or config.getoption("dist", "no") != "no" or hasattr(config, "workerinput"):
        register_session(config).begin_early()


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None]:
    """Raise UsageError if a ``conftest.py`` exits with 0 while it is loaded and a gate is requested."""
    try:
        return (yield)
    except SystemExit as end:
        if is_success(end.code) and getattr(early_config.known_args_namespace, "readiness_gate", False):
            message = "a conftest.py ended pytest by SystemExit while it was loaded, before the gate was evaluated"
            raise pytest.UsageError(f"{message}: do not call sys.exit() in a module that pytest loads") from None
        raise


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> Generator[None, Any, Any]:
    """Set the exit code of the process: a requested gate that was not evaluated is no success."""
    end_process = os._exit
    if getattr(config.option, "readiness_gate", False):
        from .process_exit import guarded_exit  # late: most sessions have no gate

        os._exit = guarded_exit(end_process, lambda: int(final_exit_code(config, 0)), _UNANSWERED)
    try:
        code = yield
    except SystemExit as end:
        code, end.code = end.code, final_exit_code(config, end.code)
        raise
    finally:
        os._exit = end_process
    return final_exit_code(config, code)


def final_exit_code(config: pytest.Config, code: Any) -> Any:
    """Return the exit code of the process: pytest's own unless the shell would take it for 0."""
    if not is_success(code) or any(getattr(config.option, name, False) for name in _INFORMATION_OPTIONS):
        return code
    plugin = config.stash.get(SESSION_PLUGIN, None)
    if plugin is not None:
        return plugin.final_exit_code() or code
    return _UNANSWERED if getattr(config.option, "readiness_gate", False) else code


def is_success(code: object) -> bool:
    """Return whether the shell takes the code of a ``SystemExit`` for 0."""
    return code is None or (isinstance(code, int) and not code % 256)


def register_session(config: pytest.Config) -> SessionPlugin:
    """Register and return the hook object of the session."""
    from .session_plugin import SessionPlugin

    options = read_options(config)
    plugin = config.stash[SESSION_PLUGIN] = SessionPlugin(
        config, options, config.stash.setdefault(DESELECTED, []), requested=is_requested(options)
    )
    config.pluginmanager.register(plugin, "readiness-session")
    return plugin


@pytest.hookimpl(trylast=True)
def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Store how many cases a function has: pytest forgets the cases that are not selected."""
    if cases := getattr(metafunc, "_calls", None):
        metafunc.config.stash.setdefault(CASES, {})[metafunc.definition.nodeid] = len(cases)


def pytest_deselected(items: Sequence[pytest.Item]) -> None:
    """Store deselected evidence tests: another part of the logical run may run them."""
    for item in items:
        if evidence_filter(item.config)(item):
            item.config.stash.setdefault(DESELECTED, []).append(item)


def evidence_filter(config: pytest.Config) -> Callable[[pytest.Item], bool]:
    """Return a function of a test: whether it is evidence, because of its mark or of a rule of the config."""
    if (is_evidence := config.stash.get(EVIDENCE_FILTER, None)) is None:
        matches = rule_filter(config)
        is_evidence = (lambda item: is_tagged(item) or matches(item)) if matches is not None else is_tagged
        config.stash[EVIDENCE_FILTER] = is_evidence
    return is_evidence


def rule_filter(config: pytest.Config) -> Callable[[pytest.Item], bool] | None:
    """Return a function of a test: whether a rule of the config matches it; None: the config has no rules."""
    if config.getoption("no_readiness"):
        return None
    plugin = config.stash.get(SESSION_PLUGIN, None)
    if plugin is not None and plugin.observer is not None:
        return plugin.observer.rules.matches if plugin.observer.rules is not None else None
    if not may_have_rules(config.rootpath):
        return None
    from .pipeline.claim_rules import rule_matcher  # late: slow to import

    return rule_matcher(config.rootpath)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> Generator[None]:
    """Begin the session if a test carries the mark, after other plugins have marked, ordered and deselected."""
    result = yield
    plugin = config.stash.get(SESSION_PLUGIN, None)
    if any(map(evidence_filter(config), items)) and not config.getoption("no_readiness"):
        plugin = plugin or register_session(config)
        plugin.begin()
    if plugin is not None:
        plugin.select(items)
    return result


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Find tests that were marked while they ran, in a session that had no evidence tests when it began."""
    config = session.config
    if SESSION_PLUGIN not in config.stash and not config.getoption("no_readiness"):
        config.stash[LATE] = [item.nodeid for item in filter(is_tagged, getattr(session, "items", ()))]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Print that such a mark records nothing, if a config is found."""
    if late := config.stash.get(LATE, None):
        from .settings import find_config

        if find_config(config.rootpath) is not None:
            terminalreporter.section("production readiness")
            terminalreporter.line(late_note(late))


@pytest.fixture
def record_evidence(request: pytest.FixtureRequest) -> RecordEvidence:
    """Record evidence of this test: artifacts, references, notes, properties, steps, scope, secrets, proofs.

    If nothing is recorded, it still checks its arguments and writes nothing.
    """
    plugin = request.config.stash.get(SESSION_PLUGIN, None)
    if plugin is not None and plugin.observer is not None:
        return plugin.observer.record_evidence(request.node)
    from .recording.evidence_recorder import SessionServices
    from .recording.observer import detached_recorder

    return detached_recorder(services=SessionServices(kinds=lambda: _own_proofs(request.config)))


def _own_proofs(config: pytest.Config) -> Mapping[str, ProofCheck]:
    from .pipeline.plugin_hooks import own_proofs

    return own_proofs(config.pluginmanager)
