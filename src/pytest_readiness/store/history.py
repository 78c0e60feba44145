"""What git says of the files in a folder: which commits touched them, who made these, and what is not committed."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from ..errors import StorageError, one_line

SECONDS = 120.0

_MARK = "\x01"
_COMMIT = re.compile(_MARK + r"([0-9a-f]{40,64}) ([0-9a-f ]*)\|(.*)", re.DOTALL)
_LOG = (
    # What a user's config could change, said outright; a rename is a deletion and an addition, and nothing is followed.
    "-c", "log.follow=false", "-c", "log.showRoot=true", "log", "-z", "--raw", "--no-abbrev", "--no-renames",
    "--no-show-signature", "--no-ext-diff", "--topo-order",
    # Also commits that another branch made superfluous; and what a merge itself changed, beside what it merged.
    "--full-history", "-c", f"--format={_MARK}%H %P|%ae",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Touch:
    """One commit's change of one file."""

    commit: str
    author: str
    """Email."""
    change: str
    """``A`` added, ``D`` deleted, else changed; a letter for each parent where a merge did it."""
    blob: str
    """Object that the file is after it."""
    cut_off: bool
    """The clone is shallow and ends here: that the commit added it is not known."""

    @property
    def added(self) -> bool:
        """The file was not there before."""
        return set(self.change) == {"A"}

    @property
    def deleted(self) -> bool:
        """The file is not there after."""
        return set(self.change) == {"D"}


@dataclass(frozen=True)
class FolderHistory:
    """The commits that touched the files of a folder, newest first, by file name."""

    base: Path
    """A folder that is there."""
    inside: str
    """The folder, from ``base``."""
    touches: dict[str, list[Touch]] = field(default_factory=dict)

    def unsettled(self) -> set[str]:
        """Return the names of files that are not as the last commit has them.

        Raises:
            StorageError: git cannot say.
        """
        listed = _git(self.base, "status", "--porcelain=v1", "-z", "--no-renames", "--", self.inside)
        return {row[3:].rpartition("/")[2] for row in listed.split("\0") if row}

    def content(self, blob: str) -> str | None:
        """Return what a file once was; None where this clone does not have it, or it is no text."""
        try:
            return _git(self.base, "cat-file", "blob", blob)
        except StorageError:
            return None


def folder_history(folder: Path) -> FolderHistory:
    """Return what git says of the files that are, or once were, in this very folder.

    Raises:
        StorageError: there is no git, the folder is in no repository, or git cannot say.
    """
    base = next(path for path in (folder, *folder.absolute().parents) if path.is_dir())
    inside = os.path.relpath(folder.absolute(), base.absolute()).replace(os.sep, "/")
    told = _git(base, "rev-parse", "--show-prefix", "--is-shallow-repository").split("\n")
    if not _git(base, "rev-parse", "--verify", "--quiet", "HEAD", may_fail=True):
        return FolderHistory(base, inside)  # nothing is committed yet
    within = told[0] if inside == "." else f"{told[0]}{inside}/"
    touches: dict[str, list[Touch]] = {}
    for path, touch in _touches(_git(base, *_LOG, "--", inside), shallow=told[1] == "true"):
        name = path.removeprefix(within)
        if path.startswith(within) and "/" not in name:
            touches.setdefault(name, []).append(touch)
    return FolderHistory(base, inside, touches)


def _touches(log: str, *, shallow: bool) -> Iterator[tuple[str, Touch]]:
    commit, parents, author = "", "", ""
    words = iter(log.split("\0"))
    for word in words:
        if found := _COMMIT.fullmatch(word.lstrip("\n")):
            commit, parents, author = found.groups()
        elif word.lstrip("\n").startswith(":"):
            *_, blob, status = word.split(" ")
            cut_off = shallow and not parents
            yield next(words), Touch(commit, author, status, blob, cut_off)


def _git(folder: Path, *arguments: str, may_fail: bool = False) -> str:
    environ = {
        **os.environ,
        "GIT_OPTIONAL_LOCKS": "0", "GIT_NO_REPLACE_OBJECTS": "1", "GIT_LITERAL_PATHSPECS": "1", "LC_ALL": "C",
    }  # fmt: skip
    try:
        done = subprocess.run(  # noqa: S603 - fixed arguments
            ["git", "-C", str(folder), *arguments],  # noqa: S607 - the user's own git
            capture_output=True, timeout=SECONDS, check=False, env=environ, stdin=subprocess.DEVNULL,
        )  # fmt: skip
    except FileNotFoundError:
        raise StorageError(f"there is no git to say who decided what is in {folder}: install git") from None
    except (OSError, subprocess.SubprocessError) as error:
        raise StorageError(f"git could not say who decided what is in {folder}: {type(error).__name__}") from None
    if done.returncode != 0 and not may_fail:
        told = one_line(done.stderr.decode("utf-8", "replace").strip().partition("\n")[0])
        raise StorageError(f"git could not say who decided what is in {folder}: {told}")
    return done.stdout.decode("utf-8", "surrogateescape") if done.returncode == 0 else ""
