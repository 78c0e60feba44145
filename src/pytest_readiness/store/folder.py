"""Decisions as files of the repository: one canonical JSON text each, signed by merge request.

A file is called by the id of its decision, ``<id>.json``, and holds its canonical text. The text counts, and not the
line end after it: an editor or a checkout may add, change or drop that. Who decided is the author of the commit that
added the file, whatever the text says; what is not committed counts for nothing.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path

from ..errors import IntegrityError, Problem, StorageError, one_line, place
from ..facts.decision import Decision, parse_decision
from ..facts.envelope import Envelope, parse_envelope
from ..facts.snapshot import Snapshot
from ..whole import write_whole
from .checked import readable
from .history import FolderHistory, Touch, folder_history
from .port import Decided, DecisionHome, Store

BIGGEST_FILE = 1 << 24
"""Bytes; no decision comes near."""
SUFFIX = ".json"
SIGNED = ".dsse.json"
"""Ends the name of the signed statement about a decision, which lies beside it."""
_NAME = re.compile(r"\d{8}T\d{6}Z-[0-9a-f]{16}\.json", re.ASCII)


def open_decisions(said: str, store: Store | None, folder: Path) -> DecisionHome | None:
    """Return where decisions live; None where that is the store, and there is none yet.

    Args:
        said: the config's ``decisions``: ``store``, or a folder of the repository.
        store: the open store.
        folder: what relative paths are relative to.
    """
    return store if said == "store" else DecisionFolder(folder / said)


class DecisionFolder:
    """A home of decisions: a folder of a git repository."""

    def __init__(self, path: Path) -> None:
        """``path``: the folder; need not exist."""
        self.path = path

    def decide(
        self,
        decisions: Sequence[Decision],
        snapshots: Iterable[Snapshot] = (),  # noqa: ARG002
        envelopes: Iterable[Envelope] = (),
    ) -> list[str]:
        """Write decisions as files, each with its signed statement beside it if it has one; return the ids of the new.

        All are written or none. They count once they are committed. Requirements are not kept here: they stand in the
        repository already.

        Raises:
            IntegrityError: one cannot be read back as what it says, or another file has its name.
            StorageError: they could not be written; none of them was.
        """
        kept = {decision.id: decision for decision in map(readable, decisions)}
        new = [decision for decision in kept.values() if not self._has(decision)]
        written: list[Path] = []
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            files = {self._file(decision.id): decision.text for decision in new}
            ids = {decision.id for decision in new}
            files |= {self._signed(one.subject): one.text for one in envelopes if one.subject in ids}
            for path, text in files.items():
                written.append(path)
                write_whole(path, f"{text}\n".encode())
        except OSError as error:
            for path in written:
                with suppress(OSError):
                    path.unlink(missing_ok=True)
            raise StorageError(f"{place(self.path)}: decisions cannot be written: {error.strerror}") from error
        return [decision.id for decision in new]

    def decisions(self, register: str) -> list[Decision]:
        """Return the decisions of a register that count, oldest first; ``look`` says why others do not."""
        return list(self.look(register).decisions)

    def envelopes(self, subjects: Iterable[str]) -> list[Envelope]:
        """Return the signed statements about these decisions, by id; ``look`` tells which cannot be read."""
        found = (_envelope(self._signed(name)) for name in sorted(set(subjects)) if _NAME.fullmatch(f"{name}{SUFFIX}"))
        return [one for one in found if isinstance(one, Envelope)]

    def look(self, register: str) -> Decided:
        """Return the decisions that count, and what keeps others from counting. Raises nothing."""
        names: list[str] | None = None
        try:
            with suppress(FileNotFoundError):
                names = sorted(entry.name for entry in self.path.iterdir() if entry.name.endswith(SUFFIX))
            history = folder_history(self.path)
        except StorageError as error:
            # Not nothing: a team that decides here must not take an unreadable folder for one without blockers.
            return Decided(problems=() if names is None else (Problem("", str(error)),))
        except OSError as error:
            return Decided(problems=(Problem(place(self.path), f"cannot be read: {error.strerror}"),))
        return _Look(self.path, history, register).at(names or ())

    def _file(self, id_: str) -> Path:
        return self.path / f"{id_}{SUFFIX}"

    def _signed(self, id_: str) -> Path:
        return self.path / f"{id_}{SIGNED}"

    def _has(self, decision: Decision) -> bool:
        path = self._file(decision.id)
        try:
            text = _text(path)
        except FileNotFoundError:
            return False
        except OSError as error:
            raise StorageError(f"{place(path)}: cannot be read: {error.strerror}") from error
        except UnicodeDecodeError:
            text = ""
        if text != decision.text:
            raise IntegrityError(f"{place(path)}: another file has the name of this decision: restore it")
        return True


class _Look:
    """One look at a folder: what counts, and what does not."""

    def __init__(self, path: Path, history: FolderHistory, register: str) -> None:
        self.path = path
        self.history = history
        self.register = register
        self.counting: list[Decision] = []
        self.problems: list[Problem] = []
        self.notes: list[Problem] = []

    def at(self, names: Sequence[str]) -> Decided:
        try:
            for name in names:
                (self._signature if name.endswith(SIGNED) else self._file)(name)
            for name in sorted(self.history.touches.keys() - set(names)):
                self._gone(name)
        except StorageError as error:
            self.problems.append(Problem("", str(error)))
        self.counting.sort(key=lambda decision: (decision.at, decision.id))
        return Decided(tuple(self.counting), tuple(self.problems), tuple(self.notes))

    def _file(self, name: str) -> None:
        here = place(self.path / name)
        touches = self.history.touches.get(name)
        if not touches:
            self.notes.append(Problem(here, "is not committed, and counts for nothing until it is"))
            return
        try:
            decision = _decision(self.path / name, self.register)
        except IntegrityError as error:
            if name in self.history.unsettled():
                self.notes.append(Problem(here, "was changed since it was committed, and counts for nothing"))
            else:
                self.problems.append(Problem(here, f"{error}; it counts for nothing"))
            return
        if (author := self._author(here, touches)) is None:
            return
        if author != decision.by:
            told = f"says that {decision.by} decided; who added it decided, and that is {author}"
            self.notes.append(Problem(here, one_line(told)))
        self.counting.append(decision.attributed(author))

    def _signature(self, name: str) -> None:
        """What is signed is checked where keys are trusted; here, that it is a statement about the file beside it."""
        found = _envelope(self.path / name)
        told = found if isinstance(found, str) else ""
        if isinstance(found, Envelope) and f"{found.subject}{SIGNED}" != name:
            told = f"it is about {one_line(found.subject)}"
        if told:
            self.problems.append(Problem(place(self.path / name), f"{told}; it counts for nothing"))

    def _author(self, here: str, touches: Sequence[Touch]) -> str | None:
        """Return who added the file: what its content is, its name says, so no later commit can have changed it.

        Added again after a deletion, it is still the first who decided. Added on two branches by two people, nobody
        knows who.
        """
        added = [touch for touch in touches if touch.added]
        if not added or any(touch.cut_off for touch in added):
            told = "the clone is shallow, and the commit that added it is cut off: fetch the whole history"
            self.problems.append(Problem(here, f"{told} (git fetch --unshallow; fetch-depth: 0 in GitHub Actions)"))
            return None
        deletions = sum(touch.deleted for touch in touches)
        if len({touch.author for touch in added}) > 1 and deletions < len(added) - 1:
            told = " and ".join(sorted({touch.author for touch in added}))
            self.problems.append(Problem(here, f"was added by {one_line(told)}: decide again; it counts for nothing"))
            return None
        return added[-1].author

    def _gone(self, name: str) -> None:
        """A decision is followed by another, and never deleted; what never was a decision may go."""
        added = [touch for touch in self.history.touches[name] if touch.added]
        text = self.history.content(added[-1].blob) if added and _NAME.fullmatch(name) else ""
        try:
            if text is not None:
                _parsed(_bare(text), name, self.register)
        except IntegrityError:
            return
        told = "was deleted: a decision is never deleted, only followed by another: restore it"
        self.problems.append(Problem(place(self.path / name), told))


def _decision(path: Path, register: str) -> Decision:
    """Return the decision in a file.

    Raises:
        IntegrityError: it is none, or not the one that the name and the folder say.
    """
    if not _NAME.fullmatch(path.name):
        raise IntegrityError("its name is not the id of a decision")
    try:
        text = _text(path)
    except (OSError, UnicodeDecodeError) as error:
        raise IntegrityError(f"it cannot be read: {one_line(str(error))}") from None
    return _parsed(text, path.name, register)


def _parsed(text: str, name: str, register: str) -> Decision:
    decision = parse_decision(text)
    if f"{decision.id}{SUFFIX}" != name:
        raise IntegrityError(f"its name should be {decision.id}{SUFFIX}: it was edited, or renamed")
    if decision.register != register:
        raise IntegrityError(f"it is of the register '{one_line(decision.register)}'")
    return decision


def _envelope(path: Path) -> Envelope | str:
    """Return the signed statement in a file, or why there is none; empty: because there is no file."""
    try:
        return parse_envelope(_text(path))
    except FileNotFoundError:
        return ""
    except (IntegrityError, OSError, UnicodeDecodeError) as error:
        return one_line(str(error))


def _text(path: Path) -> str:
    """Return what counts of a file: its text without the last line end; no link is followed."""
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    with os.fdopen(os.open(path, flags), "rb") as file:
        return _bare(file.read(BIGGEST_FILE).decode())


def _bare(text: str) -> str:
    return text.removesuffix("\n").removesuffix("\r")
