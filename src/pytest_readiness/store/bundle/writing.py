"""Export of a bundle: written atomically, and equal contents give equal bytes."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import IO

from msgspec import Struct, field

from ...atomic_write import check_replaceable
from ...errors import IntegrityError, StorageError, location, write_error
from ...facts.decision import Decision
from ...facts.envelope import Envelope
from ...facts.requirements_snapshot import Snapshot
from ...facts.run import Run
from ...facts.stored_verdict import StoredVerdict
from ..integrity.chain import check_run
from .archive import BLOCK, ArchiveWriter
from .manifest import CHECKPOINT, INDEX, LEAVES, MANIFEST, README, REPORT, Rows, manifest_blocks
from .origin import BundleOrigin
from .reading import check_references, check_size, check_statement_subjects, records_of


class BundleContents(Struct, frozen=True):
    """The contents of a bundle to be written."""

    runs: Iterable[Run] = ()
    """In the order of their ids. They are read one at a time."""
    decisions: Iterable[Decision] = ()
    snapshots: Iterable[Snapshot] = ()
    verdicts: Iterable[str] = ()
    envelopes: Callable[[Iterable[str]], Iterable[Envelope]] = field(default=lambda _: ())
    """Returns the signed statements about the runs and decisions with these ids."""
    origin: BundleOrigin | None = None
    """The tree of the store; None: it is left out."""
    report: str = ""
    """The report on these contents, as canonical text; empty: no report."""
    readme: str = ""
    """The page of the bundle as Markdown, only with a report; empty: no pages."""
    index: str = ""
    """The same as HTML."""


def write_bundle(path: Path, contents: BundleContents, artifacts: Callable[[str], IO[bytes]]) -> list[str]:
    """Write a bundle atomically, and return the SHA-256 of each artifact that was not available.

    Args:
        path: the file, which is replaced if it exists. Its folder must exist.
        contents: everything but the artifacts, which the runs name.
        artifacts: opens the artifact with this SHA-256, or raises FileNotFoundError if there is none.

    Raises:
        IntegrityError: a run or an artifact was changed, requirements are missing, or a member is too large.
        ConfigError: the path cannot be a file.
        StorageError: the file cannot be written, or an artifact cannot be read. An existing file is unchanged.
    """
    temporary = path.with_name(f".{path.name}.partial")
    try:
        check_replaceable(path)
        file = temporary.open("wb")
    except OSError as error:
        raise write_error(path, "the bundle", error) from error
    try:
        with file:
            missing = _BundleWriter(ArchiveWriter(file), artifacts).write(contents)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        raise StorageError(f"{location(path)}: the bundle cannot be written: {error.strerror or error}") from error
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
    return missing


class _BundleWriter:
    """A writer of one bundle. The manifest is its last member."""

    def __init__(self, archive: ArchiveWriter, artifacts: Callable[[str], IO[bytes]]) -> None:
        self._archive = archive
        self._open = artifacts
        self._rows: Rows = {}

    def write(self, contents: BundleContents) -> list[str]:
        decisions = sorted(contents.decisions, key=lambda decision: decision.id)
        snapshots = sorted(contents.snapshots, key=lambda snapshot: snapshot.digest)
        for decision in decisions:
            self._add_text(f"decisions/{decision.id}.json", decision.text)
        for snapshot in snapshots:
            self._add_text(f"requirements/{snapshot.digest.removeprefix('sha256:')}.json", snapshot.text)
        for id_, text in sorted((StoredVerdict.parse(text).id, text) for text in contents.verdicts):
            self._add_text(f"verdicts/{id_}.json", text)
        artifacts: set[str] = set()
        records = records_of((), decisions)
        runs = self._write_runs(contents.runs, artifacts, records)
        check_references(runs, decisions, [snapshot.digest for snapshot in snapshots], ())
        envelopes = sorted(contents.envelopes([id_ for _, id_ in records]), key=lambda envelope: envelope.id)
        check_statement_subjects(envelopes, records)
        for envelope in envelopes:
            self._add_text(f"statements/{envelope.id}.json", envelope.text)
        missing = [sha256 for sha256 in sorted(artifacts) if not self._add_artifact(sha256)]
        if contents.origin is not None:
            self._add_text(CHECKPOINT, contents.origin.checkpoint)
            self._add_text(LEAVES, contents.origin.leaves_text)
        if contents.report:
            self._add_text(REPORT, contents.report)
        if contents.readme:
            self._add_text(README, contents.readme)
            self._add_text(INDEX, contents.index)
        self._archive.add(MANIFEST, manifest_blocks(self._rows))
        self._archive.close()
        return missing

    def _write_runs(
        self, runs: Iterable[Run], artifacts: set[str], records: dict[tuple[str, str], str]
    ) -> Iterator[Run]:
        """Write and yield each run. Add the artifacts that it names to ``artifacts``, and the run to ``records``."""
        for run in runs:
            for problem in check_run(run):
                raise IntegrityError(f"not exported: {problem}")
            self._add_text(f"runs/{run.id}.jsonl", "".join(f"{line.text}\n" for line in run.lines))
            artifacts |= {artifact.sha256 for _, artifact in run.artifacts()}
            records |= records_of([run], ())
            yield run

    def _add_text(self, name: str, text: str) -> None:
        data = text.encode()
        check_size(name, len(data))
        self._rows[name] = self._archive.add(name, [data])

    def _add_artifact(self, sha256: str) -> bool:
        """Write an artifact, and return whether it was available."""
        try:
            file = self._open(sha256)
        except FileNotFoundError:
            return False
        name = f"artifacts/{sha256}"
        with file:
            self._rows[name] = self._archive.add(name, iter(lambda: file.read(BLOCK), b""))
        if self._rows[name][1] != sha256:
            raise IntegrityError(f"the artifact {sha256} was changed: its content does not match its digest")
        return True
