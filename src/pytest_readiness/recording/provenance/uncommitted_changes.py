"""Uncommitted changes as ``git status`` reports them, without the files that the run itself writes.

A report of the last run in the work tree changes nothing that is tested. A file that Python or pytest loads always
counts as a change, except compiled sources in ``__pycache__``, which Python compares with the sources.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator
from fnmatch import fnmatchcase
from pathlib import Path

from msgspec import Struct

from ...late_pattern import late_pattern
from .hidden_changes import GitError, ask_git

_LOADED = frozenset({".py", ".pyi", ".pyc", ".pyd", ".so", ".pth", ".toml", ".ini", ".cfg"})
_CACHE = "__pycache__"
_COMPILED = late_pattern(r".+\.[a-z]+-?\d[^/]*\.pyc(\.\d+)?")
"""``test_it.cpython-311-pytest-9.2.0.pyc`` of any interpreter, or its temporary name. A file without an interpreter tag
could be imported directly."""
_FIELDS_BEFORE_NAME = {"1": 8, "2": 9, "u": 10}
"""Number of a record's fields before the file's name, by its kind."""


class UncommittedChanges(Struct, frozen=True):
    """Differences between the work tree and the commit."""

    headers: dict[str, str]
    """``branch.oid``, ``branch.head`` and so on."""
    names: tuple[str, ...]
    """Changed and untracked files, relative to the top of the work tree; an untracked folder ends with a slash."""
    written: tuple[str, ...]
    """Untracked files that the run itself writes, which are no changes."""


def uncommitted_changes(folder: Path, written: Collection[str] = ()) -> UncommittedChanges:
    """Return the uncommitted changes in the work tree of a folder.

    ``written``: files, folders and patterns (in the last part) that the run writes.

    Raises:
        GitError: git cannot answer.
    """
    # A config could hide changes in submodules.
    status = ask_git(
        folder, "status", "--porcelain=v2", "--branch", "-z", "--untracked-files=normal", "--ignore-submodules=none"
    )
    headers: dict[str, str] = {}
    differing: list[str] = []
    untracked: list[str] = []
    records = iter(status.split("\0"))
    for record in filter(None, records):
        kind, _, rest = record.partition(" ")
        if kind == "#":
            name, _, value = rest.partition(" ")
            headers[name] = value
        elif kind == "?":
            untracked.append(rest)
        else:
            differing.append(record.split(" ", _FIELDS_BEFORE_NAME[kind])[-1])
            if kind == "2":  # a rename: its old name is the next record
                next(records, None)
    if not untracked:
        return UncommittedChanges(headers, tuple(sorted(set(differing))), ())
    top = Path(ask_git(folder, "rev-parse", "--show-toplevel").removesuffix("\n"))
    own = frozenset((*_own(top, untracked, written), *_compiled(top, untracked)))
    return UncommittedChanges(headers, tuple(sorted({*differing, *_without(top, untracked, own)})), tuple(sorted(own)))


def _own(top: Path, untracked: Iterable[str], written: Collection[str]) -> Iterator[str]:
    """Yield the untracked files that the run writes; an untracked folder is searched if it can contain one."""
    targets = [_real(name) for name in written]
    for name in untracked:
        path = top / name
        if not name.endswith("/"):
            if _is_own(path, targets):
                yield name
        elif any(target.is_relative_to(path) or path.is_relative_to(target) for target in targets):
            yield from (file for file in _files_in(top, name) if _is_own(top / file, targets))


def _compiled(top: Path, untracked: Iterable[str]) -> Iterator[str]:
    """Yield untracked compiled sources, and untracked folders that contain nothing else."""
    for name in untracked:
        if not name.endswith("/"):
            if _is_compiled(top / name):
                yield name
        elif _has_only_compiled(top / name):
            yield name
        elif (top / name).name == _CACHE:
            yield from (file for file in _files_in(top, name) if _is_compiled(top / file))


def _has_only_compiled(folder: Path) -> bool:
    """Return whether a folder has compiled sources and no other files, as one of a deleted module may."""
    has_files = False
    for name, folders, files in os.walk(folder):
        path = Path(name)
        if not all(_is_compiled(path / file) for file in files) or any((path / sub).is_symlink() for sub in folders):
            return False
        has_files = has_files or bool(files)
    return has_files


def _is_compiled(path: Path) -> bool:
    return path.parent.name == _CACHE and _COMPILED.fullmatch(path.name) is not None and not path.is_symlink()


def _without(top: Path, untracked: Iterable[str], own: Collection[str]) -> Iterator[str]:
    """Yield the untracked files that are not the run's; a folder with both kinds is split into its files."""
    for name in untracked:
        if name in own:
            continue
        if name.endswith("/") and any(path.startswith(name) for path in own):
            yield from (file for file in _files_in(top, name) if file not in own)
        else:
            yield name


def _files_in(top: Path, name: str) -> list[str]:
    listed = ask_git(top, "ls-files", "--others", "--exclude-standard", "-z", "--", f":(literal){name}")
    return [file for file in listed.split("\0") if file]


def _is_own(path: Path, targets: Iterable[Path]) -> bool:
    return path.suffix not in _LOADED and any(
        path.is_relative_to(target) or (path.parent == target.parent and fnmatchcase(path.name, target.name))
        for target in targets
    )


def _real(name: str) -> Path:
    """Return a path as git reports it: only its last part may be a link."""
    path = Path(name)
    return Path(os.path.realpath(path.parent)) / path.name


__all__ = ["GitError", "UncommittedChanges", "uncommitted_changes"]
