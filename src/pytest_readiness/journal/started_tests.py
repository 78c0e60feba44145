"""Record of started tests, in a file beside the journal: what ran when a process died.

The process that owns the run adds a line before each test: a keyed digest of the test's id, the time, and the number of
lines in the journal. A test whose end is not among the later lines was interrupted. So a run that ends as it should has
no chained line for each start.

Its first line is written with the run's, before any test begins. Nothing proves that the rest is whole. If the first
line is lost, a line is damaged, or a test that ended has no start, each planned test without an end is taken as begun.

xdist workers on this machine add lines without a number, in case the controller dies before it hears of a test.
What the controller wrote takes precedence. The id itself is not written, because it may hold a late secret.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from hashlib import blake2b as _blake2b
from os import close as _close, unlink as _unlink, write as _write
from pathlib import Path
from time import monotonic as _monotonic
from typing import Any, NamedTuple

from ..facts.timestamps import parse_timestamp, timestamp
from ..late_pattern import late_pattern
from ..regular_files import open_regular, read_regular
from .lock import file_identity, is_open

SYNC_SECONDS = 0.2
"""Least time in seconds between two syncs of a file to the disk."""
_SIZE = 16
_LINE = late_pattern(r"([0-9a-f]{32}) (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)(?: (\d{1,15}))?", re.ASCII)
_FIRST = "+"
"""First line. Without it the file, or its beginning, is lost."""
_RENAMED = "-"
"""Line after which the running tests are written again, because names of tests were redacted."""
_sync = getattr(os, "fdatasync", os.fsync)


def start_path(journal: Path) -> Path:
    """Return the path of the file with the started tests of a run."""
    return journal.with_suffix(".begun")


def create_start_file(journal: Path) -> None:
    """Create the file, with its first line. A worker that finds it runs on the same machine.

    Nothing is raised: without the file each start goes into the journal.
    """
    with suppress(OSError):
        descriptor = open_regular(start_path(journal), os.O_WRONLY | os.O_CREAT | os.O_APPEND, follow=False)
        try:
            _write(descriptor, f"{_FIRST}\n".encode())
        finally:
            _close(descriptor)


def _digest(key: bytes, test_id: str) -> str:
    return _blake2b(test_id.encode(), digest_size=_SIZE, key=key).hexdigest()


class StartWriter:
    """Writes the started tests of one process."""

    def __init__(self, journal: Path, key: bytes, *, create: bool = False) -> None:
        """``create``: this process owns the run, and makes the file."""
        self._path = start_path(journal)
        self._key = key
        self._create = os.O_CREAT if create else 0
        self._descriptor: int | None = None
        self._file: tuple[int, int] | None = None
        self._size = 0
        """Size of the file after the last line, if no other process writes to it."""
        self._is_torn = False
        """The last line may be incomplete: the next one begins on a line of its own."""
        self._synced = 0.0
        self._is_here = True
        """The file is accessible: the worker runs on the controller's machine."""

    def write_start(self, test_id: str) -> None:
        """Write that a test begins. Nothing is raised, because the controller is informed as well."""
        self._append(f"{_digest(self._key, test_id)} {timestamp()}\n")

    def write_own_start(self, test_id: str, at: str, lines: int) -> bool:
        """Write that a test begins in the run of this process. Return False if it cannot be written.

        Args:
            test_id: the id of the test.
            at: its start (UTC).
            lines: the number of lines in the journal.
        """
        return self._append(f"{_digest(self._key, test_id)} {at} {lines}\n")

    def rename(self, running: Mapping[str, str], lines: int) -> bool:
        """Write the running tests and their starts again, after names of tests were redacted.

        Return False if they cannot be written.
        """
        own = "".join(f"{_digest(self._key, test_id)} {at} {lines}\n" for test_id, at in running.items())
        return self._append(f"{_RENAMED}\n{own}")

    def _append(self, text: str) -> bool:
        try:
            # A test may close any file.
            if self._descriptor is None or not is_open(self._descriptor, self._file, self._size):
                if not self._is_here:
                    return False
                self._open()
            assert self._descriptor is not None  # noqa: S101 - for the type checker; _open has set it
            text = f"\n{text}" if self._is_torn else text
            self._is_torn = _write(self._descriptor, text.encode()) != len(text)
            if self._is_torn:
                return False  # a full disk: what was written is a damaged line, which may stand for any test
            self._size += len(text)
            if self._create and (now := _monotonic()) - self._synced >= SYNC_SECONDS:
                self._synced = now
                _sync(self._descriptor)
        except OSError:
            self._is_here = self._create != 0  # its owner tries again
            return False
        return True

    def _open(self) -> None:
        self._descriptor = open_regular(self._path, os.O_WRONLY | os.O_APPEND | self._create, follow=False)
        self._file = file_identity(self._descriptor)
        self._size = 0

    def close(self) -> None:
        """Close the file, unless a test closed it and another file has its descriptor."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None and is_open(descriptor, self._file):
            _close(descriptor)


def build_start_writer(data: Mapping[str, Any]) -> StartWriter:
    """Return the writer for a worker, from the data that the controller sent."""
    return StartWriter(Path(data["living"][0]), bytes.fromhex(data["key"]))


class _OwnStart(NamedTuple):
    """The last start of a test that the owner of the run wrote."""

    at: str
    lines: int
    """The number of lines that the journal had."""


class StartedTests:
    """The started tests of a run, as they were written beside its journal."""

    def __init__(self, journal: Path, key: bytes, planned: Iterable[str], *, in_journal: bool = False) -> None:
        """Read the file.

        Args:
            journal: the path of the journal.
            key: the store's key for fingerprints.
            planned: the ids of all planned tests.
            in_journal: the journal has starts, as where the file could not be written.
        """
        self._starts: dict[str, list[str]] = {}
        """Starts that workers wrote."""
        self.own: dict[str, _OwnStart] = {}
        """Last start of each test that the owner of the run wrote."""
        self._unknown = ""
        """Last start of an unknown test: its id was changed, or the line is damaged or lost. Empty: there is none."""
        self._is_renamed = False
        """Tests that had ended were left out when names were redacted."""
        lines = _lines(start_path(journal))
        if lines[:1] == [_FIRST]:
            del lines[0]
        elif lines or not in_journal:
            self._unknown = timestamp()
        names = {_digest(key, test_id): test_id for test_id in planned}
        renamed = max((number for number, line in enumerate(lines) if line == _RENAMED), default=-1)
        self._is_renamed = renamed >= 0
        for number, line in enumerate(lines):
            match = _LINE.fullmatch(line)
            digest, at, own = match.groups() if match and _is_moment(match[2]) else ("", timestamp(), None)
            if line == _RENAMED or (own is not None and number < renamed):
                continue
            if digest not in names:
                self._unknown = max(self._unknown, at)
            elif own is None:
                self._starts.setdefault(names[digest], []).append(at)
            else:
                self.own[names[digest]] = _OwnStart(at, int(own))

    def check(self, ended: Iterable[str]) -> None:
        """Assume that starts were lost if a test that ended has none. ``ended``: those without one in the journal."""
        if not self._is_renamed and not self.own.keys() >= set(ended):
            self._unknown = self._unknown or timestamp()

    def unfinished(self, last_ends: Mapping[str, int]) -> Iterator[tuple[str, str]]:
        """Yield each test that the owner of the run started and that did not end since, with its start.

        ``last_ends``: the number of the last line about the end of each test.
        """
        for test_id, start in self.own.items():
            if last_ends.get(test_id, -1) < start.lines:
                yield test_id, start.at

    def last(self, test_id: str) -> str:
        """Return when a test last began; empty if it did not. A start of an unknown test counts for every test."""
        return max(self._starts.get(test_id, ()), default=self._unknown)

    def count(self, test_id: str) -> int:
        """Return how often a test began."""
        return len(self._starts.get(test_id, ()))


def _is_moment(text: str) -> bool:
    try:
        parse_timestamp(text)
    except ValueError:  # such as a month 13
        return False
    return True


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
