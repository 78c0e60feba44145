"""Results that other plugins and late phases change: what is recorded is never better than what pytest prints."""

from __future__ import annotations

import subprocess
import sys
from itertools import product
from textwrap import dedent
from xml.etree import ElementTree as ET

import pytest

from tests.plugin.test_one_id import BOTH_WAYS, attempts, executions
from tests.project import Project

pytestmark = pytest.mark.slow

LEFT = """
@pytest.fixture
def leaves():
    yield
    pytest.{way}("wrong tenant: says nothing")

@evidence("UC-001", item=1)
def test_a(leaves): {body}
"""
CHANGES = {
    "makereport": """
        @pytest.hookimpl(wrapper=True, tryfirst=True)
        def pytest_runtest_makereport(item, call):
            report = yield
            if call.when == "{when}":
                report.outcome, report.longrepr = "failed", "the server logged an error"
            return report
    """,
    "another report": """
        @pytest.hookimpl(wrapper=True, tryfirst=True)
        def pytest_runtest_makereport(item, call):
            report = yield
            if call.when == "{when}":
                return pytest.TestReport(
                    report.nodeid, report.location, {{}}, "failed", "the server logged an error", call.when)
            return report
    """,
    "logreport first": """
        @pytest.hookimpl(tryfirst=True)
        def pytest_runtest_logreport(report):
            if report.when == "{when}":
                report.outcome, report.longrepr = "failed", "the server logged an error"
    """,
    "logreport": """
        def pytest_runtest_logreport(report):
            if report.when == "{when}":
                report.outcome, report.longrepr = "failed", "the server logged an error"
    """,
    "logreport around": """
        @pytest.hookimpl(wrapper=True)
        def pytest_runtest_logreport(report):
            if report.when == "{when}":
                report.outcome, report.longrepr = "failed", "the server logged an error"
            return (yield)
    """,
}


@pytest.mark.parametrize(
    ("way", "body", "result"),
    [
        ("skip", "pass", "SKIPPED"),
        ("xfail", "pass", "XFAILED"),
        ("skip", "assert 0", "FAILED"),
        ("skip", "pytest.xfail('known')", "XFAILED"),
    ],
)
def test_a_teardown_that_says_nothing_takes_the_pass_away(project: Project, way: str, body: str, result: str) -> None:
    """pytest.skip and pytest.xfail in a fixture's teardown: the result is decided after it, as JUnit XML has it."""
    project.configured().tests(LEFT.format(way=way, body=body))
    project.run("--junitxml=out.xml")
    assert attempts(project) == [[result]]
    (case,) = ET.parse(project.path / "out.xml").iter("testcase")
    assert {child.tag for child in case} & {"skipped", "failure"}
    assert project.states()["UC-001/1"] == ("FAILING" if result == "FAILED" else "MISSING")


@BOTH_WAYS
def test_reports_that_are_made_worse(project: Project, how: tuple[str, ...]) -> None:
    """A conftest.py of a subfolder that turns a report to failed, in any of the ways that there are."""
    project.configured()
    expected = {}
    for number, (when, change) in enumerate(product(("setup", "call", "teardown"), CHANGES)):
        test_id = f"sub{number}/test_{number}.py::test_{change.replace(' ', '_')}_{when}"
        project.tests(
            f"@evidence('UC-001', item=1)\ndef {test_id.partition('::')[2]}(): pass\n", test_id.partition("::")[0]
        )
        project.write(f"sub{number}/conftest.py", "import pytest\n" + dedent(CHANGES[change].format(when=when)))
        shared = "in teardown, perhaps of a fixture that other tests share: " if when == "teardown" else ""
        expected[test_id] = "FAILED" if when == "call" else "ERROR", f"{shared}the server logged an error"
    project.run_apart(*[word.replace("2", "1") for word in how])
    recorded = {piece.test_id: (piece.result.value, piece.message) for piece in executions(project, "UC-001", "1")}
    assert recorded == expected
    assert project.states()["UC-001/1"] == "FAILING"


@BOTH_WAYS
def test_each_try_of_pytest_retry_is_an_attempt(project: Project, how: tuple[str, ...]) -> None:
    """pytest-retry runs a test again within its call: each try is kept, with its message."""
    project.configured().tests(
        """
        tries = []

        @evidence("UC-001", item=1)
        @pytest.mark.flaky(retries=3)
        def test_a():
            tries.append(1)
            assert len(tries) == 3, f"not yet {len(tries)}"

        @evidence("UC-001", item=2)
        @pytest.mark.flaky(retries=1)
        def test_b(): assert False, "never"
        """
    )
    project.run_apart("-p", "pytest-retry", *how).assert_outcomes(passed=1, failed=1)
    assert attempts(project) == [["FAILED", "FAILED", "PASSED"]]
    assert attempts(project, item="2") == [["FAILED", "FAILED"]]
    (piece,) = executions(project, "UC-001", "1")
    assert ["not yet" in attempt.message for attempt in piece.attempts] == [True, True, False]
    states = project.states()
    assert (states["UC-001/1"], states["UC-001/2"]) == ("FLAKY", "FAILING")


RETURNED = """
import functools, unittest

def plain(method):
    return lambda self: method(self)

def wrapped(method):
    @functools.wraps(method)
    def call(self): return method(self)
    return call

async def later(self=None): assert 0

def in_turn(self=None):
    yield
    assert 0

@evidence("UC-001", item=1)
class TestPlain(unittest.TestCase):
    test_a = {}
"""


@pytest.mark.parametrize("what", ["later", "in_turn"])
@pytest.mark.parametrize("how", ["plain({})", "wrapped({})", "lambda self: {}()", "functools.partial({})"])
def test_methods_that_return_what_unittest_never_runs(project: Project, how: str, what: str) -> None:
    """A coroutine or a generator that a decorator, a lambda or a partial function returns: its body never ran either."""
    project.configured().tests(RETURNED.format(how.format(what))).run_apart().assert_outcomes(passed=1)
    (piece,) = executions(project, "UC-001", "1")
    assert (piece.result.value, "the body never ran" in piece.message) == ("INTERRUPTED", True)


NOBODYS = """
import contextlib, functools, unittest

def logged(method):
    @functools.wraps(method)
    def run(*given): return method(*given)
    return run

@evidence("UC-001", item=1)
class Unrun:
    @logged
    async def test_wrapped_coroutine(self): assert 0
    @logged
    def test_wrapped_generator(self): yield; assert 0
    def test_generator(self): yield; assert 0
    async def test_async_generator(self): yield; assert 0
    @contextlib.contextmanager
    def test_context(self): yield; assert 0
    @contextlib.asynccontextmanager
    async def test_async_context(self): yield; assert 0
    async def later(self): assert 0
    test_lambda = lambda self: self.later()

class TestIsolated(Unrun, unittest.IsolatedAsyncioTestCase): pass

class TestPlain(Unrun, unittest.TestCase):
    async def test_coroutine(self): assert 0

class TestInTheirWay(TestPlain):
    def run(self, result=None):
        result.startTest(self)
        getattr(self, self._testMethodName)()
        result.addSuccess(self)
        result.stopTest(self)
"""


@BOTH_WAYS
def test_a_test_case_of_any_class_whose_body_never_ran(project: Project, how: tuple[str, ...]) -> None:
    """What a method returned and nobody began did not run: unittest's async class and classes that run it their way."""
    project.configured().tests(NOBODYS).run_apart("-W", "ignore", *how).assert_outcomes(passed=23)
    pieces = executions(project, "UC-001", "1")
    assert {(piece.result.value, "the body never ran" in piece.message) for piece in pieces} == {("INTERRUPTED", True)}
    assert len(pieces) == 23


FUNCTIONS = """
import contextlib, functools

def logged(test):
    @functools.wraps(test)
    def run(): return test()
    return run

def later(): yield; assert 0

@evidence("UC-001", item=1)
@logged
def test_wrapped(): yield; assert 0

@evidence("UC-001", item=1)
@contextlib.contextmanager
def test_context(): yield; assert 0

@evidence("UC-001", item=1)
@contextlib.asynccontextmanager
async def test_async_context(): yield; assert 0

@evidence("UC-001", item=1)
class TestThem:
    test_lambda = lambda self: later()

@evidence("UC-002", item=1)
def test_value(): return [7]

@evidence("UC-002", item=1)
def test_begun():
    begun = later()
    next(begun)
    return begun

@evidence("UC-002", item=1)
def test_plain(): pass
"""


@BOTH_WAYS
@pytest.mark.parametrize("warned", ["default", "ignore"])
def test_a_function_that_returns_its_body_unrun(project: Project, how: tuple[str, ...], warned: str) -> None:
    """pytest drops what a test function returns, and warns at most; what it returned of another kind stays a pass."""
    result = project.configured().tests(FUNCTIONS).run_apart("-W", warned, *how)
    result.assert_outcomes(passed=7, warnings=6 if warned == "default" else 0)
    assert ("PytestReturnNotNoneWarning" in result.stdout.str()) is (warned == "default")
    pieces = executions(project, "UC-001", "1")
    assert {(piece.result.value, "the body never ran" in piece.message) for piece in pieces} == {("INTERRUPTED", True)}
    assert (len(pieces), attempts(project, "UC-002")) == (4, [["PASSED"]] * 3)


SOMEBODYS = """
import asyncio, functools, inspect, unittest
ran = []

def logged(method):
    @functools.wraps(method)
    def run(*given): return method(*given)
    return run

def in_a_loop(method):
    @functools.wraps(method)
    def run(*given): return asyncio.run(method(*given))
    return run

class Awaits(unittest.TestCase):
    def _callTestMethod(self, method):
        returned = method()
        if inspect.isgenerator(returned): list(returned)
        elif inspect.isasyncgen(returned): asyncio.run(self.through(returned))
        elif returned is not None: asyncio.run(returned)
    async def through(self, returned):
        async for _ in returned: pass

@evidence("UC-001", item=1)
class TestAwaits(Awaits):
    async def test_coroutine(self): ran.append(1)
    @logged
    async def test_wrapped(self): ran.append(1)
    def test_generator(self): yield; ran.append(1)
    async def test_async_generator(self): yield; ran.append(1)

@evidence("UC-001", item=1)
class TestPlain(unittest.TestCase):
    @in_a_loop
    async def test_coroutine(self): ran.append(1)
    def test_value(self):
        ran.append(1)
        return [self]

@evidence("UC-001", item=1)
class TestIsolated(unittest.IsolatedAsyncioTestCase):
    async def test_coroutine(self): ran.append(1)
    def test_plain(self): ran.append(1)
    async def of_partial(): ran.append(1)
    test_partial = functools.partial(of_partial)

@evidence("UC-001", item=1)
class TestAsThe(unittest.TestCase):
    "Whoever asks what the method is hears the same."
    def test_method(self):
        "Its words."
        ran.append(1)

def test_they_ran(): assert len(ran) == 10
"""


def test_a_test_case_that_runs_what_its_methods_return(project: Project) -> None:
    """Its own code awaits the coroutine, or goes through the generator: a pass as ever."""
    project.write(
        "conftest.py",
        """
        import inspect, pytest
        @pytest.hookimpl(tryfirst=True)
        def pytest_runtest_call(item):
            if item.name == "test_method":
                assert (item.obj.__doc__, item.obj.__name__, item.obj.__module__) == ("Its words.", "test_method", "test_it")
                assert inspect.ismethod(item.obj) and item.function.__name__ == "test_method"
                assert inspect.signature(item.obj).parameters == {}
        """,
    )
    project.configured().tests(SOMEBODYS).run_apart("-W", "ignore").assert_outcomes(passed=11)
    pieces = executions(project, "UC-001", "1")
    assert [(piece.result.value, piece.message) for piece in pieces] == [("PASSED", "")] * 10


@pytest.mark.parametrize("way", ["run", "__call__"])
@pytest.mark.parametrize(
    "body", ["async def test_a(self): assert 0", "def test_a(self):\n        yield\n        assert 0"]
)
def test_a_test_case_that_only_passes_on_how_it_is_run(project: Project, body: str, way: str) -> None:
    """A class of one's own whose ``run`` or ``__call__`` is unittest's in the end runs neither."""
    project.configured().tests(
        "import unittest\nclass Base(unittest.TestCase):\n"
        f"    def {way}(self, result=None): return super().{way}(result)\n"
        f"@evidence('UC-001', item=1)\nclass TestA(Base):\n    {body}\n"
    ).run_apart().assert_outcomes(passed=1)
    (piece,) = executions(project, "UC-001", "1")
    assert (piece.result.value, "the body never ran" in piece.message) == ("INTERRUPTED", True)


@pytest.mark.parametrize("how", ["None", "7", "(one for one in 'ab')"])
def test_what_a_test_case_holds_goes_with_it(project: Project, how: str) -> None:
    """A test case lives no longer than without us, whatever its method returns; a warning names the method."""
    project.write("conftest.py", "import gc\ngc.disable()\n")
    project.configured().tests(f"""
        import unittest
        alive = []

        class Held:
            def __init__(self): alive.append(1)
            def __del__(self): alive.pop()

        @evidence("UC-001", item=1)
        class TestA(unittest.TestCase):
            def setUp(self): self.held = Held()
            def test_a(self): return {how}
            def test_b(self): self.assertEqual(len(alive), 1)
            def test_c(self): self.assertEqual(len(alive), 1)
    """)
    result = project.run_apart("-W", "always::DeprecationWarning")
    assert {"test_b": "PASSED", "test_c": "PASSED"}.items() <= {
        piece.test_id.rpartition("::")[2]: piece.result.value for piece in executions(project, "UC-001", "1")
    }.items()
    if how != "None":
        assert "TestA.test_a" in "".join(result.stdout.str().partition("warnings summary")[2:])


def test_what_else_a_method_of_unittest_returns_is_as_it_was(project: Project) -> None:
    """A value that is returned, a failure and its traceback, a subtest and a skip are what they are without us."""
    project.configured().tests(
        """
        import unittest

        @evidence("UC-001", item=1)
        class TestPlain(unittest.TestCase):
            def test_value(self): return 7
            def test_fails(self): self.assertEqual(1, 2)
            def test_skips(self): self.skipTest("not today")
            def test_sub(self):
                with self.subTest("a"): pass
        """
    )
    result = project.run_apart("-W", "ignore::DeprecationWarning")
    result.assert_outcomes(passed=2, failed=1, skipped=1)
    assert "bodies.py" not in result.stdout.str()
    found = {piece.test_id.rpartition("::")[2]: piece.result.value for piece in executions(project, "UC-001", "1")}
    assert found == {"test_value": "PASSED", "test_fails": "FAILED", "test_skips": "SKIPPED", "test_sub": "PASSED"}


def test_methods_that_unittest_never_runs(project: Project) -> None:
    """A coroutine or a generator as the method of a plain TestCase: pytest says passed, and its body never ran."""
    project.configured().tests(
        """
        import unittest

        class TestPlain(unittest.TestCase):
            @evidence("UC-001", item=1)
            async def test_coroutine(self): assert 0

            @evidence("UC-001", item=2)
            def test_generator(self):
                yield
                assert 0

        @evidence("UC-002", item=1)
        class TestIsolated(unittest.IsolatedAsyncioTestCase):
            async def test_coroutine(self): pass

        @evidence("UC-002", item=2)
        class TestOfTheirOwn(unittest.TestCase):
            def __call__(self, result=None):
                import asyncio
                method = getattr(self, self._testMethodName)
                setattr(self, self._testMethodName, lambda: asyncio.run(method()))
                return super().__call__(result)
            async def test_coroutine(self): pass
        """
    )
    project.run("-W", "ignore").assert_outcomes(passed=4)
    (one,), (two,) = executions(project, "UC-001", "1"), executions(project, "UC-001", "2")
    assert (one.result.value, two.result.value) == ("INTERRUPTED", "INTERRUPTED")
    assert one.message == (
        "the body never ran: the test returned a coroutine, which nobody awaited: "
        "use unittest.IsolatedAsyncioTestCase and async decorators"
    )
    assert project.states()["UC-001/1"] == "INTERRUPTED"
    assert (attempts(project, "UC-002"), attempts(project, "UC-002", "2")) == ([["PASSED"]], [["PASSED"]])


def test_what_trial_expects_to_fail(project: Project) -> None:
    """Twisted's todo, of which pytest is not told: no pass."""
    pytest.importorskip("twisted", reason="Twisted is not installed")
    project.configured().tests(
        """
        from twisted.trial import unittest

        class TestIt(unittest.TestCase):
            @evidence("UC-001", item=1)
            def test_a(self): self.fail("not yet")
            test_a.todo = "later"

            @evidence("UC-001", item=2)
            def test_b(self): pass
        """
    )
    project.run_apart("-W", "ignore")
    assert attempts(project) == [["XFAILED"]]
    assert attempts(project, item="2") == [["PASSED"]]


@pytest.mark.parametrize("typed", ["", "c\n", "c\nc\n"], ids=["nothing", "once", "twice"])
def test_a_debugger_that_is_left(project: Project, typed: str) -> None:
    """With --trace and an input at its end pytest says passed of a body that never ran."""
    project.configured().tests(
        "@evidence('UC-001', item=1)\ndef test_a(): pass\n@evidence('UC-001', item=2)\ndef test_b(): pass\n"
    )
    args = [sys.executable, "-m", "pytest", *project.args("--trace")]
    subprocess.run(args, cwd=project.path, input=typed.encode(), capture_output=True, check=False, timeout=60)
    done = typed.count("c")
    expected = [["PASSED" if done > number else "INTERRUPTED"] for number in (0, 1)]
    assert [*attempts(project), *attempts(project, item="2")] == expected
    assert "--trace" in project.cli("show", executions(project, "UC-001", "1")[0].id).stdout


@BOTH_WAYS
def test_a_mark_that_comes_too_late_is_told(project: Project, how: tuple[str, ...]) -> None:
    """A mark that is added while the test runs records nothing, and one line says so."""
    project.configured().tests(
        """
        def test_a(request): request.node.add_marker(evidence("UC-001", item=2))

        @evidence("UC-001", item=1)
        def test_b(request):
            request.node.add_marker(evidence("UC-001", item=2))
            request.node.add_marker(pytest.mark.slow)

        @evidence("UC-002", item=1)
        def test_c(request): request.node.add_marker(pytest.mark.slow)
        """
    )
    result = project.run(*[word.replace("2", "1") for word in how], "-W", "ignore")
    (told,) = [line for line in result.outlines if "marked as evidence" in line]
    assert told == (
        "2 tests were marked as evidence while they ran (test_it.py::test_a, test_it.py::test_b), which records nothing: "
        "mark them at collection"
    )
    assert project.states()["UC-001/2"] == "MISSING"
    assert attempts(project) == [["PASSED"]]


@BOTH_WAYS
@pytest.mark.parametrize("environment", ["staging", None])
@pytest.mark.parametrize("configured", [True, False])
def test_a_mark_that_comes_too_late_is_told_where_it_is_the_only_one(
    project: Project, how: tuple[str, ...], environment: str | None, *, configured: bool
) -> None:
    """So it is in a session without a mark at collection, unless nothing would be recorded anyway."""
    if configured:
        project.configured()
    project.tests("def test_a(request): request.node.add_marker(evidence('UC-001', item=2))\n")
    result = project.run(*[word.replace("2", "1") for word in how], "-W", "ignore", environment=environment)
    result.assert_outcomes(passed=1)
    told = [line for line in result.outlines if "marked as evidence" in line]
    name = "1 test was marked as evidence while it ran (test_it.py::test_a), which records nothing"
    if configured or environment:
        assert told == [f"{name}: mark it at collection"]
    else:
        assert told == []
    quiet = project.run(*[word.replace("2", "1") for word in how], "-W", "ignore", "--no-readiness", environment=None)
    assert "marked as evidence" not in quiet.stdout.str()
