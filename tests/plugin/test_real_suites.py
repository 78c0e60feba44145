"""Suites as people write them, against a real server, where every item asks for a connection: each test counts."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from textwrap import dedent

import pytest

from tests.plugin.test_connections import ASKING
from tests.plugin.test_recording import stored_evidence
from tests.postgres import postgres
from tests.project import XDIST, Project

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not hasattr(socket, "TCP_INFO"), reason="the system does not count what a connection receives"),
]

THERE = "127.0.0.2"
TESTS = 4

HTTP = {
    "requests": """
        import requests

        @pytest.fixture(scope="session")
        def client():
            with requests.Session() as client:
                yield lambda path: client.get(URL + path).text
        """,
    "httpx": """
        import httpx

        @pytest.fixture(scope="session")
        def client():
            with httpx.Client(base_url=URL) as client:
                yield lambda path: client.get(path).text
        """,
    "httpx, asynchronous": """
        import asyncio, httpx

        @pytest.fixture(scope="session")
        def client():
            with asyncio.Runner() as runner:
                client = httpx.AsyncClient(base_url=URL)

                async def get(path):
                    return (await client.get(path)).text

                yield lambda path: runner.run(get(path))
                runner.run(client.aclose())
        """,
    "aiohttp": """
        import asyncio, aiohttp

        @pytest.fixture(scope="session")
        def client():
            with asyncio.Runner() as runner:

                async def connect():
                    return aiohttp.ClientSession(URL)

                session = runner.run(connect())

                async def get(path):
                    async with session.get(path) as response:
                        return await response.text()

                yield lambda path: runner.run(get(path))
                runner.run(session.close())
        """,
    "http.client": """
        import http.client

        @pytest.fixture(scope="session")
        def client():
            connection = http.client.HTTPConnection(HOST, PORT)

            def get(path):
                connection.request("GET", path)
                return connection.getresponse().read().decode()

            yield get
            connection.close()
        """,
    "a thread in the background": """
        import queue, threading, httpx

        @pytest.fixture(scope="session")
        def client():
            asked, told = queue.Queue(), queue.Queue()

            def work():
                with httpx.Client(base_url=URL) as client:
                    for path in iter(asked.get, None):
                        told.put(client.get(path).text)

            thread = threading.Thread(target=work)
            thread.start()
            yield lambda path: (asked.put(path), told.get())[1]
            asked.put(None)
            thread.join()
        """,
    "a server that hangs up": """
        import http.client

        @pytest.fixture(scope="session")
        def client():
            connection = http.client.HTTPConnection(HOST, PORT)
            connection.connect()

            def get(path):
                connection.request("GET", path + "?close")
                return connection.getresponse().read().decode()

            yield get
        """,
}
SQL = {
    "psycopg": """
        import psycopg

        @pytest.fixture(scope="session")
        def client():
            with psycopg.connect(URL) as connection:
                yield lambda path: connection.execute("SELECT %s::text", (path,)).fetchone()[0]
        """,
    "psycopg, by name": """
        import psycopg

        @pytest.fixture(scope="session")
        def client():
            with psycopg.connect(NAMED) as connection:
                yield lambda path: connection.execute("SELECT %s::text", (path,)).fetchone()[0]
        """,
    "psycopg, asynchronous": """
        import asyncio, psycopg

        @pytest.fixture(scope="session")
        def client():
            with asyncio.Runner() as runner:
                connection = runner.run(psycopg.AsyncConnection.connect(URL))

                async def get(path):
                    return (await (await connection.execute("SELECT %s::text", (path,))).fetchone())[0]

                yield lambda path: runner.run(get(path))
                runner.run(connection.close())
        """,
    "psycopg, in each test": """
        import psycopg

        @pytest.fixture
        def client():
            def get(path):
                with psycopg.connect(URL) as connection:
                    return connection.execute("SELECT %s::text", (path,)).fetchone()[0]
            return get
        """,
    "psycopg2": """
        import psycopg2

        @pytest.fixture(scope="session")
        def client():
            connection = psycopg2.connect(URL)
            cursor = connection.cursor()
            yield lambda path: (cursor.execute("SELECT %s::text", (path,)), cursor.fetchone()[0])[1]
            connection.close()
        """,
    "psycopg2, by name in each test": """
        import psycopg2

        @pytest.fixture
        def client():
            def get(path):
                connection = psycopg2.connect(NAMED)
                cursor = connection.cursor()
                cursor.execute("SELECT %s::text", (path,))
                found = cursor.fetchone()[0]
                connection.close()
                return found
            return get
        """,
}


class _Answer(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Answer with the path."""
        text = self.path.partition("?")[0].encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(text)))
        if self.path.endswith("?close"):
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def web() -> Iterator[int]:
    """A server of HTTP that keeps connections, and its port."""
    with ThreadingHTTPServer((THERE, 0), _Answer) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def database() -> Iterator[int]:
    """A server of PostgreSQL, and its port."""
    with postgres() as port:
        yield port


def suite(head: str, source: str) -> str:
    """A file whose tests each ask the client for something."""
    tests = "".join(
        f'@evidence("UC-001", item=1)\ndef test_{n}(client): assert client("/{n}") == "/{n}"\n' for n in range(TESTS)
    )
    return head + dedent(source) + tests


def configured(project: Project, endpoint: str = THERE) -> Project:
    """A project whose one item asks for a connection to this endpoint."""
    return project.configured(ASKING.replace('"127.0.0.2", "localhost:1"', f'"{endpoint}"'))


def refused(project: Project, tests: int = TESTS) -> dict[str, str]:
    """Why tests did not count, by name."""
    pieces = stored_evidence(project)
    assert len(pieces) == tests
    return {piece.test_id: str(piece.not_real_because) for piece in pieces if not piece.real}


def of_the_web(port: int) -> str:
    """What a suite knows of the server."""
    return f'HOST, PORT, URL = "{THERE}", {port}, "http://{THERE}:{port}"\n'


def of_the_database(port: int) -> str:
    """What a suite knows of the server; the name is resolved to the other address that it listens at."""
    url, named = (f"postgresql://tests@{host}:{port}/postgres" for host in (THERE, "localhost"))
    return f'URL, NAMED = "{url}", "{named}"\n'


@pytest.mark.parametrize("name", HTTP)
def test_a_client_of_http(project: Project, web: int, name: str) -> None:
    """A client that lives as long as the session, of each library."""
    configured(project).tests(suite(of_the_web(web), HTTP[name]))
    project.run_apart().assert_outcomes(passed=TESTS)
    assert refused(project) == {}


@pytest.mark.parametrize("name", SQL)
def test_a_client_of_a_database(project: Project, database: int, name: str) -> None:
    """libpq connects, which no hook of Python's sees; by address and by name."""
    endpoint = f"local*:{database}" if "by name" in name else THERE
    configured(project, endpoint).tests(suite(of_the_database(database), SQL[name]))
    project.run_apart().assert_outcomes(passed=TESTS)
    assert refused(project) == {}


@pytest.mark.parametrize("scope", ["session", "module"])
def test_all_of_them_under_xdist(project: Project, web: int, database: int, scope: str) -> None:
    """Each worker has a client of its own, and a last test for it."""
    configured(project, f'{THERE}", "local*:{database}')
    sources = {**{name: of_the_web(web) for name in HTTP}, **{name: of_the_database(database) for name in SQL}}
    for number, (name, head) in enumerate(sources.items()):
        source = {**HTTP, **SQL}[name].replace('scope="session"', f'scope="{scope}"')
        project.tests(suite(head, source), f"test_{number}.py")
    project.run(*XDIST).assert_outcomes(passed=len(sources) * TESTS)
    assert refused(project, len(sources) * TESTS) == {}


@pytest.mark.parametrize("library", ["psycopg", "psycopg2"])
def test_a_name_beside_another_address_is_not_believed(project: Project, database: int, library: str) -> None:
    """libpq takes ``hostaddr`` as the place to connect to, and the name only for whom to believe."""
    source = f"""
        import {library}

        @pytest.fixture
        def client():
            {library}.connect(DSN).close()
            return lambda path: path
        """
    head = f'DSN = "host=api.staging.example.com hostaddr={THERE} port={database} user=tests dbname=postgres"\n'
    configured(project, "*.staging.example.com").tests(suite(head, source))
    project.run_apart().assert_outcomes(passed=TESTS)
    assert set(refused(project)) == {f"test_it.py::test_{number}" for number in range(TESTS)}


BESIDE = """
import datetime, time
import freezegun, requests, time_machine, vcr

@pytest.fixture(scope="session")
def client():
    with requests.Session() as client:
        yield lambda path: client.get(URL + path).text

@freezegun.freeze_time("2030-01-01")
def test_frozen():
    assert datetime.date.today().year == 2030

@time_machine.travel("2031-01-01", tick=False)
def test_travelled():
    assert time.gmtime().tm_year == 2031

def test_recorded(tmp_path):
    with vcr.use_cassette(str(tmp_path / "one.yaml")):
        assert requests.get(URL + "/recorded").text == "/recorded"

@pytest.mark.disable_socket
def test_blocked():
    import pytest_socket, socket
    with pytest.raises(pytest_socket.SocketBlockedError):
        socket.socket()

"""


SPIES = """
import requests, time

@pytest.fixture(scope="session")
def session():
    with requests.Session() as session:
        yield session

@pytest.fixture
def client(mocker, session):
    spies = mocker.spy(time, "time"), mocker.spy(requests.Session, "send")
    yield lambda path: session.get(URL + path).text
    assert all(spy.call_count for spy in spies)

"""
WITH_PLUGINS = {
    "libraries that other tests use": (BESIDE, 4, ("pytest_socket", "time_machine")),
    "spies": (SPIES, 0, ("pytest_mock",)),
}


@pytest.mark.parametrize("how", [(), XDIST], ids=["alone", "xdist"])
@pytest.mark.parametrize("name", WITH_PLUGINS)
def test_suites_with_plugins(project: Project, web: int, name: str, how: tuple[str, ...]) -> None:
    """Frozen clocks, cassettes and blocked sockets of other tests, hosts that pytest-socket allows, spies."""
    source, plain, plugins = WITH_PLUGINS[name]
    configured(project).tests(suite(of_the_web(web), source))
    loaded = [word for plugin in plugins for word in ("-p", plugin)]
    allowed = [f"--allow-hosts={THERE},127.0.0.1"] if "pytest_socket" in plugins else []
    project.run_apart(*loaded, *allowed, "-W", "ignore", *how).assert_outcomes(passed=TESTS + plain)
    assert refused(project) == {}
