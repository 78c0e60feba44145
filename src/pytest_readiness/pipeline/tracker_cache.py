"""Cache of the tracker's content for recording sessions: an unchanged tracker is not parsed again.

It holds only what was read from the tracker's text. What makes evidence real, such as environments and modes, always
comes from the config. The cache is a folder that is safe to delete. Recording alone uses it: what is decided on the
register (``gate``, ``report``, ``sync``, and a session that prints a report) reads the tracker itself.
"""

from __future__ import annotations

import os
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct
from msgspec.structs import asdict

from ..atomic_write import write_atomically
from ..claims.catalogue import Item, UseCase
from ..claims.tracker.tracker_content import Tracker
from ..facts.ledger.digest import digest
from ..regular_files import read_regular
from ..settings import Settings

if TYPE_CHECKING:
    from ..redaction.redactor import Redactor

MAX_FILES = 8
"""Most trackers that are kept: a repository may have several configs."""
_CLAIMS = Path(__file__).parents[1] / "claims"
"""The code that reads a tracker. In a checkout it changes without a new version."""
_DISTRIBUTIONS = ("pytest-readiness", "markdown-it-py")


class _Content(Struct, frozen=True, forbid_unknown_fields=True):
    """The fields of a tracker but its path."""

    rows: tuple[UseCase, ...]
    items: tuple[Item, ...]
    legend: tuple[str, ...]
    unmatched_patterns: tuple[str, ...]
    skipped_rows: tuple[tuple[int, str], ...]


class UncachedTracker(Struct, frozen=True):
    """The content of a tracker that the cache does not have."""

    path: Path
    """The file for it."""
    tracker: Tracker

    def keep(self, redactor: Redactor) -> None:
        """Write it to the cache, unless it holds what looks like a secret.

        A cache that cannot be written is no error, whatever a test has left broken in this process: the next session
        reads the tracker.
        """
        with suppress(Exception):
            content = asdict(self.tracker)
            del content["path"]
            data = msgspec.json.encode(content)
            text = data.decode()
            if redactor.text(text) != text:
                return
            self.path.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(self.path, data)
            newest_first = sorted(self.path.parent.glob("*.json"), key=lambda file: file.stat().st_mtime, reverse=True)
            for file in newest_first[MAX_FILES:]:
                file.unlink(missing_ok=True)


def cache_path(folder: Path, settings: Settings) -> Path | None:
    """Return the file for the content of the config's tracker; None: it cannot be cached.

    Args:
        folder: the folder of the cache.
        settings: the config in force, which names a tracker.
    """
    if settings.tracker is None:
        return None
    try:
        data = read_regular(settings.tracker)
        code = sorted(
            (file.name, file.stat().st_mtime_ns)
            for place in (_CLAIMS, _CLAIMS / "tracker")
            for file in os.scandir(place)
            if file.name.endswith(".py")
        )
        words = [settings.tracker_columns, settings.statuses, settings.tracker_skip, settings.tracker.suffix]
        key = msgspec.json.encode([[version(name) for name in _DISTRIBUTIONS], code, words])
    except (OSError, ValueError, PackageNotFoundError):  # the last in a source tree that is not installed
        return None
    return folder / f"{digest('tracker', key + data)}.json"


def load_tracker(path: Path, tracker: Path) -> Tracker | None:
    """Return the content of ``tracker`` from a file of the cache; None: there is none, or it cannot be read."""
    try:
        content = msgspec.json.decode(read_regular(path), type=_Content)
        return Tracker(path=tracker, **asdict(content))
    except (OSError, ValueError, RecursionError):
        return None
