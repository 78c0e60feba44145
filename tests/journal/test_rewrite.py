"""Tests for rewriting a journal without a secret that was registered late."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pytest_readiness.facts.ledger.line import broken_links
from pytest_readiness.facts.run import Run
from pytest_readiness.journal import writer as writer_module
from pytest_readiness.journal.writer import JournalWriter, new_journal
from pytest_readiness.redaction.redactor import Redactor


@pytest.fixture
def writer(tmp_path: Path) -> JournalWriter:
    """Return a journal with a secret in its second line."""
    opened = new_journal(tmp_path, "r")
    opened.append("run", {"register": "x"})
    opened.append("started", {"test": "test_it[s3cret-value]", "note": "s3cret-value"})
    return opened


def without_secret(body: dict[str, Any]) -> dict[str, Any]:
    """Return a body without the secret."""
    redactor = Redactor(b"k", {})
    redactor.register("s3cret-value")
    changed: dict[str, Any] = redactor.plain(body)
    return changed


def test_the_new_lines_are_a_sound_chain_that_goes_on(writer: JournalWriter) -> None:
    """The rewritten file is a valid chain without the secret, and the next line continues it."""
    lines = writer.rewrite(without_secret)
    assert lines is not None
    writer.append("sealed", {})
    data = writer.path.read_bytes()
    run = Run.parse(data.decode().splitlines())
    assert b"s3cret" not in data
    assert list(broken_links("r", run.lines)) == []
    assert [line.kind for line in run.lines] == ["run", "started", "sealed"]
    assert run.lines[:2] == tuple(lines)
    assert [path.name for path in writer.path.parent.iterdir()] == ["r.jsonl"]


def test_nothing_to_change_touches_nothing(writer: JournalWriter) -> None:
    """If no line holds the secret, the file is not replaced."""
    before = writer.path.stat()
    assert writer.rewrite(dict) is None
    after = writer.path.stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_the_new_file_is_locked(writer: JournalWriter) -> None:
    """The rewritten file is still locked for other processes."""
    writer.rewrite(without_secret)
    code = (
        "import os, sys; from pytest_readiness.journal.lock import lock;"
        f"sys.exit(lock(os.open({str(writer.path)!r}, os.O_RDWR)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
    writer.close()
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 1


def test_where_it_fails_the_lines_are_as_they_were(writer: JournalWriter, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk raises an error, the old journal stays, and the run can continue."""
    before = writer.path.read_bytes()
    with monkeypatch.context() as patch:
        real = os.write
        patch.setattr(writer_module, "_write", lambda descriptor, data: real(descriptor, data[:10]))
        with pytest.raises(OSError, match="full"):
            writer.rewrite(without_secret)
    assert writer.path.read_bytes() == before
    assert [path.name for path in writer.path.parent.iterdir()] == ["r.jsonl"]
    writer.append("sealed", {})
    run = Run.parse(writer.path.read_bytes().decode().splitlines())
    assert list(broken_links("r", run.lines)) == []
