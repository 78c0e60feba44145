"""Connections of clients that use a C library, which Python's hooks do not see.

Each client is asked after it has connected. Supported is libpq: psycopg and psycopg2 expose its descriptor. Connections
of other C libraries are found while they are open, by tests that need a connection.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import suppress
from functools import wraps
from typing import Any

from . import connection_monitor, import_hook

_WRAPPER_MARK = "__readiness__"
"""Attribute of the wrappers that this module installs."""


def prepare() -> None:
    """Record the connections of these clients from now on."""
    with suppress(Exception):
        import_hook.on_import(_WRAPPERS, _wrap)
        for name in _WRAPPERS:
            if name in sys.modules:
                _wrap(name)


def _wrap(name: str) -> None:
    class_name, function, make_wrapper = _WRAPPERS[name]
    owner = getattr(sys.modules[name], class_name) if class_name else sys.modules[name]
    original = getattr(owner, function)
    if not hasattr(original, _WRAPPER_MARK):
        wrapper = make_wrapper(original)
        setattr(wrapper, _WRAPPER_MARK, True)
        setattr(owner, function, wrapper)


def _psycopg(original: Callable[..., None]) -> Callable[..., None]:
    """Wrap the constructor of all connections (sync, async, pooled), which gets a connected libpq connection."""

    @wraps(original)
    def __init__(self: Any, pgconn: Any, *args: Any, **kwargs: Any) -> None:  # noqa: N807 - the wrapped name
        original(self, pgconn, *args, **kwargs)
        with suppress(Exception):
            has_address = any(option.keyword == b"hostaddr" and option.val for option in pgconn.info)
            connection_monitor.record_connection(pgconn.socket, "" if has_address else pgconn.host.decode())

    return __init__


def _psycopg2(original: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(original)
    def _connect(*args: Any, **kwargs: Any) -> Any:
        connection = original(*args, **kwargs)
        with suppress(Exception):
            has_address = connection.info.dsn_parameters.get("hostaddr")
            connection_monitor.record_connection(connection.fileno(), "" if has_address else connection.info.host)
        return connection

    return _connect


_WRAPPERS: dict[str, tuple[str, str, Callable[[Callable[..., Any]], Callable[..., Any]]]] = {
    "psycopg._connection_base": ("BaseConnection", "__init__", _psycopg),
    "psycopg2": ("", "_connect", _psycopg2),
}
"""By module: class (empty: the module itself), function, and its wrapper. With ``hostaddr``, the host name is only for
the certificate check, and is not recorded."""
