"""Code that is not ours and that we call: plugins, what users implement, libraries that sign. It may raise anything.

What it raises is its failure, and ours to tell: ``SystemExit`` as well, which would end a command as if it had
answered, and ``pytest.exit``, which would end a session before its evidence is kept. Two things go through: what the
user pressed, and what the handler of a signal raised meanwhile, such as a test's timeout, which was not meant for us.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from types import CodeType
from typing import Any

from .errors import one_line


def is_failure(error: BaseException) -> bool:
    """Return whether what was raised out of code that is not ours is that code's failure, and goes no further."""
    if isinstance(error, Exception | SystemExit | GeneratorExit):
        return True
    return not isinstance(error, KeyboardInterrupt) and not _by_signal(error)


def _by_signal(error: BaseException) -> bool:
    handlers = set(_handlers())
    traced = error.__traceback__
    while traced is not None:
        if traced.tb_frame.f_code in handlers:
            return True
        traced = traced.tb_next
    return False


def _handlers() -> Iterator[CodeType]:
    """Yield the code of the handlers that are installed now."""
    for number in signal.valid_signals():
        handler = signal.getsignal(number)
        if callable(handler):
            handler = getattr(handler, "func", handler)  # functools.partial
            code = getattr(handler, "__code__", None) or getattr(type(handler).__call__, "__code__", None)
            if isinstance(code, CodeType):
                yield code


def call_hook(hook: Any, **given: object) -> Any:
    """Return what one plugin's hook returns: no other's comes between, as a wrapper would.

    Args:
        hook: the implementation, as pluggy keeps it.
        given: the arguments, of which it takes those that it names.
    """
    if hook.wrapper or hook.hookwrapper:
        raise TypeError("this hook can be no wrapper")
    return hook.function(*[given[name] for name in hook.argnames])


def describe_exception(error: BaseException, limit: int = 300) -> str:
    """Return the kind and the words of what was raised, on one line; making them is not ours either."""
    kind = class_name(error)
    try:
        words = plain_text(str(error))
    except BaseException as another:
        if not is_failure(another):
            raise
        words = "it cannot say why"
    return one_line(f"{kind}: {words}" if words else kind, limit)


def safe_repr(value: object, limit: int = 100) -> str:
    """Return a value's ``repr`` on one line, or what kind of thing it is where it has none."""
    try:
        return one_line(plain_text(repr(value)), limit)
    except BaseException as error:
        if not is_failure(error):
            raise
        return f"a {class_name(value)}"


def class_name(value: object) -> str:
    """Return the name of the class of a value, past a metaclass of its own."""
    return str(type.__dict__["__name__"].__get__(type(value)))


def plain_text(text: str) -> str:
    """Return a text without its class: one of a class of its own may show something else than it holds."""
    return text if type(text) is str else str.__str__(text)
