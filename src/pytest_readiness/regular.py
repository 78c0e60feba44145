"""Regular files, and nothing else: whoever may make a file may also make a pipe or a link of its name."""

from __future__ import annotations

import os
from io import BufferedReader
from os import close as _close, fdopen as _fdopen, fstat as _fstat, lstat as _lstat, open as _open, read as _read
from pathlib import Path
from stat import S_ISDIR, S_ISLNK, S_ISREG, S_ISSOCK

_NEVER_WAIT = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0) | getattr(os, "O_BINARY", 0)
_NO_LINK = getattr(os, "O_NOFOLLOW", 0)
_FOLDER = "a folder"


class IrregularError(OSError):
    """What bears the name is no regular file: reading it might never end."""

    def __init__(self, kind: str, path: Path) -> None:
        self.told = f"it is {kind}, and no regular file"
        self.is_folder = kind == _FOLDER
        super().__init__(None, f"{self.told}: put a file in its place", str(path))


def open_regular(path: Path, flags: int = os.O_RDONLY, *, follow: bool = True) -> int:
    """Open a regular file without waiting for anybody; what is open is what was looked at.

    Args:
        path: where it lies.
        flags: as ``os.open`` takes them.
        follow: a link is followed.

    Raises:
        IrregularError: it is a folder, a pipe, a socket, a device, or a link that is not followed.
        OSError: it cannot be opened.
    """
    try:
        descriptor = _open(path, flags | _NEVER_WAIT | (0 if follow else _NO_LINK), 0o644)
    except OSError as error:
        kind = _kind(path)
        if S_ISLNK(kind) and not follow:
            raise IrregularError("a link", path) from None
        if S_ISSOCK(kind):
            raise IrregularError("a socket", path) from None
        raise error from None
    mode = _fstat(descriptor).st_mode
    if not S_ISREG(mode):
        _close(descriptor)
        raise IrregularError(_FOLDER if S_ISDIR(mode) else "a pipe or a device", path)
    return descriptor


def regular_file(path: Path, *, follow: bool = True) -> BufferedReader:
    """Open a regular file, to be read as bytes.

    Raises:
        OSError: as ``open_regular`` does.
    """
    return _fdopen(open_regular(path, follow=follow), "rb")


def _kind(path: Path) -> int:
    try:
        return _lstat(path).st_mode
    except OSError:
        return 0


def read_regular(path: Path, *, follow: bool = True) -> bytes:
    """Return the content of a regular file.

    Raises:
        OSError: as ``open_regular`` does, or it cannot be read.
    """
    descriptor = open_regular(path, follow=follow)
    try:
        return b"".join(iter(lambda: _read(descriptor, 1 << 20), b""))
    except OSError as error:
        error.filename = str(path)  # a read that fails does not say of what
        raise
    finally:
        _close(descriptor)
