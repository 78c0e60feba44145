"""Random mixes of outcomes, marks, hooks and plugins: no result is better than what pytest says of the test."""

from __future__ import annotations

from collections import Counter
from textwrap import dedent
from typing import NamedTuple
from xml.etree import ElementTree as ET

import pytest
from hypothesis import HealthCheck, Phase, example, given, settings, strategies as st

from tests.plugin.test_one_id import executions
from tests.project import XDIST, Project

pytestmark = pytest.mark.slow

ENDS = {
    "passes": "pass",
    "fails": "assert False",
    "skips": "pytest.skip('not here')",
    "is expected to fail": "pytest.xfail('known')",
    "raises": "raise RuntimeError('broken')",
}
MARKS = (
    "",
    "@pytest.mark.xfail",
    "@pytest.mark.xfail(strict=True)",
    "@pytest.mark.xfail(run=False)",
    "@pytest.mark.skip",
)
PLUGINS = {
    "none": (),
    "rerunfailures": ("-p", "rerunfailures", "--reruns=1"),
    "flaky": ("-p", "flaky", "--force-flaky", "--max-runs=2", "--no-flaky-report"),
    "pytest-retry": ("-p", "pytest-retry", "--retries=1"),
}
ORDERS = (
    "",
    "tryfirst=True",
    "trylast=True",
    "wrapper=True",
    "wrapper=True, tryfirst=True",
    "wrapper=True, trylast=True",
)
CONFTEST = """
    import pytest

    def change(report):
        if report.when == {when!r}:
            report.outcome = {outcome!r}
            report.longrepr = None if report.outcome == "passed" else (__file__, 1, "changed")

    @pytest.hookimpl({order})
"""
HOOKS = {
    ("makereport", False): "def pytest_runtest_makereport(item, call): return None\n",
    ("makereport", True): (
        "def pytest_runtest_makereport(item, call):\n    report = yield\n    change(report)\n    return report\n"
    ),
    ("logreport", False): "def pytest_runtest_logreport(report): change(report)\n",
    ("logreport", True): "def pytest_runtest_logreport(report):\n    change(report)\n    return (yield)\n",
}


class Hook(NamedTuple):
    """A hook that changes a report."""

    name: str
    when: str
    outcome: str
    order: str

    @property
    def source(self) -> str:
        """A conftest.py that has it."""
        head = dedent(CONFTEST.format(when=self.when, outcome=self.outcome, order=self.order))
        return head + HOOKS[self.name, "wrapper" in self.order]


class Case(NamedTuple):
    """A test: how its phases end, what is expected of it, and what a hook makes of its report."""

    setup: str
    call: str
    teardown: str
    mark: str
    second: str
    """How the call of a second try ends."""
    subtest: str
    """How a subtest ends; one that skips leaves its test as it is, which JUnit XML cannot say."""
    hook: Hook | None

    def source(self, number: int) -> str:
        """A file with it, in which every fixture and test has a name of its own."""
        subtest = f"with subtests.test(): {ENDS[self.subtest]}" if self.subtest else "pass"
        return dedent(f"""
            tries = []
            @pytest.fixture
            def around():
                {ENDS[self.setup]}
                yield
                {ENDS[self.teardown]}
            {self.mark or "# nothing is expected"}
            @evidence("UC-001", item=1)
            def test_{number}(around{", subtests" if self.subtest else ""}):
                tries.append(1)
                {subtest}
                if len(tries) > 1: {ENDS[self.second]}
                else: {ENDS[self.call]}
        """)


ends = st.sampled_from(list(ENDS))
mostly = st.one_of(st.just("passes"), st.just("passes"), ends)
hooks = st.builds(
    Hook,
    name=st.sampled_from(["makereport", "logreport"]),
    when=st.sampled_from(["setup", "call", "teardown"]),
    outcome=st.sampled_from(["failed", "skipped", "passed"]),
    order=st.sampled_from(ORDERS),
)
cases = st.builds(
    Case,
    setup=mostly,
    call=mostly,
    teardown=mostly,
    mark=st.sampled_from(["", "", "", *MARKS]),
    second=mostly,
    subtest=st.sampled_from(["", "", "passes", "fails", "raises"]) if pytest.version_tuple >= (9, 0) else st.just(""),
    hook=st.none() | hooks,
)
MADE_A_FAILURE = Case("skips", "passes", "passes", "", "passes", "", Hook("makereport", "setup", "failed", ORDERS[4]))
"""It is run again for what a hook made of its report."""
HIDES_A_RERUN = Case(
    "passes", "passes", "passes", "", "passes", "raises", Hook("logreport", "call", "passed", ORDERS[3])
)
"""A hook takes from a report that the test is run again: pytest prints it as failed twice."""
RANK = {"PASSED": 0, "SKIPPED": 1, "XFAILED": 1, "XPASSED": 1, "NOT_RUN": 1}


def printed(project: Project) -> dict[str, int]:
    """How bad pytest says that each test is: 0 passed, 1 skipped, 2 failed."""
    found: dict[str, int] = {}
    for case in ET.parse(project.path / "out.xml").iter("testcase"):
        kinds = {child.tag for child in case}
        bad = 2 if kinds & {"failure", "error"} else int("skipped" in kinds)
        name = case.get("name", "").partition(" ")[0]
        found[name] = max(bad, found.get(name, 0))
    return found


@settings(
    max_examples=4,
    phases=[Phase.explicit, Phase.generate],  # shrinking runs hundreds of sessions
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.large_base_example],
)
@example([MADE_A_FAILURE], "rerunfailures", XDIST)
@example([HIDES_A_RERUN], "rerunfailures", ())
@given(st.lists(cases, min_size=20, max_size=30), st.sampled_from(list(PLUGINS)), st.sampled_from([(), XDIST]))
def test_no_result_is_better_than_what_pytest_says(
    pytester: pytest.Pytester, tests: list[Case], plugin: str, how: tuple[str, ...]
) -> None:
    """Whatever changes a report, and whatever runs a test again, alone and under xdist."""
    with pytest.MonkeyPatch.context() as patch:
        project = Project.at(pytester, patch)
        root = pytester.mkdir(f"p{len(list(pytester.path.iterdir()))}")
        patch.chdir(root)
        project = Example(pytester, patch, root)
        project.configured().write("pytest.ini", "[pytest]\n")
        for number, case in enumerate(tests):
            project.tests(case.source(number), f"d{number}/test_{number}.py")
            if case.hook is not None:
                project.write(f"d{number}/conftest.py", case.hook.source)
        project.run_apart(*PLUGINS[plugin], *how, "--junitxml=out.xml", "-q", f"--rootdir={root}", str(root))
        said = printed(project)
        kept = executions(project, "UC-001", "1")[::-1]  # the newest last
        recorded = {one.test_id.rpartition("::")[2]: one for one in kept}
        ends = Counter(one.test_id.rpartition("::")[2] for one in kept)
        for name, count in ends.items():  # each test is one execution; where a hook hides a rerun, the last tells all
            case = tests[int(name.removeprefix("test_"))]
            assert count == 1 or (case.hook is not None and case.hook.name == "logreport" and plugin != "none"), case
            assert len(recorded[name].attempts) >= count, case
        assert recorded.keys() == {f"test_{number}" for number in range(len(tests))}
        better = {
            name: (tests[int(name.removeprefix("test_"))], one.result, said[name])
            for name, one in recorded.items()
            if not one.flaky and RANK.get(one.result.value, 2) < said.get(name, 0)  # a flaky pass is no clean one
        }
        assert better == {}


class Example(Project):
    """A project in a folder of its own, as hypothesis makes many in one test."""

    def __init__(self, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, root: object) -> None:
        super().__init__(pytester, monkeypatch)
        self._root = root

    @property
    def path(self):  # type: ignore[no-untyped-def]
        return self._root
