"""Worker process that stores runs, for tests of crashes, races and full disks."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import Any

from pytest_readiness.errors import StorageError
from pytest_readiness.store.address import open_store
from pytest_readiness.store.sqlite.store import SQLiteStore
from tests.store.runs import finished, run


def large(number: int) -> Any:
    """A run that fills many pages."""
    return run(number, *[finished(f"test_{test}", message="m" * 500) for test in range(300)])


def race(url: str, first: int) -> None:
    """Keep ten runs, one after another."""
    for number in range(first, first + 10):
        store = open_store(url, Path(), create=True)
        assert store is not None
        store.save([run(number, finished(at=number))])
        store.close()


def die(url: str, when: str) -> None:
    """Keep a large run, and be killed when a statement starts with the given words."""
    store: Any = open_store(url, Path(), create=True)
    connection = store._connection
    connection.execute("PRAGMA cache_size = 10")  # so that pages reach the file in the middle of the transaction

    def watch(sql: str) -> None:
        if sql.startswith(when):
            os.kill(os.getpid(), signal.SIGKILL)

    connection.set_trace_callback(watch)
    store.save([large(2)])


def fill(url: str, more: int) -> None:
    """Keep a large run where the file can grow by a few bytes only, and tell what is raised."""
    import resource

    store: Any = open_store(url, Path(), create=False)
    limit = Path(url.removeprefix("sqlite:///")).stat().st_size + more
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    try:
        store.save([large(2)])
    except StorageError as error:
        sys.stdout.write(f"{error}\n")
    sys.stdout.write(f"{[summary.id for summary in store.runs()]}\n")


def read(url: str) -> None:
    """Read, and try to write, as somebody who may only read."""
    # What is needed is imported before: this user may not be allowed to read the interpreter's own files.
    Path("/").as_uri()
    if os.geteuid() == 0:
        os.setuid(65534)
    store = open_store(url, Path("/"), create=True)
    assert isinstance(store, SQLiteStore)
    sys.stdout.write(f"{len(store.newest('payments'))} {len(list(store.verify()))}\n")
    try:
        store.save([run(2)])
    except StorageError as error:
        sys.stdout.write(f"{error}\n")


if __name__ == "__main__":
    what, address, *numbers = sys.argv[1:]
    {"race": race, "die": die, "fill": fill, "read": read}[what](
        address, *(int(text) if text.isdecimal() else text for text in numbers)
    )
