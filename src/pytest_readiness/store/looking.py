"""What counts of the decisions that are files: what HEAD holds of them, and who first added each.

The text counts, and not the line end after it: an editor or a checkout may add, change or drop that. Who decided is
the author of the commit that first added it, wherever it lay then. What is not committed counts for nothing; what is,
counts as it is committed, and a work tree that says something else is damage.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Collection, Mapping, Sequence
from dataclasses import field, replace
from pathlib import Path, PurePosixPath

from ..errors import IntegrityError, Problem, one_line, place
from ..facts.decision import Decision, parse_decision
from ..facts.envelope import Envelope, parse_envelope
from ..frozen import dataclass
from ..regular import regular_file
from .history import NAME, History, Same, Touch, ever_named, folder_of, name_of
from .port import Decided, Disputed
from .repository import LINK, MODULE, Entry, Repository, blob_of

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


def alike(one: str, other: str) -> bool:
    """Return whether two names are the same in any letter case: what is known without a list of people."""
    return one.casefold() == other.casefold()


@dataclass(frozen=True)
class Ground:
    """A folder of decisions as HEAD and the work tree have it."""

    repository: Repository
    shown: Path | None
    """The folder as it was named; None: decisions live elsewhere."""
    inside: str | None
    """The same, from the top of the work tree."""
    files: Mapping[str, Entry]
    """What HEAD has in it, by name."""
    elsewhere: Mapping[str, Entry]
    """The decisions that HEAD has in other folders of the project, by name."""
    modules: Mapping[str, str]
    """The submodules, by path, and the commit that each should be at."""
    named: frozenset[str] = frozenset()
    """Folders that the config ever named as the home of decisions, from the top of the work tree."""
    outside: tuple[Path, ...] = ()
    """Those of them that lie outside of it."""
    under: str | None = None
    """What the path of a file in the config's folder begins with; None: the config lies in no work tree of this one."""
    nested: frozenset[str] = frozenset()
    """Folders below it that have a config of their own, and are other projects'."""
    problems: tuple[Problem, ...] = ()
    """What makes the folder another than the committed one."""

    def is_of_the_project(self, path: str) -> bool:
        """Return whether a file, by its path from the top, lies in the config's folder and in no other project's."""
        if self.under is None or not path.startswith(self.under):
            return False
        return not any(str(above) in self.nested for above in PurePosixPath(path).parents)


def ground_of(path: Path | None, base: Path) -> Ground:
    """Return the folder of decisions at a path (None: they live elsewhere) as git has it.

    Raises:
        StorageError: git cannot say.
    """
    start = next(one for one in (base, *base.absolute().parents) if one.is_dir())
    real = Path(os.path.realpath(start))
    target = None if path is None else Path(os.path.normpath(real / os.path.relpath(path.absolute(), start.absolute())))
    repository = Repository.at(real)
    if target is not None and not target.is_relative_to(repository.top):
        repository = Repository.holding(target)
    if target is None:
        return _on(repository, None, None, real)
    return _within(repository, path or target, target, real)


def _within(repository: Repository, shown: Path, target: Path, real: Path) -> Ground:
    """Return the ground of a folder of this repository, or of the one within it that the folder belongs to."""
    ground = _on(repository, shown, target, real)
    for one in (*reversed(target.parents), target):
        if one == repository.top or not one.is_relative_to(repository.top):
            continue
        if one.is_symlink():
            told = "is a link: decisions live in a folder of the repository: put the folder back"
            return replace(ground, problems=(Problem(place(one), told),))
        module = ground.modules.get(one.relative_to(repository.top).as_posix(), "")
        if not module and (not (one / ".git").exists() or ground.files or _ever(ground)):
            continue  # a repository that somebody put over committed decisions hides none of them
        inner = Repository.at(one) if one.is_dir() else repository
        if module and inner.head != module:
            told = f"is a submodule, and not checked out at {module[:12]} as it is committed: git submodule update"
            return replace(ground, problems=(Problem(place(one), told),))
        return _within(inner, shown, target, real)
    return ground


def _ever(ground: Ground) -> bool:
    touches = History.of(ground.repository, () if ground.inside is None else {ground.inside}).touches
    return any(one.folder == ground.inside for ones in touches.values() for one in ones)


def _on(repository: Repository, shown: Path | None, target: Path | None, real: Path) -> Ground:
    inside = None if target is None else _from(repository.top, target)
    base = _from(repository.top, real) if real.is_relative_to(repository.top) else None
    under = None if base is None else f"{base}/".removeprefix("/")
    files: dict[str, Entry] = {}
    others: list[Entry] = []
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
    named = frozenset[str]() if base is None else ever_named(repository, base)
    outside = frozenset(one for one in named if one == ".." or one.startswith(("../", "/")))
    ground = Ground(
        repository, shown, inside, files, {}, modules, named - outside,
        outside=tuple(Path(os.path.normpath(repository.top / one)) for one in sorted(outside)),
        under=under, nested=frozenset(nested),
    )  # fmt: skip
    elsewhere = {name_of(one.path): one for one in others if ground.is_of_the_project(one.path)}
    return replace(ground, elsewhere={name: one for name, one in elsewhere.items() if name not in files})


def _from(top: Path, path: Path) -> str:
    return path.relative_to(top).as_posix().removeprefix(".")


@dataclass
class Look:
    """One look at a folder: what counts, and what does not."""

    ground: Ground
    register: str
    same: Same
    counting: list[Decision] = field(default_factory=list)
    elsewhere: list[Decision] = field(default_factory=list)
    disputed: list[Disputed] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    notes: list[Problem] = field(default_factory=list)
    envelopes: list[Envelope] = field(default_factory=list)
    known: dict[str, bytes] = field(default_factory=dict)
    """What objects hold, by name."""

    def at(self, names: Sequence[str]) -> Decided:
        """Return what counts, where the work tree has these names in the folder."""
        ground = self.ground
        self.problems.extend(ground.problems)
        folders = {folder_of(one.path) for one in ground.elsewhere.values()} | ground.named
        if ground.inside is not None:
            folders.add(ground.inside)
        history = History.of(ground.repository, folders)
        self._compare(names)
        self._learn(history)
        found = {**self._decisions(ground.files), **self._decisions(ground.elsewhere, strict=False)}
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
        return Decided(
            decisions=tuple(self.counting),
            problems=tuple(self.problems),
            notes=tuple(self.notes),
            disputed=tuple(self.disputed),
            elsewhere=tuple(self.elsewhere),
            envelopes=tuple(self.envelopes),
        )

    def _where(self, name: str) -> str:
        if self.ground.shown is not None and name not in self.ground.elsewhere:
            return place(self.ground.shown / name)
        entry = self.ground.elsewhere.get(name)
        return place(self.ground.repository.top / (entry.path if entry else name))

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

    def _is_as_committed(self, path: Path, entry: Entry) -> bool:
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

    def _learn(self, history: History) -> None:
        """Read every object that may be a decision, in one go."""
        blobs = {one.blob for ones in history.touches.values() for one in ones if not one.deleted}
        blobs |= {one.blob for one in (*self.ground.files.values(), *self.ground.elsewhere.values())}
        self.known |= self.ground.repository.contents(sorted(blobs - self.known.keys()))

    def _text(self, blob: str) -> str:
        return _bare(self.known[blob].decode())

    def _decisions(self, files: Mapping[str, Entry], *, strict: bool = True) -> dict[str, Decision]:
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

    def _decision(self, name: str, entry: Entry) -> Decision:
        if not NAME.fullmatch(name):
            raise IntegrityError("its name is not the id of a decision")
        if entry.mode in (LINK, MODULE):
            raise IntegrityError("it cannot be read: it is a link")
        return parsed(self._text(entry.blob), name, self.register)

    def _signature(self, name: str, entry: Entry) -> None:
        """What is signed is checked where keys are trusted; here, that it is a statement about the file beside it."""
        if entry.mode in (LINK, MODULE):
            raise IntegrityError("it cannot be read: it is a link")
        found = parse_envelope(self._text(entry.blob))
        if f"{found.subject}{SIGNED}" != name:
            raise IntegrityError(f"it is about {one_line(found.subject)}")
        self.envelopes.append(found)

    # -- who decided -----------------------------------------------------------------------------------------------

    def _added(self, history: History, name: str, decision: Decision) -> list[Touch]:
        """Return the commits after which a file held this very decision, newest first."""
        return [
            one for one in history.touches.get(name, ()) if not one.deleted and self._holds(one.blob, decision.text)
        ]

    def _holds(self, blob: str, text: str) -> bool:
        try:
            return self._text(blob) == text
        except (KeyError, UnicodeDecodeError):
            return False

    def _attribute(self, history: History, name: str, decision: Decision) -> None:
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
            self.disputed.append(Disputed(decision, author, self._where(name)))

    def _homes(self, history: History) -> set[str]:
        """Return where decisions of this project lay outside of its folder."""
        came = {one.folder for name in self.ground.files for one in history.touches.get(name, ())}
        return {folder_of(one.path) for one in self.ground.elsewhere.values()} | self.ground.named | came

    def _gone(self, touches: Sequence[Touch], name: str, homes: Collection[str]) -> None:
        """A decision is followed by another, and never deleted; what never was a decision may go.

        It counts wherever it lay in the folder of the config: that it lay in a home is said by no file any more.
        """
        lay_here = any(one.folder == self.ground.inside for one in touches)
        lay_in_it = any(one.folder in homes or self.ground.is_of_the_project(one.path) for one in touches)
        lost = name not in self.ground.elsewhere and lay_in_it
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
            self.problems.append(Problem(place(self.ground.shown), _CUT_OFF))

    def _was_decision(self, touch: Touch, name: str) -> bool:
        if touch.blob not in self.known:
            return True  # this clone does not have it: it may have been
        try:
            parsed(self._text(touch.blob), name, self.register)
        except (IntegrityError, UnicodeDecodeError):
            return False
        return True


def parsed(text: str, name: str, register: str) -> Decision:
    """Return the decision of a register that the file of this name is.

    Raises:
        IntegrityError: it is none.
    """
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
