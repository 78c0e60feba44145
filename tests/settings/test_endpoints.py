"""Parsing of endpoints, and the hosts and addresses that match them."""

from __future__ import annotations

import ipaddress
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from pytest_readiness.settings import load_settings
from pytest_readiness.settings.endpoints import matches_any, parse_endpoint, split_host_port

LABELS = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,8}[a-z0-9])?", fullmatch=True).filter(lambda text: not text.isdigit())
HOSTS = st.lists(LABELS, min_size=2, max_size=4).map(".".join)
PORTS = st.integers(1, 65535)


@pytest.mark.parametrize(
    ("endpoint", "host", "address", "port"),
    [
        ("*.staging.example.com:443", "api.staging.example.com", "10.0.0.7", 443),
        ("*.staging.example.com", "a.b.Staging.Example.COM.", "10.0.0.7", 22),
        ("db-*.example.com", "db-7.example.com", "10.0.0.7", 5432),
        ("bücher.example", "xn--bcher-kva.example", "10.0.0.7", 443),
        ("10.20.0.0/16", "", "10.20.255.1", 5432),
        ("10.20.0.0/16:5432", "", "10.20.255.1", 5432),
        ("10.20.0.0/16", "", "::ffff:10.20.0.1", 5432),
        ("[2001:db8::]/32", "", "2001:db8::7%eth0", 443),
        ("2001:db8::/32", "", "2001:db8::7", 443),
        ("[2001:db8::7]:443", "", "2001:db8::7", 443),
        ("127.0.0.1:8080", "", "127.0.0.1", 8080),
    ],
)
def test_a_place_that_is_the_endpoint(endpoint: str, host: str, address: str, port: int) -> None:
    """Names match as in the DNS, addresses by their network, and ports if the endpoint has one."""
    assert matches_any([endpoint], [host] if host else [], [address], port)


@pytest.mark.parametrize(
    ("endpoint", "host", "address", "port"),
    [
        ("*.staging.example.com:443", "api.staging.example.com", "10.0.0.7", 80),
        ("*.staging.example.com", "staging.example.com", "10.0.0.7", 443),
        ("*.staging.example.com", "api.staging.example.com.evil.org", "10.0.0.7", 443),
        ("staging.example.com", "stagingxexample.com", "10.0.0.7", 443),
        ("10.20.0.0/16", "10.20.0.1.example.com", "10.21.0.1", 443),
        ("10.20.0.0/16", "", "not an address", 443),
        ("10.20.0.0/16", "", "2001:db8::1", 443),
        ("[2001:db8::]/32", "", "10.20.0.1", 443),
    ],
)
def test_a_place_that_is_not(endpoint: str, host: str, address: str, port: int) -> None:
    """Another port, a longer name and a similar network do not match."""
    assert not matches_any([endpoint], [host] if host else [], [address], port)


@given(HOSTS, PORTS)
def test_a_host_is_itself_and_what_a_star_stands_for(host: str, port: int) -> None:
    """A host matches itself under any port, with its port under that alone, and behind a star for its first label."""
    assert matches_any([host], [host], [], port)
    assert matches_any([f"{host}:{port}"], [host], [], port)
    assert not matches_any([f"{host}:{port}"], [host], [], port % 65535 + 1)
    assert matches_any([f"*.{host.partition('.')[2]}"], [host], [], port)
    assert split_host_port(f"{host}:{port}") == (host, port)


@given(st.ip_addresses(), st.integers(1, 32), PORTS)
def test_an_address_is_in_its_network(address: ipaddress.IPv4Address, bits: int, port: int) -> None:
    """Each network matches its own addresses, written with brackets and without."""
    network = ipaddress.ip_network(f"{address}/{bits}", strict=False)
    assert matches_any([str(network)], [], [str(address)], port)
    written = f"[{network.network_address}]/{bits}" if address.version == 6 else str(network)
    assert matches_any([f"{written}:{port}"], [], [str(address)], port)


@given(st.text())
def test_any_text_is_an_endpoint_or_told_why_not(text: str) -> None:
    """Any text is an endpoint or a ValueError."""
    message = "must "
    try:
        parse_endpoint(text)
    except ValueError as error:
        message = str(error)
    assert message.startswith("must ")


@given(st.text())
def test_any_text_can_be_split(text: str) -> None:
    """Any text is split into host and port without an error."""
    host, port = split_host_port(text)
    assert isinstance(host, str)
    assert port is None or port >= 0


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("https://api.example.com/v1", ("api.example.com", 443)),
        ("https://u:p@api.example.com:8443/a:b@c", ("api.example.com", 8443)),
        ("postgresql://u:p@db.example.com/x", ("db.example.com", 5432)),
        ("amqp://mq.example.com", ("mq.example.com", None)),
        ("http://[::1]/", ("::1", 80)),
        ("[::1]:80", ("::1", 80)),
    ],
)
def test_a_url_is_split_into_host_and_port(text: str, place: tuple[str, int | None]) -> None:
    """A URL without a port has the default port of its scheme, if there is one."""
    assert split_host_port(text) == place


@pytest.mark.parametrize(
    ("endpoint", "message"),
    [
        ("https://api.example.com", "must be a host or a network and no URL, such as 'api.example.com:443'"),
        ("*", "must not match every host: leave endpoints out if any server will do"),
        ("0.0.0.0/0", "must not match every host: leave endpoints out if any server will do"),
        ("10.20.1.0/16", "must begin where its network begins, which is 10.20.0.0/16, not '10.20.1.0/16'"),
        ("api.example.com:0", "must have a port between 1 and 65535"),
        ("api example.com", "must be a host or a network"),
        ("10.20.0.300", "must be a host or a network"),
        ("", "must not be empty"),
    ],
)
def test_a_wrong_endpoint_is_told_with_file_and_line(tmp_path: Path, endpoint: str, message: str) -> None:
    """The error has the line of the entry in its list, and what it must be."""
    config = tmp_path / "readiness.toml"
    config.write_text(
        f'[environments.staging]\nreal = true\nendpoints = [\n  "good.example.com",\n  "{endpoint}",\n]\n'
    )
    with pytest.raises(Exception, match=r"readiness\.toml:5: environments\.staging\.endpoints ") as caught:
        load_settings(config)
    assert message in str(caught.value)
