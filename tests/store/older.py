"""Stores as earlier versions made them."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from pytest_readiness.store.sqlite import tables


def older(path: Path, version: int) -> None:
    """Take a store back to what an earlier version made of it."""
    steps = list(tables.MIGRATIONS.items())[version:]
    with closing(sqlite3.connect(path)) as plain:
        for name, adds in steps:
            for kind, thing in reversed(adds):
                if kind != "trigger":  # they go with their tables
                    plain.execute(f"DROP {kind} IF EXISTS {thing}")
            plain.execute("DELETE FROM _sqlite_migrations WHERE name = ?", (name,))
        plain.execute(f"PRAGMA user_version = {version}")
        plain.commit()
