"""What a test connects to while it runs: seen by an audit hook of the interpreter, which nothing in the test replaces.

The hook is added with the first evidence test and can never be removed; where no test is watched it returns at once.
It sees what Python's own sockets do: not what a C library does by itself, nor another process.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from os import fspath as _fspath, fstat as _fstat
from os.path import basename as _basename
from socket import SOCK_DGRAM
from typing import Any, NamedTuple

from ..settings.endpoint import is_among, split_place

_KEPT = "_pytest_readiness_witness"
"""Where the one witness of the process is kept, also where modules are loaded anew."""
MOST = 1000
"""Places of one test that are told apart."""
_MOST_NAMES = 10_000
_MOST_OPEN = 64
_LONGEST = 200
_RUN = frozenset({"subprocess.Popen", "os.posix_spawn", "os.exec", "os.system"})
_SOCKET = frozenset({"socket.connect", "socket.sendto", "socket.sendmsg"})
_TCP_INFO_SIZE, _BYTES_RECEIVED = 136, 128
"""Of Linux's ``struct tcp_info``: how much of it is needed, and where the bytes that were received are counted."""


class Place(NamedTuple):
    """Where something went."""

    kind: str
    """``tcp``, ``udp``, ``unix`` or ``process``."""
    host: str
    """Address or name as it was given; a path; a program."""
    port: int | None = None


class _Open(NamedTuple):
    """A connection that may still be open, known by its descriptor."""

    place: Place
    family: int
    inode: int


class Watch:
    """What one test did."""

    def __init__(self) -> None:
        self.places: dict[Place, bool] = {}
        """In the order of their first attempt, and whether the connection was made before the test began."""
        self.more = False
        """There were more places than are told apart."""
        self._received: dict[int, tuple[_Open, int]] = {}
        """Bytes that each open connection had received when the test began, by descriptor."""
        self._witness: _Witness | None = None
        """Who sees it, while somebody does."""

    def begin(self) -> None:
        """Watch from now on."""
        witness = self._witness = _witness()
        self._received = dict(witness.receiving()) if witness.open else {}
        if not witness.active:
            witness.active = (self,)
        elif self not in witness.active:
            witness.active = (*witness.active, self)

    def end(self) -> None:
        """Watch no longer; says what came over connections that were open before."""
        witness, self._witness = self._witness, None
        if witness is None:
            return
        witness.active = tuple([one for one in witness.active if one is not self])
        if self._received:
            for descriptor, (known, received) in witness.receiving():
                before = self._received.get(descriptor)
                if before is not None and before[0] is known and received > before[1]:
                    self.places.setdefault(known.place, True)

    def take(self, place: Place) -> None:
        """Keep one attempt."""
        if place not in self.places:
            if len(self.places) < MOST:
                self.places[place] = False
            else:
                self.more = True


class _Witness:
    """The one witness of this process."""

    def __init__(self) -> None:
        self.active: tuple[Watch, ...] = ()
        self.names: dict[str, dict[str, None]] = {}
        """Names that were resolved to an address, by address."""
        self.addresses: dict[str, dict[str, None]] = {}
        """The same, by name."""
        self.open: dict[int, _Open] = {}

    def hook(self) -> Callable[[str, tuple[Any, ...]], None]:
        """Return what takes in the interpreter's events.

        A plain function: the interpreter takes four times as long over a method, and each ``id()`` is an event.
        Whatever it raised would stop what the test does.
        """
        wanted = _SOCKET | _RUN

        def hook(event: str, given: tuple[Any, ...]) -> None:
            if event in wanted and self.active:
                with suppress(Exception):
                    place = self._placed(event, given)
                    if place is not None:
                        for watch in self.active:
                            watch.take(place)

        return hook

    def _placed(self, event: str, given: tuple[Any, ...]) -> Place | None:
        if event in _RUN:
            return Place("process", "sh" if event == "os.system" else _program(given[0]))
        sock, address = given[0], given[1]
        if not address:  # a message over a connection that was made before
            return None
        family = int(sock.family)
        if isinstance(address, tuple):
            kind = "udp" if _is_datagram(sock) else "tcp"
            place = Place(kind, _text(address[0]), int(address[1]))
            if kind == "tcp":
                self._remember(sock.fileno(), place, family)
            return place
        if isinstance(address, str | bytes):
            return Place("unix", _text(address).replace("\0", "@", 1))
        return None

    def _remember(self, descriptor: int, place: Place, family: int) -> None:
        if len(self.open) >= _MOST_OPEN:
            dict(self.receiving())  # forgets what was closed
        if len(self.open) < _MOST_OPEN:
            with suppress(OSError):  # a socket that is closed already: the attempt is kept all the same
                self.open[descriptor] = _Open(place, family, _fstat(descriptor).st_ino)

    def receiving(self) -> Iterator[tuple[int, tuple[_Open, int]]]:
        """Yield how much each connection that is still open has received; one that was closed is forgotten."""
        for descriptor, known in list(self.open.items()):
            received = _received(descriptor, known)
            if received is None:
                self.open.pop(descriptor, None)
            else:
                yield descriptor, (known, received)

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
        sys.addaudithook(found.hook())
    known: _Witness = found
    return known


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


def names_of(address: str) -> tuple[str, ...]:
    """Return the names that this process resolved to an address."""
    witness = getattr(sys, _KEPT, None)
    return tuple(witness.names.get(address, ())) if witness is not None else ()


def addresses_of(name: str) -> tuple[str, ...]:
    """Return the addresses that this process resolved a name to."""
    witness = getattr(sys, _KEPT, None)
    return tuple(witness.addresses.get(name, ())) if witness is not None else ()


def belongs(where: str, endpoints: Iterable[str]) -> bool:
    """Return whether ``host:port`` or a URL is among the endpoints, under any name or address known of it here."""
    host, port = split_place(where)
    return is_among(endpoints, (host, *names_of(host)), (host, *addresses_of(host)), port)


def _is_datagram(sock: Any) -> bool:
    return bool(sock.type == SOCK_DGRAM)


def _received(descriptor: int, known: _Open) -> int | None:
    """Return the bytes that a connection has received; None where it is closed, or the system does not say."""
    import _socket

    option = getattr(_socket, "TCP_INFO", None)
    try:
        if option is None or _fstat(descriptor).st_ino != known.inode:
            return None
        sock = _socket.socket(known.family, _socket.SOCK_STREAM, 0, descriptor)
        try:
            told = sock.getsockopt(_socket.IPPROTO_TCP, option, 256)
        finally:
            sock.detach()
    except OSError:
        return None
    if len(told) < _TCP_INFO_SIZE:
        return None
    return int.from_bytes(told[_BYTES_RECEIVED:_TCP_INFO_SIZE], sys.byteorder)


def _program(given: Any) -> str:
    """The program's name alone: its path may be anybody's, and arguments may hold secrets."""
    return _basename(_text(given))[:_LONGEST]  # a text, whatever it is


def _text(given: Any) -> str:
    if isinstance(given, bytes | bytearray):
        return bytes(given).decode("utf-8", "backslashreplace")
    return _fspath(given) if not isinstance(given, str) else given
