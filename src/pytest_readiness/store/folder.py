"""Decisions as files of the repository: one canonical JSON text each, signed by merge request.

A file is called by the id of its decision, ``<id>.json``, and holds its canonical text. Here they are written; what
counts of them is looked at in ``looking``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path

from ..errors import IntegrityError, ReadinessError, StorageError, place
from ..facts.decision import Decision, parse_decision
from ..facts.envelope import Envelope
from ..facts.snapshot import Snapshot
from ..whole import write_whole
from .checked import readable
from .history import Same
from .looking import SIGNED, SUFFIX, alike, text_of
from .other_homes import look_at
from .port import Decided, DecisionHome, Store


def open_decisions(said: str, store: Store | None, folder: Path, same: Same = alike) -> DecisionHome | None:
    """Return where decisions live; None where that is the store, and there is none yet.

    Args:
        said: the config's ``decisions``: ``store``, or a folder of the repository.
        store: the open store.
        folder: what relative paths are relative to.
        same: whether two names are one person's.
    """
    return store if said == "store" else DecisionFolder(folder / said, folder, same)


class DecisionFolder:
    """A home of decisions: a folder of a git repository."""

    def __init__(self, path: Path, base: Path | None = None, same: Same = alike) -> None:
        """Take the folder, which need not exist.

        Args:
            path: the folder.
            base: the folder of the config: decisions that lie elsewhere in it are this project's too.
            same: whether two names are one person's.
        """
        self.path = path
        self.base = base or path.parent
        self.same = same
        self._looked: Decided | None = None

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
        asked = set(subjects)
        looked = self._looked or (self.look("") if asked else Decided())
        return sorted((one for one in looked.envelopes if one.subject in asked), key=lambda one: one.subject)

    def look(self, register: str) -> Decided:
        """Return the decisions that count, and what keeps others from counting. Raises nothing."""
        self._looked = look_at(self.path, self.base, register, self.same)
        return self._looked

    def written(self, register: str) -> list[Decision]:
        """Return the decisions of a register whose files lie in the folder, committed or not, as far as they are some.

        Whoever decides knows of them, though they do not count yet.
        """
        found: list[Decision] = []
        with suppress(OSError):
            for path in self.path.glob(f"*{SUFFIX}"):
                with suppress(OSError, UnicodeDecodeError, ReadinessError):
                    found.append(parse_decision(text_of(path)))
        return [one for one in found if one.register == register]

    def _file(self, id_: str) -> Path:
        return self.path / f"{id_}{SUFFIX}"

    def _signed(self, id_: str) -> Path:
        return self.path / f"{id_}{SIGNED}"

    def _has(self, decision: Decision) -> bool:
        path = self._file(decision.id)
        try:
            text = text_of(path)
        except FileNotFoundError:
            return False
        except OSError as error:
            raise StorageError(f"{place(path)}: cannot be read: {error.strerror}") from error
        except UnicodeDecodeError:
            text = ""
        if text != decision.text:
            raise IntegrityError(f"{place(path)}: another file has the name of this decision: restore it")
        return True
