"""Open sockets of this process, with their peers and received bytes, as Linux reports them.

Sockets of C libraries are included. On other systems there are none.
"""

from __future__ import annotations

import _socket
import sys
from _socket import IPPROTO_TCP as _TCP, SOCK_STREAM as _STREAM, socket as _Socket  # noqa: N812 - the C class
from collections.abc import Callable, Iterator
from os import fstat as _fstat, listdir as _listdir
from stat import S_IFSOCK as _SOCKET
from typing import Any, NamedTuple, TypeVar

_INFO: int | None = getattr(_socket, "TCP_INFO", None)
_KIND = _STREAM | getattr(_socket, "SOCK_NONBLOCK", 0)
_DESCRIPTORS = "/proc/self/fd"
_INFO_SIZE, _BYTES_RECEIVED = 136, 128
"""Linux's ``struct tcp_info``: needed length, and offset of the counter of received bytes."""
_KINDS = 0o170000
"""Bits of a mode that contain the file's type."""
_LISTENING = 10
_PEER_OPEN = frozenset({1, 4, 5})
"""TCP states in which the peer has not closed: established, and two in which only this side has closed."""
_IPV4_MAPPED = "::ffff:"
_T = TypeVar("_T")


class SocketPeer(NamedTuple):
    """Peer of a connection, or a started program."""

    kind: str
    """``tcp``, ``udp``, ``unix`` or ``process``."""
    host: str
    """Address or name as the caller gave it; a path; a program's name."""
    port: int | None = None


class OpenSocket(NamedTuple):
    """An open TCP socket."""

    port: int
    """Its own port."""
    peer: SocketPeer | None
    """None: it listens."""


def list_sockets() -> Iterator[tuple[int, int]]:
    """Yield descriptor and inode of each socket of this process."""
    try:
        names = _listdir(_DESCRIPTORS)
    except OSError:
        return
    for name in names:
        try:
            status = _fstat(int(name))
        except (OSError, ValueError):  # the descriptor of the listed folder itself
            continue
        if status.st_mode & _KINDS == _SOCKET:
            yield int(name), status.st_ino


def bytes_received(descriptor: int, inode: int) -> int | None:
    """Return the number of bytes that a connection has received; None if it is closed or the number is unknown."""
    try:
        info = _with_socket(descriptor, _tcp_info) if _fstat(descriptor).st_ino == inode else None
    except OSError:
        return None
    if info is None:
        return None
    count = int.from_bytes(info[_BYTES_RECEIVED:_INFO_SIZE], sys.byteorder)
    return count if info[0] in _PEER_OPEN else max(0, count - 1)  # the peer's close counts as a byte


def describe_socket(descriptor: int) -> OpenSocket | None:
    """Return a descriptor's socket if it is a TCP socket that is connected or listens; else None."""
    try:
        return _with_socket(descriptor, _describe)
    except (OSError, ValueError):
        return None


def _describe(sock: Any) -> OpenSocket | None:
    info = _tcp_info(sock)
    if info is None:
        return None
    own_port = sock.getsockname()[1]
    if info[0] == _LISTENING:
        return OpenSocket(own_port, None)
    host, port = sock.getpeername()[:2]
    return OpenSocket(own_port, SocketPeer("tcp", host.removeprefix(_IPV4_MAPPED) if "." in host else host, port))


def _tcp_info(sock: Any) -> bytes | None:
    info: bytes = sock.getsockopt(_TCP, _INFO, 256) if _INFO is not None else b""
    return info if len(info) >= _INFO_SIZE else None


def _with_socket(descriptor: int, function: Callable[[Any], _T]) -> _T:
    """Call a function with a temporary socket object of a descriptor, which stays open and unchanged.

    With a default timeout, a new socket object makes the descriptor non-blocking. One that is declared as
    non-blocking does not change it.
    """
    sock = _Socket(-1, _KIND, 0, descriptor)
    try:
        return function(sock)
    finally:
        sock.detach()
