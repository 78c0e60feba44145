"""Every kind of outcome, alone and in company, against what pytest's own JUnit XML says."""

from __future__ import annotations

import json
import re
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from tests.project import XDIST, Project

pytestmark = pytest.mark.slow

SUITE = """
import unittest

@pytest.fixture
def broken_setup(): raise RuntimeError("no setup")

@pytest.fixture
def broken_teardown():
    yield
    raise RuntimeError("no teardown")

@evidence("UC-001", item=1)
def test_passed(record_evidence):
    record_evidence.note("fine")
    with record_evidence.step("outer"):
        with record_evidence.step("inner"): pass

@evidence("UC-001", item=1)
def test_failed(): assert 1 == 2

@evidence("UC-001", item=1)
def test_setup_error(broken_setup): pass

@evidence("UC-001", item=1)
def test_teardown_error(broken_teardown): pass

@evidence("UC-001", item=1)
def test_failed_and_teardown_error(broken_teardown): assert False

@evidence("UC-001", item=1)
@pytest.mark.skip(reason="not today")
def test_skipped_by_mark(): pass

@evidence("UC-001", item=1)
def test_skipped_in_test(): pytest.skip("not here")

@evidence("UC-001", item=1)
@pytest.mark.xfail(reason="known")
def test_xfailed(): assert False

@evidence("UC-001", item=1)
@pytest.mark.xfail(run=False)
def test_xfail_not_run(): pass

@evidence("UC-001", item=1)
@pytest.mark.xfail
def test_xpassed(): pass

@evidence("UC-001", item=1)
@pytest.mark.xfail(strict=True)
def test_xpassed_strict(): pass

@evidence("UC-001", item=2)
@pytest.mark.parametrize("x", [1, 2, "a/b", "x y", "\\n", "\\x1b[31m"])
def test_case(x): assert x != 2

@evidence("UC-002", item=1)
def test_subtests_one_fails(subtests):
    for n in range(3):
        with subtests.test(n=n): assert n != 1

@evidence("UC-002", item=1)
def test_subtests_all_pass(subtests):
    with subtests.test("a"): pass

@evidence("UC-002", item=2)
class TestUnit(unittest.TestCase):
    def test_sub(self):
        for n in range(2):
            with self.subTest(n=n): self.assertEqual(n, 0)
    def test_fine(self): pass
    @unittest.skip("later")
    def test_skip(self): pass
    @unittest.expectedFailure
    def test_expected(self): self.fail("x")

@evidence("UC-002", item=1)
def test_sys_exit(): raise SystemExit(3)

def test_no_evidence(): pass
"""

RESULTS = {
    "test_passed": "PASSED",
    "test_failed": "FAILED",
    "test_setup_error": "ERROR",
    "test_teardown_error": "ERROR",
    "test_failed_and_teardown_error": "ERROR",
    "test_skipped_by_mark": "SKIPPED",
    "test_skipped_in_test": "SKIPPED",
    "test_xfailed": "XFAILED",
    "test_xfail_not_run": "XFAILED",
    "test_xpassed": "XPASSED",
    "test_xpassed_strict": "FAILED",
    "test_case[1]": "PASSED",
    "test_case[2]": "FAILED",
    "test_case[a/b]": "PASSED",
    "test_case[x y]": "PASSED",
    r"test_case[\n]": "PASSED",
    r"test_case[\x1b[31m]": "PASSED",
    "test_subtests_one_fails": "FAILED",
    "test_subtests_all_pass": "PASSED",
    "TestUnit::test_sub": "FAILED",
    "TestUnit::test_fine": "PASSED",
    "TestUnit::test_skip": "SKIPPED",
    "TestUnit::test_expected": "XFAILED",
    "test_sys_exit": "FAILED",
}

needs_subtests = pytest.mark.skipif(pytest.version_tuple < (9, 0), reason="subtests came into pytest with 9.0")


def settled(document: Any) -> Any:
    """The report without clock and ids."""
    text = json.dumps(document, sort_keys=True)
    text = re.sub(r"\d{8}T\d{6}Z-[0-9a-f]{8}\.\d+", "RUN.SEQ", text)
    text = re.sub(r"\d{8}T\d{6}Z-[0-9a-f]{8}", "RUN", text)
    text = re.sub(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", "TIME", text)
    found = json.loads(text)
    for key in ("generated_at", "context", "runs"):  # of the runs: how they were called
        found.pop(key)
    return found


@needs_subtests
def test_the_same_report_however_it_is_run(project: Project) -> None:
    """Alone, with -n 2 and with -p no:xdist the JSON report is the same, clock and ids aside."""
    reports = {}
    ways = {"alone": ("-p", "xdist"), "two": ("-p", "xdist", "-n2"), "without": ("-p", "no:xdist")}
    project.configured().tests(SUITE)
    for name, how in ways.items():
        store = f"--readiness-store=sqlite:///{name}.db"
        result = project.run_apart(*how, store, f"--readiness-json={name}.json", "-q")
        assert result.ret == 1, result.stdout.str()
        reports[name] = settled(json.loads((project.path / f"{name}.json").read_text()))
    assert reports["alone"] == reports["two"]
    assert reports["alone"] == reports["without"]
    assert reports["alone"]["use_cases"][0]["items"][0]["state"] == "FAILING"


def junit_results(path: Any) -> dict[str, str]:
    """What JUnit XML says of each test, by rules written by hand.

    A test may have several test cases (subtests, or an error in teardown after a failure): an error in any is ERROR,
    a failure FAILED; a skip of type pytest.xfail is XFAILED. XML does not know a non-strict xpass: it reads as passed.
    """
    found: dict[str, set[str]] = {}
    for case in ET.parse(path).iter("testcase"):
        classname = case.get("classname", "").removeprefix("test_it").removeprefix(".")
        name = "::".join(part for part in (classname, case.get("name", "")) if part)
        kinds = {child.tag: child for child in case}
        if "error" in kinds:
            result = "ERROR"
        elif "failure" in kinds:
            result = "FAILED"
        elif "skipped" in kinds:
            result = "XFAILED" if kinds["skipped"].get("type") == "pytest.xfail" else "SKIPPED"
        else:
            result = "PASSED"
        found.setdefault(name, set()).add(result)
    order = ("ERROR", "FAILED", "XFAILED", "SKIPPED", "PASSED")
    return {name: next(result for result in order if result in results) for name, results in found.items()}


@needs_subtests
@pytest.mark.parametrize("how", [(), ("-p", "xdist", "-n2")], ids=["alone", "xdist"])
def test_results_equal_junit_xml(project: Project, how: tuple[str, ...]) -> None:
    """Each result is what the rules say, and what --junitxml of the same run says."""
    project.configured().tests(SUITE)
    project.run_apart(*how, "--junitxml=out.xml", "-q")
    recorded = {}
    for use_case in ("UC-001", "UC-002"):
        for item in ("1", "2"):
            for line in history(project, use_case, item):
                recorded[line["test_id"].partition("::")[2]] = line["result"]
    assert recorded == RESULTS
    from_xml = junit_results(project.path / "out.xml")
    for name, result in RESULTS.items():
        xml_name = name.replace(r"\n", r"\n")
        expected = "PASSED" if result == "XPASSED" else result
        assert from_xml[xml_name] == expected, name


def history(project: Project, use_case: str, item: str) -> list[dict[str, Any]]:
    """Every piece of evidence of an item that the store has, through its port."""
    from pytest_readiness.store.address import open_store
    from pytest_readiness.views.document import plain_data

    store = open_store("sqlite:///.readiness/evidence.db", project.path, create=False)
    assert store is not None
    try:
        return [plain_data(piece) for piece in store.history("default", use_case, item) if not piece.covered]
    finally:
        store.close()


def test_every_attempt_is_kept(project: Project) -> None:
    """Under pytest-rerunfailures every attempt is kept with its result, and a pass after a failure is FLAKY."""
    project.configured().tests(
        """
        seen = []

        @evidence("UC-001", item=1)
        def test_flaky(record_evidence):
            seen.append(1)
            record_evidence.note(f"attempt {len(seen)}")
            assert len(seen) > 2, f"not yet {len(seen)}"

        @evidence("UC-001", item=2)
        def test_never(): assert False

        broken = []

        @pytest.fixture
        def shaky():
            broken.append(1)
            if len(broken) < 2: raise RuntimeError("setup")
            yield
            if len(broken) < 3: raise RuntimeError("teardown")

        @evidence("UC-002", item=1)
        def test_shaky_fixture(shaky): pass
        """
    )
    result = project.run_apart("-p", "rerunfailures", "--reruns=3", "-q")
    assert {"failed": 1, "rerun": 7}.items() <= result.parseoutcomes().items()
    flaky = history(project, "UC-001", "1")
    assert [piece["attempts"] for piece in flaky] == [3]
    assert project.states() | {} == {
        "UC-001/1": "FLAKY", "UC-001/2": "FAILING", "UC-002/1": "FLAKY", "UC-002/2": "MISSING",
    }  # fmt: skip
    shown = project.cli("show", flaky[0]["id"]).stdout
    assert "not yet 1" in shown
    assert "not yet 2" in shown
    assert "attempt 3" in shown


@pytest.mark.parametrize("plugin", ["randomly", "timeout", "pytest_cov", "asyncio", "anyio"])
def test_works_beside(project: Project, plugin: str) -> None:
    """Beside other plugins the evidence is the same."""
    extra = {"timeout": ["--timeout=60"], "pytest_cov": ["--cov=test_it", "--cov-report="]}
    project.configured().tests(
        "@evidence('UC-001', item=1)\ndef test_a(): pass\n@evidence('UC-001', item=2)\ndef test_b(): assert 0\n"
    )
    result = project.run_apart("-p", plugin, *extra.get(plugin, []))
    result.assert_outcomes(passed=1, failed=1)
    assert project.states("UC-001") == {"UC-001/1": "COMPLETE", "UC-001/2": "FAILING"}


def test_all_of_them_at_once(project: Project) -> None:
    """xdist, rerunfailures, randomly, asyncio, anyio, timeout and cov in one session."""
    project.configured().tests(
        "@evidence('UC-001', item=1)\n@pytest.mark.parametrize('n', range(10))\ndef test_a(n): pass\n"
        "@evidence('UC-001', item=2)\n@pytest.mark.asyncio\nasync def test_b(): assert 0\n"
    )
    names = ["xdist", "rerunfailures", "randomly", "asyncio", "anyio", "timeout"]
    plugins = [word for name in (*names, "pytest_cov") for word in ("-p", name)]
    result = project.run_apart(*plugins, "-n2", "--reruns=1", "--timeout=60", "--cov=test_it", "--cov-report=")
    assert {"passed": 10, "failed": 1, "rerun": 1}.items() <= result.parseoutcomes().items()
    assert project.states("UC-001") == {"UC-001/1": "COMPLETE", "UC-001/2": "FAILING"}
    assert [piece["attempts"] for piece in history(project, "UC-001", "2")] == [2]


@pytest.mark.parametrize("how", [(), XDIST], ids=["alone", "xdist"])
@pytest.mark.parametrize("scope", ["class", "module", "session"])
def test_a_shared_fixture_that_fails_in_its_teardown(project: Project, how: tuple[str, ...], scope: str) -> None:
    """The test that is blamed for it is told as one that may not be at fault, in each process that ran some."""
    project.configured().tests(
        f"""
        @pytest.fixture(scope="{scope}")
        def shared():
            yield
            raise RuntimeError("the pool is gone")

        @pytest.mark.usefixtures("shared")
        class TestAll:
            @evidence("UC-001", item=1)
            @pytest.mark.parametrize("number", range(4))
            def test_a(self, number): pass
        """
    )
    project.run(*how)
    told = "in teardown, perhaps of a fixture that other tests share: RuntimeError: the pool is gone"
    assert told in " ".join(project.cli("why", "UC-001/1").output.split())
    results = [piece["result"] for piece in project.evidence("UC-001")]
    assert results.count("ERROR") == (2 if how else 1)
    assert results.count("PASSED") == (2 if how else 3)
