"""Whether what a test did was real: what replaced its surroundings, what it connected to, and what follows of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from typing import Any

from ...claims.catalogue import Catalogue
from ...claims.claim import Claim
from ...redaction.redactor import Redactor
from ...settings.endpoints import matches_any, single_host
from ..claim_resolution import as_doubted, as_simulated, doubted_claim
from . import connection_monitor, mock_detection, native_clients
from .connection_monitor import ConnectionMonitor, addresses_of, names_of, resolve_host
from .mock_detection import MockDetector
from .open_sockets import SocketPeer

MOST_CONNECTIONS = 50
"""Connections that are kept with a piece of evidence."""
_MOST_TOLD = 3
_MOST_LOOKED_UP = 20


def prepare(redactor: Redactor) -> None:
    """See from now on what is replaced, what is connected, and which variables are set; the session has evidence tests.

    Args:
        redactor: Looks for the values of these variables from then on.
    """
    mock_detection.prepare()
    connection_monitor.prepare()
    connection_monitor.see_variables(redactor)
    native_clients.prepare()


class AuthenticityCheck:
    """What is seen of one test, over all its attempts."""

    def __init__(
        self, catalogue: Catalogue, redactor: Redactor, claims: Iterable[Claim] = (), simulations: Sequence[Any] = ()
    ) -> None:
        asking = catalogue.items_requiring_connection
        self._catalogue = catalogue
        self._redactor = redactor
        self._connected = ConnectionMonitor(looks_around=bool(asking) and any(claim.item in asking for claim in claims))
        self._replaced = MockDetector(simulations)
        self._watches = False

    def begin(self) -> None:
        """Watch from now on."""
        self._watches = True
        try:
            self._connected.begin()
            self._replaced.begin()
        except Exception as error:  # noqa: BLE001 - the test must run, and what was not watched does not count
            self._replaced.cannot_tell(f"the test could not be watched: {type(error).__name__}: {error}")

    def look(self, item: Any = None) -> None:
        """See what is replaced at this moment; with a test, ask the hook too."""
        if self._connected.looks:
            with suppress(Exception):  # what was not seen does not count
                self._connected.look(in_body=item is None)
        self._replaced.look(item)

    def end(self) -> None:
        """Watch no longer; harmless where nothing is watched."""
        if self._watches:
            self._connected.end()
            self._replaced.end()
            self._watches = False

    def reason(self) -> str | None:
        """Return what replaced the network or the clock so far in the attempt that runs, if anything did."""
        return self._redacted(self._replaced.told_of_attempt)

    def unwatched(self, because: str) -> None:
        """Take in why what the test does cannot be watched: no pass of it counts as real."""
        self._replaced.cannot_tell(because)

    @property
    def unseen(self) -> list[str]:
        """Why it cannot be told whether something was replaced."""
        return [self._redactor.text(why) for why in self._replaced.unseen] if self._replaced.unseen else []

    def _redacted(self, because: str | None) -> str | None:
        return because if because is None else self._redactor.text(because)

    def judge(self, claims: list[dict[str, Any]], *, passed: bool) -> tuple[list[dict[str, Any]], dict[str, Any]]:
        """Return the claims, each with the reason why it is a rehearsal if it is one, and what the line tells beside.

        What replaced the network or the clock counts whatever the result, and against a pass what did in an earlier
        attempt too, and that it cannot be told. Only a pass needs a connection: a test that could not connect has
        failed for real.
        """
        because, doubts, seen = None, None, self._replaced
        if seen.reasons or seen.unseen or seen.earlier:  # of most tests there is nothing
            because, doubts = self.reason(), self._redacted(self._replaced.doubts) if passed else None
        places = self._connected.places
        if because is None and doubts is None and not places and not self._catalogue.checks_connections:
            return claims, {}
        claims = as_doubted(as_simulated(claims, because), doubts)
        told: dict[str, Any] = {}
        if passed and self._catalogue.checks_connections:
            claims = [self._connected_claim(claim) for claim in claims]
            counting = [claim for claim in claims if "not_real_because" not in claim]
            warnings = dict.fromkeys(text for claim in counting if (text := self._doubt(claim)))
            if warnings:
                told["warnings"] = list(warnings)
        if places:
            told["connections"] = self._connections(claims)
        return claims, told

    def _connected_claim(self, claim: dict[str, Any]) -> dict[str, Any]:
        """Where the item asks for a connection, a pass without one is a rehearsal."""
        if self._catalogue.item(claim["item"]).connection != "seen" or "not_real_because" in claim:
            return claim
        asked, environment = f"item {claim['item']} asks for a connection", claim["environment"]
        if not self._endpoints(claim):
            return doubted_claim(claim, f"{asked}, and environment '{environment}' declares no endpoints")
        doubt = self._doubt(claim)
        if doubt and self._knows_names_now(claim):
            doubt = self._doubt(claim)
        return doubted_claim(claim, f"{asked}: {doubt}") if doubt else claim

    def _knows_names_now(self, claim: dict[str, Any]) -> bool:
        """Look up the endpoints where a connection's name is not known: nobody saw how a C library resolved it."""
        nameless = any(place.kind == "tcp" and not names_of(place.host) for place in self._connected.now)
        names = [host for text in self._endpoints(claim) if (host := single_host(text))] if nameless else []
        for name in names[:_MOST_LOOKED_UP]:
            resolve_host(name)
        return bool(names)

    def _doubt(self, claim: dict[str, Any]) -> str | None:
        """Return what is odd about where the test connected to, where its environment declares endpoints."""
        endpoints = self._endpoints(claim)
        if not endpoints or any(_is_among(endpoints, place) for place in self._connected.now):
            return None
        where = f"an endpoint of environment '{claim['environment']}'"
        seen = self._connected
        others = [_told(place)[0] for place in seen.places if place in seen.now and place.port is not None]
        if not others:
            return f"no connection to {where} was seen"
        more = f" and {len(others) - _MOST_TOLD} more" if len(others) > _MOST_TOLD else ""
        return f"connected to {', '.join(map(self._redactor.text, others[:_MOST_TOLD]))}{more}, and not to {where}"

    def _endpoints(self, claim: dict[str, Any]) -> tuple[str, ...]:
        environment = self._catalogue.environments.get(claim.get("environment", ""))
        return environment.endpoints if environment is not None else ()

    def _connections(self, claims: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        endpoints = tuple(dict.fromkeys(text for claim in claims for text in self._endpoints(claim)))
        found = list(self._plain(endpoints))
        if len(found) > MOST_CONNECTIONS:  # those that count first
            found.sort(key=lambda one: not one.get("expected", False))
        return found[:MOST_CONNECTIONS]

    def _plain(self, endpoints: tuple[str, ...]) -> Iterator[dict[str, Any]]:
        for place, earlier in self._connected.places.items():
            to, address = _told(place, endpoints)
            plain: dict[str, Any] = {"to": self._redactor.text(to), "kind": place.kind}
            if address:
                plain["address"] = address
            if endpoints and place.port is not None:
                plain["expected"] = _is_among(endpoints, place)
            if earlier:
                plain["earlier"] = True
            yield plain


def _is_among(endpoints: Sequence[str], place: SocketPeer) -> bool:
    if place.port is None:
        return False
    return matches_any(
        endpoints, (place.host, *names_of(place.host)), (place.host, *addresses_of(place.host)), place.port
    )


def _told(place: SocketPeer, endpoints: Sequence[str] = ()) -> tuple[str, str]:
    """Return where a connection went, by name where one is known, and the address that this was."""
    if place.port is None:
        return place.host, ""
    names = names_of(place.host)
    if not names:
        return _joined(place.host, place.port), ""
    among = [name for name in names if matches_any(endpoints, [name], [], place.port)]
    return _joined((among or names)[-1], place.port), place.host


def _joined(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
