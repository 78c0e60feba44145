"""Plugins that run tests, report on them or choose among them, each with a small suite of known truth."""
# ruff: noqa: E501 - a row is easier to compare with its neighbours on few lines

from __future__ import annotations

from .row import CUT, GOOD_AND_BAD, TWO, XF, Broken, E, F, P, R, Row, S

TRIES = """
tries = []
{mark}
def test_third():
    tries.append(1)
    assert len(tries) == 3
"""
CHECK = """
import threading
from pytest_check import check
@pytest.fixture
def bad_setup(): check.equal(1, 2)
@pytest.fixture
def bad_teardown():
    yield
    check.equal(1, 2)
def test_good(): check.equal(1, 1)
def test_bad(): check.equal(1, 2)
def test_setup(bad_setup): pass
def test_teardown(bad_teardown): pass
@pytest.mark.xfail
def test_expected(): check.equal(1, 2)
def test_left():
    check.equal(1, 2)
    pytest.skip("after a failure")
def test_thread():
    thread = threading.Thread(target=check.equal, args=(1, 2))
    thread.start()
    thread.join()
"""
CHECK_AGAIN = """
from pytest_check import check
tries = []
@pytest.mark.flaky(retries=2)
def test_always(): check.equal(1, 2)
@pytest.mark.flaky(retries=2)
def test_second():
    tries.append(1)
    check.equal(len(tries), 2)
"""
PARALLEL = """
import threading
count, lock = {}, threading.Lock()
def nth(name):
    with lock: count[name] = count.get(name, 0) + 1
    return count[name]
def test_good(): pass
def test_bad(): assert 0
def test_one_thread(): assert nth("one") != 1
def test_left(): pytest.skip("not today")
@pytest.mark.xfail
def test_expected(): assert 0
def test_fails_and_skips():
    assert nth("both") != 1, "the first thread fails"
    pytest.skip("the others leave")
"""
FEATURE = """
Feature: a
  Scenario: good
    Given it works
  Scenario: bad
    Given it fails
  Scenario: undefined
    Given nobody wrote this step
  Scenario Outline: row
    Given <n> is small
    Examples:
      | n |
      | 1 |
      | 7 |
"""
STEPS = """
from pytest_bdd import given, parsers, scenarios
scenarios("a.feature")
@given("it works")
def _(): pass
@given("it fails")
def _(): assert 0
@given(parsers.parse("{n:d} is small"))
def _(n): assert n < 5
"""
HYPOTHESIS = """
import time
from hypothesis import assume, given, settings, strategies as st
calls = []
@given(st.integers())
def test_good(n): pass
@given(st.integers())
def test_bad(n): assert n < 5
@given(st.integers())
def test_flaky(n):
    calls.append(n)
    assert len(calls) != 3
@settings(deadline=10)
@given(st.just(1))
def test_deadline(n): time.sleep(0.1)
@given(st.integers())
def test_unsatisfiable(n): assume(False)
"""
TWISTED = """
import pytest_twisted
from twisted.internet import defer, reactor, task
@pytest_twisted.inlineCallbacks
def test_good(): yield task.deferLater(reactor, 0, int)
@pytest_twisted.ensureDeferred
async def test_bad():
    await task.deferLater(reactor, 0, int)
    assert 0
@pytest_twisted.inlineCallbacks
def test_deferred():
    yield defer.fail(ValueError("the answer"))
"""
TRIAL = """
from twisted.internet import defer, reactor, task
from twisted.trial import unittest
class TestIt(unittest.TestCase):
    def test_good(self): return task.deferLater(reactor, 0, int)
    def test_bad(self): return defer.fail(ValueError("the answer"))
    def test_todo(self): assert 0
    test_todo.todo = "later"
"""
COOPERATIVE = """
import asyncio
@pytest.mark.asyncio_cooperative
async def test_good(): await asyncio.sleep(0.01)
@pytest.mark.asyncio_cooperative
async def test_bad():
    await asyncio.sleep(0)
    assert 0
"""
CONCURRENT = """
import asyncio
@pytest.mark.asyncio_concurrent(group="a")
async def test_good(): await asyncio.sleep(0.01)
@pytest.mark.asyncio_concurrent(group="a")
async def test_bad():
    await asyncio.sleep(0)
    assert 0
"""
UNITTEST = """
import unittest
def broken(): assert 0
class Good(unittest.TestCase):
    def test_good(self): pass
    def test_bad(self): assert 0
    def test_cleanup(self): self.addCleanup(broken)
    def test_parts(self):
        for n in range(3):
            with self.subTest(n=n): assert n != 1
    @unittest.expectedFailure
    def test_expected(self): assert 0
    @unittest.expectedFailure
    def test_unexpected(self): pass
    @unittest.skip("not today")
    def test_left(self): pass
class Ends(unittest.TestCase):
    def tearDown(self): assert 0
    def test_it(self): pass
class Begins(unittest.TestCase):
    @classmethod
    def setUpClass(cls): assert 0
    def test_it(self): pass
class Awaits(unittest.IsolatedAsyncioTestCase):
    async def test_good(self): pass
    async def test_bad(self): assert 0
class Forgotten(unittest.TestCase):
    async def test_it(self): assert 0
"""
SUBTESTS = """
def test_good(subtests):
    with subtests.test("a"): pass
def test_bad(subtests):
    with subtests.test("a"): assert 0
def test_after(subtests):
    with subtests.test("a"): assert 0
    pytest.skip("after a failure")
"""
STEPWISE = """
from pytest_steps import test_steps
@test_steps("first", "second")
def test_good():
    yield
    yield
@test_steps("first", "second")
def test_bad():
    yield
    assert 0
def test_results(session_results_dct): assert session_results_dct
"""

ROWS = (
    Row("pytest-check", ("pytest-check==3.0.3",), CHECK, {"test_good": P, "test_bad": F, "test_setup": E, "test_teardown": E,
        "test_expected": XF, "test_left": F, "test_thread": F}),
    Row("pytest-assume", ("pytest-assume==2.4.3",), "def test_bad():\n    pytest.assume(1 == 2)\ndef test_good(): pass\n"),
    Row("pytest-rerunfailures", ("pytest-rerunfailures==16.7",), TRIES.format(mark="@pytest.mark.flaky(reruns=2)"),
        {"test_third": f"{F}+{P}"}, state="FLAKY"),
    Row("pytest-retry", ("pytest-retry==1.7.0",), TRIES.format(mark="@pytest.mark.flaky(retries=3)"), {"test_third": f"{F}+{P}"},
        state="FLAKY"),
    Row("pytest-retry with pytest-check", ("pytest-retry==1.7.0", "pytest-check==3.0.3"), CHECK_AGAIN,
        {"test_always": f"{E}+{F}", "test_second": f"{F}+{P}"}),
    Row("flaky", ("flaky==3.8.1",), "from flaky import flaky\n" + TRIES.format(mark="@flaky(max_runs=3)"), {"test_third": f"{F}+{P}"},
        state="FLAKY"),
    Row("pytest-repeat", ("pytest-repeat==0.9.4",), "def test_good(): pass\n",
        {"test_good[1-2]": P, "test_good[2-2]": P}, ("--count=2",), "COMPLETE"),
    Row("pytest-asyncio", ("pytest-asyncio==1.5.0",), "async def test_good(): pass\nasync def test_bad(): assert 0\n",
        options=("--asyncio-mode=auto",)),
    Row("anyio", ("anyio==4.16.0",), "pytestmark = [*pytestmark, pytest.mark.anyio]\n@pytest.fixture\ndef anyio_backend(): "
        "return 'asyncio'\nasync def test_good(): pass\nasync def test_bad(): assert 0\n"),
    Row("pytest-trio", ("pytest-trio==0.8.0",), "import trio\n@pytest.mark.trio\nasync def test_good(): await trio.sleep(0)\n"
        "@pytest.mark.trio\nasync def test_bad(): assert 0\n"),
    Row("pytest-bdd", ("pytest-bdd==9.0.1",), STEPS, {"test_good": P, "test_bad": F, "test_undefined": F, "test_row[1]": P,
        "test_row[7]": F}, files={"a.feature": FEATURE}),
    Row("pytest-twisted", ("pytest-twisted==1.14.3", "twisted==26.10.0"), TWISTED, {**GOOD_AND_BAD, "test_deferred": F}),
    Row("twisted", ("twisted==26.10.0",), TRIAL, {"TestIt::test_good": P, "TestIt::test_bad": F, "TestIt::test_todo": XF}),
    Row("pytest-asyncio-cooperative", ("pytest-asyncio-cooperative==0.40.0",), COOPERATIVE, {"test_good": R, "test_bad": F}, xdist=False),
    Row("pytest-asyncio-concurrent", ("pytest-asyncio-concurrent==0.5.2",), CONCURRENT, xdist=False),
    Row("unittest", (), UNITTEST, {"Good::test_good": P, "Good::test_bad": F, "Good::test_cleanup": F, "Good::test_parts": F,
        "Good::test_expected": XF, "Good::test_unexpected": F, "Good::test_left": S, "Ends::test_it": F, "Begins::test_it": E,
        "Awaits::test_good": P, "Awaits::test_bad": F, "Forgotten::test_it": CUT}),
    Row("pytest-timeout", ("pytest-timeout==2.4.0",), "import time\ndef test_good(): pass\ndef test_bad(): time.sleep(9)\n",
        options=("--timeout=1", "--timeout-method=signal")),
    Row("pytest-randomly", ("pytest-randomly==5.1.0",)),
    Row("pytest-xdist", ("pytest-xdist==3.8.0",), options=("-n2",)),
    Row("pytest-order", ("pytest-order==1.5.0",), "@pytest.mark.order(2)\ndef test_good(): pass\n@pytest.mark.order(1)\n"
        "def test_bad(): assert 0\n"),
    Row("pytest-dependency", ("pytest-dependency==0.6.1",), "@pytest.mark.dependency()\ndef test_bad(): assert 0\n"
        "@pytest.mark.dependency(depends=['test_bad'])\ndef test_after(): pass\n", {"test_bad": F, "test_after": S}),
    Row("hypothesis", ("hypothesis==6.170.17",), HYPOTHESIS, {**GOOD_AND_BAD, "test_flaky": F, "test_deadline": F,
        "test_unsatisfiable": F}),
    Row("pytest-cov", ("pytest-cov==7.1.0",), options=("--cov=.",)),
    Row("pytest-html", ("pytest-html==4.2.0",), options=("--html=report.html",)),
    Row("pytest-reportlog", ("pytest-reportlog==1.0.0",), options=("--report-log=log.jsonl",)),
    Row("allure-pytest", ("allure-pytest==2.16.2",), options=("--alluredir=allure",)),
    Row("pytest-json-ctrf", ("pytest-json-ctrf==0.6.1",), options=("--ctrf=report.json",)),
    Row("pytest-instafail", ("pytest-instafail==0.5.0",), options=("--instafail",)),
    Row("pytest-sugar", ("pytest-sugar==1.1.1",)),
    Row("pytest-rich", ("pytest-rich==0.3.0",), options=("--rich",)),
    Row("pytest-benchmark", ("pytest-benchmark==5.3.1",), "def test_good(benchmark): benchmark(int)\ndef test_bad(): assert 0\n"),
    Row("pytest-lazy-fixtures", ("pytest-lazy-fixtures==1.4.1",), "from pytest_lazy_fixtures import lf\n@pytest.fixture\n"
        "def one(): return 1\n@pytest.mark.parametrize('n', [lf('one')])\ndef test_good(n): assert n == 1\n",
        {"test_good[one]": P}, state="COMPLETE"),
    Row("pytest-split", ("pytest-split==0.11.0",), options=("--splits=1", "--group=1")),
    Row("pytest-run-parallel", ("pytest-run-parallel==0.10.0",), PARALLEL, {**GOOD_AND_BAD, "test_one_thread": F,
        "test_left": S, "test_expected": XF, "test_fails_and_skips": S}, ("--parallel-threads=2",)),
    Row("pytest-shard", ("pytest-shard==0.1.2",), options=("--num-shards=1", "--shard-id=0")),
    Row("pytest-test-groups", ("pytest-test-groups==1.2.1",), options=("--test-group-count=2", "--test-group=1"), truth={"test_good": P},
        state="COMPLETE"),
    Row("pytest-forked", ("pytest-forked==1.7.5", "pytest==9.1.0"), options=("--forked",), newest=Broken(
        "the plugin fails each test, and each is INTERRUPTED: none passed", {"test_good": CUT, "test_bad": CUT}, "INTERRUPTED")),
    Row("pytest-subtests", ("pytest-subtests==0.15.0",), SUBTESTS, {**GOOD_AND_BAD, "test_after": F}),
    Row("subtests", (), SUBTESTS, {**GOOD_AND_BAD, "test_after": F}),
    Row("pytest-pretty", ("pytest-pretty==1.3.0",)),
    Row("pytest-memray", ("pytest-memray==1.11.0",), "def test_good(): pass\n@pytest.mark.limit_memory('1 KB')\ndef test_bad(): "
        "bytearray(10_000_000)\n", options=("--memray",)),
    Row("pytest-monitor", ("pytest-monitor==1.6.6", "pytest==9.1.0"), TWO + "def test_last(): pass\n", {**GOOD_AND_BAD, "test_last": P},
        newest=Broken("the plugin fails in the teardown of each module's last test: ERROR, not passed",
        {**GOOD_AND_BAD, "test_last": E}, "FAILING")),
    Row("pytest-reportportal", ("pytest-reportportal==5.6.13",), xdist=False, options=("--reportportal",), files={"pytest.ini":
        "[pytest]\nrp_endpoint = http://127.0.0.1:9\nrp_project = a\nrp_launch = a\nrp_api_key = none\nrp_connect_timeout = 1\n"}),
    Row("pytest-embedded", ("pytest-embedded==2.9.3",), "def test_good(dut, redirect):\n    with redirect(): print('ready')\n"
        "    dut.expect_exact('ready')\ndef test_bad(dut): dut.expect_exact('never', timeout=0.2)\n"),
    Row("pytest-steps", ("pytest-steps==1.8.0", "pytest-harvest==1.10.5"), STEPWISE, {"test_good[first]": P, "test_good[second]": P,
        "test_bad[first]": P, "test_bad[second]": F, "test_results": P}),
)  # fmt: skip
