"""Artifacts: files and texts kept with evidence, in a folder, named by their SHA-256.

Written by the process that has them (an xdist worker too): temporary file, sync, rename. They travel as digests.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from hashlib import sha256 as _sha256
from mimetypes import guess_type as _guess_type
from os import (
    close as _close,
    fstat as _fstat,
    fsync as _fsync,
    getpid as _getpid,
    lseek as _lseek,
    mkdir as _mkdir,
    open as _open,
    read as _read,
    replace as _replace,
    stat as _stat,
    unlink as _unlink,
    write as _write,
)
from pathlib import Path
from secrets import token_hex
from stat import S_ISDIR, S_ISLNK, S_ISREG

from ..errors import EvidenceError, StorageError, one_line
from ..facts.evidence import Artifact
from .redaction import Redactor
from .textual import UTF_8, encoding_of, recoded

BLOCK = 1 << 20
LONGEST_NAME = 1024
"""Characters of a text that may be the name of a file."""
RAW, BINARY = "raw", "binary"
"""Why an artifact was not looked at: it was to be kept as it is, or it is no text."""
NEW, TEXT, UNREAD = 1, 2, 4
"""Of a file: it is new with this session, it was redacted when it was kept, it was kept without being looked at."""


class Kept:
    """What of a session's files is to be known when a secret becomes known late, by digest; in each process its own."""

    def __init__(self) -> None:
        self.files: dict[str, int] = {}
        self.untold: dict[str, int] = {}
        """Those that the process that owns the session has not heard of."""

    def note(self, sha256: str, kind: int, final: Path) -> None:
        """Take in a file that is about to be kept; it is new if it is not there yet."""
        if sha256 not in self.files and not _is_there(final):
            kind |= NEW
        self.take_in({sha256: kind})
        self.untold[sha256] = self.files[sha256]

    def take_in(self, told: Mapping[str, int]) -> None:
        """Take in what another process kept: it is new where one of them was the first to write it."""
        for sha256, kind in told.items():
            self.files[sha256] = self.files.get(sha256, 0) | kind

    def take_untold(self) -> dict[str, int]:
        """Return what is untold, once."""
        told, self.untold = self.untold, {}
        return told


class ArtifactFolder:
    """Keeps artifacts in a folder."""

    def __init__(self, folder: Path | None, limit: int) -> None:
        """``limit``: the largest artifact in bytes. Without a folder everything is checked and nothing is written."""
        self.folder = folder
        self.limit = limit
        self.kept = Kept()

    def path(self, sha256: str) -> Path:
        """Return where the artifact with this digest lies."""
        return (self.folder or Path()) / sha256[:2] / sha256

    def keep_bytes(self, data: bytes, name: str, media_type: str, redactor: Redactor | None = None) -> Artifact:
        """Keep bytes; with a redactor, as the text without its secrets, if they are one.

        Raises:
            EvidenceError: they are larger than the limit.
            StorageError: they could not be written.
        """
        self._check_size(len(data), name)
        return self._keep_read(lambda: [data], name, media_type, redactor)

    def keep_blocks(
        self, blocks: Iterable[bytes], name: str, media_type: str, redactor: Redactor | None = None
    ) -> Artifact:
        """Keep what comes in blocks, as it comes; with a redactor, as the text without its secrets.

        Raises:
            EvidenceError: it became larger than the limit.
            StorageError: it could not be written.
        """
        blocks = self._counted(blocks, name)
        kept = self._keep(blocks if redactor is None else redactor.stream(blocks), TEXT)
        return Artifact(name, media_type, *kept)

    def keep_file(self, path: Path, name: str, media_type: str, redactor: Redactor | None) -> Artifact:
        """Keep a copy of a regular file; with a redactor, as the text without its secrets, if it is one.

        Raises:
            EvidenceError: it is missing, a folder, a link, no regular file, or larger than the limit.
            StorageError: it could not be written.
        """
        descriptor = _open_regular(path)

        def read() -> Iterator[bytes]:
            _lseek(descriptor, 0, 0)
            return self._counted(_blocks_of(descriptor, path), str(path))

        try:
            self._check_size(_fstat(descriptor).st_size, str(path))
            return self._keep_read(read, name, media_type, redactor)
        finally:
            _close(descriptor)

    def _keep_read(
        self, read: Callable[[], Iterable[bytes]], name: str, media_type: str, redactor: Redactor | None
    ) -> Artifact:
        """Keep what can be read twice: whether it is a text is known at its end."""
        if redactor is None:
            return Artifact(name, media_type, *self._keep(read(), UNREAD), RAW)
        encoding = encoding_of(read(), is_text=is_text(media_type))
        if encoding is None:
            return Artifact(name, media_type, *self._keep(read(), UNREAD), BINARY)
        return Artifact(name, media_type, *self._keep(without_secrets(read(), encoding, redactor), TEXT))

    def _check_size(self, size: int, name: str) -> None:
        if size > self.limit:
            told = f"{size:,} bytes, more than artifact_limit ({self.limit:,} bytes)"
            raise EvidenceError(f"the artifact {one_line(name)} is too large: {told}; raise it in readiness.toml")

    def _counted(self, blocks: Iterable[bytes], name: str) -> Iterator[bytes]:
        """A file may grow while it is read."""
        size = 0
        for block in blocks:
            size += len(block)
            self._check_size(size, name)
            yield block

    def _keep(self, blocks: Iterable[bytes], kind: int) -> tuple[int, str]:
        """Return size and digest."""
        if self.folder is None:
            return 0, ""
        temporary = self.folder / f".{_getpid()}-{token_hex(8)}"
        try:
            sha256, size = _write_new(temporary, blocks)
            final = self.path(sha256)
            _make(final.parent)
            self.kept.note(sha256, kind, final)
            _replace(temporary, final)
        except OSError as error:
            raise StorageError(f"an artifact could not be kept in {self.folder}: {error.strerror}") from error
        finally:
            with suppress(OSError):
                _unlink(temporary)
        return size, sha256


def without_secrets(blocks: Iterable[bytes], encoding: str, redactor: Redactor) -> Iterator[bytes]:
    """Yield a text without its secrets, in the encoding that it has."""
    if encoding == UTF_8:
        return redactor.stream(blocks)
    return recoded(redactor.stream(recoded(blocks, encoding, UTF_8)), UTF_8, encoding)


def _open_regular(path: Path) -> int:
    """Opened without waiting (a pipe) and without following a link; what is open is what was checked."""
    shown = one_line(str(path))
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
    try:
        if S_ISLNK(_stat(path, follow_symlinks=False).st_mode):
            raise EvidenceError(f"the artifact {shown} is a link: attach the file it points to")
        descriptor = _open(path, flags)
    except FileNotFoundError:
        raise EvidenceError(f"there is no file {shown} to attach") from None
    except (OSError, ValueError) as error:
        raise EvidenceError(f"the artifact {shown} cannot be read: {error}") from None
    mode = _fstat(descriptor).st_mode
    if not S_ISREG(mode):
        _close(descriptor)
        kind = "a folder" if S_ISDIR(mode) else "no regular file"
        raise EvidenceError(f"the artifact {shown} is {kind}: attach a file")
    return descriptor


def _blocks_of(descriptor: int, path: Path) -> Iterator[bytes]:
    """Yield what is read; a disk or a file server may fail on the way, which is not where it is kept."""
    try:
        yield from iter(lambda: _read(descriptor, BLOCK), b"")
    except OSError as error:
        raise EvidenceError(f"the artifact {one_line(str(path))} cannot be read: {error.strerror}") from None


def _write_new(path: Path, blocks: Iterable[bytes]) -> tuple[str, int]:
    _make(path.parent)
    sha256, size = _sha256(), 0
    descriptor = _open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o666)
    try:
        for block in blocks:
            sha256.update(block)
            size += len(block)
            left = memoryview(block)
            while left:
                left = left[_write(descriptor, left) :]
        _fsync(descriptor)
    finally:
        _close(descriptor)
    return sha256.hexdigest(), size


def _make(folder: Path) -> None:
    """Make a folder, and those that it lies in."""
    try:
        _mkdir(folder)
    except FileExistsError:
        pass
    except FileNotFoundError:
        _make(folder.parent)
        _make(folder)


def _is_there(path: Path) -> bool:
    try:
        _stat(path)
    except OSError:
        return False
    return True


_TEXTS = (".cfg", ".conf", ".env", ".err", ".ini", ".jsonl", ".log", ".ndjson", ".out", ".properties", ".toml", ".yaml")
_TEXTS_BY_NAME = frozenset(
    {
        "json",
        "xml",
        "yaml",
        "x-yaml",
        "toml",
        "javascript",
        "x-javascript",
        "x-sh",
        "x-ndjson",
        "jsonl",
        "sql",
        "graphql",
    }
) | {"x-www-form-urlencoded"}
UNKNOWN_TYPE = "application/octet-stream"


def guess_media_type(name: str) -> str:
    """Return the media type that a file's name suggests."""
    if name.lower().endswith(".har"):
        return "application/json"
    return _guess_type(name)[0] or ("text/plain" if name.lower().endswith((*_TEXTS, ".yml")) else UNKNOWN_TYPE)


def names_a_file(text: str) -> bool:
    """Return whether a text is the name of a file that is there: whoever attaches it may have meant the file."""
    if len(text) > LONGEST_NAME or not text.isprintable():
        return False
    try:
        return S_ISREG(_stat(text).st_mode)
    except (OSError, ValueError):
        return False


def is_text(media_type: str) -> bool:
    """Return whether a media type is text that can be redacted."""
    kind, _, sub = media_type.partition(";")[0].strip().lower().partition("/")
    return kind == "text" or sub in _TEXTS_BY_NAME or sub.endswith(("+json", "+xml", "+yaml"))
