"""The evidence mark, in every place pytest allows a mark, and how wrong ones are told."""

from __future__ import annotations

import pytest

from tests.project import XDIST, Project

pytestmark = pytest.mark.slow

EVERYWHERE = """
import unittest

pytestmark = evidence("UC-002", item=1)

def test_function_in_a_marked_module(): pass

@evidence("UC-001", item=1)
@pytest.mark.evidence("UC-001", item=[2])
def test_several(): pass

@evidence("UC-001", "UC-002", item=[1, "2"])
class TestClass:
    def test_method(self): pass

@pytest.mark.parametrize("x", [1, pytest.param(2, marks=evidence("UC-001", item=1))])
def test_case(x): pass

@evidence("uc-001", item=1)
class TestUnit(unittest.TestCase):
    def test_unit(self): pass
"""


def claims(project: Project) -> dict[str, set[str]]:
    """What each test was recorded as evidence for."""
    claims: dict[str, set[str]] = {}
    for piece in project.evidence():
        claims.setdefault(piece["test_id"].partition("::")[2], set()).add(f"{piece['uc']}/{piece['item']}")
    return claims


@pytest.mark.parametrize("how", [(), XDIST], ids=["alone", "xdist"])
def test_a_mark_counts_wherever_it_stands(project: Project, how: tuple[str, ...]) -> None:
    """Function, class, module, parametrised case and unittest: the marks add up, the same alone and under xdist."""
    project.configured().tests(EVERYWHERE)
    project.run(*how).assert_outcomes(passed=6)
    everything = {"UC-001/1", "UC-001/2", "UC-002/1", "UC-002/2"}
    assert claims(project) == {
        "test_function_in_a_marked_module": {"UC-002/1"},
        "test_several": {"UC-002/1", "UC-001/1", "UC-001/2"},
        "TestClass::test_method": everything,
        "test_case[1]": {"UC-002/1"},
        "test_case[2]": {"UC-001/1", "UC-002/1"},
        "TestUnit::test_unit": {"UC-001/1", "UC-002/1"},
    }


WRONG = {
    '@evidence("UC-003", item=1)': "no use case 'UC-003' (there are UC-00",
    '@evidence("UC-001", item=9)': "no item '9'",
    '@evidence("UC-001", item="tracee")': "no item 'tracee'",
    '@evidence("UC-001", item=1, environment="stagin")': "no environment 'stagin' (did you mean 'staging'?)",
    '@evidence("UC-001", item=1, part="rotation")': "item 1 of UC-001 has no part 'rotation'",
    '@evidence("UC-001", itm=1)': "has no keyword 'itm' (did you mean 'item'?)",
    '@evidence("UC-001")': "names no item",
    '@evidence("UC-001", item=[])': "names no item",
    "@evidence(item=1)": "names no use case",
    "@evidence(3, item=1)": "takes use cases as texts, not int",
    '@evidence("UC-001", item=1.5)': "item must be a number, a name or a list of them, not float",
    '@evidence("UC-001", item=True)': "item must be a number, a name or a list of them, not bool",
    '@evidence("UC-001", item=1, environment=3)': "environment must be a text, not int",
    '@evidence("UC-001", item=1, replay_mode="HALF")': "replay_mode must be FULL or TRACE_ONLY, not 'HALF'",
    "@evidence": "names no use case",
    "@pytest.mark.evidence": "names no use case",
    "@pytest.mark.evidence()": "names no use case",
}


@pytest.mark.parametrize("how", [(), XDIST], ids=["alone", "xdist"])
def test_a_wrong_mark_fails_its_test_in_one_line(project: Project, how: tuple[str, ...]) -> None:
    """Each wrong mark fails its one test in the setup. The short summary names the test once, and then the reason."""
    project.monkeypatch.setenv("COLUMNS", "200")
    source = "".join(f"{mark}\ndef test_wrong_{n}(): pass\n\n" for n, mark in enumerate(WRONG))
    project.configured().tests(source + "@evidence('UC-001', item=1)\ndef test_right(): pass\n")
    result = project.run(*how)
    result.assert_outcomes(passed=1, errors=len(WRONG))
    lines = result.outlines
    for number, message in enumerate(WRONG.values()):
        (line,) = [line for line in lines if f"::test_wrong_{number} " in line]
        test, _, reason = line.partition(" - Failed: ")
        assert test == f"ERROR test_it.py::test_wrong_{number}"
        assert message in reason
        assert reason in lines, "the reason is a line of its own above"
    assert "INTERNALERROR" not in result.stdout.str()
    assert project.states("UC-001")["UC-001/1"] == "FAILING"
    ended = {piece["test_id"]: piece["result"] for piece in project.evidence("UC-001")}
    assert ended.pop("test_it.py::test_right") == "PASSED"
    assert set(ended.values()) == {"ERROR"}


def test_form_is_judged_without_a_config(project: Project) -> None:
    """Installed but unconfigured, a misspelt keyword still fails its test, and any use case is fine."""
    project.tests("@evidence('X-1', itm=1)\ndef test_a(): pass\n@evidence('X-1', item=1)\ndef test_b(): pass\n")
    result = project.run(environment=None)
    result.assert_outcomes(passed=1, errors=1)
    assert not (project.path / ".readiness").exists()


def test_nothing_is_judged_when_turned_off(project: Project) -> None:
    """With --no-readiness a wrong mark is no concern of ours, and nothing is written."""
    project.configured().tests("@evidence\ndef test_a(record_evidence): record_evidence.note('x')\n")
    project.run("--no-readiness").assert_outcomes(passed=1)
    assert not (project.path / ".readiness").exists()


def test_the_mark_is_registered_and_explained(project: Project) -> None:
    """pytest --markers tells what the mark takes, and --strict-markers accepts it."""
    project.configured().tests("@evidence('UC-001', item=1)\ndef test_a(): pass\n")
    project.run("--strict-markers").assert_outcomes(passed=1)
    project.run("--markers").stdout.fnmatch_lines(["@pytest.mark.evidence(*use_cases, item,*"])


@pytest.mark.parametrize("how", ["tryfirst", "trylast", "wrapper"])
def test_a_mark_that_a_conftest_gives_last_counts(project: Project, how: str) -> None:
    """The only evidence mark of a session may come from a hook of a conftest.py, however late that runs."""
    project.configured().tests("def test_a(): pass\n")
    project.write(
        "conftest.py",
        f"""
        import pytest

        @pytest.hookimpl({how}=True)
        def pytest_collection_modifyitems(items):
            {"yield" if how == "wrapper" else "pass"}
            items[0].add_marker(pytest.mark.evidence("UC-001", item=1))
        """,
    )
    project.run().assert_outcomes(passed=1)
    assert claims(project) == {"test_a": {"UC-001/1"}}


def test_async_tests(project: Project) -> None:
    """Async tests under pytest-asyncio and anyio are evidence like any other."""
    project.configured().tests(
        """
        @evidence("UC-001", item=1)
        @pytest.mark.asyncio
        async def test_asyncio(record_evidence): record_evidence.note("a")

        @evidence("UC-001", item=2)
        @pytest.mark.anyio
        async def test_anyio(record_evidence): record_evidence.note("b")

        @pytest.fixture
        def anyio_backend(): return "asyncio"
        """
    )
    project.run_apart("-p", "asyncio", "-p", "anyio").assert_outcomes(passed=2)
    assert project.states("UC-001") == {"UC-001/1": "COMPLETE", "UC-001/2": "ASSERTED"}
