"""Endpoints of an environment: hosts and networks, as the config names them."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from functools import lru_cache
from typing import TYPE_CHECKING

from ..fast_values import dataclass

if TYPE_CHECKING:  # loaded where an endpoint is a network or an address
    from ipaddress import IPv4Network, IPv6Network

# Texts, which are compiled where a config has an endpoint.
_FORM = (
    r"(?:\[(?P<inner>[0-9a-f:.%]+)\]|(?P<bare>[0-9a-f]*:[0-9a-f]*:[0-9a-f:.]*)|(?P<host>[^\s/:\[\]@]+))"
    r"(?:/(?P<bits>\d{1,3}))?(?::(?P<port>\d{1,5}))?"
)
_HOST = r"(?!.*\.\.)[\w*](?:[\w.*-]*[\w*])?"
_NUMBERS = r"[\d.]+"
_LAST_PORT = 65535
_FORMS = "such as 'api.example.com:443', '*.example.com', '10.20.0.0/16' or '[2001:db8::]/32'"
_USUAL_PORTS = {"https": 443, "http": 80, "wss": 443, "ws": 80, "postgresql": 5432, "mysql": 3306, "redis": 6379}


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One of the places that belong to an environment."""

    text: str
    """As the config says it."""
    host: re.Pattern[str] | None
    """What its names look like; None: it is a network."""
    network: IPv4Network | IPv6Network | None
    port: int | None
    """None: any."""

    def holds(self, hosts: Collection[str], addresses: Collection[str], port: int | None) -> bool:
        """Return whether a place with these names and addresses is this one; a port of None is not known."""
        if self.port is not None and port is not None and port != self.port:
            return False
        if self.host is not None:
            pattern = self.host
            return any(pattern.fullmatch(host_name(host)) for host in hosts)
        return any(self._holds_address(address) for address in addresses)

    def _holds_address(self, address: str) -> bool:
        from ipaddress import ip_address

        try:
            known = ip_address(address.partition("%")[0])
        except ValueError:
            return False
        mapped = getattr(known, "ipv4_mapped", None)
        return self.network is not None and (known in self.network or (mapped is not None and mapped in self.network))


def host_name(host: str) -> str:
    """Return a host's name as it is compared: in small letters, without a dot at its end, as the DNS spells it."""
    name = host.rstrip(".").lower()
    if not name.isascii():
        try:
            name = name.encode("idna").decode()
        except UnicodeError:
            return name
    return name


@lru_cache(maxsize=1024)
def parse_endpoint(text: str) -> Endpoint:
    """Return the endpoint that a text names: a host (``*`` stands for any letters and dots), or a network.

    Raises:
        ValueError: it names none; the message says what it must be.
    """
    if "://" in text:
        raise ValueError(f"must be a host or a network and no URL, {_FORMS}")
    match = re.fullmatch(_FORM, text, re.IGNORECASE)
    if match is None:
        raise ValueError(f"must be a host or a network, {_FORMS}")
    port = int(match["port"]) if match["port"] else None
    if port is not None and not 0 < port <= _LAST_PORT:
        raise ValueError(f"must have a port between 1 and {_LAST_PORT}")
    address = match["inner"] or match["bare"]
    if address or match["bits"] or re.fullmatch(_NUMBERS, match["host"]):
        return Endpoint(text, None, _network(address or match["host"], match["bits"]), port)
    host = host_name(match["host"])
    if not host.strip("*."):
        raise ValueError("must name something: leave endpoints out where any place will do")
    if not re.fullmatch(_HOST, host):
        raise ValueError(f"must be a host or a network, {_FORMS}")
    return Endpoint(text, re.compile(re.escape(host).replace(r"\*", ".*")), None, port)


def _network(address: str, bits: str | None) -> IPv4Network | IPv6Network:
    from ipaddress import ip_network

    whole = f"{address}/{bits}" if bits else address
    try:
        network = ip_network(whole, strict=False)
    except ValueError:
        raise ValueError(f"must be a host or a network, {_FORMS}") from None
    if network.prefixlen == 0:
        raise ValueError("must name something: leave endpoints out where any place will do")
    if bits and str(network.network_address) != str(ip_network(address).network_address):
        raise ValueError(f"must begin where its network begins, which is {network}")
    return network


def matches_any(
    endpoints: Iterable[str], hosts: Collection[str], addresses: Collection[str], port: int | None = None
) -> bool:
    """Return whether a place with these names and addresses is one of the endpoints, which have been judged before."""
    return any(parse_endpoint(text).holds(hosts, addresses, port) for text in endpoints)


def single_host(text: str) -> str | None:
    """Return the one host that an endpoint names; None where it is a network, or has stars."""
    match = re.fullmatch(_FORM, text, re.IGNORECASE)
    host = match["host"] if match and not match["bits"] else None
    return host if host and "*" not in host and not re.fullmatch(_NUMBERS, host) else None


def split_host_port(text: str) -> tuple[str, int | None]:
    """Return host and port of ``host:port`` or of a URL; a URL that names no port has the usual one of its scheme."""
    scheme, url, rest = text.rpartition("://")
    where = rest.partition("/")[0].partition("?")[0].partition("#")[0].rpartition("@")[2]
    host, colon, port = where.rpartition(":")
    if not colon or not port.isdigit() or (host.count(":") and not host.startswith("[")):
        host, port = where, ""
    usual = _USUAL_PORTS.get(scheme.lower()) if url else None
    return host.strip("[]"), int(port) if port else usual
