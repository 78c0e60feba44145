"""Whatever reports follow each other: no test that failed is let go of without a pass of it."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from html import escape
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings, strategies as st

from tests.cli.test_only_failing import TODAY
from tests.cli.test_record_junit import lines
from tests.project import Project

pytestmark = pytest.mark.slow

FAILED = ("failure", "error")


@dataclass(frozen=True)
class One:
    """A case, and how it ended: a child's tag, or nothing."""

    class_name: str
    name: str
    result: str = ""

    @property
    def text(self) -> str:
        """As XML."""
        child = f'<{self.result} message="collection failure"/>' if self.result else ""
        return f'<testcase classname="{escape(self.class_name)}" name="{escape(self.name)}">{child}</testcase>'


def called(one: One, suite: str) -> str:
    """What evidence calls it."""
    return "::".join(filter(None, (one.class_name, one.name))) or suite


BEFORE, TEARDOWN = '"before all" hook', "tearDownClass (m.T)"
JEST = "Test execution failure: could be caused by test hooks like 'afterAll'."
HOOKS = {
    "s": {(f"{BEFORE}", f"s {BEFORE}"), (JEST, JEST), ("", TEARDOWN)},
    "a.test.js": {(f"{BEFORE}", f"s {BEFORE}"), (JEST, JEST), ("", TEARDOWN), ("a.test.js", "a.test.js")},
    "pytest": {(f"{BEFORE}", f"s {BEFORE}"), (JEST, JEST), ("", TEARDOWN), ("", "m")},
    "NonTestSuiteFailure": {("", ""), (f"{BEFORE}", f"s {BEFORE}"), (JEST, JEST), ("", TEARDOWN)},
}
"""By suite: the names that exist only while something fails. Each other one is of a test."""
NAMES = sorted({name for names in HOOKS.values() for name in names})
TESTS = [
    ("m.T", "a"),
    ("m.T", "b"),
    ("a.test.js", "works"),
    ("m.T", TEARDOWN),
    ("", "NonTestSuiteFailure"),
    ("t", "setup"),
]
CASES = st.builds(One, st.just(""), st.just(""), st.sampled_from(["", "", "failure", "error", "skipped"])).flatmap(
    lambda one: st.sampled_from(TESTS + NAMES).map(lambda name: One(*name, one.result))
)
REPORTS = st.dictionaries(st.sampled_from(sorted(HOOKS)), st.lists(CASES, max_size=4), min_size=1, max_size=2)
"""The cases of each suite."""


def report(suites: dict[str, list[One]], day: int) -> str:
    """As XML."""
    at = TODAY.replace(day=1, month=1).isoformat()[:8]
    inside = "".join(
        f'<testsuite name="{name}" timestamp="{at}{day:02}T10:00:00Z">{"".join(case.text for case in cases)}</testsuite>'
        for name, cases in suites.items()
    )
    return f"<testsuites>{inside}</testsuites>"


def failed_tests(suites: dict[str, list[One]]) -> set[str]:
    """What failed and is a test, by name."""
    return {
        called(case, suite)
        for suite, cases in suites.items()
        for case in cases
        if case.result in FAILED and (case.class_name, case.name) not in HOOKS[suite]
    }


HOOK, OWN = One("a.test.js", "a.test.js", "failure"), One("m.T", "a", "failure")


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(REPORTS, min_size=2, max_size=3), st.booleans())
@example([{"s": [HOOK]}, {"a.test.js": [HOOK]}, {"a.test.js": [One("a.test.js", "works")]}], False)
@example([{"s": [HOOK]}, {"a.test.js": [HOOK]}, {"a.test.js": [One("a.test.js", "works")]}], True)
@example([{"a.test.js": [OWN, HOOK]}, {"a.test.js": [One("m.T", "b")]}], False)
def test_no_test_that_failed_is_let_go(project: Project, reports: list[dict[str, Any]], turned: bool) -> None:
    """From any imports, in any order but for the last: a failed test that has not passed since is due."""
    shutil.rmtree(project.path / ".readiness", ignore_errors=True)
    project.monkeypatch.setenv("READINESS_ENVIRONMENT", "staging")
    project.configured()
    order = list(range(len(reports)))
    if turned:
        order[:-1] = reversed(order[:-1])
    for day in order:
        if not any(reports[day].values()):
            continue
        project.write("it.xml", report(reports[day], day + 1))
        result = project.cli("record", "--junit", "it.xml", "--map", "*=UC-001/1")
        assert result.exit_code == 0, result.output
    if not (project.path / ".readiness").exists():
        return
    failed = set().union(*map(failed_tests, reports))
    absent = {line["test"] for line in lines(project) if line.get("method") == "absent"}
    passed = {line["test"] for line in lines(project) if line["result"] == "PASSED" and line.get("method") != "absent"}
    assert not absent & failed
    if failed - passed:
        assert project.states("UC-001")["UC-001/1"] == "FAILING"
