"""A lock on an open file that ends with the process, however it ends, and holds within the process too."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from os import close as _close, fstat as _fstat, lseek as _lseek, stat as _stat
from pathlib import Path

_held: dict[tuple[int, int], int] = {}
"""What this process writes itself: the open file of each, by device and inode."""

if sys.platform == "win32":
    import msvcrt

    _BYTE = 0x7FFF_0000  # far behind any content: Windows locks bar reading too

    def _take(descriptor: int) -> bool:
        _lseek(descriptor, _BYTE, os.SEEK_SET)
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    from fcntl import LOCK_EX, LOCK_NB, flock as _flock

    def _take(descriptor: int) -> bool:
        """Not a record lock: a process never stops itself by one, and gives it up with any file that it closes."""
        try:
            _flock(descriptor, LOCK_EX | LOCK_NB)
        except OSError:
            return False
        return True

    def _let_go() -> None:
        """A forked child shares the lock: a daemon that a test leaves behind must not look like a session."""
        for here, descriptor in _held.items():
            if is_open(descriptor, here):
                with suppress(OSError):
                    _close(descriptor)
        _held.clear()

    os.register_at_fork(after_in_child=_let_go)


def lock(descriptor: int) -> bool:
    """Take the lock for as long as the file is open; False if this or another process holds it."""
    here = file_identity(descriptor)
    if here in _held or not _take(descriptor):
        return False
    _held[here] = descriptor
    return True


def is_free(descriptor: int) -> bool:
    """Return whether nobody holds the lock; then it is taken, until the file is closed."""
    return file_identity(descriptor) not in _held and _take(descriptor)


def unlock(descriptor: int) -> None:
    """Close a locked file; not what somebody else has opened since under its number."""
    try:
        here = file_identity(descriptor)
    except OSError:
        here = None
    if here is None or _held.get(here) != descriptor:
        gone = [file for file, held in _held.items() if held == descriptor]
        for file in gone:
            del _held[file]
        if gone or here is None:
            return
    else:
        del _held[here]
    _close(descriptor)


def is_held_here(path: Path) -> int | None:
    """Return the open file by which this process itself writes what lies at a path."""
    try:
        found = _stat(path)
    except OSError:
        return None
    here = found.st_dev, found.st_ino
    descriptor = _held.get(here)
    return descriptor if descriptor is not None and is_open(descriptor, here) else None


def is_open(descriptor: int, file: tuple[int, int] | None, size: int = 0) -> bool:
    """Return whether the number still is that of this open file, and of no other that was opened since.

    ``size``: bytes that were written to it, where nobody else writes; 0: not known. Where the file stands at just that
    byte it is the same one. This is asked with each line, and takes a sixth of the instructions of a ``stat``.
    """
    try:
        if size and _lseek(descriptor, 0, os.SEEK_CUR) == size:
            return True
        found = _fstat(descriptor)
    except OSError:
        return False
    return (found.st_dev, found.st_ino) == file


def file_identity(descriptor: int) -> tuple[int, int]:
    """Return device and inode of an open file."""
    found = _fstat(descriptor)
    return found.st_dev, found.st_ino
