"""Folder of decision files, which merge requests review: one canonical JSON text each.

A file is named by the id of its decision, ``<id>.json``. This module writes the files; ``committed_files`` reads them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path

from ...atomic_write import write_atomically
from ...errors import IntegrityError, ReadinessError, StorageError, location
from ...facts.decision import Decision, parse_decision
from ...facts.envelope import Envelope
from ...facts.requirements_snapshot import Snapshot
from ..integrity.validation import check_decision
from ..protocol import DecisionStore, RegisterDecisions
from .committed_files import is_same_name
from .decision_file import SIGNED_SUFFIX, SUFFIX, read_decision_text
from .git_history import IsSamePerson
from .other_homes import read_home


def open_decisions(
    home: str, store: DecisionStore | None, folder: Path, is_same_person: IsSamePerson = is_same_name
) -> DecisionStore | None:
    """Return the home of decisions. None: it is the store, and there is no store yet.

    Args:
        home: the config's ``decisions``: ``store``, or a folder of the repository.
        store: the open store.
        folder: the folder of the config, at which relative paths start.
        is_same_person: returns whether two names belong to the same person.
    """
    return store if home == "store" else DecisionFolder(folder / home, folder, is_same_person)


class DecisionFolder:
    """A folder of a git repository with decisions."""

    def __init__(self, path: Path, base: Path | None = None, is_same_person: IsSamePerson = is_same_name) -> None:
        """Take the folder, which need not exist.

        Args:
            path: the folder.
            base: the folder of the config, whose other folders may contain decisions of the project too.
            is_same_person: returns whether two names belong to the same person.
        """
        self.path = path
        self.base = base or path.parent
        self.is_same_person = is_same_person
        self._last_read: RegisterDecisions | None = None

    def decide(
        self,
        decisions: Sequence[Decision],
        snapshots: Iterable[Snapshot] = (),  # noqa: ARG002
        envelopes: Iterable[Envelope] = (),
    ) -> list[str]:
        """Write decisions and their signed statements as files, and return the ids of the new decisions.

        All are written, or none. They count after they are committed. Requirements are not written, because the
        repository already contains them.

        Raises:
            IntegrityError: a decision cannot be read back, or another file has its name.
            StorageError: the files cannot be written; none was.
        """
        checked = {decision.id: decision for decision in map(check_decision, decisions)}
        new = [decision for decision in checked.values() if not self._has_file(decision)]
        written: list[Path] = []
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            files = {self._file(decision.id): decision.text for decision in new}
            ids = {decision.id for decision in new}
            files |= {
                self._signed(statement.subject): statement.text for statement in envelopes if statement.subject in ids
            }
            for path, text in files.items():
                written.append(path)
                write_atomically(path, f"{text}\n".encode())
        except OSError as error:
            for path in written:
                with suppress(OSError):
                    path.unlink(missing_ok=True)
            raise StorageError(f"{location(self.path)}: decisions cannot be written: {error.strerror}") from error
        return [decision.id for decision in new]

    def decisions(self, register: str) -> list[Decision]:
        """Return the decisions of a register that count, oldest first."""
        return list(self.register_decisions(register).decisions)

    def envelopes(self, subjects: Iterable[str]) -> list[Envelope]:
        """Return the signed statements about these decisions, by id."""
        wanted = set(subjects)
        read = self._last_read or (self.register_decisions("") if wanted else RegisterDecisions())
        statements = (envelope for envelope in read.envelopes if envelope.subject in wanted)
        return sorted(statements, key=lambda envelope: envelope.subject)

    def register_decisions(self, register: str) -> RegisterDecisions:
        """Return the decisions that count, and why others do not. Raises nothing."""
        self._last_read = read_home(self.path, self.base, register, self.is_same_person)
        return self._last_read

    def written_decisions(self, register: str) -> list[Decision]:
        """Return the readable decisions of a register in the folder, also those that are not committed."""
        decisions: list[Decision] = []
        with suppress(OSError):
            for path in self.path.glob(f"*{SUFFIX}"):
                with suppress(OSError, UnicodeDecodeError, ReadinessError):
                    decisions.append(parse_decision(read_decision_text(path)))
        return [decision for decision in decisions if decision.register == register]

    def _file(self, id_: str) -> Path:
        return self.path / f"{id_}{SUFFIX}"

    def _signed(self, id_: str) -> Path:
        return self.path / f"{id_}{SIGNED_SUFFIX}"

    def _has_file(self, decision: Decision) -> bool:
        path = self._file(decision.id)
        try:
            text = read_decision_text(path)
        except FileNotFoundError:
            return False
        except OSError as error:
            raise StorageError(f"{location(path)}: cannot be read: {error.strerror}") from error
        except UnicodeDecodeError:
            text = ""
        if text != decision.text:
            raise IntegrityError(f"{location(path)}: has the name of this decision, but another content: restore it")
        return True
