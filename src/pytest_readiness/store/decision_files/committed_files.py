"""What counts of the decisions that are files: what HEAD holds of them, and who first added each.

The text counts, and not the line end after it: an editor or a checkout may add, change or drop that. Who decided is
the author of the commit that first added it, wherever it lay then. What is not committed counts for nothing; what is,
counts as it is committed, and a work tree that says something else is damage.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import field, replace
from pathlib import Path, PurePosixPath

from ...errors import IntegrityError, Problem, StorageError, location, one_line
from ...facts.decision import Decision, parse_decision
from ...facts.envelope import Envelope, parse_envelope
from ...fast_values import dataclass
from ...regular_files import regular_file
from ..protocol import DisputedDecision, RegisterDecisions
from .git_history import NAME, FileCommit, GitHistory, Same, ever_named, folder_of, name_of
from .git_repository import LINK, MODULE, GitRepository, TrackedFile, blob_of, is_in_repository

BIGGEST_FILE = 1 << 24
"""Bytes; no decision comes near."""
SUFFIX = ".json"
SIGNED = ".dsse.json"
"""Ends the name of the signed statement about a decision, which lies beside it."""
CONFIG = "readiness.toml"
"""A folder that has its own is another project's."""
_UNKNOWN = "git does not say which commit added it: fetch the whole history"
_SHALLOW = (
    "the clone is shallow, and the commit that added it is cut off: fetch the whole history"
    " (git fetch --unshallow; fetch-depth: 0 in GitHub Actions)"
)
_CUT_OFF = (
    "holds no decision, and the clone is shallow: whether any was deleted is cut off: fetch the whole history"
    " (git fetch --unshallow; fetch-depth: 0 in GitHub Actions)"
)


def is_same_name(one: str, other: str) -> bool:
    """Return whether two names are the same in any letter case: what is known without a list of people."""
    return one.casefold() == other.casefold()


def read_committed(path: Path, base: Path, register: str, same: Same) -> RegisterDecisions:
    """Return the decisions of a folder that count, and what keeps others from counting. Raises nothing.

    Args:
        path: the folder; need not exist.
        base: the folder of the config, whose other decisions are of another home.
        register: whose decisions count.
        same: whether two names are one person's.
    """
    names: list[str] | None = None
    try:
        with suppress(FileNotFoundError):
            names = sorted(entry.name for entry in path.iterdir() if entry.name.endswith(SUFFIX))
        return _Look(_ground(path, base), register, same).at(names or ())
    except StorageError as error:
        # Not nothing: a team that decides here must not take an unreadable folder for one without blockers.
        nothing = names is None and not is_in_repository(path)
        return RegisterDecisions(problems=() if nothing else (Problem("", str(error)),))
    except OSError as error:
        return RegisterDecisions(problems=(Problem(location(path), f"cannot be read: {error.strerror}"),))


def find_other_files(base: Path, register: str, same: Same) -> RegisterDecisions:
    """Return the decisions that are files though their home is the store, as those of another home. Raises nothing."""
    if not is_in_repository(base):
        return RegisterDecisions()
    try:
        return _Look(_ground(None, base), register, same).at(())
    except StorageError as error:
        told = f"decisions that are files were not looked for: {error}"
        return RegisterDecisions(notes=(Problem("", one_line(told, 600)),))


@dataclass(frozen=True)
class _Ground:
    """A folder of decisions as HEAD and the work tree have it."""

    repository: GitRepository
    shown: Path | None
    """The folder as it was named; None: decisions live elsewhere."""
    inside: str | None
    """The same, from the top of the work tree."""
    files: Mapping[str, TrackedFile]
    """What HEAD has in it, by name."""
    elsewhere: Mapping[str, TrackedFile]
    """The decisions that HEAD has in other folders of the project, by name."""
    modules: Mapping[str, str]
    """The submodules, by path, and the commit that each should be at."""
    named: frozenset[str] = frozenset()
    """Folders that the config ever named as the home of decisions, from the top of the work tree."""
    problems: tuple[Problem, ...] = ()
    """What makes the folder another than the committed one."""


def _ground(path: Path | None, base: Path) -> _Ground:
    start = next(one for one in (base, *base.absolute().parents) if one.is_dir())
    real = Path(os.path.realpath(start))
    target = None if path is None else Path(os.path.normpath(real / os.path.relpath(path.absolute(), start.absolute())))
    repository = GitRepository.at(real)
    if target is not None and not target.is_relative_to(repository.top):
        repository = GitRepository.holding(target)
    if target is None:
        return _on(repository, None, None, real)
    return _within(repository, path or target, target, real)


def _within(repository: GitRepository, shown: Path, target: Path, real: Path) -> _Ground:
    """Return the ground of a folder of this repository, or of the one within it that the folder belongs to."""
    ground = _on(repository, shown, target, real)
    for one in (*reversed(target.parents), target):
        if one == repository.top or not one.is_relative_to(repository.top):
            continue
        if one.is_symlink():
            told = "is a link: decisions live in a folder of the repository: put the folder back"
            return replace(ground, problems=(Problem(location(one), told),))
        module = ground.modules.get(one.relative_to(repository.top).as_posix(), "")
        if not module and (not (one / ".git").exists() or ground.files or _ever(ground)):
            continue  # a repository that somebody put over committed decisions hides none of them
        inner = GitRepository.at(one) if one.is_dir() else repository
        if module and inner.head != module:
            told = f"is a submodule, and not checked out at {module[:12]} as it is committed: git submodule update"
            return replace(ground, problems=(Problem(location(one), told),))
        return _within(inner, shown, target, real)
    return ground


def _ever(ground: _Ground) -> bool:
    return ground.inside is not None and bool(GitHistory.of(ground.repository, {ground.inside}).touches)


def _on(repository: GitRepository, shown: Path | None, target: Path | None, real: Path) -> _Ground:
    inside = None if target is None else _from(repository.top, target)
    base = _from(repository.top, real) if real.is_relative_to(repository.top) else None
    under = None if base is None else f"{base}/".removeprefix("/")
    files: dict[str, TrackedFile] = {}
    others: list[TrackedFile] = []
    configs: set[str] = set()
    modules: dict[str, str] = {}
    for entry in repository.listing():
        if entry.mode == MODULE:
            modules[entry.path] = entry.blob
        elif folder_of(entry.path) == inside and entry.path.endswith(SUFFIX):
            files[name_of(entry.path)] = entry
        elif name_of(entry.path) == CONFIG:
            configs.add(folder_of(entry.path))
        elif under is not None and entry.path.startswith(under) and NAME.fullmatch(name_of(entry.path)):
            others.append(entry)
    nested = {one for one in configs if under is not None and f"{one}/".startswith(under) and f"{one}/" != under}
    elsewhere = {
        name_of(one.path): one
        for one in others
        if not any(str(above) in nested for above in PurePosixPath(one.path).parents)
    }
    elsewhere = {name: one for name, one in elsewhere.items() if name not in files}
    named = frozenset[str]() if base is None else ever_named(repository, base)
    return _Ground(repository, shown, inside, files, elsewhere, modules, named)


def _from(top: Path, path: Path) -> str:
    return path.relative_to(top).as_posix().removeprefix(".")


@dataclass
class _Look:
    """One look at a folder: what counts, and what does not."""

    ground: _Ground
    register: str
    same: Same
    counting: list[Decision] = field(default_factory=list)
    elsewhere: list[Decision] = field(default_factory=list)
    disputed: list[DisputedDecision] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    notes: list[Problem] = field(default_factory=list)
    envelopes: list[Envelope] = field(default_factory=list)
    known: dict[str, bytes] = field(default_factory=dict)
    """What objects hold, by name."""

    def at(self, names: Sequence[str]) -> RegisterDecisions:
        """Return what counts, where the work tree has these names in the folder."""
        ground = self.ground
        self.problems.extend(ground.problems)
        folders = {folder_of(one.path) for one in ground.elsewhere.values()} | ground.named
        if ground.inside is not None:
            folders.add(ground.inside)
        history = GitHistory.of(ground.repository, folders)
        self._compare(names)
        self._learn(history)
        found = {**self._decisions(ground.files), **self._decisions(ground.elsewhere, strict=False)}
        if any(not self._agrees(history, name, decision) for name, decision in found.items()):
            # Whoever they name may have added them somewhere else: only a look at every commit tells.
            history = history.everywhere()
            self._learn(history)
        for name, decision in found.items():
            self._attribute(history, name, decision)
        homes = self._homes(history)
        for name in sorted(history.touches.keys() - ground.files.keys()):
            self._gone(history.touches[name], name, homes)
        self._doubt_a_shallow_clone()
        for name in sorted(set(names) - ground.files.keys()):
            if not name.endswith(SIGNED):
                told = "is not committed, and counts for nothing until it is"
                self.notes.append(Problem(self._where(name), told))
        self.counting.sort(key=lambda decision: (decision.at, decision.id))
        return RegisterDecisions(
            decisions=tuple(self.counting),
            problems=tuple(self.problems),
            notes=tuple(self.notes),
            disputed=tuple(self.disputed),
            elsewhere=tuple(self.elsewhere),
            envelopes=tuple(self.envelopes),
        )

    def _where(self, name: str) -> str:
        if self.ground.shown is not None and name not in self.ground.elsewhere:
            return location(self.ground.shown / name)
        entry = self.ground.elsewhere.get(name)
        return location(self.ground.repository.top / (entry.path if entry else name))

    # -- the work tree ---------------------------------------------------------------------------------------------

    def _compare(self, names: Sequence[str]) -> None:
        """Name each committed file that the work tree has otherwise, as git compares them."""
        differing: list[str] = []
        for name, entry in self.ground.files.items():
            if self.ground.problems or self.ground.shown is None:
                continue
            if name not in names:
                told = "is committed, and not in the work tree: a decision is never deleted, only followed by another"
                self._damaged(name, f"{told}: restore it (git restore; a sparse checkout must have the folder)")
            elif entry.mode != LINK and not self._is_as_committed(self.ground.shown / name, entry):
                differing.append(name)
        paths = [self.ground.files[name].path for name in differing]
        as_added = self.ground.repository.as_added(paths) if paths else []
        for name, blob in zip(differing, as_added or [""] * len(differing), strict=True):
            if blob != self.ground.files[name].blob:
                told = (
                    "is not in the work tree as it is committed: a decision is never edited, only followed by another"
                )
                self._damaged(name, f"{told}: restore it (git restore)")

    def _is_as_committed(self, path: Path, entry: TrackedFile) -> bool:
        """Return whether a file has the committed bytes; where it is no file, that is told."""
        try:
            if not stat.S_ISREG(path.lstat().st_mode):
                self._damaged(path.name, "is a link or a folder, and committed as a file: restore it (git restore)")
                return True
            content = _bytes(path)
        except OSError as error:
            self._damaged(path.name, f"it cannot be read: {error.strerror}")
            return True
        if blob_of(content, entry.blob) == entry.blob:
            self.known[entry.blob] = content
            return True
        return False

    def _damaged(self, name: str, told: str) -> None:
        self.problems.append(Problem(self._where(name), told))

    # -- what is committed -----------------------------------------------------------------------------------------

    def _learn(self, history: GitHistory) -> None:
        """Read every object that may be a decision, in one go."""
        blobs = {one.blob for ones in history.touches.values() for one in ones if not one.deleted}
        blobs |= {one.blob for one in (*self.ground.files.values(), *self.ground.elsewhere.values())}
        self.known |= self.ground.repository.contents(sorted(blobs - self.known.keys()))

    def _text(self, blob: str) -> str:
        return _bare(self.known[blob].decode())

    def _decisions(self, files: Mapping[str, TrackedFile], *, strict: bool = True) -> dict[str, Decision]:
        """Return the decisions that files hold, by name; what is none is named, in the folder itself."""
        found: dict[str, Decision] = {}
        for name, entry in files.items():
            try:
                if name.endswith(SIGNED) and strict:
                    self._signature(name, entry)
                else:
                    found[name] = self._decision(name, entry)
            except (IntegrityError, KeyError, UnicodeDecodeError) as error:
                told = str(error) if isinstance(error, IntegrityError) else "it cannot be read"
                if strict:
                    self._damaged(name, f"{told}; it counts for nothing")
        return found

    def _decision(self, name: str, entry: TrackedFile) -> Decision:
        if not NAME.fullmatch(name):
            raise IntegrityError("its name is not the id of a decision")
        if entry.mode in (LINK, MODULE):
            raise IntegrityError("it cannot be read: it is a link")
        return _parsed(self._text(entry.blob), name, self.register)

    def _signature(self, name: str, entry: TrackedFile) -> None:
        """What is signed is checked where keys are trusted; here, that it is a statement about the file beside it."""
        if entry.mode in (LINK, MODULE):
            raise IntegrityError("it cannot be read: it is a link")
        found = parse_envelope(self._text(entry.blob))
        if f"{found.subject}{SIGNED}" != name:
            raise IntegrityError(f"it is about {one_line(found.subject)}")
        self.envelopes.append(found)

    # -- who decided -----------------------------------------------------------------------------------------------

    def _agrees(self, history: GitHistory, name: str, decision: Decision) -> bool:
        added = self._added(history, name, decision)
        return bool(added) and all(self.same(one.author, decision.by) for one in added)

    def _added(self, history: GitHistory, name: str, decision: Decision) -> list[FileCommit]:
        """Return the commits after which a file held this very decision, newest first."""
        return [
            one for one in history.touches.get(name, ()) if not one.deleted and self._holds(one.blob, decision.text)
        ]

    def _holds(self, blob: str, text: str) -> bool:
        try:
            return self._text(blob) == text
        except (KeyError, UnicodeDecodeError):
            return False

    def _attribute(self, history: GitHistory, name: str, decision: Decision) -> None:
        added = self._added(history, name, decision)
        if not added or any(one.cut_off for one in added):
            self._damaged(name, _SHALLOW if self.ground.repository.shallow else _UNKNOWN)
            return
        authors = history.first(added, self.same)
        if len(authors) > 1:
            told = one_line(" and ".join(sorted(set(authors))))
            self._damaged(name, f"was added by {told}: decide again; it counts for nothing")
            return
        [author] = authors
        mine = self.same(author, decision.by)
        if name in self.ground.elsewhere:
            self.elsewhere.append(decision.attributed(author if mine else decision.by))
        elif mine:
            self.counting.append(decision.attributed(author))
        else:
            self.disputed.append(DisputedDecision(decision, author, self._where(name)))

    def _homes(self, history: GitHistory) -> set[str]:
        """Return where decisions of this project lay that are no home any more, or another one."""
        came = {one.folder for name in self.ground.files for one in history.touches.get(name, ())}
        return {folder_of(one.path) for one in self.ground.elsewhere.values()} | self.ground.named | came

    def _gone(self, touches: Sequence[FileCommit], name: str, homes: Collection[str]) -> None:
        """A decision is followed by another, and never deleted; what never was a decision may go."""
        lay_here = any(one.folder == self.ground.inside for one in touches)
        lost = name not in self.ground.elsewhere and any(one.folder in homes for one in touches)
        if not NAME.fullmatch(name) or not (lay_here or lost):
            return
        if any(self._was_decision(one, name) for one in touches if not one.deleted):
            told = "was deleted: a decision is never deleted, only followed by another: restore it"
            if (now := self.ground.elsewhere.get(name)) is not None:
                told = f"was moved to {now.path}, and decisions do not live there: move it back"
            self._damaged(name, told)

    def _doubt_a_shallow_clone(self) -> None:
        """Of a folder without decisions a clone that is cut off cannot tell whether there were any."""
        if self.ground.repository.shallow and self.ground.shown is not None and not self.ground.files:
            self.problems.append(Problem(location(self.ground.shown), _CUT_OFF))

    def _was_decision(self, touch: FileCommit, name: str) -> bool:
        if touch.blob not in self.known:
            return True  # this clone does not have it: it may have been
        try:
            _parsed(self._text(touch.blob), name, self.register)
        except (IntegrityError, UnicodeDecodeError):
            return False
        return True


def _parsed(text: str, name: str, register: str) -> Decision:
    decision = parse_decision(text)
    if f"{decision.id}{SUFFIX}" != name:
        raise IntegrityError(f"its name should be {decision.id}{SUFFIX}: it was edited, or renamed")
    if decision.register != register:
        raise IntegrityError(f"it is of the register '{one_line(decision.register)}'")
    return decision


def text_of(path: Path) -> str:
    """Return what counts of a file: its text without the last line end; no link is followed."""
    return _bare(_bytes(path).decode())


def _bytes(path: Path) -> bytes:
    with regular_file(path, follow=False) as file:
        return file.read(BIGGEST_FILE)


def _bare(text: str) -> str:
    return text.removesuffix("\n").removesuffix("\r")
