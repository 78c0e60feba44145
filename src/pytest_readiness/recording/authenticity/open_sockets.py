"""What the system says of the sockets that this process has open, whoever made them.

Linux says it: where each leads to, and how many bytes have come. Elsewhere nothing is said, and nothing is found.
"""

from __future__ import annotations

import _socket
import sys
from _socket import IPPROTO_TCP as _TCP, SOCK_STREAM as _STREAM, socket as _Socket  # noqa: N812 - its own small name
from collections.abc import Callable, Iterator
from os import fstat as _fstat, listdir as _listdir
from stat import S_IFSOCK as _SOCKET
from typing import Any, NamedTuple, TypeVar

_INFO: int | None = getattr(_socket, "TCP_INFO", None)
_KIND = _STREAM | getattr(_socket, "SOCK_NONBLOCK", 0)
_DESCRIPTORS = "/proc/self/fd"
_INFO_SIZE, _BYTES_RECEIVED = 136, 128
"""Of Linux's ``struct tcp_info``: how much of it is needed, and where the bytes that were received are counted."""
_KINDS = 0o170000
"""The bits of a mode that say what a file is."""
_LISTENS = 10
_HEARS = frozenset({1, 4, 5})
"""States in which the other side has not hung up: established, and two in which only this side has."""
_MAPPED = "::ffff:"
_T = TypeVar("_T")


class SocketPeer(NamedTuple):
    """Where something went."""

    kind: str
    """``tcp``, ``udp``, ``unix`` or ``process``."""
    host: str
    """Address or name as it was given; a path; a program."""
    port: int | None = None


class OpenSocket(NamedTuple):
    """A socket of TCP that is open."""

    port: int
    """Its own."""
    peer: SocketPeer | None
    """None: it waits for others to connect."""


def list_sockets() -> Iterator[tuple[int, int]]:
    """Yield descriptor and inode of each socket of this process."""
    try:
        names = _listdir(_DESCRIPTORS)
    except OSError:
        return
    for name in names:
        try:
            status = _fstat(int(name))
        except (OSError, ValueError):  # the one by which the folder was read
            continue
        if status.st_mode & _KINDS == _SOCKET:
            yield int(name), status.st_ino


def bytes_received(descriptor: int, inode: int) -> int | None:
    """Return the bytes that a connection has received; None where it is closed, or the system does not say."""
    try:
        told = _through(descriptor, _info) if _fstat(descriptor).st_ino == inode else None
    except OSError:
        return None
    if told is None:
        return None
    count = int.from_bytes(told[_BYTES_RECEIVED:_INFO_SIZE], sys.byteorder)
    return count if told[0] in _HEARS else max(0, count - 1)  # that the other side hung up counts as a byte


def describe_socket(descriptor: int) -> OpenSocket | None:
    """Return what a descriptor is, where it is a socket of TCP that is connected or listens."""
    try:
        return _through(descriptor, _found)
    except (OSError, ValueError):
        return None


def _found(sock: Any) -> OpenSocket | None:
    told = _info(sock)
    if told is None:
        return None
    own = sock.getsockname()[1]
    if told[0] == _LISTENS:
        return OpenSocket(own, None)
    host, port = sock.getpeername()[:2]
    return OpenSocket(own, SocketPeer("tcp", host.removeprefix(_MAPPED) if "." in host else host, port))


def _info(sock: Any) -> bytes | None:
    told: bytes = sock.getsockopt(_TCP, _INFO, 256) if _INFO is not None else b""
    return told if len(told) >= _INFO_SIZE else None


def _through(descriptor: int, ask: Callable[[Any], _T]) -> _T:
    """Ask a socket that another owns; it is left as it is.

    A socket that is made of a descriptor would stop it from blocking where a default timeout is set; one that is said
    not to block leaves that alone.
    """
    sock = _Socket(-1, _KIND, 0, descriptor)
    try:
        return ask(sock)
    finally:
        sock.detach()
