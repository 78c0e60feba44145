"""Bundles: what a store holds, in one file that anybody can check.

A bundle is an archive (see ``archive``) of these members, in this order, and of one room by name; the same contents are
the same bytes. Nothing is ever extracted by name: members are read, checked and kept under their digests. The key of
the fingerprints is never in it.

====================== ==========================================================================
member                 holds
====================== ==========================================================================
``decisions/<id>.json``, ``requirements/<digest>.json``, ``verdicts/<digest>.json``: the canonical text
``runs/<id>.jsonl``    the lines of a run, byte for byte, each with a line end
``statements/<digest>.json``: a signed statement about a run or a decision that is in it
``artifacts/<sha256>`` the bytes
``checkpoint.txt``, ``leaves.json``: the tree of the store that it comes from, where that is told
``report.json``        the report on these contents, as canonical text
``manifest.json``      ``schema``, and of each other member its name, size and SHA-256
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

from ...errors import ConfigError, IntegrityError, ReadinessError, StorageError, location, one_line
from ...facts.decision import Decision, parse_decision, text_digest
from ...facts.envelope import Envelope, parse_envelope
from ...facts.ledger.line import canonical
from ...facts.requirements_snapshot import Snapshot, snapshot_digest
from ...facts.run import Run
from ...facts.stored_verdict import StoredVerdict
from ...fast_values import dataclass, field
from ...regular_files import IrregularError
from ..integrity.chain import check_run
from .archive import ArchiveMember, ArchiveReader, open_archive
from .origin import BundleOrigin, Records

T = TypeVar("T")

SCHEMA = "readiness/bundle/v1"
REPORT_SCHEMA = "readiness/report/v1"
MANIFEST = "manifest.json"
REPORT = "report.json"
CHECKPOINT = "checkpoint.txt"
LEAVES = "leaves.json"
_MEGABYTE = 1 << 20
_LONGEST_ROW = 300
"""Bytes that the manifest spends on a member, at most."""


@dataclass(frozen=True, slots=True)
class MemberKind:
    """A kind of member."""

    name: re.Pattern[str]
    limit: int | None
    """Bytes; None: another rule holds."""


ROOMS = {
    "decisions": MemberKind(re.compile(r"decisions/[0-9]{8}T[0-9]{6}Z-[0-9a-f]{16}\.json"), 16 * _MEGABYTE),
    "requirements": MemberKind(re.compile(r"requirements/[0-9a-f]{64}\.json"), 64 * _MEGABYTE),
    "verdicts": MemberKind(re.compile(r"verdicts/[0-9a-f]{64}\.json"), 64 * _MEGABYTE),
    "runs": MemberKind(re.compile(r"runs/[0-9]{8}T[0-9]{6}Z-[0-9a-f]{8,32}\.jsonl"), 256 * _MEGABYTE),
    "statements": MemberKind(re.compile(r"statements/[0-9a-f]{64}\.json"), 4 * _MEGABYTE),
    "artifacts": MemberKind(re.compile(r"artifacts/[0-9a-f]{64}"), None),
    CHECKPOINT: MemberKind(re.compile(re.escape(CHECKPOINT)), _MEGABYTE >> 4),
    LEAVES: MemberKind(re.compile(re.escape(LEAVES)), 256 * _MEGABYTE),
    REPORT: MemberKind(re.compile(re.escape(REPORT)), 64 * _MEGABYTE),
    MANIFEST: MemberKind(re.compile(re.escape(MANIFEST)), None),
}
"""In the order in which their members stand."""
_ORDER = {name: number for number, name in enumerate(ROOMS)}

Rows = dict[str, tuple[int, str]]
"""Size and SHA-256 of each member by name, as the manifest tells them."""


@dataclass(frozen=True)
class Bundle:
    """What a bundle holds, checked: every digest, every chain and every id."""

    path: Path
    runs: tuple[Run, ...]
    decisions: tuple[Decision, ...]
    snapshots: tuple[Snapshot, ...]
    verdicts: tuple[str, ...]
    envelopes: tuple[Envelope, ...]
    """About its runs and decisions. That a signature is right is not known here."""
    artifacts: Mapping[str, int]
    """SHA-256 and size; the bytes stay in the file."""
    report: str
    """The report on the contents, as it is told; empty: there is none."""
    origin: BundleOrigin | None
    """The tree of the store that it comes from; None: that is not told."""
    _archive: ArchiveReader = field(repr=False, compare=False)

    def artifact(self, sha256: str) -> Iterator[bytes]:
        """Yield the content of an artifact, a block at a time; whoever keeps it checks its digest again.

        Raises:
            IntegrityError: the file was changed since it was opened.
            StorageError: it cannot be read.
        """
        blocks = self._archive.blocks(self._archive.members[f"artifacts/{sha256}"])
        while True:
            # Around each step alone: what the caller raises between two blocks is not about this file.
            with _troubles(self.path):
                block = next(blocks, None)
            if block is None:
                return
            yield block


def member_kind(name: str) -> str:
    """Return which kind of member a name is.

    Raises:
        IntegrityError: no member of a bundle is called like this.
    """
    room = name.partition("/")[0]
    if room in ROOMS and ROOMS[room].name.fullmatch(name):
        return room
    raise IntegrityError(f"no member of a bundle is called {one_line(repr(name), 200)}")


def check_size(name: str, size: int, artifact_limit: int | None = None) -> None:
    """Refuse a member that is larger than those of its kind can be.

    Raises:
        IntegrityError: it is.
    """
    room = member_kind(name)
    if room == "artifacts" and artifact_limit is not None and size > artifact_limit:
        told = f"is larger than artifact_limit ({artifact_limit:,} bytes): raise it in readiness.toml"
        raise IntegrityError(f"{name} {told}")
    if (limit := ROOMS[room].limit) is not None and size > limit:
        raise IntegrityError(f"{name} is too large for a bundle (more than {limit:,} bytes)")


def manifest_blocks(rows: Rows) -> Iterator[bytes]:
    """Yield the manifest of these members: canonical JSON, which nobody need hold as a whole."""
    yield b'{"members":['
    for number, name in enumerate(sorted(rows)):
        size, sha256 = rows[name]
        yield b"," * bool(number) + canonical({"name": name, "sha256": sha256, "size": size}).encode()
    yield f'],"schema":"{SCHEMA}"}}'.encode()


def refuse_loose_ends(
    runs: Iterable[Run], decisions: Iterable[Decision], snapshots: Iterable[str], artifacts: Iterable[str]
) -> None:
    """Refuse contents of which something belongs to nothing, or that lack requirements: they would not verify.

    An artifact may be missing: it may be lost.

    Args:
        runs: what has artifacts and requirements.
        decisions: what has requirements.
        snapshots: digests of the requirements that are there.
        artifacts: digests of the artifacts that are there.

    Raises:
        IntegrityError: something is.
    """
    needed = {one.requirements_digest: f"the decision {one.id}" for one in decisions}
    named: set[str] = set()
    for run in runs:
        needed[run.requirements_digest] = f"the run {run.id}"
        named |= {artifact.sha256 for _, artifact in run.artifacts()}
    under = {digest: who for digest, who in needed.items() if digest}
    there = set(snapshots)
    for digest in sorted(under.keys() - there):
        told = f"the requirements {one_line(digest, 100)} are not in it"
        raise IntegrityError(f"{told}, and {one_line(under[digest], 100)} was made under them")
    for digest in sorted(there - under.keys()):
        raise IntegrityError(f"requirements/{digest.removeprefix('sha256:')}.json belongs to nothing that is in it")
    for sha256 in sorted(set(artifacts) - named):
        raise IntegrityError(f"artifacts/{sha256} belongs to nothing that is in it")


def records_of(runs: Iterable[Run], decisions: Iterable[Decision]) -> dict[tuple[str, str], str]:
    """Return what signatures and leaves name: the digest of each run's seal, and of each decision's text."""
    there = {("run", run.id): run.lines[-1].digest for run in runs}
    return there | {("decision", one.id): text_digest(one.text) for one in decisions}


def refuse_misled(envelopes: Iterable[Envelope], there: Records) -> None:
    """Refuse a signed statement about something that is not there as it was signed.

    Raises:
        IntegrityError: there is one.
    """
    for envelope in envelopes:
        found = there.get((envelope.subject_kind, envelope.subject))
        if found != envelope.subject_digest:
            what = "is not in it" if found is None else "is another in it than was signed"
            subject = f"the {envelope.subject_kind} {one_line(envelope.subject, 100)}"
            raise IntegrityError(f"statements/{envelope.id}.json: {subject} {what}")


@contextmanager
def open_bundle(path: Path, artifact_limit: int) -> Iterator[Bundle]:
    """Open a bundle, and give what it holds; it is checked as a whole first, and nothing is written anywhere.

    Args:
        path: the file. It is opened once: what was checked is what is read afterwards.
        artifact_limit: the largest artifact that is let in, in bytes.

    Raises:
        ConfigError: it is no regular file.
        IntegrityError: it is no bundle, or anything in it is not what it must be.
        StorageError: the file cannot be read.
    """
    with ExitStack() as stack:
        with _troubles(path):
            archive = stack.enter_context(open_archive(path))
            bundle = _Reading(path, archive, artifact_limit).bundle()
        yield bundle


@contextmanager
def _troubles(path: Path) -> Iterator[None]:
    """Turn everything that reading raises into one line that names the file."""
    try:
        yield
    except ReadinessError as error:
        raise type(error)(f"{location(path)}: {error}") from None
    except IrregularError as error:
        raise ConfigError(f"{location(path)}: cannot be read: {error.strerror}") from None
    except OSError as error:
        raise StorageError(f"{location(path)}: cannot be read: {error.strerror or error}") from error


class _Reading:
    def __init__(self, path: Path, archive: ArchiveReader, artifact_limit: int) -> None:
        self._path = path
        self._archive = archive
        self._limit = artifact_limit
        self._rows: Rows = {}

    def bundle(self) -> Bundle:
        names = self._names()
        self._check_kind()
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
            _archive=self._archive,
        )
        self._check_manifest()
        digests = [snapshot.digest for snapshot in bundle.snapshots]
        refuse_loose_ends(bundle.runs, bundle.decisions, digests, bundle.artifacts)
        records = records_of(bundle.runs, bundle.decisions)
        refuse_misled(bundle.envelopes, records)
        if bundle.origin is not None:
            ids = [StoredVerdict.parse(text).id for text in bundle.verdicts]
            bundle.origin.refuse_unknown(records | {("verdict", id_): id_ for id_ in ids})
        return bundle

    def _names(self) -> dict[str, list[str]]:
        """Return the names of the members by room: known names, in order, none too large."""
        names: dict[str, list[str]] = {room: [] for room in ROOMS}
        before = (-1, "")
        for name, member in self._archive.members.items():
            check_size(name, member.size, self._limit)
            stands = (_ORDER[member_kind(name)], name)
            if stands < before:
                raise IntegrityError(f"{name} is not where it must stand")
            before = stands
            names[member_kind(name)].append(name)
        if not names[MANIFEST]:
            raise IntegrityError("is no bundle: there is no manifest.json in it")
        return names

    def _check_kind(self) -> None:
        """A bundle of another version is called that, and not damaged."""
        end = b"".join(self._archive.blocks(self._manifest))[-100:] if self._manifest.size < _MEGABYTE else b""
        found = re.search(rb'"schema":"([^"]*)"}\Z', end)
        if found and found[1] != SCHEMA.encode():
            told = one_line(found[1].decode("ascii", "replace"), 60)
            raise IntegrityError(f"is a bundle of another kind ({told}): this version reads {SCHEMA}")

    @property
    def _manifest(self) -> ArchiveMember:
        return self._archive.members[MANIFEST]

    def _check_manifest(self) -> None:
        """The manifest follows from the members, and is compared as it would be written."""
        expected, found = hashlib.sha256(), hashlib.sha256()
        for block in manifest_blocks(self._rows):
            expected.update(block)
        for block in self._archive.blocks(self._manifest):
            found.update(block)
        if expected.digest() != found.digest():
            raise IntegrityError(self._odd_in_manifest())

    def _odd_in_manifest(self) -> str:
        if self._manifest.size > _MEGABYTE + _LONGEST_ROW * len(self._rows):
            return "the manifest is too large for its members"
        try:
            plain = json.loads(b"".join(self._archive.blocks(self._manifest)))
            listed = {(row["name"], row["size"], row["sha256"]) for row in plain["members"]}
        except (LookupError, ValueError, TypeError, RecursionError):
            return "the manifest is not readable"
        there = {(name, *row) for name, row in self._rows.items()}
        odd = sorted(one_line(str(row[0]), 100) for row in listed ^ there)
        return f"{odd[0]} is not what the manifest says" if odd else "the manifest is not in canonical form"

    def _blocks(self, name: str) -> Iterator[bytes]:
        """Yield the content of a member, and note down what the manifest must say of it."""
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
            raise IntegrityError(f"{name} is no text in UTF-8: {one_line(error.reason)}") from None

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
        _must_be(name, f"runs/{run.id}.jsonl")
        return run

    def _decision(self, name: str) -> Decision:
        decision = _parsed(parse_decision, name, self._text(name))
        _must_be(name, f"decisions/{decision.id}.json")
        return decision

    def _snapshot(self, name: str) -> Snapshot:
        text = self._text(name)
        found = Snapshot(text, snapshot_digest(text))
        _must_be(name, f"requirements/{found.digest.removeprefix('sha256:')}.json")
        return found

    def _verdict(self, name: str) -> str:
        text = self._text(name)
        _must_be(name, f"verdicts/{_parsed(StoredVerdict.parse, name, text).id}.json")
        return text

    def _envelope(self, name: str) -> Envelope:
        envelope = _parsed(parse_envelope, name, self._text(name))
        _must_be(name, f"statements/{envelope.id}.json")
        return envelope

    def _origin(self, names: list[str]) -> BundleOrigin | None:
        if names not in ([], [CHECKPOINT, LEAVES]):
            raise IntegrityError("a checkpoint and the leaves of the tree are in it together, or neither")
        return BundleOrigin.parse(*map(self._text, names)) if names else None

    def _report(self, name: str) -> str:
        text = self._text(name)
        if _parsed(StoredVerdict.parse, name, text).body.get("schema") != REPORT_SCHEMA:
            raise IntegrityError(f"{name} is no report of the kind {REPORT_SCHEMA}")
        return text

    def _artifact(self, name: str) -> tuple[str, int]:
        for _ in self._blocks(name):
            pass
        size, sha256 = self._rows[name]
        _must_be(name, f"artifacts/{sha256}")
        return sha256, size


def _parsed(parse: Callable[[str], T], name: str, text: str) -> T:
    try:
        return parse(text)
    except IntegrityError as error:
        raise IntegrityError(f"{name}: {error}") from None


def _must_be(name: str, expected: str) -> None:
    if name != expected:
        raise IntegrityError(f"{name} has another content than its name says: it should be {one_line(expected, 200)}")
