"""Ways to make a test pass without a real environment: each a small project, and what becomes of its evidence.

The data is read by the docs' test too: what is not detected must be told on the page about limits.
"""

from __future__ import annotations

from dataclasses import dataclass
from textwrap import dedent

CONFIG = """\
tracker = "PROD_READINESS_TRACKER.md"

[environments.staging]
real = true
# Stands for a network that the tests reach; what is said of it holds for any.
endpoints = ["127.0.0.2", "*.staging.example.com:443"]

[environments.prod]
real = true
endpoints = ["*.prod.example.com:443"]

[items.1]
title = "the provider answers"

[items.2]
title = "the provider answers over the network"
connection = "seen"
"""
PLUGINS = ("respx.plugin", "requests_mock.contrib._pytest_plugin", "pytest_httpx", "pytest_recording.plugin")
"""Plugins of the libraries: loaded in every run, which must not make anything a rehearsal."""
CLIENT = """\
import requests

def health():
    return requests.get("http://api.staging.example.com/health", timeout=5)
"""
SERVER = """\
import contextlib, socket, threading

@contextlib.contextmanager
def server(host):
    listening = socket.create_server((host, 0))
    def answer():
        with contextlib.suppress(OSError):
            while True:
                peer, _ = listening.accept()
                peer.sendall(b"ok")
                peer.close()
    threading.Thread(target=answer, daemon=True).start()
    try:
        yield listening.getsockname()[:2]
    finally:
        listening.close()

def ask(address):
    with socket.create_connection(address, timeout=5) as peer:
        return peer.recv(2)
"""


@dataclass(frozen=True)
class Fake:
    """One way, as a folder with a test file."""

    name: str
    test: str
    """Source of the test file; its tests are evidence for item ``ITEM`` of the use case ``UC``."""
    because: str | None
    """What ``readiness why`` says of it; None: it is not detected."""
    files: tuple[tuple[str, str], ...] = ()
    """Beside the test; a module of the application is imported by its name, and the same for all."""
    item: int = 1
    how: str = "together"
    """``together`` with the others in one session; ``labelled`` as prod; ``optimised`` by python -O."""
    limit: str = ""
    """Where it is not detected: words of the page that tells of it."""

    @property
    def source(self) -> str:
        """The test file."""
        head = "import pytest\nfrom pytest_readiness import evidence\n"
        return head + dedent(self.test).replace("MARK", f'@evidence("UC-{self.number:03}", item={self.item})')

    @property
    def number(self) -> int:
        """Number of its use case."""
        return FAKES.index(self) + 1

    @property
    def use_case(self) -> str:
        """The use case that it claims."""
        return f"UC-{self.number:03}"


FAKES = (
    Fake(
        "responses",
        """
        import responses
        from client import health

        MARK
        @responses.activate
        def test_health():
            responses.get("http://api.staging.example.com/health", json={"ok": True})
            assert health().json() == {"ok": True}
        """,
        "responses replaced the network",
        (("client.py", CLIENT),),
    ),
    Fake(
        "respx",
        """
        import httpx, respx

        MARK
        def test_health():
            with respx.mock:
                respx.get("https://api.staging.example.com/health").respond(200)
                assert httpx.get("https://api.staging.example.com/health").status_code == 200
        """,
        "respx replaced the network",
    ),
    Fake(
        "requests-mock",
        """
        from client import health

        MARK
        def test_health(requests_mock):
            requests_mock.get("http://api.staging.example.com/health", text="ok")
            assert health().text == "ok"
        """,
        "requests-mock replaced the network",
        (("client.py", CLIENT),),
    ),
    Fake(
        "pytest-httpx",
        """
        import httpx

        MARK
        def test_health(httpx_mock):
            httpx_mock.add_response(text="ok")
            assert httpx.get("https://api.staging.example.com/health").text == "ok"
        """,
        "pytest-httpx replaced the network",
    ),
    Fake(
        "a recorded cassette",
        """
        from client import health

        MARK
        @pytest.mark.vcr("health.yaml")
        def test_health():
            assert health().text == "ok"
        """,
        "vcr replaced the network",
        (
            ("client.py", CLIENT),
            (
                "cassettes/test_fake/health.yaml",
                """\
interactions:
- request: {body: null, headers: {}, method: GET, uri: 'http://api.staging.example.com/health'}
  response: {body: {string: ok}, headers: {}, status: {code: 200, message: OK}}
version: 1
""",
            ),
        ),
    ),
    Fake(
        "moto",
        """
        import boto3
        from moto import mock_aws

        MARK
        @mock_aws
        def test_bucket():
            s3 = boto3.client("s3", region_name="us-east-1")
            s3.create_bucket(Bucket="evidence")
            assert [one["Name"] for one in s3.list_buckets()["Buckets"]] == ["evidence"]
        """,
        "moto replaced the network",
    ),
    Fake(
        "aioresponses",
        """
        import asyncio, aiohttp
        from aioresponses import aioresponses

        async def health():
            async with aiohttp.ClientSession() as session:
                await session.get("https://api.staging.example.com/health")

        @pytest.fixture
        def outage():
            with aioresponses() as mocked:
                mocked.get("https://api.staging.example.com/health", exception=ConnectionResetError())
                yield

        MARK
        def test_an_outage_is_noticed(outage):
            with pytest.raises(ConnectionResetError):
                asyncio.run(health())
        """,
        "aioresponses replaced the network",
    ),
    Fake(
        "httpretty",
        """
        import urllib.request, httpretty

        MARK
        @httpretty.activate
        def test_health():
            httpretty.register_uri(httpretty.GET, "http://api.staging.example.com/health", body="ok")
            assert urllib.request.urlopen("http://api.staging.example.com/health").read() == b"ok"
        """,
        "httpretty replaced the network",
    ),
    Fake(
        "unittest.mock",
        """
        from unittest import mock
        import client

        MARK
        @mock.patch("client.requests.get")
        def test_health(get):
            get.return_value.text = "ok"
            assert client.health().text == "ok"
        """,
        "unittest.mock replaced requests.get",
        (("client.py", CLIENT),),
    ),
    Fake(
        "monkeypatch",
        """
        from client import health

        MARK
        def test_health():
            assert health() == "ok"
        """,
        "monkeypatch replaced requests.sessions.Session.request",
        (
            ("client.py", CLIENT),
            (
                "conftest.py",
                """\
import pytest

@pytest.fixture(autouse=True)
def answers(monkeypatch):
    monkeypatch.setattr("requests.sessions.Session.request", lambda *given, **named: "ok")
""",
            ),
        ),
    ),
    Fake(
        "a stand-in of httpx",
        """
        import httpx

        MARK
        def test_health():
            transport = httpx.MockTransport(lambda request: httpx.Response(200))
            assert httpx.Client(transport=transport).get("https://api.staging.example.com/").status_code == 200
        """,
        "httpx.MockTransport replaced the network",
    ),
    Fake(
        "freezegun",
        """
        import time, freezegun

        MARK
        @freezegun.freeze_time("2030-01-01")
        def test_certificate_is_renewed_in_time():
            assert time.gmtime().tm_year == 2030
        """,
        "freezegun replaced the clock",
    ),
    Fake(
        "time-machine",
        """
        import time, time_machine

        MARK
        @time_machine.travel("2030-01-01", tick=False)
        def test_certificate_is_renewed_in_time():
            assert time.gmtime().tm_year == 2030
        """,
        "time-machine replaced the clock",
    ),
    Fake(
        "a fake server on this machine",
        """
        from server import ask, server

        MARK
        def test_health():
            with server("127.0.0.1") as address:
                assert ask(address) == b"ok"
        """,
        "and not to an endpoint of environment 'staging'",
        (("server.py", SERVER),),
        item=2,
    ),
    Fake(
        "a stub class",
        """
        class Provider:
            def health(self):
                return "ok"

        MARK
        def test_health():
            assert Provider().health() == "ok"
        """,
        "no connection to an endpoint of environment 'staging' was seen",
        item=2,
    ),
    Fake(
        "python -O",
        """
        from checks import check

        MARK
        def test_health():
            check("broken")
        """,
        "python -O removes assertions",
        (("checks.py", "def check(answer):\n    assert answer == 'ok'\n"),),
        how="optimised",
    ),
    Fake(
        "skip and xfail",
        """
        MARK
        def test_skipped():
            pytest.skip("the provider is slow today")

        MARK
        @pytest.mark.xfail(reason="the provider is slow today")
        def test_expected_to_fail():
            assert False

        MARK
        @pytest.mark.xfail(reason="the provider is slow today")
        def test_unexpectedly_passed():
            pass
        """,
        "the provider is slow today",
    ),
    Fake(
        "a false label",
        """
        from server import ask, server

        MARK
        def test_health():
            with server("127.0.0.1") as address:
                assert ask(address) == b"ok"
        """,
        "and not to an endpoint of environment 'prod'",
        (("server.py", SERVER),),
        item=2,
        how="labelled",
    ),
    Fake(
        "a token connection",
        """
        import socket
        from server import server

        MARK
        def test_health():
            with server("127.0.0.2") as address:
                socket.create_connection(address).close()
                assert "ok" == "ok"
        """,
        None,
        (("server.py", SERVER),),
        item=2,
        limit="A token connection",
    ),
    Fake(
        "a seam that is replaced and put back by hand",
        """
        import socket

        MARK
        def test_health():
            real, socket.create_connection = socket.create_connection, lambda *given: "ok"
            try:
                assert socket.create_connection(("api.staging.example.com", 443)) == "ok"
            finally:
                socket.create_connection = real
        """,
        None,
        limit="A seam that is put back by hand",
    ),
    Fake(
        "the same with a required connection",
        """
        import socket

        MARK
        def test_health():
            real, socket.create_connection = socket.create_connection, lambda *given: "ok"
            try:
                assert socket.create_connection(("api.staging.example.com", 443)) == "ok"
            finally:
                socket.create_connection = real
        """,
        "no connection to an endpoint of environment 'staging' was seen",
        item=2,
    ),
    Fake(
        "a fake behind the endpoint's name",
        """
        from server import ask, server

        MARK
        def test_health():
            with server("127.0.0.2") as address:
                assert ask(address) == b"ok"
        """,
        None,
        (("server.py", SERVER),),
        item=2,
        limit="A fake behind the endpoint's name",
    ),
    Fake(
        "a stub class without a required connection",
        """
        class Provider:
            def health(self):
                return "ok"

        MARK
        def test_health():
            assert Provider().health() == "ok"
        """,
        None,
        limit="A stub of one's own",
    ),
)
NOT_DETECTED = tuple(fake for fake in FAKES if fake.because is None)
"""What the pages about limits and threats must name."""
