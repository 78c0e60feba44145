"""Edits that git was told not to look for: files marked assume-unchanged or skip-worktree that differ from the index.

``git status`` says nothing of them. A sparse checkout marks files too, and has not got them: that is no edit.
"""

from __future__ import annotations

import hashlib
import os
import stat
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from ..frozen import dataclass
from ..git_environ import git_environ

GIT_SECONDS = 10.0
BATCH = 200
"""Files that git is given to hash at a time: an argument list has an end."""
_TRUSTING_NOTHING = (
    *("-c", "core.fsmonitor=false"),  # a program of the user's, which may say that nothing changed
    *("-c", "core.checkStat=default", "-c", "core.trustctime=true"),  # size and time of a file can be put back
    *("-c", "core.untrackedCache=false"),  # so can the time of a folder
)
"""What a repository's config could say to have git look less closely."""
_LINK, _MODULE = "120000", "160000"


class GitError(Exception):
    """git cannot say, so that nothing is known."""


def ask(folder: Path, *arguments: str) -> str:
    """Return what git says of the folder itself, whatever the environment says of another one.

    Raises:
        GitError: there is no git, no repository, or it took too long.
    """
    try:
        done = subprocess.run(  # noqa: S603 - fixed arguments, and names of files after them
            ["git", "-C", str(folder), *_TRUSTING_NOTHING, *arguments],  # noqa: S607 - the user's own git
            capture_output=True, timeout=GIT_SECONDS, check=False, stdin=subprocess.DEVNULL,
            env=git_environ(literal=False),
        )  # fmt: skip
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        raise GitError(str(error)) from None
    if done.returncode != 0:
        raise GitError(os.fsdecode(done.stderr))
    return os.fsdecode(done.stdout)


@dataclass(frozen=True, slots=True)
class _Entry:
    """A file as the index has it."""

    tag: str
    mode: str
    oid: str
    name: str
    """From the top of the work tree."""

    @property
    def may_be_absent(self) -> bool:
        """It is marked skip-worktree, as a sparse checkout does with what it leaves out."""
        return self.tag in ("S", "s")

    @property
    def flagged(self) -> bool:
        """``git status`` does not look at it."""
        return self.tag in ("S", "s") or self.tag.islower()


def hidden_edits(folder: Path) -> list[str]:
    """Return the files of the folder's work tree, and of its submodules, that were edited behind git's back.

    One look at the index; only files that are marked are read.

    Raises:
        GitError: git cannot say.
    """
    listed = ask(folder, "ls-files", "-v", "-s", "-z", "--full-name", "--", ":/")
    # Nearly every row is of a plain file that git looks at, and of no interest.
    entries = [_entry(row) for row in listed.split("\0") if row and (row[0] != "H" or row[2:8] == _MODULE)]
    if not entries:
        return []
    top = Path(ask(folder, "rev-parse", "--show-toplevel").removesuffix("\n"))
    found = list(_edited(top, [entry for entry in entries if entry.flagged and entry.mode != _MODULE]))
    for module in (entry for entry in entries if entry.mode == _MODULE):
        found += _in_module(top, module)
    return sorted(found)


def _entry(row: str) -> _Entry:
    """``h 100644 <oid> 0<TAB>name``."""
    told, _, name = row.partition("\t")
    tag, mode, oid, _stage = told.split(" ")
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
    made = hashlib.sha1 if len(oid) == 40 else hashlib.sha256  # noqa: PLR2004 - git's own, of which SHA-1 has 40 digits
    return made(b"blob %d\0%b" % (len(target), target)).hexdigest()


def _differing(top: Path, entries: Sequence[_Entry]) -> Iterator[str]:
    """By git itself, which converts line ends and filters content as it did when the file was added."""
    try:
        hashes = ask(top, "hash-object", "--", *(entry.name for entry in entries)).split()
    except GitError:  # one of them cannot be read: what cannot be compared is not known to be the same
        hashes = []
    if len(hashes) != len(entries):
        yield from (entry.name for entry in entries)
        return
    yield from (entry.name for entry, made in zip(entries, hashes, strict=True) if made != entry.oid)


def _in_module(top: Path, module: _Entry) -> list[str]:
    """Return the hidden edits in a submodule, and the submodule where another commit of it is hidden."""
    path = top / module.name
    if not (path / ".git").exists():
        return []  # not checked out
    found = [f"{module.name}/{name}" for name in hidden_edits(path)]
    if module.flagged:
        status = ask(path, "status", "--porcelain=v2", "--branch", "--untracked-files=normal")
        lines = status.splitlines()
        if f"# branch.oid {module.oid}" not in lines or any(not line.startswith("# ") for line in lines):
            found.append(module.name)
    return found
