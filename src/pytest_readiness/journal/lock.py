"""A lock on an open file that ends with the process, however it ends."""

from __future__ import annotations

import os
import sys

if sys.platform == "win32":
    import msvcrt

    _BYTE = 0x7FFF_0000  # far behind any content: Windows locks bar reading too

    def lock(descriptor: int) -> bool:
        """Take the lock; False if another process holds it."""
        os.lseek(descriptor, _BYTE, os.SEEK_SET)
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    def lock(descriptor: int) -> bool:
        """Take the lock; False if another process holds it.

        A record lock, since a forked child does not inherit it: a daemon that a test leaves behind must not look
        like a session that still lives.
        """
        try:
            fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True
