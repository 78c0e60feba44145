"""Tests for writing a journal line by line under all conditions."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from pytest_readiness.errors import StorageError
from pytest_readiness.facts.ledger.line import Line, LineChain, broken_links
from pytest_readiness.journal.folder import find_leftovers, ignore_folder
from pytest_readiness.journal.writer import JournalWriter, new_journal


def lines_of(path: Path) -> list[Line]:
    """Return the lines in a journal."""
    return [Line.parse(text) for text in path.read_text().split("\n")[:-1]]


def test_each_line_is_on_disk_when_append_returns(tmp_path: Path) -> None:
    """A line can be read as soon as it was appended, and continues the chain."""
    writer = new_journal(tmp_path, "r1")
    for number in range(3):
        writer.append("started", {"n": number})
        assert len(lines_of(tmp_path / "r1.jsonl")) == number + 1
    assert list(broken_links("r1", lines_of(tmp_path / "r1.jsonl"))) == []
    writer.close()


def test_line_separators_in_texts_do_not_split_a_line(tmp_path: Path) -> None:
    """Newlines, U+2028 and NUL in a text stay within their line."""
    writer = new_journal(tmp_path, "r1")
    writer.append("note", {"text": "a\nb\u2028c\x85d\0\r"})
    assert [Line.parse(text).body["text"] for text in writer.texts()] == ["a\nb\u2028c\x85d\0\r"]
    writer.close()


def test_another_process_cannot_write_the_same_run(tmp_path: Path) -> None:
    """Another process cannot open a journal that is locked."""
    writer = new_journal(tmp_path, "r1")
    code = (
        "import sys\nfrom pathlib import Path\nfrom pytest_readiness.journal.writer import JournalWriter\n"
        "from pytest_readiness.facts.ledger.line import LineChain\nfrom pytest_readiness.errors import StorageError\n"
        "try:\n    JournalWriter(Path(sys.argv[1]), LineChain('r1'), create=False)\nexcept StorageError: sys.exit(7)\n"
    )
    locked = subprocess.run([sys.executable, "-c", code, str(writer.path)], check=False).returncode
    writer.close()
    free = subprocess.run([sys.executable, "-c", code, str(writer.path)], check=False).returncode
    assert (locked, free) == (7, 0)


def test_reading_the_own_journal_keeps_the_lock(tmp_path: Path) -> None:
    """Reading the journal, or opening and closing its file in a test, does not release the lock."""
    writer = new_journal(tmp_path, "r1")
    writer.append("a", {})
    writer.texts()
    for path in tmp_path.iterdir():
        with path.open("r+b"):
            pass
    code = (
        "import sys\nfrom pathlib import Path\nfrom pytest_readiness.journal.folder import find_leftovers\n"
        "sys.exit(7 if find_leftovers(Path(sys.argv[1]))[0].is_active else 0)\n"
    )
    assert subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=False).returncode == 7
    writer.close()


def test_the_own_process_cannot_write_the_same_run(tmp_path: Path) -> None:
    """A session in the same process can read an active journal but not write it, until it is closed."""
    writer = new_journal(tmp_path, "r1")
    writer.append("run", {"register": "r", "started_at": "2026-02-12T18:00:00.000Z"})
    [leftover] = find_leftovers(tmp_path)
    assert leftover.is_active
    assert leftover.run is not None
    with pytest.raises(StorageError, match="another session"):
        JournalWriter(writer.path, LineChain("r1"), create=False)
    writer.append("started", {"test": "a", "at": "2026-02-12T18:00:00.000Z"})
    writer.close()
    [leftover] = find_leftovers(tmp_path)
    assert (leftover.is_active, leftover.problem) == (False, None)


def test_a_child_that_stays_does_not_hold_the_journal(tmp_path: Path) -> None:
    """A forked process that outlives its session does not keep the lock."""
    code = (
        "import os, sys, time\nfrom pathlib import Path\nfrom pytest_readiness.journal.writer import new_journal\n"
        "writer = new_journal(Path(sys.argv[1]), 'r1')\nwriter.append('run', {'register': 'r'})\n"
        "there, here = os.pipe()\n"
        "if os.fork():\n    os.read(there, 1)\n    os._exit(0)\nos.write(here, b'x')\ntime.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], start_new_session=True) as process:
        process.wait()
        try:
            assert [leftover.is_active for leftover in find_leftovers(tmp_path)] == [False]
        finally:
            os.killpg(process.pid, 9)


def test_a_line_that_a_signal_cut_off_breaks_nothing(tmp_path: Path) -> None:
    """A signal between the creation and the writing of a line loses that line, but does not break the chain."""
    writer = new_journal(tmp_path, "r1")
    writer.append("a", {})
    writer.chain.next("cut off", {})
    writer.append("b", {"n": 1})
    line = writer.chain.next("cut off behind its writing", {})
    os.write(os.open(writer.path, os.O_WRONLY | os.O_APPEND), f"{line.text}\n".encode())
    writer.append("c", {"n": 2})
    lines = lines_of(tmp_path / "r1.jsonl")
    assert [(line.kind, line.body.get("n")) for line in lines] == [("a", None), ("b", 1), ("c", 2)]
    assert list(broken_links("r1", lines)) == []
    writer.close()


def test_a_folder_that_cannot_be_written_keeps_lines_in_memory(tmp_path: Path) -> None:
    """Nothing is raised; the lines wait, and are written when the folder can be created."""
    (tmp_path / "journal").write_text("in the way")
    writer = new_journal(tmp_path / "journal", "r1")
    writer.append("a", {})
    assert (writer.unwritten, writer.error is not None, len(writer.texts())) == (1, True, 1)
    (tmp_path / "journal").unlink()
    writer.append("b", {})
    assert (writer.unwritten, writer.error) == (0, None)
    assert [line.kind for line in lines_of(tmp_path / "journal" / "r1.jsonl")] == ["a", "b"]
    writer.close()


def test_a_full_disk_leaves_whole_lines(tmp_path: Path) -> None:
    """A partly written line is removed, and all lines are written in order when there is space again."""
    code = f"""
import resource, sys
from pathlib import Path
from pytest_readiness.journal.writer import new_journal
resource.setrlimit(resource.RLIMIT_FSIZE, (500, resource.RLIM_INFINITY))
writer = new_journal(Path({str(tmp_path)!r}), "r1")
for number in range(10):
    writer.append("a", {{"n": number, "text": "x" * 50}})
size = writer.path.stat().st_size
assert writer.unwritten and writer.error, (writer.unwritten, size)
assert writer.path.read_bytes().endswith(b"\\n")
assert len(writer.texts()) == 10
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
writer.append("b", {{}})
assert not writer.unwritten and writer.error is None
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    lines = lines_of(tmp_path / "r1.jsonl")
    assert [line.seq for line in lines] == list(range(11))
    assert list(broken_links("r1", lines)) == []
    assert resource.RLIM_INFINITY  # the limit was the child's own


def test_a_forked_child_writes_nothing(tmp_path: Path) -> None:
    """A forked child does not write into the run."""
    writer = new_journal(tmp_path, "r1")
    writer.append("a", {})
    child = os.fork()
    if child == 0:
        writer.append("b", {})
        os._exit(0)
    os.waitpid(child, 0)
    writer.append("c", {})
    lines = lines_of(tmp_path / "r1.jsonl")
    assert [line.kind for line in lines] == ["a", "c"]
    assert list(broken_links("r1", lines)) == []
    writer.close()


def test_the_folder_ignores_itself(tmp_path: Path) -> None:
    """The folder gets a .gitignore, and an existing one is not overwritten."""
    ignore_folder(tmp_path / ".readiness")
    marker = tmp_path / ".readiness" / ".gitignore"
    assert marker.read_text() == "*\n"
    marker.write_text("mine\n")
    ignore_folder(tmp_path / ".readiness")
    assert marker.read_text() == "mine\n"


def test_a_deleted_journal_is_gone_and_free(tmp_path: Path) -> None:
    """A second deletion is harmless."""
    writer = new_journal(tmp_path, "r1")
    writer.append("a", {})
    writer.delete()
    writer.delete()
    assert not writer.path.exists()


def test_an_existing_journal_is_not_opened_as_a_new_one(tmp_path: Path) -> None:
    """A new run does not write into the journal of another run with the same id."""
    (tmp_path / "r1.jsonl").write_text("something\n")
    writer = JournalWriter(tmp_path / "r1.jsonl", LineChain("r1"))
    writer.append("a", {})
    assert isinstance(writer.error, FileExistsError)
    assert (tmp_path / "r1.jsonl").read_text() == "something\n"
    with pytest.raises(FileNotFoundError):
        (tmp_path / "other.jsonl").read_text()
    assert StorageError.exit_code == 3
