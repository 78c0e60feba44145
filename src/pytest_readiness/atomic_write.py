"""Atomic file writes: a kill in between leaves the old file or the new one, never a part."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from stat import S_IMODE, S_ISREG


def write_atomically(path: Path, data: bytes) -> None:
    """Write a temporary file in the same folder, sync it, and rename it; an existing file's mode is preserved.

    Raises:
        OSError: it cannot be written; an existing file is unchanged.
    """
    check_replaceable(path)
    temporary = path.with_name(f".{path.name}.{os.urandom(4).hex()}")
    try:
        with temporary.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileNotFoundError):
            temporary.chmod(S_IMODE(path.stat().st_mode))
        temporary.replace(path)
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def check_replaceable(path: Path) -> None:
    """Refuse to replace anything but a regular file: a privileged user would remove a device.

    Raises:
        OSError: the path is a folder, a pipe or a device, or a link to one.
    """
    with suppress(FileNotFoundError):
        if not S_ISREG(path.stat().st_mode):
            raise OSError(None, "what is there is no regular file: name another file", str(path))
