"""Under pytest-xdist the plan is on disk before a worker is given a test, and each start before its test begins."""

from __future__ import annotations

import os
import signal
import subprocess
from contextlib import suppress

import pytest

from tests.project import Project

pytestmark = pytest.mark.slow

HANGS = """
@pytest.fixture
def service():
    if "HANG" in os.environ:
        pathlib.Path("here").touch()
        import time; time.sleep(100)

@evidence("UC-001", item=1)
def test_a(service): pass

@evidence("UC-002", item=1)
def test_b(service): pass
"""
WAYS = {"load": "-n1", "loadscope": "-n1", "loadgroup": "-n1", "worksteal": "-n1", "each": "--tx=popen"}
DEAF = """
import os, pytest, signal, time

class Deaf:
    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logstart(self):
        while not os.path.exists("here"):
            time.sleep(0.01)
        if not os.environ["DEAF"]:
            raise KeyboardInterrupt
        os.kill(os.getpid(), int(os.environ["DEAF"]))

def pytest_sessionstart(session):
    if "DEAF" in os.environ and not hasattr(session.config, "workerinput"):
        session.config.pluginmanager.register(Deaf())
"""
"""The controller reads nothing of what a worker tells from its first start on, until its test has begun: then it ends."""


def ended(process: subprocess.Popen[bytes]) -> int:
    """Wait for a session's end, and let no worker outlive it."""
    code = process.wait(timeout=60)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    return code


def assert_begun(project: Project, tests: str = "UC-001/1") -> None:
    """Before and after recovery: what began is INTERRUPTED, what did not is as it was, and nothing lies about."""
    expected = {"UC-001/1": "COMPLETE", "UC-002/1": "COMPLETE"} | dict.fromkeys(tests.split(), "INTERRUPTED")
    assert {name: state for name, state in project.states().items() if name in expected} == expected
    assert project.cli("gate", "--on", "evidence").exit_code == 1
    assert project.cli("recover").exit_code == 0
    assert {name: state for name, state in project.states().items() if name in expected} == expected
    assert project.cli("verify").exit_code == 0
    left = {path.suffix for path in (project.path / ".readiness" / "journal").iterdir()}
    assert left <= {".json"}  # the requirements


@pytest.mark.parametrize("dist", WAYS)
def test_a_session_that_is_killed_in_the_setup_of_its_first_test(project: Project, dist: str) -> None:
    """However tests are handed out, the test is INTERRUPTED, and an older pass stands no more."""
    project.configured().tests(HANGS)
    project.run().assert_outcomes(passed=2)
    project.monkeypatch.setenv("HANG", "1")
    process = project.popen("-p", "xdist", WAYS[dist], f"--dist={dist}")
    project.wait_for("here")
    process.kill()
    assert ended(process) == -signal.SIGKILL
    assert_begun(project)


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_a_session_that_is_stopped_in_the_setup_of_its_first_test(project: Project, stop: signal.Signals) -> None:
    """Ctrl-C and SIGTERM: the run is kept, and the test is INTERRUPTED."""
    project.configured().tests(HANGS)
    project.run().assert_outcomes(passed=2)
    project.monkeypatch.setenv("HANG", "1")
    process = project.popen("-p", "xdist", "-n1")
    project.wait_for("here")
    process.send_signal(stop)
    ended(process)
    assert_begun(project)


@pytest.mark.parametrize("act", ["", str(int(signal.SIGKILL))], ids=["stopped", "killed"])
def test_a_start_of_which_the_controller_never_heard(project: Project, act: str) -> None:
    """What a worker began while its controller did not listen any more is INTERRUPTED: it said so on disk itself."""
    project.configured().tests(HANGS)
    project.write("conftest.py", DEAF)
    project.run().assert_outcomes(passed=2)
    project.monkeypatch.setenv("HANG", "1")
    project.monkeypatch.setenv("DEAF", act)
    ended(project.popen("-p", "xdist", "-n1"))
    assert_begun(project)


def test_a_body_that_kills_its_controller(project: Project) -> None:
    """A kill at once after the start is no race: the start is on disk before the test begins."""
    project.configured().tests(
        """
        @evidence("UC-001", item=1)
        def test_a():
            if "KILLS" in os.environ:
                os.kill(os.getppid(), 9)
                import time; time.sleep(100)

        @evidence("UC-002", item=1)
        def test_b(): pass
        """
    )
    project.run().assert_outcomes(passed=2)
    project.monkeypatch.setenv("KILLS", "1")
    assert ended(project.popen("-p", "xdist", "-n1")) == -signal.SIGKILL
    assert_begun(project)


def test_every_worker_runs_everything_and_one_is_not_heard(project: Project) -> None:
    """With --dist=each a test that passed in one worker, and has begun in the other, is INTERRUPTED."""
    project.configured().tests(
        """
        @evidence("UC-001", item=1)
        def test_a():
            if os.environ.get("PYTEST_XDIST_WORKER") == "gw1":
                pathlib.Path("here").touch()
                import time; time.sleep(100)
        """
    )
    project.write(
        "conftest.py",
        """
        import os, pytest, time
        from xdist.dsession import DSession

        if "DEAF" in os.environ and "PYTEST_XDIST_WORKER" not in os.environ:
            heard = DSession.worker_logstart

            def worker_logstart(self, node, **told):
                if node.gateway.id == "gw0":
                    heard(self, node, **told)

            DSession.worker_logstart = worker_logstart

            @pytest.hookimpl(trylast=True)
            def pytest_runtest_logreport(report):
                if report.when == "teardown":
                    while not os.path.exists("here"):
                        time.sleep(0.01)
                    raise KeyboardInterrupt
        """,
    )
    project.monkeypatch.setenv("DEAF", "1")
    ended(project.popen("-p", "xdist", "--dist=each", "--tx=2*popen"))
    assert project.states()["UC-001/1"] == "INTERRUPTED"
    assert project.cli("verify").exit_code == 0


def test_workers_that_say_nothing(project: Project) -> None:
    """Tests that ran in workers which told of no plan: that is no session without evidence."""
    project.configured().tests("@evidence('UC-001', item=1)\ndef test_a(): pass\n")
    project.write(
        "conftest.py",
        """
        import os
        if "PYTEST_XDIST_WORKER" in os.environ:
            def pytest_configure(config):
                del config.workerinput["readiness"]
        """,
    )
    found = project.run_apart("-p", "xdist", "-n1")
    assert found.ret == 13
    assert "tests ran in xdist workers that sent no plan" in " ".join(found.stdout.str().split())
