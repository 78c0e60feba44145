"""What a session holds in memory of the tests that it records: what is on disk is not held too."""

from __future__ import annotations

import json

import pytest

from tests.project import PLUGINS, Project

pytestmark = pytest.mark.slow

FEW, MANY = 600, 1_200
HELD = 600
"""Bytes that a test may hold until the end: its id in the plan and in what ended, and what hangs on the test itself."""
AT_THE_END = 800
"""Bytes that a test may take meanwhile at the end."""
IN_THE_XML = 1_500
"""Bytes that pytest may hold of a test for its own JUnit XML; with properties that are not shared it is 6,000."""
CONFTEST = """
import gc
import json
import tracemalloc

import pytest

import pytest_readiness
from pytest_readiness.journal import writer

writer.CACHED_BYTES = 10_000  # for speed, a session holds its first lines up to a limit, which all of these are beyond
OURS = tracemalloc.Filter(True, pytest_readiness.__path__[0] + "/*", all_frames=False)
XML = tracemalloc.Filter(True, "*/_pytest/junitxml.py", all_frames=False)
tracemalloc.start()

def held(files):
    found = tracemalloc.take_snapshot().filter_traces([files]).statistics("filename")
    return sum(one.size for one in found)

class Measuring:
    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_sessionfinish(self, session):
        at_the_end, in_the_xml = held(OURS), held(XML)
        gc.collect()
        before, _ = tracemalloc.get_traced_memory()
        tracemalloc.reset_peak()
        result = yield
        _, peak = tracemalloc.get_traced_memory()
        (session.config.rootpath / "measured.json").write_text(json.dumps([at_the_end, peak - before, in_the_xml]))
        return result

def pytest_collection_finish(session):
    session.config.pluginmanager.register(Measuring())
"""
TESTS = """
import pytest

@pytest.mark.evidence("UC-001", item=1)
@pytest.mark.evidence("UC-002", item=2)
@pytest.mark.parametrize("number", range({count}))
def test_number(number):
    assert number >= {least}
"""


def measured(project: Project, count: int, least: int, *options: str) -> list[int]:
    """Run so many tests; return the bytes that we hold at their end, what closing the run takes, and pytest's XML."""
    project.write("conftest.py", CONFTEST)
    project.write("test_many.py", TESTS.format(count=count, least=least))
    result = project.pytester.runpytest_subprocess(*PLUGINS, "-q", "-x", *options)
    assert result.ret == (1 if least else 0), result.stdout.str()
    recorded = 2 if least else 2 * count
    result.stdout.fnmatch_lines([f"{recorded} pieces of evidence recorded*"])
    assert len(project.evidence()) == 2 * count
    found: list[int] = json.loads((project.path / "measured.json").read_text())
    return found


@pytest.mark.parametrize("least", [pytest.param(0, id="all run"), pytest.param(1, id="the first fails, and none runs")])
def test_what_is_written_is_not_held(project: Project, least: int) -> None:
    """With twice as many tests, what is held grows by no more than their ids, and so does what the end takes."""
    project.configured()
    measured(project, 2, least)  # compiles modules and makes the store, which is not what grows
    few, many = measured(project, FEW, least), measured(project, MANY, least)
    held, at_the_end, _ = [(more - less) // (MANY - FEW) for less, more in zip(few, many, strict=True)]
    assert held < HELD
    assert at_the_end < AT_THE_END


def test_equal_properties_are_in_pytests_xml_once(project: Project) -> None:
    """With twice as many tests, what pytest holds for its JUnit XML grows by no element for each of their properties."""
    project.configured()
    few, many = (measured(project, count, 0, "--junitxml=own.xml") for count in (FEW, MANY))
    assert (many[2] - few[2]) // (MANY - FEW) < IN_THE_XML
    assert (project.path / "own.xml").read_text().count('name="readiness.use_case"') == 2 * MANY
