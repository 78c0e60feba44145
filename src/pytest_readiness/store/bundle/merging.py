"""Taking a bundle into a store: idempotent, in any order, and all or nothing."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from secrets import token_hex

from ...errors import IntegrityError, StorageError, location
from ...facts.stored_verdict import StoredVerdict
from ...fast_values import dataclass
from ...regular_files import regular_file
from ..protocol import Store
from .reading import Bundle


@dataclass(frozen=True, slots=True)
class MergedRecords:
    """What a bundle brought that was not there."""

    runs: tuple[str, ...]
    decisions: tuple[str, ...]
    verdicts: int
    artifacts: int
    already_stored: int
    """Runs, decisions, verdicts and signed statements that were there already."""
    statements: int = 0


def merge_bundle(bundle: Bundle, store: Store, artifacts: Path) -> MergedRecords:
    """Take a bundle into a store; what is there already is passed over.

    Artifacts are written before the runs that name them, and all are checked once more before the first is in place:
    where it ends in between, they do no harm, and merging again makes it whole.

    Args:
        bundle: an open one.
        store: where the records go, in one transaction.
        artifacts: folder of the artifacts.

    Raises:
        IntegrityError: the store has another run or decision with an id of the bundle, or the bundle was changed
            since it was opened; none of its records is taken in.
        StorageError: it could not be written.
    """
    _refuse_conflicts(bundle, store)
    with _staged(bundle, artifacts) as staged:
        for sha256, temporary in staged.items():
            _put(temporary, _final(artifacts, sha256))
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


def _refuse_conflicts(bundle: Bundle, store: Store) -> None:
    """The store's transaction refuses them as well; here nothing has been written yet, no artifact either."""
    known = store.summaries(run.id for run in bundle.runs)
    for run in bundle.runs:
        there = store.run(run.id) if run.id in known else None
        if there is not None and there.lines[-1].digest != run.lines[-1].digest:
            raise IntegrityError(f"{location(bundle.path)}: another run with the id {run.id} is in the store already")


@contextmanager
def _staged(bundle: Bundle, folder: Path) -> Iterator[dict[str, Path]]:
    """Give the artifacts that are new, each whole and checked in a file beside its place; what is left there goes."""
    stage = folder / f".{os.getpid()}-{token_hex(8)}"
    staged: dict[str, Path] = {}
    try:
        for sha256 in sorted(bundle.artifacts):
            if not _is_there(sha256, folder):
                stage.mkdir(parents=True, exist_ok=True)
                _write(bundle, sha256, stage / sha256)
                staged[sha256] = stage / sha256
        yield staged
    except OSError as error:
        raise StorageError(f"an artifact could not be kept in {location(folder)}: {error.strerror or error}") from error
    finally:
        with suppress(OSError):
            for left in list(stage.iterdir()):
                left.unlink()
            stage.rmdir()


def _is_there(sha256: str, folder: Path) -> bool:
    """Return whether the artifact is there and is what its name says."""
    with suppress(FileNotFoundError), regular_file(_final(folder, sha256)) as file:
        return hashlib.file_digest(file, "sha256").hexdigest() == sha256
    return False


def _final(folder: Path, sha256: str) -> Path:
    return folder / sha256[:2] / sha256


def _write(bundle: Bundle, sha256: str, path: Path) -> None:
    found = hashlib.sha256()
    with path.open("xb") as target:
        for block in bundle.artifact(sha256):
            found.update(block)
            target.write(block)
        target.flush()
        os.fsync(target.fileno())
    if found.hexdigest() != sha256:
        raise IntegrityError(f"{location(bundle.path)}: artifacts/{sha256} was changed while it was read")


def _put(temporary: Path, final: Path) -> None:
    final.parent.mkdir(parents=True, exist_ok=True)
    temporary.replace(final)
