"""What a test leaves changed for the whole process changes nothing of what is kept, and nothing of others is touched."""

from __future__ import annotations

import pytest

from tests.plugin.test_crash import recorded
from tests.project import Project

pytestmark = pytest.mark.slow

KINDS = ("str", "int", "float", "bytes", "bool", "type(None)")
ADAPTER = """
import sqlite3

sqlite3.register_adapter({early}, lambda value: "early")

@evidence("UC-001", item=1)
def test_leaks():
    sqlite3.register_adapter({late}, lambda value: str(value).upper())
    sqlite3.register_converter("TEXT", lambda value: "made up")

@evidence("UC-001", item=2)
def test_after(): pass
"""


@pytest.mark.parametrize("kind", KINDS)
def test_an_adapter_of_a_basic_type(project: Project, kind: str) -> None:
    """What is told to ``sqlite3`` for the process, at import or in a test, is not made of what the store holds."""
    project.configured().tests(ADAPTER.format(early="complex", late=kind))
    result = project.run_apart("--readiness-json=out.json", "--readiness-bundle=out.zip")
    assert result.ret == 0, result.stdout.str()
    assert recorded(project) == {"test_leaks": "PASSED", "test_after": "PASSED"}
    assert project.journals == []
    verified = project.cli("verify")
    assert verified.exit_code == 0, verified.output


def test_an_adapter_from_a_conftest(project: Project) -> None:
    """One that was there before the first test is as harmless, and is in force again afterwards."""
    project.configured().tests(ADAPTER.format(early="str", late="int"))
    project.write(
        "conftest.py",
        """\
        import sqlite3

        def pytest_unconfigure():
            print("adapted:", sqlite3.connect(":memory:").execute("SELECT ?", ("a",)).fetchone())
        """,
    )
    result = project.run_apart()
    assert result.ret == 0, result.stdout.str()
    result.stdout.fnmatch_lines(["adapted: ('early',)"])
    assert recorded(project) == {"test_leaks": "PASSED", "test_after": "PASSED"}
    assert project.cli("verify").exit_code == 0


CLOSES = """
@evidence("UC-001", item=1)
def test_before(): pass

OPENED = []

@evidence("UC-001", item=2)
def test_closes():
    os.closerange(3, 256)
    {then}

@evidence("UC-002", item=1)
def test_after(): pass
"""
OPENS = "OPENED.extend(open(f'mine-{n}.txt', 'wb') for n in range(40))"


@pytest.mark.parametrize("then", [OPENS, "pass"], ids=["and opens others", "and opens none"])
def test_a_journal_that_a_test_closes(project: Project, then: str) -> None:
    """Nothing is written into, nor closed of, what has its number now; the journal is opened again by its name."""
    check = "\ndef test_mine_are_open():\n    for file in OPENED: file.write(b'mine'), file.flush()\n"
    project.configured().tests(CLOSES.format(then=then) + check)
    result = project.run_apart("-s", "-p", "no:logging", "-p", "no:faulthandler")  # files of their own
    assert result.ret == 0, result.stdout.str() + result.stderr.str()
    mine = sorted(project.path.glob("mine-*.txt"))
    assert len(mine) == (40 if then == OPENS else 0)
    assert {path.read_bytes() for path in mine} <= {b"mine"}
    assert recorded(project) == {"test_before": "PASSED", "test_closes": "PASSED", "test_after": "PASSED"}
    assert project.journals == []
    assert project.cli("verify").exit_code == 0


def test_a_journal_that_a_test_closes_and_replaces(project: Project) -> None:
    """Another file of its name is not written to: one line says so, and the gate is closed (13)."""
    then = OPENS + "\n    [path] = pathlib.Path('.readiness/journal').glob('*.jsonl')"
    then += "\n    path.rename('away'); path.write_bytes(b'')"
    project.configured().tests(CLOSES.format(then=then))
    result = project.run_apart("-s")
    assert result.ret == 13, result.stdout.str() + result.stderr.str()
    shown = " ".join(result.stdout.str().split())
    assert "the journal was changed after it was written, so the run is not stored" in shown
    assert "INTERNALERROR" not in shown
    assert {path.read_bytes() for path in project.path.glob("mine-*.txt")} == {b""}
    (journal,) = project.journals
    assert journal.read_bytes() == b""


def test_a_child_closes_nothing_of_others(project: Project) -> None:
    """A forked child lets go of the journal, and not of what has its number since."""
    then = (
        OPENS
        + "\n    child = os.fork()\n    if not child:\n        try:\n            [os.fstat(one.fileno()) for one in OPENED]"
    )
    then += "\n        except OSError: os._exit(1)\n        os._exit(0)\n    assert os.waitpid(child, 0)[1] == 0"
    project.configured().tests(CLOSES.format(then=then))
    assert project.run_apart("-s").ret == 0
    assert recorded(project)["test_closes"] == "PASSED"


SCRIBBLES = """
import pathlib
from pytest_readiness import evidence

@evidence("UC-001", item=1)
def test_before(): pass

@evidence("UC-001", item=1)
def test_scribbles():
    [path] = pathlib.Path(".readiness/journal").glob("*.jsonl")
    lines = path.read_bytes().splitlines(keepends=True)
    {change}
    with path.open("r+b") as file:
        file.truncate()
        file.write(b"".join(lines))

@evidence("UC-001", item=1)
def test_after(): pass
"""


@pytest.mark.parametrize(
    "change",
    [
        "lines[0] = b'{}\\n'",
        "lines[0] = b'\\xff\\n'",
        "lines[1] = lines[1].replace(b'test_before', b'test_other_')",
        "lines[1] = b'[]\\n'",
        'lines[1] = b\'{"kind":"planned",\\n\'',
        "lines[2] = b'\\xff' + lines[2][1:]",
        "lines[2] = lines[2].replace(b'PASSED', b'FAILED')",
        "del lines[2]",
        "lines.append(lines[-1])",
        "lines[1], lines[2] = lines[2], lines[1]",
    ],
)
@pytest.mark.parametrize("held", [pytest.param(1 << 20, id="short"), pytest.param(1, id="long")])
def test_a_journal_in_which_a_test_changes_a_line_is_not_kept(project: Project, change: str, held: int) -> None:
    """Whichever line it is, of a short run or a long one: one line says so, nothing is kept, and the end is 13."""
    project.write("conftest.py", f"from pytest_readiness.journal import writer\nwriter.CACHED_BYTES = {held}\n")
    project.configured().tests(SCRIBBLES.format(change=change))
    result = project.run_apart()
    shown = " ".join(result.stdout.str().split())
    assert result.ret == 13, shown
    assert "the journal was changed after it was written, so the run is not stored" in shown
    assert "defect" not in shown
    assert len(project.journals) == 1
    assert project.cli("gate").exit_code != 0
