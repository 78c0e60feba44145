"""What bears one name in a session: one test that is run again is one execution, several with one id the worst."""

from __future__ import annotations

from typing import Any

import pytest

from tests.plugin.test_outcomes import history
from tests.project import XDIST, Project

pytestmark = pytest.mark.slow

BOTH_WAYS = pytest.mark.parametrize("how", [(), XDIST], ids=["alone", "xdist"])

DIES = "__import__('time').sleep(0.3) or os._exit(1)"
"""Ends a worker once pytest-rerunfailures (16.7) has told its controller, in a thread, that the test may run again."""

SCHEMATHESIS = """
from schemathesis import openapi

def operation(): return {"get": {"responses": {"200": {"description": "ok"}}}}

schema = openapi.from_dict({
    "openapi": "3.0.0", "info": {"title": "t", "version": "1"}, "paths": {"/a": operation(), "/b": operation()},
})

@evidence("UC-001", item=1)
@schema.parametrize()
def test_api(case): assert case.path != "/a"
"""
FLAKY = """
from flaky import flaky
tries = []

@evidence("UC-001", item=1)
@flaky(max_runs=3)
def test_a(record_evidence):
    tries.append(1)
    record_evidence.note(f"try {len(tries)}")
    assert len(tries) == 3, f"not yet {len(tries)}"

@evidence("UC-001", item=2)
@flaky(max_runs=2)
def test_b(): assert False

@evidence("UC-002", item=1)
def test_c(): pass
"""
TWICE = """
@evidence("UC-001", item=1)
def test_a():
    count = pathlib.Path("count")
    count.write_text(count.read_text() + "x" if count.exists() else "x")
    __import__("time").sleep(0.005)
    assert len(count.read_text()) {compared}
"""


def attempts(project: Project, use_case: str = "UC-001", item: str = "1") -> list[list[str]]:
    """The results of the attempts of each execution that the store has, newest first."""
    return [[one.result.value for one in piece.attempts] for piece in executions(project, use_case, item)]


def executions(project: Project, use_case: str, item: str) -> list[Any]:
    """Every execution of an item that the store has, and attempts that took place elsewhere."""
    return [piece for piece in pieces(project, use_case, item) if not piece.covered]


def pieces(project: Project, use_case: str, item: str) -> list[Any]:
    """Every piece of evidence of an item that the store has."""
    from pytest_readiness.store.address import open_store

    store = open_store("sqlite:///.readiness/evidence.db", project.path, create=False)
    assert store is not None
    try:
        return list(store.history("default", use_case, item))
    finally:
        store.close()


def test_generated_tests_with_one_id_are_the_worst_of_them(project: Project) -> None:
    """The operations of an API that schemathesis gives one id: one that fails is not hidden by one that passes."""
    pytest.importorskip("schemathesis", reason="schemathesis is not installed")
    project.configured().tests(SCHEMATHESIS)
    project.run_apart("-p", "schemathesis").assert_outcomes(passed=1, failed=1)
    assert project.states()["UC-001/1"] == "FAILING"
    assert [piece["result"] for piece in history(project, "UC-001", "1")] == ["FAILED"]
    assert project.cli("verify").exit_code == 0


@BOTH_WAYS
def test_a_test_that_flaky_runs_again_is_one_execution(project: Project, how: tuple[str, ...]) -> None:
    """The plugin flaky: every try is an attempt of one execution, and a pass after a failure is FLAKY."""
    project.configured().tests(FLAKY)
    result = project.run_apart("-p", "flaky", *how)
    result.assert_outcomes(passed=2, failed=1)
    assert attempts(project) == [["FAILED", "FAILED", "PASSED"]]
    assert attempts(project, item="2") == [["FAILED", "FAILED"]]
    assert project.states() | {"UC-002/2": ""} == {
        "UC-001/1": "FLAKY", "UC-001/2": "FAILING", "UC-002/1": "COMPLETE", "UC-002/2": "",
    }  # fmt: skip
    (piece,) = executions(project, "UC-001", "1")
    assert piece.notes == ("try 1", "try 2", "try 3")
    assert "not yet 2" in piece.attempts[1].message


@pytest.mark.parametrize(("compared", "worst"), [("== 2", "FAILED"), ("== 1", "FAILED"), ("< 3", "PASSED")])
@BOTH_WAYS
def test_a_file_that_is_collected_twice(project: Project, how: tuple[str, ...], compared: str, worst: str) -> None:
    """With --keep-duplicates both tests are one execution, with the worse of their results, whichever came first."""
    project.configured().tests(TWICE.format(compared=compared))
    project.run_apart("--keep-duplicates", *[word.replace("2", "1") for word in how], "test_it.py", "test_it.py")
    assert [piece["result"] for piece in history(project, "UC-001", "1")] == [worst]
    assert project.states()["UC-001/1"] == ("FAILING" if worst == "FAILED" else "COMPLETE")
    assert len(attempts(project)[0]) == 2
    assert project.cli("verify").exit_code == 0


@pytest.mark.parametrize("fails_on", ["gw0", "gw1"])
def test_every_worker_runs_everything(project: Project, fails_on: str) -> None:
    """With --dist=each a failure in one worker is not hidden by a pass in another, whichever started first."""
    project.configured().tests(
        f"""
        import time

        def test_0(worker_id):
            if worker_id == {fails_on!r}: time.sleep(0.3)

        @evidence("UC-001", item=1)
        def test_a(worker_id): assert worker_id == {fails_on!r}, "this platform is broken"

        @evidence("UC-002", item=1)
        def test_b(): pass
        """
    )
    project.run_apart("-p", "xdist", "--dist=each", "--tx=2*popen").assert_outcomes(passed=5, failed=1)
    states = project.states()
    assert (states["UC-001/1"], states["UC-002/1"]) == ("FAILING", "COMPLETE")
    assert sorted(attempts(project)[0]) == ["FAILED", "PASSED"]
    assert attempts(project, "UC-002") == [["PASSED", "PASSED"]]
    assert project.cli("verify").exit_code == 0


@pytest.mark.parametrize("where", ["setup", "call"])
def test_a_crash_that_is_retried_is_an_attempt(project: Project, where: str) -> None:
    """A worker that dies, and whose test rerunfailures runs again in another: one execution, FLAKY."""
    project.configured().tests(
        f"""
        @pytest.fixture
        def setup(): crash("setup")

        def crash(where):
            if where == {where!r} and not pathlib.Path("tried").exists():
                pathlib.Path("tried").touch()
                {DIES}

        @evidence("UC-001", item=1)
        def test_a(setup): crash("call")
        """
    )
    result = project.run_apart("-p", "rerunfailures", "--reruns=2", *XDIST)
    assert {"passed": 1, "rerun": 1}.items() <= result.parseoutcomes().items()
    assert attempts(project) == [["INTERRUPTED", "PASSED"]]
    assert project.states()["UC-001/1"] == "FLAKY"


def test_a_worker_that_dies_before_it_reports_anything(project: Project) -> None:
    """Its test is INTERRUPTED, though what it claims became known only from the worker that took its place."""
    project.configured().tests(
        """
        @pytest.fixture
        def dies(): os._exit(1)

        @evidence("UC-001", item=1)
        def test_a(dies): pass

        @evidence("UC-001", item=2)
        def test_b(): pass
        """
    )
    project.run_apart("-p", "xdist", "-n1").assert_outcomes(passed=1, failed=1)
    assert (attempts(project), attempts(project, item="2")) == ([["INTERRUPTED"]], [["PASSED"]])


@pytest.mark.parametrize(("compared", "state"), [("== 2", "FLAKY"), ("== 1", "FAILING"), ("< 3", "COMPLETE")])
def test_a_loop_that_runs_everything_twice(project: Project, compared: str, state: str) -> None:
    """A loop of one's own runs each test again once it was told: its earlier failure is an attempt, and not hidden."""
    project.configured().tests(TWICE.format(compared=compared))
    project.write(
        "conftest.py",
        """
        def pytest_runtestloop(session):
            for item in session.items * 2:
                item.config.hook.pytest_runtest_protocol(item=item, nextitem=None)
            return True
        """,
    )
    project.run()
    assert project.states()["UC-001/1"] == state
    assert project.cli("verify").exit_code == 0
