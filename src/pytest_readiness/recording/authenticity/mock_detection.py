"""What replaced the network or the clock while a test ran: then it is a rehearsal, whatever its result.

That it could not be seen whether something did is another thing: it counts against a pass, and hides no failure.

A replacement is seen in three ways: where it is made (the libraries' own ways of starting, ``unittest.mock`` and
pytest's ``monkeypatch`` tell us from then on), by comparing the known seams before and after a test, and by the word of
whoever implements ``pytest_readiness_simulation``. That a library is installed or loaded says nothing.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import wraps
from os import fstat as _fstat
from tempfile import TemporaryFile as _TemporaryFile
from types import FrameType, ModuleType
from typing import Any

import pytest

from ...errors import one_line
from ...third_party import describe_exception, is_failure
from . import import_hook
from .pass_through import spies_on
from .patch_points import CLOCK, FAKES, NETWORK, STARTS, USES, PatchPoints, is_real, kind_of, patch_point_name
from .simulation_hook import ask_hooks

_KEPT = "_pytest_readiness_simulation"
"""Where the one lookout of the process is kept, also where modules are loaded anew."""
_OURS = "__readiness__"
"""Marks what this module put in the place of something."""
_MOST_REASONS, _MOST_KEPT = 3, 200
_SKEW_NS = 2_000_000_000
_GONE = object()
_BETWEEN = frozenset({"contextlib", "functools", "unittest.mock", "mock.mock", __name__})
"""Modules that stand between a library and the patch that it makes."""

STATES: tuple[tuple[str, Callable[[Any], bool], str], ...] = (
    ("moto.core.models", lambda module: bool(module.botocore_stubber.enabled), "moto replaced the network"),
    ("time_machine", lambda module: bool(module.escape_hatch.is_travelling()), "time-machine replaced the clock"),
)
"""What says of itself that it is at work."""
_TELLING = frozenset(row[0] for row in STATES)
_MOCKS = ("unittest.mock", "mock.mock")
_REQUESTS_MOCK = "requests_mock.mocker"
_BROWSER_NETWORKS = frozenset({"playwright._impl.network", "playwright._impl._network"})
_BROWSER_CLOCKS = frozenset({"playwright._impl.clock", "playwright._impl._clock"})
_WANTED = frozenset({*_MOCKS, _REQUESTS_MOCK, *_BROWSER_CLOCKS, *(row[0] for row in (*STARTS, *USES))})


@dataclass(eq=False)
class _Made:
    """A replacement that was made, and may still be there."""

    target: Any
    name: str
    new: Any
    because: str

    @property
    def stands(self) -> bool:
        """Whether it is still in its place."""
        held = self.target if isinstance(self.target, dict) else getattr(self.target, "__dict__", {})
        return held.get(self.name, _GONE) is self.new


class _Lookout:
    """The one lookout of this process."""

    def __init__(self) -> None:
        self.watched: tuple[MockDetector, ...] = ()
        self.made: list[_Made] = []
        self.seams = PatchPoints()
        self.clock = _Clock()

    def tell(self, because: str) -> None:
        """Something is replaced at this moment."""
        for one in self.watched:
            one.because(because)

    def make(self, made: _Made) -> None:
        """Something was replaced, and stays so until it is put back."""
        if len(self.made) >= _MOST_KEPT:
            self.made = [one for one in self.made if one.stands]
        if len(self.made) < _MOST_KEPT:
            self.made.append(made)
        self.tell(made.because)

    def look(self) -> None:
        """Tell what is replaced now, whoever did it and whenever."""
        if self.made:
            self.made = [one for one in self.made if one.stands]
            for one in self.made:
                self.tell(one.because)
        if not sys.modules.keys().isdisjoint(_TELLING):
            self._look_at_states()
        for replaced in self.seams.look():
            if replaced.package in FAKES:
                self.tell(f"{FAKES[replaced.package]} replaced {replaced.kind}")
            elif not self._is_told(replaced.seam):
                mocked = replaced.package in ("unittest", "mock")
                self.tell(f"{'unittest.mock' if mocked else replaced.by} replaced {replaced.seam}")
        self._look_at_clock()

    def _look_at_states(self) -> None:
        for module, is_at_work, because in STATES:
            loaded = sys.modules.get(module)
            if loaded is not None:
                with suppress(AttributeError):  # another version of the library, which has no such word
                    if is_at_work(loaded):
                        self.tell(because)

    def _look_at_clock(self) -> None:
        for one in self.watched:
            if not one.reasons:
                if self.clock.is_wrong():
                    self.tell("Python's clock differs from the system's by more than 2 s")
                return

    def _is_told(self, seam: str) -> bool:
        return all(any(seam in told for told in one.reasons) for one in self.watched)


class _Clock:
    """Compares Python's clock with the one that the file system stamps files with."""

    def __init__(self) -> None:
        self._offset: int | None = None

    def is_wrong(self) -> bool:
        """Return whether they differ; a file is made only where Python's clocks have moved against each other."""
        now = time.time_ns()  # as the test has it
        offset = now - time.monotonic_ns()
        if type(offset) is not int:
            return True
        if self._offset is not None and abs(offset - self._offset) < _SKEW_NS:
            return False
        try:
            with _TemporaryFile() as file:
                stamped = _fstat(file.fileno()).st_mtime_ns
        except OSError:
            return False
        if abs(stamped - now) > _SKEW_NS:
            return True
        self._offset = offset
        return False


class MockDetector:
    """What replaced the network or the clock while one test ran."""

    def __init__(self, simulations: Sequence[Any] = ()) -> None:
        self._simulations = simulations
        self.reasons: dict[str, None] = {}
        """Of the attempt that runs, in the order in which they were seen."""
        self.earlier: dict[str, None] = {}
        """Those of the attempts before it."""
        self.unseen: dict[str, None] = {}
        """Why it cannot be told, of whichever attempt, whether something was replaced."""
        self._lookout: _Lookout | None = None
        """Who looks out, while somebody does."""

    def begin(self) -> None:
        """Look out from now on, in another attempt if there was one."""
        if self.reasons:
            self.earlier |= self.reasons
            self.reasons = {}
        lookout = self._lookout = _lookout()
        if not lookout.watched:
            lookout.watched = (self,)
        elif self not in lookout.watched:
            lookout.watched = (*lookout.watched, self)

    def look(self, item: pytest.Item | None = None) -> None:
        """See what is replaced at this moment; with an item, ask the hook too."""
        try:
            (self._lookout or _lookout()).look()
        except BaseException as error:
            if not is_failure(error):
                raise
            self.cannot_tell(
                f"what stands in for the network or the clock cannot be told: {describe_exception(error, 120)}"
            )
        if item is not None:
            self.told_by_hook(item)

    def end(self) -> None:
        """Look out no longer."""
        lookout, self._lookout = self._lookout, None
        if lookout is not None:
            lookout.watched = tuple([one for one in lookout.watched if one is not self])

    def because(self, reason: str) -> None:
        """Take in what was replaced."""
        self.reasons.setdefault(one_line(reason, 200), None)

    def cannot_tell(self, why: str) -> None:
        """Take in why it cannot be told whether something was."""
        self.unseen.setdefault(one_line(why, 200), None)

    def told_by_hook(self, item: pytest.Item) -> None:
        """Ask whoever implements the hook; of one that fails no pass is real, and nothing else is lost."""
        for answer in ask_hooks(item, self._simulations):
            (self.because if answer.understood else self.cannot_tell)(answer.reason)

    @property
    def told_of_attempt(self) -> str | None:
        """What was replaced in the attempt that runs, in one sentence; None where nothing was."""
        return _sentence(list(self.reasons))

    @property
    def doubts(self) -> str | None:
        """What else stands against a pass: what an earlier attempt replaced, and what cannot be told."""
        return _sentence([one for one in (*self.earlier, *self.unseen) if one not in self.reasons])


def _sentence(reasons: list[str]) -> str | None:
    if len(reasons) > _MOST_REASONS:
        reasons = [*reasons[:_MOST_REASONS], f"{len(reasons) - _MOST_REASONS} more"]
    return "; ".join(reasons) or None


def _lookout() -> _Lookout:
    found = getattr(sys, _KEPT, None)
    if found is None:
        found = _Lookout()
        setattr(sys, _KEPT, found)
    known: _Lookout = found
    return known


def prepare() -> None:
    """See from now on how networks and clocks are replaced; the session has evidence tests.

    Harmless where it is done twice: what is wrapped goes through, and says what it did.
    """
    with suppress(Exception):
        _wrap_monkeypatch()
        import_hook.on_import(_WANTED, _wrap_module)
        for name in filter(_loaded, _WANTED):
            _wrap_module(name)


def _loaded(name: str) -> ModuleType | None:
    """Return a module that is loaded; also one that somebody took out of ``sys.modules``: its package still has it."""
    module = sys.modules.get(name) or getattr(sys.modules.get(name.rpartition(".")[0]), name.rpartition(".")[2], None)
    return module if isinstance(module, ModuleType) else None


def _wrap_module(name: str) -> None:
    """Wrap what a module that is loaded has of ours."""
    module = _loaded(name)
    if name in _MOCKS:
        _wrap(module, "_patch.__enter__", _after_patch)
        _wrap(module, "_patch_dict.__enter__", _after_patch_dict)
    if name == _REQUESTS_MOCK:
        _wrap(module, "MockerCore.start", _after_requests_mock)
    if name in _BROWSER_NETWORKS:
        _wrap(module, "WebSocketRoute._after_handle", _after_web_socket_route)
    if name in _BROWSER_CLOCKS:
        for way in ("install", "set_fixed_time", "set_system_time"):
            _wrap(module, f"Clock.{way}", _teller(f"Playwright's clock.{way} replaced {CLOCK}"))
    for home, path, kind in STARTS:
        if home == name:
            _wrap(module, path, _teller(f"{FAKES[home.partition('.')[0]]} replaced {kind}"))
    for home, path, what in USES:
        if home == name:
            _wrap(module, path, _teller(f"{what} replaced the network"))


def _teller(because: str) -> Callable[..., None]:
    def tell(*_: Any) -> None:
        _lookout().tell(because)

    return tell


def _wrap(module: Any, path: str, after: Callable[..., None]) -> None:
    """Have a function tell us when it returns; where there is none of this name, nothing is done."""
    *owners, name = path.split(".")
    owner = module
    for step in owners:
        owner = getattr(owner, step, None)
    original = vars(owner).get(name) if owner is not None else None
    if not callable(original) or hasattr(original, _OURS):
        return

    @wraps(original)
    def wrapper(*given: Any, **named: Any) -> Any:
        __tracebackhide__ = True
        result = original(*given, **named)
        with suppress(Exception):
            after(*given)
        return result

    setattr(wrapper, _OURS, True)
    setattr(owner, name, wrapper)


def _after_web_socket_route(route: Any) -> None:
    """Its handler answers the page itself, unless it has connected to the server."""
    if not getattr(route, "_connected", True):
        _lookout().tell(f"Playwright's route_web_socket replaced {NETWORK}")


def _after_requests_mock(mocker: Any) -> None:
    """It may replace one session's method alone, which is no known seam."""
    because = f"requests-mock replaced {NETWORK}"
    _lookout().tell(because)
    target = mocker._mock_target  # noqa: SLF001 - where it is missing, what was told holds for the test that runs
    _lookout().make(_Made(target, "send", vars(target).get("send"), because))


def _after_patch(patcher: Any) -> None:
    """``unittest.mock`` has put something in its place."""
    target, name, original = patcher.target, patcher.attribute, patcher.temp_original
    new = vars(target).get(name) if hasattr(target, "__dict__") else None
    _replaced(target, name, original, new, "unittest.mock")


def _after_patch_dict(patcher: Any) -> None:
    if patcher.in_dict is sys.modules:
        for name, value in list(patcher.values.items()):
            _replaced_module(name, value, "unittest.mock")


def _wrap_monkeypatch() -> None:
    kind = pytest.MonkeyPatch
    if hasattr(kind.setattr, _OURS):
        return
    set_attribute, set_entry = kind.setattr, kind.setitem

    @wraps(set_attribute)
    def setattr_(self: pytest.MonkeyPatch, target: Any, *given: Any, **named: Any) -> None:
        __tracebackhide__ = True
        place = None
        with suppress(Exception):
            place = _attribute(target, (*given, *(named[key] for key in ("name", "value") if key in named)))
        set_attribute(self, target, *given, **named)
        if place is not None:
            with suppress(Exception):
                owner, name, original = place
                _replaced(owner, name, original, vars(owner).get(name), "monkeypatch")

    @wraps(set_entry)
    def setitem_(self: pytest.MonkeyPatch, dic: Any, name: Any, value: Any) -> None:
        __tracebackhide__ = True
        set_entry(self, dic, name, value)
        if dic is sys.modules:
            with suppress(Exception):
                _replaced_module(name, value, "monkeypatch")

    for name, wrapper in (("setattr", setattr_), ("setitem", setitem_)):
        setattr(wrapper, _OURS, True)
        setattr(kind, name, wrapper)


def _attribute(target: Any, given: tuple[Any, ...]) -> tuple[Any, str, Any]:
    """Return owner, name and present value of what ``monkeypatch.setattr`` is about to replace."""
    from pkgutil import resolve_name  # loads what is not loaded yet, as pytest is about to

    name = given[0]
    if isinstance(target, str) and not (isinstance(name, str) and len(given) > 1):
        path, _, name = target.rpartition(".")
        target = resolve_name(path)
    return target, name, getattr(target, name)


def _replaced(target: Any, name: str, original: Any, new: Any, how: str) -> None:
    kind = kind_of(target, name, original) if new is not original else None
    watched = new.__wrapped__ if getattr(new, _OURS, False) is True else new  # what a library found here and puts back
    if kind is None or is_real(target, name, original, watched):
        return
    library = _library(sys._getframe(1))  # noqa: SLF001 - what the standard library's warnings do to name a caller
    by, seam = (FAKES[library], kind) if library else (how, patch_point_name(target, name, original))
    made, lookout = _Made(target, name, new, f"{by} replaced {seam}"), _lookout()
    on_a_fake = any(one.target is target and one.name == name and one.new is original for one in lookout.made)
    if on_a_fake or not spies_on(new, original, lambda: lookout.make(made)):
        lookout.make(made)


def _replaced_module(name: str, value: Any, how: str) -> None:
    if kind_of(sys, name, ModuleType(name)) is not None:
        _lookout().make(_Made(sys.modules, name, value, f"{how} replaced the module {name}"))


def _library(frame: FrameType | None) -> str | None:
    """Return the known library that makes a patch, if the test does not make it itself."""
    found = None
    while frame is not None:
        module = str(frame.f_globals.get("__name__", ""))
        package = module.partition(".")[0]
        if package in FAKES:
            found = package
        elif module not in _BETWEEN:
            break
        frame = frame.f_back
    return found
