"""Import of a bundle into a store: all or nothing, repeatable, and in any order."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from secrets import token_hex

from msgspec import Struct

from ...errors import IntegrityError, StorageError, location
from ...facts.stored_verdict import StoredVerdict
from ...regular_files import regular_file
from ..protocol import EvidenceStore, Store
from .reading import Bundle


class MergedRecords(Struct, frozen=True):
    """The new records of an imported bundle."""

    runs: tuple[str, ...]
    """Ids of the new runs."""
    decisions: tuple[str, ...]
    """Ids of the new decisions."""
    verdicts: int
    artifacts: int
    already_stored: int
    """Number of runs, decisions, verdicts and signed statements that the store had before."""
    statements: int = 0
    """Number of new signed statements."""


def merge_bundle(bundle: Bundle, store: Store, artifacts: Path) -> MergedRecords:
    """Import a bundle into a store; records that the store has already are skipped.

    The artifacts are written before the runs that name them, and all are checked before the first is moved to its
    place. After an interruption they do no harm, and a second import completes the first.

    Args:
        bundle: an open bundle.
        store: the store, which gets the records in one transaction.
        artifacts: the folder of the artifacts.

    Raises:
        IntegrityError: the store has another run or decision with an id of the bundle, or the bundle file was changed
            since it was opened. No record was stored.
        StorageError: a record or an artifact cannot be written.
    """
    _refuse_conflicts(bundle, store)
    with _staged(bundle, artifacts) as staged:
        for sha256, temporary in staged.items():
            _move(temporary, _path_of(artifacts, sha256))
    records = (bundle.runs, bundle.snapshots, bundle.decisions, bundle.verdicts)
    new = set(store.save(*records, envelopes=bundle.envelopes))
    runs, decisions, statements, verdicts = (
        tuple(id_ for id_ in ids if id_ in new)
        for ids in (
            [run.id for run in bundle.runs],
            [decision.id for decision in bundle.decisions],
            [envelope.id for envelope in bundle.envelopes],
            [StoredVerdict.parse(text).id for text in bundle.verdicts],
        )
    )
    offered = sum(map(len, (bundle.runs, bundle.decisions, bundle.verdicts, bundle.envelopes)))
    return MergedRecords(runs, decisions, len(verdicts), len(staged), offered - len(new), len(statements))


def _refuse_conflicts(bundle: Bundle, store: EvidenceStore) -> None:
    """Refuse a run whose id another run has. The store does so too, but only after the artifacts were written."""
    summaries = store.summaries(run.id for run in bundle.runs)
    for run in bundle.runs:
        stored = store.run(run.id) if run.id in summaries else None
        if stored is not None and stored.lines[-1].digest != run.lines[-1].digest:
            raise IntegrityError(f"{location(bundle.path)}: another run with the id {run.id} is in the store already")


@contextmanager
def _staged(bundle: Bundle, folder: Path) -> Iterator[dict[str, Path]]:
    """Give the path of each new artifact by its SHA-256, checked and in a temporary folder, which is removed after."""
    stage = folder / f".{os.getpid()}-{token_hex(8)}"
    staged: dict[str, Path] = {}
    try:
        for sha256 in sorted(bundle.artifacts):
            if not _is_stored(sha256, folder):
                stage.mkdir(parents=True, exist_ok=True)
                _write(bundle, sha256, stage / sha256)
                staged[sha256] = stage / sha256
        yield staged
    except OSError as error:
        raise StorageError(f"an artifact cannot be written to {location(folder)}: {error.strerror or error}") from error
    finally:
        with suppress(OSError):
            for path in list(stage.iterdir()):
                path.unlink()
            stage.rmdir()


def _is_stored(sha256: str, folder: Path) -> bool:
    """Return whether the folder has the artifact, with the right content."""
    with suppress(FileNotFoundError), regular_file(_path_of(folder, sha256)) as file:
        return hashlib.file_digest(file, "sha256").hexdigest() == sha256
    return False


def _path_of(folder: Path, sha256: str) -> Path:
    return folder / sha256[:2] / sha256


def _write(bundle: Bundle, sha256: str, path: Path) -> None:
    digest = hashlib.sha256()
    with path.open("xb") as target:
        for block in bundle.artifact(sha256):
            digest.update(block)
            target.write(block)
        target.flush()
        os.fsync(target.fileno())
    if digest.hexdigest() != sha256:
        raise IntegrityError(f"{location(bundle.path)}: artifacts/{sha256} was changed while it was read")


def _move(temporary: Path, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary.replace(path)
