"""Authenticity check of one test: replaced networks and clocks, connections, and the resulting claims."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from typing import Any

from ...claims.catalogue import Catalogue
from ...claims.claim import Claim
from ...redaction.redactor import Redactor
from ...settings.endpoints import matches_any, single_host
from ..claim_resolution import as_simulated, as_unreal_pass, as_unreal_passes
from . import connection_monitor, mock_detection, native_clients
from .connection_monitor import ConnectionMonitor, addresses_of, names_of, resolve_host
from .mock_detection import MockDetector
from .open_sockets import SocketPeer

MAX_CONNECTIONS = 50
"""Maximum number of connections that are recorded with a piece of evidence."""
_MAX_NAMED = 3
_MAX_LOOKUPS = 20


def prepare(redactor: Redactor) -> None:
    """Start watching replacements, connections and environment variables, in a session with evidence tests.

    Args:
        redactor: gets the secret values of variables that are set from now on.
    """
    mock_detection.prepare()
    connection_monitor.prepare()
    connection_monitor.watch_variables(redactor)
    native_clients.prepare()


class AuthenticityCheck:
    """Authenticity of one test, over all its attempts."""

    def __init__(
        self, catalogue: Catalogue, redactor: Redactor, simulations: Sequence[Any] = (), *, needs_connection: bool
    ) -> None:
        self._catalogue = catalogue
        self._redactor = redactor
        self._connections = ConnectionMonitor(inspects_all=needs_connection)
        self._mocks = MockDetector(simulations)
        self._is_watching = False

    @property
    def saw_nothing(self) -> bool:
        """Whether it is as new: it recorded nothing, and does not watch."""
        connections = self._connections
        is_blank = self._mocks.saw_nothing and not (connections.peers or connections.needs_inspection)
        return is_blank and not self._is_watching

    def begin(self) -> None:
        """Start watching an attempt."""
        self._is_watching = True
        try:
            self._connections.begin()
            self._mocks.begin()
        except Exception as error:  # noqa: BLE001 - the test must run; a pass that was not watched is not real
            self._mocks.add_unwatched(f"the test could not be watched: {type(error).__name__}: {error}")

    def inspect(self, item: Any = None) -> None:
        """Check what is replaced at this moment; with a test, call the hook too."""
        if self._connections.needs_inspection and self._is_watching:
            with suppress(Exception):  # an unseen connection does not count
                self._connections.inspect(in_body=item is None)
        self._mocks.inspect(item)

    def end(self) -> None:
        """Stop watching; harmless if nothing is watched."""
        if self._is_watching:
            self._connections.end()
            self._mocks.end()
            self._is_watching = False

    def reason(self) -> str | None:
        """Return what replaced the network or the clock so far in the running attempt; None if nothing did."""
        return self._redacted(self._mocks.reason)

    def mark_unwatched(self, reason: str) -> None:
        """Add a reason why the test could not be watched: no pass of it counts as real."""
        self._mocks.add_unwatched(reason)

    @property
    def unwatched_reasons(self) -> list[str]:
        """Reasons why the test could not be watched."""
        reasons = self._mocks.unwatched_reasons
        return [self._redactor.text(reason) for reason in reasons] if reasons else []

    def _redacted(self, reason: str | None) -> str | None:
        return reason if reason is None else self._redactor.text(reason)

    def judge(self, claims: list[dict[str, Any]], *, passed: bool) -> tuple[list[dict[str, Any]], dict[str, Any]]:
        """Return the claims, rehearsals with their reasons, and additional keys of the line.

        A replaced network or clock makes any result a rehearsal. A pass is a rehearsal also if an earlier attempt
        replaced something, or if the test could not be watched. Only a pass needs a connection: a test that could not
        connect has failed for real.
        """
        peers = self._connections.peers
        if self._mocks.saw_nothing and not peers and not self._catalogue.checks_connections:  # most tests
            return claims, {}
        reason, against_pass = self.reason(), self._redacted(self._mocks.reason_against_pass) if passed else None
        claims = as_unreal_passes(as_simulated(claims, reason), against_pass)
        additional: dict[str, Any] = {}
        if passed and self._catalogue.checks_connections:
            claims = [self._connected_claim(claim) for claim in claims]
            counting = [claim for claim in claims if "not_real_because" not in claim]
            warnings = dict.fromkeys(problem for claim in counting if (problem := self._connection_problem(claim)))
            if warnings:
                additional["warnings"] = list(warnings)
        if peers:
            additional["connections"] = self._plain_connections(claims)
        return claims, additional

    def _connected_claim(self, claim: dict[str, Any]) -> dict[str, Any]:
        """Return a claim of a pass, as a rehearsal if its item asks for a connection and there is none."""
        if self._catalogue.item(claim["item"]).connection != "seen" or "not_real_because" in claim:
            return claim
        asked, environment = f"item {claim['item']} asks for a connection", claim["environment"]
        if not self._endpoints(claim):
            return as_unreal_pass(claim, f"{asked}, and environment '{environment}' declares no endpoints")
        problem = self._connection_problem(claim)
        if problem and self._resolve_endpoints(claim):
            problem = self._connection_problem(claim)
        return as_unreal_pass(claim, f"{asked}: {problem}") if problem else claim

    def _resolve_endpoints(self, claim: dict[str, Any]) -> bool:
        """Look up the endpoints' names if a connection has none: a C library resolves them unseen.

        Return whether any name was looked up.
        """
        nameless = any(peer.kind == "tcp" and not names_of(peer.host) for peer in self._connections.current)
        names = [host for text in self._endpoints(claim) if (host := single_host(text))] if nameless else []
        for name in names[:_MAX_LOOKUPS]:
            resolve_host(name)
        return bool(names)

    def _connection_problem(self, claim: dict[str, Any]) -> str | None:
        """Return the reason if the environment declares endpoints and the test connected to none of them."""
        endpoints = self._endpoints(claim)
        if not endpoints or any(_is_among(endpoints, peer) for peer in self._connections.current):
            return None
        endpoint = f"an endpoint of environment '{claim['environment']}'"
        current = self._connections.current
        others = [
            _name_and_address(peer)[0] for peer in self._connections.peers if peer in current and peer.port is not None
        ]
        if not others:
            return f"no connection to {endpoint} was seen"
        more = f" and {len(others) - _MAX_NAMED} more" if len(others) > _MAX_NAMED else ""
        names = ", ".join(map(self._redactor.text, others[:_MAX_NAMED]))
        return f"connected to {names}{more}, and not to {endpoint}"

    def _endpoints(self, claim: dict[str, Any]) -> tuple[str, ...]:
        environment = self._catalogue.environments.get(claim.get("environment", ""))
        return environment.endpoints if environment is not None else ()

    def _plain_connections(self, claims: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        endpoints = tuple(dict.fromkeys(text for claim in claims for text in self._endpoints(claim)))
        connections = list(self._all_connections(endpoints))
        if len(connections) > MAX_CONNECTIONS:  # expected ones first
            connections.sort(key=lambda connection: not connection.get("expected", False))
        return connections[:MAX_CONNECTIONS]

    def _all_connections(self, endpoints: tuple[str, ...]) -> Iterator[dict[str, Any]]:
        for peer, earlier in self._connections.peers.items():
            to, address = _name_and_address(peer, endpoints)
            plain: dict[str, Any] = {"to": self._redactor.text(to), "kind": peer.kind}
            if address:
                plain["address"] = address
            if endpoints and peer.port is not None:
                plain["expected"] = _is_among(endpoints, peer)
            if earlier:
                plain["earlier"] = True
            yield plain


class AuthenticityChecks:
    """Checks of a session's tests. One that saw nothing serves another test: making one costs as much as its watch."""

    def __init__(self, catalogue: Catalogue, redactor: Redactor, simulations: Sequence[Any] = ()) -> None:
        self._arguments = catalogue, redactor, simulations
        self._asking = catalogue.items_requiring_connection
        self._unused: list[AuthenticityCheck] = []

    def take(self, claims: Iterable[Claim]) -> AuthenticityCheck:
        """Return a check for a test with these claims."""
        if self._asking and any(claim.item in self._asking for claim in claims):
            return AuthenticityCheck(*self._arguments, needs_connection=True)
        try:
            return self._unused.pop()
        except IndexError:
            return AuthenticityCheck(*self._arguments, needs_connection=False)

    def give_back(self, check: object) -> None:
        """End the check of a test that is over."""
        if isinstance(check, AuthenticityCheck):
            check.end()
            if check.saw_nothing:
                self._unused.append(check)


def _is_among(endpoints: Sequence[str], peer: SocketPeer) -> bool:
    if peer.port is None:
        return False
    return matches_any(endpoints, (peer.host, *names_of(peer.host)), (peer.host, *addresses_of(peer.host)), peer.port)


def _name_and_address(peer: SocketPeer, endpoints: Sequence[str] = ()) -> tuple[str, str]:
    """Return the peer's name with its port, and its address; without a name, its address with its port, and ''."""
    if peer.port is None:
        return peer.host, ""
    names = names_of(peer.host)
    if not names:
        return _joined(peer.host, peer.port), ""
    matching = [name for name in names if matches_any(endpoints, [name], [], peer.port)]
    return _joined((matching or names)[-1], peer.port), peer.host


def _joined(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
