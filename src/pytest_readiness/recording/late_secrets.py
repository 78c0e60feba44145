"""Second redaction of stored artifacts, for secrets that were registered late.

A redacted text gets a new digest, which replaces the old one in the run's lines. An artifact that was stored without
redaction (``raw`` or binary) never changes, even if it has the bytes of a text.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from os import unlink as _unlink
from pathlib import Path
from typing import Any

from msgspec import Struct, field

from ..facts.evidence import Artifact
from ..late_pattern import late_pattern
from ..redaction.redactor import Redactor
from ..redaction.text_detection import encoding_of
from ..regular_files import regular_file
from .artifacts import BLOCK, NEW, TEXT, UNREAD, ArtifactFolder, StoredArtifacts, redacted_stream

_DIGITS = 64
"""Number of hex digits of a SHA-256."""
_DIGESTS = late_pattern(r"[0-9a-f]{64,}")
_NOT_SEARCHED = frozenset({"artifacts", "tracker"})
"""Keys whose digests are not of redacted texts (``tracker``), or are replaced one by one (``artifacts``)."""


class LateRedaction(Struct):
    """Result of the second redaction of a session's artifacts."""

    replaced: dict[str, Artifact] = field(default_factory=dict)
    """The new artifact, by the old digest."""
    obsolete: list[Path] = field(default_factory=list)
    """Files that no line names once the lines are rewritten."""
    unchanged: list[Path] = field(default_factory=list)
    """Files of earlier runs with a secret in clear, which are not changed."""

    def notes(self) -> list[str]:
        """Return one line about the unchanged files, or none."""
        if not self.unchanged:
            return []
        more = f", and {len(self.unchanged) - 1} more," if self.unchanged[1:] else ""
        message = "of an earlier run holds a secret that this run registered, and is not changed"
        advice = "change the secret, and register it before it is written"
        return [f"artifact {self.unchanged[0].name}{more} {message}: {advice}"]

    def remove_obsolete(self) -> None:
        """Remove the obsolete files.

        Raises:
            OSError: a file cannot be removed.
        """
        for path in self.obsolete:
            with suppress(FileNotFoundError):
                _unlink(path)


def redact_artifacts(artifacts: Path, stored: StoredArtifacts, redactor: Redactor) -> LateRedaction:
    """Redact the session's texts again, into new files; ``remove_obsolete`` then removes the old ones.

    Args:
        artifacts: the artifact folder.
        stored: the artifacts of the session.
        redactor: has the late secrets.

    Raises:
        StorageError: a new file cannot be written.
        OSError: an old file cannot be read.
    """
    result, folder = LateRedaction(), ArtifactFolder(artifacts, sys.maxsize)  # a mark may be longer than a secret
    for sha256, kind in stored.files.items():
        path = folder.path(sha256)
        if not kind & TEXT or not path.exists():
            continue
        encoding = encoding_of(_blocks(path), is_text=True) or ""
        if encoding == "utf-8" and not redactor.contains_secret(_blocks(path)):
            continue
        artifact = folder.store_blocks(redacted_stream(_blocks(path), encoding, redactor), "", "text/plain")
        if artifact.sha256 == sha256:
            continue
        result.replaced[sha256] = artifact
        if not kind & UNREAD:
            (result.obsolete if kind & NEW else result.unchanged).append(path)
    return result


def _blocks(path: Path) -> Iterator[bytes]:
    with regular_file(path) as file:
        yield from iter(lambda: file.read(BLOCK), b"")


def replace_digests(body: Mapping[str, Any], replaced: Mapping[str, Artifact]) -> dict[str, Any]:
    """Return the body of a line with the new digests and sizes of its artifacts.

    An artifact that was stored without redaction keeps its digest, also in texts about it, such as a drill's audit.
    """
    unread = {artifact["sha256"] for artifact in body.get("artifacts", ()) if "unread" in artifact}

    def replace(digits: re.Match[str]) -> str:
        text, at = digits[0], 0
        while len(text) - at >= _DIGITS:
            old = text[at : at + _DIGITS]
            if old in replaced and old not in unread:
                text, at = text[:at] + replaced[old].sha256 + text[at + _DIGITS :], at + _DIGITS
            else:
                at += 1
        return text

    artifacts = (
        {"artifacts": [_replace_artifact(artifact, replaced) for artifact in body["artifacts"]]}
        if "artifacts" in body
        else {}
    )
    return {
        name: value if name in _NOT_SEARCHED else _replace_in(value, replace) for name, value in body.items()
    } | artifacts


def _replace_artifact(artifact: dict[str, Any], replaced: Mapping[str, Artifact]) -> dict[str, Any]:
    new = None if "unread" in artifact else replaced.get(artifact["sha256"])
    return artifact if new is None else {**artifact, "sha256": new.sha256, "size": new.size}


def _replace_in(value: Any, replace: Callable[[re.Match[str]], str]) -> Any:
    if isinstance(value, dict):
        return {key: _replace_in(inner, replace) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_replace_in(inner, replace) for inner in value]
    return _DIGESTS.sub(replace, value) if isinstance(value, str) and len(value) >= _DIGITS else value
