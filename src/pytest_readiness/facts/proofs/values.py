"""Proofs from values: typed statements, each made by a function that raises if the check fails.

The functions do not depend on a session: secrets are passed as fingerprints, and ``redact`` removes secrets from
messages. A value of a proof type exists only if its check passed.
"""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Callable, Collection, Mapping
from typing import Any, ClassVar

from msgspec import Struct

from ...errors import ProofError, suggestion
from ...late_pattern import late_pattern
from ...third_party import describe_exception, is_failure, plain_text
from ..evidence import Proof
from . import responses
from .traces import Redact, kind_text, number_text, whole_line

ProofCheck = Callable[[Mapping[str, object]], Mapping[str, str]]
"""Check of a plugin's proof kind: returns the details to record, or raises ``ProofError``."""
_ENDPOINT = late_pattern(
    r"(?:[a-z][a-z0-9+.-]*://[^\s/]+\S*|(?:\[[0-9a-f:.%]+\]|[^\s/:]+):(?P<port>\d+))", re.IGNORECASE
)
_LAST_PORT = 65535


def __tracebackhide__(excinfo: Any) -> bool:  # noqa: N807 - pytest's name: a failed proof is shown where it was offered
    return isinstance(excinfo.value, ProofError)


class ProofResult(Struct, frozen=True):
    """Base of all proofs: a kind, and details as texts."""

    kind: ClassVar[str] = ""

    def to_proof(self) -> Proof:
        """Return the proof for evidence: details as texts, in the order of the fields, without empty ones."""
        details = ((name, str(getattr(self, name))) for name in self.__struct_fields__)
        return Proof(self.kind, tuple((name, text) for name, text in details if text))


class Credential(ProofResult, frozen=True):
    """Acceptance of a credential by the provider."""

    kind: ClassVar[str] = "credential"
    mode: str
    """Provider mode of the credential."""
    fingerprint: str
    request_id: str
    """The provider's id of the request that it answered."""


def prove_credential(mode: object, fingerprint: str, request_id: object) -> Credential:
    """Return the proof that a provider accepted a credential.

    Raises:
        ProofError: mode or request id is empty or no text, or the secret was too short for a fingerprint.
    """
    return Credential(
        required_text("mode", mode), _fingerprint("secret", fingerprint), required_text("request_id", request_id)
    )


class Handshake(ProofResult, frozen=True):
    """Answered handshake of a connector with its endpoint."""

    kind: ClassVar[str] = "handshake"
    endpoint: str
    peer: str
    """Identity of the peer: a TLS subject, a server's version."""
    details: tuple[tuple[str, str], ...] = ()

    def to_proof(self) -> Proof:
        """Return the proof for evidence, with the further details after endpoint and peer."""
        return Proof(self.kind, (("endpoint", self.endpoint), ("peer", self.peer), *self.details))


def prove_handshake(endpoint: object, peer: object, details: Mapping[str, object]) -> Handshake:
    """Return the proof of a handshake.

    Args:
        endpoint: ``host:port`` or a URL.
        peer: identity of the peer: a text, or what the library returned for it (a certificate's dict, for example).
        details: further details; values become texts.

    Raises:
        ProofError: the endpoint is neither, or the peer is empty.
    """
    where = required_text("endpoint", endpoint)
    match = _ENDPOINT.fullmatch(where)
    if match is None or (match["port"] is not None and not 0 < int(match["port"]) <= _LAST_PORT):
        raise ProofError(f"the endpoint must be host:port or a URL, not '{whole_line(where)}'")
    if isinstance(peer, Mapping | tuple | list) and peer:
        peer = str(peer)
    return Handshake(where, required_text("peer", peer), tuple((name, str(value)) for name, value in details.items()))


class Rotation(ProofResult, frozen=True):
    """Rotation of a secret: a new one replaced the old one and was accepted."""

    kind: ClassVar[str] = "rotation"
    old: str
    """Fingerprint of the old secret."""
    new: str
    accepted_by: str
    """The answer that accepted the new secret."""


def prove_rotation(
    old: str, new: str, accepted_by: object, revoked: Collection[str] = (), redact: Redact = str
) -> Rotation:
    """Return the proof that a secret was rotated.

    Args:
        old: fingerprint of the old secret.
        new: fingerprint of the new one.
        accepted_by: the response that accepted the new one, or its text.
        revoked: fingerprints of the secrets that the same test showed to be revoked.
        redact: removes secrets from stored and shown texts.

    Raises:
        ProofError: a secret was too short for a fingerprint, they are the same, nothing accepted the new one, or
            another secret than the old one was revoked.
    """
    _fingerprint("old", old)
    _fingerprint("new", new)
    if old == new:
        raise ProofError(f"old and new are the same secret (fingerprint {old}): nothing was rotated")
    if revoked and old not in revoked:
        raise ProofError(_mismatch_text(revoked, old))
    return Rotation(old, new, responses.acceptance_text("accepted_by", accepted_by, redact))


class Revocation(ProofResult, frozen=True):
    """Refusal of a revoked secret."""

    kind: ClassVar[str] = "revocation"
    old: str
    """Fingerprint of the revoked secret."""
    rejected_by: str
    """The answer that refused it."""


def prove_revocation(old: str, rejected_by: object, rotated: Collection[str] = (), redact: Redact = str) -> Revocation:
    """Return the proof that a revoked secret is refused.

    Args:
        old: fingerprint of the revoked secret.
        rejected_by: the exception or response that refused it, or its text.
        rotated: fingerprints of the old secrets that the same test rotated.
        redact: removes secrets from stored and shown texts.

    Raises:
        ProofError: the secret was too short for a fingerprint, it is not one that was rotated, or nothing refused it.
    """
    _fingerprint("old", old)
    if rotated and old not in rotated:
        raise ProofError(_mismatch_text([old], ", ".join(rotated)))
    return Revocation(old, responses.rejection_text("rejected_by", rejected_by, redact))


def _mismatch_text(revoked: Collection[str], rotated: str) -> str:
    message = f"revoked {', '.join(revoked)}, rotated away from {rotated}"
    return f"what was revoked is not the old secret of the rotation (fingerprints: {message})"


class Drill(ProofResult, frozen=True):
    """Failure drill: a fault was injected, detected and recovered, with an audit trail."""

    kind: ClassVar[str] = "drill"
    name: str
    """Name of the drill, which is the part of the item that it shows."""
    fault: str
    detected: str
    """Seconds until detection."""
    recovered: str
    """Seconds until recovery."""
    audit: str


def prove_drill(
    name: object, fault: object, detected: object, recovered: object, audit: object, known_drills: Collection[str] = ()
) -> Drill:
    """Return the proof of a failure drill.

    Args:
        name: name of the drill.
        fault: what was broken.
        detected: seconds until detection.
        recovered: seconds until recovery, from the same start.
        audit: the audit reference: a text.
        known_drills: names of the use case's drills; empty: any.

    Raises:
        ProofError: a text is empty, a time is no number, it recovered before it was detected, or the use case has no
            such drill.
    """
    called = required_text("name", name)
    if known_drills and called not in known_drills:
        hint = suggestion(called, known_drills) or f" (drills are {', '.join(sorted(known_drills))})"
        raise ProofError(f"there is no drill '{whole_line(called)}'{hint}")
    detection, recovery = _seconds("detected", detected), _seconds("recovered", recovered)
    if recovery < detection:
        hint = f"recovered after {number_text(recovery)} s, detected after {number_text(detection)} s"
        raise ProofError(f"a fault cannot be recovered before it is detected: {hint}")
    times = number_text(detection), number_text(recovery)
    return Drill(called, required_text("fault", fault), *times, required_text("audit", audit))


def _seconds(name: str, given: object) -> float:
    if isinstance(given, bool) or not isinstance(given, int | float) or not math.isfinite(given) or given < 0:
        raise ProofError(f"{name} must be seconds, 0 or more, not {whole_line(repr(given))}")
    return float(given)


class Receipt(ProofResult, frozen=True):
    """Provider's answer to a request that carried this run's nonce."""

    kind: ClassVar[str] = "receipt"
    request_id: str
    nonce: str


def prove_receipt(request_id: object, nonce: str) -> Receipt:
    """Return a provider-side receipt.

    Raises:
        ProofError: the request id is empty or no text.
    """
    return Receipt(required_text("request_id", request_id), nonce)


class OwnProof(ProofResult, frozen=True):
    """Proof of a kind that a plugin provides."""

    own: str
    details: tuple[tuple[str, str], ...]

    def to_proof(self) -> Proof:
        """Return the proof for evidence."""
        return Proof(self.own, self.details)


def prove_own(kind: str, check: Callable[[Mapping[str, object]], object], values: Mapping[str, object]) -> OwnProof:
    """Return the proof of a plugin's kind.

    Raises:
        ProofError: the check failed, returned something other than texts, or would have ended more than itself: skipped
            the test, marked its failure as expected, or left the session.
    """
    try:
        details = check(values)
        pairs = tuple(details.items()) if isinstance(details, Mapping) else None  # read once: it may change
    except BaseException as error:
        if not is_failure(error) or (isinstance(error, Exception) and not _ends_session_or_skips(error)):
            raise
        raise ProofError(f"the check of proof '{kind}' ended by {describe_exception(error)}") from None
    if pairs is None or not all(isinstance(text, str) for pair in pairs for text in pair):
        raise ProofError(f"the check of proof '{kind}' must return a dict of texts")
    return OwnProof(kind, tuple((plain_text(name), plain_text(text)) for name, text in pairs))


def _ends_session_or_skips(error: Exception) -> bool:
    """Return whether pytest skips the test or leaves the session for this exception."""
    unittest, outcomes = sys.modules.get("unittest"), sys.modules.get("_pytest.outcomes")
    skips = unittest is not None and isinstance(error, unittest.SkipTest)
    return skips or (outcomes is not None and isinstance(error, outcomes.Exit))


def required_text(name: str, value: object) -> str:
    """Return a text without surrounding blanks.

    Raises:
        ProofError: it is empty or no text.
    """
    if not isinstance(value, str):
        raise ProofError(f"{name} must be a text, not {kind_text(value)}")
    if not value.strip():
        raise ProofError(f"{name} is empty")
    return value.strip()


def _fingerprint(name: str, fingerprint: str) -> str:
    if not fingerprint:
        raise ProofError(f"{name} has too few characters for a fingerprint, and without one it proves nothing")
    return fingerprint
