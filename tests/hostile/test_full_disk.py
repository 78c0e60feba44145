"""A disk that is full at any write: nothing that was there is lost, and what is told is one line."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hostile import children
from tests.hostile.extent import part_of
from tests.hostile.write_paths import PATHS, WritePath

pytestmark = [pytest.mark.slow, pytest.mark.skipif(not hasattr(os, "fork"), reason="children are forked")]

CODES = (0, 1, 2, 3, 13)
LIMITS = [
    0,
    1,
    100,
    300,
    700,
    1000,
    1500,
    2000,
    3000,
    4096,
    6000,
    8192,
    12288,
    16384,
    24576,
    32768,
    49152,
    65536,
    98304,
]
LIMITS += [131072, 163840, 196608, 229376, 262144, 327680, 393216]
"""Largest sizes of a file, in bytes."""
ROOM = [*range(0, 40960, 4096), *range(40960, 400_000, 16384)]
"""Bytes that a disk has left."""
NAMES = [name for name in PATHS if name not in ("ingest", "workers")]
"""The end of a session is in the whole one, and what xdist does on a full disk is not ours."""


class Prepared:
    """The project of a path, and what the path gives where the disk has room."""

    def __init__(self, home: Path, name: str) -> None:
        self.home, self.path = home, PATHS[name]()
        self.before = home / "before"
        self.path.prepare(self.before)
        shutil.copytree(self.before, home / "whole")
        assert children.run(home / "whole", self.path.act)[0] == 0
        self.path.expected(self.before, home / "whole")


@pytest.fixture(autouse=True)
def nothing_is_compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Children write no compiled files, which would be cut."""
    monkeypatch.setattr("sys.dont_write_bytecode", True)


def told_well(path: WritePath, code: int, output: str) -> None:
    """Check what a child told where the disk was full. A session may show the errors of its own tests, which write too."""
    assert code in CODES, output
    assert "internal error" not in output, output
    assert "INTERNALERROR" not in output, output
    assert not path.is_command or "Traceback" not in output, output
    # a session in which tests fail ends with 1, and tells it as well
    path.was_told = code in (3, 13) or "evidence could not be" in output or "lines could not be written" in output
    path.kept_as = ("PASSED", "FAILED", "ERROR")


@pytest.mark.parametrize("name", NAMES)
def test_files_that_may_not_grow(tmp_path: Path, name: str) -> None:
    """Whatever the largest size of a file is, the store verifies afterwards, and the same can be done again."""
    prepared = Prepared(tmp_path, name)
    for limit in part_of(LIMITS, 4):
        folder = tmp_path / "limited"
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(prepared.before, folder)

        def act(limit: int = limit) -> int:
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
            return prepared.path.act()

        told_well(prepared.path, *children.run(folder, act))
        prepared.path.check(folder)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of eight megabytes."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = shutil.which("mount")
    if os.geteuid() != 0 or mount is None:
        pytest.skip("only root can mount a small disk")
    if subprocess.run(
        [mount, "-t", "tmpfs", "-o", "size=8m", "tmpfs", folder], capture_output=True, check=False
    ).returncode:
        pytest.skip("a small disk cannot be mounted here")
    yield folder
    subprocess.run(["umount", "-l", folder], check=False)


def fill(disk: Path, room: int) -> None:
    """Fill a disk until it has so many bytes left."""
    state = os.statvfs(disk)
    with (disk / "fill").open("wb") as file:
        file.write(b"x" * max(0, state.f_bavail * state.f_frsize - room))


@pytest.mark.parametrize("name", NAMES)
def test_a_disk_with_little_room(tmp_path: Path, disk: Path, name: str) -> None:
    """However little room a disk has left, the store verifies when it has room again, and nothing that was there is lost."""
    prepared = Prepared(tmp_path, name)
    for room in part_of(ROOM, 4):
        folder = disk / "project"
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(prepared.before, folder)
        fill(disk, room)
        told_well(prepared.path, *children.run(folder, prepared.path.act))
        (disk / "fill").unlink()
        prepared.path.check(folder)
