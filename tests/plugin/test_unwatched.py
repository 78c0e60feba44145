"""Plugins that run the bodies of tests where nothing watches them: what they show is a rehearsal, and nothing is lost."""

from __future__ import annotations

import pytest

from tests.project import Project

pytestmark = pytest.mark.slow

COOPERATIVE = """
import inspect, pytest

@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtestloop(session):
    for item in session.items:  # as pytest-asyncio-cooperative: bodies first, and then each is told of
        defined = item._fixtureinfo.name2fixturedefs
        given = {name: defined[name][-1].func(item._request) for name in item._fixtureinfo.argnames}
        try:
            item.function(**given)
            item.runtest = lambda: None
        except BaseException as error:
            def fails(error=error):
                raise error
            item.runtest = fails
    return (yield)
"""
SAYS = """
@evidence("UC-001", item=1)
def test_a(record_evidence):
    record_evidence.note("said ahead")
    record_evidence.scope(environment="dev")

@evidence("UC-002", item=1)
def test_b(): pass
"""


def test_bodies_that_run_before_their_tests_are_set_up(project: Project) -> None:
    """What they say is kept, the place too; no pass of theirs is real, and a line names them."""
    project.configured().tests(SAYS)
    project.write("conftest.py", COOPERATIVE)
    found = project.run_apart()
    found.assert_outcomes(passed=2)
    states = project.states()
    assert (states["UC-001/1"], states["UC-002/1"]) == ("REHEARSED", "REHEARSED")
    pieces = {piece["test_id"].partition("::")[2]: piece for piece in project.evidence()}
    assert pieces["test_a"]["environment"] == "dev"
    assert "said ahead" in project.cli("show", pieces["test_a"]["id"]).stdout
    shown = " ".join(found.stdout.str().split())
    assert "test_it.py::test_a, test_it.py::test_b: a plugin runs its body in a way of its own" in shown


def test_an_item_whose_runtest_is_replaced(project: Project) -> None:
    """Nobody knows what ran, and where: a pass is a rehearsal, and a failure counts."""
    project.configured().tests("@evidence('UC-001', item=1)\ndef test_a(): assert 'FAILS' not in os.environ\n")
    project.write(
        "conftest.py",
        """
        def pytest_collection_modifyitems(items):
            for item in items:
                run = item.runtest
                item.runtest = lambda: run()
        """,
    )
    project.run_apart().assert_outcomes(passed=1)
    assert project.states()["UC-001/1"] == "REHEARSED"
    project.monkeypatch.setenv("FAILS", "1")
    project.run_apart("-p", "xdist", "-n1").assert_outcomes(failed=1)
    (piece,) = [one for one in project.evidence() if one["result"] == "FAILED"]
    assert piece["real"] is True
    assert project.states()["UC-001/1"] == "FAILING"


@pytest.mark.parametrize("way", ["def", "async def"])
def test_the_real_plugin(project: Project, way: str) -> None:
    """pytest-asyncio-cooperative, where it is installed."""
    pytest.importorskip("pytest_asyncio_cooperative", reason="it is in no extra: it excludes pytest-asyncio")
    project.configured().tests(f"@pytest.mark.asyncio_cooperative{SAYS}".replace("\ndef test_a", f"\n{way} test_a"))
    project.run_apart("-p", "pytest_asyncio_cooperative.plugin", "-p", "no:asyncio").assert_outcomes(passed=2)
    assert project.states()["UC-001/1"] == "REHEARSED"
