"""Writing a bundle: whole or not at all, and equal contents give equal bytes."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import IO

from ...atomic_write import check_replaceable
from ...errors import IntegrityError, StorageError, location, write_error
from ...facts.decision import Decision
from ...facts.envelope import Envelope
from ...facts.requirements_snapshot import Snapshot
from ...facts.run import Run
from ...facts.stored_verdict import StoredVerdict
from ...fast_values import dataclass, field
from ..integrity.chain import check_run
from .archive import BLOCK, ArchiveWriter
from .origin import BundleOrigin
from .reading import (
    CHECKPOINT,
    LEAVES,
    MANIFEST,
    REPORT,
    Rows,
    check_size,
    manifest_blocks,
    records_of,
    refuse_loose_ends,
    refuse_misled,
)


@dataclass(frozen=True, slots=True)
class BundleContents:
    """What is to be written into a bundle."""

    runs: Iterable[Run] = ()
    """In the order of their ids; read one by one."""
    decisions: Iterable[Decision] = ()
    snapshots: Iterable[Snapshot] = ()
    verdicts: Iterable[str] = ()
    envelopes: Callable[[Iterable[str]], Iterable[Envelope]] = field(default=lambda _: ())
    """Tells the signed statements about runs and decisions, by their ids."""
    origin: BundleOrigin | None = None
    """The tree of the store that it comes from; None: that is not told."""
    report: str = ""
    """The report on these contents, as canonical text; empty: none."""


def write_bundle(path: Path, contents: BundleContents, artifacts: Callable[[str], IO[bytes]]) -> list[str]:
    """Write a bundle whole, in place of what is there; return the digests of artifacts that were not to be had.

    Equal contents give equal bytes.

    Args:
        path: the file; its folder must exist.
        contents: what goes in, beside the artifacts that the runs name.
        artifacts: opens the artifact with this SHA-256; a FileNotFoundError says that there is none.

    Raises:
        IntegrityError: a run or an artifact is not what was recorded, the requirements of one are missing, or
            something is larger than a bundle holds.
        ConfigError: no file can be written there.
        StorageError: it cannot be written, or an artifact cannot be read; what was there before is as it was.
    """
    temporary = path.with_name(f".{path.name}.partial")
    try:
        check_replaceable(path)
        file = temporary.open("wb")
    except OSError as error:
        raise write_error(path, "the bundle", error) from error
    try:
        with file:
            missing = _Writing(ArchiveWriter(file), artifacts).all(contents)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        raise StorageError(f"{location(path)}: the bundle cannot be written: {error.strerror or error}") from error
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
    return missing


class _Writing:
    """A bundle that is being written: the manifest comes last, when everything else is known."""

    def __init__(self, packing: ArchiveWriter, artifacts: Callable[[str], IO[bytes]]) -> None:
        self._packing = packing
        self._open = artifacts
        self._rows: Rows = {}

    def all(self, contents: BundleContents) -> list[str]:
        decisions = sorted(contents.decisions, key=lambda one: one.id)
        snapshots = sorted(contents.snapshots, key=lambda one: one.digest)
        for decision in decisions:
            self._text(f"decisions/{decision.id}.json", decision.text)
        for snapshot in snapshots:
            self._text(f"requirements/{snapshot.digest.removeprefix('sha256:')}.json", snapshot.text)
        for id_, text in sorted((StoredVerdict.parse(text).id, text) for text in contents.verdicts):
            self._text(f"verdicts/{id_}.json", text)
        named: set[str] = set()
        records = records_of((), decisions)
        runs = self._runs(contents.runs, named, records)
        refuse_loose_ends(runs, decisions, [snapshot.digest for snapshot in snapshots], ())
        envelopes = sorted(contents.envelopes([id_ for _, id_ in records]), key=lambda one: one.id)
        refuse_misled(envelopes, records)
        for envelope in envelopes:
            self._text(f"statements/{envelope.id}.json", envelope.text)
        missing = [sha256 for sha256 in sorted(named) if not self._artifact(sha256)]
        if contents.origin is not None:
            self._text(CHECKPOINT, contents.origin.checkpoint)
            self._text(LEAVES, contents.origin.leaves_text)
        if contents.report:
            self._text(REPORT, contents.report)
        self._packing.add(MANIFEST, manifest_blocks(self._rows))
        self._packing.close()
        return missing

    def _runs(self, runs: Iterable[Run], named: set[str], records: dict[tuple[str, str], str]) -> Iterator[Run]:
        """Write runs one by one, and pass them on; ``named`` and ``records`` take what they name, and what they are."""
        for run in runs:
            for problem in check_run(run):
                raise IntegrityError(f"not bundled: {problem}")
            self._text(f"runs/{run.id}.jsonl", "".join(f"{line.text}\n" for line in run.lines))
            named |= {artifact.sha256 for _, artifact in run.artifacts()}
            records |= records_of([run], ())
            yield run

    def _text(self, name: str, text: str) -> None:
        data = text.encode()
        check_size(name, len(data))
        self._rows[name] = self._packing.add(name, [data])

    def _artifact(self, sha256: str) -> bool:
        try:
            file = self._open(sha256)
        except FileNotFoundError:
            return False
        name = f"artifacts/{sha256}"
        with file:
            self._rows[name] = self._packing.add(name, iter(lambda: file.read(BLOCK), b""))
        if self._rows[name][1] != sha256:
            raise IntegrityError(f"the artifact {sha256} was changed: its content has another digest")
        return True
