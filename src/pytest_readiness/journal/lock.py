"""File lock that ends with its process, however that ends, and that also holds within the process."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from os import close as _close, fstat as _fstat, lseek as _lseek, stat as _stat
from pathlib import Path

_locked: dict[tuple[int, int], int] = {}
"""The files that this process writes: the descriptor of each, by device and inode."""

if sys.platform == "win32":
    import msvcrt

    _BYTE = 0x7FFF_0000  # far behind any content, because locks on Windows also prevent reading

    def _try_lock(descriptor: int) -> bool:
        _lseek(descriptor, _BYTE, os.SEEK_SET)
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    from fcntl import LOCK_EX, LOCK_NB, flock as _flock

    def _try_lock(descriptor: int) -> bool:
        """Lock a file. A record lock would not do: it does not hold within a process, and ends with any close."""
        try:
            _flock(descriptor, LOCK_EX | LOCK_NB)
        except OSError:
            return False
        return True

    def _close_in_child() -> None:
        """Close the locked files in a forked child: a daemon that a test leaves behind must not look like a session."""
        for file, descriptor in _locked.items():
            if is_open(descriptor, file):
                with suppress(OSError):
                    _close(descriptor)
        _locked.clear()

    os.register_at_fork(after_in_child=_close_in_child)


def lock(descriptor: int) -> bool:
    """Lock an open file until it is closed. Return False if this or another process holds the lock."""
    file = file_identity(descriptor)
    if file in _locked or not _try_lock(descriptor):
        return False
    _locked[file] = descriptor
    return True


def is_free(descriptor: int) -> bool:
    """Return whether no process holds the lock of an open file. If so, it is locked until the file is closed."""
    return file_identity(descriptor) not in _locked and _try_lock(descriptor)


def unlock(descriptor: int) -> None:
    """Close a locked file, but no other file that was opened since with the same descriptor number."""
    try:
        file = file_identity(descriptor)
    except OSError:
        file = None
    if file is None or _locked.get(file) != descriptor:
        stale = [stale_file for stale_file, number in _locked.items() if number == descriptor]
        for stale_file in stale:
            del _locked[stale_file]
        if stale or file is None:
            return
    else:
        del _locked[file]
    _close(descriptor)


def own_descriptor(path: Path) -> int | None:
    """Return the descriptor with which this process writes the file at a path. None: it does not."""
    try:
        status = _stat(path)
    except OSError:
        return None
    file = status.st_dev, status.st_ino
    descriptor = _locked.get(file)
    return descriptor if descriptor is not None and is_open(descriptor, file) else None


def is_open(descriptor: int, file: tuple[int, int] | None, size: int = 0) -> bool:
    """Return whether a descriptor still belongs to this open file, and not to another one that was opened since.

    ``size``: bytes that were written to it, if only this process writes; 0: unknown. If the file position equals the
    size, it is the same file. This test runs with each line, and needs a sixth of the instructions of a ``stat``.
    """
    try:
        if size and _lseek(descriptor, 0, os.SEEK_CUR) == size:
            return True
        status = _fstat(descriptor)
    except OSError:
        return False
    return (status.st_dev, status.st_ino) == file


def file_identity(descriptor: int) -> tuple[int, int]:
    """Return device and inode of an open file."""
    status = _fstat(descriptor)
    return status.st_dev, status.st_ino
