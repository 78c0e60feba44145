"""Secrets that became known after a text was kept as an artifact: it is made anew, and told by its new digest."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from ..facts.evidence import Artifact
from ..regular import regular_file
from .artifact import BLOCK, ArtifactFolder
from .redaction import Redactor


def redact_artifacts(folder: ArtifactFolder, redactor: Redactor) -> dict[str, Artifact]:
    """Redact the session's texts again, and return what replaces what, by the old digest.

    A file that was there before the session stays too: an earlier run tells of it.

    Raises:
        StorageError: a new one cannot be written.
        OSError: an old one cannot be read or removed.
    """
    moved: dict[str, Artifact] = {}
    for sha256, is_new in list(folder.texts.items()):
        path = folder.path(sha256)
        if not path.exists() or not redactor.holds_known(_blocks(path)):
            continue
        kept = folder.keep_blocks(_blocks(path), "", "text/plain", redactor)
        if kept.sha256 != sha256:
            moved[sha256] = kept
            if is_new:
                with suppress(FileNotFoundError):
                    path.unlink()
    return moved


def _blocks(path: Path) -> Iterator[bytes]:
    with regular_file(path) as file:
        yield from iter(lambda: file.read(BLOCK), b"")


def told_anew(value: Any, moved: Mapping[str, Artifact]) -> Any:
    """Return plain data in which every old digest is the new one, and an artifact has its new size."""
    if isinstance(value, dict):
        kept = moved.get(str(value.get("sha256")))
        changed = {key: told_anew(inner, moved) for key, inner in value.items()}
        return {**changed, "size": kept.size} if kept is not None and "size" in changed else changed
    if isinstance(value, list | tuple):
        return [told_anew(inner, moved) for inner in value]
    if isinstance(value, str) and len(value) >= 64:  # noqa: PLR2004 - the hex digits of SHA-256
        for old, kept in moved.items():
            value = value.replace(old, kept.sha256)
    return value
