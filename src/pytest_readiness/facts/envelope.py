"""Signature envelopes: an in-toto statement about one run or one decision, in DSSE form.

This module only reads and writes envelopes; it neither signs nor verifies. A signature covers the bytes of the
payload, and the subject is read from the same bytes. The key id in an envelope is a hint that no signature covers.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Sequence
from typing import Any, Literal

from msgspec import Struct

from ..errors import IntegrityError, one_line
from .decision import Decision
from .ledger.digest import digest
from .ledger.line import canonical, read_canonical
from .run import Run
from .subject import plain_subjects

PAYLOAD_TYPE = "application/vnd.in-toto+json"
STATEMENT = "https://in-toto.io/Statement/v1"
SubjectKind = Literal["run", "decision"]
PREDICATES: dict[SubjectKind, str] = {
    "run": "urn:pytest-readiness:run:v1",
    "decision": "urn:pytest-readiness:decision:v1",
}
"""Predicate type of a statement by its kind of subject."""
MAX_SIGNATURES = 64
MAX_LENGTH = 1 << 20
"""Most characters of an envelope; ours are far shorter."""

_KINDS = {uri: kind for kind, uri in PREDICATES.items()}
_DIGEST = re.compile(r"[0-9a-f]{64}", re.ASCII)


class Signature(Struct, frozen=True):
    """One signature of an envelope."""

    keyid: str
    """A hint that decides nothing; may be empty."""
    sig: bytes


class Envelope(Struct, frozen=True):
    """Signed statement about one run or one decision, as it is stored. Its signatures are not verified here."""

    text: str
    """The canonical JSON of the DSSE envelope."""
    subject_kind: SubjectKind
    subject: str
    """Id of the run or the decision."""
    subject_digest: str
    """Digest (64 hex digits) of the run's seal or of the decision's text."""
    id: str
    """Digest (64 hex digits) of the text."""
    nonce: str | None
    """Nonce of a run, which its tests send along with their requests; None: there is none."""
    payload: bytes
    """The statement: the bytes that were signed and that the subject was read from."""
    signatures: tuple[Signature, ...]


def pae(payload_type: str, payload: bytes) -> bytes:
    """Return the bytes that a DSSE signature covers."""
    kind = payload_type.encode()
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


def run_statement(run: Run) -> bytes:
    """Return the statement about a sealed run.

    Raises:
        ValueError: the run is not sealed.
    """
    if run.seal is None:
        raise ValueError("the run is not sealed")
    seal = run.seal.body
    predicate = {
        "register": run.register,
        "started_at": run.started_at,
        "finished_at": seal["finished_at"],
        "count": seal["count"],
        "head": seal["prev"],
        "planned": seal["planned"],
        "exit_status": seal.get("exit_status"),
        "recovered": bool(seal.get("recovered")),
        "actor": run.actor,
        "release": run.release,
        "commit": run.commit,
        "requirements": run.requirements_digest,
        "nonce": run.head.get("nonce"),
        **({"subjects": plain_subjects(run.subjects)} if run.subjects else {}),
    }
    return _statement("run", run.id, run.seal.digest, predicate)


def decision_statement(decision: Decision) -> bytes:
    """Return the statement about a decision."""
    predicate = {"register": decision.register, "kind": decision.KIND, "at": decision.at, "by": decision.by}
    return _statement("decision", decision.id, decision.text_digest, predicate)


def _statement(kind: SubjectKind, name: str, sha256: str, predicate: dict[str, Any]) -> bytes:
    plain = {
        "_type": STATEMENT,
        "subject": [{"name": name, "digest": {"sha256": sha256}}],
        "predicateType": PREDICATES[kind],
        "predicate": predicate,
    }
    return canonical(plain).encode()


def sealed_envelope(payload: bytes, signatures: Sequence[Signature]) -> Envelope:
    """Return the envelope of a statement and its signatures.

    Raises:
        IntegrityError: the payload is not a statement about a run or a decision, or there is no signature.
    """
    return parse_envelope(envelope_text(payload, signatures))


def envelope_text(payload: bytes, signatures: Sequence[Signature]) -> str:
    """Return the canonical JSON of the DSSE envelope of any in-toto statement: one line without a line end."""
    signed = [{"keyid": signature.keyid, "sig": _encoded(signature.sig)} for signature in signatures]
    return canonical({"payload": _encoded(payload), "payloadType": PAYLOAD_TYPE, "signatures": signed})


def parse_envelope(text: str) -> Envelope:
    """Parse an envelope.

    Raises:
        IntegrityError: it is not the canonical JSON of a DSSE envelope, or its payload is not the canonical JSON of an
            in-toto statement about exactly one run or decision.
    """
    try:
        plain = _read_object(text)
        payload = _payload(plain)
        signatures = _signatures(plain["signatures"])
        statement = _read_object(payload.decode())
        kind, name, sha256 = _subject(statement)
        nonce = _nonce(statement["predicate"])
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise IntegrityError(f"this is no signed statement: {one_line(str(error))}") from None
    return Envelope(text, kind, name, sha256, digest("envelope", text.encode()), nonce, payload, signatures)


def _read_object(text: str) -> dict[str, Any]:
    """Return the object in a canonical text. Readers would disagree about any other form, such as a repeated key."""
    if len(text) > MAX_LENGTH:
        raise ValueError("it is too long")
    plain = read_canonical(text)
    if not isinstance(plain, dict):
        raise TypeError("it is no JSON object in canonical form")
    return plain


def _payload(plain: dict[str, Any]) -> bytes:
    if set(plain) != {"payload", "payloadType", "signatures"}:
        raise ValueError("it has not exactly a payload, a payload type and signatures")
    if plain["payloadType"] != PAYLOAD_TYPE:
        raise ValueError(f"its payload type is not {PAYLOAD_TYPE}")
    return _decoded(plain["payload"])


def _subject(plain: dict[str, Any]) -> tuple[SubjectKind, str, str]:
    if plain["_type"] != STATEMENT:
        raise ValueError(f"its payload is no {STATEMENT}")
    kind = _KINDS.get(plain["predicateType"])
    if kind is None:
        raise ValueError("it is about neither a run nor a decision")
    (subject,) = plain["subject"]
    name, sha256 = subject["name"], subject["digest"]["sha256"]
    if not isinstance(name, str) or not name or not isinstance(sha256, str) or not _DIGEST.fullmatch(sha256):
        raise ValueError("its subject has no name, or no SHA-256")
    if not plain["predicate"].keys():
        raise ValueError("it says nothing about its subject")
    return kind, name, sha256


def _nonce(predicate: dict[str, Any]) -> str | None:
    nonce = predicate.get("nonce")
    if nonce is not None and not isinstance(nonce, str):
        raise ValueError("its nonce is no text")
    return nonce


def _signatures(plain: Any) -> tuple[Signature, ...]:
    if not isinstance(plain, list) or not 0 < len(plain) <= MAX_SIGNATURES:
        raise ValueError(f"it has not between 1 and {MAX_SIGNATURES} signatures")
    return tuple(_signature(entry) for entry in plain)


def _signature(plain: Any) -> Signature:
    keyid = plain.get("keyid", "")
    if not isinstance(keyid, str) or not set(plain) <= {"keyid", "sig"}:
        raise ValueError("a signature is not made of a key id and its bytes")
    return Signature(keyid, _decoded(plain["sig"]))


def _encoded(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _decoded(text: str) -> bytes:
    """Return the bytes of a base64 text, which must be in canonical form."""
    try:
        data = base64.b64decode(text, validate=True)
    except binascii.Error:
        raise ValueError("something in it is no base64") from None
    if _encoded(data) != text:
        raise ValueError("something in it is no canonical base64")
    return data
