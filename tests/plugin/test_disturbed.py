"""What disturbs a session, and what a session of ours must not disturb: timeouts, dry runs, forks, odd files."""

from __future__ import annotations

import os
import socket
import stat
from pathlib import Path

import pytest

from tests.plugin.test_crash import recorded
from tests.project import XDIST, Project

pytestmark = pytest.mark.slow

TWO = """
@evidence("UC-001", item=1)
def test_a(): pass

@evidence("UC-001", item=2)
def test_b(): pass
"""
BOTH = {"test_a": "PASSED", "test_b": "PASSED"}


def slow_git(project: Project) -> None:
    """The first git on the path takes its time."""
    path = project.write("bin/git", '#!/bin/sh\nsleep 3\nexec /usr/bin/git "$@"\n')
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    project.monkeypatch.setenv("PATH", f"{path.parent}{os.pathsep}{os.environ['PATH']}")


@pytest.mark.parametrize("method", ["signal", "thread"])
def test_a_slow_git_takes_no_test_its_time(project: Project, method: str) -> None:
    """The journal is opened, and git asked, before the time of the first test begins."""
    project.configured().tests(TWO)
    slow_git(project)
    result = project.run_apart("-p", "pytest_timeout", "--timeout=2", f"--timeout-method={method}")
    assert result.ret == 0, result.stdout.str()
    assert recorded(project) == BOTH


SLOW_HOOK = """
import signal, time
from pytest_readiness.journal import {module}
real = {module}.{name}
def slow(*args, **kwargs):
    if {when}:
        {module}.{name} = real
        time.sleep(60)
    return real(*args, **kwargs)
{module}.{name} = slow
"""


@pytest.mark.parametrize(
    ("module", "name", "when"),
    [
        ("run_log.RunLog", "started", "'test_a' in args[1]"),
        ("recorder.Observer", "_observe", "args[2].when == 'setup' and 'test_a' in args[2].nodeid"),
        ("recorder.Observer", "_observe", "args[2].when == 'call' and 'test_a' in args[2].nodeid"),
    ],
    ids=["at the start", "after setup", "after the call"],
)
def test_a_timeout_while_we_are_at_work(project: Project, module: str, name: str, when: str) -> None:
    """A timeout that strikes within a hook of ours ends its test, and neither the session nor the next test."""
    project.configured().tests(TWO)
    file, _, owner = module.partition(".")
    text = SLOW_HOOK.format(module=owner, name=name, when=when)
    project.write("conftest.py", text.replace(f"journal import {owner}", f"journal.{file} import {owner}"))
    result = project.run_apart("-p", "pytest_timeout", "--timeout=2", "--timeout-method=signal", "--readiness-gate")
    shown = result.stdout.str()
    assert result.ret == 1, shown
    assert "INTERNALERROR" not in shown
    assert "Timeout" in shown
    assert "a defect" not in shown
    assert recorded(project)["test_a"] in ("ERROR", "FAILED", "INTERRUPTED")
    assert recorded(project)["test_b"] == "PASSED"
    assert project.cli("verify").exit_code == 0


@pytest.mark.parametrize("act", ["pytest.exit('enough')", "raise KeyboardInterrupt"])
def test_what_ends_a_session_ends_it_within_our_hooks_too(project: Project, act: str) -> None:
    """pytest.exit and Ctrl-C are pytest's to handle, wherever they are raised."""
    project.configured().tests(TWO)
    project.write(
        "conftest.py",
        f"import pytest\nfrom pytest_readiness.journal.run_log import RunLog\nreal = RunLog.started\n"
        f"def started(self, name, *more):\n    if 'test_b' in name: {act}\n    real(self, name, *more)\n"
        "RunLog.started = started\n",
    )
    result = project.run_apart()
    assert result.ret == 2, result.stdout.str()
    assert "defect" not in result.stdout.str()
    assert recorded(project) == {"test_a": "PASSED", "test_b": "NOT_RUN"}


@pytest.mark.parametrize("how", [(), ("-p", "xdist", "-n", "1")], ids=["alone", "xdist"])
@pytest.mark.parametrize("option", ["--setup-plan", "--setup-only", "--collect-only"])
def test_a_dry_run_replaces_nothing(project: Project, option: str, how: tuple[str, ...]) -> None:
    """What tries no test records nothing: what was complete stays so."""
    project.configured().tests(
        "@pytest.fixture(autouse=True)\ndef kept(record_evidence): record_evidence.attach('in a fixture')\n" + TWO
    )
    project.run()
    kept = project.artifacts
    before = project.evidence()
    result = project.run("--readiness-report", option, *how)
    assert result.ret == 0
    assert project.evidence() == before
    assert {piece["result"] for piece in before} == {"PASSED"}
    assert project.artifacts == kept


def test_a_dry_run_leaves_no_trace(project: Project) -> None:
    """The first session of a project may be a dry one."""
    project.configured().tests(TWO)
    project.run("--setup-plan")
    assert not (project.path / ".readiness").exists()


def test_a_session_that_stops_before_the_first_evidence_test(project: Project) -> None:
    """Where no evidence test ran, there is no run."""
    project.configured().tests("def test_first(): assert False\n" + TWO)
    project.run("-x")
    assert recorded(project) == {}
    assert project.journals == []


def test_a_plan_without_a_terminal(project: Project) -> None:
    """Without pytest's terminal there is nobody to tell the plan to, and that is no error."""
    project.configured().tests(TWO)
    result = project.run_apart("-p", "no:terminal", "--readiness-plan")
    assert (result.ret, result.stdout.str() + result.stderr.str()) == (0, "")


@pytest.mark.parametrize("more", [("--readiness-report",), ("--readiness-gate",)])
def test_a_session_without_a_terminal(project: Project, more: tuple[str, ...]) -> None:
    """Nor is it for a report or a gate, whose exit code stands."""
    project.configured().tests(TWO)
    result = project.run_apart("-p", "no:terminal", *more)
    assert result.ret == (11 if "--readiness-gate" in more else 0)
    assert recorded(project) == BOTH


@pytest.mark.parametrize("act", ["return", "raise RuntimeError", "import sys; sys.exit(0)", "assert False"])
def test_a_forked_child_that_comes_back(project: Project, act: str) -> None:
    """A child that runs on as pytest records nothing, says nothing of a defect, and takes nothing away."""
    project.configured().tests(
        f"""
        @evidence("UC-001", item=1)
        def test_a(record_evidence):
            record_evidence.secret("hunter2hunter2")
            record_evidence.attach("hunter2hunter2 is hidden")
            child = os.fork()
            if child == 0:
                {act}
                return
            os.waitpid(child, 0)

        @evidence("UC-001", item=2)
        def test_b(): pass
        """
    )
    result = project.run_apart("-s")
    shown = result.stdout.str() + result.stderr.str()
    assert result.ret == 0, shown
    assert "defect" not in shown
    assert recorded(project) == BOTH
    assert project.cli("verify").exit_code == 0


def pipe(path: Path) -> None:
    """A FIFO, which nobody writes."""
    os.mkfifo(path)


def unix_socket(path: Path) -> None:
    """A socket."""
    here = Path.cwd()
    os.chdir(path.parent)  # its address may not be long
    with socket.socket(socket.AF_UNIX) as one:
        one.bind(path.name)
    os.chdir(here)


def device(path: Path) -> None:
    """A link to what never ends."""
    path.symlink_to("/dev/zero")


def folder(path: Path) -> None:
    """A folder."""
    path.mkdir()


def a_link(path: Path) -> None:
    """A link to a file elsewhere."""
    (path.parent.parent.parent / "elsewhere").write_text("{}\n")
    path.symlink_to(path.parent.parent.parent / "elsewhere")


@pytest.mark.parametrize("make", [pipe, unix_socket, device, folder, a_link])
def test_what_is_no_file_among_the_journals(project: Project, make) -> None:
    """No command waits for it, and each that needs the journals says what it is; a session keeps its evidence."""
    project.configured().tests(TWO)
    project.run()
    odd = project.path / ".readiness" / "journal" / "20260101T000000Z-00000000.jsonl"
    make(odd)
    codes = {
        words: project.cli(*words.split())
        for words in ("gate", "report", "recover", "verify", "check", "history UC-001")
    }
    assert codes["gate"].exit_code in (1, 3)
    assert codes["recover"].exit_code == 3
    assert odd.name in codes["recover"].output
    assert odd.exists() or odd.is_symlink()
    result = project.run("--readiness-gate")
    assert result.ret == 13
    assert set(recorded(project).values()) == {"PASSED"}
    if make in (pipe, device, a_link):
        assert "no regular file: move it away" in codes["recover"].output


@pytest.mark.parametrize(
    "act",
    [
        "file.write_bytes(file.read_bytes()[:-5])",
        "file.write_bytes(file.read_bytes().replace(b'started', b'finished', 1))",
        "file.write_bytes(file.read_bytes().replace(b'test_a', b'test_x', 1))",
        "file.open('ab').write(b'{}\\n')",
        "file.write_bytes(b'')",
    ],
)
def test_a_journal_that_a_test_changes_is_not_kept(project: Project, act: str) -> None:
    """A run whose own journal does not verify is not taken into the store, and the session does not end with 0."""
    project.configured().tests(
        f"""
        @evidence("UC-001", item=1)
        def test_a(): pass

        @evidence("UC-001", item=2)
        def test_b():
            (file,) = pathlib.Path(".readiness/journal").glob("*.jsonl")
            {act}
        """
    )
    result = project.run_apart()
    assert result.ret == 13, result.stdout.str()
    assert "is not kept" in result.stdout.str()
    assert len(project.journals) == 1
    assert recorded(project) == {}
    assert project.cli("gate").exit_code in (1, 3)
    assert project.cli("recover").exit_code == 3


@pytest.mark.parametrize("way", [(), XDIST], ids=["alone", "xdist"])
@pytest.mark.parametrize("gone", [".readiness", ".readiness/artifacts"])
def test_artifacts_that_a_test_removes_are_missed(project: Project, gone: str, way: tuple[str, ...]) -> None:
    """A session whose artifacts are gone at its end says which, and its gate is closed."""
    project.configured().tests(f"""
        import shutil

        @evidence("UC-001", item=1)
        def test_a(record_evidence):
            record_evidence.attach("what the provider said")
            while os.path.exists({gone!r}):  # another worker may write into it meanwhile
                shutil.rmtree({gone!r}, ignore_errors=True)

        @evidence("UC-001", item=2)
        def test_b(): pass
    """)
    result = project.run_apart(*way, "--readiness-gate", "--readiness-gate-on=evidence")
    assert result.ret == 13
    told = " ".join(result.stdout.str().split())
    assert "the artifact is gone or changed" in told
    assert ": no test may touch what is kept in this folder" in told
    assert project.states("UC-001")["UC-001/2"] == "ASSERTED"


@pytest.mark.parametrize("harm", ["write_text('')", "unlink(); path.symlink_to(__file__)", "unlink(); path.mkdir()"])
def test_artifacts_that_a_test_changes_are_missed(project: Project, harm: str) -> None:
    """So it is where the file is another in size, a link or a folder."""
    project.configured().tests(f"""
        @evidence("UC-001", item=1)
        def test_a(record_evidence): record_evidence.attach("what the provider said")

        def test_b():
            for path in pathlib.Path(".readiness/artifacts").rglob("*"):
                if path.is_file() and path.read_text() == "what the provider said":
                    path.{harm}
    """)
    result = project.run_apart("--readiness-gate", "--readiness-gate-on=evidence")
    told = " ".join(result.stdout.str().split())
    assert (result.ret, "the artifact is gone or changed" in told) == (13, True)


PURGE = """
import sys

@evidence("UC-001", item=1)
def test_a(record_evidence):
    {purge}
    record_evidence.secret("what-is-known-late")
    record_evidence.note("what-is-known-late")

@evidence("UC-001", item=2)
def test_b(): pass
"""


@pytest.mark.parametrize(
    "purge",
    [
        'for name in [one for one in sys.modules if one.startswith("pytest_readiness")]: del sys.modules[name]',
        'for name in [one for one in sys.modules if "sqlite" in one or one == "json"]: del sys.modules[name]',
        "sys.modules.update(sqlite3=None, json=None)",
    ],
    ids=["ours", "the store's", "replaced"],
)
@pytest.mark.parametrize("how", [(), XDIST], ids=["alone", "xdist"])
def test_a_test_that_unloads_modules(project: Project, how: tuple[str, ...], purge: str) -> None:
    """What ends a session works with the modules that were loaded before the first test."""
    project.configured().tests(PURGE.format(purge=purge))
    result = project.run_apart(*how, "--readiness-report", "--readiness-json=r.json")
    assert result.ret == 0, result.stdout.str()
    assert recorded(project) == BOTH
    assert project.cli("verify").exit_code == 0
