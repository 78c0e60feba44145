"""Git history of decision files in any folder: the commits that touched them, and their first authors."""

from __future__ import annotations

import posixpath
import re
import tomllib
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from functools import cached_property

from msgspec import Struct, field

from .decision_file import NAME
from .git_repository import GitRepository, run_git

IsSamePerson = Callable[[str, str], bool]
"""Returns whether two names belong to the same person."""

CONFIGS = ("readiness.toml", "pyproject.toml")
STORE = "store"
"""Config value for decisions that are not files."""
_ALL_FOLDERS = ":(glob)**/[0-9]*T[0-9]*Z-*.json"
_MARK = "\x01"
_COMMIT = re.compile(_MARK + r"([0-9a-f]{40,64}) ([0-9a-f ]*)\|(.*)", re.DOTALL)
_LOG = (
    # Options that the user's git config could change. A rename counts as a deletion and an addition.
    "-c", "log.follow=false", "-c", "log.showRoot=true", "log", "-z", "--raw", "--no-abbrev", "--no-renames",
    "--no-show-signature", "--no-ext-diff", "--topo-order",
    "--encoding=UTF-8",
    # Includes commits that a merge made redundant, and changes that a merge itself made.
    "--full-history", "-c", f"--format={_MARK}%H %P|%ae",
)  # fmt: skip


class FileCommit(Struct, frozen=True):
    """The change of one file in one commit."""

    commit: str
    author: str
    """Email of the author."""
    change: str
    """``A`` added, ``D`` deleted, else changed. A merge has one letter for each parent."""
    blob: str
    """Name of the git object with the new content."""
    path: str
    """Path from the top of the work tree."""
    cut_off: bool
    """The shallow clone ends at this commit, so an earlier one may have added the file."""

    @property
    def folder(self) -> str:
        """The folder of the file."""
        return folder_of(self.path)

    @property
    def name(self) -> str:
        """The file name."""
        return name_of(self.path)

    @property
    def deleted(self) -> bool:
        """Whether the commit deleted the file."""
        return set(self.change) == {"D"}


class GitHistory(Struct, frozen=True, dict=True):
    """The commits that touched decision files."""

    repository: GitRepository
    touches: dict[str, list[FileCommit]] = field(default_factory=dict)
    """File name -> its changes, newest first."""

    @classmethod
    def of_folders(cls, repository: GitRepository, folders: Collection[str]) -> GitHistory:
        """Return the history of the files in folders, and of every file with the name of a decision in any folder.

        It reads every commit, because a moved or renamed config leaves no trace of its former folder in fewer.

        Raises:
            StorageError: git fails.
        """
        if not repository.head:
            return cls(repository)
        paths = (_ALL_FOLDERS, *(f":(top,literal){folder or '.'}" for folder in sorted(folders)))
        rows = _read_changes(repository, ("--", *paths), literal=False)
        return cls(repository, _by_name(row for row in rows if row.folder in folders or NAME.fullmatch(row.name)))

    def first_authors(self, added: Sequence[FileCommit], is_same_person: IsSamePerson) -> list[str]:
        """Return the author of the first commit; several authors, if no commit is an ancestor of the other.

        Args:
            added: the commits that added a file, newest first.
            is_same_person: returns whether two names belong to the same person.

        Raises:
            StorageError: git fails.
        """
        authors = [added[-1].author]
        for position, change in enumerate(added[:-1]):
            if any(is_same_person(change.author, author) for author in authors):
                continue
            ancestors = self._ancestors_of(change.commit)
            if not any(older.commit in ancestors for older in added[position + 1 :]):
                authors.append(change.author)
        return authors

    def had(self, path: str, *, when_added: str) -> bool:
        """Return whether a file was there in the commit that first added another one of these.

        Args:
            path: the file, from the top of the work tree.
            when_added: the other file, which has the name of a decision.

        Raises:
            StorageError: git fails.
        """
        added = [change for change in self.touches.get(name_of(when_added), ()) if change.path == when_added]
        if not added:
            return False
        reached = {added[-1].commit} | self._ancestors_of(added[-1].commit)
        return next((not change.deleted for change in self._changes_of(path) if change.commit in reached), False)

    def _changes_of(self, path: str) -> list[FileCommit]:
        """Return the changes of one file, newest first."""
        if path not in self._changes:
            self._changes[path] = list(_read_changes(self.repository, ("--", path)))
        return self._changes[path]

    @cached_property
    def _changes(self) -> dict[str, list[FileCommit]]:
        """The changes of each file for which they were read."""
        return {}

    def _ancestors_of(self, commit: str) -> set[str]:
        if commit not in self._ancestors:
            ancestors: set[str] = set()
            remaining = list(self._parents.get(commit, ()))
            while remaining:
                if (parent := remaining.pop()) not in ancestors:
                    ancestors.add(parent)
                    remaining.extend(self._parents.get(parent, ()))
            self._ancestors[commit] = ancestors
        return self._ancestors[commit]

    @cached_property
    def _parents(self) -> dict[str, list[str]]:
        return self.repository.parents()

    @cached_property
    def _ancestors(self) -> dict[str, set[str]]:
        """The ancestors of each commit for which they were computed."""
        return {}


def configured_folders(repository: GitRepository, config_folder: str) -> frozenset[str]:
    """Return each folder, from the top of the work tree, that any commit's config named as the home of decisions.

    A folder outside of the work tree begins with ``..``. Otherwise a config with another folder would hide that the old
    folder was deleted.

    Args:
        repository: the repository of the config.
        config_folder: the folder of the config, from the top of the work tree; empty: the top.

    Raises:
        StorageError: git fails.
    """
    if not repository.head:
        return frozenset()
    paths = {posixpath.join(config_folder, name) for name in CONFIGS}
    seen: set[str] = set()
    folders: set[str] = set()
    while new := paths - seen:
        seen |= new
        changes = _read_changes(repository, ("--", *sorted(new)))
        versions = {(change.path, change.blob) for change in changes if not change.deleted}
        contents = repository.contents(blob for _, blob in versions)
        for path, blob in versions:
            text = contents.get(blob, b"").decode("utf-8", "replace")
            if (home := _home_in(text, name_of(path))) is not None:
                folders.add(posixpath.normpath(posixpath.join(config_folder, home)))
            elif text and "\n" not in text:  # the content of a link: its target was the config
                target = posixpath.normpath(posixpath.join(folder_of(path), text))
                paths |= set() if target.startswith(("..", "/")) else {target}
    return frozenset("" if folder == "." else folder for folder in folders)


def _home_in(text: str, name: str) -> str | None:
    """Return the folder of decisions in a version of a config; None: it names none."""
    try:
        settings = tomllib.loads(text)
        if name == CONFIGS[1]:
            settings = settings["tool"]["readiness"]
        home = settings["decisions"]
    except (tomllib.TOMLDecodeError, LookupError, TypeError, RecursionError):
        return None
    return home if isinstance(home, str) and home != STORE else None


def folder_of(path: str) -> str:
    """Return the folder of a path; empty: the top."""
    return path.rpartition("/")[0]


def name_of(path: str) -> str:
    """Return the file name of a path."""
    return path.rpartition("/")[2]


def _by_name(changes: Iterable[FileCommit]) -> dict[str, list[FileCommit]]:
    by_name: dict[str, list[FileCommit]] = {}
    for change in changes:
        by_name.setdefault(change.name, []).append(change)
    return by_name


def _read_changes(repository: GitRepository, paths: Sequence[str], *, literal: bool = True) -> Iterator[FileCommit]:
    commit, parents, author = "", "", ""
    fields = iter(run_git(repository.top, *_LOG, *paths, literal=literal).split("\0"))
    for field_text in fields:
        if match := _COMMIT.fullmatch(field_text.lstrip("\n")):
            commit, parents, author = match.groups()
        elif field_text.lstrip("\n").startswith(":"):
            *_, blob, status = field_text.split(" ")
            yield FileCommit(commit, author, status, blob, next(fields), repository.shallow and not parents)
