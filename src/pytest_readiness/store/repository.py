"""A git repository as decisions ask it: what HEAD holds, and what a file of the work tree would be if it were added.

Nothing that is asked takes a process for each file.
"""

from __future__ import annotations

import hashlib
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from ..errors import StorageError, one_line, place
from ..frozen import dataclass
from ..git_environ import git_environ

SECONDS = 120.0
LINK, MODULE = "120000", "160000"


@dataclass(frozen=True, slots=True)
class Entry:
    """A file as HEAD has it."""

    mode: str
    blob: str
    path: str
    """From the top of the work tree."""


@dataclass(frozen=True, slots=True)
class Repository:
    """A repository with a work tree."""

    top: Path
    shallow: bool
    head: str
    """The commit that is checked out; empty: there is none yet."""

    @classmethod
    def at(cls, folder: Path) -> Repository:
        """Return the repository that a folder is in.

        Raises:
            StorageError: there is no git, the folder is in no repository, or git cannot say.
        """
        asked = ("rev-parse", "--is-shallow-repository", "--show-toplevel")
        told = run(folder, *asked, "--verify", "--quiet", "HEAD", may_fail=True).split("\n")
        if len(told) < len(asked):
            told = [*run(folder, *asked).rstrip("\n").split("\n"), ""]
        return cls(Path(told[1]), told[0] == "true", told[2])

    @classmethod
    def holding(cls, folder: Path) -> Repository:
        """Return the repository that a folder is in, which need not exist.

        Raises:
            StorageError: as ``at``; or git has the work tree of that repository elsewhere.
        """
        found = cls.at(next(one for one in (folder, *folder.parents) if one.is_dir()))
        if not folder.is_relative_to(found.top):
            told = f"lies outside of {place(found.top)}, which git says is the work tree"
            ways = "unset core.worktree in git's config, or name a folder that is behind no link"
            raise StorageError(f"{place(folder)}: {told}: {ways}")
        return found

    def listing(self) -> Iterator[Entry]:
        """Yield every file of HEAD; a submodule is one, too.

        Raises:
            StorageError: git cannot say.
        """
        told = run(self.top, "ls-tree", "-r", "-z", "--full-tree", "HEAD") if self.head else ""
        for row in told.split("\0"):
            # One row of thousands is asked for: no more is done to the others than this.
            if row.endswith((".json", "/readiness.toml")) or row.startswith((MODULE, LINK)):
                about, _, path = row.partition("\t")
                mode, _, blob = about.split(" ")
                yield Entry(mode, blob, path)

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
        rows = (row.split(" ") for row in run(self.top, "rev-list", "--parents", "HEAD").split("\n") if row)
        return {commit: parents for commit, *parents in rows}


def blob_of(content: bytes, like: str) -> str:
    """Return the name of the object that holds these bytes, in the form of another one's name."""
    kind = hashlib.sha256 if len(like) == hashlib.sha256().digest_size * 2 else hashlib.sha1
    return kind(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


def is_in_repository(folder: Path) -> bool:
    """Return whether a folder looks as if it were in a repository, whatever git says of it."""
    return any((path / ".git").exists() for path in (folder, *folder.absolute().parents))


def is_ignored(path: Path) -> bool:
    """Return whether git ignores a file that need not exist: it would never be committed. False: or git cannot say.

    Raises:
        StorageError: there is no git.
    """
    start = next(one for one in (path.parent, *path.absolute().parents) if one.is_dir())
    return bool(run(start, "check-ignore", "--no-index", str(path.absolute()), may_fail=True, literal=False))


def run(folder: Path, *arguments: str, may_fail: bool = False, literal: bool = True) -> str:
    """Return what git says.

    ``literal``: paths are no patterns.

    Raises:
        StorageError: it cannot say, unless it may fail: then it says nothing.
    """
    return _run(folder, arguments, may_fail=may_fail, literal=literal).decode("utf-8", "surrogateescape")


def _run(
    folder: Path, arguments: Sequence[str], given: bytes = b"", *, may_fail: bool = False, literal: bool = True
) -> bytes:
    told_of = f"who decided what is in {folder}"
    try:
        done = subprocess.run(  # noqa: S603 - fixed arguments, and names of files
            ["git", "-C", str(folder), *arguments],  # noqa: S607 - the user's own git
            capture_output=True, timeout=SECONDS, check=False, env=git_environ(literal=literal), input=given,
        )  # fmt: skip
    except FileNotFoundError:
        raise StorageError(f"there is no git to say {told_of}: install git") from None
    except (OSError, subprocess.SubprocessError) as error:
        raise StorageError(f"git could not say {told_of}: {type(error).__name__}") from None
    if done.returncode != 0 and not may_fail:
        told = one_line(done.stderr.decode("utf-8", "replace").strip().partition("\n")[0])
        raise StorageError(f"git could not say {told_of}: {told}")
    return done.stdout if done.returncode == 0 else b""
