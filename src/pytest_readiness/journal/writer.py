"""Append-only writer for the lines of a run: one write per line, without a buffer.

A line that was written survives a kill of the process. The file is synced at most every 200 ms, which limits what a
power failure costs. A line that cannot be written stays in memory and is tried again with the next one. Nothing is
raised into the session.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from os import (
    close as _close,
    fstat as _fstat,
    ftruncate as _ftruncate,
    getpid as _getpid,
    lseek as _lseek,
    makedirs as _makedirs,
    read as _read,
    replace as _replace,
    unlink as _unlink,
    write as _write,
)
from pathlib import Path
from time import monotonic as _monotonic, sleep as _sleep
from typing import Any

from ..errors import StorageError
from ..facts.ledger.digest import EMPTY
from ..facts.ledger.line import Line, LineChain
from ..regular_files import open_regular
from .lock import file_identity, is_open, lock, unlock
from .started_tests import SYNC_SECONDS, remove_start_file

CACHED_BYTES = 1 << 20
"""Size in bytes of the cached first lines of a run. Most runs are not longer, and parse none of their own lines.

A test needs 3 % fewer instructions with this cache, those of pytest included (300 tests, ``benchmarks/overhead.py
--instructions``).
"""
_BLOCK = 1 << 16
"""Bytes that are read at once."""
_LOCK_ATTEMPTS = 50
"""Attempts to lock a new journal: another process may be reading it at this moment."""
_sync = getattr(os, "fdatasync", os.fsync)


class JournalWriter:
    """The open journal of one run. It is locked until the process ends."""

    def __init__(self, path: Path, chain: LineChain, *, create: bool = True) -> None:
        """Open the journal.

        Raises:
            StorageError: Another process holds the lock. Other errors are stored in ``error``, and opening is tried
                again.
        """
        self.path = path
        self.chain = chain
        self.error: OSError | None = None
        """Why lines cannot be written; None if they can."""
        self._flags = os.O_RDWR | os.O_APPEND | (os.O_CREAT | os.O_EXCL if create else 0)
        self._descriptor: int | None = None
        self._file: tuple[int, int] | None = None
        """Device and inode of the journal: a test may close the descriptor, and open another file with its number."""
        self._state = chain.seq, chain.head, 0
        """Number of lines, digest of the last one, and bytes on disk. They change in one step, because a signal may
        raise."""
        self.cached: list[Line] = []
        """The first lines of the run, if all of them were created here. The lines on disk are compared with them."""
        self.on_line: Callable[[dict[str, Any]], None] | None = None
        """Called with the body of each further line, and of each line that a rewrite changes."""
        self._unwritten_data: list[bytes] = []
        self._synced = 0.0
        self._process = _getpid()
        self._open()

    def _open(self) -> bool:
        try:
            _makedirs(self.path.parent, exist_ok=True)
            descriptor = open_regular(self.path, self._flags, follow=False)
        except OSError as error:
            self.error = error
            return False
        file = file_identity(descriptor)
        if self._file not in (None, file):
            _close(descriptor)
            self.error = OSError("a test closed the journal, and another file has its path")
            return False
        if not self._lock(descriptor):
            _close(descriptor)
            raise StorageError(f"{self.path}: another session is still writing this run")
        self._descriptor, self._file = descriptor, file
        self._state = (*self._state[:2], _fstat(descriptor).st_size)
        self.error = None
        return True

    def _open_again(self) -> None:
        """Open the journal after a test closed it: its descriptor number may belong to another file now."""
        if self._descriptor is not None:
            unlock(self._descriptor)
        self._descriptor = None
        self._flags &= ~(os.O_CREAT | os.O_EXCL)
        try:
            self._open()
        except StorageError:
            self.error = OSError("a test closed the journal, and another process has locked it")

    def _lock(self, descriptor: int) -> bool:
        for _ in range(_LOCK_ATTEMPTS if self._flags & os.O_EXCL else 1):
            if lock(descriptor):
                return True
            _sleep(0.01)
        return False

    @property
    def unwritten(self) -> int:
        """Number of lines that could not be written so far."""
        return len(self._unwritten_data)

    @property
    def line_count(self) -> int:
        """Number of lines of the run so far."""
        return self._state[0]

    @property
    def is_inherited(self) -> bool:
        """Whether this process is a forked child: the run belongs to its parent."""
        return _getpid() != self._process

    def append(self, kind: str, body: dict[str, Any], *, sync: bool = False) -> Line:
        """Append the next line of the run and return it."""
        line, data = self.chain.next_with_data(kind, body)
        if self.is_inherited:
            return line
        if self._descriptor is not None and not is_open(self._descriptor, self._file, self._state[2]):
            self._open_again()
        seq, _, size = self._state
        if line.body["seq"] != seq:
            line, data = self._renumber(line)
        data, descriptor = data + b"\n", self._descriptor
        if descriptor is None or self._unwritten_data:
            self._unwritten_data.append(data)
            self._state = seq + 1, line.digest, size
            self._flush()
        elif self._write_data(descriptor, data):
            self._state = seq + 1, line.digest, size + len(data)
        else:
            self._unwritten_data.append(data)
            self._state = seq + 1, line.digest, size
        if size < CACHED_BYTES and len(self.cached) == seq:
            self.cached.append(line)
        if self.on_line is not None:
            self.on_line(line.body)
        now = _monotonic()
        if self._descriptor is not None and (sync or now - self._synced >= SYNC_SECONDS):
            self._synced = now
            self._sync(self._descriptor)
        return line

    def _renumber(self, line: Line) -> tuple[Line, bytes]:
        """Return a line again with the right number: the line before it was lost when a signal raised."""
        self.chain.seq, self.chain.head, _ = self._state
        self._truncate()
        body = {name: value for name, value in line.body.items() if name not in ("kind", "prev", "run", "seq")}
        return self.chain.next_with_data(line.kind, body)

    def _sync(self, descriptor: int) -> None:
        try:
            _sync(descriptor)
        except OSError as error:
            self.error = error

    def _flush(self) -> None:
        if self._descriptor is None and not self._open():
            return
        assert self._descriptor is not None  # noqa: S101 - for the type checker; _open has set it
        while self._unwritten_data and self._write_data(self._descriptor, self._unwritten_data[0]):
            self._state = (*self._state[:2], self._state[2] + len(self._unwritten_data.pop(0)))

    def _write_data(self, descriptor: int, data: bytes) -> bool:
        try:
            written = _write(descriptor, data)
        except OSError as error:
            self.error = error
            written = 0
        if written == len(data):
            self.error = None
            return True
        if written:  # part of a line on a full disk: remove it before the next attempt
            self.error = self.error or OSError("the disk is full")
            self._truncate()
        return False

    def _truncate(self) -> None:
        """Cut off bytes after the last complete line."""
        if self._descriptor is not None:
            try:
                _ftruncate(self._descriptor, self._state[2])
            except OSError as error:
                self.error = error

    def drop_tail(self, count: int) -> None:
        """Cut off the last ``count`` bytes: an incomplete line, which never was evidence."""
        self._state = (*self._state[:2], self._state[2] - count)
        self._truncate()

    def rewrite(
        self,
        change: Callable[[dict[str, Any]], dict[str, Any]],
        find: Callable[[Sequence[Mapping[str, Any]]], Iterable[int]] | None = None,
    ) -> list[Line] | None:
        """Replace every line by a changed one and return them. None: no line changes.

        This is for a secret that was registered after it was written. The new file replaces the old one atomically, so
        that a kill loses nothing. ``find``: returns the positions of the bodies that may change; None: each may.

        Raises:
            OSError: The file cannot be written; the lines are unchanged.
        """
        lines_before = [Line.parse(text) for text in self.texts()]
        bodies = [line.body for line in lines_before]
        numbers = range(len(bodies)) if find is None else find(bodies)
        changed = {number: body for number in numbers if (body := change(bodies[number])) != bodies[number]}
        if self.is_inherited or not changed:
            return None
        lines = lines_before[: min(changed)]
        chain = LineChain(self.chain.run_id, seq=len(lines), head=lines[-1].digest if lines else EMPTY)
        for number, line in enumerate(lines_before[len(lines) :], len(lines)):
            lines.append(chain.next(line.kind, changed.get(number, line.body)))
        if self.on_line is not None:
            for number in changed:
                self.on_line(lines[number].body)
        data = "".join(f"{line.text}\n" for line in lines).encode()
        self._replace(data)
        self.chain, self._unwritten_data, self.cached = chain, [], []
        self._state = chain.seq, chain.head, len(data)
        return lines

    def overwrite(self, change: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
        """Overwrite each line on disk that would change with ``*``, which needs no more space.

        The journal is no valid run afterwards. This keeps the gate closed until a person has checked it.

        Raises:
            OSError: The file cannot be written, or another file has its path.
        """
        self._unwritten_data, position = [], 0
        descriptor = open_regular(self.path, os.O_RDWR, follow=False)
        try:
            if file_identity(descriptor) != self._file:
                raise OSError("another file has the path of the journal")
            for text in self.texts():
                size = len(text.encode())
                body = Line.from_own_text(text).body
                if change(body) != body:
                    _lseek(descriptor, position, os.SEEK_SET)
                    _write(descriptor, b"*" * size)
                position += size + 1
            _sync(descriptor)
        finally:
            _close(descriptor)

    def _replace(self, data: bytes) -> None:
        _makedirs(self.path.parent, exist_ok=True)  # a test may have moved it
        temporary = self.path.with_suffix(".rewritten")
        with suppress(FileNotFoundError):
            _unlink(temporary)  # an earlier rewrite may have been killed
        descriptor = open_regular(temporary, self._flags | os.O_CREAT | os.O_EXCL)
        try:
            _write_whole(descriptor, data)
            _replace(temporary, self.path)
        except OSError:
            unlock(descriptor)
            with suppress(OSError):
                _unlink(temporary)
            raise
        self.close()
        self._descriptor, self._file = descriptor, file_identity(descriptor)

    def bodies(self) -> Iterator[dict[str, Any]]:
        """Yield the body of every line of the run."""
        lines = self.cached if len(self.cached) == self.line_count else map(Line.from_own_text, self.each_text())
        yield from (line.body for line in lines)

    def texts(self) -> list[str]:
        """Return every line of the run, also those that could not be written."""
        return list(self.each_text())

    def each_text(self, after: bytes = b"") -> Iterator[str]:
        """Yield the lines one by one; only one block of them is in memory.

        ``after``: the expected beginning of the lines, which is left out.

        Raises:
            ValueError: They begin otherwise, or are no text.
        """
        position, incomplete = 0, b""
        for block in self._blocks():
            if expected := after[position : position + len(block)]:
                if not block.startswith(expected):
                    raise ValueError("they begin with another text")
                position += len(expected)
            *complete, incomplete = (incomplete + block[len(expected) :]).split(b"\n")
            yield from map(bytes.decode, complete)
        if position < len(after):
            raise ValueError("they end too early")

    def _blocks(self) -> Iterator[bytes]:
        if self._descriptor is not None and not is_open(self._descriptor, self._file):
            self._open_again()
        position = 0
        while self._descriptor is not None:
            _lseek(self._descriptor, position, os.SEEK_SET)
            if not (block := _read(self._descriptor, _BLOCK)):
                break
            position += len(block)
            yield block
        yield from self._unwritten_data

    def close(self) -> None:
        """Close the journal, which also releases its lock."""
        if self._descriptor is not None:
            if not self.is_inherited:  # in a forked child the number may belong to another file
                unlock(self._descriptor)
            self._descriptor = None

    def delete(self) -> None:
        """Remove the journal of a stored run, before its lock is released if the system allows that.

        A journal that cannot be removed is found by the next session. Storing a run twice is harmless.
        """
        try:
            _unlink(self.path)
        except PermissionError:  # Windows does not remove an open file
            self.close()
            with suppress(OSError):
                _unlink(self.path)
        except OSError:
            pass
        self.close()
        remove_start_file(self.path)


def _write_whole(descriptor: int, data: bytes) -> None:
    lock(descriptor)  # no other process knows this file yet
    if _write(descriptor, data) != len(data):
        raise OSError("the disk is full")
    _sync(descriptor)


def new_journal(folder: Path, run_id: str) -> JournalWriter:
    """Open the journal of a new run."""
    return JournalWriter(folder / f"{run_id}.jsonl", LineChain(run_id, head=EMPTY))
