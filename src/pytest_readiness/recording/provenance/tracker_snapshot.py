"""Copy of the tracker at the start of a run, as an artifact that the run's first line names.

A requirements snapshot has no declared status, dates and notes of the tracker's rows; the copy has them, byte for byte.
Equal trackers are stored once.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from ...errors import ReadinessError, one_line
from ...facts.run import tracker_media_type
from ...redaction.redactor import Redactor
from ...regular_files import regular_file
from ..artifacts import ArtifactFolder

MAX_SIZE = 16 << 20
"""Maximum size of a tracker, in bytes."""
MAX_NAME = 200
"""Maximum length of the recorded path, in characters."""


def store_tracker(path: Path | None, folder: Path, artifacts: ArtifactFolder, redactor: Redactor) -> dict[str, Any]:
    """Store the tracker, and return its entry in the first line of a run; empty if there is no tracker.

    A tracker with a secret, or one that cannot be read, is not stored: ``withheld`` is the reason. The run goes on.

    Args:
        path: the tracker; None: the config names none.
        folder: the config's folder; the recorded path is relative to it.
        artifacts: the artifact folder.
        redactor: finds secrets.
    """
    if path is None:
        return {}
    relative = path.relative_to(folder).as_posix() if path.is_relative_to(folder) else path.name
    name = redactor.text(one_line(relative, MAX_NAME))
    try:
        with regular_file(path) as file:
            data = file.read(MAX_SIZE + 1)
        if len(data) > min(MAX_SIZE, artifacts.limit):
            return {"tracker": {"name": name, "withheld": "it is larger than an artifact may be"}}
        text = data.decode("utf-8", "replace")
        if redactor.text(text) != text:
            return {"tracker": {"name": name, "withheld": "it holds what looks like a secret"}}
        sha256 = hashlib.sha256(data).hexdigest()
        if not _is_stored(artifacts.path(sha256), len(data)):
            artifacts.store_bytes(data, name, tracker_media_type(name))
    except OSError as error:
        return {"tracker": {"name": name, "withheld": f"it could not be read: {error.strerror}"}}
    except ReadinessError as error:
        return {"tracker": {"name": name, "withheld": one_line(str(error))}}
    return {"tracker": {"name": name, "sha256": sha256, "size": len(data)}}


def _is_stored(path: Path, size: int) -> bool:
    """Return whether the artifact exists: mostly the tracker is unchanged since the previous run."""
    return path.is_file() and path.stat().st_size == size
