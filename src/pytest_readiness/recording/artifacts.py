"""Artifact folder: files and texts of evidence, named by their SHA-256.

The process that has an artifact writes it, also an xdist worker: temporary file, sync, rename. Reports carry digests.
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
from ..late_pattern import late_pattern
from ..redaction.redactor import Redactor
from ..redaction.text_detection import UTF_8, encoding_of, recode

BLOCK = 1 << 20
LONGEST_NAME = 1024
"""Maximum length of a text that may be a file's name, in characters."""
RAW, BINARY = "raw", "binary"
"""Reasons why an artifact is not redacted: it was attached as raw, or it is no text."""
NEW, TEXT, UNREAD = 1, 2, 4
"""Flags of a stored file: new in this session, stored redacted, stored without redaction."""


class StoredArtifacts:
    """Stored files of a session with their flags, by digest: for secrets that are registered late. One per process."""

    def __init__(self) -> None:
        self.files: dict[str, int] = {}
        self.unreported: dict[str, int] = {}
        """Files that were not sent to the process that owns the session yet."""

    def add(self, sha256: str, kind: int, path: Path) -> None:
        """Add a file that is about to be stored; it is new if ``path`` does not exist."""
        if sha256 not in self.files and not _exists(path):
            kind |= NEW
        self.merge({sha256: kind})
        self.unreported[sha256] = self.files[sha256]

    def merge(self, files: Mapping[str, int]) -> None:
        """Add the files of another process; a file is new if it was new in one of them."""
        for sha256, kind in files.items():
            self.files[sha256] = self.files.get(sha256, 0) | kind

    def take_unreported(self) -> dict[str, int]:
        """Return the unreported files, and clear them."""
        files, self.unreported = self.unreported, {}
        return files


class ArtifactFolder:
    """Folder that stores artifacts."""

    def __init__(self, folder: Path | None, limit: int) -> None:
        """``limit``: maximum size of an artifact in bytes. ``folder`` None: artifacts are checked and not written."""
        self.folder = folder
        self.limit = limit
        self.stored = StoredArtifacts()

    def path(self, sha256: str) -> Path:
        """Return the path of the artifact with this digest."""
        return (self.folder or Path()) / sha256[:2] / sha256

    def store_bytes(self, data: bytes, name: str, media_type: str, redactor: Redactor | None = None) -> Artifact:
        """Store bytes; with a redactor, without secrets if they are text.

        Raises:
            EvidenceError: they are larger than the limit.
            StorageError: they cannot be written.
        """
        self._check_size(len(data), name)
        return self._store_readable(lambda: [data], name, media_type, redactor)

    def store_blocks(
        self, blocks: Iterable[bytes], name: str, media_type: str, redactor: Redactor | None = None
    ) -> Artifact:
        """Store blocks of a text as they arrive; with a redactor, without secrets.

        Raises:
            EvidenceError: they are larger than the limit.
            StorageError: they cannot be written.
        """
        blocks = self._limited(blocks, name)
        size, sha256 = self._store(blocks if redactor is None else redactor.stream(blocks), TEXT)
        return Artifact(name, media_type, size, sha256)

    def store_file(self, path: Path, name: str, media_type: str, redactor: Redactor | None) -> Artifact:
        """Store a copy of a regular file; with a redactor, without secrets if it is text.

        Raises:
            EvidenceError: it is missing, a folder, a link, no regular file, or larger than the limit.
            StorageError: it cannot be written.
        """
        descriptor = _open_regular(path)

        def read() -> Iterator[bytes]:
            _lseek(descriptor, 0, 0)
            return self._limited(_read_blocks(descriptor, path), str(path))

        try:
            self._check_size(_fstat(descriptor).st_size, str(path))
            return self._store_readable(read, name, media_type, redactor)
        finally:
            _close(descriptor)

    def _store_readable(
        self, read: Callable[[], Iterable[bytes]], name: str, media_type: str, redactor: Redactor | None
    ) -> Artifact:
        """Store content that is read twice: first to detect its encoding, None for binary content."""
        if redactor is None:
            return Artifact(name, media_type, *self._store(read(), UNREAD), RAW)
        encoding = encoding_of(read(), is_text=is_text(media_type))
        if encoding is None:
            return Artifact(name, media_type, *self._store(read(), UNREAD), BINARY)
        return Artifact(name, media_type, *self._store(redacted_stream(read(), encoding, redactor), TEXT))

    def _check_size(self, size: int, name: str) -> None:
        if size > self.limit:
            sizes = f"{size:,} bytes, more than artifact_limit ({self.limit:,} bytes)"
            raise EvidenceError(f"the artifact {one_line(name)} is too large: {sizes}; raise it in readiness.toml")

    def _limited(self, blocks: Iterable[bytes], name: str) -> Iterator[bytes]:
        """Yield the blocks while they are within the limit: a file may grow while it is read."""
        size = 0
        for block in blocks:
            size += len(block)
            self._check_size(size, name)
            yield block

    def _store(self, blocks: Iterable[bytes], kind: int) -> tuple[int, str]:
        """Store the blocks, and return their size in bytes and their digest."""
        if self.folder is None:
            return 0, ""
        temporary = self.folder / f".{_getpid()}-{token_hex(8)}"
        try:
            sha256, size = _write_new(temporary, blocks)
            final = self.path(sha256)
            _make_folder(final.parent)
            self.stored.add(sha256, kind, final)
            _replace(temporary, final)
        except OSError as error:
            raise StorageError(f"an artifact could not be stored in {self.folder}: {error.strerror}") from error
        finally:
            with suppress(OSError):
                _unlink(temporary)
        return size, sha256


def redacted_stream(blocks: Iterable[bytes], encoding: str, redactor: Redactor) -> Iterator[bytes]:
    """Yield a text without its secrets, in its own encoding."""
    if encoding == UTF_8:
        return redactor.stream(blocks)
    return recode(redactor.stream(recode(blocks, encoding, UTF_8)), UTF_8, encoding)


def _open_regular(path: Path) -> int:
    """Return a descriptor of a regular file, opened without blocking and without following a link."""
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


def _read_blocks(descriptor: int, path: Path) -> Iterator[bytes]:
    """Yield the blocks of an open file. A failed read raises EvidenceError: it is no failure of the artifact folder."""
    try:
        yield from iter(lambda: _read(descriptor, BLOCK), b"")
    except OSError as error:
        raise EvidenceError(f"the artifact {one_line(str(path))} cannot be read: {error.strerror}") from None


def _write_new(path: Path, blocks: Iterable[bytes]) -> tuple[str, int]:
    _make_folder(path.parent)
    sha256, size = _sha256(), 0
    descriptor = _open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o666)
    try:
        for block in blocks:
            sha256.update(block)
            size += len(block)
            rest = memoryview(block)
            while rest:
                rest = rest[_write(descriptor, rest) :]
        _fsync(descriptor)
    finally:
        _close(descriptor)
    return sha256.hexdigest(), size


def _make_folder(folder: Path) -> None:
    """Create a folder and its parents."""
    try:
        _mkdir(folder)
    except FileExistsError:
        pass
    except FileNotFoundError:
        _make_folder(folder.parent)
        _make_folder(folder)


def _exists(path: Path) -> bool:
    try:
        _stat(path)
    except OSError:
        return False
    return True


_TEXT_SUFFIXES = (
    ".cfg",
    ".conf",
    ".env",
    ".err",
    ".ini",
    ".jsonl",
    ".log",
    ".ndjson",
    ".out",
    ".properties",
    ".toml",
    ".yaml",
)
_FILE_SUFFIXES = frozenset((
    *(suffix[1:] for suffix in _TEXT_SUFFIXES), "csv", "gz", "har", "htm", "html", "jpeg", "jpg", "json", "junit", "md",
    "pcap", "pdf", "png", "sarif", "svg", "tar", "tgz", "trace", "tsv", "txt", "webm", "xlsx", "xml", "yml", "zip",
))  # fmt: skip
"""Suffixes of files that tests attach."""
_NO_FILE_NAME = late_pattern(r"[\s{}<>()\[\]\"'=;,|?*&%]|://")
_TEXT_SUBTYPES = frozenset({
    "json", "xml", "yaml", "x-yaml", "toml", "javascript", "x-javascript", "x-sh", "x-ndjson", "jsonl", "sql",
    "graphql", "x-www-form-urlencoded",
})  # fmt: skip
UNKNOWN_TYPE = "application/octet-stream"


def guess_media_type(name: str) -> str:
    """Return the media type for a file's name."""
    if name.lower().endswith(".har"):
        return "application/json"
    return _guess_type(name)[0] or ("text/plain" if name.lower().endswith((*_TEXT_SUFFIXES, ".yml")) else UNKNOWN_TYPE)


def looks_like_a_file(text: str) -> bool:
    """Return whether a text may be the path of a file that does not exist: no blank in it, and the suffix of a file.

    Versions, domains and URLs are no files.
    """
    name = text.replace("\\", "/").rpartition("/")[2]
    stem, dot, suffix = name.rpartition(".")
    is_name = bool(stem and dot and _NO_FILE_NAME.search(text) is None and len(text) <= LONGEST_NAME)
    return is_name and suffix.lower() in _FILE_SUFFIXES


def names_a_file(text: str) -> bool:
    """Return whether a text is the path of an existing file, which the caller may have meant."""
    if len(text) > LONGEST_NAME or not text.isprintable():
        return False
    try:
        return S_ISREG(_stat(text).st_mode)
    except (OSError, ValueError):
        return False


def is_text(media_type: str) -> bool:
    """Return whether a media type is a text, which can be redacted."""
    kind, _, subtype = media_type.partition(";")[0].strip().lower().partition("/")
    return kind == "text" or subtype in _TEXT_SUBTYPES or subtype.endswith(("+json", "+xml", "+yaml"))
