"""A connection that writes what it is given, whatever this process has told ``sqlite3`` to make of it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

_ADAPTERS: dict[Any, Any] = sqlite3.adapters
"""What ``sqlite3.register_adapter`` fills: for the whole process, and until its end."""
_BASIC = frozenset((kind, sqlite3.PrepareProtocol) for kind in (str, int, float, bytes, bytearray, bool, type(None)))
"""Adapters of what is written here; a test, or a library that it uses, may have left one."""


class PlainConnection(sqlite3.Connection):
    """Texts and numbers are written, and asked for, as they are."""

    def execute(self, sql: str, parameters: Any = (), /) -> sqlite3.Cursor:
        """Run a statement, as ``sqlite3`` does."""
        if _BASIC.isdisjoint(_ADAPTERS):  # nearly always, and a gate runs many
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
    """Run the block without the adapters; others have theirs again after it."""
    found = {key: _ADAPTERS.pop(key) for key in _BASIC & _ADAPTERS.keys()}
    try:
        yield
    finally:
        _ADAPTERS.update(found)
