"""Which format a tracker is in, by the end of its name."""

from __future__ import annotations

from pathlib import Path

from .document import Document
from .source import Source
from .wanted import Wanted


def open_source(path: Path, text: str, wanted: Wanted) -> Source:
    """Return the tracker at ``path`` with this text (without byte order mark), read; the file itself is not.

    Raises:
        ConfigError: it has no register, or a register that cannot be read.
    """
    return Document(path, text, wanted)
