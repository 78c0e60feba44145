"""Replaced networks and clocks: every way of putting them in place is seen, and nothing else makes a rehearsal."""

from __future__ import annotations

import sys

import pytest

from tests.plugin.test_recording import stored_evidence
from tests.project import XDIST, Project

pytestmark = pytest.mark.slow

HEAD = "import datetime, http.client, socket, sys, time, types, urllib.request\nfrom unittest import mock\n"


def reasons(project: Project, *args: str) -> dict[str, str | None]:
    """Why each test was a rehearsal, by its name."""
    project.run(*args)
    return {piece.test_id.rpartition("::")[2]: piece.not_real_because for piece in stored_evidence(project)}


def each(bodies: list[str]) -> str:
    """A file with an evidence test for each body."""
    tests = (f'@evidence("UC-001", item=1)\ndef test_{n}(monkeypatch):\n    {body}\n' for n, body in enumerate(bodies))
    return HEAD + "".join(tests)


REPLACED = {
    "with mock.patch('urllib.request.urlopen'): pass": "unittest.mock replaced urllib.request.urlopen",
    "with mock.patch.object(urllib.request, 'urlopen', autospec=True): pass": (
        "unittest.mock replaced urllib.request.urlopen"
    ),
    "with mock.patch.multiple('http.client.HTTPConnection', request=1, connect=2): pass": (
        "unittest.mock replaced http.client.HTTPConnection.connect; "
        "unittest.mock replaced http.client.HTTPConnection.request"
    ),
    "mock.patch('socket.create_connection').start(); mock.patch.stopall()": (
        "unittest.mock replaced socket.create_connection"
    ),
    "with mock.patch('socket.socket'): pass": "unittest.mock replaced socket.socket",
    "with mock.patch('time.time', return_value=0.0): pass": "unittest.mock replaced time.time",
    "with mock.patch('datetime.datetime'): pass": "unittest.mock replaced datetime.datetime",
    "with mock.patch.dict(sys.modules, {'requests': 1}): pass": "unittest.mock replaced the module requests",
    "monkeypatch.setattr(time, 'time', lambda: 0.0)": "monkeypatch replaced time.time",
    "monkeypatch.setattr('urllib.request.urlopen', None)": "monkeypatch replaced urllib.request.urlopen",
    "monkeypatch.setattr(target=time, name='time_ns', value=None)": "monkeypatch replaced time.time_ns",
    "monkeypatch.setattr('smtplib.SMTP', None)": "monkeypatch replaced smtplib.SMTP",
    "monkeypatch.setitem(sys.modules, 'httpx', None)": "monkeypatch replaced the module httpx",
    "with pytest.MonkeyPatch.context() as patch: patch.setattr(socket, 'getaddrinfo', None)": (
        "monkeypatch replaced socket.getaddrinfo"
    ),
    "http.client.HTTPConnection.connect = print": "builtins.print replaced http.client.HTTPConnection.connect",
}
UNRELATED = (
    "with mock.patch('time.sleep'): pass",
    "with mock.patch('socket.gethostname', return_value='here'): pass",
    "with mock.patch.dict('os.environ', {'A': 'b'}): pass",
    "with mock.patch('os.getcwd'): pass",
    "with mock.patch('http.client.responses', {}): pass",
    "with mock.patch('json.dumps'): pass",
    "mock.Mock()(socket); mock.MagicMock(spec=socket.socket)",
    "monkeypatch.setenv('A', 'b'); monkeypatch.setattr('os.sep', '/'); monkeypatch.chdir('.')",
    "monkeypatch.setattr(sys.modules[__name__], 'HEAD', 1, raising=False)",
    "monkeypatch.delattr('urllib.request.urlopen')",
    "time.sleep(0); datetime.datetime.now(); socket.socket().close()",
)


def test_a_replaced_seam_makes_a_rehearsal_and_is_named(project: Project) -> None:
    """Whatever puts it there, and whether or not it is put back before the test ends."""
    import http.client

    project.monkeypatch.setattr(http.client.HTTPConnection, "connect", http.client.HTTPConnection.connect)
    project.configured().tests(each(list(REPLACED)))
    shown = reasons(project)
    assert {body: shown[f"test_{number}"] for number, body in enumerate(REPLACED)} == REPLACED


def test_what_replaces_neither_network_nor_clock_counts(project: Project) -> None:
    """Patching something else, or having the means to patch, leaves the evidence as it is."""
    project.configured().tests(each(list(UNRELATED)))
    shown = reasons(project)
    assert {body: shown[f"test_{number}"] for number, body in enumerate(UNRELATED)} == dict.fromkeys(UNRELATED)


def test_a_name_in_the_application_is_known_by_what_it_was(project: Project) -> None:
    """A patch of the application's own name counts where that name was a network's or a clock's."""
    project.write(
        "app.py", "from time import time as now\nfrom urllib.request import urlopen\nimport socket\nLIMIT = 3\n"
    )
    project.configured().tests(
        """
        from unittest import mock

        def claims(name):
            def test():
                with mock.patch(name):
                    pass
            return evidence("UC-001", item=1)(test)

        test_now, test_open = claims("app.now"), claims("app.urlopen")
        test_module, test_limit = claims("app.socket"), claims("app.LIMIT")
        """
    )
    project.monkeypatch.syspath_prepend(project.path)
    assert reasons(project) == {
        "test_now": "unittest.mock replaced app.now (time.time)",
        "test_open": "unittest.mock replaced app.urlopen (urllib.request.urlopen)",
        "test_module": "unittest.mock replaced app.socket (socket)",
        "test_limit": None,
    }


def test_what_was_replaced_before_the_test_is_seen_while_it_stands(project: Project) -> None:
    """From the import of a conftest.py, or from a fixture of a wider scope that another test asked for."""
    project.write(
        "early/conftest.py",
        """
        import urllib.request
        real = urllib.request.urlopen
        urllib.request.urlopen = lambda *given: None

        def pytest_unconfigure():
            urllib.request.urlopen = real
        """,
    )
    project.configured().tests(
        """
        import urllib.request

        @evidence("UC-001", item=1)
        def test_early():
            urllib.request.urlopen("http://api.example.com")
        """,
        "early/test_early.py",
    ).tests(
        """
        from unittest import mock

        class Session:
            def get(self):
                return "real"

        @pytest.fixture(scope="module")
        def frozen():
            with mock.patch("time.time", return_value=0.0):
                yield

        def test_plain(frozen):
            pass

        @evidence("UC-001", item=1)
        def test_while_it_stands():
            pass
        """,
        "test_module.py",
    ).tests(
        """
        @evidence("UC-001", item=1)
        def test_later():
            pass
        """,
        "test_z.py",
    )
    shown = reasons(project, "test_module.py", "test_z.py")
    assert shown == {"test_while_it_stands": "unittest.mock replaced time.time", "test_later": None}
    assert "conftest.<lambda> replaced urllib.request.urlopen" in str(reasons(project, "early")["test_early"])


def test_a_wrapper_that_goes_through_counts(project: Project) -> None:
    """Tracing tools wrap a seam, and name what they wrap: that replaces nothing."""
    project.configured().tests(
        """
        import functools, urllib.request

        @pytest.fixture
        def traced():
            real = urllib.request.urlopen

            @functools.wraps(real)
            def urlopen(*given, **named):
                return real(*given, **named)

            urllib.request.urlopen = urlopen
            yield
            urllib.request.urlopen = real

        @evidence("UC-001", item=1)
        def test_it(traced):
            pass
        """
    )
    assert reasons(project) == {"test_it": None}


@pytest.mark.parametrize("how", [(), XDIST], ids=["alone", "xdist"])
def test_a_failing_rehearsal_does_not_hide_a_real_pass(project: Project, how: tuple[str, ...]) -> None:
    """A test that fails with a replaced network is a rehearsal too: the older real pass stands."""
    project.configured().tests(
        """
        @evidence("UC-001", item=1)
        def test_it(monkeypatch):
            if pathlib.Path("fake").exists():
                monkeypatch.setattr("urllib.request.urlopen", None)
                assert False
        """
    )
    project.run(*how)
    assert project.states("UC-001")["UC-001/1"] == "COMPLETE"
    project.write("fake", "")
    project.run(*how).assert_outcomes(failed=1)
    assert project.states("UC-001")["UC-001/1"] == "COMPLETE"
    assert {piece.result.value: piece.real for piece in stored_evidence(project)} == {"PASSED": True, "FAILED": False}


def test_every_attempt_of_a_test_is_looked_at(project: Project) -> None:
    """A retry without the fake does not make the first attempt's evidence real."""
    project.configured().tests(
        """
        @evidence("UC-001", item=1)
        def test_it(monkeypatch):
            if not pathlib.Path("again").exists():
                pathlib.Path("again").touch()
                monkeypatch.setattr("urllib.request.urlopen", None)
                assert False
        """
    )
    project.run("-p", "pytest_rerunfailures", "--reruns=1")
    assert stored_evidence(project)[0].not_real_because == "monkeypatch replaced urllib.request.urlopen"
    assert stored_evidence(project)[0].result == "PASSED"


@pytest.mark.parametrize("how", [(), XDIST], ids=["alone", "xdist"])
def test_the_hook_says_what_stands_in(project: Project, how: tuple[str, ...]) -> None:
    """A ``conftest.py`` names its own stubs, for the tests around it alone; a hook that fails costs nothing else."""
    project.configured()
    for name, reason in {
        "stub": '"fake_bank stands in for the bank" if "bank" in item.fixturenames else None',
        "several": '["one", "two"]',
        "none": "None",
        "empty": "[]",
        "number": "[3]",
        "fails": 'pytest.skip("no")',
        "breaks": "1 / 0",
    }.items():
        hook = f"import pytest\n@pytest.fixture\ndef bank(): pass\ndef pytest_readiness_simulation(item):\n    return {reason}\n"
        project.write(f"{name}/conftest.py", hook)
        project.tests(f'@evidence("UC-001", item=1)\ndef test_{name}(bank): pass\n', f"{name}/test_{name}.py")
    project.tests('@evidence("UC-001", item=1)\ndef test_outside(): pass\n', "test_outside.py")
    failed = "the hook pytest_readiness_simulation failed"
    assert reasons(project, *how) == {
        "test_stub": "fake_bank stands in for the bank",
        "test_several": "one; two",
        "test_none": None,
        "test_empty": None,
        "test_number": "the hook pytest_readiness_simulation returned 3, which is no text",
        "test_fails": f"{failed}: Skipped: no",
        "test_breaks": f"{failed}: ZeroDivisionError: division by zero",
        "test_outside": None,
    }


def test_a_reason_is_written_without_secrets(project: Project) -> None:
    """What a hook says passes the redactor as everything else does."""
    project.write(
        "conftest.py",
        "def pytest_readiness_simulation(item):\n    return 'http://user:hunter2-hunter2@fake'\n",
    )
    project.configured().tests(
        """
        @evidence("UC-001", item=1)
        def test_it(record_evidence):
            record_evidence.secret("hunter2-hunter2")
        """
    )
    assert reasons(project) == {"test_it": "http://user:[REDACTED:registered]@fake"}


def test_a_library_that_the_test_itself_loads_is_seen(project: Project) -> None:
    """Loaded, started and stopped within one test: the module tells us as soon as it is loaded, and is unharmed."""
    project.configured().tests(
        """
        import sys

        @evidence("UC-001", item=1)
        def test_it():
            assert "freezegun" not in sys.modules
            import freezegun, freezegun.api, importlib.util
            with freezegun.freeze_time("2030-01-01"):
                pass
            loader = freezegun.api.__spec__.loader
            assert loader is freezegun.api.__loader__ and "pytest_readiness" not in type(loader).__module__
            assert loader.get_source("freezegun.api")
        """
    )
    for name in [name for name in sys.modules if name.partition(".")[0] == "freezegun"]:
        project.monkeypatch.delitem(sys.modules, name)
    assert reasons(project) == {"test_it": "freezegun replaced the clock"}


def test_nothing_is_wrapped_where_no_test_is_evidence(project: Project) -> None:
    """A session without evidence leaves the libraries as they are."""
    project.configured().tests("def test_plain(): pass\n")
    project.write(
        "conftest.py",
        """
        import sys, pytest

        def pytest_unconfigure():
            assert not hasattr(pytest.MonkeyPatch.setattr, "__readiness__")
            assert not [name for name in vars(sys) if "readiness" in name]
            print("untouched")
        """,
    )
    project.run_apart("-s").stdout.fnmatch_lines(["*untouched*"])
