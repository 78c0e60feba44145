"""Files of JUnit XML: search for them, and their content as text that an XML parser accepts."""

from __future__ import annotations

import os
import re
from codecs import getincrementaldecoder
from collections.abc import Callable, Iterable, Iterator
from glob import has_magic
from hashlib import sha256
from itertools import chain
from pathlib import Path

from msgspec import Struct

from ...errors import ConfigError, count, location
from ...regular_files import regular_file

_BLOCK = 1 << 19
_ARCHIVES = {
    b"PK": "a zip",
    b"\x1f\x8b": "a gzip",
    b"BZ": "a bzip2",
    b"\xfd7z": "an xz",
    b"(\xb5/\xfd": "a zstd",
    b"7z\xbc\xaf": "a 7z",
    b"Rar!": "a rar",
}
"""First bytes of archives, and the name of each format."""
_TAR, _TAR_OFFSET = b"ustar", 257
"""Mark in the header of a tar archive, and its offset in bytes."""
_UTF_16_STARTS = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16", b"<\0": "utf-16-le", b"\0<": "utf-16-be"}
"""First bytes of text in UTF-16, with or without a byte order mark."""
_DECLARED = re.compile(rb"\A(?:\xef\xbb\xbf)?\s*<\?xml[^>]*?encoding\s*=\s*[\"']([\w.-]+)[\"']")
_DECLARATION = re.compile(r"\A\s*<\?xml[^>]*\?>")
_HTML = re.compile(
    rb"\A(?:\xef\xbb\xbf)?\s*+(?:<!--(?:(?!-->).)*+-->\s*+)*+<(?:!doctype\s+html|html)\b", re.IGNORECASE | re.DOTALL
)
_CONTROLS = bytes({*range(0x20)} - {*b"\t\n\r"})
_CONTROL = re.compile(b"[%s]" % re.escape(_CONTROLS))
_REFERENCE = re.compile(rb"&#(?:x([0-9a-fA-F]{1,8})|([0-9]{1,10}));")
_LONGEST_REFERENCE = 14
_FIRST_BYTE, _FOLLOWING_BYTE = 0xC0, 0x80
"""Lowest first byte, and lowest following byte, of a multi-byte character in UTF-8."""
_NO_CHARACTERS = re.compile(rb"\xef\xbf[\xbe\xbf]")
"""U+FFFE and U+FFFF in UTF-8."""
_REPLACEMENT = "\ufffd"
_ALLOWED = (range(9, 11), range(13, 14), range(0x20, 0xD800), range(0xE000, 0xFFFE), range(0x10000, 0x110000))
"""Characters that XML 1.0 allows (https://www.w3.org/TR/xml/#charsets)."""


class JUnitFile(Struct, frozen=True):
    """A file that was read."""

    path: Path
    sha256: str
    """Digest of its bytes."""
    modified: float
    """Time of its last change, in seconds since the epoch."""


def find_files(paths: Iterable[Path]) -> list[Path]:
    """Return the files that paths name, without duplicates: a folder names its ``*.xml`` files, a pattern its matches.

    The suffix may have any letter case, such as ``.XML``.

    Raises:
        ConfigError: a folder has no such file, or a pattern has no match.
    """
    files: dict[str, Path] = {}
    for path in paths:
        matches = [path]
        if path.is_dir():
            matches = sorted(match for match in path.rglob("*") if match.name.lower().endswith(".xml"))
            if not matches:
                raise ConfigError(f"{location(path)}: the folder has no .xml file")
        elif has_magic(str(path)) and not path.exists():
            matches = sorted(_matches(path))
            if not matches:
                raise ConfigError(f"{location(path)}: no file matches")
        files |= {os.path.realpath(match): match for match in matches}
    return list(files.values())


def _matches(pattern: Path) -> Iterator[Path]:
    """Yield the matches of a pattern as in a shell. ``**`` follows no links, which may lead in circles."""
    parts = [part if part == "**" else re.sub(r"\*+", "*", part) for part in pattern.relative_to(pattern.anchor).parts]
    for path in Path(pattern.anchor).glob("/".join(parts)):
        if not any(part.startswith(".") and part not in pattern.parts for part in path.parts):
            yield path


class TextBlocks:
    """Content of a file, in blocks, with only characters that XML allows."""

    def __init__(self, path: Path, size_limit: int) -> None:
        """``size_limit``: size of the largest file that is read, in bytes."""
        self.path = path
        self.modified = 0.0
        """Time of the last change, in seconds since the epoch; set when the first block is read."""
        self.file: JUnitFile | None = None
        """The file that was read; set at the end."""
        self._size_limit = size_limit
        self._recoded: str | None = None
        self._cleaner = _Cleaner()

    @property
    def notes(self) -> list[str]:
        """Changes to the content, a sentence each; complete at the end."""
        notes = ["is in UTF-16: stored as UTF-8"] if self._recoded else []
        if replaced := self._cleaner.replaced:
            notes.append(f"{count(replaced, 'character')} that XML does not allow: replaced with U+FFFD")
        return notes

    def __iter__(self) -> Iterator[bytes]:
        """Yield the blocks.

        Raises:
            ConfigError: the file cannot be read, is too large, is empty, or has another format, such as HTML or an
                archive.
        """
        digest = sha256()
        for block in self._as_utf_8(self._read(digest.update)):
            if cleaned := self._cleaner.clean(block):
                yield cleaned
        if cleaned := self._cleaner.clean(b"", is_last=True):
            yield cleaned
        self.file = JUnitFile(self.path, digest.hexdigest(), self.modified)

    def _read(self, update_digest: Callable[[bytes], object]) -> Iterator[bytes]:
        """Yield the bytes of the file. Its first block must not be of another format."""
        size, is_blank = 0, True
        try:
            with regular_file(self.path) as file:
                status = os.fstat(file.fileno())
                self.modified = status.st_mtime
                self._check(status.st_size)
                while block := file.read(_BLOCK):
                    if not size:
                        _check_kind(self.path, block)
                    size += len(block)
                    self._check(size)  # the file may grow while it is read
                    is_blank = is_blank and not block.strip()
                    update_digest(block)
                    yield block
        except OSError as error:
            raise ConfigError(f"{location(self.path)}: cannot be read: {error.strerror}") from None
        if is_blank:
            raise ConfigError(f"{location(self.path)}: is empty: the test run did not finish writing it")

    def _check(self, size: int) -> None:
        if size > self._size_limit:
            advice = "leave out the output of passed tests, or raise the limit"
            raise ConfigError(
                f"{location(self.path)}: is larger than junit_limit ({self._size_limit:,} bytes): {advice}"
            )

    def _as_utf_8(self, blocks: Iterator[bytes]) -> Iterator[bytes]:
        """Yield text in UTF-16 as UTF-8, in which secrets can be found."""
        first = next(blocks, b"")
        self._recoded = next((name for start, name in _UTF_16_STARTS.items() if first.startswith(start)), None)
        if self._recoded is None:
            self._cleaner.is_utf_8 = _is_utf_8(first)
            yield from chain([first], blocks)
            return
        decoder = getincrementaldecoder(self._recoded)("replace")
        yield _DECLARATION.sub("", decoder.decode(first).removeprefix("\ufeff")).encode()
        for block in blocks:
            yield decoder.decode(block).encode()
        yield decoder.decode(b"", final=True).encode()


def same_blocks(file: JUnitFile, size_limit: int) -> Iterator[bytes]:
    """Yield the content of a file again.

    Raises:
        ConfigError: the file cannot be read any more, or has changed.
    """
    blocks = TextBlocks(file.path, size_limit)
    yield from blocks
    if blocks.file is None or blocks.file.sha256 != file.sha256:
        raise ConfigError(f"{location(file.path)}: was changed while it was read: import it when it is complete")


def _check_kind(path: Path, start: bytes) -> None:
    """Raise an error that names the format if the first bytes are those of an archive or of HTML."""
    kind = next((kind for mark, kind in _ARCHIVES.items() if start.startswith(mark)), "")
    if not kind and start.startswith(_TAR, _TAR_OFFSET):
        kind = "a tar"
    if kind:
        raise ConfigError(f"{location(path)}: is {kind} archive: unpack it first")
    if _HTML.match(start):
        raise ConfigError(
            f"{location(path)}: is an HTML page, not JUnit XML: perhaps an error page of the server that it came from"
        )


def _is_utf_8(start: bytes) -> bool:
    declared = _DECLARED.match(start)
    return declared is None or declared[1].lower() in (b"utf-8", b"utf8", b"us-ascii", b"ascii")


class _Cleaner:
    """Replaces characters that XML does not allow with U+FFFD, and counts them."""

    def __init__(self) -> None:
        self.is_utf_8 = True
        self.replaced = 0
        self._pending = b""
        """End of a block that may be the beginning of a reference or of a character."""

    def clean(self, block: bytes, *, is_last: bool = False) -> bytes:
        """Return the next block with its invalid characters replaced. Its end may be returned with the next block."""
        data = self._pending + block
        cut = len(data) if is_last else _cut_position(data)
        data, self._pending = data[:cut], data[cut:]
        if len(data.translate(None, _CONTROLS)) != len(data):
            data, number = _CONTROL.subn(_REPLACEMENT.encode() if self.is_utf_8 else b"?", data)
            self.replaced += number
        if b"&#" in data:
            data = _REFERENCE.sub(self._allowed_reference, data)
        if self.is_utf_8 and not data.isascii():
            data = self._allowed_characters(data)
        return data

    def _allowed_reference(self, reference: re.Match[bytes]) -> bytes:
        if _is_allowed(reference):
            return reference[0]
        self.replaced += 1
        return b"&#xFFFD;"

    def _allowed_characters(self, data: bytes) -> bytes:
        try:
            data.decode()
        except UnicodeDecodeError:
            text = data.decode(errors="replace")
            self.replaced += text.count(_REPLACEMENT) - data.count(_REPLACEMENT.encode())
            data = text.encode()
        if _NO_CHARACTERS.search(data):
            data, number = _NO_CHARACTERS.subn(_REPLACEMENT.encode(), data)
            self.replaced += number
        return data


def _cut_position(data: bytes) -> int:
    """Return a position at which a block can be cut: outside references and characters of UTF-8."""
    at = data.rfind(b"&", -_LONGEST_REFERENCE)
    if at >= 0 and b";" not in data[at:]:
        return at
    for back in range(1, min(4, len(data) + 1)):
        if data[-back] >= _FIRST_BYTE:
            return len(data) - back
        if data[-back] < _FOLLOWING_BYTE:
            break
    return len(data)


def _is_allowed(reference: re.Match[bytes]) -> bool:
    number = int(reference[1], 16) if reference[1] else int(reference[2])
    return any(number in allowed for allowed in _ALLOWED)
