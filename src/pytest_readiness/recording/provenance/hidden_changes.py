"""Edits that ``git status`` hides: changed files that are marked assume-unchanged or skip-worktree.

A sparse checkout marks files too. These do not exist, which is no edit.
"""

from __future__ import annotations

import hashlib
import os
import stat
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from msgspec import Struct

from ...git_environ import git_environ

GIT_SECONDS = 10.0
BATCH = 200
"""Number of files per call of ``git hash-object``: the length of an argument list is limited."""
_STRICT_OPTIONS = (
    *("-c", "core.fsmonitor=false"),  # a user's program, which may report no changes
    *("-c", "core.checkStat=default", "-c", "core.trustctime=true"),  # size and time of a file can be reset
    *("-c", "core.untrackedCache=false"),  # so can the time of a folder
)
"""Options that override a repository's config, which could make git check less."""
_LINK, _MODULE = "120000", "160000"


class GitError(Exception):
    """Git cannot answer."""


def ask_git(folder: Path, *arguments: str) -> str:
    """Return git's output for a folder, regardless of the environment's git variables.

    Raises:
        GitError: there is no git, no repository, or it took longer than ``GIT_SECONDS``.
    """
    try:
        process = subprocess.run(  # noqa: S603 - fixed arguments, and names of files after them
            ["git", "-C", str(folder), *_STRICT_OPTIONS, *arguments],  # noqa: S607 - the user's own git
            capture_output=True, timeout=GIT_SECONDS, check=False, stdin=subprocess.DEVNULL,
            env=git_environ(literal=False),
        )  # fmt: skip
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        raise GitError(str(error)) from None
    if process.returncode != 0:
        raise GitError(os.fsdecode(process.stderr))
    return os.fsdecode(process.stdout)


class _Entry(Struct, frozen=True):
    """A file in git's index."""

    tag: str
    mode: str
    oid: str
    name: str
    """Path from the top of the work tree."""

    @property
    def may_be_absent(self) -> bool:
        """Whether it is marked skip-worktree, as a sparse checkout marks absent files."""
        return self.tag in ("S", "s")

    @property
    def flagged(self) -> bool:
        """Whether ``git status`` does not check it."""
        return self.tag in ("S", "s") or self.tag.islower()


def hidden_edits(folder: Path) -> list[str]:
    """Return the hidden edits in a folder's work tree and its submodules.

    The index is listed once; only marked files are read.

    Raises:
        GitError: git cannot answer.
    """
    listed = ask_git(folder, "ls-files", "-v", "-s", "-z", "--full-name", "--", ":/")
    # Nearly every row is a plain file that git checks, which is skipped early.
    entries = [_entry(row) for row in listed.split("\0") if row and (row[0] != "H" or row[2:8] == _MODULE)]
    if not entries:
        return []
    top = Path(ask_git(folder, "rev-parse", "--show-toplevel").removesuffix("\n"))
    edited = list(_edited(top, [entry for entry in entries if entry.flagged and entry.mode != _MODULE]))
    for module in (entry for entry in entries if entry.mode == _MODULE):
        edited += _in_module(top, module)
    return sorted(edited)


def _entry(row: str) -> _Entry:
    """Return the entry of a row ``h 100644 <oid> 0<TAB>name``."""
    fields, _, name = row.partition("\t")
    tag, mode, oid, _stage = fields.split(" ")
    return _Entry(tag, mode, oid, name)


def _edited(top: Path, entries: Iterable[_Entry]) -> Iterator[str]:
    to_hash: list[_Entry] = []
    for entry in entries:
        try:
            kind = (top / entry.name).lstat().st_mode
        except OSError:
            if not entry.may_be_absent:
                yield entry.name
            continue
        if entry.mode == _LINK:
            if not stat.S_ISLNK(kind) or _hash_of_link(top / entry.name, entry.oid) != entry.oid:
                yield entry.name
        elif stat.S_ISREG(kind):
            to_hash.append(entry)
        else:
            yield entry.name
    for start in range(0, len(to_hash), BATCH):
        yield from _differing(top, to_hash[start : start + BATCH])


def _hash_of_link(path: Path, oid: str) -> str:
    target = os.fsencode(path.readlink())
    hash_function = hashlib.sha1 if len(oid) == 40 else hashlib.sha256  # noqa: PLR2004 - git's hash; SHA-1 has 40 digits
    return hash_function(b"blob %d\0%b" % (len(target), target)).hexdigest()


def _differing(top: Path, entries: Sequence[_Entry]) -> Iterator[str]:
    """Yield the files that differ; git itself hashes them, with its line end conversion and filters."""
    try:
        hashes = ask_git(top, "hash-object", "--", *(entry.name for entry in entries)).split()
    except GitError:  # one of them cannot be read: all count as edited
        hashes = []
    if len(hashes) != len(entries):
        yield from (entry.name for entry in entries)
        return
    yield from (entry.name for entry, oid in zip(entries, hashes, strict=True) if oid != entry.oid)


def _in_module(top: Path, module: _Entry) -> list[str]:
    """Return the hidden edits in a submodule, and the submodule itself if another commit of it is hidden."""
    path = top / module.name
    if not (path / ".git").exists():
        return []  # not checked out
    edited = [f"{module.name}/{name}" for name in hidden_edits(path)]
    if module.flagged:
        status = ask_git(path, "status", "--porcelain=v2", "--branch", "--untracked-files=normal")
        lines = status.splitlines()
        if f"# branch.oid {module.oid}" not in lines or any(not line.startswith("# ") for line in lines):
            edited.append(module.name)
    return edited
