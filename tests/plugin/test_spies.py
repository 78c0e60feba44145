"""A spy that calls the real thing, and another context for TLS, replace nothing; whatever answers by itself does."""

from __future__ import annotations

import pytest

from tests.plugin.test_simulation import HEAD, reasons
from tests.project import XDIST, Project

pytestmark = pytest.mark.slow

MODULES = HEAD + "import functools, smtplib, ssl\nfrom urllib.error import URLError\n"
MODULES += """import httpx, requests, urllib3
class App:
    session, client = requests.Session(), httpx.Client()
class Fake(requests.adapters.HTTPAdapter):
    def send(self, *given, **named): return requests.Response()
"""
NOWHERE = "'http://127.0.0.1:9/'"
OPEN = f"pytest.raises(URLError, urllib.request.urlopen, {NOWHERE})"
"""Calls the real function, and sees that it was."""

GOES_THROUGH = (
    "mocker.spy(time, 'time'); assert time.time() > 1e9",
    f"mocker.spy(urllib.request, 'urlopen'); {OPEN}",
    "mocker.spy(http.client.HTTPConnection, 'connect')",
    "mocker.spy(urllib.request.OpenerDirector(), 'open')",
    "spy = mocker.spy(time, 'time'); spy.reset_mock(); mocker.resetall(); assert time.time() > 1e9 and spy.call_count",
    f"spy = mocker.spy(urllib.request, 'urlopen'); mocker.resetall(side_effect=True, return_value=True); {OPEN}",
    "mock.patch('time.time', wraps=time.time).start(); assert time.time() > 1e9; mock.patch.stopall()",
    f"with mock.patch('urllib.request.urlopen', wraps=urllib.request.urlopen): {OPEN}",
    "with mock.patch.object(time, 'time', side_effect=time.time): assert time.time() > 1e9",
    f"with mock.patch('urllib.request.urlopen', autospec=True, side_effect=urllib.request.urlopen): {OPEN}",
    "monkeypatch.setattr(time, 'time', mock.Mock(wraps=time.time)); assert time.time() > 1e9",
    "monkeypatch.setattr(ssl, '_create_default_https_context', ssl._create_unverified_context)",
    "monkeypatch.setattr(ssl, '_create_default_https_context', functools.partial(ssl.create_default_context, cafile='x'))",
    "own = ssl.create_default_context(); monkeypatch.setattr(ssl, '_create_default_https_context', lambda: own)",
    "own = ssl.create_default_context(); monkeypatch.setattr(ssl, 'create_default_context', lambda *given, **named: own)",
    "monkeypatch.setattr('ssl.create_default_context', lambda: ssl._create_unverified_context())",
    "with mock.patch('ssl.create_default_context', ssl._create_unverified_context): pass",
    "monkeypatch.setattr(ssl, 'CERT_REQUIRED', ssl.CERT_NONE); monkeypatch.setattr(socket, 'AF_INET6', socket.AF_INET)",
    f"monkeypatch.setattr(urllib.request, 'urlopen', functools.partial(urllib.request.urlopen, timeout=5)); {OPEN}",
    "monkeypatch.setattr(requests, 'get', functools.partial(requests.get, timeout=5))",
    "monkeypatch.setattr(requests.Session, 'request', functools.partialmethod(requests.Session.request, timeout=5))",
    "requests.Session.request = functools.partialmethod(requests.Session.request, timeout=5)",
    "monkeypatch.setattr(App, 'session', requests.Session()); App.session.mount('http://', requests.adapters.HTTPAdapter(3))",
    "with mock.patch.object(App, 'session', requests.Session()): pass",
    "monkeypatch.setattr(App, 'client', httpx.Client(timeout=3))",
    "monkeypatch.setattr(urllib3, 'disable_warnings', lambda *_: None); monkeypatch.setattr(urllib.request, 'getproxies', dict)",
)
TIME = "unittest.mock replaced time.time"
URLOPEN = "unittest.mock replaced urllib.request.urlopen"
CONTEXT = "monkeypatch replaced ssl.create_default_context"
STANDS_IN = {
    "with mock.patch('time.time', wraps=time.time, return_value=0.0): assert not time.time()": TIME,
    "with mock.patch('time.time', wraps=time.time) as now: now.return_value = 0.0; assert not time.time()": TIME,
    "with mock.patch('time.time', wraps=time.time) as now: now.side_effect = [0.0]; time.time(); now.side_effect = None": TIME,
    "with mock.patch('time.time', wraps=time.time) as now: now.configure_mock(return_value=0.0)": TIME,
    "with mock.patch('time.time', wraps=time.time) as now: now.return_value; assert time.time() is now.return_value": TIME,
    "with mock.patch('time.time', wraps=lambda: 0.0): assert not time.time()": TIME,
    "with mock.patch('time.time', wraps=time.monotonic): assert time.time()": TIME,
    "with mock.patch('time.time', side_effect=lambda: 0.0): assert not time.time()": TIME,
    "spy = mocker.spy(time, 'time'); spy.side_effect = [0.0]; assert not time.time(); mocker.stopall()": TIME,
    f"spy = mocker.spy(urllib.request, 'urlopen'); spy.side_effect = None; spy.return_value = 1; "
    f"assert urllib.request.urlopen({NOWHERE}) == 1; mocker.stopall()": URLOPEN,
    f"spy = mocker.spy(urllib.request, 'urlopen'); kept, spy.side_effect = spy.side_effect, lambda url: 1; "
    f"assert urllib.request.urlopen({NOWHERE}) == 1; spy.side_effect = kept; mocker.stopall()": URLOPEN,
    "with mock.patch('urllib.request.urlopen', autospec=True, wraps=urllib.request.urlopen): pass": URLOPEN,
    "with mock.patch('datetime.datetime', wraps=datetime.datetime) as when: when.now.return_value = 0": (
        "unittest.mock replaced datetime.datetime"
    ),
    "with mock.patch('time.time', lambda: 0.0): mocker.spy(time, 'time'); assert not time.time(); mocker.stopall()": TIME,
    "with mock.patch('time.time') as fake, mock.patch('time.time', wraps=fake): pass": TIME,
    "monkeypatch.setattr(time, 'time', time.monotonic)": "monkeypatch replaced time.time",
    "monkeypatch.setattr(ssl, 'create_default_context', mock.Mock())": CONTEXT,
    "monkeypatch.setattr(ssl, 'create_default_context', lambda: object())": CONTEXT,
    "fake = mock.Mock(); monkeypatch.setattr(ssl, 'create_default_context', lambda: fake and ssl.SSLContext)": CONTEXT,
    "monkeypatch.setattr(time, 'gmtime', functools.partial(time.gmtime, 0)); assert time.gmtime().tm_year == 1970": (
        "monkeypatch replaced time.gmtime"
    ),
    "monkeypatch.setattr(requests, 'get', functools.partial(print, 'x'))": "monkeypatch replaced requests.get",
    "fake = requests.Session(); fake.mount('http://', Fake()); monkeypatch.setattr(App, 'session', fake)": "monkeypatch replaced",
    "fake = requests.Session(); fake.send = lambda *_, **__: None; monkeypatch.setattr(App, 'session', fake)": (
        "monkeypatch replaced"
    ),
    "fake = requests.Session(); fake.send = mock.Mock(); monkeypatch.setattr(App, 'session', fake)": "monkeypatch replaced",
    "monkeypatch.setattr(App, 'session', type('Own', (requests.Session,), {})())": "monkeypatch replaced",
    "monkeypatch.setattr(http.client, 'HTTPSConnection', lambda: ssl._create_unverified_context())": (
        "monkeypatch replaced http.client.HTTPSConnection"
    ),
}


def each(bodies: tuple[str, ...] | dict[str, str]) -> str:
    """A file with an evidence test for each body."""
    tests = (
        f'@evidence("UC-001", item=1)\ndef test_{n}(mocker, monkeypatch):\n    {body}\n'
        for n, body in enumerate(bodies)
    )
    return MODULES + "".join(tests)


@pytest.mark.parametrize("how", [(), XDIST], ids=["alone", "xdist"])
def test_what_goes_through_counts(project: Project, how: tuple[str, ...]) -> None:
    """Spies of pytest-mock and ``wraps=``, a side effect that is the real thing, other contexts and constants."""
    project.configured().tests(each(GOES_THROUGH))
    found = reasons(project, "-p", "pytest_mock", *how)
    assert {body: found[f"test_{number}"] for number, body in enumerate(GOES_THROUGH)} == dict.fromkeys(GOES_THROUGH)


def test_what_answers_by_itself_makes_a_rehearsal(project: Project) -> None:
    """Told at once or later, for one call or for all, a spy on a fake, and a context that is none."""
    project.configured().tests(each(STANDS_IN))
    found = reasons(project, "-p", "pytest_mock")
    assert {
        body: (found[f"test_{number}"] or "")[: len(told)] for number, (body, told) in enumerate(STANDS_IN.items())
    } == STANDS_IN


def test_spies_of_wider_scopes(project: Project) -> None:
    """One that was told to answer before the test began, one on a fake that was there before, and one that only looks."""
    project.configured().tests(
        MODULES
        + """
class TestTold:
    @pytest.fixture(scope="class", autouse=True)
    def spy(self):
        with mock.patch("time.time", wraps=time.time) as spy:
            spy.return_value = 0.0
            yield

    def test_before(self): pass

    @evidence("UC-001", item=1)
    def test_told(self): pass

class TestOnFake:
    @pytest.fixture(scope="class", autouse=True)
    def spy(self, class_mocker):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(smtplib.SMTP, "connect", smtplib.SMTP.quit)
            yield class_mocker.spy(smtplib.SMTP, "connect")
            class_mocker.stopall()

    def test_before(self): pass

    @evidence("UC-001", item=1)
    def test_on_fake(self): pass

class TestLooking:
    @pytest.fixture(scope="class", autouse=True)
    def spy(self, class_mocker):
        return class_mocker.spy(smtplib.SMTP, "connect")

    @evidence("UC-001", item=1)
    def test_looking(self): pass
"""
    )
    assert reasons(project, "-p", "pytest_mock") == {
        "test_told": "unittest.mock replaced time.time",
        "test_on_fake": "unittest.mock replaced smtplib.SMTP.connect",
        "test_looking": None,
    }


def test_what_puts_the_real_thing_back_replaces_nothing(project: Project) -> None:
    """vcr does, when it asks for the real network in between: what stands afterwards is what stood before."""
    project.configured().tests(
        MODULES
        + """
def test_plain():
    real = http.client.HTTPConnection
    with mock.patch("http.client.HTTPConnection"), mock.patch("http.client.HTTPConnection", real):
        pass

@evidence("UC-001", item=1)
def test_it(): pass
"""
    )
    assert reasons(project) == {"test_it": None}


def test_what_puts_back_what_we_watch_replaces_nothing(project: Project) -> None:
    """vcr again, which is loaded by the test that uses it: whatever it puts back, later tests are real."""
    project.configured().tests(
        MODULES
        + """
import http.server, threading

class Says(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

def test_recorded(tmp_path):
    import requests, vcr
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Says) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        with vcr.use_cassette(str(tmp_path / "one.yaml")):
            requests.get(f"http://127.0.0.1:{server.server_port}/")
        server.shutdown()

def test_restored():
    import httpx
    kind, watched = httpx.MockTransport, httpx.MockTransport.handle_request
    with mock.patch.object(kind, "handle_request"), mock.patch.object(kind, "handle_request", watched):
        pass

@evidence("UC-001", item=1)
def test_it(): pass
"""
    )
    assert reasons(project) == {"test_it": None}
