"""Inside pytest (``-p mutating.server``): once everything is collected, each mutant is tried in a fork of this process.

So that what takes the most time, to start and to collect, is done once. A mutant of the body of a function is put into
the functions that are there; any other is tried in a process that was started with the changed file. What is to be done
comes by lines on a pipe.
"""

from __future__ import annotations

import gc
import json
import os
import resource
import select
import shutil
import signal
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from inspect import CO_OPTIMIZED
from pathlib import Path
from types import CodeType, FunctionType

import coverage
import coverage.exceptions
import pytest
from hypothesis import HealthCheck, Phase, settings

PIPES = "MUTANTS_PIPES"
SETTINGS = "_hypothesis_internal_use_settings"
EXAMPLES = 50
"""Of a property test at most: what only the hundredth finds is not relied on."""
settings.register_profile(
    "mutants",
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


def pytest_configure() -> None:
    """Have property tests say the same each time, and sessions within tests load plugins as they do otherwise."""
    settings.load_profile("mutants")
    os.environ.pop("PYTEST_DISABLE_PLUGIN_AUTOLOAD", None)


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> bool:
    """Answer what is asked, until nothing more is."""
    if session.testsfailed:
        os._exit(3)
    asks, tells = (int(number) for number in os.environ.pop(PIPES).split(","))
    server = Server({item.nodeid: item for item in session.items})
    with os.fdopen(asks) as asked, os.fdopen(tells, "w") as told:
        told.write(json.dumps(list(server.items)) + "\n")
        told.flush()
        for line in asked:
            told.write(json.dumps(server.answer(json.loads(line))) + "\n")
            told.flush()
    os._exit(0)


class Server:
    """What was collected, and what each function of the program is made of."""

    def __init__(self, items: dict[str, pytest.Item]) -> None:
        self.items = items
        self.functions: dict[tuple[str, str, int], list[FunctionType]] = {}
        for one in gc.get_objects():
            if isinstance(one, FunctionType):
                chosen = getattr(one, SETTINGS, None)
                if chosen is not None and chosen.max_examples > EXAMPLES:
                    setattr(one, SETTINGS, settings(chosen, max_examples=EXAMPLES))
                self.functions.setdefault(_key(one.__code__), []).append(one)
        gc.freeze()

    def answer(self, asked: dict) -> object:
        """Answer one question: what each test executes, or what comes of a mutant."""
        tests = [self.items[test] for test in asked["tests"]]
        if asked["do"] == "learn":
            return _forked(lambda tell: _learn(tests, asked["files"], tell))
        patch: list[tuple[FunctionType, CodeType]] = []
        if asked["old"] is not None:
            found = self.changes(asked["path"], asked["old"], asked["new"])
            if found is None:
                return "afresh"
            patch = found
        limit = asked["limit"]
        failed = _forked(lambda tell: _try(tests, patch, tell), limit)
        if failed is None or failed not in self.items:
            return failed
        again = _forked(lambda tell: _try([self.items[failed]], patch, tell), limit)
        return failed if again == failed else _forked(lambda tell: _try(tests, patch, tell), limit)

    def changes(self, path: str, old: str, new: str) -> list[tuple[FunctionType, CodeType]] | None:
        """Return each function that a mutant changes with what it becomes; None: what was done at import changes."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SyntaxWarning)  # such as that of `is` with a text: a mutant as any other
            pairs = _differing(compile(old, path, "exec"), compile(new, path, "exec"))
        if not pairs:
            return None
        changed = []
        for before, after in pairs:
            functions = self.functions.get(_key(before), [])
            if not functions or before.co_freevars != after.co_freevars:
                return None
            changed += [(function, after) for function in functions]
        return changed


def _key(code: CodeType) -> tuple[str, str, int]:
    return code.co_filename, code.co_qualname, code.co_firstlineno


def _differing(old: CodeType, new: CodeType) -> list[tuple[CodeType, CodeType]] | None:
    if old == new:
        return []
    if old.co_flags & CO_OPTIMIZED:
        return [(old, new)]
    if (old.co_code, old.co_names, len(old.co_consts)) != (new.co_code, new.co_names, len(new.co_consts)):
        return None
    pairs = []
    for before, after in zip(old.co_consts, new.co_consts, strict=True):
        if isinstance(before, CodeType) and isinstance(after, CodeType):
            inner = _differing(before, after)
            if inner is None:
                return None
            pairs += inner
        elif repr(before) != repr(after):
            return None
    return pairs


def _forked(act: Callable[[Callable[[object], None]], None], limit: float | None = None) -> object:
    """Do something in a fork; return what it tells: at most once, in the end."""
    read, write = os.pipe()
    temporary = tempfile.mkdtemp(prefix="mutant-")
    child = os.fork()
    if not child:
        _behave(act, write, temporary, limit)
    os.close(write)
    told, in_time = _read(read, None if limit is None else 6 * limit)
    with suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)
    status = os.waitpid(child, 0)[1]
    shutil.rmtree(temporary, ignore_errors=True)
    if told:
        return json.loads(told)
    return f"ended by itself ({os.waitstatus_to_exitcode(status)})" if in_time else "without end"


def _behave(act: Callable[[Callable[[object], None]], None], write: int, temporary: str, limit: float | None) -> None:
    """Be the fork: never return."""
    os.setpgid(0, 0)
    os.environ["TMPDIR"] = tempfile.tempdir = temporary
    if limit is not None:
        resource.setrlimit(resource.RLIMIT_CPU, (int(limit) + 1, resource.getrlimit(resource.RLIMIT_CPU)[1]))

    def tell(value: object) -> None:
        text = json.dumps(value).encode() + b"\n"
        while text:
            text = text[os.write(write, text) :]
        os._exit(0)

    try:
        act(tell)
    except BaseException as error:  # noqa: BLE001 - also what ends a process, such as pytest.exit
        tell(f"raised {error!r}")
    os._exit(4)


def _read(pipe: int, limit: float | None) -> tuple[bytes, bool]:
    """Read a line; return it, and whether that ended in time."""
    end, text = None if limit is None else time.monotonic() + limit, b""
    with os.fdopen(pipe, "rb", buffering=0) as file:
        while not text.endswith(b"\n"):
            left = None if end is None else max(0, end - time.monotonic())
            if not select.select([file], [], [], left)[0]:
                return b"", False
            more = file.read(1 << 16)
            if not more:
                return b"", True
            text += more
    return text, True


class _Failures:
    """Notes whether a test failed."""

    def __init__(self) -> None:
        self.failed = False

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.failed |= report.failed


def _run(items: Sequence[pytest.Item]) -> Iterator[tuple[pytest.Item, bool]]:
    """Run each, and yield it with whether it failed."""
    seen, manager = _Failures(), items[0].config.pluginmanager
    manager.register(seen)
    for item, following in zip(items, [*items[1:], None], strict=True):
        seen.failed = False
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        yield item, seen.failed


def _try(
    items: Sequence[pytest.Item], patch: Sequence[tuple[FunctionType, CodeType]], tell: Callable[[object], None]
) -> None:
    for function, code in patch:
        function.__code__ = code
    for item, failed in _run(items):
        if failed:
            tell(item.nodeid)
    tell(None)


def _learn(items: Sequence[pytest.Item], files: Sequence[str], tell: Callable[[object], None]) -> None:
    """Tell of each test the lines it executes, whether it starts a Python of its own, how long, and if it fails."""
    learned = {}
    with _started() as started, tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter(
            "ignore", coverage.exceptions.CoverageWarning
        )  # of a file whose tests execute nothing here
        watching = coverage.Coverage(data_file=f"{folder}/data", include=list(files), config_file=False)
        watching.start()
        watching.switch_context(items[0].nodeid)
        tracer, begun = sys.gettrace(), time.monotonic()
        for (item, failed), following in zip(_run(items), [*items[1:], None], strict=True):
            seconds = time.monotonic() - begun
            learned[item.nodeid] = {"seconds": seconds, "failed": failed, "apart": bool(started), "lines": {}}
            started.clear()
            if sys.gettrace() is not tracer:
                sys.settrace(tracer)
            if following is not None:
                watching.switch_context(following.nodeid)
            begun = time.monotonic()
        watching.stop()
        data = watching.get_data()
        for file in data.measured_files():
            for line, tests in data.contexts_by_lineno(file).items():
                for test in tests:
                    if test in learned:
                        learned[test]["lines"].setdefault(file, []).append(line)
    tell(learned)


@contextmanager
def _started() -> Iterator[list[str]]:
    """Yield a list that grows by each process that is started and is not git's."""
    started: list[str] = []

    def note(event: str, args: tuple) -> None:
        if event == "subprocess.Popen":
            words = args[1] if isinstance(args[1], list | tuple) else [args[1]]
            if Path(os.fsdecode(words[0])).name != "git":
                started.append(event)
        elif event in ("os.fork", "os.posix_spawn", "os.system", "os.exec", "os.forkpty"):
            started.append(event)

    sys.addaudithook(note)
    yield started
