"""Safe calls of third-party code: plugins, users' implementations, signing libraries.

Such code may raise anything, and every exception of it is reported as its failure. That includes ``SystemExit``, which
would end a command as if it had answered, and ``pytest.exit``, which would end a session before its evidence is stored.
Two kinds of exceptions pass through: the user's interrupt, and those of signal handlers, such as a test's timeout.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from types import CodeType
from typing import Any

from .errors import one_line


def is_failure(error: BaseException) -> bool:
    """Return whether an exception out of third-party code is that code's failure, and must not pass through."""
    if isinstance(error, Exception | SystemExit | GeneratorExit):
        return True
    return not isinstance(error, KeyboardInterrupt) and not _by_signal(error)


def _by_signal(error: BaseException) -> bool:
    handlers = set(_handlers())
    traceback = error.__traceback__
    while traceback is not None:
        if traceback.tb_frame.f_code in handlers:
            return True
        traceback = traceback.tb_next
    return False


def _handlers() -> Iterator[CodeType]:
    """Yield the code objects of the signal handlers that are installed now."""
    for number in signal.valid_signals():
        handler = signal.getsignal(number)
        if callable(handler):
            handler = getattr(handler, "func", handler)  # functools.partial
            code = getattr(handler, "__code__", None) or getattr(type(handler).__call__, "__code__", None)
            if isinstance(code, CodeType):
                yield code


def call_hook(hook: Any, **arguments: object) -> Any:
    """Return the result of one plugin's hook implementation, called alone.

    Args:
        hook: the implementation, as pluggy stores it.
        arguments: the arguments of the hook; the implementation gets those that it names.

    Raises:
        TypeError: it is a wrapper.
    """
    if hook.wrapper or hook.hookwrapper:
        raise TypeError("this hook can be no wrapper")
    return hook.function(*[arguments[name] for name in hook.argnames])


def describe_exception(error: BaseException, limit: int = 300) -> str:
    """Return the class name and the message of an exception, on one line; its ``__str__`` may fail."""
    kind = class_name(error)
    try:
        message = plain_text(str(error))
    except BaseException as another:
        if not is_failure(another):
            raise
        message = "it cannot say why"
    return one_line(f"{kind}: {message}" if message else kind, limit)


def safe_repr(value: object, limit: int = 100) -> str:
    """Return a value's ``repr`` on one line, or the name of its class if ``repr`` fails."""
    try:
        return one_line(plain_text(repr(value)), limit)
    except BaseException as error:
        if not is_failure(error):
            raise
        return f"a {class_name(value)}"


def class_name(value: object) -> str:
    """Return the name of a value's class, even if a metaclass overrides it."""
    return str(type.__dict__["__name__"].__get__(type(value)))


def plain_text(text: str) -> str:
    """Return a text as a plain ``str``: a subclass may display something other than its content."""
    return text if type(text) is str else str.__str__(text)
