"""Appends the lines of one run to its journal: one write a line, no buffer of ours, synced at most every 200 ms.

A line that was written survives any kill of the process; syncing bounds what a power failure costs.
A line that cannot be written is kept in memory and tried again with the next one; nothing is raised into the session.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
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
from .started_tests import remove_start_file

SYNC_SECONDS = 0.2
CACHED_BYTES = 1 << 20
"""Bytes of lines that are held as they were made, the first of a run: most have no more, and parse none of their own.

A test costs 3 % fewer instructions by it, pytest's own included (300 tests, ``benchmarks/overhead.py --instructions``).
"""
_BLOCK = 1 << 16
"""Bytes that are read at once."""
_LOOKS = 50
"""Times that the lock of a new journal is tried: somebody may be looking at it, which takes a moment."""
_sync = getattr(os, "fdatasync", os.fsync)


def ignore_folder(folder: Path) -> None:
    """Make the folder, with a ``.gitignore`` of its own so that nothing in it enters a commit or makes a tree dirty."""
    folder.mkdir(parents=True, exist_ok=True)
    marker = folder / ".gitignore"
    if not marker.exists():
        marker.write_text("*\n", encoding="utf-8")


class JournalWriter:
    """The open journal of one run. Holds a lock on it for as long as the process lives."""

    def __init__(self, path: Path, chain: LineChain, *, create: bool = True) -> None:
        """Open the journal.

        Raises:
            StorageError: somebody else holds it. Any other trouble is kept in ``error`` and tried again.
        """
        self.path = path
        self.chain = chain
        self.error: OSError | None = None
        """What keeps lines from being written, if anything does."""
        self._flags = os.O_RDWR | os.O_APPEND | (os.O_CREAT | os.O_EXCL if create else 0)
        self._descriptor: int | None = None
        self._file: tuple[int, int] | None = None
        """Device and inode of the journal: a test may close its number, and open something else under it."""
        self._taken = chain.seq, chain.head, 0
        """Number of lines, digest of the last, and bytes on disk: in one step, as a signal may raise."""
        self.cached: list[Line] = []
        """The first lines, where all of them were made here: what is on disk is compared with them."""
        self._waiting: list[bytes] = []
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
            self.error = OSError("a test closed the journal, and another file has its name")
            return False
        if not self._lock(descriptor):
            _close(descriptor)
            raise StorageError(f"{self.path}: another session is still writing this run")
        self._descriptor, self._file = descriptor, file
        self._taken = (*self._taken[:2], _fstat(descriptor).st_size)
        self.error = None
        return True

    def _open_again(self) -> None:
        """Somebody closed the journal: what has its number now is another's, or nobody's."""
        if self._descriptor is not None:
            unlock(self._descriptor)
        self._descriptor = None
        self._flags &= ~(os.O_CREAT | os.O_EXCL)
        try:
            self._open()
        except StorageError:
            self.error = OSError("a test closed the journal, and somebody else has taken it")

    def _lock(self, descriptor: int) -> bool:
        for _ in range(_LOOKS if self._flags & os.O_EXCL else 1):
            if lock(descriptor):
                return True
            _sleep(0.01)
        return False

    @property
    def unwritten(self) -> int:
        """How many lines could not be written so far."""
        return len(self._waiting)

    def append(self, kind: str, body: dict[str, Any], *, sync: bool = False) -> Line:
        """Append the next line of the run and return it."""
        return self.take(self.chain.next(kind, body), sync=sync)

    def take(self, line: Line, *, sync: bool = False) -> Line:
        """Append a line that was made of the chain, and return it."""
        if _getpid() != self._process:
            return line  # a forked child: the run belongs to its parent
        if self._descriptor is not None and not is_open(self._descriptor, self._file, self._taken[2]):
            self._open_again()
        seq, _, size = self._taken
        if line.body["seq"] != seq:
            line = self._made_anew(line)
        data, descriptor = f"{line.text}\n".encode(), self._descriptor
        if descriptor is None or self._waiting:
            self._waiting.append(data)
            self._taken = seq + 1, line.digest, size
            self._flush()
        elif self._put(descriptor, data):
            self._taken = seq + 1, line.digest, size + len(data)
        else:
            self._waiting.append(data)
            self._taken = seq + 1, line.digest, size
        if size < CACHED_BYTES and len(self.cached) == seq:
            self.cached.append(line)
        now = _monotonic()
        if self._descriptor is not None and (sync or now - self._synced >= SYNC_SECONDS):
            self._synced = now
            self._sync(self._descriptor)
        return line

    def _made_anew(self, line: Line) -> Line:
        """The line before it was cut off on its way here: a signal raised. It is no line of the run."""
        self.chain.seq, self.chain.head, _ = self._taken
        self._take_back()
        body = {name: value for name, value in line.body.items() if name not in ("kind", "prev", "run", "seq")}
        return self.chain.next(line.kind, body)

    def _sync(self, descriptor: int) -> None:
        try:
            _sync(descriptor)
        except OSError as error:
            self.error = error

    def _flush(self) -> None:
        if self._descriptor is None and not self._open():
            return
        assert self._descriptor is not None  # noqa: S101 - for the type checker; _open has seen to it
        while self._waiting and self._put(self._descriptor, self._waiting[0]):
            self._taken = (*self._taken[:2], self._taken[2] + len(self._waiting.pop(0)))

    def _put(self, descriptor: int, data: bytes) -> bool:
        try:
            written = _write(descriptor, data)
        except OSError as error:
            self.error = error
            written = 0
        if written == len(data):
            self.error = None
            return True
        if written:  # half a line on a full disk: take it back, so that the next try starts clean
            self.error = self.error or OSError("the disk is full")
            self._take_back()
        return False

    def _take_back(self) -> None:
        """Cut off what is no line that was taken."""
        if self._descriptor is not None:
            try:
                _ftruncate(self._descriptor, self._taken[2])
            except OSError as error:
                self.error = error

    def drop_tail(self, count: int) -> None:
        """Take the last bytes away: a line that was cut off in writing, which was never evidence."""
        self._taken = (*self._taken[:2], self._taken[2] - count)
        self._take_back()

    def rewrite(self, change: Callable[[dict[str, Any]], dict[str, Any]]) -> list[Line] | None:
        """Write every line anew, each with its body changed, and return them; None where there is nothing to change.

        For a secret that became known after it was written. The new file takes the old one's place at once, so that a
        kill in between loses nothing.

        Raises:
            OSError: it cannot be written; the lines are as they were.
        """
        old = [Line.parse(text) for text in self.texts()]
        changed = [change(line.body) for line in old]
        if _getpid() != self._process or all(body == line.body for body, line in zip(changed, old, strict=True)):
            return None
        chain = LineChain(self.chain.run_id, head=EMPTY)
        lines = [chain.next(line.kind, body) for body, line in zip(changed, old, strict=True)]
        data = "".join(f"{line.text}\n" for line in lines).encode()
        self._replace(data)
        self.chain, self._waiting, self.cached = chain, [], []
        self._taken = chain.seq, chain.head, len(data)
        return lines

    def overwrite(self, change: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
        """Overwrite each line on disk that would change: what takes no more room than there is.

        The journal can be read as a run no more, which keeps the gate closed until somebody has looked at it.

        Raises:
            OSError: it cannot be written, or another file has its place.
        """
        self._waiting, place = [], 0
        descriptor = open_regular(self.path, os.O_RDWR, follow=False)
        try:
            if file_identity(descriptor) != self._file:
                raise OSError("another file has the place of the journal")
            for text in self.texts():
                size = len(text.encode())
                body = Line.from_own_text(text).body
                if change(body) != body:
                    _lseek(descriptor, place, os.SEEK_SET)
                    _write(descriptor, b"*" * size)
                place += size + 1
            _sync(descriptor)
        finally:
            _close(descriptor)

    def _replace(self, data: bytes) -> None:
        _makedirs(self.path.parent, exist_ok=True)  # a test may have moved it
        temporary = self.path.with_suffix(".rewritten")
        with suppress(FileNotFoundError):
            _unlink(temporary)  # of a rewriting that was cut off, or nobody's
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

    def texts(self) -> list[str]:
        """Return every line of the run, those that could not be written included."""
        return list(self.each_text())

    def each_text(self, after: bytes = b"") -> Iterator[str]:
        """Yield them one by one: of a long run no more than a block is held. ``after``: what they begin with.

        Raises:
            ValueError: they begin with something else, or are no text.
        """
        place, begun = 0, b""
        for block in self._blocks():
            if known := after[place : place + len(block)]:
                if not block.startswith(known):
                    raise ValueError("they begin with something else")
                place += len(known)
            *whole, begun = (begun + block[len(known) :]).split(b"\n")
            yield from map(bytes.decode, whole)
        if place < len(after):
            raise ValueError("they end too soon")

    def _blocks(self) -> Iterator[bytes]:
        if self._descriptor is not None and not is_open(self._descriptor, self._file):
            self._open_again()
        place = 0
        while self._descriptor is not None:
            _lseek(self._descriptor, place, os.SEEK_SET)
            if not (block := _read(self._descriptor, _BLOCK)):
                break
            place += len(block)
            yield block
        yield from self._waiting

    def close(self) -> None:
        """Let go of the journal and of its lock."""
        if self._descriptor is not None:
            if _getpid() == self._process:  # a forked child has no descriptor any more: the number may be another's
                unlock(self._descriptor)
            self._descriptor = None

    def delete(self) -> None:
        """Remove the journal, whose run is kept elsewhere now; before the lock goes, where that is allowed.

        One that cannot be removed is found again by the next session, and keeping a run twice is harmless.
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
    lock(descriptor)  # nobody else knows this file yet
    if _write(descriptor, data) != len(data):
        raise OSError("the disk is full")
    _sync(descriptor)


def new_journal(folder: Path, run_id: str) -> JournalWriter:
    """Open the journal of a new run."""
    return JournalWriter(folder / f"{run_id}.jsonl", LineChain(run_id, head=EMPTY))
