"""Signing of in-toto statements that are not stored, such as those of a report."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from ..facts.envelope import PAYLOAD_TYPE, Signature, envelope_text, pae
from .keys import sign_bytes


def sign_lines(lines: Iterable[str], folder: Path, trusted: Iterable[str] = ()) -> Iterator[str]:
    """Yield a line with the DSSE envelope of each statement, signed with the key that ``READINESS_SIGNER`` names.

    Args:
        lines: the statements, one JSON text with its line end each.
        folder: the folder at which the relative path of a key starts.
        trusted: public keys (SubjectPublicKeyInfo, base64), one of which a signing service must fit.

    Raises:
        ConfigError: signing failed. The message is one line without secrets.
    """
    public_keys = tuple(trusted)
    for line in lines:
        payload = line.removesuffix("\n").encode()
        key, signature = sign_bytes(pae(PAYLOAD_TYPE, payload), folder, public_keys)
        yield f"{envelope_text(payload, [Signature(key.keyid, signature)])}\n"
