"""Atomic file writes."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pytest_readiness.atomic_write import write_atomically


def test_a_new_file_and_one_that_was_there(tmp_path: Path) -> None:
    """The bytes are written, an existing file's mode is preserved, and no other file remains."""
    path = tmp_path / "a.txt"
    write_atomically(path, b"one\r\n")
    path.chmod(0o640)
    write_atomically(path, b"two")
    assert (path.read_bytes(), path.stat().st_mode & 0o777) == (b"two", 0o640)
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_what_was_there_stays_where_it_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    """A full disk, or a failing rename, leaves the old bytes and no other file."""
    path = tmp_path / "a.txt"
    path.write_bytes(b"old")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, step, full)
    monkeypatch.setattr(Path, "replace", full if step == "replace" else Path.replace)
    with pytest.raises(OSError, match="No space"):
        write_atomically(path, b"new")
    monkeypatch.undo()
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]
