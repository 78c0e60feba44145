"""Artifact files, which are refused if their content has another digest than was recorded."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from io import BufferedReader
from pathlib import Path

from ..errors import ConfigError, IntegrityError, StorageError, one_line, suggestion
from ..facts.evidence import Artifact, Evidence
from ..facts.ledger.digest import is_sha256
from ..regular_files import regular_file

BLOCK = 1 << 20
_SHORTEST = 8
"""Minimum digits of a digest that names an artifact."""


def find_artifact(evidence: Evidence, name: str) -> Artifact:
    """Return the artifact of a piece of evidence with this name, or with a digest that begins so.

    Raises:
        ConfigError: there is none, or several artifacts have the name.
    """
    digits = name.removeprefix("sha256:").lower()
    matches = [artifact for artifact in evidence.artifacts if artifact.name == name]
    if not matches and len(digits) >= _SHORTEST:
        matches = [artifact for artifact in evidence.artifacts if artifact.sha256.startswith(digits)]
    by_digest = {artifact.sha256: artifact for artifact in matches}
    if len(by_digest) == 1:
        return next(iter(by_digest.values()))
    if by_digest:
        digests = ", ".join(f"sha256:{sha256[:12]}" for sha256 in by_digest)
        raise ConfigError(f"{evidence.id} has {len(by_digest)} artifacts '{one_line(name)}': name a digest ({digests})")
    names = [artifact.name for artifact in evidence.artifacts]
    if not names:
        raise ConfigError(f"{evidence.id} has no artifacts")
    listing = one_line(", ".join(dict.fromkeys(names)), 300)
    hint = suggestion(name, names)
    raise ConfigError(f"{evidence.id} has no artifact '{one_line(name)}'{hint} (its artifacts are {listing})")


def open_artifact(folder: Path, artifact: Artifact) -> BufferedReader:
    """Return the open file of an artifact, at its start, after its digest was checked.

    ``folder``: the artifact folder.

    Raises:
        IntegrityError: its digest is no digest, or its content has another one.
        StorageError: its file is missing, or cannot be read.
    """
    if not is_sha256(artifact.sha256):
        raise IntegrityError(f"the artifact {one_line(artifact.name)} has no valid digest: run 'readiness verify'")
    path = folder / artifact.sha256[:2] / artifact.sha256
    try:
        file = regular_file(path)
        if hashlib.file_digest(file, "sha256").hexdigest() != artifact.sha256:
            file.close()
            shown = one_line(artifact.name)
            raise IntegrityError(f"{path}: this is not what was recorded as {shown}: its content has another digest")
        file.seek(0)
    except FileNotFoundError:
        message = "there is no such file: the artifact was left behind where it was recorded, or was deleted"
        raise StorageError(f"{path}: {message}") from None
    except OSError as error:
        raise StorageError(f"{path}: cannot be read: {error.strerror}") from error
    return file


def checked_blocks(file: BufferedReader, artifact: Artifact) -> Iterator[bytes]:
    """Yield the blocks of an artifact, and compare its digest again: the file may change meanwhile.

    Raises:
        IntegrityError: it changed while it was read.
    """
    digest = hashlib.sha256()
    while block := file.read(BLOCK):
        digest.update(block)
        yield block
    if digest.hexdigest() != artifact.sha256:
        raise IntegrityError(f"the artifact {one_line(artifact.name)} changed while it was read: read it again")
