"""Secrets that became known after a text was kept as an artifact: it is made anew, and told by its new digest.

What was kept without being looked at stays as it is, also where it has the bytes of a text: ``raw`` says so.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from os import unlink as _unlink
from pathlib import Path
from typing import Any

from ..facts.evidence import Artifact
from ..redaction.redactor import Redactor
from ..redaction.text_detection import encoding_of
from ..regular_files import regular_file
from .artifacts import BLOCK, NEW, TEXT, UNREAD, ArtifactFolder, StoredArtifacts, redacted_stream

_AS_THEY_ARE = frozenset({"artifacts", "tracker"})
"""Fields whose digests are not those of texts that were redacted, or are looked at one by one."""


@dataclass
class LateRedaction:
    """What becomes of the files of a session."""

    moved: dict[str, Artifact] = field(default_factory=dict)
    """What replaces a text, by its digest before."""
    gone: list[Path] = field(default_factory=list)
    """Files that nothing names any more, once the lines are written anew."""
    stay: list[Path] = field(default_factory=list)
    """Files with a secret in clear that stay: they were there before, and an earlier run tells of them."""

    def told(self) -> list[str]:
        """Return what is to be said of the files that stay: a line, or none."""
        if not self.stay:
            return []
        more = f", and {len(self.stay) - 1} more," if self.stay[1:] else ""
        told = "of an earlier run holds a secret that this run made known, and stays as it was kept"
        return [f"artifact {self.stay[0].name}{more} {told}: change the secret, and register it before it is written"]

    def remove(self) -> None:
        """Remove what nothing names any more.

        Raises:
            OSError: a file cannot be removed.
        """
        for path in self.gone:
            with suppress(FileNotFoundError):
                _unlink(path)


def redact_artifacts(artifacts: Path, kept_so_far: StoredArtifacts, redactor: Redactor) -> LateRedaction:
    """Redact the session's texts again; each file that they replace is left for ``remove``.

    Args:
        artifacts: the folder.
        kept_so_far: what the session kept.
        redactor: knows the secret now.

    Raises:
        StorageError: a new one cannot be written.
        OSError: an old one cannot be read.
    """
    found, folder = LateRedaction(), ArtifactFolder(artifacts, sys.maxsize)  # a mark may be longer than a secret
    for sha256, kind in kept_so_far.files.items():
        path = folder.path(sha256)
        if not kind & TEXT or not path.exists():
            continue
        encoding = encoding_of(_blocks(path), is_text=True) or ""
        if encoding == "utf-8" and not redactor.contains_secret(_blocks(path)):
            continue
        kept = folder.store_blocks(redacted_stream(_blocks(path), encoding, redactor), "", "text/plain")
        if kept.sha256 == sha256:
            continue
        found.moved[sha256] = kept
        if not kind & UNREAD:
            (found.gone if kind & NEW else found.stay).append(path)
    return found


def _blocks(path: Path) -> Iterator[bytes]:
    with regular_file(path) as file:
        yield from iter(lambda: file.read(BLOCK), b"")


def replace_digests(body: Mapping[str, Any], moved: Mapping[str, Artifact]) -> dict[str, Any]:
    """Return what a line says, with new digests for old ones, and the new size of an artifact.

    An artifact that was not looked at keeps its own, and so does what a text says of it, such as a drill's audit.
    """
    unread = {one["sha256"] for one in body.get("artifacts", ()) if "unread" in one}
    named = {old: kept for old, kept in moved.items() if old not in unread}
    artifacts = {"artifacts": [_artifact(one, moved) for one in body["artifacts"]]} if "artifacts" in body else {}
    return {
        name: value if name in _AS_THEY_ARE else _named_anew(value, named) for name, value in body.items()
    } | artifacts


def _artifact(told: dict[str, Any], moved: Mapping[str, Artifact]) -> dict[str, Any]:
    kept = None if "unread" in told else moved.get(told["sha256"])
    return told if kept is None else {**told, "sha256": kept.sha256, "size": kept.size}


def _named_anew(value: Any, moved: Mapping[str, Artifact]) -> Any:
    if isinstance(value, dict):
        return {key: _named_anew(inner, moved) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_named_anew(inner, moved) for inner in value]
    if isinstance(value, str) and len(value) >= 64:  # noqa: PLR2004 - the hex digits of SHA-256
        for old, kept in moved.items():
            value = value.replace(old, kept.sha256)
    return value
