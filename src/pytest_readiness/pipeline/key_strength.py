"""What a public key is, whatever way it is written, and whether it is strong enough to be believed.

Read here, without the library that verifies: a session that only records asks for the keys of its config, and that
library takes 200 ms to load. What is no key at all, the library says when it is asked.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

RSA_BITS = 2048
"""NIST SP 800-131A: fewer give less than 112 bits of security."""
_LEAST_EXPONENT = (1 << 16) + 1
"""FIPS 186-5: the public exponent is odd, and greater than 2^16."""
_SMALL_FACTORS = math.prod(n for n in range(2, 752) if all(n % m for m in range(2, math.isqrt(n) + 1)))
"""NIST SP 800-89: no modulus has a factor below 752."""

_SEQUENCE, _INTEGER, _BITS, _OID = 0x30, 0x02, 0x03, 0x06
_RSA = frozenset({"2a864886f70d010101", "2a864886f70d01010a"})
"""rsaEncryption, and the same key for PSS alone."""
_EC = "2a8648ce3d0201"
_ED25519 = "2b6570"
_CURVES = {"2a8648ce3d030107": "P-256", "2b81040022": "P-384", "2b81040023": "P-521"}
_KINDS = {
    "2a8648ce380401": "a DSA key",
    "2b6571": "an Ed448 key",
    "2b656e": "an X25519 key, which signs nothing",
    "2b656f": "an X448 key, which signs nothing",
}
"""Of what verifies nothing here."""
_FIELD = 2**255 - 19
_LOW_ORDER = frozenset(
    {
        *(0, 1, _FIELD - 1, _FIELD, _FIELD + 1),
        2707385501144840649318225287225658788936804267575313519463743609750303402022,
        55188659117513257062467267217118295137698188065244968500265048394206261417927,
    }
)
"""The y of the points whose order is 8 or less: under such a key anybody can sign."""


class Described(NamedTuple):
    """A public key."""

    material: tuple[str | int, ...]
    """Equal for one key, however it is written."""
    weakness: str = ""
    """Why nothing that it signs is believed; empty: nothing speaks against it."""


def describe(der: bytes) -> Described:
    """Return what the public key in a SubjectPublicKeyInfo is; what cannot be read as one is nothing but its bytes."""
    try:
        ((_, info),) = _parts(der)
        (_, algorithm), (_, bits) = _parts(info)
        kind, *parameters = [value.hex() for _, value in _parts(algorithm)]
        key = bits[1:]
        if kind in _RSA:
            return _rsa(key)
        if kind == _EC:
            return _elliptic(parameters[0], key)
        if kind == _ED25519:
            return _ed25519(key)
    except (ValueError, IndexError):
        return Described(("bytes", der.hex()))
    return Described((kind, key.hex()), _no_kind(_KINDS.get(kind, "a key of another kind")))


def _no_kind(name: str) -> str:
    return f"is {name}: use Ed25519, ECDSA on P-256, P-384 or P-521, or RSA of {RSA_BITS:,} bits or more"


def _parts(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield tag and content of each value in DER.

    Raises:
        ValueError, IndexError: this is none.
    """
    while data:
        tag, size, start = data[0], data[1], 2
        if size & 0x80:
            start += size & 0x7F
            size = int.from_bytes(data[2:start])
        if start + size > len(data):
            raise ValueError("it is cut off")
        yield tag, data[start : start + size]
        data = data[start + size :]


def _rsa(key: bytes) -> Described:
    ((_, numbers),) = _parts(key)
    modulus, exponent = (int.from_bytes(value, signed=True) for _, value in _parts(numbers))
    material = ("RSA", modulus)  # who knows the secret of one exponent knows that of every other
    if modulus.bit_length() < RSA_BITS:
        least = f"{RSA_BITS:,} bits is the least (NIST SP 800-131A)"
        return Described(material, f"is an RSA key of {modulus.bit_length():,} bits: {least}")
    if exponent < _LEAST_EXPONENT or not exponent % 2:
        told = f"is an RSA key with the exponent {exponent if exponent < _LEAST_EXPONENT else 'that is even'}"
        return Described(material, f"{told}: an odd one from {_LEAST_EXPONENT} on is needed (FIPS 186-5)")
    if math.gcd(modulus, _SMALL_FACTORS) != 1:
        return Described(material, "is no RSA key: its modulus has a small factor")
    return Described(material)


def _elliptic(curve: str, key: bytes) -> Described:
    """A point is told by its x and the parity of its y, as it is when it is written compressed."""
    if curve not in _CURVES:
        return Described(("EC", curve, key.hex()), _no_kind("an ECDSA key on another curve"))
    form, half = key[0], len(key) // 2
    compressed = form in (2, 3)
    if not compressed and (form != 4 or len(key) % 2 == 0):  # noqa: PLR2004 - the form of a point: SEC 1, 2.3.3
        raise ValueError("it is no point")
    x = key[1:] if compressed else key[1 : half + 1]
    return Described(("EC", _CURVES[curve], int.from_bytes(x), (form if compressed else key[-1]) & 1))


def _ed25519(key: bytes) -> Described:
    material = ("Ed25519", key.hex())
    if int.from_bytes(key, "little") % 2**255 in _LOW_ORDER:
        return Described(material, "is no Ed25519 key: it is a point of low order, for which anybody can sign")
    return Described(material)
