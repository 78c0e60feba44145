"""SQLite connection that ignores the adapters that were registered in this process."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

_ADAPTERS: dict[Any, Any] = sqlite3.adapters
"""The registry of ``sqlite3.register_adapter``, which is global to the process."""
_BASIC = frozenset((kind, sqlite3.PrepareProtocol) for kind in (str, int, float, bytes, bytearray, bool, type(None)))
"""Keys of adapters for the types written here. A test, or a library, may have registered one."""


class PlainConnection(sqlite3.Connection):
    """A connection that passes texts and numbers to SQLite unchanged."""

    def execute(self, sql: str, parameters: Any = (), /) -> sqlite3.Cursor:
        """Run a statement, as ``sqlite3`` does."""
        if _BASIC.isdisjoint(_ADAPTERS):  # the usual case, and it must be fast
            return super().execute(sql, parameters)
        with _unadapted():
            return super().execute(sql, parameters)

    def executemany(self, sql: str, parameters: Iterable[Any], /) -> sqlite3.Cursor:
        """Run a statement with many parameters, as ``sqlite3`` does."""
        if _BASIC.isdisjoint(_ADAPTERS):
            return super().executemany(sql, parameters)
        with _unadapted():
            return super().executemany(sql, parameters)


@contextmanager
def _unadapted() -> Iterator[None]:
    """Run the block without the adapters, and restore them after it."""
    removed = {key: _ADAPTERS.pop(key) for key in _BASIC & _ADAPTERS.keys()}
    try:
        yield
    finally:
        _ADAPTERS.update(removed)
