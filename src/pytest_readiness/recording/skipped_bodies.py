"""Detection of tests that pytest reports as passed although their body never ran to its end."""

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
"""Plugin name of the session's ``observer.Observer``."""
_WARNING = "PytestReturnNotNoneWarning"
_frame = sys._getframe  # noqa: SLF001 - the original: a test may replace it
_WATCHED = "_readiness_watched"
_CREATION = opmap.get("RETURN_GENERATOR")
_CONTEXT_MANAGERS = (AbstractContextManager, AbstractAsyncContextManager)
"""Context managers that ``contextlib`` makes of a generator, which is their ``gen``."""


def watch_returns() -> None:
    """Watch the values that test functions return: pytest creates a warning for each, even if it is filtered."""
    python = sys.modules.get("_pytest.python")
    original = getattr(python, _WARNING, None)
    if isinstance(original, type):  # else it is wrapped already, or this pytest has no such warning

        def warning(*arguments: Any) -> Any:
            with suppress(Exception):  # then the return value is not checked
                names = _frame(1).f_locals
                phase = check_returned(names["result"])
                if phase is not None:
                    item = names["pyfuncitem"]
                    item.config.pluginmanager.get_plugin(OBSERVER).observation_of(item).unrun = phase
            return original(*arguments)

        setattr(python, _WARNING, warning)


def watch_body(item: Any, when: str, outcome: str) -> None:
    """Watch a test of a unittest ``TestCase`` from its setup until its teardown."""
    if when == "setup" and outcome == "passed":
        _watch(item)
    elif when == "teardown" and (watched := vars(item).pop(_WATCHED, None)) is not None:
        watched.remove()


def _watch(item: Any) -> None:
    """Record what the test method returns, whoever calls it: a coroutine may be awaited later by the caller."""
    if _is_unittest(item):
        with suppress(Exception):  # then the return value is not checked
            watched = _Watched(item.obj, item.instance)
            # The test case looks up a coroutine function itself; any other method pytest takes from the item.
            item.obj = vars(item.instance)[watched.name] = vars(item)[_WATCHED] = watched


class _Watched:
    """A test method that stores its last return value; it looks like the original, which decides how it is run."""

    def __init__(self, method: Any, case: Any) -> None:
        self._method, self._case, self._returned = method, ref(case), None
        self.name: str = case._testMethodName  # noqa: SLF001
        self.__doc__, self.__module__ = method.__doc__, method.__module__  # else those of this class

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        returned = self._returned = self._method(*args, **kwargs)
        return returned

    def __getattr__(self, name: str) -> Any:
        return getattr(self._method, name)

    @property  # type: ignore[misc]  # only ever read
    def __class__(self) -> type:
        return type(self._method)

    def __repr__(self) -> str:
        return repr(self._method)

    def take_returned(self) -> object:
        """Return the last return value, and drop the reference to it."""
        returned, self._returned = self._returned, None
        return returned

    def remove(self) -> None:
        """Remove this from the test case: a reference cycle would live until the next garbage collection."""
        attributes = vars(self._case() or self)
        if attributes.get(self.name) is self:
            del attributes[self.name]


def check_call(item: Any) -> PhaseResult | None:
    """Return the actual result of a call that pytest reports as passed; None if it is a pass."""
    watched = vars(item).get(_WATCHED)
    if watched is not None and (phase := check_returned(watched.take_returned())):
        return phase
    if "twisted.trial" in sys.modules and _is_unittest(item):
        method = getattr(item.cls, getattr(item, "originalname", None) or item.name, None)
        if (todo := _todo(item.cls, method)) is not None:
            return PhaseResult("call", "skipped", True, f"todo: {todo}")  # noqa: FBT003
    return None


def _is_unittest(item: Any) -> bool:
    test_class, unittest = getattr(item, "cls", None), sys.modules.get("unittest.case")
    return test_class is not None and unittest is not None and issubclass(test_class, unittest.TestCase)


def check_returned(returned: object) -> PhaseResult | None:
    """Return the result of a test that returned a coroutine or generator that nobody ran; None for other values."""
    body = getattr(returned, "gen", None) if isinstance(returned, _CONTEXT_MANAGERS) else returned
    if isinstance(body, CoroutineType):
        return _COROUTINE if inspect.getcoroutinestate(body) == inspect.CORO_CREATED else None
    if isinstance(body, GeneratorType):
        return _GENERATOR if inspect.getgeneratorstate(body) == inspect.GEN_CREATED else None
    return _ASYNC_GENERATOR if isinstance(body, AsyncGeneratorType) and _is_unstarted(body) else None


def _is_unstarted(generator: AsyncGeneratorType[Any, Any]) -> bool:
    """Return whether an asynchronous generator was never started."""
    if sys.version_info >= (3, 12):
        return inspect.getasyncgenstate(generator) == inspect.AGEN_CREATED
    frame = generator.ag_frame  # at the instruction that creates it, which comes before its body
    return frame is not None and not generator.ag_running and frame.f_code.co_code[frame.f_lasti] == _CREATION


def body_not_run(message: str) -> PhaseResult:
    """Return the result of a call that passed although its body did not run."""
    return PhaseResult("call", "unrun", False, message)  # noqa: FBT003


_NEVER = "the body never ran: the test returned"
_COROUTINE = body_not_run(
    f"{_NEVER} a coroutine, which nobody awaited: use unittest.IsolatedAsyncioTestCase and async decorators"
)
_GENERATOR = body_not_run(f"{_NEVER} a generator, which nobody ran")
_ASYNC_GENERATOR = body_not_run(f"{_NEVER} an async generator, which nobody ran")


def _todo(test_class: type, method: object) -> str | None:
    """Return why trial expects a test to fail, which pytest does not know; None if it expects a pass."""
    if not any(base.__module__.startswith("twisted.trial") for base in test_class.__mro__):
        return None
    for owner in (method, test_class, sys.modules.get(test_class.__module__)):
        todo = getattr(owner, "todo", None)
        if todo is not None:
            return str(todo)
    return None
