"""The key of a store for fingerprints of secrets: generated once, and in no bundle or report."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from ..regular_files import read_regular

NAME = "fingerprint.key"
SIZE = 32


def load_key(folder: Path) -> bytes:
    """Return the key in a folder, or a new one that is not written yet."""
    with suppress(OSError):
        key = read_regular(folder / NAME)
        if len(key) == SIZE:
            return key
    return os.urandom(SIZE)


def save_key(folder: Path, key: bytes) -> None:
    """Write a new key, readable by its owner only. An existing key stays.

    Raises:
        OSError: It cannot be written.
    """
    with suppress(FileExistsError):
        descriptor = os.open(folder / NAME, os.O_CREAT | os.O_EXCL | os.O_WRONLY | getattr(os, "O_BINARY", 0), 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(key)
