"""Bundles: runs, decisions, requirements, verdicts and artifacts in one file, to be carried between stores.

A bundle is a ZIP of uncompressed members, so that equal contents give equal bytes with any zlib, and no member can be
larger than the file. Nothing is ever extracted by name: members are read, checked and kept under their digests. The
key of the fingerprints is never in it.

====================== ==========================================================================
member                 holds
====================== ==========================================================================
``manifest.json``      ``schema``, and of each other member its name, size and SHA-256
``runs/<id>.jsonl``    the lines of a run, byte for byte, each with a line end
``decisions/<id>.json``, ``requirements/<digest>.json``, ``verdicts/<digest>.json``: the canonical text
``artifacts/<sha256>`` the bytes
====================== ==========================================================================
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import stat
import struct
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from ..errors import IntegrityError, ReadinessError, StorageError, one_line, place
from ..facts.decision import Decision, parse_decision
from ..facts.kept_verdict import KeptVerdict
from ..facts.line import canonical
from ..facts.run import Run
from ..facts.snapshot import Snapshot, snapshot_digest
from .chain import check_run

SCHEMA = "readiness/bundle/v1"
MANIFEST = "manifest.json"
BLOCK = 1 << 20
BIGGEST_TEXT = 1 << 30
"""Bytes of one member that is read as text; artifacts are streamed and have no limit but the caller's."""
MOST_MEMBERS = 1_000_000

_NAMES = {
    "runs": re.compile(r"runs/([0-9]{8}T[0-9]{6}Z-[0-9a-f]{8,32})\.jsonl"),
    "decisions": re.compile(r"decisions/([0-9]{8}T[0-9]{6}Z-[0-9a-f]{16})\.json"),
    "requirements": re.compile(r"requirements/([0-9a-f]{64})\.json"),
    "verdicts": re.compile(r"verdicts/([0-9a-f]{64})\.json"),
    "artifacts": re.compile(r"artifacts/([0-9a-f]{64})"),
}
_BROKEN = (zipfile.BadZipFile, NotImplementedError, RuntimeError, ValueError, EOFError, struct.error, OverflowError)
"""What the standard library raises over a file that is no ZIP, or one made to hurt."""


@dataclass(frozen=True)
class Bundle:
    """What a bundle holds, checked: every digest, every chain and every id."""

    path: Path
    runs: tuple[Run, ...]
    decisions: tuple[Decision, ...]
    snapshots: tuple[Snapshot, ...]
    verdicts: tuple[str, ...]
    artifacts: Mapping[str, int]
    """SHA-256 and size; the bytes stay in the file."""

    def artifact(self, sha256: str) -> Iterator[bytes]:
        """Yield the content of an artifact, a block at a time; whoever keeps it checks its digest again.

        Raises:
            IntegrityError: the file was changed since it was read.
            StorageError: it cannot be read.
        """
        blocks = self._blocks(f"artifacts/{sha256}")
        while True:
            # Around each step alone: what the caller raises between two blocks is not about this file.
            with _troubles(self.path):
                block = next(blocks, None)
            if block is None:
                return
            yield block

    def _blocks(self, name: str) -> Iterator[bytes]:
        with zipfile.ZipFile(self.path) as file, file.open(name) as member:
            yield from blocks_of(member)


@dataclass(frozen=True, slots=True)
class Contents:
    """What is to be written into a bundle."""

    runs: Iterable[Run] = ()
    """In the order of their ids; read one by one."""
    decisions: Iterable[Decision] = ()
    snapshots: Iterable[Snapshot] = ()
    verdicts: Iterable[str] = ()


# -- write ---------------------------------------------------------------------------------------------------------


def write_bundle(path: Path, contents: Contents, artifacts: Callable[[str], IO[bytes]]) -> list[str]:
    """Write a bundle whole, in place of what is there; return the digests of artifacts that were not to be had.

    Equal contents give equal bytes.

    Args:
        path: the file; its folder must exist.
        contents: what goes in, beside the artifacts that the evidence of the runs names.
        artifacts: opens the artifact with this SHA-256; a FileNotFoundError says that there is none.

    Raises:
        IntegrityError: a run or an artifact is not what was recorded.
        StorageError: it cannot be written, or an artifact cannot be read; what was there before is as it was.
    """
    temporary = path.with_name(f".{path.name}.partial")
    try:
        with temporary.open("wb") as file:
            missing = _Writing(file, artifacts).all(contents)
        temporary.replace(path)
    except OSError as error:
        raise StorageError(f"{place(path)}: the bundle cannot be written: {error.strerror or error}") from error
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
    return missing


class _Writing:
    """A bundle that is being written: the manifest comes last, when everything else is known."""

    def __init__(self, file: IO[bytes], artifacts: Callable[[str], IO[bytes]]) -> None:
        self._file = file
        self._open = artifacts
        self._members: list[dict[str, Any]] = []

    def all(self, contents: Contents) -> list[str]:
        with zipfile.ZipFile(self._file, "w", zipfile.ZIP_STORED) as self._zip:
            for decision in sorted(contents.decisions, key=lambda one: one.id):
                self._text(f"decisions/{decision.id}.json", decision.text)
            for snapshot in sorted(contents.snapshots, key=lambda one: one.digest):
                self._text(f"requirements/{snapshot.digest.removeprefix('sha256:')}.json", snapshot.text)
            for text in sorted(contents.verdicts):
                self._text(f"verdicts/{KeptVerdict.parse(text).id}.json", text)
            named: set[str] = set()
            for run in contents.runs:
                for problem in check_run(run):
                    raise IntegrityError(f"not bundled: {problem}")
                self._text(f"runs/{run.id}.jsonl", "".join(f"{line.text}\n" for line in run.lines))
                named |= {artifact.sha256 for piece in run.evidence() for artifact in piece.artifacts}
            missing = [sha256 for sha256 in sorted(named) if not self._artifact(sha256)]
            members = sorted(self._members, key=lambda member: str(member["name"]))
            self._text(MANIFEST, canonical({"schema": SCHEMA, "members": members}))
        self._file.flush()
        os.fsync(self._file.fileno())
        return missing

    def _text(self, name: str, text: str) -> None:
        data = text.encode()
        self._member(name, len(data), [data])

    def _artifact(self, sha256: str) -> bool:
        try:
            file = self._open(sha256)
        except FileNotFoundError:
            return False
        with file:
            size = file.seek(0, 2)
            file.seek(0)
            found = self._member(f"artifacts/{sha256}", size, blocks_of(file))
        if found != sha256:
            raise IntegrityError(f"the artifact {sha256} was changed: its content has another digest")
        return True

    def _member(self, name: str, size: int, blocks: Iterable[bytes]) -> str:
        info = zipfile.ZipInfo(name)  # of 1980: when it was written is nobody's business
        info.create_system = 3
        info.external_attr = (stat.S_IFREG | 0o644) << 16
        info.file_size = size
        sha256 = hashlib.sha256()
        with self._zip.open(info, "w") as member:
            for block in blocks:
                sha256.update(block)
                member.write(block)
        self._members.append({"name": name, "size": info.file_size, "sha256": sha256.hexdigest()})
        return sha256.hexdigest()


def blocks_of(file: IO[bytes]) -> Iterator[bytes]:
    """Yield the content of an open file, a block at a time."""
    return iter(lambda: file.read(BLOCK), b"")


# -- read ----------------------------------------------------------------------------------------------------------


def read_bundle(path: Path, artifact_limit: int) -> Bundle:
    """Return what a bundle holds; nothing is written anywhere.

    Args:
        path: the file.
        artifact_limit: the largest artifact that is let in, in bytes.

    Raises:
        IntegrityError: it is no bundle, or anything in it is not what it must be.
        StorageError: the file cannot be read.
    """
    with _troubles(path), zipfile.ZipFile(path) as file:
        return _Reading(path, file, artifact_limit).bundle()


@contextmanager
def _troubles(path: Path) -> Iterator[None]:
    """Turn everything that reading raises into one line that names the file."""
    try:
        yield
    except ReadinessError as error:
        raise type(error)(f"{place(path)}: {error}") from None
    except OSError as error:
        raise StorageError(f"{place(path)}: cannot be read: {error.strerror or error}") from error
    except _BROKEN as error:
        raise IntegrityError(f"{place(path)}: is no bundle: {one_line(str(error))}") from None


class _Reading:
    def __init__(self, path: Path, file: zipfile.ZipFile, artifact_limit: int) -> None:
        self._path = path
        self._zip = file
        self._limit = artifact_limit
        self._infos = _checked_members(file.infolist(), path.stat().st_size)
        self._listed = self._manifest()

    def bundle(self) -> Bundle:
        names: dict[str, list[str]] = {room: [] for room in _NAMES}
        for name in sorted(self._listed):
            names[_room(name)].append(name)
        return Bundle(
            path=self._path,
            runs=tuple(map(self._run, names["runs"])),
            decisions=tuple(map(self._decision, names["decisions"])),
            snapshots=tuple(map(self._snapshot, names["requirements"])),
            verdicts=tuple(map(self._verdict, names["verdicts"])),
            artifacts=dict(map(self._artifact, names["artifacts"])),
        )

    def _manifest(self) -> dict[str, tuple[int, str]]:
        """Return size and SHA-256 of each member; the manifest lists all members, and each once."""
        if MANIFEST not in self._infos:
            raise IntegrityError("is no bundle: there is no manifest.json in it")
        try:
            plain = json.loads(self._read(MANIFEST))
            schema, rows = plain["schema"], plain["members"]
            listed = {str(row["name"]): (int(row["size"]), str(row["sha256"])) for row in rows}
        except (LookupError, ValueError, TypeError, RecursionError):
            raise IntegrityError("the manifest is not readable") from None
        if schema != SCHEMA:
            raise IntegrityError(
                f"is a bundle of another kind ({one_line(str(schema), 60)}): this version reads {SCHEMA}"
            )
        if len(listed) != len(rows) or listed.keys() != self._infos.keys() - {MANIFEST}:
            odd = sorted((self._infos.keys() - {MANIFEST}) ^ listed.keys())
            told = f" ({one_line(odd[0], 100)})" if odd else ""
            raise IntegrityError(f"the members are not those that the manifest lists{told}")
        return listed

    def _read(self, name: str) -> bytes:
        if self._infos[name].file_size > BIGGEST_TEXT:
            raise IntegrityError(f"{name} is too large")
        return self._zip.read(self._infos[name])

    def _text(self, name: str) -> str:
        data = self._read(name)
        if (len(data), hashlib.sha256(data).hexdigest()) != self._listed[name]:
            raise IntegrityError(f"{name} is not what the manifest says")
        return data.decode()

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
        decision = parse_decision(self._text(name))
        _must_be(name, f"decisions/{decision.id}.json")
        return decision

    def _snapshot(self, name: str) -> Snapshot:
        text = self._text(name)
        found = Snapshot(text, snapshot_digest(text))
        _must_be(name, f"requirements/{found.digest.removeprefix('sha256:')}.json")
        return found

    def _verdict(self, name: str) -> str:
        text = self._text(name)
        _must_be(name, f"verdicts/{KeptVerdict.parse(text).id}.json")
        return text

    def _artifact(self, name: str) -> tuple[str, int]:
        size, sha256 = self._listed[name]
        if self._infos[name].file_size > self._limit:
            told = f"is larger than artifact_limit ({self._limit:,} bytes): raise it in readiness.toml"
            raise IntegrityError(f"{name} {told}")
        found, read = hashlib.sha256(), 0
        with self._zip.open(self._infos[name]) as member:
            for block in blocks_of(member):
                found.update(block)
                read += len(block)
        if (read, found.hexdigest()) != (size, sha256):
            raise IntegrityError(f"{name} is not what the manifest says")
        _must_be(name, f"artifacts/{sha256}")
        return sha256, size


def _must_be(name: str, expected: str) -> None:
    if name != expected:
        raise IntegrityError(f"{name} has another content than its name says: it should be {one_line(expected, 200)}")


def _room(name: str) -> str:
    """Return which kind of member a name is.

    Raises:
        IntegrityError: no member of a bundle is called like this.
    """
    room = name.partition("/")[0]
    if room in _NAMES and _NAMES[room].fullmatch(name):
        return room
    raise IntegrityError(f"no member of a bundle is called {one_line(repr(name), 200)}")


def _checked_members(infos: list[zipfile.ZipInfo], size: int) -> dict[str, zipfile.ZipInfo]:
    """Return the members by name: plain files, known names, each once, and together no larger than the file.

    Raises:
        IntegrityError: one of them is anything else.
    """
    if len(infos) > MOST_MEMBERS:
        raise IntegrityError(f"has more than {MOST_MEMBERS:,} members")
    members: dict[str, zipfile.ZipInfo] = {}
    for info in infos:
        name = info.orig_filename
        if name != MANIFEST:
            _room(name)
        if name in members:
            raise IntegrityError(f"{name} is in it twice")
        if stat.S_IFMT(info.external_attr >> 16) not in (0, stat.S_IFREG):
            raise IntegrityError(f"{name} is no plain file")
        if info.compress_type != zipfile.ZIP_STORED or info.flag_bits & 1 or info.compress_size != info.file_size:
            raise IntegrityError(f"{name} is compressed or encrypted; no member of a bundle is")
        members[name] = info
    if sum(info.file_size for info in infos) > size:
        raise IntegrityError("its members overlap: together they are larger than the file")
    return members
