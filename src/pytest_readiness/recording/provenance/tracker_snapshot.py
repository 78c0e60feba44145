"""The tracker as it was when a run was opened: kept byte for byte as an artifact, which the first line names.

A snapshot holds what decides readiness, and nothing of what a row only tells (declared status, dates, notes): whoever
wants to know what people read at that time needs the file. Equal trackers are kept once.
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

BIGGEST = 16 << 20
"""Bytes; no tracker that people read comes near."""
NAME = 200
"""Characters of the path that are told."""


def store_tracker(path: Path | None, folder: Path, artifacts: ArtifactFolder, redactor: Redactor) -> dict[str, Any]:
    """Keep the tracker, and return what the first line of a run says of it; nothing where there is none.

    It is read as it is: a tracker that holds a secret is not kept, nor is one that cannot be read at that moment, and
    ``withheld`` says why. Recording goes on.

    Args:
        path: the tracker; None: the config names none.
        folder: of the config; the tracker is told relative to it.
        artifacts: where it is kept.
        redactor: knows the secrets.
    """
    if path is None:
        return {}
    told = path.relative_to(folder).as_posix() if path.is_relative_to(folder) else path.name
    name = redactor.text(one_line(told, NAME))
    try:
        with regular_file(path) as file:
            data = file.read(BIGGEST + 1)
        if len(data) > min(BIGGEST, artifacts.limit):
            return {"tracker": {"name": name, "withheld": "it is larger than an artifact may be"}}
        text = data.decode("utf-8", "replace")
        if redactor.text(text) != text:
            return {"tracker": {"name": name, "withheld": "it holds what looks like a secret"}}
        sha256 = hashlib.sha256(data).hexdigest()
        if not _is_kept(artifacts.path(sha256), len(data)):
            artifacts.store_bytes(data, name, tracker_media_type(name))
    except OSError as error:
        return {"tracker": {"name": name, "withheld": f"it could not be read: {error.strerror}"}}
    except ReadinessError as error:
        return {"tracker": {"name": name, "withheld": one_line(str(error))}}
    return {"tracker": {"name": name, "sha256": sha256, "size": len(data)}}


def _is_kept(path: Path, size: int) -> bool:
    """Most runs find the tracker as the run before them did, and need not write and sync it again."""
    return path.is_file() and path.stat().st_size == size
