"""Sessions that end badly: no finished evidence is lost, the unfinished is INTERRUPTED, the gate is closed."""

from __future__ import annotations

import json
import random
import signal
import time
from textwrap import indent

import pytest

from pytest_readiness.facts.evidence import Result
from tests.project import Project, kill

pytestmark = pytest.mark.slow

THREE = """
@evidence("UC-001", item=1)
def test_a(record_evidence): record_evidence.note("done")

@evidence("UC-001", item=2)
def test_b():
    {act}

@evidence("UC-002", item=1)
def test_c(): pass
"""


def recorded(project: Project) -> dict[str, str]:
    """Result of each test in the store, the newest by start."""
    from pytest_readiness.store.address import open_store

    store = open_store("sqlite:///.readiness/evidence.db", project.path, create=False)
    if store is None:
        return {}
    try:
        pieces = [piece for name in store.use_cases("default") for piece in store.history("default", name)]
    finally:
        store.close()
    return {piece.test_id.partition("::")[2]: piece.result.value for piece in sorted(pieces, key=lambda p: p.id)}


def assert_recovers(project: Project, expected: dict[str, str]) -> None:
    """Before and after recovery the gate is closed; recovery keeps what had finished, and the store verifies."""
    before = project.cli("gate")
    assert before.exit_code == 1, before.output
    assert "readiness recover" in project.cli("report").stdout
    done = project.cli("recover")
    assert done.exit_code == 0, done.output
    assert "recovered run" in done.stdout
    assert project.journals == []
    assert recorded(project) == expected
    assert project.cli("gate").exit_code == 1
    verified = project.cli("verify")
    assert verified.exit_code == 0, verified.output


def test_os_exit_zero_leaves_an_open_run(project: Project) -> None:
    """A test that calls os._exit(0) makes pytest look green, except where a gate is asked for; the run stays open."""
    project.configured().tests(THREE.format(act="os._exit(0)"))
    assert project.run_apart().ret == 0
    assert project.states()["UC-001/2"] == "INTERRUPTED"
    assert project.run_apart("--readiness-gate").ret == 13
    assert project.states()["UC-001/2"] == "INTERRUPTED"
    assert project.states()["UC-001/1"] == "MISSING"  # an open run's passes do not count
    assert_recovers(project, {"test_a": "PASSED", "test_b": "INTERRUPTED", "test_c": "NOT_RUN"})
    assert project.states()["UC-001/1"] == "COMPLETE"


def test_sigkill_of_the_session(project: Project) -> None:
    """A killed session loses nothing that had finished."""
    project.configured().tests(THREE.format(act="pathlib.Path('here').touch(); import time; time.sleep(60)"))
    process = project.popen()
    project.wait_for("here")
    assert kill(process) == -signal.SIGKILL
    assert_recovers(project, {"test_a": "PASSED", "test_b": "INTERRUPTED", "test_c": "NOT_RUN"})


def test_the_next_session_takes_in_what_was_left(project: Project) -> None:
    """The next recording session recovers the killed one, and its own newer result decides."""
    project.configured().tests(THREE.format(act="os._exit(3)"))
    project.run_apart()
    project.tests(THREE.format(act="pass"))
    project.run().assert_outcomes(passed=3)
    assert project.journals == []
    assert set(project.states().values()) == {"COMPLETE", "ASSERTED", "MISSING"}
    assert project.states()["UC-001/2"] == "ASSERTED"
    assert project.cli("verify").exit_code == 0


def test_a_living_session_is_left_alone(project: Project) -> None:
    """While a session runs, recover does not touch its journal, and the gate is closed for what it plans."""
    project.configured().tests(THREE.format(act="pathlib.Path('here').touch(); import time; time.sleep(60)"))
    process = project.popen()
    try:
        project.wait_for("here")
        done = project.cli("recover")
        assert (done.exit_code, "still writing" in done.stdout) == (0, True)
        assert len(project.journals) == 1
        assert project.cli("gate", "--on", "evidence").exit_code == 1
    finally:
        kill(process)


@pytest.mark.parametrize("how", ["alone", "xdist"])
def test_ctrl_c(project: Project, how: str) -> None:
    """Ctrl-C seals the run: what ran is kept, what was running is INTERRUPTED, the rest NOT_RUN."""
    project.configured().tests(THREE.format(act="pathlib.Path('here').touch(); import time; time.sleep(60)"))
    process = project.popen(*(["-p", "xdist", "-n1"] if how == "xdist" else []), "--readiness-gate")
    project.wait_for("here")
    time.sleep(0.3)
    assert kill(process, signal.SIGINT) == 2
    assert project.journals == []
    assert recorded(project) == {"test_a": "PASSED", "test_b": "INTERRUPTED", "test_c": "NOT_RUN"}
    assert project.states()["UC-001/1"] == "COMPLETE"
    assert project.cli("gate").exit_code == 1
    assert project.cli("verify").exit_code == 0


def test_what_was_recorded_before_ctrl_c_is_kept(project: Project) -> None:
    """An interrupted test keeps its notes, those of its fixture's teardown included."""
    project.configured().tests(
        """
        @pytest.fixture
        def cleaned(record_evidence):
            yield
            record_evidence.note("cleaned up")

        @evidence("UC-001", item=1)
        def test_a(record_evidence, cleaned):
            record_evidence.note("so far")
            raise KeyboardInterrupt
        """
    )
    assert project.run_apart().ret == 2
    [piece] = project.evidence()
    shown = project.cli("show", piece["id"]).stdout
    assert piece["result"] == "INTERRUPTED"
    assert "so far" in shown
    assert "cleaned up" in shown


@pytest.mark.parametrize("code", ["", ", returncode=0", ", returncode=7"])
def test_pytest_exit(project: Project, code: str) -> None:
    """pytest.exit seals the run as an interrupt does, and does not open the gate, whatever exit code it asks for."""
    project.configured().tests(THREE.format(act=f"pytest.exit('enough'{code})"))
    result = project.run("--readiness-gate")
    assert result.ret == {"": 2, ", returncode=0": 11, ", returncode=7": 7}[code]
    assert recorded(project) == {"test_a": "PASSED", "test_b": "INTERRUPTED", "test_c": "NOT_RUN"}
    assert "NOT ELIGIBLE" in result.stdout.str()


def test_pytest_exit_in_an_xdist_worker(project: Project) -> None:
    """There it is xdist's own INTERNALERROR; what had finished is kept, and the gate stays closed."""
    project.configured().tests(THREE.format(act="pytest.exit('enough')"))
    project.run_apart("-p", "xdist", "-n1", "--readiness-gate")
    project.cli("recover")
    assert recorded(project)["test_a"] == "PASSED"
    assert recorded(project)["test_b"] == "INTERRUPTED"
    assert project.cli("gate").exit_code == 1


@pytest.mark.parametrize("act", ["os.kill(os.getpid(), 9)", "os._exit(0)"])
def test_an_xdist_worker_dies(project: Project, act: str) -> None:
    """A worker's death is INTERRUPTED for the test it ran; the others are kept as they ended."""
    project.configured().tests(THREE.format(act=act))
    result = project.run_apart("-p", "xdist", "-n2", "--readiness-gate")
    assert result.ret == 1
    assert recorded(project) == {"test_a": "PASSED", "test_b": "INTERRUPTED", "test_c": "PASSED"}
    assert project.states()["UC-001/2"] == "INTERRUPTED"
    assert project.journals == []


@pytest.mark.parametrize("hook", ["pytest_runtest_logreport(report)", "pytest_runtest_logfinish(nodeid)"])
def test_another_plugin_raises_in_its_hook(project: Project, hook: str) -> None:
    """What had finished when another plugin broke the session is kept, and the run is sealed."""
    project.configured().tests(THREE.format(act="pass"))
    value = "report.nodeid" if "report)" in hook else "nodeid"
    when = " and report.when == 'teardown'" if "report)" in hook else ""
    project.write("conftest.py", f"def {hook}:\n    if 'test_b' in {value}{when}: raise RuntimeError('broken')\n")
    assert project.run("--readiness-gate").ret == 3
    assert recorded(project) == {"test_a": "PASSED", "test_b": "PASSED", "test_c": "NOT_RUN"}
    assert project.journals == []


BEFORE = """
def pytest_runtest_logreport(self, report):
    if report.when == "teardown" and "test_b" in report.nodeid: raise RuntimeError("broken")
    return (yield)
"""
AFTER = """
def pytest_runtest_makereport(self, item, call):
    report = yield
    if report.when == "teardown" and "test_b" in report.nodeid: raise RuntimeError("broken")
    return report
"""
LATE = """
import pytest

class Late:
    @pytest.hookimpl(wrapper=True, tryfirst=True)
{hook}

def pytest_collection_finish(session):
    session.config.pluginmanager.register(Late())
"""


@pytest.mark.parametrize("hook", [BEFORE, AFTER], ids=["logreport", "makereport"])
def test_another_plugin_raises_before_a_report_comes_to_ours(project: Project, hook: str) -> None:
    """A wrapper around ours that fails over a test that had ended does not cost its evidence: it is as it ended."""
    project.configured().tests(THREE.format(act="pass"))
    project.write("conftest.py", LATE.format(hook=indent(hook.strip(), "    ")))
    result = project.run("--readiness-gate")
    assert result.ret == 3
    result.stdout.fnmatch_lines(["INTERNALERROR> RuntimeError: broken"])
    assert recorded(project) == {"test_a": "PASSED", "test_b": "PASSED", "test_c": "NOT_RUN"}
    assert project.journals == []


def test_another_plugin_raises_at_the_end(project: Project) -> None:
    """A plugin that fails in sessionfinish does not keep ours from sealing and keeping."""
    project.configured().tests(THREE.format(act="pass"))
    project.write("conftest.py", "def pytest_sessionfinish(session): raise RuntimeError('broken')\n")
    project.run_apart("--readiness-gate")
    assert recorded(project) == {"test_a": "PASSED", "test_b": "PASSED", "test_c": "PASSED"}


def test_stopping_at_the_first_failure(project: Project) -> None:
    """With -x the rest is NOT_RUN, which neither satisfies nor hides anything."""
    project.configured().tests(THREE.format(act="assert False"))
    project.run("-x")
    assert recorded(project) == {"test_a": "PASSED", "test_b": "FAILED", "test_c": "NOT_RUN"}
    assert project.states()["UC-002/1"] == "MISSING"


MANY = """
@pytest.mark.parametrize("n", range(400))
@evidence("UC-001", item=1)
def test_it(n, record_evidence):
    record_evidence.note(f"note {n}")
    with open("finished", "a") as file: file.write(f"{n - 1}\\n")
"""


def test_kills_at_random_moments(project: Project) -> None:
    """Whenever a session is killed, the store and the journals left over hold all that had finished, and so does recover.

    A test writes to a file that the one before it has finished; ``python -m tests.hostile.kills`` makes more of them.
    """
    project.configured().tests(MANY)
    for number in range(6):
        (project.path / "finished").unlink(missing_ok=True)
        process = project.popen("-q", f"--readiness-release=kill-{number}")
        project.wait_for("finished")
        time.sleep(random.Random(number).random() * 0.25)
        kill(process)
        told = {int(line) for line in (project.path / "finished").read_text().split("\n")[:-1]} - {-1}
        finished = {f"test_it[{n}]" for n in told}
        assert finished - {*passed_in_store(project, number), *passed_in_journals(project)} == set()
        assert project.cli("recover").exit_code == 0
        assert project.journals == []
        assert finished - passed_in_store(project, number) == set()
    assert project.cli("verify").exit_code == 0


def passed_in_store(project: Project, number: int) -> set[str]:
    """The tests that passed in the session of a kill, as far as its run is kept."""
    from pytest_readiness.store.address import open_store

    store = open_store("sqlite:///.readiness/evidence.db", project.path, create=False)
    if store is None:
        return set()
    try:
        ids = [run.id for run in store.runs("default") if run.release == f"kill-{number}"]
        runs = [run for run in map(store.run, ids) if run is not None]
    finally:
        store.close()
    return {one.test_id.partition("::")[2] for run in runs for one in run.evidence() if one.result is Result.PASSED}


def passed_in_journals(project: Project) -> set[str]:
    """The tests that passed as whole lines of the journals say; a line that the kill cut off says nothing."""
    texts = [text for path in project.journals for text in path.read_text(encoding="utf-8").split("\n")[:-1]]
    bodies = [json.loads(text) for text in texts]
    return {one["test"].partition("::")[2] for one in bodies if one.get("result") == "PASSED"}
