"""A connection that is open before a test begins counts in each test that uses it, and in no other."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from textwrap import dedent

import pytest

from tests.plugin.test_connections import ASKING, HOW, Server
from tests.plugin.test_recording import stored_evidence
from tests.project import XDIST, Project

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not hasattr(socket, "TCP_INFO"), reason="the system does not count what a connection receives"),
]

HEAD = """
import ctypes, socket, subprocess, sys, threading

THERE = ("127.0.0.2", {port})

def ask(client):
    client.sendall(b"x")
    assert client.recv(1) == b"x"

def c_client():
    libc = ctypes.CDLL(None, use_errno=True)
    descriptor = libc.socket(socket.AF_INET, socket.SOCK_STREAM, 0)
    family = socket.AF_INET.to_bytes(2, sys.byteorder)
    address = family + THERE[1].to_bytes(2, "big") + socket.inet_aton(THERE[0]) + bytes(8)
    assert libc.connect(descriptor, address, 16) == 0
    return descriptor

def c_ask(descriptor):
    assert os.write(descriptor, b"x") == 1
    assert os.read(descriptor, 1) == b"x"

"""
SHARED = """
@pytest.fixture(scope="{scope}")
def client():
    with socket.create_connection(THERE) as client:
        yield client
"""


@pytest.fixture
def server() -> Iterator[Server]:
    """A server that answers each byte with one."""
    server = Server()
    yield server
    server.close()


def suite(project: Project, server: Server, source: str, name: str = "test_it.py") -> Project:
    """A project whose one item asks for a connection."""
    return project.configured(ASKING).tests(HEAD.format(port=server.declared) + dedent(source), name)


def real(project: Project) -> dict[str, bool]:
    """Whether each test counted, by its name."""
    return {piece.test_id.rpartition("::")[2]: piece.real for piece in stored_evidence(project)}


@HOW
@pytest.mark.parametrize("scope", ["module", "session"])
def test_the_last_test_on_a_shared_connection(
    project: Project, server: Server, how: tuple[str, ...], scope: str
) -> None:
    """What came is read before its fixture is torn down, and the connection closed."""
    tests = "".join(f'@evidence("UC-001", item=1)\ndef test_{n}(client): ask(client)\n' for n in range(4))
    suite(project, server, SHARED.format(scope=scope) + tests)
    project.run(*how).assert_outcomes(passed=4)
    assert real(project) == {f"test_{n}": True for n in range(4)}


def test_a_test_that_closes_the_connection_itself(project: Project, server: Server) -> None:
    """Closed in the body of the test, by the test or by the client that was told to: what came before counts."""
    source = SHARED.format(scope="module") + dedent(
        """
        @evidence("UC-001", item=1)
        def test_first(client):
            ask(client)

        @evidence("UC-001", item=1)
        def test_that_closes(client):
            ask(client)
            client.close()

        @evidence("UC-001", item=1)
        def test_idle(client):
            pass
        """
    )
    suite(project, server, source).run()
    assert real(project) == {"test_first": True, "test_that_closes": True, "test_idle": False}


def test_a_farewell_in_the_teardown_of_a_shared_fixture(project: Project, server: Server) -> None:
    """It falls to whichever test is the last, and is no doing of a test that used nothing."""
    source = """
        @pytest.fixture(scope="module")
        def client():
            with socket.create_connection(THERE) as client:
                yield client
                ask(client)

        @evidence("UC-001", item=1)
        def test_first(client):
            ask(client)

        @evidence("UC-001", item=1)
        def test_idle(client):
            pass
        """
    suite(project, server, source).run()
    assert real(project) == {"test_first": True, "test_idle": False}


def test_a_server_that_hangs_up_sends_nothing(project: Project, server: Server) -> None:
    """The end of a connection is counted by the system as a byte, and is no answer to the test."""
    source = SHARED.format(scope="module") + dedent(
        """
        @evidence("UC-001", item=1)
        def test_first(client):
            ask(client)

        @evidence("UC-001", item=1)
        def test_idle(client):
            client.shutdown(socket.SHUT_WR)
            assert client.recv(1) == b""

        def test_after(client):
            pass
        """
    )
    suite(project, server, source).run()
    assert real(project) == {"test_first": True, "test_idle": False}


@pytest.mark.parametrize("where", ["conftest", "plain test", "teardown"])
def test_a_connection_that_was_made_outside_of_any_evidence_test(project: Project, server: Server, where: str) -> None:
    """While conftest.py was loaded, in a fixture that an untagged test asked for first, or in its teardown."""
    project.write(
        "conftest.py",
        f"""
        import socket, pytest

        made = []

        def connect():
            made.append(socket.create_connection(("127.0.0.2", {server.declared})))

        if {where == "conftest"}:
            connect()

        @pytest.fixture(scope="session")
        def client():
            if {where == "plain test"}:
                connect()
            yield made
            made[0].close()

        @pytest.fixture
        def afterwards():
            yield
            if {where == "teardown"}:
                connect()
        """,
    )
    source = """
        def test_plain(client, afterwards):
            pass

        @evidence("UC-001", item=1)
        def test_it(client):
            ask(client[0])

        @evidence("UC-001", item=1)
        def test_idle(client):
            pass
        """
    suite(project, server, source).run_apart().assert_outcomes(passed=3)
    assert real(project) == {"test_it": True, "test_idle": False}


def test_a_name_that_nobody_saw_resolved(project: Project, server: Server) -> None:
    """An endpoint's name is looked up where a connection has only an address."""
    named = ASKING.replace('"127.0.0.2", "localhost:1"', f'"localhost:{server.here}"')
    project.write(
        "conftest.py",
        f"""
        import socket

        client = socket.create_connection(("127.0.0.1", {server.here}))
        """,
    )
    project.configured(named).tests(
        """
        from conftest import client

        @evidence("UC-001", item=1)
        def test_it():
            client.sendall(b"x")
            assert client.recv(1) == b"x"
        """
    )
    project.run_apart().assert_outcomes(passed=1)
    assert real(project) == {"test_it": True}
    assert [connection.to for connection in stored_evidence(project)[0].connections] == [f"localhost:{server.here}"]


def test_connections_of_a_c_library(project: Project, server: Server) -> None:
    """Python's hook does not see them made; they are found while they are open."""
    source = """
        @pytest.fixture(scope="module")
        def shared():
            descriptor = c_client()
            yield descriptor
            os.close(descriptor)

        @pytest.fixture
        def own():
            descriptor = c_client()
            yield descriptor
            os.close(descriptor)

        @evidence("UC-001", item=1)
        def test_own(own): c_ask(own)

        @evidence("UC-001", item=1)
        def test_first(shared): c_ask(shared)

        @evidence("UC-001", item=1)
        def test_idle(shared): pass

        @evidence("UC-001", item=1)
        def test_last(shared): c_ask(shared)
        """
    suite(project, server, source).run()
    assert real(project) == {"test_own": True, "test_first": True, "test_idle": False, "test_last": True}


def test_what_is_no_new_connection(project: Project, server: Server) -> None:
    """One that the other side made, and another descriptor of one that is known."""
    source = SHARED.format(scope="module") + dedent(
        """
        held = []

        @evidence("UC-001", item=1)
        def test_first(client): ask(client)

        @evidence("UC-001", item=1)
        def test_doubled(client): held.append(client.dup())

        @evidence("UC-001", item=1)
        def test_called():
            with socket.create_server(("127.0.0.1", 0)) as listening:
                code = "import socket; s = socket.create_connection(('127.0.0.1', %d), source_address=('127.0.0.2', 0)); s.send(b'x')"
                subprocess.run([sys.executable, "-c", code % listening.getsockname()[1]], check=True)
                held.append(listening.accept()[0])
                assert held[-1].recv(1) == b"x"

        def test_end():
            [one.close() for one in held]
        """
    )
    suite(project, server, source).run().assert_outcomes(passed=4)
    assert real(project) == {"test_first": True, "test_doubled": False, "test_called": False}


def test_each_attempt_needs_its_own_connection(project: Project, server: Server) -> None:
    """A retry that connects to nothing passes for nothing; one that uses what is open counts."""
    source = SHARED.format(scope="module") + dedent(
        """
        tries = {"test_without": 0, "test_with": 0}

        def first(name):
            tries[name] += 1
            return tries[name] == 1

        @evidence("UC-001", item=1)
        def test_without():
            if first("test_without"):
                socket.create_connection(THERE).close()
                assert False

        @evidence("UC-001", item=1)
        def test_with(client):
            ask(client)
            assert not first("test_with")
        """
    )
    suite(project, server, source)
    project.run("-p", "pytest_rerunfailures", "--reruns=1").assert_outcomes(passed=2)
    assert real(project) == {"test_without": False, "test_with": True}


def test_a_connection_that_is_looked_at_goes_on_blocking(project: Project, server: Server) -> None:
    """A default timeout that a test sets does not reach a client that was made without one."""
    source = SHARED.format(scope="module") + dedent(
        """
        @pytest.fixture(autouse=True, scope="module")
        def default(client):
            socket.setdefaulttimeout(5)
            yield
            socket.setdefaulttimeout(None)

        @evidence("UC-001", item=1)
        def test_first(client): ask(client)

        @evidence("UC-001", item=1)
        def test_second(client):
            assert os.get_blocking(client.fileno())
            ask(client)
        """
    )
    suite(project, server, source).run().assert_outcomes(passed=2)


def test_more_connections_than_are_kept_with_a_test(project: Project, server: Server) -> None:
    """A pool of many connections: the test that uses the last one of them counts."""
    source = """
        @pytest.fixture(scope="module")
        def pool():
            made = [socket.create_connection(THERE) for _ in range(100)]
            yield made
            [one.close() for one in made]

        @evidence("UC-001", item=1)
        def test_first(pool): ask(pool[0])

        @evidence("UC-001", item=1)
        def test_last(pool): ask(pool[-1])
        """
    suite(project, server, source).run(*XDIST, "--dist=loadfile")
    assert real(project) == {"test_first": True, "test_last": True}


def test_a_test_that_replaces_what_a_socket_is_asked_by(project: Project, server: Server) -> None:
    """Its evidence is kept, as the rehearsal that it is, and so is that of the next one."""
    source = SHARED.format(scope="module") + dedent(
        """
        from unittest import mock

        @evidence("UC-001", item=1)
        def test_first(client): ask(client)

        @evidence("UC-001", item=1)
        def test_replacing(client):
            mock.patch("_socket.socket", None).start()

        def test_between():
            mock.patch.stopall()

        @evidence("UC-001", item=1)
        def test_last(client): ask(client)
        """
    )
    suite(project, server, source).run().assert_outcomes(passed=4)
    assert {
        piece.test_id.rpartition("::")[2]: (piece.result.value, piece.real) for piece in stored_evidence(project)
    } == {
        "test_first": ("PASSED", True),
        "test_replacing": ("PASSED", False),
        "test_last": ("PASSED", True),
    }
