"""Which evidence tests began in the workers of xdist, written by the workers: what tells the controller is on its way.

Where the controller is killed or stopped meanwhile, that is lost with it. So each worker of this machine adds a line to
a file beside the journal before its test begins: a keyed digest of what the test is called, and the moment. The name
does not stand there, as a secret in it may become known later. What the journal says itself goes before the file.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from hashlib import blake2b as _blake2b
from os import close as _close, unlink as _unlink, write as _write
from pathlib import Path
from typing import Any

from ..facts.timestamps import timestamp
from ..regular_files import open_regular, read_regular
from .lock import file_identity, is_open

_SIZE = 16
_LINE = re.compile(r"([0-9a-f]{32}) (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)", re.ASCII)


def start_path(journal: Path) -> Path:
    """Return where the workers of a run write what they begin."""
    return journal.with_suffix(".begun")


def create_start_file(journal: Path) -> None:
    """Make the file, which a worker finds where it runs on this machine.

    Raises:
        OSError: it cannot be made.
    """
    _close(open_regular(start_path(journal), os.O_WRONLY | os.O_CREAT, follow=False))


def _digest(key: bytes, test_id: str) -> str:
    return _blake2b(test_id.encode(), digest_size=_SIZE, key=key).hexdigest()


class StartWriter:
    """Writes, in a worker, which test begins."""

    def __init__(self, journal: Path, key: bytes) -> None:
        self._path = start_path(journal)
        self._key = key
        self._descriptor: int | None = None
        self._file: tuple[int, int] | None = None
        self._is_here = True
        """The file is within reach: the worker runs on the controller's machine."""

    def write_start(self, test_id: str) -> None:
        """Write that a test begins. Nothing is raised: the controller is told as well."""
        try:
            if self._descriptor is None or not is_open(self._descriptor, self._file):  # a test may close all there is
                if not self._is_here:
                    return
                self._open()
            _write(self._descriptor, f"{_digest(self._key, test_id)} {timestamp()}\n".encode())  # type: ignore[arg-type]
        except OSError:
            self._is_here = False

    def _open(self) -> None:
        self._descriptor = open_regular(self._path, os.O_WRONLY | os.O_APPEND, follow=False)
        self._file = file_identity(self._descriptor)


def build_start_writer(given: Mapping[str, Any]) -> StartWriter:
    """Return what writes that a test begins, in a worker that is given this."""
    return StartWriter(Path(given["living"][0]), bytes.fromhex(given["key"]))


class StartedTests:
    """What the workers of a run wrote."""

    def __init__(self, journal: Path, key: bytes, planned: Iterable[str]) -> None:
        """``key``: the store's own, for fingerprints; ``planned``: every test that was to run."""
        self._moments: dict[str, list[str]] = {}
        self._strange = ""
        """When a test began of which nobody knows which it is: what it is called was changed, or a line is damaged."""
        if not (lines := _lines(start_path(journal))):
            return
        names = {_digest(key, test_id): test_id for test_id in planned}
        for line in lines:
            told = _LINE.fullmatch(line)
            mark, at = told.groups() if told else ("", timestamp())
            if mark in names:
                self._moments.setdefault(names[mark], []).append(at)
            else:
                self._strange = max(self._strange, at)

    def last(self, test_id: str) -> str:
        """Return when a test began; empty where it did not. One that nobody can name may be any of them."""
        return max(self._moments.get(test_id, ()), default=self._strange)

    def count(self, test_id: str) -> int:
        """Return how often it began."""
        return len(self._moments.get(test_id, ()))


def _lines(path: Path) -> list[str]:
    try:
        return read_regular(path, follow=False).decode("ascii", "replace").splitlines()
    except FileNotFoundError:
        return []
    except OSError:
        return [""]  # it is there: nobody knows what it says


def remove_start_file(journal: Path) -> None:
    """Remove the file: its journal is kept elsewhere now, or was nothing."""
    with suppress(OSError):
        _unlink(start_path(journal))
