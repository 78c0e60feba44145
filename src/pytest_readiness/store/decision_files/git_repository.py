"""Git repository queries for decision files: the files of HEAD, and the objects of work tree files.

No query starts a process for each file.
"""

from __future__ import annotations

import hashlib
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from msgspec import Struct

from ...errors import StorageError, location, one_line
from ...git_environ import git_environ

TIMEOUT = 120.0
"""Seconds that one git command may take."""
LINK, SUBMODULE = "120000", "160000"
"""File modes in a git tree."""


class TrackedFile(Struct, frozen=True):
    """A file in HEAD."""

    mode: str
    blob: str
    """Name of the git object with its content."""
    path: str
    """Path from the top of the work tree."""


class GitRepository(Struct, frozen=True):
    """A repository with a work tree."""

    top: Path
    """Top folder of the work tree."""
    shallow: bool
    """The clone does not contain the whole history."""
    head: str
    """The commit that is checked out; empty: there is none yet."""

    @classmethod
    def at(cls, folder: Path) -> GitRepository:
        """Return the repository that contains a folder.

        Raises:
            StorageError: git is not installed or fails, or the folder is not in a repository.
        """
        command = ("rev-parse", "--is-shallow-repository", "--show-toplevel")
        answers = run_git(folder, *command, "--verify", "--quiet", "HEAD", may_fail=True).split("\n")
        if len(answers) < len(command):
            answers = [*run_git(folder, *command).rstrip("\n").split("\n"), ""]
        shallow, top, head = answers[:3]
        return cls(Path(top), shallow == "true", head)

    @classmethod
    def holding(cls, folder: Path) -> GitRepository:
        """Return the repository that contains a folder, which need not exist.

        Raises:
            StorageError: as ``at``, or the work tree of that repository is in another place.
        """
        repository = cls.at(next(path for path in (folder, *folder.parents) if path.is_dir()))
        if not folder.is_relative_to(repository.top):
            problem = f"is outside of {location(repository.top)}, which is the work tree according to git"
            advice = "unset core.worktree in git's config, or name a folder that is not behind a link"
            raise StorageError(f"{location(folder)}: {problem}: {advice}")
        return repository

    def listing(self) -> Iterator[TrackedFile]:
        """Yield every JSON file, config, link and submodule in HEAD.

        Raises:
            StorageError: git fails.
        """
        listing = run_git(self.top, "ls-tree", "-r", "-z", "--full-tree", "HEAD") if self.head else ""
        for row in listing.split("\0"):
            # Most rows are skipped by this check alone, because a repository has thousands of them.
            if row.endswith((".json", "/readiness.toml")) or row.startswith((SUBMODULE, LINK)):
                attributes, _, path = row.partition("\t")
                mode, _, blob = attributes.split(" ")
                yield TrackedFile(mode, blob, path)

    def contents(self, blobs: Iterable[str]) -> dict[str, bytes]:
        """Return the contents of these objects. An object that the clone does not have is left out.

        Raises:
            StorageError: git fails.
        """
        names = list(dict.fromkeys(blobs))
        if not names:
            return {}
        output = _run(self.top, ("cat-file", "--batch"), "".join(f"{blob}\n" for blob in names).encode())
        contents: dict[str, bytes] = {}
        for blob in names:
            head, _, output = output.partition(b"\n")
            *_, kind, size = head.split(b" ") if not head.endswith(b" missing") else (b"", b"0")
            if kind != b"":
                contents[blob], output = output[: int(size)], output[int(size) + 1 :]
        return contents

    def as_added(self, paths: Sequence[str]) -> list[str]:
        """Return the name of the object that ``git add`` would make of each file, with git's line ends and filters.

        Raises:
            StorageError: git fails, or cannot read a file.
        """
        if not paths:
            return []
        lines = "".join(f"{path}\n" for path in paths).encode("utf-8", "surrogateescape")
        return _run(self.top, ("hash-object", "--stdin-paths"), lines).decode().split()

    def parents(self) -> dict[str, list[str]]:
        """Return the parents of every commit in the history of HEAD.

        Raises:
            StorageError: git fails.
        """
        rows = (row.split(" ") for row in run_git(self.top, "rev-list", "--parents", "HEAD").split("\n") if row)
        return {commit: parents for commit, *parents in rows}


def blob_name(content: bytes, like: str) -> str:
    """Return the name of the git object with this content. ``like``: another name, which shows the hash function."""
    kind = hashlib.sha256 if len(like) == hashlib.sha256().digest_size * 2 else hashlib.sha1
    return kind(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


def is_ignored(path: Path) -> bool:
    """Return whether git ignores a file, so that it would never be committed. False: or git fails.

    Args:
        path: the file, which need not exist.

    Raises:
        StorageError: git is not installed.
    """
    start = next(folder for folder in (path.parent, *path.absolute().parents) if folder.is_dir())
    return bool(run_git(start, "check-ignore", "--no-index", str(path.absolute()), may_fail=True, literal=False))


def run_git(folder: Path, *arguments: str, may_fail: bool = False, literal: bool = True) -> str:
    """Return the output of a git command.

    Args:
        folder: the folder in which git runs.
        arguments: command and arguments.
        may_fail: return an empty text if git fails.
        literal: paths are not patterns.

    Raises:
        StorageError: git is not installed, or fails.
    """
    return _run(folder, arguments, may_fail=may_fail, literal=literal).decode("utf-8", "surrogateescape")


def _run(
    folder: Path, arguments: Sequence[str], stdin: bytes = b"", *, may_fail: bool = False, literal: bool = True
) -> bytes:
    try:
        done = subprocess.run(  # noqa: S603 - fixed arguments, and names of files
            ["git", "-C", str(folder), *arguments],  # noqa: S607 - the user's own git
            capture_output=True, timeout=TIMEOUT, check=False, env=git_environ(literal=literal), input=stdin,
        )  # fmt: skip
    except FileNotFoundError:
        raise StorageError(f"git is needed to find the authors of decisions in {folder}: install git") from None
    except (OSError, subprocess.SubprocessError) as error:
        raise StorageError(f"git cannot show the authors of decisions in {folder}: {type(error).__name__}") from None
    if done.returncode != 0 and not may_fail:
        message = one_line(done.stderr.decode("utf-8", "replace").strip().partition("\n")[0])
        raise StorageError(f"git cannot show the authors of decisions in {folder}: {message}")
    return done.stdout if done.returncode == 0 else b""
