"""That it cannot be told whether something was replaced counts against a pass alone: a failure there is a failure."""

from __future__ import annotations

import pytest

from tests.plugin.test_connections import ASKING
from tests.plugin.test_secrets import kept
from tests.project import CONFIG, XDIST, Project

pytestmark = pytest.mark.slow

HOW = pytest.mark.parametrize("how", [(), XDIST], ids=["alone", "xdist"])
FAILS_WHEN_TOLD = '@evidence("UC-001", item=1)\ndef test_a(): assert not os.environ.get("BAD")\n'
TWO = FAILS_WHEN_TOLD + '@evidence("UC-002", item=1)\ndef test_b(): pass\n'
WRAPS = (
    "def pytest_collection_modifyitems(items):\n    for item in items: item.runtest = lambda old=item.runtest: old()\n"
)
HOOK = "def pytest_readiness_simulation(item): {}\n"
BROKEN_WATCH = """
def pytest_runtest_logstart():
    from pytest_readiness.recording.authenticity.connection_monitor import ConnectionMonitor
    def begin(self): raise RuntimeError("boom")
    ConnectionMonitor.begin = begin
"""
UNSEEN = {
    "a body that is wrapped": (WRAPS, "a plugin runs its body in a way of its own"),
    "a hook that raises": (HOOK.format("raise RuntimeError('boom')"), "pytest_readiness_simulation failed: RuntimeErr"),
    "a hook that exits": (HOOK.format("raise SystemExit(0)"), "pytest_readiness_simulation failed: SystemExit"),
    "a hook that returns no text": (HOOK.format("return [None]"), "returned None, which is no text"),
    "a hook that returns an empty text": (HOOK.format("return ' '"), "returned an empty text"),
    "a hook that is a wrapper": (
        f"import pytest\n@pytest.hookimpl(wrapper=True)\n{HOOK.format('return (yield)')}",
        "failed: TypeError: this hook can be no wrapper",
    ),
    "a library that cannot say": (
        "import sys\nclass M:\n    def __getattr__(self, _): raise RuntimeError('boom')\nsys.modules['time_machine'] = M()\n",
        "what stands in for the network or the clock cannot be told: RuntimeError: boom",
    ),
    "a watch that does not begin": (
        BROKEN_WATCH,
        "the test could not be watched: RuntimeError: boom",
    ),
}
"""A ``conftest.py`` beside which nothing can be seen, and what is said of it."""


def assert_only_the_pass_is_a_rehearsal(project: Project, how: tuple[str, ...], name: str) -> None:
    """Both tests passed once; now one fails where nothing can be seen, and a line says so."""
    conftest, why = UNSEEN[name]
    project.configured().tests(TWO).run_apart().assert_outcomes(passed=2)
    project.write("conftest.py", conftest)
    project.monkeypatch.setenv("BAD", "1")
    result = project.run_apart(*how)
    result.assert_outcomes(failed=1, passed=1)
    assert project.states()["UC-001/1"] == "FAILING"
    assert project.cli("gate", "UC-001", "--on", "evidence").exit_code == 1
    reasons = [piece.not_real_because for piece in kept(project) if piece.uc == "UC-002"]
    assert sorted(why in reason for reason in reasons if reason is not None) == [True]
    told = " ".join(result.stdout.str().split())
    assert why in told
    assert told.count("a pass is a rehearsal, and a failure counts") == 1
    assert "test_it.py::test_a, test_it.py::test_b: " in told or how


@pytest.mark.parametrize("name", UNSEEN)
def test_a_failure_that_nobody_watched_ends_the_older_pass(project: Project, name: str) -> None:
    """A pass stands until a newer failure; a pass that cannot be watched is a rehearsal, and a line says so."""
    assert_only_the_pass_is_a_rehearsal(project, (), name)


@pytest.mark.parametrize("name", ["a body that is wrapped", "a hook that raises"])
def test_a_failure_that_no_worker_watched_ends_the_older_pass(project: Project, name: str) -> None:
    """So it is with xdist, where the worker tells it."""
    assert_only_the_pass_is_a_rehearsal(project, XDIST, name)


def test_what_is_known_to_be_replaced_makes_such_a_failure_a_rehearsal(project: Project) -> None:
    """A fake of the network speaks for itself, whatever else cannot be seen."""
    project.configured().tests(FAILS_WHEN_TOLD).run_apart()
    project.write("conftest.py", WRAPS + HOOK.format("raise RuntimeError"))
    faked = FAILS_WHEN_TOLD.replace("test_a()", "test_a(monkeypatch)").replace(
        "assert", "monkeypatch.setattr('socket.create_connection', print); assert"
    )
    project.monkeypatch.setenv("BAD", "1")
    project.tests(faked).run_apart().assert_outcomes(failed=1)
    assert project.states()["UC-001/1"] == "COMPLETE"
    (piece,) = [one for one in kept(project) if one.result.value == "FAILED"]
    assert piece.not_real_because == "monkeypatch replaced socket.create_connection"


def test_a_hook_that_fails_now_and_then_hides_no_failed_attempt(project: Project) -> None:
    """The first attempt failed for real; the second passed, and nobody knows on what."""
    project.configured().write(
        "conftest.py", HOOK.format("\n    if item.funcargs['tries'] > [1]: raise RuntimeError('boom')")
    )
    project.tests(
        "@pytest.fixture\ndef tries(tries=[]):\n    tries.append(len(tries) + 1)\n    return tries\n"
        '@evidence("UC-001", item=1)\ndef test_a(tries): assert len(tries) > 1\n'
    )
    project.run_apart("-p", "pytest_rerunfailures", "--reruns=1").assert_outcomes(passed=1)
    assert project.states()["UC-001/1"] == "FAILING"


LATE = """
import pytest
@pytest.hookimpl(tryfirst=True)
def pytest_runtest_logreport(report):
    if report.when == "teardown":
        report.outcome, report.longrepr = "failed", "the server logged an error"
"""


@pytest.mark.parametrize(
    ("unseen", "how"),
    [("no connection", ()), ("hook", ()), ("an earlier attempt", ()), ("no connection", XDIST)],
    ids=["no connection", "hook", "an earlier attempt", "xdist"],
)
def test_a_pass_that_a_later_hook_fails_fails_for_real(project: Project, how: tuple[str, ...], unseen: str) -> None:
    """What stood against its pass says nothing for a failure: neither a missing connection, nor what cannot be told."""
    project.configured().tests(FAILS_WHEN_TOLD).run_apart()
    project.configured(ASKING if unseen == "no connection" else CONFIG)
    late = LATE + (HOOK.format("raise RuntimeError") if unseen == "hook" else "")
    project.write("conftest.py", late)
    if unseen == "an earlier attempt":
        project.tests(
            '@evidence("UC-001", item=1)\ndef test_a(monkeypatch, tries=[]):\n    tries.append(1)\n    if tries == [1]:\n'
            "        monkeypatch.setattr('socket.create_connection', print)\n        assert 0\n"
        )
        how = (*how, "-p", "pytest_rerunfailures", "--reruns=1")
    project.run_apart(*how)
    assert [one.not_real_because for one in kept(project) if one.result.value == "ERROR" and not one.followed] == [None]
    assert project.states()["UC-001/1"] == "FAILING"


@HOW
def test_a_fake_beside_a_real_test_of_the_same_id(project: Project, how: tuple[str, ...]) -> None:
    """Several tests with one id are one execution: it is real only if each of them is."""
    project.configured().tests(
        '@evidence("UC-001", item=1)\ndef test_a(monkeypatch, tries=[]):\n    tries.append(1)\n'
        "    if len(tries) == 2: monkeypatch.setattr('socket.create_connection', print)\n"
    )
    one_worker = [word.replace("2", "1") for word in how]
    project.run_apart("--keep-duplicates", *one_worker, "test_it.py", "test_it.py").assert_outcomes(passed=2)
    assert project.states()["UC-001/1"] == "REHEARSED"
