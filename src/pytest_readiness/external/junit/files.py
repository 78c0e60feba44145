"""Files of JUnit XML: which are meant, and what they hold as text that a parser of XML can read."""

from __future__ import annotations

import os
import re
from codecs import getincrementaldecoder
from collections.abc import Callable, Iterable, Iterator
from glob import has_magic
from hashlib import sha256
from itertools import chain
from pathlib import Path

from ...errors import ConfigError, count, location
from ...fast_values import dataclass
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
"""How archives begin, and what each is."""
_TAR, _WHERE_OF_TAR = b"ustar", 257
"""What stands in the header of the first file of a tar archive, and where."""
_WIDE = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16", b"<\0": "utf-16-le", b"\0<": "utf-16-be"}
"""How text in UTF-16 begins, with or without a byte order mark."""
_DECLARED = re.compile(rb"\A(?:\xef\xbb\xbf)?\s*<\?xml[^>]*?encoding\s*=\s*[\"']([\w.-]+)[\"']")
_DECLARATION = re.compile(r"\A\s*<\?xml[^>]*\?>")
_PAGE = re.compile(
    rb"\A(?:\xef\xbb\xbf)?\s*+(?:<!--(?:(?!-->).)*+-->\s*+)*+<(?:!doctype\s+html|html)\b", re.IGNORECASE | re.DOTALL
)
_CONTROLS = bytes({*range(0x20)} - {*b"\t\n\r"})
_CONTROL = re.compile(b"[%s]" % re.escape(_CONTROLS))
_REFERENCE = re.compile(rb"&#(?:x([0-9a-fA-F]{1,8})|([0-9]{1,10}));")
_LONGEST_REFERENCE = 14
_FIRST_OF_SEVERAL, _FURTHER = 0xC0, 0x80
"""Bytes of UTF-8 from which on one begins a character of several, and from which on one goes on with it."""
_NO_CHARACTERS = re.compile(rb"\xef\xbf[\xbe\xbf]")
"""U+FFFE and U+FFFF in UTF-8."""
_INSTEAD = "\ufffd"
_ALLOWED = (range(9, 11), range(13, 14), range(0x20, 0xD800), range(0xE000, 0xFFFE), range(0x10000, 0x110000))
"""Characters of XML 1.0 (https://www.w3.org/TR/xml/#charsets)."""


@dataclass(frozen=True, slots=True)
class JUnitFile:
    """A file as it was read."""

    path: Path
    sha256: str
    """Of its bytes."""
    modified: float
    """When it was written, in seconds since the epoch."""


def find_files(given: Iterable[Path]) -> list[Path]:
    """Return the files that are meant, each once: a folder means each ``*.xml`` in it, a pattern what it matches.

    How the ending is spelled does not matter: ``.XML`` is one.

    Raises:
        ConfigError: a folder holds no such file, or a pattern matches none.
    """
    found: dict[str, Path] = {}
    for path in given:
        inside = [path]
        if path.is_dir():
            inside = sorted(one for one in path.rglob("*") if one.name.lower().endswith(".xml"))
            if not inside:
                raise ConfigError(f"{location(path)}: is a folder that holds no .xml file")
        elif has_magic(str(path)) and not path.exists():
            inside = sorted(_matching(path))
            if not inside:
                raise ConfigError(f"{location(path)}: matches no file")
        found |= {os.path.realpath(one): one for one in inside}
    return list(found.values())


def _matching(pattern: Path) -> Iterator[Path]:
    """Yield what a pattern matches, as a shell does; ``**`` follows no link, as these may lead round in circles."""
    parts = [part if part == "**" else re.sub(r"\*+", "*", part) for part in pattern.relative_to(pattern.anchor).parts]
    for path in Path(pattern.anchor).glob("/".join(parts)):
        if not any(part.startswith(".") and part not in pattern.parts for part in path.parts):
            yield path


class TextBlocks:
    """What a file holds, block by block: well-formed as far as its characters are concerned."""

    def __init__(self, path: Path, most: int) -> None:
        """``most``: the largest file that is read, in bytes."""
        self.path = path
        self.modified = 0.0
        """When it was written, in seconds since the epoch; known from the first block on."""
        self.file: JUnitFile | None = None
        """What was read; known at the end."""
        self._most = most
        self._recoded: str | None = None
        self._wrong = _Wrong()

    @property
    def notes(self) -> list[str]:
        """What was changed, a sentence each; known at the end."""
        notes = ["is in UTF-16: it is kept as UTF-8"] if self._recoded else []
        if many := self._wrong.replaced:
            notes.append(f"{count(many, 'character')} that XML does not allow: U+FFFD stands there instead")
        return notes

    def __iter__(self) -> Iterator[bytes]:
        """Read it.

        Raises:
            ConfigError: it cannot be read, is too large, is empty, or is something else: a page, an archive.
        """
        digest = sha256()
        for block in self._decoded(self._read(digest.update)):
            if clean := self._wrong.without(block):
                yield clean
        if clean := self._wrong.without(b"", last=True):
            yield clean
        self.file = JUnitFile(self.path, digest.hexdigest(), self.modified)

    def _read(self, told: Callable[[bytes], object]) -> Iterator[bytes]:
        """Yield the file as it is; what it is not is told at its first block."""
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
                    self._check(size)  # it may grow while it is read
                    is_blank = is_blank and not block.strip()
                    told(block)
                    yield block
        except OSError as error:
            raise ConfigError(f"{location(self.path)}: cannot be read: {error.strerror}") from None
        if is_blank:
            raise ConfigError(f"{location(self.path)}: is empty: what was to write it did not get to its end")

    def _check(self, size: int) -> None:
        if size > self._most:
            told = f"is larger than junit_limit ({self._most:,} bytes)"
            raise ConfigError(f"{location(self.path)}: {told}: leave out the output of passed tests, or raise it")

    def _decoded(self, blocks: Iterator[bytes]) -> Iterator[bytes]:
        """Yield text in UTF-16 as UTF-8, in which secrets can be found."""
        first = next(blocks, b"")
        self._recoded = next((name for begins, name in _WIDE.items() if first.startswith(begins)), None)
        if self._recoded is None:
            self._wrong.is_utf_8 = _is_utf_8(first)
            yield from chain([first], blocks)
            return
        decoder = getincrementaldecoder(self._recoded)("replace")
        yield _DECLARATION.sub("", decoder.decode(first).removeprefix("\ufeff")).encode()
        for block in blocks:
            yield decoder.decode(block).encode()
        yield decoder.decode(b"", final=True).encode()


def same_blocks(file: JUnitFile, most: int) -> Iterator[bytes]:
    """Yield what was read, once more.

    Raises:
        ConfigError: it cannot be read any more, or is not what it was.
    """
    blocks = TextBlocks(file.path, most)
    yield from blocks
    if blocks.file is None or blocks.file.sha256 != file.sha256:
        raise ConfigError(f"{location(file.path)}: was changed while it was read: import it when it is complete")


def _check_kind(path: Path, begins: bytes) -> None:
    """Tell for what it is what is no JUnit XML, by how it begins."""
    kind = next((kind for mark, kind in _ARCHIVES.items() if begins.startswith(mark)), "")
    if not kind and begins.startswith(_TAR, _WHERE_OF_TAR):
        kind = "a tar"
    if kind:
        raise ConfigError(f"{location(path)}: is {kind} archive: unpack it first")
    if _PAGE.match(begins):
        raise ConfigError(
            f"{location(path)}: is an HTML page, and no JUnit XML: perhaps an error of where it came from"
        )


def _is_utf_8(begins: bytes) -> bool:
    declared = _DECLARED.match(begins)
    return declared is None or declared[1].lower() in (b"utf-8", b"utf8", b"us-ascii", b"ascii")


class _Wrong:
    """Puts U+FFFD in place of what XML does not allow, and counts it."""

    def __init__(self) -> None:
        self.is_utf_8 = True
        self.replaced = 0
        self._held = b""
        """The end of a block that may be the beginning of a reference, or of a character."""

    def without(self, block: bytes, *, last: bool = False) -> bytes:
        """Return the next block without it, as far as it can be told."""
        data = self._held + block
        cut = len(data) if last else _whole(data)
        data, self._held = data[:cut], data[cut:]
        if len(data.translate(None, _CONTROLS)) != len(data):
            data, many = _CONTROL.subn(_INSTEAD.encode() if self.is_utf_8 else b"?", data)
            self.replaced += many
        if b"&#" in data:
            data = _REFERENCE.sub(self._allowed, data)
        if self.is_utf_8 and not data.isascii():
            data = self._characters(data)
        return data

    def _allowed(self, found: re.Match[bytes]) -> bytes:
        if _is_allowed(found):
            return found[0]
        self.replaced += 1
        return b"&#xFFFD;"

    def _characters(self, data: bytes) -> bytes:
        try:
            data.decode()
        except UnicodeDecodeError:
            text = data.decode(errors="replace")
            self.replaced += text.count(_INSTEAD) - data.count(_INSTEAD.encode())
            data = text.encode()
        if _NO_CHARACTERS.search(data):
            data, many = _NO_CHARACTERS.subn(_INSTEAD.encode(), data)
            self.replaced += many
        return data


def _whole(data: bytes) -> int:
    """Return where a block can be cut: within no reference, and within no character of UTF-8."""
    at = data.rfind(b"&", -_LONGEST_REFERENCE)
    if at >= 0 and b";" not in data[at:]:
        return at
    for back in range(1, min(4, len(data) + 1)):
        if data[-back] >= _FIRST_OF_SEVERAL:
            return len(data) - back
        if data[-back] < _FURTHER:
            break
    return len(data)


def _is_allowed(reference: re.Match[bytes]) -> bool:
    number = int(reference[1], 16) if reference[1] else int(reference[2])
    return any(number in allowed for allowed in _ALLOWED)
