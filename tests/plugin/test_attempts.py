"""A test that is run again: every attempt counts, and none of them is hidden by the next."""

from __future__ import annotations

import pytest

from tests.plugin.test_one_id import attempts, executions
from tests.project import Project

RERUNS = ("-p", "rerunfailures", "--reruns=1")
ONE_WORKER = ("-p", "xdist", "-n1")
BOTH_WAYS = pytest.mark.parametrize("how", [(), ONE_WORKER], ids=["alone", "xdist"])
PASSES = """
@evidence("UC-001", item=1)
def test_a(record_evidence): pass
"""
IN_TURN = """
@evidence("UC-001", item=1)
def test_a(record_evidence):
    count = pathlib.Path("count")
    count.write_text(count.read_text() + "x" if count.exists() else "x")
    is_first = len(count.read_text()) == 1
    if is_first:
        {first}
    {then}
"""


def results(project: Project) -> list[str]:
    """The results of the executions of the one test, newest first."""
    return [one.result.value for one in executions(project, "UC-001", "1")]


def in_turn(project: Project, first: str, then: str, *args: str, passed_before: str = PASSES) -> None:
    """A test that passed; then its first attempt does one thing, and its second another."""
    project.tests(passed_before).run_apart().assert_outcomes(passed=1)
    project.tests(IN_TURN.format(first=first.replace("\n", "\n        "), then=then.replace("\n", "\n    ")))
    project.run_apart(*RERUNS, *args)


@BOTH_WAYS
@pytest.mark.parametrize("then", ["pytest.skip('circuit breaker open')", "pytest.xfail('known')"])
def test_a_failure_that_a_skip_follows_is_kept(project: Project, then: str, how: tuple[str, ...]) -> None:
    """An attempt that fails beats the older pass, whatever the next one skips or expects."""
    in_turn(project.configured(), "assert 0, 'it is down'", then, *how)
    newest = executions(project, "UC-001", "1")[0]
    assert (newest.result.value, newest.attempts[0].message) == ("FAILED", newest.message)
    assert "it is down" in newest.message
    assert (len(newest.attempts), project.states()["UC-001/1"]) == (2, "FAILING")
    assert "1 FAILED" in project.cli("history", "UC-001").stdout


@pytest.mark.parametrize(
    ("plugin", "again"), [("flaky", "flaky(max_runs=2)"), ("pytest-retry", "pytest.mark.flaky(retries=1)")]
)
def test_so_with_other_plugins_that_run_a_test_again(project: Project, plugin: str, again: str) -> None:
    """Whichever plugin runs it again, a failed attempt is kept."""
    head = "from flaky import flaky\n" if plugin == "flaky" else ""
    test = IN_TURN.format(first="assert 0", then="pytest.skip('not now')").strip()
    project.configured().tests(PASSES).run_apart()
    project.tests(f"{head}@{again}\n{test}\n")
    project.run_apart("-p", plugin)
    assert (results(project)[0], project.states()["UC-001/1"]) == ("FAILED", "FAILING")


def test_a_crash_that_a_skip_follows_is_kept(project: Project) -> None:
    """A worker that dies is an attempt that was interrupted, though its test is skipped in the next worker."""
    in_turn(project.configured(), "os._exit(1)", "pytest.skip('not now')", *ONE_WORKER)
    assert attempts(project)[0] == ["INTERRUPTED", "SKIPPED"]
    assert (results(project)[0], project.states()["UC-001/1"]) == ("INTERRUPTED", "INTERRUPTED")


def test_a_loop_that_runs_it_again_and_skips(project: Project) -> None:
    """A failure that was told already is kept where a loop of one's own runs the test again."""
    project.configured().tests(PASSES).run_apart()
    project.tests(IN_TURN.format(first="assert 0", then="pytest.skip('not now')"))
    project.write(
        "conftest.py",
        """
        from _pytest.runner import runtestprotocol

        def pytest_runtest_protocol(item, nextitem):
            for _ in range(2):
                item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
                runtestprotocol(item, nextitem=nextitem)
                item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
            return True
        """,
    )
    project.run_apart()
    assert (results(project)[0], project.states()["UC-001/1"]) == ("FAILED", "FAILING")
