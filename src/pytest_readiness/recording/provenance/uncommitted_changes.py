"""Uncommitted changes as ``git status`` tells them, without the files that the run itself writes.

A report of the last run that lies in the work tree changes nothing that is tested. A file that Python or pytest would
load is never taken for one, but for what Python keeps of the sources in ``__pycache__`` and compares with them.
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterable, Iterator
from fnmatch import fnmatchcase
from pathlib import Path

from ...fast_values import dataclass
from .hidden_changes import GitError, ask_git

_LOADED = frozenset({".py", ".pyi", ".pyc", ".pyd", ".so", ".pth", ".toml", ".ini", ".cfg"})
_CACHE = "__pycache__"
_COMPILED = re.compile(r".+\.[a-z]+-?\d[^/]*\.pyc(\.\d+)?")
"""``test_it.cpython-311-pytest-9.2.0.pyc``, of any interpreter, and its name while it is written. A name without a tag
could be imported from the folder itself."""
_BEFORE_THE_NAME = {"1": 8, "2": 9, "u": 10}
"""Words of a record before the name of the file, by its kind."""


@dataclass(frozen=True, slots=True)
class UncommittedChanges:
    """What is not as the commit has it."""

    headers: dict[str, str]
    """``branch.oid``, ``branch.head`` and so on."""
    names: tuple[str, ...]
    """Files that differ or are untracked, from the top of the work tree; an untracked folder ends with a slash."""
    written: tuple[str, ...]
    """Untracked files that the run itself writes, which are no change."""


def uncommitted_changes(folder: Path, written: Collection[str] = ()) -> UncommittedChanges:
    """Return what is not committed in the work tree of a folder.

    ``written``: files, folders and patterns (in their last part) that the run writes.

    Raises:
        GitError: git cannot say.
    """
    # A config may hide changes in submodules from a plain status.
    told = ask_git(
        folder, "status", "--porcelain=v2", "--branch", "-z", "--untracked-files=normal", "--ignore-submodules=none"
    )
    headers: dict[str, str] = {}
    differing: list[str] = []
    untracked: list[str] = []
    records = iter(told.split("\0"))
    for record in filter(None, records):
        kind, _, rest = record.partition(" ")
        if kind == "#":
            name, _, value = rest.partition(" ")
            headers[name] = value
        elif kind == "?":
            untracked.append(rest)
        else:
            differing.append(record.split(" ", _BEFORE_THE_NAME[kind])[-1])
            if kind == "2":  # where it was before has a record of its own
                next(records, None)
    if not untracked:
        return UncommittedChanges(headers, tuple(sorted(set(differing))), ())
    top = Path(ask_git(folder, "rev-parse", "--show-toplevel").removesuffix("\n"))
    mine = frozenset((*_own(top, untracked, written), *_compiled(top, untracked)))
    return UncommittedChanges(
        headers, tuple(sorted({*differing, *_without(top, untracked, mine)})), tuple(sorted(mine))
    )


def _own(top: Path, untracked: Iterable[str], written: Collection[str]) -> Iterator[str]:
    """Yield the untracked files that the run writes; a folder that git tells as one is looked into if need be."""
    targets = [_real(name) for name in written]
    for name in untracked:
        path = top / name
        if not name.endswith("/"):
            if _is_own(path, targets):
                yield name
        elif any(target.is_relative_to(path) or path.is_relative_to(target) for target in targets):
            yield from (each for each in _files_in(top, name) if _is_own(top / each, targets))


def _compiled(top: Path, untracked: Iterable[str]) -> Iterator[str]:
    """Yield the untracked folders that hold compiled sources alone, and those of a ``__pycache__`` with more in it."""
    for name in untracked:
        if not name.endswith("/"):
            if _is_compiled(top / name):
                yield name
        elif _holds_compiled_alone(top / name):
            yield name
        elif (top / name).name == _CACHE:
            yield from (each for each in _files_in(top, name) if _is_compiled(top / each))


def _holds_compiled_alone(folder: Path) -> bool:
    """Looks no further than to the first other file; of a module that is gone the folder may be left."""
    found = False
    for where, folders, files in os.walk(folder):
        inside = Path(where)
        if not all(_is_compiled(inside / each) for each in files) or any(
            (inside / each).is_symlink() for each in folders
        ):
            return False
        found = found or bool(files)
    return found


def _is_compiled(path: Path) -> bool:
    return path.parent.name == _CACHE and _COMPILED.fullmatch(path.name) is not None and not path.is_symlink()


def _without(top: Path, untracked: Iterable[str], mine: Collection[str]) -> Iterator[str]:
    """Yield what is untracked and not the run's: of a folder with files of both kinds the others one by one."""
    for name in untracked:
        if name in mine:
            continue
        if name.endswith("/") and any(one.startswith(name) for one in mine):
            yield from (each for each in _files_in(top, name) if each not in mine)
        else:
            yield name


def _files_in(top: Path, name: str) -> list[str]:
    listed = ask_git(top, "ls-files", "--others", "--exclude-standard", "-z", "--", f":(literal){name}")
    return [each for each in listed.split("\0") if each]


def _is_own(path: Path, targets: Iterable[Path]) -> bool:
    return path.suffix not in _LOADED and any(
        path.is_relative_to(target) or (path.parent == target.parent and fnmatchcase(path.name, target.name))
        for target in targets
    )


def _real(name: str) -> Path:
    """Return a path as git would tell it: only the file itself may be a link."""
    path = Path(name)
    return Path(os.path.realpath(path.parent)) / path.name


__all__ = ["GitError", "UncommittedChanges", "uncommitted_changes"]
