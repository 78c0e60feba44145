"""A git repository as decisions ask it: what HEAD holds, and what a file of the work tree would be if it were added.

Nothing that is asked takes a process for each file.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from ...errors import StorageError, location, one_line
from ...fast_values import dataclass

SECONDS = 120.0
LINK, MODULE = "120000", "160000"
_ELSEWHERE = (
    # Variables that make git speak of another tree, or another history, than the folder's own.
    "GIT_DIR", "GIT_WORK_TREE", "GIT_COMMON_DIR", "GIT_INDEX_FILE", "GIT_NAMESPACE", "GIT_PREFIX", "GIT_SHALLOW_FILE",
    "GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_ATTR_SOURCE",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class TrackedFile:
    """A file as HEAD has it."""

    mode: str
    blob: str
    path: str
    """From the top of the work tree."""


@dataclass(frozen=True, slots=True)
class GitRepository:
    """A repository with a work tree."""

    top: Path
    shallow: bool
    head: str
    """The commit that is checked out; empty: there is none yet."""

    @classmethod
    def at(cls, folder: Path) -> GitRepository:
        """Return the repository that a folder is in.

        Raises:
            StorageError: there is no git, the folder is in no repository, or git cannot say.
        """
        asked = ("rev-parse", "--is-shallow-repository", "--show-toplevel")
        told = run_git(folder, *asked, "--verify", "--quiet", "HEAD", may_fail=True).split("\n")
        if len(told) < len(asked):
            told = [*run_git(folder, *asked).rstrip("\n").split("\n"), ""]
        return cls(Path(told[1]), told[0] == "true", told[2])

    @classmethod
    def holding(cls, folder: Path) -> GitRepository:
        """Return the repository that a folder is in, which need not exist.

        Raises:
            StorageError: as ``at``; or git has the work tree of that repository elsewhere.
        """
        found = cls.at(next(one for one in (folder, *folder.parents) if one.is_dir()))
        if not folder.is_relative_to(found.top):
            told = f"lies outside of {location(found.top)}, which git says is the work tree"
            ways = "unset core.worktree in git's config, or name a folder that is behind no link"
            raise StorageError(f"{location(folder)}: {told}: {ways}")
        return found

    def listing(self) -> Iterator[TrackedFile]:
        """Yield every file of HEAD; a submodule is one, too.

        Raises:
            StorageError: git cannot say.
        """
        told = run_git(self.top, "ls-tree", "-r", "-z", "--full-tree", "HEAD") if self.head else ""
        for row in told.split("\0"):
            # One row of thousands is asked for: no more is done to the others than this.
            if row.endswith((".json", "/readiness.toml")) or row.startswith((MODULE, LINK)):
                about, _, path = row.partition("\t")
                mode, _, blob = about.split(" ")
                yield TrackedFile(mode, blob, path)

    def contents(self, blobs: Iterable[str]) -> dict[str, bytes]:
        """Return what these objects hold; one that this clone does not have is left out.

        Raises:
            StorageError: git cannot say.
        """
        asked = list(dict.fromkeys(blobs))
        if not asked:
            return {}
        told = _run(self.top, ("cat-file", "--batch"), "".join(f"{blob}\n" for blob in asked).encode())
        found: dict[str, bytes] = {}
        for blob in asked:
            head, _, told = told.partition(b"\n")
            *_, kind, size = head.split(b" ") if not head.endswith(b" missing") else (b"", b"0")
            if kind != b"":
                found[blob], told = told[: int(size)], told[int(size) + 1 :]
        return found

    def as_added(self, paths: Sequence[str]) -> list[str]:
        """Return the object that each file would be if it were added as it is, with git's own line ends and filters.

        Raises:
            StorageError: git cannot say, or cannot read one.
        """
        if not paths:
            return []
        given = "".join(f"{path}\n" for path in paths).encode("utf-8", "surrogateescape")
        return _run(self.top, ("hash-object", "--stdin-paths"), given).decode().split()

    def parents(self) -> dict[str, list[str]]:
        """Return the parents of every commit that HEAD contains.

        Raises:
            StorageError: git cannot say.
        """
        rows = (row.split(" ") for row in run_git(self.top, "rev-list", "--parents", "HEAD").split("\n") if row)
        return {commit: parents for commit, *parents in rows}


def blob_of(content: bytes, like: str) -> str:
    """Return the name of the object that holds these bytes, in the form of another one's name."""
    kind = hashlib.sha256 if len(like) == hashlib.sha256().digest_size * 2 else hashlib.sha1
    return kind(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


def is_in_repository(folder: Path) -> bool:
    """Return whether a folder looks as if it were in a repository, whatever git says of it."""
    return any((path / ".git").exists() for path in (folder, *folder.absolute().parents))


def run_git(folder: Path, *arguments: str, may_fail: bool = False, literal: bool = True) -> str:
    """Return what git says.

    ``literal``: paths are no patterns.

    Raises:
        StorageError: it cannot say, unless it may fail: then it says nothing.
    """
    return _run(folder, arguments, may_fail=may_fail, literal=literal).decode("utf-8", "surrogateescape")


def _run(
    folder: Path, arguments: Sequence[str], given: bytes = b"", *, may_fail: bool = False, literal: bool = True
) -> bytes:
    environ = {name: value for name, value in os.environ.items() if name not in _ELSEWHERE}
    environ |= {
        "GIT_OPTIONAL_LOCKS": "0", "GIT_NO_REPLACE_OBJECTS": "1", "GIT_GRAFT_FILE": os.devnull,
        "GIT_LITERAL_PATHSPECS": "01"[literal], "LC_ALL": "C",
    }  # fmt: skip
    told_of = f"who decided what is in {folder}"
    try:
        done = subprocess.run(  # noqa: S603 - fixed arguments, and names of files
            ["git", "-C", str(folder), *arguments],  # noqa: S607 - the user's own git
            capture_output=True, timeout=SECONDS, check=False, env=environ, input=given,
        )  # fmt: skip
    except FileNotFoundError:
        raise StorageError(f"there is no git to say {told_of}: install git") from None
    except (OSError, subprocess.SubprocessError) as error:
        raise StorageError(f"git could not say {told_of}: {type(error).__name__}") from None
    if done.returncode != 0 and not may_fail:
        told = one_line(done.stderr.decode("utf-8", "replace").strip().partition("\n")[0])
        raise StorageError(f"git could not say {told_of}: {told}")
    return done.stdout if done.returncode == 0 else b""
