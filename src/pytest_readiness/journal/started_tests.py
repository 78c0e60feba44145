"""Record of started tests by xdist workers, in case the controller dies before it hears of them.

Each worker on this machine adds a line to a file beside the journal before a test begins: a keyed digest of the test
id, and the time. The id itself is not written, because it may hold a secret that is registered later. The lines of the
journal take precedence over this file.
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
    """Return the path of the file with the started tests of a run."""
    return journal.with_suffix(".begun")


def create_start_file(journal: Path) -> None:
    """Create the file. A worker that finds it runs on the same machine.

    Raises:
        OSError: It cannot be created.
    """
    _close(open_regular(start_path(journal), os.O_WRONLY | os.O_CREAT, follow=False))


def _digest(key: bytes, test_id: str) -> str:
    return _blake2b(test_id.encode(), digest_size=_SIZE, key=key).hexdigest()


class StartWriter:
    """Writes the started tests of a worker."""

    def __init__(self, journal: Path, key: bytes) -> None:
        self._path = start_path(journal)
        self._key = key
        self._descriptor: int | None = None
        self._file: tuple[int, int] | None = None
        self._is_here = True
        """The file is accessible: the worker runs on the controller's machine."""

    def write_start(self, test_id: str) -> None:
        """Write that a test begins. Nothing is raised, because the controller is informed as well."""
        try:
            if self._descriptor is None or not is_open(self._descriptor, self._file):  # a test may close any file
                if not self._is_here:
                    return
                self._open()
            _write(self._descriptor, f"{_digest(self._key, test_id)} {timestamp()}\n".encode())  # type: ignore[arg-type]
        except OSError:
            self._is_here = False

    def _open(self) -> None:
        self._descriptor = open_regular(self._path, os.O_WRONLY | os.O_APPEND, follow=False)
        self._file = file_identity(self._descriptor)


def build_start_writer(data: Mapping[str, Any]) -> StartWriter:
    """Return the writer for a worker, from the data that the controller sent."""
    return StartWriter(Path(data["living"][0]), bytes.fromhex(data["key"]))


class StartedTests:
    """The started tests that the workers of a run wrote."""

    def __init__(self, journal: Path, key: bytes, planned: Iterable[str]) -> None:
        """Read the file. ``key``: the store's key for fingerprints; ``planned``: the ids of all planned tests."""
        self._starts: dict[str, list[str]] = {}
        self._unknown = ""
        """Last start of an unknown test: its id was changed, or the line is damaged. Empty: there is none."""
        if not (lines := _lines(start_path(journal))):
            return
        names = {_digest(key, test_id): test_id for test_id in planned}
        for line in lines:
            match = _LINE.fullmatch(line)
            digest, at = match.groups() if match else ("", timestamp())
            if digest in names:
                self._starts.setdefault(names[digest], []).append(at)
            else:
                self._unknown = max(self._unknown, at)

    def last(self, test_id: str) -> str:
        """Return when a test last began; empty if it did not. A start of an unknown test counts for every test."""
        return max(self._starts.get(test_id, ()), default=self._unknown)

    def count(self, test_id: str) -> int:
        """Return how often a test began."""
        return len(self._starts.get(test_id, ()))


def _lines(path: Path) -> list[str]:
    try:
        return read_regular(path, follow=False).decode("ascii", "replace").splitlines()
    except FileNotFoundError:
        return []
    except OSError:
        return [""]  # the file exists: a line that is damaged stands for its content


def remove_start_file(journal: Path) -> None:
    """Remove the file when its journal is stored elsewhere or removed."""
    with suppress(OSError):
        _unlink(start_path(journal))
