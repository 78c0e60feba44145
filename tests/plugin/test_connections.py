"""Connections of a test are seen, kept with its evidence, and compared with the endpoints of its environment."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import pytest

from pytest_readiness.facts.evidence import Connection
from tests.plugin.test_recording import only, stored_evidence
from tests.project import CONFIG, XDIST, Project

pytestmark = pytest.mark.slow

DECLARED = CONFIG.replace("[environments.dev]", 'endpoints = ["127.0.0.2", "localhost:1"]\n\n[environments.dev]')
ASKING = DECLARED.replace('title = "the provider answers"', 'title = "the provider answers"\nconnection = "seen"')
HOW = pytest.mark.parametrize("how", [(), XDIST], ids=["alone", "xdist"])


class Server:
    """A server that answers each byte with one, at two addresses of this machine."""

    def __init__(self) -> None:
        self._sockets = [socket.create_server((host, 0)) for host in ("127.0.0.1", "127.0.0.2")]
        self.here, self.declared = (socket_.getsockname()[1] for socket_ in self._sockets)
        for socket_ in self._sockets:
            threading.Thread(target=self._serve, args=[socket_], daemon=True).start()

    def _serve(self, listening: socket.socket) -> None:
        while True:
            try:
                peer, _ = listening.accept()
            except OSError:
                return
            threading.Thread(target=self._answer, args=[peer], daemon=True).start()

    def _answer(self, peer: socket.socket) -> None:
        with peer:
            while data := peer.recv(1):
                peer.sendall(data)

    def close(self) -> None:
        """Listen no longer."""
        for socket_ in self._sockets:
            socket_.close()


@pytest.fixture
def server() -> Iterator[Server]:
    """The server, running."""
    server = Server()
    yield server
    server.close()


def connecting(project: Project, server: Server, body: str, config: str = DECLARED) -> Project:
    """A project whose one evidence test has this body."""
    head = f"import socket, subprocess, sys, threading\nHERE, THERE = {server.here}, {server.declared}\n"
    project.configured(config).tests(f'{head}@evidence("UC-001", item=1)\ndef test_it():\n    {body}\n')
    return project


@HOW
def test_a_connection_is_kept_by_name_and_address(project: Project, server: Server, how: tuple[str, ...]) -> None:
    """Where a name was resolved to the address, it is told by its name; each place once."""
    body = "[socket.create_connection(('localhost', HERE)).close() for _ in range(3)]"
    connecting(project, server, body, CONFIG).run(*how)
    [seen] = only(project).connections
    assert seen == Connection(f"localhost:{server.here}", "tcp", "127.0.0.1")
    assert only(project).warnings == ()


def test_threads_sockets_and_programs_are_seen(project: Project, server: Server) -> None:
    """A thread, a socket without a name, a datagram, a Unix socket and a program that was started."""
    body = """
    thread = threading.Thread(target=lambda: socket.create_connection(("127.0.0.1", HERE)).close())
    thread.start(); thread.join()
    socket.socket(type=socket.SOCK_DGRAM).sendto(b"x", ("127.0.0.1", 9))
    socket.socket(socket.AF_UNIX).connect_ex("/nowhere/docker.sock")
    subprocess.run([sys.executable, "-c", "secret"], check=False)
    os.system("SECRET=hunter2 true")
    socket.getaddrinfo("localhost", 80)
    """
    connecting(project, server, body, CONFIG).run("-W", "ignore")
    connections = [(connection.to, connection.kind) for connection in only(project).connections]
    assert connections[:3] == [
        (
            f"localhost:{server.here}" if connections[0][0].startswith("localhost") else f"127.0.0.1:{server.here}",
            "tcp",
        ),
        (connections[1][0], "udp"),
        ("/nowhere/docker.sock", "unix"),
    ]
    assert connections[3][1] == "process"
    assert connections[3][0].startswith("python")
    assert connections[4:] == [("sh", "process")]


def test_an_endpoint_of_the_environment_is_expected(project: Project, server: Server) -> None:
    """A connection to a declared endpoint is one, any other is told to be none, and there is nothing to warn of."""
    body = (
        "[socket.create_connection((host, port)).close() for host, port in [('127.0.0.2', THERE), ('127.0.0.1', HERE)]]"
    )
    connecting(project, server, body).run()
    assert [connection.expected for connection in only(project).connections] == [True, False]
    assert only(project).warnings == ()
    assert only(project).real


@pytest.mark.parametrize(
    ("body", "warning"),
    [
        ("pass", "no connection to an endpoint of environment 'staging' was seen"),
        (
            "socket.create_connection(('127.0.0.1', HERE)).close()",
            "and not to an endpoint of environment 'staging'",
        ),
    ],
)
def test_a_test_that_does_not_reach_its_environment_is_warned_of(
    project: Project, server: Server, body: str, warning: str
) -> None:
    """It counts, unless the item asks for a connection; ``why``, ``show`` and the report tell of it."""
    connecting(project, server, body).run()
    piece = only(project)
    assert piece.real
    assert warning in piece.warnings[0]
    assert warning in " ".join(project.cli("why", "UC-001/1").stdout.split())
    shown = " ".join(project.cli("show", piece.id).stdout.split())
    assert f"Warning {piece.warnings[0]}" in shown
    assert (", not an endpoint of its environment" in shown) == bool(piece.connections)
    [reported] = project.evidence("UC-001")
    assert reported["warnings"] == list(piece.warnings)
    assert [connection["expected"] for connection in reported["connections"]] == [False] * len(piece.connections)


@HOW
def test_an_item_may_ask_for_a_connection(project: Project, server: Server, how: tuple[str, ...]) -> None:
    """A pass without one is a rehearsal with the reason; one with it counts; a failure without one counts as one."""
    connecting(project, server, "pass", ASKING).run(*how)
    assert project.states("UC-001")["UC-001/1"] == "REHEARSED"
    asked = "item 1 asks for a connection: no connection to an endpoint of environment 'staging' was seen"
    assert only(project).not_real_because == asked
    connecting(project, server, "socket.create_connection(('127.0.0.2', THERE)).close()", ASKING).run(*how)
    assert project.states("UC-001")["UC-001/1"] == "COMPLETE"
    connecting(project, server, "raise OSError('the name does not resolve')", ASKING).run(*how)
    assert project.states("UC-001")["UC-001/1"] == "FAILING"


def test_asking_for_a_connection_needs_endpoints(project: Project, server: Server) -> None:
    """``readiness check`` names the item and the environment; nothing counts until they are declared."""
    config = ASKING.replace('endpoints = ["127.0.0.2", "localhost:1"]\n', "")
    connecting(project, server, "pass", config)
    checked = project.cli("check")
    assert checked.exit_code == 1
    expected = "item 1 asks for a connection, and environment 'staging' declares no endpoints: name them"
    assert expected in " ".join(checked.output.split())


def test_what_a_fixture_connects_is_the_tests_own(project: Project, server: Server) -> None:
    """A fixture of the test, in its setup and its teardown."""
    project.configured(ASKING).tests(
        f"""
        import socket

        @pytest.fixture
        def client():
            socket.create_connection(("127.0.0.2", {server.declared})).close()
            yield
            socket.create_connection(("127.0.0.1", {server.here})).close()

        @evidence("UC-001", item=1)
        def test_it(client):
            pass
        """
    )
    project.run()
    assert [connection.expected for connection in only(project).connections] == [True, False]


@pytest.mark.skipif(not hasattr(socket, "TCP_INFO"), reason="the system does not count what a connection receives")
def test_a_connection_that_is_kept_open_is_seen_where_it_is_used(project: Project, server: Server) -> None:
    """A client of a wider scope connects once; each test that gets an answer over it is told of it, and no other."""
    project.configured(ASKING).tests(
        f"""
        import socket

        @pytest.fixture(scope="session")
        def client():
            with socket.create_connection(("127.0.0.2", {server.declared})) as client:
                yield client

        @evidence("UC-001", item=1)
        def test_first(client):
            client.sendall(b"x")
            assert client.recv(1) == b"x"

        @evidence("UC-001", item=1)
        def test_second(client):
            client.sendall(b"x")
            assert client.recv(1) == b"x"

        @evidence("UC-001", item=1)
        def test_idle(client):
            pass
        """
    )
    project.run()
    first, second, idle = stored_evidence(project)
    there = f"127.0.0.2:{server.declared}"
    assert first.connections == (Connection(there, "tcp", expected=True),)
    assert second.connections == (Connection(there, "tcp", expected=True, earlier=True),)
    assert idle.connections == ()
    assert (first.real, second.real, idle.real) == (True, True, False)


def test_many_connections_are_cut_and_the_expected_ones_kept(project: Project, server: Server) -> None:
    """No more than fifty are kept; those that count go first."""
    body = (
        "[socket.socket(type=socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', 10_000 + n)) for n in range(60)]; "
        "socket.create_connection(('127.0.0.2', THERE)).close()"
    )
    connecting(project, server, body, ASKING).run("-W", "ignore")
    assert len(only(project).connections) == 50
    assert only(project).connections[0].expected
    assert only(project).real


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        ("handshake(endpoint='127.0.0.2:443', peer='x')", None),
        ("handshake(endpoint='https://127.0.0.2/path', peer='x')", None),
        (
            "handshake(endpoint='localhost:443', peer='x')",
            "the handshake was with localhost:443, no endpoint of environment 'staging' (127.0.0.2, localhost:1)",
        ),
        (
            "handshake(endpoint='https://hunter2-hunter2@api.example.com', peer=record_evidence.secret('hunter2-hunter2'))",
            "the handshake was with https://[REDACTED:registered]@api.example.com, no endpoint of",
        ),
    ],
)
def test_a_handshake_is_with_an_endpoint_of_the_environment(
    project: Project, server: Server, call: str, expected: str | None
) -> None:
    """A proof that names another place fails the test with one line, and is not recorded."""
    project.configured(DECLARED).tests(
        f'@evidence("UC-001", item=1)\ndef test_it(record_evidence):\n    record_evidence.{call}\n'
    )
    project.run().assert_outcomes(**{"failed" if expected else "passed": 1})
    assert (expected or "") in only(project).message
    assert len(only(project).proofs) == (0 if expected else 1)


def test_a_handshake_before_the_scope_is_judged_by_the_scope(project: Project) -> None:
    """The environment that ``scope()`` names later must be that of the handshake too."""
    project.configured(DECLARED).tests(
        """
        @evidence("UC-001", item=1)
        def test_it(record_evidence):
            record_evidence.handshake(endpoint="api.example.com:443", peer="x")
            record_evidence.scope(environment="staging")
        """
    )
    project.run(environment=None).assert_outcomes(failed=1)
    assert "the handshake was with api.example.com:443, no endpoint of environment 'staging'" in only(project).message


def test_what_is_recorded_by_hand_is_judged_by_the_same_rules(project: Project) -> None:
    """A command's connections are not seen, so that an item that asks for one is rehearsed; a foreign proof is refused."""
    project.configured(ASKING)
    where = ("record", "UC-001", "--item", "1", "--environment", "staging")
    refused = project.cli(*where, "--proof", "handshake", "endpoint=api.example.com:443", "--", "true")
    assert refused.exit_code == 2
    assert "no endpoint of environment 'staging' (127.0.0.2, localhost:1)" in refused.output
    assert project.cli(*where, "--", "true").exit_code == 0
    assert only(project).not_real_because == "item 1 asks for a connection, and nobody saw what this connects to"
    assert "none, connection" in project.cli("check").output
