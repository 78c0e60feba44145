"""ZIP archives of bundles, in one exact form that all readers understand alike.

The members are stored uncompressed, one after the other from the first byte. The directory follows, and nothing after
it. Every byte outside the contents follows from names, sizes and checksums, and is compared. So an archive has no gap,
overlap, comment, extra field, second directory, or header that differs from the directory. Any ZIP tool can read it.
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

from msgspec import Struct

from ...errors import IntegrityError, one_line
from ...regular_files import regular_file

BLOCK = 1 << 20
MEMBER_LIMIT = 1_000_000
NAME_LIMIT = 100
SIZE_LIMIT = 0xFFFFFFFF
"""Every member is smaller, in bytes. Larger offsets are written as 64-bit numbers."""
COUNT_LIMIT = 0xFFFF
"""From this number on, members are counted in a ZIP64 record."""

_LOCAL = struct.Struct("<4s5H3I2H")
_CENTRAL = struct.Struct("<4s6H3I5H2I")
_END = struct.Struct("<4s4H2IH")
_ZIP64_OFFSET = struct.Struct("<2HQ")
_ZIP64_END = struct.Struct("<4sQ2H2I4Q4sIQI")
_VERSION, _ZIP64_VERSION = 20, 45
"""Versions of the ZIP format: the second is needed for ZIP64 fields."""
_UNIX = 3 << 8
_DATE = 0x21
"""1980-01-01 for every member, so that equal contents give equal bytes."""
_MODE = (stat.S_IFREG | 0o644) << 16
_FIELD_PROBLEMS = {
    3: "is encrypted, or has its sizes after its content",
    4: "is compressed",
    11: "has an extra field",
}
"""Position of a directory field -> problem if the field differs."""


class ArchiveMember(Struct, frozen=True):
    """A member of an archive, with its position."""

    name: str
    offset: int
    """Position of its header, in bytes."""
    size: int
    """Bytes of its content."""
    crc: int
    """CRC-32 of its content."""

    @property
    def start(self) -> int:
        """The position of its content, in bytes."""
        return self.offset + _LOCAL.size + len(self.name)

    @property
    def header(self) -> bytes:
        """The bytes before its content."""
        head = (b"PK\3\4", _VERSION, 0, 0, 0, _DATE, self.crc, self.size, self.size, len(self.name), 0)
        return _LOCAL.pack(*head) + self.name.encode()

    @property
    def entry(self) -> bytes:
        """Its bytes in the directory."""
        zip64 = self.offset >= SIZE_LIMIT
        version, extra = (_ZIP64_VERSION, _ZIP64_OFFSET.pack(1, 8, self.offset)) if zip64 else (_VERSION, b"")
        head = (b"PK\1\2", _UNIX | version, version, 0, 0, 0, _DATE, self.crc, self.size, self.size)
        tail = (len(self.name), len(extra), 0, 0, 0, _MODE, SIZE_LIMIT if zip64 else self.offset)
        return _CENTRAL.pack(*head, *tail) + self.name.encode() + extra


def end_records(count: int, size: int, offset: int) -> bytes:
    """Return the bytes after a directory with this number of members, this size and this offset, in bytes."""
    number = min(count, COUNT_LIMIT)
    fields = (b"PK\5\6", 0, 0, number, number, min(size, SIZE_LIMIT), min(offset, SIZE_LIMIT), 0)
    zip64 = b""
    if count >= COUNT_LIMIT or size >= SIZE_LIMIT or offset >= SIZE_LIMIT:
        version = (_UNIX | _ZIP64_VERSION, _ZIP64_VERSION)
        record = (b"PK\6\6", _ZIP64_END.size - 32, *version, 0, 0, count, count, size, offset)
        zip64 = _ZIP64_END.pack(*record, b"PK\6\7", 0, offset + size, 1)
    return zip64 + _END.pack(*fields)


class ArchiveWriter:
    """A writer of one archive."""

    def __init__(self, file: IO[bytes]) -> None:
        """``file``: empty, writable and seekable."""
        self._file = file
        self._members: list[ArchiveMember] = []

    def add(self, name: str, blocks: Iterable[bytes]) -> tuple[int, str]:
        """Write a member, and return its size in bytes and its SHA-256.

        Raises:
            IntegrityError: the member is too large.
        """
        offset, size, crc, sha256 = self._file.tell(), 0, 0, hashlib.sha256()
        self._file.write(ArchiveMember(name, offset, 0, 0).header)
        for block in blocks:
            size, crc = size + len(block), zlib.crc32(block, crc)
            if size >= SIZE_LIMIT:
                raise IntegrityError(f"{name} is too large for a bundle ({SIZE_LIMIT:,} bytes or more)")
            sha256.update(block)
            self._file.write(block)
        member = ArchiveMember(name, offset, size, crc)
        self._members.append(member)
        self._file.seek(offset)
        self._file.write(member.header)
        self._file.seek(member.start + size)
        return size, sha256.hexdigest()

    def close(self) -> None:
        """Write the directory, which completes the archive."""
        offset = self._file.tell()
        for member in self._members:
            self._file.write(member.entry)
        self._file.write(end_records(len(self._members), self._file.tell() - offset, offset))


class ArchiveReader:
    """A reader of one archive, through one open file: the checked bytes are the bytes used."""

    def __init__(self, file: IO[bytes], size: int) -> None:
        """Read the headers and the directory.

        Args:
            file: the archive.
            size: its size in bytes.

        Raises:
            IntegrityError: the file does not have the form of an archive.
        """
        self._file = file
        self._size = size
        self.members: dict[str, ArchiveMember] = {}
        """The members by name, in their order."""
        self._read_members()

    def _read_members(self) -> None:
        offset = 0
        while (head := self._read(offset, _LOCAL.size))[:4] == b"PK\3\4" and len(head) == _LOCAL.size:
            member = self._read_member(offset, head)
            if member.name in self.members:
                raise IntegrityError(f"{member.name} is in the bundle twice")
            if len(self.members) >= MEMBER_LIMIT:
                raise IntegrityError(f"has more than {MEMBER_LIMIT:,} members")
            self.members[member.name] = member
            offset = member.start + member.size
            if offset > self._size:
                raise IntegrityError(f"{member.name} is cut off, or its size is wrong")
        if not offset:
            raise IntegrityError("is not a bundle: it does not start with a member")
        self._compare_directory(offset)

    def _read_member(self, offset: int, head: bytes) -> ArchiveMember:
        fields = _LOCAL.unpack(head)
        crc, size, length = fields[6], fields[8], fields[9]
        data = self._read(offset + _LOCAL.size, min(length, NAME_LIMIT))
        name = data.decode("ascii", "backslashreplace")
        shown = one_line(repr(name), 200)
        if length > NAME_LIMIT or not name.isprintable() or len(name) != length:
            raise IntegrityError(f"{shown} is not a valid member name")
        member = ArchiveMember(name, offset, size, crc)
        if size >= SIZE_LIMIT:
            raise IntegrityError(f"{shown} is too large for a bundle")
        if head + data != member.header:
            flags, method = fields[2], fields[3]
            problem = _FIELD_PROBLEMS[3] if flags else _FIELD_PROBLEMS[4] if method else "has a wrong header"
            raise IntegrityError(f"{shown} {problem}")
        return member

    def _compare_directory(self, offset: int) -> None:
        position = offset
        for member in self.members.values():
            expected = member.entry
            entry = self._read(position, len(expected))
            if entry != expected:
                raise IntegrityError(_entry_problem(member, expected, entry))
            position += len(expected)
        expected = end_records(len(self.members), position - offset, offset)
        if self._read(position, len(expected)) != expected:
            raise IntegrityError("its directory has a wrong end: it has other members or a comment, or is cut off")
        if position + len(expected) != self._size:
            raise IntegrityError("has extra bytes after its end")

    def blocks(self, member: ArchiveMember) -> Iterator[bytes]:
        """Yield the content of a member in blocks.

        Raises:
            IntegrityError: the content does not have its size or its checksum.
        """
        remaining, crc, position = member.size, 0, member.start
        while remaining:
            block = self._read(position, min(remaining, BLOCK))
            if not block:
                raise IntegrityError(f"{member.name} was cut off while it was read")
            remaining, position, crc = remaining - len(block), position + len(block), zlib.crc32(block, crc)
            yield block
        if crc != member.crc:
            raise IntegrityError(f"{member.name}: its content does not match its checksum")

    def _read(self, offset: int, size: int) -> bytes:
        self._file.seek(offset)
        return self._file.read(size)


def _entry_problem(member: ArchiveMember, expected: bytes, entry: bytes) -> str:
    if len(entry) < _CENTRAL.size or entry[:4] != expected[:4]:
        return f"{member.name} is not in the directory"
    pairs = zip(_CENTRAL.unpack_from(expected), _CENTRAL.unpack_from(entry), strict=True)
    differing = {number: actual for number, (wanted, actual) in enumerate(pairs) if wanted != actual}
    if stat.S_IFMT(differing.get(15, _MODE) >> 16) not in (0, stat.S_IFREG):
        return f"{member.name} is not a regular file"
    problems = (_FIELD_PROBLEMS[number] for number in differing if number in _FIELD_PROBLEMS)
    return f"{member.name} {next(problems, 'does not match the directory')}"


@contextmanager
def open_archive(path: Path) -> Iterator[ArchiveReader]:
    """Open a file as an archive.

    Raises:
        IntegrityError: the file is not an archive.
        OSError: the file cannot be read, or is not a regular file.
    """
    with regular_file(path) as file:
        yield ArchiveReader(file, os.fstat(file.fileno()).st_size)
