"""Helpers that read, change and write bundles as members by name."""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from pytest_readiness.store.bundle.archive import ArchiveWriter
from pytest_readiness.store.bundle.manifest import manifest_blocks
from pytest_readiness.store.bundle.reading import MEMBER_KINDS, Bundle, open_bundle

Members = dict[str, bytes]


def read_bundle(path: Path, limit: int = 1 << 20) -> Bundle:
    """What a bundle holds, but for the bytes of its artifacts."""
    with open_bundle(path, limit) as bundle:
        return bundle


def artifact(path: Path, sha256: str, limit: int = 1 << 20) -> bytes:
    """The bytes of an artifact of a bundle."""
    with open_bundle(path, limit) as bundle:
        return b"".join(bundle.artifact(sha256))


def members(path: Path) -> Members:
    """The members of a bundle, by name."""
    with zipfile.ZipFile(path) as file:
        return {name: file.read(name) for name in file.namelist()}


def arranged(contents: Mapping[str, bytes]) -> list[str]:
    """The names of members in the order in which they stand in a bundle."""
    rooms = list(MEMBER_KINDS)

    def place(name: str) -> tuple[int, str]:
        room = name.partition("/")[0]
        return (rooms.index(room) if room in rooms else -1), name

    return sorted(contents, key=place)


def manifest_of(contents: Mapping[str, bytes]) -> bytes:
    """The manifest that these members must have."""
    rows = {
        name: (len(data), hashlib.sha256(data).hexdigest())
        for name, data in contents.items()
        if name != "manifest.json"
    }
    return b"".join(manifest_blocks(rows))


def packed(path: Path, contents: Members, *, listed: bool = True, order: Sequence[str] | None = None) -> Path:
    """A bundle of these members, made by somebody else; ``listed``: with a manifest that fits."""
    if listed:
        contents = {**contents, "manifest.json": manifest_of(contents)}
    with path.open("wb") as file:
        packing = ArchiveWriter(file)
        for name in order or arranged(contents):
            packing.add(name, [contents[name]])
        packing.close()
    return path
