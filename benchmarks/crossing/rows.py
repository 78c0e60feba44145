"""Other plugins of pytest, each with a small suite of known truth."""
# ruff: noqa: E501 - a row is easier to compare with its neighbours on few lines

from __future__ import annotations

from dataclasses import dataclass, field

P, F, S, XF = "PASSED", "FAILED", "SKIPPED", "XFAILED"
TWO = """
def test_good(): pass
def test_bad(): assert 0
"""
GOOD_AND_BAD = {"test_good": P, "test_bad": F}
TRIES = """
tries = []
{mark}
def test_third():
    tries.append(1)
    assert len(tries) == 3
"""


@dataclass(frozen=True)
class Row:
    """A plugin, and what is recorded of its suite."""

    name: str
    pinned: tuple[str, ...]
    """Requirements at the versions that were looked at first; without ``==…`` they are the newest."""
    suite: str = TWO
    truth: dict[str, str] = field(default_factory=lambda: dict(GOOD_AND_BAD))
    """The result of each test, by the end of its id; of one that ran again, that of its failed attempts too."""
    options: tuple[str, ...] = ()
    state: str = "FAILING"
    """State of the requirement."""
    files: dict[str, str] = field(default_factory=dict)


ROWS = (
    Row("pytest-check", ("pytest-check==3.0.3",), "from pytest_check import check\ndef test_bad():\n    check.equal(1, 2)\n"
        "def test_good(): check.equal(1, 1)\n"),
    Row("pytest-assume", ("pytest-assume==2.4.3",), "def test_bad():\n    pytest.assume(1 == 2)\ndef test_good(): pass\n"),
    Row("pytest-rerunfailures", ("pytest-rerunfailures==16.7",), TRIES.format(mark="@pytest.mark.flaky(reruns=2)"),
        {"test_third": f"{F}+{P}"}, state="FLAKY"),
    Row("pytest-retry", ("pytest-retry==1.7.0",), TRIES.format(mark="@pytest.mark.flaky(retries=3)"), {"test_third": f"{F}+{P}"},
        state="FLAKY"),
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
    Row("pytest-bdd", ("pytest-bdd==9.0.1",), "from pytest_bdd import given, scenarios\nscenarios('a.feature')\n"
        "@given('it works')\ndef _(): pass\n@given('it fails')\ndef _(): assert 0\n", options=(),
        files={"a.feature": "Feature: a\n  Scenario: good\n    Given it works\n  Scenario: bad\n    Given it fails\n"}),
    Row("pytest-timeout", ("pytest-timeout==2.4.0",), "import time\ndef test_good(): pass\ndef test_bad(): time.sleep(9)\n",
        options=("--timeout=1", "--timeout-method=signal")),
    Row("pytest-mock", ("pytest-mock==3.17.0",), "def test_good(mocker): mocker.patch('socket.create_connection')\n",
        {"test_good": P}, state="REHEARSED"),
    Row("pytest-freezer", ("pytest-freezer==0.4.9",), "def test_good(freezer): pass\n", {"test_good": P}, state="REHEARSED"),
    Row("pytest-socket", ("pytest-socket==0.8.1",), options=("--disable-socket",)),
    Row("pytest-randomly", ("pytest-randomly==5.1.0",)),
    Row("pytest-xdist", ("pytest-xdist==3.8.0",), options=("-n2",)),
    Row("pytest-order", ("pytest-order==1.5.0",), "@pytest.mark.order(2)\ndef test_good(): pass\n@pytest.mark.order(1)\n"
        "def test_bad(): assert 0\n"),
    Row("pytest-dependency", ("pytest-dependency==0.6.1",), "@pytest.mark.dependency()\ndef test_bad(): assert 0\n"
        "@pytest.mark.dependency(depends=['test_bad'])\ndef test_after(): pass\n", {"test_bad": F, "test_after": S}),
    Row("hypothesis", ("hypothesis==6.170.17",), "from hypothesis import given, strategies as st\n@given(st.integers())\n"
        "def test_good(n): pass\n@given(st.integers())\ndef test_bad(n): assert n < 5\n"),
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
    Row("pytest-httpserver", ("pytest-httpserver==1.2.0",), "import urllib.request\ndef test_good(httpserver):\n"
        "    httpserver.expect_request('/').respond_with_data('x')\n    urllib.request.urlopen(httpserver.url_for('/'))\n",
        {"test_good": P}, state="COMPLETE"),
    Row("pytest-split", ("pytest-split==0.11.0",), options=("--splits=1", "--group=1")),
    Row("pytest-run-parallel", ("pytest-run-parallel==0.10.0",), options=("--parallel-threads=2",)),
    Row("pytest-forked", ("pytest-forked==1.7.5", "pytest==9.1.0"), options=("--forked",)),
    Row("pytest-subtests", (), "def test_bad(subtests):\n    with subtests.test('a'):\n        assert 0\n"
        "def test_good(subtests):\n    with subtests.test('a'):\n        pass\n"),
)  # fmt: skip
