"""Detection of replaced networks and clocks while a test runs: its evidence is then a rehearsal.

If a test could not be watched, only a pass is a rehearsal, and a failure counts.

A replacement is detected in three ways: when it is made (the start functions of libraries, ``unittest.mock`` and
pytest's ``monkeypatch`` are wrapped), by comparing the known patch points before and after a test, and by the hook
``pytest_readiness_simulation``. An installed or loaded library alone means nothing.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import wraps
from os import fstat as _fstat
from tempfile import TemporaryFile as _TemporaryFile
from types import FrameType, ModuleType
from typing import Any

import pytest
from msgspec import Struct

from ...errors import one_line
from ...third_party import describe_exception, is_failure
from . import import_hook
from .pass_through import spies_on
from .patch_points import CLOCK, FAKES, NETWORK, STARTS, USES, PatchPoints, is_real, patch_point_name, replaced_kind
from .simulation_hook import ask_hooks

_SYS_ATTRIBUTE = "_pytest_readiness_simulation"
"""Attribute of ``sys`` with the one detector of the process: modules may be loaded again."""
_WRAPPER_MARK = "__readiness__"
"""Attribute of the wrappers that this module installs."""
_MAX_REASONS, _MAX_REPLACEMENTS = 3, 200
_SKEW_NS = 2_000_000_000
_ABSENT = object()
_PATCHING_MODULES = frozenset({"contextlib", "functools", "unittest.mock", "mock.mock", __name__})
"""Modules whose frames may be between a library and the patch that it makes."""

STATES: tuple[tuple[str, Callable[[Any], bool], str], ...] = (
    ("moto.core.models", lambda module: bool(module.botocore_stubber.enabled), "moto replaced the network"),
    ("time_machine", lambda module: bool(module.escape_hatch.is_travelling()), "time-machine replaced the clock"),
)
"""Module, check whether it is active, and reason: libraries that expose their state."""
_STATE_MODULES = frozenset(row[0] for row in STATES)
_MOCKS = ("unittest.mock", "mock.mock")
_REQUESTS_MOCK = "requests_mock.mocker"
_BROWSER_NETWORKS = frozenset({"playwright._impl.network", "playwright._impl._network"})
_BROWSER_CLOCKS = frozenset({"playwright._impl.clock", "playwright._impl._clock"})
_WANTED = frozenset({*_MOCKS, _REQUESTS_MOCK, *_BROWSER_CLOCKS, *(row[0] for row in (*STARTS, *USES))})


class _Replacement(Struct, eq=False):
    """A replacement that may still be in place."""

    target: Any
    name: str
    new: Any
    reason: str

    @property
    def is_active(self) -> bool:
        """Whether it is still in place."""
        attributes = self.target if isinstance(self.target, dict) else getattr(self.target, "__dict__", {})
        return attributes.get(self.name, _ABSENT) is self.new


class _ProcessDetector:
    """The one detector of this process."""

    def __init__(self) -> None:
        self.detectors: tuple[MockDetector, ...] = ()
        self.replacements: list[_Replacement] = []
        self.patch_points = PatchPoints()
        self.clock = _Clock()

    def report(self, reason: str) -> None:
        """Add a reason to the watched tests: something is replaced at this moment."""
        for detector in self.detectors:
            detector.add_reason(reason)

    def add(self, replacement: _Replacement) -> None:
        """Add and report a replacement, which is reported again as long as it is in place."""
        if len(self.replacements) >= _MAX_REPLACEMENTS:
            self.replacements = [earlier for earlier in self.replacements if earlier.is_active]
        if len(self.replacements) < _MAX_REPLACEMENTS:
            self.replacements.append(replacement)
        self.report(replacement.reason)

    def inspect(self) -> None:
        """Report everything that is replaced now."""
        if self.replacements:
            self.replacements = [replacement for replacement in self.replacements if replacement.is_active]
            for replacement in self.replacements:
                self.report(replacement.reason)
        if not sys.modules.keys().isdisjoint(_STATE_MODULES):
            self._inspect_states()
        for replaced in self.patch_points.find_replaced():  # mostly none
            if replaced.package in FAKES:
                self.report(f"{FAKES[replaced.package]} replaced {replaced.kind}")
            elif not self._is_reported(replaced.point):
                mocked = replaced.package in ("unittest", "mock")
                self.report(f"{'unittest.mock' if mocked else replaced.by} replaced {replaced.point}")
        for detector in self.detectors:
            if not detector.reasons:  # else its test is a simulation already
                if self.clock.is_wrong():
                    self.report("Python's clock differs from the system's by more than 2 s")
                break

    def _inspect_states(self) -> None:
        for name, is_active, reason in STATES:
            module = sys.modules.get(name)
            if module is not None:
                with suppress(AttributeError):  # another version of the library, without this attribute
                    if is_active(module):
                        self.report(reason)

    def _is_reported(self, point: str) -> bool:
        return all(any(point in reason for reason in detector.reasons) for detector in self.detectors)


class _Clock:
    """Comparison of Python's clock with the file system's."""

    def __init__(self) -> None:
        self._offset: int | None = None

    def is_wrong(self) -> bool:
        """Return whether they differ; a file is created only if Python's clocks moved relative to each other."""
        now = time.time_ns()  # the test's clock
        offset = now - time.monotonic_ns()
        if type(offset) is not int:
            return True
        if self._offset is not None and abs(offset - self._offset) < _SKEW_NS:
            return False
        try:
            with _TemporaryFile() as file:
                file_time = _fstat(file.fileno()).st_mtime_ns
        except OSError:
            return False
        if abs(file_time - now) > _SKEW_NS:
            return True
        self._offset = offset
        return False


class MockDetector:
    """Reasons why one test was a simulation, over all its attempts."""

    def __init__(self, simulations: Sequence[Any] = ()) -> None:
        self._simulations = simulations
        self.saw_nothing = True
        """Whether there is no reason of any kind: in most tests."""
        self.reasons: dict[str, None] = {}
        """Reasons of the running attempt, in the order of their detection."""
        self.earlier: dict[str, None] = {}
        """Reasons of the attempts before it."""
        self.unwatched_reasons: dict[str, None] = {}
        """Reasons why an attempt could not be watched."""
        self._process: _ProcessDetector | None = None
        """The detector of the process, once a test was watched."""

    def begin(self) -> None:
        """Start watching, also another attempt."""
        if self.reasons:
            self.earlier |= self.reasons
            self.reasons = {}
        process = self._process
        if process is None:
            process = self._process = _process_detector()
        if not process.detectors:
            process.detectors = (self,)
        elif self not in process.detectors:
            process.detectors = (*process.detectors, self)

    def inspect(self, item: pytest.Item | None = None) -> None:
        """Check what is replaced at this moment; with an item, call the hook too."""
        try:
            (self._process or _process_detector()).inspect()
        except BaseException as error:
            if not is_failure(error):
                raise
            self.add_unwatched(
                f"what stands in for the network or the clock cannot be told: {describe_exception(error, 120)}"
            )
        if item is not None:  # a hook that fails makes a pass a rehearsal
            for answer in ask_hooks(item, self._simulations):
                (self.add_reason if answer.understood else self.add_unwatched)(answer.reason)

    def end(self) -> None:
        """Stop watching."""
        if (process := self._process) is not None:
            watched = process.detectors
            process.detectors = () if watched == (self,) else tuple([other for other in watched if other is not self])

    def add_reason(self, reason: str) -> None:
        """Add a reason why the running attempt is a simulation."""
        self.saw_nothing = False
        self.reasons.setdefault(one_line(reason, 200), None)

    def add_unwatched(self, reason: str) -> None:
        """Add a reason why the test could not be watched."""
        self.saw_nothing = False
        self.unwatched_reasons.setdefault(one_line(reason, 200), None)

    @property
    def reason(self) -> str | None:
        """Reasons of the running attempt, joined; None if there are none."""
        return _joined(list(self.reasons))

    @property
    def reason_against_pass(self) -> str | None:
        """Reasons that apply only to a pass, joined: those of earlier attempts, and of unwatched ones."""
        return _joined([reason for reason in (*self.earlier, *self.unwatched_reasons) if reason not in self.reasons])


def _joined(reasons: list[str]) -> str | None:
    if len(reasons) > _MAX_REASONS:
        reasons = [*reasons[:_MAX_REASONS], f"{len(reasons) - _MAX_REASONS} more"]
    return "; ".join(reasons) or None


def _process_detector() -> _ProcessDetector:
    detector: _ProcessDetector | None = getattr(sys, _SYS_ATTRIBUTE, None)
    if detector is None:
        detector = _ProcessDetector()
        setattr(sys, _SYS_ATTRIBUTE, detector)
    return detector


def prepare() -> None:
    """Start detecting replacements of networks and clocks, in a session with evidence tests; idempotent."""
    with suppress(Exception):
        _wrap_monkeypatch()
        import_hook.on_import(_WANTED, _wrap_module)
        for name in filter(_loaded, _WANTED):
            _wrap_module(name)


def _loaded(name: str) -> ModuleType | None:
    """Return a loaded module, also one that was removed from ``sys.modules``: its package still has it."""
    module = sys.modules.get(name) or getattr(sys.modules.get(name.rpartition(".")[0]), name.rpartition(".")[2], None)
    return module if isinstance(module, ModuleType) else None


def _wrap_module(name: str) -> None:
    """Wrap the functions of a loaded module that replace something."""
    module = _loaded(name)
    if name in _MOCKS:
        _wrap(module, "_patch.__enter__", _after_patch)
        _wrap(module, "_patch_dict.__enter__", _after_patch_dict)
    if name == _REQUESTS_MOCK:
        _wrap(module, "MockerCore.start", _after_requests_mock)
    if name in _BROWSER_NETWORKS:
        _wrap(module, "WebSocketRoute._after_handle", _after_web_socket_route)
    if name in _BROWSER_CLOCKS:
        for method in ("install", "set_fixed_time", "set_system_time"):
            _wrap(module, f"Clock.{method}", _reporter(f"Playwright's clock.{method} replaced {CLOCK}"))
    for module_name, path, kind in STARTS:
        if module_name == name:
            _wrap(module, path, _reporter(f"{FAKES[module_name.partition('.')[0]]} replaced {kind}"))
    for module_name, path, mock in USES:
        if module_name == name:
            _wrap(module, path, _reporter(f"{mock} replaced the network"))


def _reporter(reason: str) -> Callable[..., None]:
    def report(*_: Any) -> None:
        _process_detector().report(reason)

    return report


def _wrap(module: Any, path: str, after: Callable[..., None]) -> None:
    """Wrap a function so that ``after`` is called when it returns. Do nothing if there is no such function."""
    *owners, name = path.split(".")
    owner = module
    for step in owners:
        owner = getattr(owner, step, None)
    original = vars(owner).get(name) if owner is not None else None
    if not callable(original) or hasattr(original, _WRAPPER_MARK):
        return

    @wraps(original)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        __tracebackhide__ = True
        result = original(*args, **kwargs)
        with suppress(Exception):
            after(*args)
        return result

    setattr(wrapper, _WRAPPER_MARK, True)
    setattr(owner, name, wrapper)


def _after_web_socket_route(route: Any) -> None:
    """Report a route whose handler has answered the page itself, without a connection to the server."""
    if not getattr(route, "_connected", True):
        _process_detector().report(f"Playwright's route_web_socket replaced {NETWORK}")


def _after_requests_mock(mocker: Any) -> None:
    """Report requests-mock: it may replace the method of one session, which is no known patch point."""
    reason = f"requests-mock replaced {NETWORK}"
    _process_detector().report(reason)
    target = mocker._mock_target  # noqa: SLF001 - without it, the report above holds for the running test
    _process_detector().add(_Replacement(target, "send", vars(target).get("send"), reason))


def _after_patch(patcher: Any) -> None:
    """Report a patch of ``unittest.mock``."""
    target, name, original = patcher.target, patcher.attribute, patcher.temp_original
    new = vars(target).get(name) if hasattr(target, "__dict__") else None
    _report_replaced(target, name, original, new, "unittest.mock")


def _after_patch_dict(patcher: Any) -> None:
    if patcher.in_dict is sys.modules:
        for name, value in list(patcher.values.items()):
            _report_replaced_module(name, value, "unittest.mock")


def _wrap_monkeypatch() -> None:
    kind = pytest.MonkeyPatch
    if hasattr(kind.setattr, _WRAPPER_MARK):
        return
    set_attribute, set_entry = kind.setattr, kind.setitem

    @wraps(set_attribute)
    def setattr_(self: pytest.MonkeyPatch, target: Any, *args: Any, **kwargs: Any) -> None:
        __tracebackhide__ = True
        attribute = None
        with suppress(Exception):
            attribute = _attribute(target, (*args, *(kwargs[key] for key in ("name", "value") if key in kwargs)))
        set_attribute(self, target, *args, **kwargs)
        if attribute is not None:
            with suppress(Exception):
                owner, name, original = attribute
                _report_replaced(owner, name, original, vars(owner).get(name), "monkeypatch")

    @wraps(set_entry)
    def setitem_(self: pytest.MonkeyPatch, dic: Any, name: Any, value: Any) -> None:
        __tracebackhide__ = True
        set_entry(self, dic, name, value)
        if dic is sys.modules:
            with suppress(Exception):
                _report_replaced_module(name, value, "monkeypatch")

    for name, wrapper in (("setattr", setattr_), ("setitem", setitem_)):
        setattr(wrapper, _WRAPPER_MARK, True)
        setattr(kind, name, wrapper)


def _attribute(target: Any, args: tuple[Any, ...]) -> tuple[Any, str, Any]:
    """Return owner, name and current value of the attribute that ``monkeypatch.setattr`` is about to replace."""
    from pkgutil import resolve_name  # loads the module, as pytest is about to do

    name = args[0]
    if isinstance(target, str) and not (isinstance(name, str) and len(args) > 1):
        path, _, name = target.rpartition(".")
        target = resolve_name(path)
    return target, name, getattr(target, name)


def _report_replaced(target: Any, name: str, original: Any, new: Any, tool: str) -> None:
    kind = replaced_kind(target, name, original) if new is not original else None
    # A library may have stored one of our wrappers as the original, and put it back.
    restored = new.__wrapped__ if getattr(new, _WRAPPER_MARK, False) is True else new
    if kind is None or is_real(target, name, original, restored):
        return
    library = _patching_library(sys._getframe(1))  # noqa: SLF001 - as the standard library's warnings find a caller
    by, point = (FAKES[library], kind) if library else (tool, patch_point_name(target, name, original))
    replacement, process = _Replacement(target, name, new, f"{by} replaced {point}"), _process_detector()
    earlier = [made for made in process.replacements if made.target is target and made.name == name]
    wraps_a_mock = any(made.new is original for made in earlier)
    if wraps_a_mock or not spies_on(new, original, lambda: process.add(replacement)):
        process.add(replacement)


def _report_replaced_module(name: str, value: Any, tool: str) -> None:
    if replaced_kind(sys, name, ModuleType(name)) is not None:
        _process_detector().add(_Replacement(sys.modules, name, value, f"{tool} replaced the module {name}"))


def _patching_library(frame: FrameType | None) -> str | None:
    """Return the known library that makes a patch; None if the test itself makes it."""
    library = None
    while frame is not None:
        module = str(frame.f_globals.get("__name__", ""))
        package = module.partition(".")[0]
        if package in FAKES:
            library = package
        elif module not in _PATCHING_MODULES:
            break
        frame = frame.f_back
    return library
