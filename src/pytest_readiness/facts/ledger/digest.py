"""SHA-256 digests with a prefix for each kind, so that one kind can never stand for another."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from hashlib import sha256 as _sha256
from typing import TYPE_CHECKING

from ...late_pattern import late_pattern

if TYPE_CHECKING:
    import hashlib

EMPTY = "0" * 64
"""The previous-line digest of a chain's first line."""


def digest(kind: str, data: bytes) -> str:
    """Return the SHA-256 (64 hex digits) of ``data``, separated by ``kind`` from every other kind of digest."""
    hasher = _hasher_for(kind).copy()
    hasher.update(data)
    return hasher.hexdigest()


def digest_of(kind: str, pieces: Iterable[bytes]) -> str:
    """Return the digest of these pieces joined together. Only one piece at a time is in memory."""
    hasher = _hasher_for(kind).copy()
    for piece in pieces:
        hasher.update(piece)
    return hasher.hexdigest()


_SHA256 = late_pattern(r"[0-9a-f]{64}", re.ASCII)


def is_sha256(text: object) -> bool:
    """Return whether a text is a SHA-256 as 64 lower-case hex digits."""
    return isinstance(text, str) and _SHA256.fullmatch(text) is not None


@cache
def _hasher_for(kind: str) -> hashlib._Hash:
    return _sha256(b"readiness/" + kind.encode() + b"/v1\0")
