"""Decisions in the files of a git repository: which of them count, and who first added each.

The text of a file counts, without the line end after it, which an editor or a checkout may change. The person who
decided is the author of the commit that first added the text, in any folder. A file that is not committed does not
count. A committed file counts as it is committed; a work tree that differs from it is damaged.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path, PurePosixPath

from msgspec import Struct, field
from msgspec.structs import replace

from ...errors import IntegrityError, Problem, location, one_line
from ...facts.decision import Decision
from ...facts.envelope import Envelope, parse_envelope
from ..protocol import DisputedDecision, RegisterDecisions
from .decision_file import NAME, SIGNED_SUFFIX, SUFFIX, parse_decision_file, read_bytes, without_line_end
from .git_history import FileCommit, GitHistory, IsSamePerson, configured_folders, folder_of, name_of
from .git_repository import LINK, SUBMODULE, GitRepository, TrackedFile, blob_name

CONFIG = "readiness.toml"
"""File name of a config. A folder with its own config is another project."""
_UNKNOWN_COMMIT = "git does not show the commit that added it: fetch the whole history"
_UNSHALLOW = "fetch the whole history (git fetch --unshallow; fetch-depth: 0 in GitHub Actions)"
_SHALLOW = f"the clone is shallow, without the commit that added it: {_UNSHALLOW}"
_CUT_OFF = f"contains no decision, and the clone is shallow, so a deletion would not be visible: {_UNSHALLOW}"


def is_same_name(name: str, other: str) -> bool:
    """Return whether two names are equal in any letter case. This is the default without a list of people."""
    return name.casefold() == other.casefold()


class DecisionTree(Struct, frozen=True):
    """A folder of decisions in HEAD and in the work tree, with the rest of its repository."""

    repository: GitRepository
    shown: Path | None
    """The folder as the config names it; None: decisions are in the store."""
    inside: str | None
    """The folder from the top of the work tree."""
    files: Mapping[str, TrackedFile]
    """File name -> file of the folder in HEAD."""
    elsewhere: Mapping[str, TrackedFile]
    """File name -> decision in another folder of the project in HEAD, or a file with the name of one."""
    submodules: Mapping[str, str]
    """Path of a submodule -> commit at which it should be."""
    configured: frozenset[str] = frozenset()
    """Folders that any version of the config named as the home of decisions, from the top of the work tree."""
    outside: tuple[Path, ...] = ()
    """Such folders outside of the work tree."""
    prefix: str | None = None
    """Start of the path of each file in the config's folder; None: the config is in another work tree."""
    nested: frozenset[str] = frozenset()
    """Folders in the config's folder that have their own config, and so belong to other projects."""
    problems: tuple[Problem, ...] = ()
    """Reasons why the folder is not the committed one."""
    copies: tuple[TrackedFile, ...] = ()
    """All files with the name of a decision in other folders of the repository in HEAD; several may have one name."""

    def other_projects(self, path: str) -> list[str] | None:
        """Return the folders with their own config around a file, by its path from the top.

        None: it is not in the config's folder.
        """
        if self.prefix is None or not path.startswith(self.prefix):
            return None
        return [str(parent) for parent in PurePosixPath(path).parents if str(parent) in self.nested]


def find_folder(path: Path | None, base: Path) -> DecisionTree:
    """Return a folder of decisions (None: decisions are elsewhere) with its repository.

    Raises:
        StorageError: git fails.
    """
    start = next(folder for folder in (base, *base.absolute().parents) if folder.is_dir())
    real = Path(os.path.realpath(start))
    target = None if path is None else Path(os.path.normpath(real / os.path.relpath(path.absolute(), start.absolute())))
    repository = GitRepository.at(real)
    if target is not None and not target.is_relative_to(repository.top):
        repository = GitRepository.holding(target)
    if target is None:
        return _read_tree(repository, None, None, real)
    return _find_in(repository, path or target, target, real)


def _find_in(repository: GitRepository, shown: Path, target: Path, real: Path) -> DecisionTree:
    """Return a folder of this repository, or of the inner repository or submodule that contains it."""
    folder = _read_tree(repository, shown, target, real)
    for path in (*reversed(target.parents), target):
        if path == repository.top or not path.is_relative_to(repository.top):
            continue
        if path.is_symlink():
            text = "is a link, but decisions must be in a folder of the repository: restore the folder"
            return replace(folder, problems=(Problem(location(path), text),))
        commit = folder.submodules.get(path.relative_to(repository.top).as_posix(), "")
        if not commit and (not (path / ".git").exists() or folder.files or _has_history(folder)):
            continue  # a new repository over committed decisions must not hide them
        inner = GitRepository.at(path) if path.is_dir() else repository
        if commit and inner.head != commit:
            text = f"is a submodule, and not at its committed version {commit[:12]}: git submodule update"
            return replace(folder, problems=(Problem(location(path), text),))
        return _find_in(inner, shown, target, real)
    return folder


def _has_history(folder: DecisionTree) -> bool:
    touches = GitHistory.of_folders(folder.repository, () if folder.inside is None else {folder.inside}).touches
    return any(change.folder == folder.inside for changes in touches.values() for change in changes)


def _read_tree(repository: GitRepository, shown: Path | None, target: Path | None, real: Path) -> DecisionTree:
    inside = None if target is None else _relative(repository.top, target)
    base = _relative(repository.top, real) if real.is_relative_to(repository.top) else None
    prefix = None if base is None else f"{base}/".removeprefix("/")
    files: dict[str, TrackedFile] = {}
    others: list[TrackedFile] = []
    configs: set[str] = set()
    submodules: dict[str, str] = {}
    for entry in repository.listing():
        if entry.mode == SUBMODULE:
            submodules[entry.path] = entry.blob
        elif folder_of(entry.path) == inside and entry.path.endswith(SUFFIX):
            files[name_of(entry.path)] = entry
        elif name_of(entry.path) == CONFIG:
            configs.add(folder_of(entry.path))
        elif prefix is not None and entry.path.startswith(prefix) and NAME.fullmatch(name_of(entry.path)):
            others.append(entry)
    nested = {
        config
        for config in configs
        if prefix is not None and f"{config}/".startswith(prefix) and f"{config}/" != prefix
    }
    configured = frozenset[str]() if base is None else configured_folders(repository, base)
    outside = frozenset(folder for folder in configured if folder == ".." or folder.startswith(("../", "/")))
    tree = DecisionTree(
        repository, shown, inside, files, {}, submodules, configured - outside,
        outside=tuple(Path(os.path.normpath(repository.top / folder)) for folder in sorted(outside)),
        prefix=prefix, nested=frozenset(nested),
    )  # fmt: skip
    return replace(tree, copies=tuple([entry for entry in others if name_of(entry.path) not in files]))


def _relative(top: Path, path: Path) -> str:
    return path.relative_to(top).as_posix().removeprefix(".")


class FolderReader(Struct):
    """A reader of one folder, which collects its decisions and their problems."""

    folder: DecisionTree
    register: str
    is_same_person: IsSamePerson
    counting: list[Decision] = field(default_factory=list)
    elsewhere: list[Decision] = field(default_factory=list)
    disputed: list[DisputedDecision] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    notes: list[Problem] = field(default_factory=list)
    envelopes: list[Envelope] = field(default_factory=list)
    contents: dict[str, bytes] = field(default_factory=dict)
    """Name of a git object -> its content."""

    def read(self, names: Sequence[str]) -> RegisterDecisions:
        """Return the decisions of the folder. ``names``: the file names in the work tree."""
        folder = self.folder
        self.problems.extend(folder.problems)
        searched = {folder_of(entry.path) for entry in folder.copies} | folder.configured
        if folder.inside is not None:
            searched.add(folder.inside)
        history = GitHistory.of_folders(folder.repository, searched)
        self._compare(names)
        self._load_contents(history)
        folder = self.folder = replace(folder, elsewhere=self._originals(history))
        decisions = {**self._decisions(folder.files), **self._decisions(folder.elsewhere, strict=False)}
        for name, decision in decisions.items():
            self._attribute(history, name, decision)
        homes = self._former_homes(history)
        for name in sorted(history.touches.keys() - folder.files.keys()):
            self._check_loss(history, name, homes, is_decision=name in decisions)
        self._check_shallow_clone()
        for name in sorted(set(names) - folder.files.keys()):
            if not name.endswith(SIGNED_SUFFIX):
                self.notes.append(Problem(self._path_of(name), "does not count until it is committed"))
        self.counting.sort(key=lambda decision: (decision.at, decision.id))
        return RegisterDecisions(
            decisions=tuple(self.counting),
            problems=tuple(self.problems),
            notes=tuple(self.notes),
            disputed=tuple(self.disputed),
            elsewhere=tuple(self.elsewhere),
            envelopes=tuple(self.envelopes),
        )

    def _path_of(self, name: str) -> str:
        if self.folder.shown is not None and name not in self.folder.elsewhere:
            return location(self.folder.shown / name)
        entry = self.folder.elsewhere.get(name)
        return location(self.folder.repository.top / (entry.path if entry else name))

    # -- the work tree ---------------------------------------------------------------------------------------------

    def _compare(self, names: Sequence[str]) -> None:
        """Report each committed file that differs in the work tree, as git compares files."""
        differing: list[str] = []
        for name, entry in self.folder.files.items():
            if self.folder.problems or self.folder.shown is None:
                continue
            if name not in names:
                text = "is committed, but not in the work tree: a decision is never deleted, only followed by another"
                self._report(name, f"{text}: restore it (git restore; a sparse checkout must contain the folder)")
            elif entry.mode != LINK and not self._is_as_committed(self.folder.shown / name, entry):
                differing.append(name)
        paths = [self.folder.files[name].path for name in differing]
        as_added = self.folder.repository.as_added(paths) if paths else []
        for name, blob in zip(differing, as_added or [""] * len(differing), strict=True):
            if blob != self.folder.files[name].blob:
                text = "differs in the work tree from its committed version: a decision is never edited,"
                self._report(name, f"{text} only followed by another: restore it (git restore)")

    def _is_as_committed(self, path: Path, entry: TrackedFile) -> bool:
        """Return whether a file has the committed bytes. An unreadable one is reported, and counts as equal."""
        try:
            if not stat.S_ISREG(path.lstat().st_mode):
                self._report(path.name, "is a link or a folder, but is committed as a file: restore it (git restore)")
                return True
            content = read_bytes(path)
        except OSError as error:
            self._report(path.name, f"it cannot be read: {error.strerror}")
            return True
        if blob_name(content, entry.blob) == entry.blob:
            self.contents[entry.blob] = content
            return True
        return False

    def _report(self, name: str, problem: str) -> None:
        self.problems.append(Problem(self._path_of(name), problem))

    # -- the committed files ---------------------------------------------------------------------------------------

    def _load_contents(self, history: GitHistory) -> None:
        """Read every object that may be a decision, in one git command."""
        changes = (change for changes in history.touches.values() for change in changes)
        blobs = {change.blob for change in changes if not change.deleted}
        blobs |= {entry.blob for entry in (*self.folder.files.values(), *self.folder.copies)}
        self.contents |= self.folder.repository.contents(sorted(blobs - self.contents.keys()))

    def _originals(self, history: GitHistory) -> dict[str, TrackedFile]:
        """Return for each name in other folders the file that is the decision, and not another with its name."""
        originals: dict[str, TrackedFile] = {}
        for entry in self.folder.copies:
            name = name_of(entry.path)
            if not self._is_of_project(history, entry.path):
                continue
            if name not in originals or not self._decisions({name: originals[name]}, strict=False):
                originals[name] = entry
        return originals

    def _is_of_project(self, history: GitHistory, path: str) -> bool:
        """Return whether a file, by its path from the top, belongs to this project.

        It belongs to another one only if that one's config was there when the file was added: a config that comes later
        takes no decision away.
        """
        others = self.folder.other_projects(path)
        if others is None:
            return False
        return not any(history.had(f"{other}/{CONFIG}", when_added=path) for other in others)

    def _text(self, blob: str) -> str:
        return without_line_end(self.contents[blob].decode())

    def _decisions(self, files: Mapping[str, TrackedFile], *, strict: bool = True) -> dict[str, Decision]:
        """Return the decisions of files by name. ``strict``: report a file that is not a decision."""
        decisions: dict[str, Decision] = {}
        for name, entry in files.items():
            try:
                if name.endswith(SIGNED_SUFFIX) and strict:
                    self._read_statement(name, entry)
                else:
                    decisions[name] = self._decision(name, entry)
            except (IntegrityError, KeyError, UnicodeDecodeError) as error:
                text = str(error) if isinstance(error, IntegrityError) else "it cannot be read"
                if strict:
                    self._report(name, f"{text}; it does not count")
        return decisions

    def _decision(self, name: str, entry: TrackedFile) -> Decision:
        if not NAME.fullmatch(name):
            raise IntegrityError("its name is not the id of a decision")
        if entry.mode in (LINK, SUBMODULE):
            raise IntegrityError("it cannot be read: it is a link")
        return parse_decision_file(self._text(entry.blob), name, self.register)

    def _read_statement(self, name: str, entry: TrackedFile) -> None:
        """Read a signed statement. Only its file name is checked here; its signature is verified by its readers."""
        if entry.mode in (LINK, SUBMODULE):
            raise IntegrityError("it cannot be read: it is a link")
        envelope = parse_envelope(self._text(entry.blob))
        if f"{envelope.subject}{SIGNED_SUFFIX}" != name:
            raise IntegrityError(f"it is about {one_line(envelope.subject)}")
        self.envelopes.append(envelope)

    # -- authors ---------------------------------------------------------------------------------------------------

    def _commits_with(self, history: GitHistory, name: str, decision: Decision) -> list[FileCommit]:
        """Return the commits after which a file contained this decision, newest first."""
        changes = history.touches.get(name, ())
        return [change for change in changes if not change.deleted and self._has_text(change.blob, decision.text)]

    def _has_text(self, blob: str, text: str) -> bool:
        try:
            return self._text(blob) == text
        except (KeyError, UnicodeDecodeError):
            return False

    def _attribute(self, history: GitHistory, name: str, decision: Decision) -> None:
        added = self._commits_with(history, name, decision)
        if not added or any(change.cut_off for change in added):
            self._report(name, _SHALLOW if self.folder.repository.shallow else _UNKNOWN_COMMIT)
            return
        authors = history.first_authors(added, self.is_same_person)
        if len(authors) > 1:
            names = one_line(" and ".join(sorted(set(authors))))
            self._report(name, f"was added by {names}: decide again; it does not count")
            return
        [author] = authors
        is_author = self.is_same_person(author, decision.by)
        if name in self.folder.elsewhere:
            self.elsewhere.append(decision.attributed(author if is_author else decision.by))
        elif is_author:
            self.counting.append(decision.attributed(author))
        else:
            self.disputed.append(DisputedDecision(decision, author, self._path_of(name)))

    # -- deleted and moved files -----------------------------------------------------------------------------------

    def _former_homes(self, history: GitHistory) -> set[str]:
        """Return the other folders of this project that contain decisions, or did."""
        moved = {change.folder for name in self.folder.files for change in history.touches.get(name, ())}
        current = {folder_of(entry.path) for entry in self.folder.elsewhere.values()}
        return current | self.folder.configured | moved

    def _check_loss(self, history: GitHistory, name: str, homes: Collection[str], *, is_decision: bool) -> None:
        """Report a decision that was deleted, edited or moved away. Other files may be deleted.

        It counts in any folder of the project, because no file says any more which folders were homes.

        Args:
            history: the commits that touched decision files.
            name: a file name that the folder of decisions does not have.
            homes: the other folders of the project that contain decisions, or did.
            is_decision: whether another folder of the project has the decision of this name.
        """
        changes = history.touches[name]
        was_here = any(change.folder == self.folder.inside for change in changes)
        was_in_project = any(change.folder in homes or self._is_of_project(history, change.path) for change in changes)
        if not NAME.fullmatch(name) or not (was_here or (was_in_project and not is_decision)):
            return
        if any(self._was_decision(change, name) for change in changes if not change.deleted):
            text = "was deleted: a decision is never deleted, only followed by another: restore it"
            text += "" if was_here else f" in '{changes[0].folder}'"
            if (entry := self.folder.elsewhere.get(name)) is not None:
                text = f"was moved to {entry.path}, which is not the folder of decisions: move it back"
                if not is_decision:
                    text = "was edited, and is no decision any more: a decision is only followed by another: restore it"
            self._report(name, text)

    def _check_shallow_clone(self) -> None:
        """Report a shallow clone without decisions, because it does not show whether any were deleted."""
        if self.folder.repository.shallow and self.folder.shown is not None and not self.folder.files:
            self.problems.append(Problem(location(self.folder.shown), _CUT_OFF))

    def _was_decision(self, change: FileCommit, name: str) -> bool:
        if change.blob not in self.contents:
            return True  # the clone does not contain the object, which may have been a decision
        try:
            parse_decision_file(self._text(change.blob), name, self.register)
        except (IntegrityError, UnicodeDecodeError):
            return False
        return True
