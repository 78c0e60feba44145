"""Files that are written whole or not at all: a kill in between leaves the old one, or the new one."""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from pathlib import Path
from secrets import token_hex
from stat import S_ISREG


def write_atomically(path: Path, data: bytes) -> None:
    """Write a file under another name beside it, sync it, and put it in place; a file that was there keeps its mode.

    Raises:
        OSError: it cannot be written; what was there is as it was.
    """
    check_replaceable(path)
    temporary = path.with_name(f".{path.name}.{token_hex(4)}")
    try:
        with temporary.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileNotFoundError):
            shutil.copymode(path, temporary)
        temporary.replace(path)
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def check_replaceable(path: Path) -> None:
    """Refuse to put a file in the place of something that is none: whoever may do that would do away with a device.

    Raises:
        OSError: there is a folder, a pipe or a device, or a link to one.
    """
    with suppress(FileNotFoundError):
        if not S_ISREG(path.stat().st_mode):
            raise OSError(None, "what is there is no regular file: name another file", str(path))
