"""What a test connects to while it runs, and which variables are set.

Both are seen by an audit hook of the interpreter, which nothing in the test replaces. It is added where a session has
evidence tests and can never be removed; where nothing happens of what it is for it returns at once. It sees what
Python's own sockets do, and what clients of a C library say of themselves. For a test that is asked for a connection
the open sockets of the process are looked at as well, whoever made them.
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
from .open_sockets import SocketPeer, bytes_received as _received, describe_socket as _found, list_sockets as _opened

_KEPT = "_pytest_readiness_witness"
"""Where the one witness of the process is kept, also where modules are loaded anew."""
MOST = 1000
"""Places of one test that are told apart."""
_MOST_NAMES = 10_000
_MOST_OPEN = 1024
_LONGEST = 200
_CONNECT = "socket.connect"
_RUN = frozenset({"subprocess.Popen", "os.posix_spawn", "os.exec", "os.system"})
_SOCKET = frozenset({_CONNECT, "socket.sendto", "socket.sendmsg"})
_SETS = "os.putenv"
_WHENEVER = frozenset({_CONNECT, _SETS})
"""What is taken in also where no test is watched: what is open, or known, later is to be known then."""


class _Open(NamedTuple):
    """A connection that may still be open, known by its descriptor."""

    place: SocketPeer
    inode: int
    """Another socket that has the descriptor later has another."""


class ConnectionMonitor:
    """What one test did, over all its attempts."""

    more = False
    """There were more places than are told apart."""
    looks = False
    """Whether there is anything to look at before the test ends: most tests use nothing that was open before."""
    _in_body = False
    _witness: _Witness | None = None
    """Who sees it, while somebody does."""

    def __init__(self, *, looks_around: bool = False) -> None:
        """``looks_around``: it looks at every open socket of the process."""
        self.places: dict[SocketPeer, bool] = {}
        """In the order of their first attempt, and whether the connection was made before the test began."""
        self.now: set[SocketPeer] = set()
        """Those of the attempt that runs."""
        self.looks_around = looks_around
        self._received: dict[int, tuple[_Open, int]] = {}
        """Bytes that each open connection had received when the attempt began, by descriptor."""

    def begin(self) -> None:
        """Watch from now on, another attempt if there was one."""
        witness = self._witness = _witness()
        if self.now:
            self.now = set()
        if self.looks_around:
            witness.look_around()
        if witness.open or self._received:
            self._received = dict(witness.receiving())
        if self.looks_around or self._received:
            self.looks = self._in_body = True
        if not witness.active:
            witness.active = (self,)
        elif self not in witness.active:
            witness.active = (*witness.active, self)

    def look(self, *, in_body: bool) -> None:
        """See what came over connections that were open before; ``in_body``: the test goes on after it."""
        witness, self._in_body = self._witness, in_body
        if witness is None:
            return
        if self.looks_around:
            for place in witness.look_around():
                self.take(place)
        if self._received:
            for descriptor, (known, received) in witness.receiving():
                self._compare(descriptor, known, received)

    def closes(self, descriptor: int) -> None:
        """A connection is closed: what came over it in the body of the test cannot be asked later.

        Not in the teardown: there a fixture that other tests share says farewell, with whichever test is the last.
        """
        known = self._witness.open.get(descriptor) if self._in_body and self._witness is not None else None
        if known is not None and descriptor in self._received:
            received = _received(descriptor, known.inode)
            if received is not None:
                self._compare(descriptor, known, received)

    def _compare(self, descriptor: int, known: _Open, received: int) -> None:
        before = self._received.get(descriptor)
        if before is not None and before[0] is known and received > before[1]:
            self.take(known.place, earlier=True)

    def end(self) -> None:
        """Watch no longer; says also what came while fixtures were torn down."""
        if self.looks:
            with suppress(Exception):  # what was not seen does not count
                self.look(in_body=False)
        witness, self._witness = self._witness, None
        if witness is not None:
            witness.active = tuple([one for one in witness.active if one is not self])

    def take(self, place: SocketPeer, *, earlier: bool = False) -> None:
        """Keep a connection, or the attempt to make one."""
        if place not in self.places:
            if len(self.places) >= MOST:
                self.more = True
                return
            self.places[place] = earlier
        self.now.add(place)


class _Witness:
    """The one witness of this process."""

    def __init__(self) -> None:
        self.active: tuple[ConnectionMonitor, ...] = ()
        self.names: dict[str, dict[str, None]] = {}
        """Names that were resolved to an address, by address."""
        self.addresses: dict[str, dict[str, None]] = {}
        """The same, by name."""
        self.open: dict[int, _Open] = {}
        self.ports: set[int] = set()
        """Where this process was seen to listen: what has such a port of its own was made by the other side."""
        self.asked: set[str] = set()
        """Names that were looked up for their own sake."""
        self._plain_names: set[bytes] = set()
        """Variables whose values are secret only if they look so."""
        self.redactors: WeakSet[Redactor] = WeakSet()
        """Who must know the variables that are set from now on."""

    def hook(self) -> Callable[[str, tuple[Any, ...]], None]:
        """Return what takes in the interpreter's events.

        A plain function: the interpreter takes four times as long over a method, and each ``id()`` is an event.
        Whatever it raised would stop what the test does.
        """
        wanted, plain = _SOCKET | _RUN | _WHENEVER, self._plain_names

        def hook(event: str, given: tuple[Any, ...]) -> None:
            if event in wanted and (self.active or event in _WHENEVER):
                if event == _SETS and given[0] in plain and b"://" not in given[1] and given[1][:1] not in b"{[":
                    return  # pytest sets PYTEST_CURRENT_TEST for each phase of each test
                with suppress(Exception):
                    if event == _SETS:
                        self.sets(*given)
                        return
                    place = self._placed(event, given)
                    if place is not None:
                        for watch in self.active:
                            watch.take(place)

        return hook

    def _placed(self, event: str, given: tuple[Any, ...]) -> SocketPeer | None:
        if event in _RUN:
            return SocketPeer("process", "sh" if event == "os.system" else _program(given[0]))
        sock, address = given[0], given[1]
        if not address:  # a message over a connection that was made before
            return None
        if isinstance(address, tuple):
            kind = "udp" if _is_datagram(sock) else "tcp"
            place = SocketPeer(kind, _text(address[0]), int(address[1]))
            if kind == "tcp":
                self.remember(sock.fileno(), place)
            return place
        if isinstance(address, str | bytes):
            return SocketPeer("unix", _text(address).replace("\0", "@", 1))
        return None

    def sets(self, name: str | bytes, value: str | bytes) -> None:
        """A variable of the environment is set; it is looked at once, also where a process holds many sessions."""
        for secret in secrets_of({_fsdecode(name): _fsdecode(value)}):
            for redactor in self.redactors:
                redactor.learn_variable(secret)
        if isinstance(name, bytes) and len(self._plain_names) < _MOST_NAMES and not is_secret_variable(_fsdecode(name)):
            self._plain_names.add(name)

    def connected(self, descriptor: int) -> SocketPeer | None:
        """A client that Python does not see has connected; return where to."""
        known = self.open.get(descriptor)
        if known is not None and _received(descriptor, known.inode) is not None:
            return known.place
        socket = _found(descriptor)
        if socket is None or socket.peer is None:
            return None
        self.remember(descriptor, socket.peer)
        for watch in self.active:
            watch.take(socket.peer)
        return socket.peer

    def remember(self, descriptor: int, place: SocketPeer) -> bool:
        """Keep in mind a connection that is made; return whether there was room for it."""
        if len(self.open) >= _MOST_OPEN:
            dict(self.receiving())  # forgets what was closed
        if len(self.open) >= _MOST_OPEN:
            return False
        with suppress(OSError):  # a socket that is closed already: the attempt is kept all the same
            self.open[descriptor] = _Open(place, _fstat(descriptor).st_ino)
        return True

    def look_around(self) -> list[SocketPeer]:
        """Take in each connection of this process that is not known yet; return where they lead to.

        One that another side made to a place where this process listens is none of ours. What is known under another
        descriptor is not new.
        """
        known = {one.inode: one.place for one in self.open.values()}
        new = []
        for descriptor, inode in _opened():
            if inode in known:
                if descriptor not in self.open or self.open[descriptor].inode != inode:
                    self.remember(descriptor, known[inode])
            elif (socket := _found(descriptor)) is not None:
                if socket.peer is None:
                    self.ports.add(socket.port)
                else:
                    new.append((descriptor, socket.port, socket.peer))
        ours = [(descriptor, peer) for descriptor, port, peer in new if port not in self.ports]
        return [peer for descriptor, peer in ours if self.remember(descriptor, peer)]

    def receiving(self) -> Iterator[tuple[int, tuple[_Open, int]]]:
        """Yield how much each connection that is still open has received; one that was closed is forgotten."""
        for descriptor, known in list(self.open.items()):
            received = _received(descriptor, known.inode)
            if received is None:
                self.open.pop(descriptor, None)
            else:
                yield descriptor, (known, received)

    def closes(self, descriptor: int) -> None:
        """A socket of Python's is about to be closed."""
        if any(watch.looks_around for watch in self.active):
            socket = _found(descriptor)
            if socket is not None and socket.peer is None:
                self.ports.add(socket.port)
        for watch in self.active:
            watch.closes(descriptor)

    def resolved(self, host: object, found: Any) -> None:
        """Remember what a name was resolved to."""
        if not isinstance(host, str | bytes) or not host:
            return
        name = _text(host)
        if len(self.names) > _MOST_NAMES:
            self.names.clear()
            self.addresses.clear()
        for _, _, _, _, address in found:
            if address[0] != name:
                self.names.setdefault(address[0], {})[name] = None
                self.addresses.setdefault(name, {})[address[0]] = None


def _witness() -> _Witness:
    """Return the witness of this process; the first call adds the hook."""
    found = getattr(sys, _KEPT, None)
    if found is None:
        found = _Witness()
        setattr(sys, _KEPT, found)
        _see_names(found)
        _see_closes(found)
        sys.addaudithook(found.hook())
    known: _Witness = found
    return known


def prepare() -> None:
    """See from now on what is connected to: a test may use what was connected before it."""
    with suppress(Exception):
        _witness()


def see_variables(redactor: Redactor) -> None:
    """Let a redactor know from now on which variables are set: by a fixture, or by a test."""
    with suppress(Exception):
        _witness().redactors.add(redactor)


def record_connection(descriptor: int, name: str = "") -> None:
    """Take in a connection that a C library made, and the name that it was made by."""
    witness = _witness()
    place = witness.connected(descriptor)
    if place is not None and name:
        witness.resolved(name, [(None, None, None, None, (place.host, place.port))])


def _see_names(witness: _Witness) -> None:
    """See what names are resolved to, below the function that tests replace and tools compare."""
    import _socket

    resolve = getattr(_socket, "getaddrinfo", None)
    if resolve is None:
        return

    def getaddrinfo(host: Any, *given: Any, **named: Any) -> Any:
        found = resolve(host, *given, **named)
        with suppress(Exception):
            witness.resolved(host, found)
        return found

    _socket.getaddrinfo = getaddrinfo


def _see_closes(witness: _Witness) -> None:
    """See which sockets are closed: what came over one is not to be asked later."""
    import socket

    real = vars(socket.socket).get("_real_close")
    if real is None:
        return

    @wraps(real)
    def _real_close(self: Any, *given: Any) -> None:
        if witness.active:
            with suppress(Exception):
                witness.closes(self.fileno())
        real(self, *given)

    setattr(socket.socket, real.__name__, _real_close)


def resolve_host(name: str) -> None:
    """Look up a name's addresses, once in the life of the process: a connection may be to one of them."""
    witness = _witness()
    if name in witness.addresses or name in witness.asked:
        return
    witness.asked.add(name)
    import _socket

    with suppress(OSError, UnicodeError):
        _socket.getaddrinfo(name, None, type=_socket.SOCK_STREAM)  # as it is wrapped: it tells


def names_of(address: str) -> tuple[str, ...]:
    """Return the names that this process resolved to an address."""
    witness = getattr(sys, _KEPT, None)
    return tuple(witness.names.get(address, ())) if witness is not None else ()


def addresses_of(name: str) -> tuple[str, ...]:
    """Return the addresses that this process resolved a name to."""
    witness = getattr(sys, _KEPT, None)
    return tuple(witness.addresses.get(name, ())) if witness is not None else ()


def is_endpoint(where: str, endpoints: Iterable[str]) -> bool:
    """Return whether ``host:port`` or a URL is among the endpoints, under any name or address known of it here."""
    host, port = split_host_port(where)
    return matches_any(endpoints, (host, *names_of(host)), (host, *addresses_of(host)), port)


def _is_datagram(sock: Any) -> bool:
    return bool(sock.type == SOCK_DGRAM)


def _program(given: Any) -> str:
    """The program's name alone: its path may be anybody's, and arguments may hold secrets."""
    return _basename(_text(given))[:_LONGEST]  # a text, whatever it is


def _text(given: Any) -> str:
    if isinstance(given, bytes | bytearray):
        return bytes(given).decode("utf-8", "backslashreplace")
    return _fspath(given) if not isinstance(given, str) else given
