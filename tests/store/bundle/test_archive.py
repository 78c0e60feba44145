"""Archives: every ZIP reader can read them, also large ones."""

from __future__ import annotations

import hashlib
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings, strategies as st

from pytest_readiness.errors import IntegrityError
from pytest_readiness.store.bundle import archive
from pytest_readiness.store.bundle.archive import (
    COUNT_LIMIT,
    SIZE_LIMIT,
    ArchiveMember,
    ArchiveReader,
    ArchiveWriter,
    end_records,
    open_archive,
)
from pytest_readiness.store.bundle.verify_bundle import read_members

pytestmark = pytest.mark.slow

NAMES = st.text("abc/.0", min_size=1, max_size=20)


def packed(path: Path, contents: dict[str, bytes]) -> Path:
    """An archive with these members."""
    with path.open("wb") as file:
        packing = ArchiveWriter(file)
        for name, data in contents.items():
            assert packing.add(name, [data[:2], data[2:]]) == (len(data), hashlib.sha256(data).hexdigest())
        packing.close()
    return path


@settings(max_examples=50)
@given(contents=st.dictionaries(NAMES, st.binary(max_size=40), min_size=1, max_size=6))
def test_what_is_packed_is_read_by_any_reader(
    tmp_path_factory: pytest.TempPathFactory, contents: dict[str, bytes]
) -> None:
    """By ours, and by that of the standard library, which finds nothing wrong."""
    path = packed(tmp_path_factory.mktemp("archive") / "a.zip", contents)
    with open_archive(path) as found:
        assert {name: b"".join(found.blocks(member)) for name, member in found.members.items()} == contents
    with zipfile.ZipFile(path) as file:
        assert file.testzip() is None
        assert {name: file.read(name) for name in file.namelist()} == contents


def test_more_members_than_sixteen_bits_count(tmp_path: Path) -> None:
    """70,000 members are counted in a record of their own, which other readers know."""
    path = packed(
        tmp_path / "a.zip", {f"artifacts/{number:064x}": b"" for number in range(70_000)} | {"manifest.json": b""}
    )
    with open_archive(path) as found:
        assert len(found.members) == 70_001 > COUNT_LIMIT
    with path.open("rb") as file:
        assert len(read_members(file, path.stat().st_size)) == 70_001
    with zipfile.ZipFile(path) as file:
        assert len(file.namelist()) == 70_001


def sparse(path: Path) -> list[ArchiveMember]:
    """An archive of more than four gigabytes, of which the disk holds next to nothing."""
    first = ArchiveMember(f"artifacts/{0:064x}", 0, SIZE_LIMIT - 1, 0)
    second = ArchiveMember(f"artifacts/{1:064x}", first.start + first.size, 10, 0)
    third = ArchiveMember("manifest.json", second.start + second.size, 0, 0)
    with path.open("wb") as file:
        for member in (first, second, third):
            file.seek(member.offset)
            file.write(member.header)
        file.seek(begin := third.start + third.size)
        for member in (first, second, third):
            file.write(member.entry)
        file.write(end_records(3, file.tell() - begin, begin))
    return [first, second, third]


def test_members_beyond_four_gigabytes(tmp_path: Path) -> None:
    """Where an offset needs more than 32 bits, it is told as other readers expect it."""
    path = tmp_path / "a.zip"
    members = sparse(path)
    assert members[1].offset > SIZE_LIMIT
    with open_archive(path) as found:
        assert list(found.members.values()) == members
    with path.open("rb") as file:
        assert [begins for begins, _, _ in read_members(file, path.stat().st_size).values()] == [
            member.start for member in members
        ]
    with zipfile.ZipFile(path) as file:
        assert [info.header_offset for info in file.infolist()] == [member.offset for member in members]


def test_a_member_that_is_too_large_is_not_packed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What no header can say is refused while it is written."""
    monkeypatch.setattr(archive, "SIZE_LIMIT", 10)
    with (tmp_path / "a.zip").open("wb") as file, pytest.raises(IntegrityError, match="is too large for a bundle"):
        ArchiveWriter(file).add("runs/x", [b"x" * 6, b"x" * 6])


def test_a_file_that_shrinks_while_it_is_read(tmp_path: Path) -> None:
    """What was there when it was opened and is not any more is told, and not waited for."""
    path = packed(tmp_path / "a.zip", {"runs/x": b"x" * 100})
    with path.open("rb") as file:
        found = ArchiveReader(file, path.stat().st_size)
        with path.open("r+b") as other:
            other.truncate(50)
        with pytest.raises(IntegrityError, match=r"was cut off while it was read|another content"):
            b"".join(found.blocks(found.members["runs/x"]))
