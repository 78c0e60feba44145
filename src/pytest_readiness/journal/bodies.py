"""Tests of unittest that pytest calls passed though their body never ran, or though nobody knows how it ended."""

from __future__ import annotations

import inspect
import sys
from typing import Any

from .observation import Phase


def doubt(item: Any) -> Phase | None:
    """Return what a call that passed is worth, where that is no pass: so it is with some methods of a test case."""
    kind = getattr(item, "cls", None)
    known: Any = sys.modules.get("unittest.case")
    if kind is None or known is None or not issubclass(kind, known.TestCase):
        return None
    method = getattr(kind, getattr(item, "originalname", None) or item.name, None)
    if _runs_plainly(kind, known.TestCase):
        return _unrun(method)
    if "twisted.trial" in sys.modules and (todo := _todo(kind, method)) is not None:
        return Phase("call", "skipped", True, f"todo: {todo}")  # noqa: FBT003
    return None


def _runs_plainly(kind: type, plain: type) -> bool:
    """Whether nothing of it awaits what a test returns, as other test cases do."""
    ways = ("run", "__call__", "_callTestMethod", "__getattribute__")
    return all(getattr(kind, name, None) is getattr(plain, name, None) for name in ways)


def _unrun(method: object) -> Phase | None:
    if inspect.iscoroutinefunction(method) or inspect.isasyncgenfunction(method):
        what, way = "a coroutine", ": use unittest.IsolatedAsyncioTestCase"
    elif inspect.isgeneratorfunction(method):
        what, way = "a generator", ""
    else:
        return None
    return unrun(f"the body never ran: unittest.TestCase does not run {what}{way}")


def unrun(why: str) -> Phase:
    """Return a call that passed without its body."""
    return Phase("call", "unrun", False, why)  # noqa: FBT003


def _todo(kind: type, method: object) -> str | None:
    """Return why trial expects a test to fail, which pytest is not told."""
    if not any(base.__module__.startswith("twisted.trial") for base in kind.__mro__):
        return None
    for owner in (method, kind, sys.modules.get(kind.__module__)):
        todo = getattr(owner, "todo", None)
        if todo is not None:
            return str(todo)
    return None
