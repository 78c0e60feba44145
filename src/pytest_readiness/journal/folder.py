"""Folder of the journals, which enters no commit, and the files in it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ..atomic_write import write_atomically
from ..errors import StorageError

if TYPE_CHECKING:  # loads what writes a journal
    from ..facts.requirements_snapshot import Snapshot
    from .leftover_reader import Leftover


def ignore_folder(folder: Path) -> None:
    """Create a folder with a ``.gitignore``, so that its files enter no commit and do not make the work tree dirty."""
    folder.mkdir(parents=True, exist_ok=True)
    marker = folder / ".gitignore"
    if not marker.exists():
        marker.write_text("*\n", encoding="utf-8")


def requirements_path(folder: Path, digest: str) -> Path:
    """Return the path of the requirements with a digest, beside the journals."""
    return folder / f"requirements-{digest.removeprefix('sha256:')}.json"


def find_leftovers(folder: Path, except_run: str | None = None) -> list[Leftover]:
    """Return the journals in a folder, oldest first, without changing them.

    Args:
        folder: The folder of the journals; it need not exist.
        except_run: Id of a run to leave out (the session's own).
    """
    try:
        paths = sorted(path for path in folder.glob("*.jsonl") if path.stem != except_run)
    except OSError as error:
        raise StorageError(f"{folder}: the journals cannot be read: {error.strerror}") from error
    if not paths:
        return []
    from .leftover_reader import read_leftover  # late: there is seldom a journal, and this loads what writes one

    return [read_leftover(path) for path in paths]


def write_requirements(folder: Path, requirements: Snapshot) -> None:
    """Write the requirements beside the journals, by digest, so that a recovered journal has its requirements."""
    folder.mkdir(parents=True, exist_ok=True)
    path = requirements_path(folder, requirements.digest)
    if not path.exists():
        write_atomically(path, requirements.text.encode())
