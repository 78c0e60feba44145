"""A real browser, driven by Playwright: what stands in for its network is seen, and what it leaves can be kept."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.plugin.test_one_id import executions
from tests.project import Project

pytestmark = pytest.mark.slow

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
needs_browser = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on PATH (Debian: apt-get install chromium)")

CONFTEST = """
import http.server, threading
from pathlib import Path
import pytest

@pytest.fixture(scope="session")
def browser_type_launch_args():
    flags = ("no-sandbox", "disable-gpu", "disable-quic", "no-first-run", "disable-background-networking",
             "disable-component-update", "disable-sync")
    return {"executable_path": %r, "args": [f"--{flag}" for flag in flags]}

@pytest.fixture(scope="session")
def site():
    class Page(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"<h1>the real page</h1>")
        def log_message(self, *given): pass
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()

@pytest.fixture(autouse=True)
def keep_what_the_browser_leaves(record_evidence, output_path):
    record_evidence.attach_later(Path(output_path))
"""
TESTS = """
import json

HAR = {"log": {"version": "1.2", "creator": {"name": "t", "version": "1"}, "entries": [{
    "startedDateTime": "2026-01-01T00:00:00.000Z", "time": 1, "cache": {}, "timings": {"send": 0, "wait": 0, "receive": 0},
    "request": {"method": "GET", "url": "http://bank.example/", "httpVersion": "HTTP/1.1", "cookies": [], "headers": [],
                "queryString": [], "headersSize": -1, "bodySize": -1},
    "response": {"status": 200, "statusText": "OK", "httpVersion": "HTTP/1.1", "cookies": [], "headers": [],
                 "content": {"size": 4, "mimeType": "text/html", "text": "<h1>fake</h1>"}, "redirectURL": "",
                 "headersSize": -1, "bodySize": -1},
}]}}

pytestmark = evidence("UC-001", item=1)

def heading(page, url):
    page.goto(url)
    return page.text_content("h1")

def test_real(page, site): assert heading(page, site) == "the real page"

def test_passed_on(page, site):
    page.route("**/*", lambda route: route.continue_())
    page.route("**/*.css", lambda route: route.abort())
    assert heading(page, site) == "the real page"

def test_fulfilled(page):
    page.route("**/*", lambda route: route.fulfill(body="<h1>fake</h1>", content_type="text/html"))
    assert heading(page, "http://bank.example/") == "fake"

def test_fulfilled_in_context(context, page):
    context.route("**/*", lambda route: route.fulfill(body="<h1>fake</h1>", content_type="text/html"))
    assert heading(page, "http://bank.example/") == "fake"

def test_played_back(page):
    pathlib.Path("bank.har").write_text(json.dumps(HAR))
    page.route_from_har("bank.har")
    assert heading(page, "http://bank.example/") == "fake"

def test_socket(page, site):
    page.route_web_socket("**/*", lambda socket: socket.on_message(lambda message: socket.send(message + "!")))
    page.goto(site)
    answer = "new Promise(r => { const s = new WebSocket('ws://bank.example/'); s.onmessage = e => r(e.data); s.onopen = () => s.send('hi') })"
    assert page.evaluate(answer) == "hi!"

def test_clock(page, site):
    page.clock.set_fixed_time(0)
    assert heading(page, site) == "the real page"
"""
FULFILLED = "Playwright's route.fulfill replaced the network"


@needs_browser
def test_a_browser_whose_network_is_replaced(project: Project) -> None:
    """Routes that are fulfilled, a HAR file that is played back and a web socket that is answered make rehearsals.

    Those that pass a request on, or refuse it, do not. What the browser left is kept with the evidence.
    """
    pytest.importorskip("pytest_playwright", reason="pytest-playwright is not installed")
    project.configured().tests(TESTS)
    project.write("conftest.py", CONFTEST % CHROMIUM)
    result = project.run_apart("-p", "playwright", "--tracing=on", "--screenshot=on", "-p", "no:randomly")
    result.assert_outcomes(passed=7)
    found = {piece.test_id.rpartition("::")[2].partition("[")[0]: piece for piece in executions(project, "UC-001", "1")}
    assert {name: piece.not_real_because for name, piece in found.items()} == {
        "test_real": None,
        "test_passed_on": None,
        "test_fulfilled": FULFILLED,
        "test_fulfilled_in_context": FULFILLED,
        "test_played_back": FULFILLED,
        "test_socket": "Playwright's route_web_socket replaced the network",
        "test_clock": "Playwright's clock.set_fixed_time replaced the clock",
    }
    kept = {(artifact.name, artifact.media_type) for artifact in found["test_real"].artifacts}
    assert kept == {("trace.zip", "application/zip"), ("test-finished-1.png", "image/png")}
    digests = {artifact.sha256 for artifact in found["test_real"].artifacts}
    assert digests <= {Path(path).name for path in project.artifacts}
