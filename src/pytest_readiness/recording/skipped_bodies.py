"""Tests that pytest calls passed though their body never ran, or though nobody knows how it ended."""

from __future__ import annotations

import inspect
import sys
from contextlib import AbstractAsyncContextManager, AbstractContextManager, suppress
from opcode import opmap
from types import AsyncGeneratorType, CoroutineType, GeneratorType
from typing import Any
from weakref import ref

from .observation import PhaseResult

__unittest = True
"""Hides the frames of this module where unittest and pytest show how a test failed."""
OBSERVER = "readiness-observer"
"""Under this name the session knows its ``recorder.Observer``."""
_WARNING = "PytestReturnNotNoneWarning"
_frame = sys._getframe  # noqa: SLF001 - as it was made: a test may replace it
_WATCHED = "_readiness_watched"
_MAKES_IT = opmap.get("RETURN_GENERATOR")
_HOLDERS = (AbstractContextManager, AbstractAsyncContextManager)
"""What ``contextlib`` makes of a generator has it as ``gen``."""


def watch_returns() -> None:
    """See from now on what pytest drops of what a test function returned: it warns of it, also where nobody hears."""
    python = sys.modules.get("_pytest.python")
    made = getattr(python, _WARNING, None)
    if isinstance(made, type):  # else it is done, or pytest warns no longer

        def warning(*told: Any) -> Any:
            with suppress(Exception):  # then nothing is known of it
                known = _frame(1).f_locals
                found = check_returned(known["result"])
                if found is not None:
                    item = known["pyfuncitem"]
                    item.config.pluginmanager.get_plugin(OBSERVER).observation_of(item).unrun = found
            return made(*told)

        setattr(python, _WARNING, warning)


def watch_body(item: Any, when: str, outcome: str) -> None:
    """Watch a test of another kind than pytest's own from its setup until its teardown."""
    if when == "setup" and outcome == "passed":
        _watch(item)
    elif when == "teardown" and (watched := vars(item).pop(_WATCHED, None)) is not None:
        watched.leave()


def _watch(item: Any) -> None:
    """See what the method of a test case returns, whoever calls it: what is still unrun in the end, nobody ran."""
    if _is_of_unittest(item):
        with suppress(Exception):  # then nothing is known of it
            watched = _Watched(item.obj, item.instance)
            # Of a coroutine function pytest lets the test case find its method; else it hands it what is on the item.
            item.obj = vars(item.instance)[watched.name] = vars(item)[_WATCHED] = watched


class _Watched:
    """A method that remembers what it returned. In all else it is the method: how it is run depends on what it is."""

    def __init__(self, method: Any, case: Any) -> None:
        self._method, self._case, self._returned = method, ref(case), None
        self.name: str = case._testMethodName  # noqa: SLF001
        self.__doc__, self.__module__ = method.__doc__, method.__module__  # else they were those of this class

    def __call__(self, *given: Any, **named: Any) -> Any:
        returned = self._returned = self._method(*given, **named)
        return returned

    def __getattr__(self, name: str) -> Any:
        return getattr(self._method, name)

    @property  # type: ignore[misc]  # only ever read
    def __class__(self) -> type:
        return type(self._method)

    def __repr__(self) -> str:
        return repr(self._method)

    def take(self) -> object:
        """Return what it returned last, and hold it no longer."""
        returned, self._returned = self._returned, None
        return returned

    def leave(self) -> None:
        """Leave the test case, which goes with what it holds, and not when the garbage is collected."""
        held = vars(self._case() or self)
        if held.get(self.name) is self:
            del held[self.name]


def check_call(item: Any) -> PhaseResult | None:
    """Return what a call that passed is worth, where that is no pass: so it is with some methods of a test case."""
    watched = vars(item).get(_WATCHED)
    if watched is not None and (found := check_returned(watched.take())):
        return found
    if "twisted.trial" in sys.modules and _is_of_unittest(item):
        method = getattr(item.cls, getattr(item, "originalname", None) or item.name, None)
        if (todo := _todo(item.cls, method)) is not None:
            return PhaseResult("call", "skipped", True, f"todo: {todo}")  # noqa: FBT003
    return None


def _is_of_unittest(item: Any) -> bool:
    kind, known = getattr(item, "cls", None), sys.modules.get("unittest.case")
    return kind is not None and known is not None and issubclass(kind, known.TestCase)


def check_returned(returned: object) -> PhaseResult | None:
    """Judge what a test returned, once whoever would run it has done so; a value that it returned is none of ours."""
    held = getattr(returned, "gen", None) if isinstance(returned, _HOLDERS) else returned
    if isinstance(held, CoroutineType):
        return _COROUTINE if inspect.getcoroutinestate(held) == inspect.CORO_CREATED else None
    if isinstance(held, GeneratorType):
        return _GENERATOR if inspect.getgeneratorstate(held) == inspect.GEN_CREATED else None
    return _ASYNC_GENERATOR if isinstance(held, AsyncGeneratorType) and _is_new(held) else None


def _is_new(one: AsyncGeneratorType[Any, Any]) -> bool:
    """Whether an asynchronous generator was never begun."""
    if sys.version_info >= (3, 12):
        return inspect.getasyncgenstate(one) == inspect.AGEN_CREATED
    frame = one.ag_frame  # stands at what makes it, which comes before its body
    return frame is not None and not one.ag_running and frame.f_code.co_code[frame.f_lasti] == _MAKES_IT


def body_not_run(why: str) -> PhaseResult:
    """Return a call that passed without its body."""
    return PhaseResult("call", "unrun", False, why)  # noqa: FBT003


_NEVER = "the body never ran: the test returned"
_COROUTINE = body_not_run(
    f"{_NEVER} a coroutine, which nobody awaited: use unittest.IsolatedAsyncioTestCase and async decorators"
)
_GENERATOR = body_not_run(f"{_NEVER} a generator, which nobody ran")
_ASYNC_GENERATOR = body_not_run(f"{_NEVER} an async generator, which nobody ran")


def _todo(kind: type, method: object) -> str | None:
    """Return why trial expects a test to fail, which pytest is not told."""
    if not any(base.__module__.startswith("twisted.trial") for base in kind.__mro__):
        return None
    for owner in (method, kind, sys.modules.get(kind.__module__)):
        todo = getattr(owner, "todo", None)
        if todo is not None:
            return str(todo)
    return None
