"""What git says of decisions' files: which commits touched them, wherever they lay, and who first added each."""

from __future__ import annotations

import posixpath
import re
import tomllib
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from functools import cached_property

from ..frozen import dataclass, field
from .repository import Repository, run

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
    path: str
    """From the top of the work tree."""
    cut_off: bool
    """The clone is shallow and ends here: that the commit added it is not known."""

    @property
    def folder(self) -> str:
        """Where the file lay."""
        return folder_of(self.path)

    @property
    def name(self) -> str:
        """What the file was called."""
        return name_of(self.path)

    @property
    def deleted(self) -> bool:
        """The file is not there after."""
        return set(self.change) == {"D"}


@dataclass(frozen=True)
class History:
    """The commits that touched decisions' files, newest first, by file name."""

    repository: Repository
    touches: dict[str, list[Touch]] = field(default_factory=dict)

    @classmethod
    def of(cls, repository: Repository, folders: Collection[str]) -> History:
        """Return the history of the files in folders, and of each that has the name of a decision, wherever it lay.

        Every commit is looked at: whoever moves a folder, its config, or both, leaves no trace in fewer.

        Raises:
            StorageError: git cannot say.
        """
        if not repository.head:
            return cls(repository)
        paths = (_EVERYWHERE, *(f":(top,literal){one or '.'}" for one in sorted(folders)))
        rows = _touches(repository, ("--", *paths), literal=False)
        return cls(repository, _by_name(one for one in rows if one.folder in folders or NAME.fullmatch(one.name)))

    def first(self, added: Sequence[Touch], same: Same) -> list[str]:
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


def ever_named(repository: Repository, config_folder: str) -> frozenset[str]:
    """Return each folder, from the top of the work tree, that a config ever named as the home of decisions.

    One that begins with ``..`` lies outside. Whoever lets the config name another folder, and deletes the old one,
    would otherwise leave no trace.

    Args:
        repository: that of the config.
        config_folder: where the config lies, from the top of the work tree; empty: there.

    Raises:
        StorageError: git cannot say.
    """
    if not repository.head:
        return frozenset()
    paths = {posixpath.join(config_folder, name) for name in CONFIGS}
    seen: set[str] = set()
    named: set[str] = set()
    while new := paths - seen:
        seen |= new
        versions = {(one.path, one.blob) for one in _touches(repository, ("--", *sorted(new))) if not one.deleted}
        contents = repository.contents(blob for _, blob in versions)
        for path, blob in versions:
            text = contents.get(blob, b"").decode("utf-8", "replace")
            folder = folder_of(path)
            if (home := _home_in(text, name_of(path))) is not None:
                named.add(posixpath.normpath(posixpath.join(config_folder, home)))
            elif text and "\n" not in text:  # what a link holds: its target was the config
                target = posixpath.normpath(posixpath.join(folder, text))
                paths |= set() if target.startswith(("..", "/")) else {target}
    return frozenset("" if one == "." else one for one in named)


def _home_in(text: str, name: str) -> str | None:
    """Return the folder that a version of a config names; None: it names none."""
    try:
        settings = tomllib.loads(text)
        if name == CONFIGS[1]:
            settings = settings["tool"]["readiness"]
        home = settings["decisions"]
    except (tomllib.TOMLDecodeError, LookupError, TypeError, RecursionError):
        return None
    return home if isinstance(home, str) and home != STORE else None


def folder_of(path: str) -> str:
    """Return the folder of a file; empty: the top."""
    return path.rpartition("/")[0]


def name_of(path: str) -> str:
    """Return the name of a file."""
    return path.rpartition("/")[2]


def _by_name(found: Iterable[Touch]) -> dict[str, list[Touch]]:
    touches: dict[str, list[Touch]] = {}
    for one in found:
        touches.setdefault(one.name, []).append(one)
    return touches


def _touches(repository: Repository, paths: Sequence[str], *, literal: bool = True) -> Iterator[Touch]:
    commit, parents, author = "", "", ""
    words = iter(run(repository.top, *_LOG, *paths, literal=literal).split("\0"))
    for word in words:
        if found := _COMMIT.fullmatch(word.lstrip("\n")):
            commit, parents, author = found.groups()
        elif word.lstrip("\n").startswith(":"):
            *_, blob, status = word.split(" ")
            yield Touch(commit, author, status, blob, next(words), repository.shallow and not parents)
