"""The exit code of a session: whatever ends it, a gate that is closed or has not answered is no success."""

from __future__ import annotations

import pytest

from tests.project import CONFIG, Project

pytestmark = pytest.mark.slow

PASSES = '@evidence("UC-001", item=1)\ndef test_it(): pass\n'
OPEN = CONFIG.replace('proof = "trace"', 'proof = "none"') + '\n[gate]\non = "evidence"\n'
ENDS = {
    "exits as it finishes": "def pytest_sessionfinish(): raise SystemExit(0)",
    "exits without a code": "def pytest_sessionfinish(): raise SystemExit",
    "exits with 256": "def pytest_sessionfinish(): raise SystemExit(256)",
    "pytest.exit as it finishes": "import pytest\ndef pytest_sessionfinish(): pytest.exit('bye', returncode=0)",
    "exits as it is torn down": "def pytest_unconfigure(): raise SystemExit(0)",
    "another code": (
        "import pytest\n@pytest.hookimpl(wrapper=True, tryfirst=True)\n"
        "def pytest_sessionfinish(session):\n    yield\n    session.exitstatus = 0"
    ),
    "exits before anybody finishes": (
        "import pytest\n@pytest.hookimpl(wrapper=True, tryfirst=True)\n"
        "def pytest_sessionfinish(session):\n    raise SystemExit(0)\n    yield"
    ),
    "exits in the summary": "def pytest_terminal_summary(): raise SystemExit(0)",
    "exits in the loop": "def pytest_runtestloop(): raise SystemExit(0)",
    "pytest.exit in the loop": "import pytest\ndef pytest_runtestloop(): pytest.exit('bye', returncode=0)",
    "pytest.exit in a report": "import pytest\ndef pytest_runtest_logreport(): pytest.exit('bye', returncode=0)",
    "pytest.exit with 256": "import pytest\ndef pytest_runtest_logreport(): pytest.exit('bye', returncode=256)",
    "pytest.exit at its start": "import pytest\ndef pytest_sessionstart(): pytest.exit('bye', returncode=0)",
    "no session at all": "import pytest\n@pytest.hookimpl(tryfirst=True)\ndef pytest_cmdline_main(): return 0",
}
"""What a ``conftest.py`` does to a session's end."""


def ends(project: Project, capsys: pytest.CaptureFixture[str], *args: str) -> tuple[int, str]:
    """Return the exit code as the shell sees it, and what was printed."""
    capsys.readouterr()
    try:
        code = int(project.pytester.inline_run(*project.args(*args)).ret)
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 0
    return code % 256, capsys.readouterr().out


@pytest.mark.parametrize("does", ENDS.values(), ids=ENDS)
def test_a_closed_gate_does_not_exit_0(project: Project, capsys: pytest.CaptureFixture[str], does: str) -> None:
    """A ``conftest.py`` that ends the session in its own way does not open the gate."""
    project.configured().tests(PASSES).write("conftest.py", does + "\n")
    assert ends(project, capsys, "--readiness-gate")[0]


@pytest.mark.parametrize("does", ENDS.values(), ids=ENDS)
def test_an_open_gate_exits_0_only_where_it_has_answered(
    project: Project, capsys: pytest.CaptureFixture[str], does: str
) -> None:
    """Who reads 0 can read the verdict."""
    project.configured(OPEN)
    project.tests('@evidence("UC-001", "UC-002", item=[1, 2])\ndef test_it(): pass\n')
    assert project.run("--readiness-gate").ret == 0
    project.write("conftest.py", does + "\n")
    code, printed = ends(project, capsys, "--readiness-gate")
    assert code or "\nELIGIBLE" in printed


def test_evidence_that_is_not_kept_does_not_exit_0(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    """So it is without a gate, where evidence could not be kept."""
    project.configured().tests(PASSES).write("conftest.py", ENDS["exits as it finishes"] + "\n")
    project.write(".readiness/evidence.db", "no database")
    assert ends(project, capsys)[0] == 13


def test_a_session_without_us_ends_as_it_does(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    """Where no gate is asked and all is well, the exit of a plugin is its own."""
    project.configured().tests(PASSES).write("conftest.py", ENDS["exits as it finishes"] + "\n")
    assert ends(project, capsys)[0] == 0
    assert project.states()["UC-001/1"] == "COMPLETE"


def test_pytest_may_tell_about_itself(project: Project) -> None:
    """``--markers`` and its like begin no session, also where the gate is asked for by ``addopts``."""
    project.configured().tests(PASSES)
    for option in ("--markers", "--version", "--help", "--fixtures"):
        assert project.run("--readiness-gate", option).ret == 0


def test_a_gate_without_a_terminal_answers(project: Project) -> None:
    """Without pytest's reporter the verdict is printed all the same, and closes the session."""
    project.configured().tests(PASSES)
    result = project.run_apart("--readiness-gate", "-p", "no:terminal")
    assert result.ret == 11
    assert "NOT ELIGIBLE" in result.stdout.str()


@pytest.mark.parametrize("raised", ["asyncio.CancelledError", "GeneratorExit", "BaseException(0)"])
def test_a_conftest_that_raises_as_it_is_loaded_opens_no_gate(project: Project, raised: str) -> None:
    """pytest itself ends with a traceback that leads there: nothing was recorded, and that is no success."""
    project.configured(OPEN).tests(PASSES).write("conftest.py", f"import asyncio\nraise {raised}\n")
    result = project.run_apart("--readiness-gate")
    assert result.ret == 1
    assert 'conftest.py", line 2' in result.stderr.str()
    assert not (project.path / ".readiness").exists()


@pytest.mark.parametrize("code", ["", "0", "256"])
def test_a_conftest_that_exits_as_it_is_loaded_is_told(project: Project, code: str) -> None:
    """pytest itself would end in silence, and with 0, before the gate was asked."""
    project.configured().tests(PASSES).write("conftest.py", f"import sys\nsys.exit({code})\n")
    result = project.run_apart("--readiness-gate")
    assert result.ret == 4
    assert "ended pytest by SystemExit while it was loaded, before the gate was evaluated" in result.stderr.str()
    project.write("conftest.py", "import sys\nsys.exit(5)\n")
    assert project.run_apart("--readiness-gate").ret == 5


AT_ONCE = {
    "as it finishes": "def pytest_sessionfinish(session, exitstatus): os._exit(exitstatus)",
    "after all others": "import pytest\n@pytest.hookimpl(trylast=True)\ndef pytest_sessionfinish(): os._exit(0)",
    "as it is torn down": "def pytest_unconfigure(): os._exit(0)",
    "in the summary": "def pytest_terminal_summary(): os._exit(256)",
    "in a report": "def pytest_runtest_logreport(): os._exit(0)",
    "without a standard error": "import sys\ndef pytest_runtest_logreport():\n    sys.stderr = None\n    os._exit(0)",
    "in a thread": "import threading\ndef pytest_unconfigure():\n    threading.Thread(target=os._exit, args=(0,)).run()",
}
"""How a ``conftest.py`` ends the process at once, as some do because a thread of theirs never ends."""


@pytest.mark.parametrize("does", AT_ONCE.values(), ids=AT_ONCE)
def test_who_ends_the_process_at_once_opens_no_gate(project: Project, does: str) -> None:
    """A closed or unanswered gate is no success; an open one that has answered is, and without a gate 0 stays 0."""
    project.configured().tests(PASSES)
    project.write("conftest.py", f"import os\n{does}\n")
    assert project.run_apart("--readiness-gate").ret in (11, 13)
    assert project.run_apart().ret == 0
    project.configured(OPEN).tests('@evidence("UC-001", "UC-002", item=[1, 2])\ndef test_it(): pass\n')
    project.write("conftest.py", "")
    project.run()
    project.write("conftest.py", f"import os\n{does}\n")
    opened = project.run_apart("--readiness-gate")
    assert opened.ret == 13 or "\nELIGIBLE" in opened.stdout.str()


def test_a_child_process_ends_as_it_asks_for(project: Project) -> None:
    """A test that forks is not told what the gate says."""
    fork = "    child = os.fork()\n    if not child: os._exit(0)\n    assert os.waitpid(child, 0)[1] == 0\n"
    project.configured().tests(f'@evidence("UC-001", item=1)\ndef test_it():\n{fork}')
    assert project.run_apart("--readiness-gate").ret == 11
