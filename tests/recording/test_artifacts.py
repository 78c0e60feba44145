"""Artifacts: stored files and texts, and refused ones."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from pytest_readiness.errors import EvidenceError, StorageError
from pytest_readiness.recording.artifacts import ArtifactFolder, guess_media_type, is_text
from pytest_readiness.redaction.redactor import Redactor


@pytest.fixture
def folder(tmp_path: Path) -> ArtifactFolder:
    """A folder with a limit of 1,000 bytes."""
    return ArtifactFolder(tmp_path / "artifacts", 1000)


def test_bytes_are_named_by_their_digest(folder: ArtifactFolder) -> None:
    """Stored bytes are found by their SHA-256, unchanged."""
    artifact = folder.store_bytes(b"hello", "greeting", "text/plain")
    assert artifact.sha256 == hashlib.sha256(b"hello").hexdigest()
    assert folder.path(artifact.sha256).read_bytes() == b"hello"
    assert (artifact.name, artifact.size, artifact.media_type) == ("greeting", 5, "text/plain")


def test_the_same_content_is_kept_once_and_leaves_no_temporary_file(folder: ArtifactFolder) -> None:
    """Two artifacts with equal bytes are one file, and the folder contains no other."""
    assert folder.store_bytes(b"x", "a", "t/p").sha256 == folder.store_bytes(b"x", "b", "t/p").sha256
    assert folder.folder is not None
    assert sum(path.is_file() for path in folder.folder.rglob("*")) == 1


def refused(folder: ArtifactFolder, path: Path) -> str:
    """Return the message that refuses a file."""
    with pytest.raises(EvidenceError) as caught:
        folder.store_file(path, "it", "application/octet-stream", None)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_missing_file_is_refused(folder: ArtifactFolder, tmp_path: Path) -> None:
    """The message names a missing file."""
    assert "there is no file" in refused(folder, tmp_path / "gone.log")


def test_a_folder_is_refused(folder: ArtifactFolder, tmp_path: Path) -> None:
    """A folder is refused as an artifact."""
    assert "is a folder" in refused(folder, tmp_path)


def test_a_link_is_refused(folder: ArtifactFolder, tmp_path: Path) -> None:
    """A link is refused: it could point out of the tree."""
    (tmp_path / "link").symlink_to("/etc/hostname")
    assert "is a link" in refused(folder, tmp_path / "link")


def test_a_pipe_is_refused_at_once(folder: ArtifactFolder, tmp_path: Path) -> None:
    """A named pipe without a writer does not block."""
    os.mkfifo(tmp_path / "pipe")
    assert "no regular file" in refused(folder, tmp_path / "pipe")


def test_a_file_over_the_limit_is_refused_without_reading_it(folder: ArtifactFolder, tmp_path: Path) -> None:
    """A sparse file of 2 GiB is refused by its size, and the message names the setting to raise."""
    with (tmp_path / "huge").open("wb") as file:
        file.truncate(2 << 30)
    assert "artifact_limit" in refused(folder, tmp_path / "huge")
    assert folder.folder is not None
    assert not folder.folder.exists()


def test_a_text_file_is_redacted(folder: ArtifactFolder, tmp_path: Path) -> None:
    """With a redactor, the stored copy has no known secrets; the user's file is unchanged."""
    redactor = Redactor(b"k", {"A_TOKEN": "abcdefgh"})
    path = tmp_path / "log.txt"
    path.write_text("token abcdefgh\n")
    artifact = folder.store_file(path, "log", "text/plain", redactor)
    assert folder.path(artifact.sha256).read_text() == "token [REDACTED:environment]\n"
    assert path.read_text() == "token abcdefgh\n"


def test_a_folder_that_cannot_be_written_is_a_storage_error(tmp_path: Path) -> None:
    """A file with the folder's name is reported in one line."""
    (tmp_path / "artifacts").write_text("in the way")
    with pytest.raises(StorageError, match="could not be stored"):
        ArtifactFolder(tmp_path / "artifacts", 10).store_bytes(b"x", "a", "t/p")


def test_without_a_folder_everything_is_checked_and_nothing_written(tmp_path: Path) -> None:
    """If nothing is recorded, a bad file is still refused, and a good one is not written."""
    no_folder = ArtifactFolder(None, 10)
    no_folder.store_bytes(b"x", "a", "t/p")
    with pytest.raises(EvidenceError):
        no_folder.store_bytes(b"x" * 11, "a", "t/p")
    assert "there is no file" in refused(no_folder, tmp_path / "gone")


def test_media_types() -> None:
    """A type is guessed from the name; text types can be redacted."""
    assert guess_media_type("a.json") == "application/json"
    assert guess_media_type("server.log") == "text/plain"
    assert guess_media_type("a.unknown-kind") == "application/octet-stream"
    assert [is_text(kind) for kind in ("text/csv", "application/json", "image/png")] == [True, True, False]
