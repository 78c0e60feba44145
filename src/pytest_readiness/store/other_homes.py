"""Where else decisions are, or were: both homes are always read, and one that cannot be read keeps no gate open."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from ..errors import IntegrityError, Problem, StorageError, one_line, place
from .history import NAME, Same
from .looking import CONFIG, SUFFIX, Ground, Look, ground_of, parsed, text_of
from .port import Decided
from .repository import is_in_repository


def look_at(path: Path, base: Path, register: str, same: Same) -> Decided:
    """Return the decisions of a folder that count, and what keeps others from counting. Raises nothing.

    Args:
        path: the folder; need not exist.
        base: the folder of the config, whose other decisions are of another home.
        register: whose decisions count.
        same: whether two names are one person's.
    """
    names: list[str] | None = None
    try:
        with suppress(FileNotFoundError):
            names = sorted(entry.name for entry in path.iterdir() if entry.name.endswith(SUFFIX))
        ground = ground_of(path, base)
        found = Look(ground, register, same).at(names or ())
    except StorageError as error:
        # Not nothing: a team that decides here must not take an unreadable folder for one without blockers.
        return Decided(problems=(Problem("", one_line(_unread(path, names, error), 600)),))
    except OSError as error:
        return Decided(problems=(Problem(place(path), f"cannot be read: {error.strerror}"),))
    if ground.under is None:  # the home is a repository of its own, and the config's may have been one before
        return _beside(found, look_around(base, register, same, home=path))
    return _beside(found, _outside(ground, path, register, same))


def _unread(path: Path, names: list[str] | None, error: StorageError) -> str:
    if names is None and not is_in_repository(path):
        told = f"{place(path)}: decisions live there, and neither the folder nor a git repository is here"
        return f"{told}: nobody can say what blocks: use a clone (git init, for a project that begins)"
    return str(error)


def look_around(base: Path, register: str, same: Same, home: Path | None = None) -> Decided:
    """Return the decisions that are files though their home is another, as those of another home. Raises nothing.

    ``home``: a folder of another repository that is the home; None: the store is.
    """
    if not is_in_repository(base):
        return _unasked(base, register, "there is no git repository")
    try:
        ground = ground_of(None, base)
        return _beside(Look(ground, register, same).at(()), _outside(ground, home, register, same))
    except StorageError as error:
        return _unasked(base, register, str(error))


def _unasked(base: Path, register: str, why: str) -> Decided:
    """Return what is told where git says nothing: a file that is there may be a blocker, whoever made it."""
    found = next(_decision_files(base, register), None)
    if found is not None:
        told = f"is a decision, and git does not say whether it was committed, and by whom: {why}"
        return Decided(problems=(Problem(place(found), one_line(told, 600)),))
    if not is_in_repository(base):
        return Decided()
    told = f"decisions that are files were not looked for: {why}"
    return Decided(notes=(Problem("", one_line(told, 600)),))


def _decision_files(base: Path, register: str) -> Iterator[Path]:
    """Yield each file in the folder of the config that is a decision of the register, as far as one can be read."""
    for folder, folders, names in os.walk(base):
        if CONFIG in names and Path(folder) != base:
            folders[:] = []
            continue
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(filter(NAME.fullmatch, names)):
            with suppress(OSError, IntegrityError, UnicodeDecodeError):
                parsed(text_of(Path(folder, name)), name, register)
                yield Path(folder, name)


def _outside(ground: Ground, home: Path | None, register: str, same: Same) -> Decided:
    """Return what the folders hold that the config named before, outside of its repository, as another home's."""
    found = Decided()
    real = None if home is None else os.path.realpath(home)
    for path in ground.outside:
        if os.path.realpath(path) == real:
            continue
        if not path.is_dir() or not is_in_repository(path):
            told = (
                "decisions lived there before the config named another home, and no repository is there: check it out"
            )
            found = _beside(found, Decided(problems=(Problem(place(path), f"{told}: nobody can say what blocks"),)))
            continue
        try:
            names = sorted(entry.name for entry in path.iterdir() if entry.name.endswith(SUFFIX))
            looked = Look(ground_of(path, path), register, same).at(names)
        except (StorageError, OSError) as error:
            looked = Decided(problems=(Problem(place(path), one_line(str(error), 600)),))
        there = [*looked.decisions, *(one.decision for one in looked.disputed), *looked.elsewhere]
        found = _beside(found, replace(looked, elsewhere=tuple(there)))
    return found


def _beside(found: Decided, other: Decided) -> Decided:
    """Return what was found with what another home holds."""
    return replace(
        found,
        problems=(*found.problems, *other.problems),
        notes=(*found.notes, *other.notes),
        elsewhere=(*found.elsewhere, *other.elsewhere),
    )
