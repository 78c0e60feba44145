"""Bundle format, and the reader that verifies a whole bundle before any of it is used.

A bundle is an archive (see ``archive``) of these members, in this order, and by name within a kind. Equal contents give
equal bytes. Nothing is extracted by name: members are read, verified and stored under their digests. The key of the
fingerprints is never in a bundle.

====================== ==========================================================================
member                 content
====================== ==========================================================================
``decisions/<id>.json``, ``requirements/<digest>.json``, ``verdicts/<digest>.json``: the canonical text
``runs/<id>.jsonl``    the lines of a run, byte for byte, each with a line end
``statements/<digest>.json``: a signed statement about a run or a decision in the bundle
``artifacts/<sha256>`` the bytes
``checkpoint.txt``, ``leaves.json``: the tree of the store that it comes from (optional)
``report.json``        the report on these contents, as canonical text (optional)
``README.md``, ``index.html``: pages that show the report (optional, from the second version of the format on)
``manifest.json``      ``schema``, and name, size and SHA-256 of each other member
====================== ==========================================================================
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TypeVar

from msgspec import Struct

from ...errors import ConfigError, IntegrityError, ReadinessError, StorageError, location, one_line
from ...facts.decision import Decision, parse_decision, text_digest
from ...facts.envelope import Envelope, parse_envelope
from ...facts.requirements_snapshot import Snapshot, snapshot_digest
from ...facts.run import Run
from ...facts.stored_verdict import StoredVerdict
from ...regular_files import IrregularError
from ..integrity.chain import check_run
from .archive import ArchiveMember, ArchiveReader, open_archive
from .manifest import CHECKPOINT, INDEX, LEAVES, MANIFEST, README, REPORT, SCHEMAS, Rows, manifest_blocks
from .origin import BundleOrigin, Records

T = TypeVar("T")

REPORT_SCHEMA = "readiness/report/v1"
_MEGABYTE = 1 << 20
_ROW_LIMIT = 300
"""Largest size in bytes of a member's row in the manifest."""


class MemberKind(Struct, frozen=True):
    """The names and the largest size of a kind of member."""

    name: re.Pattern[str]
    limit: int | None
    """Largest size in bytes; None: another rule applies."""


MEMBER_KINDS = {
    "decisions": MemberKind(re.compile(r"decisions/[0-9]{8}T[0-9]{6}Z-[0-9a-f]{16}\.json"), 16 * _MEGABYTE),
    "requirements": MemberKind(re.compile(r"requirements/[0-9a-f]{64}\.json"), 64 * _MEGABYTE),
    "verdicts": MemberKind(re.compile(r"verdicts/[0-9a-f]{64}\.json"), 64 * _MEGABYTE),
    "runs": MemberKind(re.compile(r"runs/[0-9]{8}T[0-9]{6}Z-[0-9a-f]{8,32}\.jsonl"), 256 * _MEGABYTE),
    "statements": MemberKind(re.compile(r"statements/[0-9a-f]{64}\.json"), 4 * _MEGABYTE),
    "artifacts": MemberKind(re.compile(r"artifacts/[0-9a-f]{64}"), None),
    CHECKPOINT: MemberKind(re.compile(re.escape(CHECKPOINT)), _MEGABYTE >> 4),
    LEAVES: MemberKind(re.compile(re.escape(LEAVES)), 256 * _MEGABYTE),
    REPORT: MemberKind(re.compile(re.escape(REPORT)), 64 * _MEGABYTE),
    README: MemberKind(re.compile(re.escape(README)), 64 * _MEGABYTE),
    INDEX: MemberKind(re.compile(re.escape(INDEX)), 64 * _MEGABYTE),
    MANIFEST: MemberKind(re.compile(re.escape(MANIFEST)), None),
}
"""The kinds, in the order of their members."""
_ORDER = {name: number for number, name in enumerate(MEMBER_KINDS)}


class Bundle(Struct, frozen=True, eq=False):
    """The verified contents of a bundle: every digest, chain and id was checked."""

    path: Path
    runs: tuple[Run, ...]
    decisions: tuple[Decision, ...]
    snapshots: tuple[Snapshot, ...]
    verdicts: tuple[str, ...]
    envelopes: tuple[Envelope, ...]
    """Statements about its runs and decisions. Their signatures were not verified."""
    artifacts: Mapping[str, int]
    """SHA-256 -> size in bytes. The content stays in the file."""
    report: str
    """The text of the report, not compared with the contents; empty: no report."""
    readme: str
    """README.md, not compared; empty: the bundle has no pages."""
    index: str
    """index.html, not compared; empty: the bundle has no pages."""
    origin: BundleOrigin | None
    """The tree of the store that it comes from; None: it was left out."""
    _archive: ArchiveReader

    def artifact(self, sha256: str) -> Iterator[bytes]:
        """Yield the content of an artifact in blocks. The caller must compare its digest again.

        Raises:
            IntegrityError: the file was changed since it was opened.
            StorageError: the file cannot be read.
        """
        blocks = self._archive.blocks(self._archive.members[f"artifacts/{sha256}"])
        while True:
            # Only around this step: an error that the caller raises between two blocks is not about this file.
            with _errors_of(self.path):
                block = next(blocks, None)
            if block is None:
                return
            yield block


def member_kind(name: str) -> str:
    """Return the kind of the member with this name.

    Raises:
        IntegrityError: the name is not valid.
    """
    kind = name.partition("/")[0]
    if kind in MEMBER_KINDS and MEMBER_KINDS[kind].name.fullmatch(name):
        return kind
    raise IntegrityError(f"{one_line(repr(name), 200)} is not a valid member name")


def check_size(name: str, size: int, artifact_limit: int | None = None) -> None:
    """Refuse a member that is too large for its kind; sizes are in bytes.

    Raises:
        IntegrityError: the member is too large.
    """
    kind = member_kind(name)
    if kind == "artifacts" and artifact_limit is not None and size > artifact_limit:
        limit_text = f"artifact_limit ({artifact_limit:,} bytes)"
        raise IntegrityError(f"{name} is larger than {limit_text}: raise it in readiness.toml")
    if (limit := MEMBER_KINDS[kind].limit) is not None and size > limit:
        raise IntegrityError(f"{name} is too large for a bundle (more than {limit:,} bytes)")


def check_references(
    runs: Iterable[Run], decisions: Iterable[Decision], snapshots: Iterable[str], artifacts: Iterable[str]
) -> None:
    """Refuse contents with missing requirements, or with requirements or artifacts that nothing uses.

    An artifact may be missing, because a store may have lost it.

    Args:
        runs: the runs, which name artifacts and requirements.
        decisions: the decisions, which name requirements.
        snapshots: digests of the requirements in the bundle.
        artifacts: SHA-256 of the artifacts in the bundle.

    Raises:
        IntegrityError: requirements are missing, or a member is not used.
    """
    users = {decision.requirements_digest: f"the decision {decision.id}" for decision in decisions}
    named_artifacts: set[str] = set()
    for run in runs:
        users[run.requirements_digest] = f"the run {run.id}"
        named_artifacts |= {artifact.sha256 for _, artifact in run.artifacts()}
    users.pop("", None)
    present = set(snapshots)
    for digest in sorted(users.keys() - present):
        user = one_line(users[digest], 100)
        raise IntegrityError(f"the requirements {one_line(digest, 100)} are not in the bundle, but {user} names them")
    unused = [f"requirements/{digest.removeprefix('sha256:')}.json" for digest in sorted(present - users.keys())]
    unused += [f"artifacts/{sha256}" for sha256 in sorted(set(artifacts) - named_artifacts)]
    if unused:
        raise IntegrityError(f"{unused[0]} is not used by any run or decision in the bundle")


def records_of(runs: Iterable[Run], decisions: Iterable[Decision]) -> dict[tuple[str, str], str]:
    """Return the digest of each run's seal and of each decision's text, by kind and id."""
    seals = {("run", run.id): run.lines[-1].digest for run in runs}
    return seals | {("decision", decision.id): text_digest(decision.text) for decision in decisions}


def check_statement_subjects(envelopes: Iterable[Envelope], records: Records) -> None:
    """Refuse a signed statement whose subject is not among the records, or differs from the signed one.

    Raises:
        IntegrityError: there is such a statement.
    """
    for envelope in envelopes:
        digest = records.get((envelope.subject_kind, envelope.subject))
        if digest != envelope.subject_digest:
            problem = "is not in the bundle" if digest is None else "differs from the signed one"
            subject = f"the {envelope.subject_kind} {one_line(envelope.subject, 100)}"
            raise IntegrityError(f"statements/{envelope.id}.json: {subject} {problem}")


@contextmanager
def open_bundle(path: Path, artifact_limit: int) -> Iterator[Bundle]:
    """Open a bundle, verify it as a whole, and give its contents.

    Args:
        path: the file. It is opened once, so that the verified bytes are the bytes that are read later.
        artifact_limit: the largest accepted artifact, in bytes.

    Raises:
        ConfigError: the path is not a regular file.
        IntegrityError: the file is not a valid bundle.
        StorageError: the file cannot be read.
    """
    with ExitStack() as stack:
        with _errors_of(path):
            archive = stack.enter_context(open_archive(path))
            bundle = _BundleReader(path, archive, artifact_limit).read()
        yield bundle


@contextmanager
def _errors_of(path: Path) -> Iterator[None]:
    """Add the path to every error that reading raises in the block."""
    try:
        yield
    except ReadinessError as error:
        raise type(error)(f"{location(path)}: {error}") from None
    except IrregularError as error:
        raise ConfigError(f"{location(path)}: cannot be read: {error.strerror}") from None
    except OSError as error:
        raise StorageError(f"{location(path)}: cannot be read: {error.strerror or error}") from error


class _BundleReader:
    """A reader of one bundle."""

    def __init__(self, path: Path, archive: ArchiveReader, artifact_limit: int) -> None:
        self._path = path
        self._archive = archive
        self._limit = artifact_limit
        self._rows: Rows = {}

    def read(self) -> Bundle:
        names = self._names()
        self._check_schema()
        bundle = Bundle(
            path=self._path,
            decisions=tuple(map(self._decision, names["decisions"])),
            snapshots=tuple(map(self._snapshot, names["requirements"])),
            verdicts=tuple(map(self._verdict, names["verdicts"])),
            runs=tuple(map(self._run, names["runs"])),
            envelopes=tuple(map(self._envelope, names["statements"])),
            artifacts=dict(map(self._artifact, names["artifacts"])),
            origin=self._origin([*names[CHECKPOINT], *names[LEAVES]]),
            report="".join(map(self._report, names[REPORT])),
            readme="".join(map(self._text, names[README])),
            index="".join(map(self._text, names[INDEX])),
            _archive=self._archive,
        )
        self._check_manifest()
        digests = [snapshot.digest for snapshot in bundle.snapshots]
        check_references(bundle.runs, bundle.decisions, digests, bundle.artifacts)
        records = records_of(bundle.runs, bundle.decisions)
        check_statement_subjects(bundle.envelopes, records)
        if bundle.origin is not None:
            ids = [StoredVerdict.parse(text).id for text in bundle.verdicts]
            bundle.origin.check_records(records | {("verdict", id_): id_ for id_ in ids})
        return bundle

    def _names(self) -> dict[str, list[str]]:
        """Return the names of the members by kind. Check the names, the order and the sizes."""
        names: dict[str, list[str]] = {kind: [] for kind in MEMBER_KINDS}
        previous = (-1, "")
        for name, member in self._archive.members.items():
            check_size(name, member.size, self._limit)
            position = (_ORDER[member_kind(name)], name)
            if position < previous:
                raise IntegrityError(f"{name} is not at its required position")
            previous = position
            names[member_kind(name)].append(name)
        pages = [*names[README], *names[INDEX]]
        if pages and len(names[REPORT] + pages) < len((REPORT, README, INDEX)):
            raise IntegrityError("README.md and index.html must both be in the bundle, with report.json, or neither")
        if not names[MANIFEST]:
            raise IntegrityError("is not a bundle: it has no manifest.json")
        return names

    def _check_schema(self) -> None:
        """Refuse a bundle of another version as such, and not as damaged."""
        end = b"".join(self._archive.blocks(self._manifest))[-100:] if self._manifest.size < _MEGABYTE else b""
        match = re.search(rb'"schema":"([^"]*)"}\Z', end)
        if match and match[1].decode("ascii", "replace") not in SCHEMAS:
            schema = one_line(match[1].decode("ascii", "replace"), 60)
            raise IntegrityError(f"has the schema {schema}, and this version reads {SCHEMAS[-1]} and older ones")

    @property
    def _manifest(self) -> ArchiveMember:
        return self._archive.members[MANIFEST]

    def _check_manifest(self) -> None:
        """Compare the manifest with the one computed from the members."""
        expected, actual = hashlib.sha256(), hashlib.sha256()
        for block in manifest_blocks(self._rows):
            expected.update(block)
        for block in self._archive.blocks(self._manifest):
            actual.update(block)
        if expected.digest() != actual.digest():
            raise IntegrityError(self._manifest_problem())

    def _manifest_problem(self) -> str:
        if self._manifest.size > _MEGABYTE + _ROW_LIMIT * len(self._rows):
            return "the manifest is too large for its members"
        try:
            plain = json.loads(b"".join(self._archive.blocks(self._manifest)))
            listed = {(row["name"], row["size"], row["sha256"]) for row in plain["members"]}
        except (LookupError, ValueError, TypeError, RecursionError):
            return "the manifest is not readable"
        actual = {(name, *row) for name, row in self._rows.items()}
        differing = sorted(one_line(str(row[0]), 100) for row in listed ^ actual)
        return f"{differing[0]} does not match the manifest" if differing else "the manifest is not in canonical form"

    def _blocks(self, name: str) -> Iterator[bytes]:
        """Yield the content of a member in blocks, and record its row of the manifest."""
        member, sha256 = self._archive.members[name], hashlib.sha256()
        for block in self._archive.blocks(member):
            sha256.update(block)
            yield block
        self._rows[name] = (member.size, sha256.hexdigest())

    def _text(self, name: str) -> str:
        data = b"".join(self._blocks(name))
        try:
            return data.decode()
        except UnicodeDecodeError as error:
            raise IntegrityError(f"{name} is not valid UTF-8: {one_line(error.reason)}") from None

    def _run(self, name: str) -> Run:
        text = self._text(name)
        if not text.endswith("\n"):
            raise IntegrityError(f"{name}: its last line is cut off")
        try:
            run = Run.parse(text[:-1].split("\n"))
        except IntegrityError as error:
            raise IntegrityError(f"{name}: {error}") from None
        for problem in check_run(run):
            raise IntegrityError(str(problem))
        _require_name(name, f"runs/{run.id}.jsonl")
        return run

    def _decision(self, name: str) -> Decision:
        decision = _parse(parse_decision, name, self._text(name))
        _require_name(name, f"decisions/{decision.id}.json")
        return decision

    def _snapshot(self, name: str) -> Snapshot:
        text = self._text(name)
        snapshot = Snapshot(text, snapshot_digest(text))
        _require_name(name, f"requirements/{snapshot.digest.removeprefix('sha256:')}.json")
        return snapshot

    def _verdict(self, name: str) -> str:
        text = self._text(name)
        _require_name(name, f"verdicts/{_parse(StoredVerdict.parse, name, text).id}.json")
        return text

    def _envelope(self, name: str) -> Envelope:
        envelope = _parse(parse_envelope, name, self._text(name))
        _require_name(name, f"statements/{envelope.id}.json")
        return envelope

    def _origin(self, names: list[str]) -> BundleOrigin | None:
        if names not in ([], [CHECKPOINT, LEAVES]):
            raise IntegrityError("checkpoint.txt and leaves.json must both be in the bundle, or neither")
        return BundleOrigin.parse(*map(self._text, names)) if names else None

    def _report(self, name: str) -> str:
        text = self._text(name)
        if _parse(StoredVerdict.parse, name, text).body.get("schema") != REPORT_SCHEMA:
            raise IntegrityError(f"{name} is not a report with the schema {REPORT_SCHEMA}")
        return text

    def _artifact(self, name: str) -> tuple[str, int]:
        for _ in self._blocks(name):
            pass
        size, sha256 = self._rows[name]
        _require_name(name, f"artifacts/{sha256}")
        return sha256, size


def _parse(parse: Callable[[str], T], name: str, text: str) -> T:
    try:
        return parse(text)
    except IntegrityError as error:
        raise IntegrityError(f"{name}: {error}") from None


def _require_name(name: str, expected: str) -> None:
    if name != expected:
        raise IntegrityError(f"{name}: its content does not match its name; expected {one_line(expected, 200)}")
