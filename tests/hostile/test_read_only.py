"""Folders that may be read and not written, as a user who is not root: answers are right, and what is refused is a line."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hostile import children
from tests.hostile.write_paths import WHERE, Sync, results

pytestmark = [pytest.mark.slow, pytest.mark.skipif(not hasattr(os, "fork"), reason="children are forked")]

NOBODY = 65534
READS = {
    "gate": (1,),
    "report": (0,),
    "next": (0,),
    "verify": (0,),
    "check": (0,),
    "history UC-001": (0,),
    "why UC-001": (0,),
}
WRITES = {
    "recover": (0, 3), "sync": (2, 3), "block UC-001 --reason x --by ana@example.com": (3,),
    "merge bundle.zip": (0, 3), "bundle -o other.zip": (2, 3), "checkpoint -o point.txt": (2, 3),
    f"record UC-002 --item 1 --id by-hand --result PASSED {' '.join(WHERE)}": (3,),
}  # fmt: skip


def digests(folder: Path) -> dict[str, str]:
    """Return the digest of each file."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def writable(folder: Path, *, may: bool) -> None:
    """Let everybody write all files and folders, or nobody."""
    for path in [folder, *folder.rglob("*")]:
        if may or not path.is_dir():
            path.chmod((0o755 if may else 0o555) if path.is_dir() else (0o644 if may else 0o444))
    for path in [folder, *folder.rglob("*")]:
        if path.is_dir():
            path.chmod(0o755 if may else 0o555)


def as_nobody(words: str) -> int:
    """Run a command as a user who may not do more than others."""
    if os.geteuid() == 0:
        os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)
    return children.readiness(*words.split())


@pytest.fixture
def project(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A project with evidence and a bundle, which nobody may write, in a folder that lets everybody through."""
    home = Path(tempfile.mkdtemp(prefix="read-only-"))  # pytest's own folders are for one user
    home.chmod(0o755)
    folder = home / "project"
    Sync().prepare(folder)
    assert children.run(folder, lambda: children.readiness("bundle", "-o", "bundle.zip"))[0] == 0
    warm = home / "warm"  # this user may not be allowed to read the interpreter: what is needed is imported here
    shutil.copytree(folder, warm)
    monkeypatch.chdir(warm)
    for words in (*READS, *WRITES):
        children.readiness(*words.split())
    monkeypatch.chdir(home)
    writable(folder, may=False)
    yield folder
    writable(folder, may=True)
    shutil.rmtree(home)


def test_what_is_read_is_answered(project: Path) -> None:
    """Each question has its usual answer, and no file changes."""
    before = digests(project)
    for words, codes in READS.items():
        code, output = children.run(project, lambda words=words: as_nobody(words))
        assert code in codes, (words, code, output)
        assert "internal error" not in output
        assert "Traceback" not in output
    assert digests(project) == before
    writable(project, may=True)


def test_what_is_written_is_refused_in_one_line(project: Path) -> None:
    """Each command that writes says that it cannot, nothing changes, and it works when it may write again."""
    before, evidence = digests(project), results(project)
    for words, codes in WRITES.items():
        code, output = children.run(project, lambda words=words: as_nobody(words))
        assert code in codes, (words, code, output)
        assert "internal error" not in output
        assert "Traceback" not in output
        assert output.strip(), words
    assert digests(project) == before
    writable(project, may=True)
    assert children.run(project, lambda: children.readiness(*next(reversed(WRITES)).split()))[0] == 0
    now = results(project)
    assert evidence.items() <= now.items()
    assert len(now) == len(evidence) + 1
