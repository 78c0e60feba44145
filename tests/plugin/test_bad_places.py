"""Places that cannot be written: tests run on, nothing recorded is lost, the session ends with 13."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.project import Project

pytestmark = pytest.mark.slow

TWO = """
@evidence("UC-001", item=1)
def test_a(record_evidence): record_evidence.note("kept")

@evidence("UC-002", item=1)
def test_b(): pass
"""
ATTACHES = '@evidence("UC-001", item=1)\ndef test_a(record_evidence): record_evidence.attach(b"x")\n'


def tool(*command: str | Path) -> bool:
    """Run a tool that only root may use, and that is not everywhere; return whether it worked."""
    if shutil.which(str(command[0])) is None:
        return False
    return subprocess.run([str(word) for word in command], capture_output=True, check=False).returncode == 0


@pytest.fixture
def immutable() -> Iterator[Callable[[Path], None]]:
    """Makes a file or folder one that nobody can write, root neither."""
    changed: list[tuple[Path, int]] = []

    def make(path: Path) -> None:
        changed.append((path, path.stat().st_mode))
        if os.geteuid() != 0:
            path.chmod(0o500 if path.is_dir() else 0o400)
        elif not tool("chattr", "+i", path):
            pytest.skip("root may write everywhere here, and this file system has no immutable files")

    yield make
    for path, mode in changed:
        tool("chattr", "-i", path)
        path.chmod(mode)


@pytest.fixture
def small_disk(project: Project) -> Iterator[Path]:
    """A disk of 256 KiB in the place of .readiness."""
    folder = project.path / ".readiness"
    folder.mkdir()
    if not tool("mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", folder):
        pytest.skip("only root can mount a small disk")
    yield folder
    tool("umount", "-l", folder)


def ended(project: Project, *told: str, more: tuple[str, ...] = ()) -> None:
    """The session passed its two tests, and ended with 13 and each of these texts."""
    result = project.run("--readiness-gate", *more)
    result.assert_outcomes(passed=2)
    text = result.stdout.str() + result.stderr.str()
    assert result.ret == 13, text
    for word in ("Traceback", "INTERNALERROR", "a defect"):
        assert word not in text, text
    for one in told:
        assert one in " ".join(text.split()), text


def recovered(project: Project) -> None:
    """Everything is taken in once the store is back."""
    assert project.cli("recover").exit_code == 0
    assert project.journals == []
    assert project.states()["UC-001/1"] == "COMPLETE"
    assert project.cli("verify").exit_code == 0


def test_a_read_only_store(project: Project, immutable: Callable[[Path], None]) -> None:
    """A store that cannot be written is still read: the new evidence waits in its journal, and the gate is closed."""
    project.configured().tests(TWO)
    project.run().assert_outcomes(passed=2)
    immutable(project.path / ".readiness" / "evidence.db")
    ended(project, "cannot be written", "the evidence is safe in", "readiness recover")
    ended(project, "NOT ELIGIBLE", "the evidence is safe in", more=("-q",))
    assert len(project.journals) == 2
    assert project.cli("gate", "--on", "evidence").exit_code == 1
    assert project.cli("recover").exit_code == 3
    assert len(project.journals) == 2
    tool("chattr", "-i", project.path / ".readiness" / "evidence.db")
    (project.path / ".readiness" / "evidence.db").chmod(0o644)
    recovered(project)


def test_a_read_only_store_folder(project: Project, immutable: Callable[[Path], None]) -> None:
    """Where the folder of the store takes no new file, the evidence stays in the journal."""
    (project.path / "kept").mkdir()
    project.configured(
        'store = "sqlite:///kept/evidence.db"\n' + (project.configured().path / "readiness.toml").read_text()
    )
    project.tests(TWO)
    immutable(project.path / "kept")
    ended(project, "kept/evidence.db cannot be opened", "the evidence is safe in")
    tool("chattr", "-i", project.path / "kept")
    (project.path / "kept").chmod(0o755)
    recovered(project)


def test_a_read_only_home(project: Project, immutable: Callable[[Path], None]) -> None:
    """Where .readiness takes no file at all, the evidence goes from memory into a store elsewhere, and it is told."""
    (project.path / ".readiness").mkdir()
    immutable(project.path / ".readiness")
    project.configured().tests(TWO)
    ended(project, "evidence could not be recorded", more=("--readiness-store=sqlite:///elsewhere.db",))
    store = "sqlite:///elsewhere.db"
    done = project.cli("--store", store, "report", "--format", "json")
    assert '"state":"COMPLETE"' in done.stdout.replace(" ", "")
    assert project.cli("--store", store, "verify").exit_code == 0


@pytest.mark.parametrize("in_the_way", [".readiness", ".readiness/journal"])
def test_a_file_where_a_folder_should_be(project: Project, in_the_way: str) -> None:
    """A file called like our folder, or like the journals', is left alone, and the session says so."""
    path = project.path / in_the_way
    path.parent.mkdir(exist_ok=True)
    path.write_text("mine")
    project.configured().tests(TWO)
    ended(project, "evidence could not be recorded")
    assert path.read_text() == "mine"
    for command in ("gate", "report", "verify", "recover"):
        assert project.cli(command).exit_code in (0, 1, 3)
        assert "a defect" not in project.cli(command).output
    assert project.cli("gate").exit_code != 0


@pytest.mark.parametrize("fill", ["before", "while"])
def test_a_full_disk(project: Project, small_disk: Path, fill: str) -> None:
    """On a full disk all tests run; what the journal could take is whole, and what is told matches what is there."""
    project.configured().tests(
        TWO.replace("pass", "pathlib.Path('.readiness/fill').write_bytes(b'x' * 230000)") if fill == "while" else TWO
    )
    if fill == "before":
        (small_disk / "fill").write_bytes(b"x" * 262144)
    ended(project, "disk" if fill == "while" else "No space left")
    (small_disk / "fill").unlink()
    done = project.cli("recover")
    assert done.exit_code == 0, done.output
    assert project.journals == []
    assert project.cli("verify").exit_code == 0
    if fill == "while":  # the journal had room, the store had not
        assert project.states()["UC-001/1"] == "COMPLETE"


LIMITED = """
import resource, sys, pytest
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]), int(sys.argv[1])))
sys.exit(pytest.main(sys.argv[2:]))
"""


@pytest.mark.parametrize("room", [1000, 4000, 20000])
def test_files_that_may_not_grow(project: Project, room: int) -> None:
    """Where a file may not grow past a limit, the run ends with 13, and what is left behind is whole."""
    project.configured().tests(TWO)
    command = [sys.executable, "-c", LIMITED, str(room), *project.args("-q", "--readiness-gate")]
    environ = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}  # else our own modules are compiled into cut files
    done = subprocess.run(command, cwd=project.path, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 13, done.stdout
    assert "2 passed" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr
    assert "INTERNALERROR" not in done.stdout
    again = project.cli("recover")
    assert again.exit_code == 0, again.output
    assert project.cli("verify").exit_code == 0
    if room > 4000:  # the journal fits, the store does not
        assert project.states()["UC-001/1"] == "COMPLETE"


def test_an_artifact_folder_that_cannot_be_written(project: Project) -> None:
    """The test that attaches fails with one line; the others are recorded."""
    (project.path / ".readiness").mkdir()
    (project.path / ".readiness" / "artifacts").write_text("mine")
    project.configured().tests(ATTACHES + '@evidence("UC-002", item=1)\ndef test_b(): pass\n')
    result = project.run()
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["*StorageError: an artifact could not be stored in*"])
    assert project.states()["UC-001/1"] == "FAILING"
    assert project.states()["UC-002/1"] == "COMPLETE"
