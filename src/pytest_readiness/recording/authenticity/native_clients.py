"""Clients that connect by a C library, where no hook of Python sees it: they are asked once they have connected.

libpq is known: psycopg and psycopg2 show its descriptor. What other C libraries connect is seen while it is open, by
tests that are asked for a connection.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import suppress
from functools import wraps
from typing import Any

from . import connection_monitor, import_hook

_OURS = "__readiness__"
"""Marks what this module put in the place of something."""


def prepare() -> None:
    """See from now on what these clients connect to."""
    with suppress(Exception):
        import_hook.on_import(_WRAPPED, _wrap)
        for name in _WRAPPED:
            if name in sys.modules:
                _wrap(name)


def _wrap(name: str) -> None:
    owner, function, wrapper = _WRAPPED[name]
    home = getattr(sys.modules[name], owner) if owner else sys.modules[name]
    original = getattr(home, function)
    if not hasattr(original, _OURS):
        wrapped = wrapper(original)
        setattr(wrapped, _OURS, True)
        setattr(home, function, wrapped)


def _psycopg(original: Callable[..., None]) -> Callable[..., None]:
    """A connection is made of libpq's, which is connected by then: alone, asynchronous or in a pool."""

    @wraps(original)
    def __init__(self: Any, pgconn: Any, *given: Any, **named: Any) -> None:  # noqa: N807 - what it wraps is called so
        original(self, pgconn, *given, **named)
        with suppress(Exception):
            said = any(option.keyword == b"hostaddr" and option.val for option in pgconn.info)
            connection_monitor.record_connection(pgconn.socket, "" if said else pgconn.host.decode())

    return __init__


def _psycopg2(original: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(original)
    def _connect(*given: Any, **named: Any) -> Any:
        made = original(*given, **named)
        with suppress(Exception):
            said = made.info.dsn_parameters.get("hostaddr")
            connection_monitor.record_connection(made.fileno(), "" if said else made.info.host)
        return made

    return _connect


_WRAPPED: dict[str, tuple[str, str, Callable[[Callable[..., Any]], Callable[..., Any]]]] = {
    "psycopg._connection_base": ("BaseConnection", "__init__", _psycopg),
    "psycopg2": ("", "_connect", _psycopg2),
}
"""By module: a class of its, a function, and what takes that function's place. A name beside ``hostaddr`` is none:
it says whom to believe, and not where to connect."""
