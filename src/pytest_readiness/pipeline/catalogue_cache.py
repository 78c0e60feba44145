"""Cache of the register for recording sessions: an unchanged tracker is not parsed again.

The cache is a folder that is safe to delete. Recording alone uses it. What is decided on the register (``gate``,
``report``, ``sync``, and a session that prints a report) always reads the files themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from contextlib import suppress
from importlib.metadata import PackageNotFoundError
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from ..atomic_write import write_atomically
from ..claims.catalogue import Catalogue
from ..facts.ledger.digest import digest
from ..regular_files import read_regular
from ..settings import Settings

if TYPE_CHECKING:
    from ..redaction.redactor import Redactor

MAX_FILES = 8
"""Most registers that are kept: a repository may have several configs."""


def read_through(
    folder: Path, settings: Settings, kinds: Collection[str], read: Callable[[], Catalogue]
) -> tuple[Catalogue, Path | None]:
    """Return the register, from the cache if its sources are unchanged, else as ``read`` returns it.

    The path is the file to which ``keep`` may write the register; None: it is there, or its sources changed meanwhile.

    Args:
        folder: the folder of the cache.
        settings: the config in force.
        kinds: the proof kinds of plugins, which the config may name.
        read: reads the register from the files. It raises ConfigError if they are wrong, and nothing is cached then.
    """
    path = _path(folder, settings, kinds)
    if path is not None and (cached := _load(path)) is not None:
        return cached, None
    catalogue = read()
    return catalogue, path if path == _path(folder, settings, kinds) else None


def keep(path: Path, catalogue: Catalogue, redactor: Redactor) -> None:
    """Write a register to the cache, unless it holds what looks like a secret.

    A cache that cannot be written is no error, whatever a test has left broken in this process: the next session reads
    the files.
    """
    with suppress(Exception):
        data = msgspec.json.encode(catalogue)
        text = data.decode()
        if redactor.text(text) != text:
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, data)
        newest_first = sorted(path.parent.glob("*.json"), key=lambda file: file.stat().st_mtime, reverse=True)
        for file in newest_first[MAX_FILES:]:
            file.unlink(missing_ok=True)


def _path(folder: Path, settings: Settings, kinds: Collection[str]) -> Path | None:
    """Return the file for the register of these sources; None: the tracker or this package's version is not known."""
    try:
        from .. import __version__  # late: read from the installed package's metadata

        tracker = read_regular(settings.tracker) if settings.tracker is not None else b""
    except (OSError, PackageNotFoundError):  # the latter in a source tree that is not installed
        return None
    sources = [__version__, settings, sorted(kinds)]
    return folder / f"{digest('catalogue', msgspec.json.encode(sources, enc_hook=str) + tracker)}.json"


def _load(path: Path) -> Catalogue | None:
    """Return the register in a file of the cache; None: there is none, or it cannot be read."""
    try:
        return msgspec.json.decode(read_regular(path), type=Catalogue)
    except (OSError, ValueError):
        return None
