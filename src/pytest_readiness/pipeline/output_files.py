"""What somebody names to be written: never a file that is read from, which may be the only copy of what it holds."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from itertools import chain
from pathlib import Path

from ..errors import ConfigError, location as shown_place, one_line
from ..redaction.fingerprint_key import NAME
from ..signing.keys import FILE, SIGNER
from ..store.decision_files.committed_files import SUFFIX
from .checkpoints import named_checkpoints
from .project import HOME, Project

CHECKPOINT = "the checkpoint"
_BESIDE = ("", "-journal", "-wal", "-shm")
"""What SQLite calls its files beside a store."""


def check_targets(place: Project, named: Mapping[str, Path]) -> None:
    """Refuse what the options of a session name, by the option's name, where it cannot be written.

    Raises:
        ConfigError: there is no folder for it, or as ``refuse_sources`` does.
    """
    for name, path in named.items():
        if path.is_dir() or not path.absolute().parent.is_dir():
            raise ConfigError(f"--readiness-{name}={one_line(str(path))}: there is no folder to write this file in")
    refuse_sources(place, {"the report": named.get("json"), "the bundle": named.get("bundle")})


def refuse_sources(place: Project, targets: Mapping[str, Path | None]) -> None:
    """Refuse to write into a file that is read from, and two things into one file. Nothing is opened.

    ``targets``: what is to be written (such as "the report"), and where; None: nowhere.

    Raises:
        ConfigError: one of them is such a file, under whatever name, or they are one.
    """
    named: dict[Path, str] = {}
    for what, path in targets.items():
        if path is None:
            continue
        target = Path(os.path.realpath(path))
        if role := _role(place, target, what) or named.get(target):
            told = f"{what} would take the place of {role}: name another file"
            raise ConfigError(f"{one_line(shown_place(path))}: {told}")
        named[target] = what


def _role(place: Project, target: Path, what: str) -> str | None:
    """Return what is read from the file; None: nothing."""
    sources = _sources(place)
    if what != CHECKPOINT:  # which takes the place of one that it has grown out of, and of no other
        sources = chain(sources, ((path, "a checkpoint") for path in named_checkpoints()))
    return next((role for source, role in sources if _is_one(target, source)), None) or _within(place, target)


def _sources(place: Project) -> Iterator[tuple[Path, str]]:
    """Yield each file that is read from, and what it is."""
    settings = place.settings
    for name in _BESIDE:
        yield place.store_file.with_name(f"{place.store_file.name}{name}"), "the store"
    for config in (settings.path, settings.folder / "readiness.toml", settings.folder / "pyproject.toml"):
        if config is not None:
            yield config, "the config"
    if settings.tracker is not None:
        yield settings.tracker, "the tracker"
    for key in settings.keys.values():
        yield settings.folder / key.public, "a public key"
    scheme, _, signer = os.environ.get(SIGNER, "").partition(":")
    if scheme == FILE:
        yield settings.folder / signer, "the key that signs"
    yield settings.folder / HOME / NAME, "the key of the fingerprints"
    yield settings.folder / HOME / ".gitignore", "what keeps evidence out of git"


def _is_one(target: Path, source: Path) -> bool:
    """Whether they are one file, by name or by what lies there (a link, another letter case)."""
    if target == Path(os.path.realpath(source)):
        return True
    with suppress(OSError):
        return target.samefile(source)
    return False


def _within(place: Project, target: Path) -> str | None:
    """Return what a file of one of the folders that are read is; None: it is in none of them."""
    folder = place.settings.folder
    if target.is_relative_to(place.journals.resolve()):
        return "a journal"
    artifacts = place.artifacts.resolve()
    if artifacts in target.parents and target == artifacts / target.name[:2] / target.name:
        return "an artifact"
    decisions = place.settings.decisions
    if decisions != "store" and target.parent == (folder / decisions).resolve() and target.name.endswith(SUFFIX):
        return "a decision"
    return None
