"""Endpoints of an environment: the hosts and networks that the config names."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from functools import lru_cache
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:  # Loaded only if an endpoint is a network or an address.
    from ipaddress import IPv4Network, IPv6Network

# These are texts, compiled only if a config has an endpoint.
_ENDPOINT = (
    r"(?:\[(?P<bracketed>[0-9a-f:.%]+)\]|(?P<unbracketed>[0-9a-f]*:[0-9a-f]*:[0-9a-f:.]*)|(?P<host>[^\s/:\[\]@]+))"
    r"(?:/(?P<bits>\d{1,3}))?(?::(?P<port>\d{1,5}))?"
)
_HOST = r"(?!.*\.\.)[\w*](?:[\w.*-]*[\w*])?"
_DIGITS_AND_DOTS = r"[\d.]+"
_MAX_PORT = 65535
_EXAMPLES = "such as 'api.example.com:443', '*.example.com', '10.20.0.0/16' or '[2001:db8::]/32'"
_DEFAULT_PORTS = {"https": 443, "http": 80, "wss": 443, "ws": 80, "postgresql": 5432, "mysql": 3306, "redis": 6379}


class Endpoint(Struct, frozen=True):
    """A host pattern or a network, with an optional port."""

    text: str
    """The text of the config."""
    host: re.Pattern[str] | None
    """The pattern of its host names; None: it is a network."""
    network: IPv4Network | IPv6Network | None
    port: int | None
    """None: any port."""

    def matches(self, hosts: Collection[str], addresses: Collection[str], port: int | None) -> bool:
        """Return whether a server with these names and addresses belongs to the endpoint; None: its port is unknown."""
        if self.port is not None and port is not None and port != self.port:
            return False
        if self.host is not None:
            pattern = self.host
            return any(pattern.fullmatch(host_name(host)) for host in hosts)
        return any(self._contains(address) for address in addresses)

    def _contains(self, text: str) -> bool:
        from ipaddress import ip_address

        try:
            address = ip_address(text.partition("%")[0])
        except ValueError:
            return False
        mapped = getattr(address, "ipv4_mapped", None)
        return self.network is not None and (address in self.network or (mapped is not None and mapped in self.network))


def host_name(host: str) -> str:
    """Return a host name for comparison: in small letters, without a final dot, encoded as in the DNS."""
    name = host.rstrip(".").lower()
    if not name.isascii():
        try:
            name = name.encode("idna").decode()
        except UnicodeError:
            return name
    return name


@lru_cache(maxsize=1024)
def parse_endpoint(text: str) -> Endpoint:
    """Return the endpoint of a text: a host (``*`` stands for any letters and dots), or a network.

    Raises:
        ValueError: it is neither; the message says what it must be.
    """
    if "://" in text:
        raise ValueError(f"must be a host or a network and no URL, {_EXAMPLES}")
    match = re.fullmatch(_ENDPOINT, text, re.IGNORECASE)
    if match is None:
        raise ValueError(f"must be a host or a network, {_EXAMPLES}")
    port = int(match["port"]) if match["port"] else None
    if port is not None and not 0 < port <= _MAX_PORT:
        raise ValueError(f"must have a port between 1 and {_MAX_PORT}")
    address = match["bracketed"] or match["unbracketed"]
    if address or match["bits"] or re.fullmatch(_DIGITS_AND_DOTS, match["host"]):
        return Endpoint(text, None, _parse_network(address or match["host"], match["bits"]), port)
    host = host_name(match["host"])
    if not host.strip("*."):
        raise ValueError("must not match every host: leave endpoints out if any server will do")
    if not re.fullmatch(_HOST, host):
        raise ValueError(f"must be a host or a network, {_EXAMPLES}")
    return Endpoint(text, re.compile(re.escape(host).replace(r"\*", ".*")), None, port)


def _parse_network(address: str, bits: str | None) -> IPv4Network | IPv6Network:
    from ipaddress import ip_network

    text = f"{address}/{bits}" if bits else address
    try:
        network = ip_network(text, strict=False)
    except ValueError:
        raise ValueError(f"must be a host or a network, {_EXAMPLES}") from None
    if network.prefixlen == 0:
        raise ValueError("must not match every host: leave endpoints out if any server will do")
    if bits and str(network.network_address) != str(ip_network(address).network_address):
        raise ValueError(f"must begin where its network begins, which is {network}")
    return network


def matches_any(
    endpoints: Iterable[str], hosts: Collection[str], addresses: Collection[str], port: int | None = None
) -> bool:
    """Return whether a server with these names and addresses belongs to one of the endpoints, which must be valid."""
    return any(parse_endpoint(text).matches(hosts, addresses, port) for text in endpoints)


def single_host(text: str) -> str | None:
    """Return the host of an endpoint; None: it is a network, or has stars."""
    match = re.fullmatch(_ENDPOINT, text, re.IGNORECASE)
    host = match["host"] if match and not match["bits"] else None
    return host if host and "*" not in host and not re.fullmatch(_DIGITS_AND_DOTS, host) else None


def split_host_port(text: str) -> tuple[str, int | None]:
    """Return host and port of ``host:port`` or of a URL; a URL without a port has the default port of its scheme."""
    scheme, url_mark, rest = text.rpartition("://")
    authority = rest.partition("/")[0].partition("?")[0].partition("#")[0].rpartition("@")[2]
    host, colon, port = authority.rpartition(":")
    if not colon or not port.isdigit() or (host.count(":") and not host.startswith("[")):
        host, port = authority, ""
    default_port = _DEFAULT_PORTS.get(scheme.lower()) if url_mark else None
    return host.strip("[]"), int(port) if port else default_port
