"""Tests of unittest that pytest calls passed though their body never ran, or though nobody knows how it ended."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from types import AsyncGeneratorType, CoroutineType, GeneratorType
from typing import Any
from weakref import ref

from .observation import Phase

__unittest = True
"""Hides the frames of this module where unittest and pytest show how a test failed."""
_RETURNED = "_readiness_returned"
_UNRUN = (CoroutineType, GeneratorType, AsyncGeneratorType)


def watch(item: Any) -> None:
    """See what the method of a plain test case returns when it is called: what is returned unrun, nobody runs."""
    kind, plain = _case_of(item)
    if plain is not None and kind._callTestMethod is plain._callTestMethod:  # noqa: SLF001
        with suppress(Exception):  # then nothing is known of it
            # Weak: what a test case holds is to go with it, and not when the garbage is collected.
            item.instance._callTestMethod = partial(_call, ref(item.instance))  # noqa: SLF001


def _call(known: ref[Any], method: Callable[[], object]) -> None:
    case: Any = known()
    returned = method()
    type(case)._callTestMethod(case, _Answer(method, returned))  # noqa: SLF001
    if isinstance(returned, _UNRUN):
        vars(case)[_RETURNED] = returned


class _Answer:
    """A method that was called: it shows itself as the method, and returns what that returned."""

    def __init__(self, method: Callable[[], object], returned: object) -> None:
        self._method, self._returned = method, returned

    def __call__(self) -> object:
        return self._returned

    def __repr__(self) -> str:
        return repr(self._method)


def doubt(item: Any) -> Phase | None:
    """Return what a call that passed is worth, where that is no pass: so it is with some methods of a test case."""
    kind, plain = _case_of(item)
    if plain is None:
        return None
    method = getattr(kind, getattr(item, "originalname", None) or item.name, None)
    if found := _unrun(vars(item.instance).pop(_RETURNED, None)):
        return found
    if _runs_plainly(kind, plain):
        return _never_run(method)
    if "twisted.trial" in sys.modules and (todo := _todo(kind, method)) is not None:
        return Phase("call", "skipped", True, f"todo: {todo}")  # noqa: FBT003
    return None


def _case_of(item: Any) -> tuple[Any, Any]:
    """Return the class of a test of unittest and unittest's own; of another test the second is None."""
    kind, known = getattr(item, "cls", None), sys.modules.get("unittest.case")
    plain = getattr(known, "TestCase", None)
    return (kind, plain) if kind is not None and plain is not None and issubclass(kind, plain) else (kind, None)


def _runs_plainly(kind: type, plain: type) -> bool:
    """Whether nothing of it awaits what a test returns, as other test cases do."""
    ways = ("run", "__call__", "_callTestMethod", "__getattribute__")
    return all(getattr(kind, name, None) is getattr(plain, name, None) for name in ways)


def _unrun(returned: object) -> Phase | None:
    """Judge what a method returned: whoever else runs it has done so by now."""
    if isinstance(returned, CoroutineType):
        return _COROUTINE if inspect.getcoroutinestate(returned) == inspect.CORO_CREATED else None
    if isinstance(returned, GeneratorType):
        return _GENERATOR if inspect.getgeneratorstate(returned) == inspect.GEN_CREATED else None
    return _COROUTINE if isinstance(returned, AsyncGeneratorType) else None


def _never_run(method: object) -> Phase | None:
    if inspect.iscoroutinefunction(method) or inspect.isasyncgenfunction(method):
        return _COROUTINE
    return _GENERATOR if inspect.isgeneratorfunction(method) else None


def unrun(why: str) -> Phase:
    """Return a call that passed without its body."""
    return Phase("call", "unrun", False, why)  # noqa: FBT003


_NEVER = "the body never ran: unittest.TestCase does not run"
_COROUTINE = unrun(f"{_NEVER} a coroutine: use unittest.IsolatedAsyncioTestCase")
_GENERATOR = unrun(f"{_NEVER} a generator")


def _todo(kind: type, method: object) -> str | None:
    """Return why trial expects a test to fail, which pytest is not told."""
    if not any(base.__module__.startswith("twisted.trial") for base in kind.__mro__):
        return None
    for owner in (method, kind, sys.modules.get(kind.__module__)):
        todo = getattr(owner, "todo", None)
        if todo is not None:
            return str(todo)
    return None
