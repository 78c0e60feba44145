"""The archive of a bundle: a ZIP file in one exact form, so that no two readers can disagree about what is in it.

Its members stand one after the other from the first byte, as they are; the directory follows, and nothing after it.
Names, sizes and checksums say every byte that is no content, and each of these bytes is compared: there is no room
for a gap, an overlap, a comment, an extra field, a second directory, or a header that says something else than the
directory. Any tool that reads ZIP files reads it.
"""

from __future__ import annotations

import hashlib
import os
import stat
import struct
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from ...errors import IntegrityError, one_line
from ...fast_values import dataclass
from ...regular_files import regular_file

BLOCK = 1 << 20
MOST_MEMBERS = 1_000_000
LONGEST_NAME = 100
BIGGEST = 0xFFFFFFFF
"""No member is as large; an offset that large is told in an extra field, and the directory's at its end."""
MANY = 0xFFFF
"""So many members are counted in a record of their own."""

_LOCAL = struct.Struct("<4s5H3I2H")
_CENTRAL = struct.Struct("<4s6H3I5H2I")
_END = struct.Struct("<4s4H2IH")
_WIDE_OFFSET = struct.Struct("<2HQ")
_WIDE_END = struct.Struct("<4sQ2H2I4Q4sIQI")
_PLAIN, _WIDE = 20, 45
"""Versions of the format: the second where the file is larger, or has more members, than the first can say."""
_UNIX = 3 << 8
_FIRST_DAY = 0x21
"""1980-01-01: when a member was written is nobody's business."""
_MODE = (stat.S_IFREG | 0o644) << 16
_TOLD = {
    3: "is encrypted, or its sizes are told after it",
    4: "is compressed",
    11: "has an extra field",
}
"""What a field of the directory means that is not as it must be, by its position."""


@dataclass(frozen=True, slots=True)
class ArchiveMember:
    """Where a member stands in the archive."""

    name: str
    offset: int
    """Of its header."""
    size: int
    crc: int

    @property
    def start(self) -> int:
        """Where its content begins."""
        return self.offset + _LOCAL.size + len(self.name)

    @property
    def header(self) -> bytes:
        """The bytes that stand before its content."""
        head = (b"PK\3\4", _PLAIN, 0, 0, 0, _FIRST_DAY, self.crc, self.size, self.size, len(self.name), 0)
        return _LOCAL.pack(*head) + self.name.encode()

    @property
    def entry(self) -> bytes:
        """The bytes that stand for it in the directory."""
        wide = self.offset >= BIGGEST
        version, extra = (_WIDE, _WIDE_OFFSET.pack(1, 8, self.offset)) if wide else (_PLAIN, b"")
        head = (b"PK\1\2", _UNIX | version, version, 0, 0, 0, _FIRST_DAY, self.crc, self.size, self.size)
        tail = (len(self.name), len(extra), 0, 0, 0, _MODE, BIGGEST if wide else self.offset)
        return _CENTRAL.pack(*head, *tail) + self.name.encode() + extra


def end_of(count: int, size: int, offset: int) -> bytes:
    """Return the bytes that close an archive whose directory has this many members, this size and this offset."""
    shown = (b"PK\5\6", 0, 0, min(count, MANY), min(count, MANY), min(size, BIGGEST), min(offset, BIGGEST), 0)
    wide = b""
    if count >= MANY or size >= BIGGEST or offset >= BIGGEST:
        record = (b"PK\6\6", _WIDE_END.size - 32, _UNIX | _WIDE, _WIDE, 0, 0, count, count, size, offset)
        wide = _WIDE_END.pack(*record, b"PK\6\7", 0, offset + size, 1)
    return wide + _END.pack(*shown)


class ArchiveWriter:
    """An archive that is being written."""

    def __init__(self, file: IO[bytes]) -> None:
        """``file``: empty, to be written and sought in."""
        self._file = file
        self._members: list[ArchiveMember] = []

    def add(self, name: str, blocks: Iterable[bytes]) -> tuple[int, str]:
        """Write a member, and return its size and SHA-256.

        Raises:
            IntegrityError: it is larger than a member can be.
        """
        offset, size, crc, sha256 = self._file.tell(), 0, 0, hashlib.sha256()
        self._file.write(ArchiveMember(name, offset, 0, 0).header)
        for block in blocks:
            size, crc = size + len(block), zlib.crc32(block, crc)
            if size >= BIGGEST:
                raise IntegrityError(f"{name} is too large for a bundle ({BIGGEST:,} bytes or more)")
            sha256.update(block)
            self._file.write(block)
        member = ArchiveMember(name, offset, size, crc)
        self._members.append(member)
        self._file.seek(offset)
        self._file.write(member.header)
        self._file.seek(member.start + size)
        return size, sha256.hexdigest()

    def close(self) -> None:
        """Write the directory; the archive is complete."""
        offset = self._file.tell()
        for member in self._members:
            self._file.write(member.entry)
        self._file.write(end_of(len(self._members), self._file.tell() - offset, offset))


class ArchiveReader:
    """An archive that is being read, through one open file: what is checked is what is used."""

    def __init__(self, file: IO[bytes], size: int) -> None:
        """Find the members.

        Raises:
            IntegrityError: the file is not in the form of an archive.
        """
        self._file = file
        self._size = size
        self.members: dict[str, ArchiveMember] = {}
        """In their order."""
        self._find()

    def _find(self) -> None:
        offset = 0
        while (head := self._read(offset, _LOCAL.size))[:4] == b"PK\3\4" and len(head) == _LOCAL.size:
            member = self._member(offset, head)
            if member.name in self.members:
                raise IntegrityError(f"{member.name} is in it twice")
            if len(self.members) >= MOST_MEMBERS:
                raise IntegrityError(f"has more than {MOST_MEMBERS:,} members")
            self.members[member.name] = member
            offset = member.start + member.size
            if offset > self._size:
                raise IntegrityError(f"{member.name} is cut off, or its size is not what it says")
        if not offset:
            raise IntegrityError("is no bundle: it does not begin with a member")
        self._compare_directory(offset)

    def _member(self, offset: int, head: bytes) -> ArchiveMember:
        fields = _LOCAL.unpack(head)
        crc, size, length = fields[6], fields[8], fields[9]
        data = self._read(offset + _LOCAL.size, min(length, LONGEST_NAME))
        name = data.decode("ascii", "backslashreplace")
        shown = one_line(repr(name), 200)
        if length > LONGEST_NAME or not name.isprintable() or len(name) != length:
            raise IntegrityError(f"no member of a bundle is called {shown}")
        member = ArchiveMember(name, offset, size, crc)
        if size >= BIGGEST:
            raise IntegrityError(f"{shown} is too large for a bundle")
        if head + data != member.header:
            told = _TOLD[3] if fields[2] else _TOLD[4] if fields[3] else "has a header that no member of a bundle has"
            raise IntegrityError(f"{shown} {told}")
        return member

    def _compare_directory(self, offset: int) -> None:
        at = offset
        for member in self.members.values():
            expected = member.entry
            found = self._read(at, len(expected))
            if found != expected:
                raise IntegrityError(_misfit(member, expected, found))
            at += len(expected)
        expected = end_of(len(self.members), at - offset, offset)
        if self._read(at, len(expected)) != expected:
            raise IntegrityError("its directory does not end as that of a bundle: other members, a comment, or cut off")
        if at + len(expected) != self._size:
            raise IntegrityError("something stands after its end")

    def blocks(self, member: ArchiveMember) -> Iterator[bytes]:
        """Yield the content of a member, a block at a time.

        Raises:
            IntegrityError: its checksum is another, or it is shorter: it was changed.
        """
        left, crc, at = member.size, 0, member.start
        while left:
            block = self._read(at, min(left, BLOCK))
            if not block:
                raise IntegrityError(f"{member.name} was cut off while it was read")
            left, at, crc = left - len(block), at + len(block), zlib.crc32(block, crc)
            yield block
        if crc != member.crc:
            raise IntegrityError(f"{member.name} has another content than its checksum says")

    def _read(self, offset: int, size: int) -> bytes:
        self._file.seek(offset)
        return self._file.read(size)


def _misfit(member: ArchiveMember, expected: bytes, found: bytes) -> str:
    if len(found) < _CENTRAL.size or found[:4] != expected[:4]:
        return f"{member.name} is not in its directory"
    pairs = zip(_CENTRAL.unpack_from(expected), _CENTRAL.unpack_from(found), strict=True)
    differing = {number: there for number, (wanted, there) in enumerate(pairs) if wanted != there}
    if stat.S_IFMT(differing.get(15, _MODE) >> 16) not in (0, stat.S_IFREG):
        return f"{member.name} is no plain file"
    told = next((_TOLD[number] for number in differing if number in _TOLD), "is not as its directory says")
    return f"{member.name} {told}"


@contextmanager
def open_archive(path: Path) -> Iterator[ArchiveReader]:
    """Open a file as an archive.

    Raises:
        IntegrityError: it is none.
        OSError: it cannot be read, or is no regular file.
    """
    with regular_file(path) as file:
        yield ArchiveReader(file, os.fstat(file.fileno()).st_size)
