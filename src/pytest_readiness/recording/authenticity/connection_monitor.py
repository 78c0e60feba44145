"""Monitor of the connections that a test makes, and of environment variables that are set.

An audit hook of the interpreter reports both; a test cannot replace it. It is added in a session with evidence tests,
cannot be removed, and returns at once for other events. It sees the connections of Python's sockets; known clients of
C libraries report theirs. For a test that needs a connection, all open sockets of the process are inspected as well.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from functools import wraps
from os import fsdecode as _fsdecode, fspath as _fspath, fstat as _fstat
from os.path import basename as _basename
from socket import SOCK_DGRAM
from typing import Any, NamedTuple
from weakref import WeakSet

from ...redaction.redactor import Redactor
from ...redaction.secret_variables import is_secret_variable, secrets_of
from ...settings.endpoints import matches_any, split_host_port
from .open_sockets import SocketPeer, bytes_received, describe_socket, list_sockets

_SYS_ATTRIBUTE = "_pytest_readiness_connections"
"""Attribute of ``sys`` with the one monitor of the process: modules may be loaded again."""
MAX_PEERS = 1000
"""Maximum number of recorded peers of one test."""
_MAX_NAMES = 10_000
_MAX_OPEN = 1024
_MAX_PROGRAM_NAME = 200
_CONNECT = "socket.connect"
_RUN = frozenset({"subprocess.Popen", "os.posix_spawn", "os.exec", "os.system"})
_SOCKET = frozenset({_CONNECT, "socket.sendto", "socket.sendmsg"})
_SET_VARIABLE = "os.putenv"
_STARTS_OF_JSON = (b"{", b"[")
_ALWAYS = frozenset({_CONNECT, _SET_VARIABLE})
"""Events that are handled even if no test is watched: a test may use the connection or the secret later."""


class _OpenConnection(NamedTuple):
    """A connection that may still be open, stored by its descriptor."""

    peer: SocketPeer
    inode: int
    """Inode of its socket: another socket may get the same descriptor later."""


class ConnectionMonitor:
    """Connections of one test, over all its attempts."""

    overflowed = False
    """Whether there were more peers than the maximum."""
    needs_inspection = False
    """Whether connections must be inspected before the test ends: most tests use none that was open before."""
    _in_body = False
    _process: _ProcessMonitor | None = None
    """The monitor of the process, once a test was watched."""

    def __init__(self, *, inspects_all: bool = False) -> None:
        """``inspects_all``: inspect every open socket of the process."""
        self.peers: dict[SocketPeer, bool] = {}
        """Peers in the order of their first use, and whether the connection was open before the test."""
        self.current: set[SocketPeer] = set()
        """Peers of the running attempt."""
        self.inspects_all = inspects_all
        self._received: dict[int, tuple[_OpenConnection, int]] = {}
        """Bytes that each open connection had received when the attempt began, by descriptor."""

    def begin(self) -> None:
        """Start watching, also another attempt."""
        process = self._process
        if process is None:
            process = self._process = _process_monitor()
        if self.current:
            self.current = set()
        if self.inspects_all:
            process.find_connections()
        if process.open or self._received:
            self._received = dict(process.received_bytes())
        if self.inspects_all or self._received:
            self.needs_inspection = self._in_body = True
        if not process.active:
            process.active = (self,)
        elif self not in process.active:
            process.active = (*process.active, self)

    def inspect(self, *, in_body: bool) -> None:
        """Add the connections from before the test that received data; ``in_body``: the test is not over yet."""
        process, self._in_body = self._process, in_body
        if process is None:
            return
        if self.inspects_all:
            for peer in process.find_connections():
                self.add(peer)
        if self._received:
            for descriptor, (connection, received) in process.received_bytes():
                self._compare(descriptor, connection, received)

    def on_close(self, descriptor: int) -> None:
        """Add a connection that is about to be closed if it received data in the body of the test.

        In the teardown it does not count: there the last test's teardown closes connections that other tests share.
        """
        connection = self._process.open.get(descriptor) if self._in_body and self._process is not None else None
        if connection is not None and descriptor in self._received:
            received = bytes_received(descriptor, connection.inode)
            if received is not None:
                self._compare(descriptor, connection, received)

    def _compare(self, descriptor: int, connection: _OpenConnection, received: int) -> None:
        before = self._received.get(descriptor)
        if before is not None and before[0] is connection and received > before[1]:
            self.add(connection.peer, earlier=True)

    def end(self) -> None:
        """Inspect once more for the fixtures' teardown, and stop watching."""
        if self.needs_inspection:
            with suppress(Exception):  # an unseen connection does not count
                self.inspect(in_body=False)
        if (process := self._process) is not None:
            active = process.active
            process.active = () if active == (self,) else tuple([other for other in active if other is not self])

    def add(self, peer: SocketPeer, *, earlier: bool = False) -> None:
        """Record the peer of a connection, or of an attempt to connect."""
        if peer not in self.peers:
            if len(self.peers) >= MAX_PEERS:
                self.overflowed = True
                return
            self.peers[peer] = earlier
        self.current.add(peer)


class _ProcessMonitor:
    """The one monitor of this process."""

    def __init__(self) -> None:
        self.active: tuple[ConnectionMonitor, ...] = ()
        self.names: dict[str, dict[str, None]] = {}
        """Names that were resolved to an address, by address."""
        self.addresses: dict[str, dict[str, None]] = {}
        """Addresses to which a name was resolved, by name."""
        self.open: dict[int, _OpenConnection] = {}
        self.ports: set[int] = set()
        """Ports on which this process listens: connections with such an own port come from others."""
        self.looked_up: set[str] = set()
        """Names that ``resolve_host`` has looked up."""
        self._harmless_variables: set[bytes] = set()
        """Variables whose values are secret only if they look so."""
        self.redactors: WeakSet[Redactor] = WeakSet()
        """Redactors that get the secret variables that are set from now on."""

    def hook(self) -> Callable[[str, tuple[Any, ...]], None]:
        """Return the audit hook of the interpreter.

        It is a plain function: a method takes the interpreter four times as long, and each ``id()`` is an event.
        An exception out of it would stop the test's call.
        """
        wanted, harmless = _SOCKET | _RUN | _ALWAYS, self._harmless_variables

        def hook(event: str, args: tuple[Any, ...]) -> None:
            if event in wanted and (self.active or event in _ALWAYS):
                # Pytest sets PYTEST_CURRENT_TEST for each phase of each test. The operator ``in`` takes twice as long
                # for two texts of bytes: it first tries a number, and drops the error with its message.
                if (
                    event == _SET_VARIABLE
                    and args[0] in harmless
                    and args[1].find(b"://") < 0
                    and args[1][:1] not in _STARTS_OF_JSON
                ):
                    return
                with suppress(Exception):
                    if event == _SET_VARIABLE:
                        self.on_set_variable(*args)
                        return
                    peer = self._peer_of(event, args)
                    if peer is not None:
                        for monitor in self.active:
                            monitor.add(peer)

        return hook

    def _peer_of(self, event: str, args: tuple[Any, ...]) -> SocketPeer | None:
        if event in _RUN:
            return SocketPeer("process", "sh" if event == "os.system" else _program(args[0]))
        sock, address = args[0], args[1]
        if not address:  # a message over an existing connection
            return None
        if isinstance(address, tuple):
            kind = "udp" if _is_datagram(sock) else "tcp"
            peer = SocketPeer(kind, _text(address[0]), int(address[1]))
            if kind == "tcp":
                self.add_open(sock.fileno(), peer)
            return peer
        if isinstance(address, str | bytes):
            return SocketPeer("unix", _text(address).replace("\0", "@", 1))
        return None

    def on_set_variable(self, name: str | bytes, value: str | bytes) -> None:
        """Give the secrets of an environment variable that is set to the redactors of all sessions."""
        for secret in secrets_of({_fsdecode(name): _fsdecode(value)}):
            for redactor in self.redactors:
                redactor.learn_variable(secret)
        names = self._harmless_variables
        if isinstance(name, bytes) and len(names) < _MAX_NAMES and not is_secret_variable(_fsdecode(name)):
            names.add(name)

    def on_connect(self, descriptor: int) -> SocketPeer | None:
        """Add the connection of a C library's client, and return its peer."""
        connection = self.open.get(descriptor)
        if connection is not None and bytes_received(descriptor, connection.inode) is not None:
            return connection.peer
        socket = describe_socket(descriptor)
        if socket is None or socket.peer is None:
            return None
        self.add_open(descriptor, socket.peer)
        for monitor in self.active:
            monitor.add(socket.peer)
        return socket.peer

    def add_open(self, descriptor: int, peer: SocketPeer) -> bool:
        """Store an open connection; return False if there are too many."""
        if len(self.open) >= _MAX_OPEN:
            dict(self.received_bytes())  # removes closed ones
        if len(self.open) >= _MAX_OPEN:
            return False
        with suppress(OSError):  # the socket is closed already
            self.open[descriptor] = _OpenConnection(peer, _fstat(descriptor).st_ino)
        return True

    def find_connections(self) -> list[SocketPeer]:
        """Store each connection of this process that is not known yet, and return the peers of these.

        Connections that others made to a port of this process are skipped. A known socket with another descriptor is
        not new.
        """
        peers = {connection.inode: connection.peer for connection in self.open.values()}
        new = []
        for descriptor, inode in list_sockets():
            if inode in peers:
                if descriptor not in self.open or self.open[descriptor].inode != inode:
                    self.add_open(descriptor, peers[inode])
            elif (socket := describe_socket(descriptor)) is not None:
                if socket.peer is None:
                    self.ports.add(socket.port)
                else:
                    new.append((descriptor, socket.port, socket.peer))
        outgoing = [(descriptor, peer) for descriptor, port, peer in new if port not in self.ports]
        return [peer for descriptor, peer in outgoing if self.add_open(descriptor, peer)]

    def received_bytes(self) -> Iterator[tuple[int, tuple[_OpenConnection, int]]]:
        """Yield descriptor, connection and received bytes of each open connection; remove closed ones."""
        for descriptor, connection in list(self.open.items()):
            received = bytes_received(descriptor, connection.inode)
            if received is None:
                self.open.pop(descriptor, None)
            else:
                yield descriptor, (connection, received)

    def on_close(self, descriptor: int) -> None:
        """Handle a Python socket that is about to be closed."""
        if any(monitor.inspects_all for monitor in self.active):
            socket = describe_socket(descriptor)
            if socket is not None and socket.peer is None:
                self.ports.add(socket.port)
        for monitor in self.active:
            monitor.on_close(descriptor)

    def on_resolve(self, host: object, results: Any) -> None:
        """Store the addresses to which a name was resolved; ``results``: as ``getaddrinfo`` returns them."""
        if not isinstance(host, str | bytes) or not host:
            return
        name = _text(host)
        if len(self.names) > _MAX_NAMES:
            self.names.clear()
            self.addresses.clear()
        for _, _, _, _, address in results:
            if address[0] != name:
                self.names.setdefault(address[0], {})[name] = None
                self.addresses.setdefault(name, {})[address[0]] = None


def _process_monitor() -> _ProcessMonitor:
    """Return the monitor of this process; the first call adds the audit hook."""
    monitor: _ProcessMonitor | None = getattr(sys, _SYS_ATTRIBUTE, None)
    if monitor is None:
        monitor = _ProcessMonitor()
        setattr(sys, _SYS_ATTRIBUTE, monitor)
        _watch_names(monitor)
        _watch_closes(monitor)
        sys.addaudithook(monitor.hook())
    return monitor


def prepare() -> None:
    """Start monitoring the process: a test may use connections from before it."""
    with suppress(Exception):
        _process_monitor()


def watch_variables(redactor: Redactor) -> None:
    """Register a redactor for the secret variables that fixtures and tests set from now on."""
    with suppress(Exception):
        _process_monitor().redactors.add(redactor)


def record_connection(descriptor: int, name: str = "") -> None:
    """Record a connection of a C library, and the host name that it was made to."""
    monitor = _process_monitor()
    peer = monitor.on_connect(descriptor)
    if peer is not None and name:
        monitor.on_resolve(name, [(None, None, None, None, (peer.host, peer.port))])


def _watch_names(monitor: _ProcessMonitor) -> None:
    """Wrap the C function that resolves names, below the one that tests replace and tools compare."""
    import _socket

    resolve = getattr(_socket, "getaddrinfo", None)
    if resolve is None:
        return

    def getaddrinfo(host: Any, *args: Any, **kwargs: Any) -> Any:
        results = resolve(host, *args, **kwargs)
        with suppress(Exception):
            monitor.on_resolve(host, results)
        return results

    _socket.getaddrinfo = getaddrinfo


def _watch_closes(monitor: _ProcessMonitor) -> None:
    """Wrap the closing of sockets: the bytes that a closed one received cannot be read later."""
    import socket

    original = vars(socket.socket).get("_real_close")
    if original is None:
        return

    @wraps(original)
    def _real_close(self: Any, *args: Any) -> None:
        if monitor.active:
            with suppress(Exception):
                monitor.on_close(self.fileno())
        original(self, *args)

    setattr(socket.socket, original.__name__, _real_close)


def resolve_host(name: str) -> None:
    """Look up a name's addresses, once in the life of the process: a connection may be to one of them."""
    monitor = _process_monitor()
    if name in monitor.addresses or name in monitor.looked_up:
        return
    monitor.looked_up.add(name)
    import _socket

    with suppress(OSError, UnicodeError):
        _socket.getaddrinfo(name, None, type=_socket.SOCK_STREAM)  # wrapped by _watch_names


def names_of(address: str) -> tuple[str, ...]:
    """Return the names that this process resolved to an address."""
    monitor = getattr(sys, _SYS_ATTRIBUTE, None)
    return tuple(monitor.names.get(address, ())) if monitor is not None else ()


def addresses_of(name: str) -> tuple[str, ...]:
    """Return the addresses that this process resolved a name to."""
    monitor = getattr(sys, _SYS_ATTRIBUTE, None)
    return tuple(monitor.addresses.get(name, ())) if monitor is not None else ()


def is_endpoint(address: str, endpoints: Iterable[str]) -> bool:
    """Return whether ``host:port`` or a URL is among the endpoints, with any name or address that was resolved."""
    host, port = split_host_port(address)
    return matches_any(endpoints, (host, *names_of(host)), (host, *addresses_of(host)), port)


def _is_datagram(sock: Any) -> bool:
    return bool(sock.type == SOCK_DGRAM)


def _program(command: Any) -> str:
    """Return the program's name only: its path may name a person, and arguments may contain secrets."""
    return _basename(_text(command))[:_MAX_PROGRAM_NAME]


def _text(value: Any) -> str:
    if isinstance(value, bytes | bytearray):
        return bytes(value).decode("utf-8", "backslashreplace")
    return _fspath(value) if not isinstance(value, str) else value
