"""What git says of decisions' files: which commits touched them, wherever they lay, and who first added each."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from functools import cached_property

from ...fast_values import dataclass, field
from .git_repository import GitRepository, run_git

NAME = re.compile(r"\d{8}T\d{6}Z-[0-9a-f]{16}\.json", re.ASCII)
"""What the file of a decision is called."""
Same = Callable[[str, str], bool]
"""Whether two names are one person's."""

CONFIGS = ("readiness.toml", "pyproject.toml")
STORE = "store"
"""Home of decisions that are no files."""
_EVERYWHERE = ":(glob)**/[0-9]*T[0-9]*Z-*.json"
_MARK = "\x01"
_COMMIT = re.compile(_MARK + r"([0-9a-f]{40,64}) ([0-9a-f ]*)\|(.*)", re.DOTALL)
_LOG = (
    # What a user's config could change, said outright; a rename is a deletion and an addition.
    "-c", "log.follow=false", "-c", "log.showRoot=true", "log", "-z", "--raw", "--no-abbrev", "--no-renames",
    "--no-show-signature", "--no-ext-diff", "--topo-order",
    "--encoding=UTF-8",
    # Also commits that another branch made superfluous; and what a merge itself changed, beside what it merged.
    "--full-history", "-c", f"--format={_MARK}%H %P|%ae",
)  # fmt: skip
_CONFIG_LOG = (
    "log", "-p", "-U0", "--no-renames", "--no-show-signature", "--no-ext-diff", "--no-textconv", "--no-color",
    "--full-history", "-c", "--format=", "-Gdecisions",
)  # fmt: skip
_SETTING = re.compile(r"""^[-+ ]+[^#]*\bdecisions["']?\s*=\s*["']([^"']+)["']""")


@dataclass(frozen=True, slots=True)
class FileCommit:
    """One commit's change of one file."""

    commit: str
    author: str
    """Email."""
    change: str
    """``A`` added, ``D`` deleted, else changed; a letter for each parent where a merge did it."""
    blob: str
    """Object that the file is after it."""
    path: str
    """From the top of the work tree."""
    cut_off: bool
    """The clone is shallow and ends here: that the commit added it is not known."""

    @property
    def folder(self) -> str:
        """Where the file lay."""
        return folder_of(self.path)

    @property
    def deleted(self) -> bool:
        """The file is not there after."""
        return set(self.change) == {"D"}


@dataclass(frozen=True)
class GitHistory:
    """The commits that touched decisions' files, newest first, by file name."""

    repository: GitRepository
    folders: frozenset[str]
    """Those that were looked at, from the top of the work tree."""
    touches: dict[str, list[FileCommit]] = field(default_factory=dict)

    @classmethod
    def of(cls, repository: GitRepository, folders: Collection[str]) -> GitHistory:
        """Return the history of the files in folders, and in those that any of them ever came from in one commit.

        Raises:
            StorageError: git cannot say.
        """
        known = frozenset(folders)
        while repository.head and known:
            # --full-diff: what else the same commits did tells where a folder stood before.
            rows = _touches(repository, ("--full-diff", "--", *(f"{one or '.'}" for one in sorted(known))))
            found = [one for one in rows if one.folder in known or NAME.fullmatch(name_of(one.path))]
            if not (new := {one.folder for one in found} - known):
                return cls(repository, known, _by_name(found))
            known |= new
        return cls(repository, known)

    def everywhere(self) -> GitHistory:
        """Return it with what lay in any other folder, which takes a look at every commit.

        Raises:
            StorageError: git cannot say.
        """
        if not self.repository.head:
            return self
        found = _touches(self.repository, ("--", _EVERYWHERE), literal=False)
        mine = [one for ones in self.touches.values() for one in ones if not NAME.fullmatch(name_of(one.path))]
        return GitHistory(self.repository, self.folders, _by_name([*found, *mine]))

    def first(self, added: Sequence[FileCommit], same: Same) -> list[str]:
        """Return the author of the first of some commits, newest first; several, where none came before the other.

        Raises:
            StorageError: git cannot say.
        """
        authors = [added[-1].author]
        for place, one in enumerate(added[:-1]):
            if any(same(one.author, author) for author in authors):
                continue
            before = self._before(one.commit)
            if not any(older.commit in before for older in added[place + 1 :]):
                authors.append(one.author)
        return authors

    def _before(self, commit: str) -> set[str]:
        if commit not in self._ancestors:
            found: set[str] = set()
            left = list(self._parents.get(commit, ()))
            while left:
                if (one := left.pop()) not in found:
                    found.add(one)
                    left.extend(self._parents.get(one, ()))
            self._ancestors[commit] = found
        return self._ancestors[commit]

    @cached_property
    def _parents(self) -> dict[str, list[str]]:
        return self.repository.parents()

    @cached_property
    def _ancestors(self) -> dict[str, set[str]]:
        return {}


def ever_named(repository: GitRepository, config_folder: str) -> frozenset[str]:
    """Return each folder, from the top of the work tree, that a config ever named as the home of decisions.

    Whoever lets the config name another folder, and deletes the old one, would otherwise leave no trace.

    Args:
        repository: that of the config.
        config_folder: where the config lies, from the top of the work tree; empty: there.

    Raises:
        StorageError: git cannot say.
    """
    if not repository.head:
        return frozenset()
    configs = [posixpath.join(config_folder, name) for name in CONFIGS]
    changes = run_git(repository.top, *_CONFIG_LOG, "--", *configs)
    named = (found[1] for line in changes.splitlines() if (found := _SETTING.search(line)))
    folders = (posixpath.normpath(posixpath.join(config_folder, one)) for one in named if one != STORE)
    return frozenset("" if one == "." else one for one in folders)


def folder_of(path: str) -> str:
    """Return the folder of a file; empty: the top."""
    return path.rpartition("/")[0]


def name_of(path: str) -> str:
    """Return the name of a file."""
    return path.rpartition("/")[2]


def _by_name(found: Iterable[FileCommit]) -> dict[str, list[FileCommit]]:
    touches: dict[str, list[FileCommit]] = {}
    for one in found:
        touches.setdefault(name_of(one.path), []).append(one)
    return touches


def _touches(repository: GitRepository, paths: Sequence[str], *, literal: bool = True) -> Iterator[FileCommit]:
    commit, parents, author = "", "", ""
    words = iter(run_git(repository.top, *_LOG, *paths, literal=literal).split("\0"))
    for word in words:
        if found := _COMMIT.fullmatch(word.lstrip("\n")):
            commit, parents, author = found.groups()
        elif word.lstrip("\n").startswith(":"):
            *_, blob, status = word.split(" ")
            yield FileCommit(commit, author, status, blob, next(words), repository.shallow and not parents)
