"""A test that is run again: every attempt counts, and none of them is hidden by the next."""

from __future__ import annotations

import pytest

from tests.plugin.test_one_id import DIES, attempts, executions, pieces
from tests.project import TRACKER, Project

pytestmark = pytest.mark.slow

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
    return [piece.result.value for piece in executions(project, "UC-001", "1")]


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
    in_turn(project.configured(), DIES, "pytest.skip('not now')", *ONE_WORKER)
    assert attempts(project)[0] == ["INTERRUPTED", "SKIPPED"]
    assert (results(project)[0], project.states()["UC-001/1"]) == ("INTERRUPTED", "INTERRUPTED")


LOOP = """
from _pytest.runner import runtestprotocol

def pytest_runtest_protocol(item, nextitem):
    for _ in range(2):
        item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
        runtestprotocol(item, nextitem=nextitem)
        item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
    return True
"""


def test_a_loop_that_runs_it_again_and_skips(project: Project) -> None:
    """A failure that was told already is kept where a loop of one's own runs the test again."""
    project.configured().tests(PASSES).run_apart()
    project.tests(IN_TURN.format(first="assert 0", then="pytest.skip('not now')"))
    project.write("conftest.py", LOOP)
    project.run_apart()
    assert (results(project)[0], project.states()["UC-001/1"]) == ("FAILED", "FAILING")


TWO_PLACES = """\
tracker = "PROD_READINESS_TRACKER.md"

[provider_modes]
MANAGED = "ours"
BYOK = "theirs"

[environments]
staging = { real = true }
prod = { real = true }

[items.1]
title = "the provider answers"
scope = ["environment"]

[items.2]
title = "a credential"
scope = ["provider_mode"]
proof = "credential"

[items.3]
title = "rotation and revocation"
parts = ["rotation", "revocation"]
"""
SHOWS = {
    "staging": ("1", "record_evidence.scope(environment='staging')"),
    "prod": ("1", "record_evidence.scope(environment='prod')"),
    "MANAGED": ("2", "record_evidence.credential(mode='MANAGED', secret='sk-live-123456', request_id='r1')"),
    "BYOK": ("2", "record_evidence.credential(mode='BYOK', secret='sk-other-12345', request_id='r2')"),
    "rotation": ("3", "record_evidence.scope(part='rotation')"),
    "revocation": ("3", "record_evidence.scope(part='revocation')"),
}


def shown_again(project: Project, first: str, then: str, ends: str, *args: str, environment: str) -> dict[str, str]:
    """Everything was shown; then one thing fails in a first attempt, and another is shown in the second."""
    item, _ = SHOWS[first]
    project.configured(TWO_PLACES, tracker=TRACKER)
    for name in (first, then):
        project.tests(f'@evidence("UC-001", item={item})\ndef test_a(record_evidence):\n    {SHOWS[name][1]}\n')
        project.run_apart(environment=environment).assert_outcomes(passed=1)
    test = IN_TURN.replace("item=1", f"item={item}")
    project.tests(test.format(first=f"{SHOWS[first][1]}\n        {ends}", then=SHOWS[then][1]))
    project.run_apart(*RERUNS, *args, environment=environment).assert_outcomes(passed=1)
    return {name.rpartition("/")[2]: state for name, state in project.states("UC-001").items() if f"/{item}/" in name}


@BOTH_WAYS
@pytest.mark.parametrize(("first", "then"), [("prod", "staging"), ("MANAGED", "BYOK"), ("rotation", "revocation")])
def test_a_failure_counts_where_its_attempt_took_place(
    project: Project, first: str, then: str, how: tuple[str, ...]
) -> None:
    """A retry elsewhere, with another credential or of another part makes nothing good, and passes only at its own."""
    assert shown_again(project, first, then, "assert 0, 'it is down'", *how, environment="staging") == {
        first: "FAILING",
        then: "FLAKY",
    }
    assert "1 PASSED, 1 FAILED" in project.cli("history", "UC-001").stdout
    assert project.cli("verify").exit_code == 0


def test_a_worker_that_dies_where_its_test_placed_itself(project: Project) -> None:
    """What it had said is lost with it: it counts where the test placed itself before, but for where it passes next."""
    states = shown_again(project, "prod", "staging", DIES, *ONE_WORKER, environment="staging")
    assert states == {"prod": "INTERRUPTED", "staging": "FLAKY"}


def test_a_failure_and_then_a_crash(project: Project) -> None:
    """What the failed attempt said of its place is known, though its process dies in the next attempt."""
    project.configured(TWO_PLACES, tracker=TRACKER)
    project.tests(IN_TURN.format(first=f"{SHOWS['prod'][1]}\n        assert 0", then=DIES))
    project.run_apart(*RERUNS, *ONE_WORKER)
    outcomes = {(piece.environment, piece.result.value) for piece in executions(project, "UC-001", "1")}
    assert outcomes == {("prod", "FAILED"), ("staging", "INTERRUPTED")}


@pytest.mark.parametrize("how", [RERUNS, ("-p", "flaky")], ids=["rerunfailures", "flaky"])
def test_a_failed_teardown_and_then_a_crash(project: Project, how: tuple[str, ...]) -> None:
    """So it is where the attempt failed in its teardown, and where the plugin says late that it runs a test again."""
    project.configured(TWO_PLACES, tracker=TRACKER)
    test = IN_TURN.format(first=f"{SHOWS['prod'][1]}\n        {{0}}\n        return", then=DIES).strip()
    if how is RERUNS:
        test = test.replace("(record_evidence)", "(record_evidence, request)")
        project.tests(test.format("request.addfinalizer(lambda: 1 / 0)"))
    else:
        project.tests(f"from flaky import flaky\n@flaky(max_runs=2)\n{test.format('assert 0')}\n")
    project.run_apart(*how, *ONE_WORKER)
    outcomes = {(piece.environment, piece.result.value) for piece in executions(project, "UC-001", "1")}
    assert outcomes == {("prod", "ERROR" if how is RERUNS else "FAILED"), ("staging", "INTERRUPTED")}


def test_a_failed_teardown_whose_report_is_copied(project: Project) -> None:
    """The attempt is kept at once, whoever replaces its report by a copy, though the process dies in the next one."""
    hook = "pytest_runtest_makereport(self, item): return copy.deepcopy((yield))"
    copies = f"class Copies:\n    @pytest.hookimpl(wrapper=True, tryfirst=True)\n    def {hook}\n"
    register = "session.config.pluginmanager.register(Copies())"
    copies += f"def pytest_collection_finish(session): {register}\n"
    project.configured().write("conftest.py", f"import copy, pytest\n{copies}")
    test = IN_TURN.format(first="request.addfinalizer(lambda: 1 / 0)\n        return", then=DIES)
    project.tests(test.replace("(record_evidence)", "(request)"))
    project.run_apart(*RERUNS)
    assert project.cli("recover").exit_code == 0
    assert {piece.result.value for piece in pieces(project, "UC-001", "1")} == {"ERROR", "INTERRUPTED"}


def test_a_failure_and_then_a_skip_elsewhere(project: Project) -> None:
    """A skip says nothing of where it was: the failure counts at its own place only."""
    project.configured(TWO_PLACES, tracker=TRACKER)
    project.tests(IN_TURN.format(first=f"{SHOWS['prod'][1]}\n        assert 0", then="pytest.skip('not now')"))
    project.run_apart(*RERUNS)
    outcomes = [(piece.environment, piece.result.value) for piece in executions(project, "UC-001", "1")]
    assert outcomes == [("prod", "FAILED")]


@BOTH_WAYS
def test_a_real_failure_that_a_rehearsed_retry_follows(project: Project, how: tuple[str, ...]) -> None:
    """An attempt that failed for real is no rehearsal because the next one replaces the network."""
    replaced = "__import__('socket').create_connection = lambda *_: None"
    in_turn(project.configured(), "assert 0, 'it is down'", replaced, *how)
    assert project.states()["UC-001/1"] == "FAILING"
    real = {piece.result.value: piece.real for piece in executions(project, "UC-001", "1")[:2]}
    assert real == {"FAILED": True, "PASSED": False}


@BOTH_WAYS
def test_a_real_failure_that_follows_a_rehearsed_one(project: Project, how: tuple[str, ...]) -> None:
    """An attempt that failed for real is no rehearsal because the one before it replaced the network."""
    replaced = "with unittest.mock.patch('socket.create_connection'):\n    assert 0, 'as expected'"
    in_turn(project.configured(), f"import unittest.mock\n{replaced}", "assert 0, 'it is down'", *how)
    assert [(piece.message, piece.real) for piece in executions(project, "UC-001", "1")[:1]] == [
        ("AssertionError: it is down\nassert 0", True)
    ]
    assert project.states()["UC-001/1"] == "FAILING"


@BOTH_WAYS
def test_a_pass_that_follows_a_rehearsed_failure(project: Project, how: tuple[str, ...]) -> None:
    """What replaced the network in any attempt makes a rehearsal of the pass that follows."""
    project.configured()
    replaced = "with unittest.mock.patch('socket.create_connection'):\n            assert 0, 'as expected'"
    project.tests(IN_TURN.format(first=f"import unittest.mock\n        {replaced}", then="pass"))
    project.run_apart(*RERUNS, *how).assert_outcomes(passed=1)
    assert project.states()["UC-001/1"] == "REHEARSED"


HOOK = """
import pytest

seen = []

@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if call.when == "call" and not seen:
        seen.append(report)
        report.outcome, report.longrepr = "failed", "the log has an error"
    return report
"""


@BOTH_WAYS
def test_an_attempt_that_a_hook_failed(project: Project, how: tuple[str, ...]) -> None:
    """An attempt is no better than its report, which a later hook may have made worse."""
    project.configured(TWO_PLACES, tracker=TRACKER)
    project.write("sub/conftest.py", HOOK)
    project.tests(
        IN_TURN.format(first=SHOWS["prod"][1] + "\n        return", then=SHOWS["staging"][1]), "sub/test_a.py"
    )
    project.run_apart(*RERUNS, *how).assert_outcomes(passed=1)
    outcomes = {(piece.environment, piece.result.value) for piece in executions(project, "UC-001", "1")}
    assert outcomes == {("prod", "FAILED"), ("staging", "PASSED")}
    assert attempts(project)[0] == ["FAILED", "PASSED"]


def test_a_retry_in_the_same_place_is_flaky(project: Project) -> None:
    """An attempt that fails before the test names its place and its part is made good by a retry that names both."""
    project.configured(TWO_PLACES, tracker=TRACKER)
    named = "record_evidence.scope(environment='staging', part='rotation')"
    test = IN_TURN.replace("item=1", "item=3").format(first="assert 0", then=named)
    for environment, other in (("staging", "MISSING"), (None, "REHEARSED")):
        project.write("count", "")
        project.tests(test).run_apart(*RERUNS, environment=environment)
        states = {name: state for name, state in project.states("UC-001").items() if "/3/" in name}
        assert states == {"UC-001/3/rotation": "FLAKY", "UC-001/3/revocation": other}


@BOTH_WAYS
def test_an_attempt_of_a_loop_that_a_hook_failed(project: Project, how: tuple[str, ...]) -> None:
    """So it is where a loop of one's own runs the test again."""
    project.configured(TWO_PLACES, tracker=TRACKER)
    project.write("conftest.py", LOOP)
    project.write("sub/conftest.py", HOOK)
    project.tests(
        IN_TURN.format(first=SHOWS["prod"][1] + "\n        return", then=SHOWS["staging"][1]), "sub/test_a.py"
    )
    project.run_apart(*how)
    outcomes = {(piece.environment, piece.result.value) for piece in executions(project, "UC-001", "1")}
    assert outcomes == {("prod", "FAILED"), ("staging", "PASSED")}
