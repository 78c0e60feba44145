"""``readiness artifact``: what a reviewer signs is read as it was recorded, or refused."""

from __future__ import annotations

import errno
import hashlib
import os
from pathlib import Path

import pytest

from tests.project import Project

TESTS = """
@evidence("UC-001", item=1)
def test_provider(record_evidence):
    record_evidence.attach("HTTP/2 200\\n\\x1b[31mred", name="answer.txt")
    record_evidence.attach(bytes(range(256)) * 9000, name="dump.bin", media_type="application/octet-stream")
    record_evidence.attach("one", name="twice.txt")
    record_evidence.attach("two", name="twice.txt")

@evidence("UC-002", item=1)
def test_nothing_attached(): pass
"""


@pytest.fixture
def recorded(project: Project) -> Project:
    """A project with artifacts."""
    project.configured().tests(TESTS)
    project.run()
    return project


def id_of(project: Project, use_case: str = "UC-001") -> str:
    """Id of the evidence of a use case."""
    (piece,) = project.evidence(use_case)
    return str(piece["id"])


def file_of(project: Project, name: str) -> Path:
    """The file of the artifact folder that has this artifact."""
    (piece,) = project.evidence("UC-001")
    (sha256,) = (artifact["sha256"] for artifact in piece["artifacts"] if artifact["name"] == name)
    return project.path / ".readiness" / "artifacts" / sha256[:2] / sha256


def test_prints_and_saves_the_bytes_as_they_were_recorded(recorded: Project) -> None:
    """On a pipe and in a file an artifact has each of its bytes, of a text and of anything else."""
    printed = recorded.cli("artifact", id_of(recorded), "answer.txt")
    assert (printed.exit_code, printed.stdout_bytes) == (0, b"HTTP/2 200\n\x1b[31mred")
    saved = recorded.cli("artifact", id_of(recorded), "dump.bin", "-o", "dump.copy")
    assert saved.exit_code == 0, saved.output
    data = (recorded.path / "dump.copy").read_bytes()
    assert data == bytes(range(256)) * 9000
    assert f"sha256:{hashlib.sha256(data).hexdigest()}" in saved.stdout


def test_an_artifact_is_also_named_by_its_digest(recorded: Project) -> None:
    """Two artifacts of one name are told apart by the digests that the refusal names."""
    refused = recorded.cli("artifact", id_of(recorded), "twice.txt")
    assert refused.exit_code == 2
    digest = hashlib.sha256(b"two").hexdigest()
    assert f"sha256:{digest[:12]}" in refused.stderr
    for name in (digest, f"sha256:{digest[:12]}"):
        assert recorded.cli("artifact", id_of(recorded), name).stdout_bytes == b"two"


def test_a_changed_or_missing_file_is_refused(recorded: Project) -> None:
    """A file that is not what was recorded is not printed, and does not replace a saved copy."""
    copy = recorded.write("copy.txt", "an older copy")
    path = file_of(recorded, "answer.txt")
    path.write_bytes(b"HTTP/2 500")
    for output in ((), ("-o", "copy.txt")):
        done = recorded.cli("artifact", id_of(recorded), "answer.txt", *output)
        assert (done.exit_code, done.stdout_bytes) == (3, b"")
        assert "another digest" in done.stderr
    path.unlink()
    done = recorded.cli("artifact", id_of(recorded), "answer.txt")
    assert (done.exit_code, "there is no such file" in done.stderr) == (3, True)
    assert copy.read_text() == "an older copy"


def test_a_disk_that_is_full_leaves_nothing_behind(recorded: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """An older copy stays as it was, and no unfinished file lies beside it."""
    copy = recorded.write("copy.txt", "an older copy")
    evidence, before = id_of(recorded), sorted(recorded.path.iterdir())

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    done = recorded.cli("artifact", evidence, "answer.txt", "-o", "copy.txt")
    assert (done.exit_code, len(done.stderr.splitlines())) == (3, 1), done.output
    assert copy.read_text() == "an older copy"
    assert sorted(recorded.path.iterdir()) == before


def test_a_file_is_replaced_as_a_whole_and_a_pipe_is_not(recorded: Project) -> None:
    """Another link to the older copy keeps its content; what is no regular file stays what it is."""
    copy = recorded.write("copy.txt", "an older copy")
    os.link(copy, recorded.path / "link.txt")
    assert recorded.cli("artifact", id_of(recorded), "answer.txt", "-o", "copy.txt").exit_code == 0
    assert (copy.read_bytes()[:4], (recorded.path / "link.txt").read_text()) == (b"HTTP", "an older copy")
    os.mkfifo(recorded.path / "pipe")
    refused = recorded.cli("artifact", id_of(recorded), "answer.txt", "-o", "pipe")
    assert (refused.exit_code, len(refused.stderr.splitlines())) == (2, 1)
    assert "no regular file" in refused.stderr
    assert (recorded.path / "pipe").is_fifo()


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("20260101T000000Z-00000000.1.1", "x"), "there is no evidence"),
        (("UC-001", "answer.txt"), "there is no evidence"),
        ((None, "answer.tx"), "did you mean 'answer.txt'"),
        ((None, "12345678"), "no artifact '12345678'"),
        (("UC-002", "x"), "has no artifacts"),
        ((None, "answer.txt", "-o", "readiness.toml"), "would overwrite the config"),
        ((None, "answer.txt", "-o", "no/such/folder.txt"), "cannot be written"),
    ],
)
def test_mistakes_are_one_line_and_write_nothing(
    recorded: Project, arguments: tuple[str | None, ...], expected: str
) -> None:
    """An unknown evidence or artifact, and a file that must not be written, are usage errors."""
    ids = {None: id_of(recorded), "UC-002": id_of(recorded, "UC-002")}
    if arguments == ("UC-001", "answer.txt"):
        ids = {}
    before = (recorded.path / "readiness.toml").read_bytes()
    done = recorded.cli("artifact", *(ids.get(argument, argument) or "" for argument in arguments))
    assert done.exit_code == 2, done.output
    assert expected in done.stderr
    assert done.stderr.count("\n") == 1
    assert (recorded.path / "readiness.toml").read_bytes() == before


def test_a_terminal_shows_no_escape_and_no_binary(recorded: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a terminal a text is harmless, and bytes that are no text are refused with the way out."""
    monkeypatch.setattr("pytest_readiness.commands.artifact.is_terminal", lambda: True)
    shown = recorded.cli("artifact", id_of(recorded), "answer.txt")
    assert "HTTP/2 200\n\\x1b[31mred" in shown.stdout
    refused = recorded.cli("artifact", id_of(recorded), "dump.bin")
    assert refused.exit_code == 2
    assert "-o FILE" in refused.stderr
