"""Parser of public keys, which also checks their strength.

It does not use the library that verifies signatures: a session that only records reads the keys of its config, and the
library takes 200 ms to load. The library can use every key that is accepted here.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

RSA_BITS = 2048
"""NIST SP 800-131A: shorter keys have less than 112 bits of security."""
_MIN_EXPONENT = (1 << 16) + 1
"""FIPS 186-5: the public exponent is odd, and greater than 2^16."""
_SMALL_FACTORS = math.prod(n for n in range(2, 752) if all(n % m for m in range(2, math.isqrt(n) + 1)))
"""NIST SP 800-89: a modulus must not have a factor below 752."""

_SEQUENCE, _INTEGER, _BITS, _NULL, _OID = 0x30, 0x02, 0x03, 0x05, 0x06
_RSA_ENCRYPTION = "2a864886f70d010101"
_RSA = frozenset({_RSA_ENCRYPTION, "2a864886f70d01010a"})
"""rsaEncryption, and the identifier of keys for PSS only."""
_EC = "2a8648ce3d0201"
_ED25519 = "2b6570"
_CURVES = {"2a8648ce3d030107": "P-256", "2b81040022": "P-384", "2b81040023": "P-521"}
_PRIMES = {
    "P-256": (2**256 - 2**224 + 2**192 + 2**96 - 1, 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B),
    "P-384": (
        2**384 - 2**128 - 2**96 + 2**32 - 1,
        0xB3312FA7E23EE7E4988E056BE3F82D19181D9C6EFE8141120314088F5013875AC656398D8A2ED19D2A85C8EDD3EC2AEF,
    ),
    "P-521": (
        2**521 - 1,
        int(
            "0051953EB9618E1C9A1F929A21A0B68540EEA2DA725B99B315F3B8B489918EF109E156193951EC7E937B1652C0BD3BB1BF073573DF883"
            "D2C34F1EF451FD46B503F00",
            16,
        ),
    ),
}
"""Curve y² = x³ - 3x + b -> its field and b (NIST SP 800-186)."""
_UNSUPPORTED = {
    "2a8648ce380401": "a DSA key",
    "2b6571": "an Ed448 key",
    "2b656e": "an X25519 key, which cannot sign",
    "2b656f": "an X448 key, which cannot sign",
}
"""Object identifier -> name of an unsupported key."""
_ED25519_BYTES = 32
_LONG_FORM = 0x80
"""DER: the smallest length that takes more than one byte."""
_FIELD = 2**255 - 19
_LOW_ORDER = frozenset(
    {
        *(0, 1, _FIELD - 1, _FIELD, _FIELD + 1),
        2707385501144840649318225287225658788936804267575313519463743609750303402022,
        55188659117513257062467267217118295137698188065244968500265048394206261417927,
    }
)
"""The y of the points with an order of 8 or less. Anybody can sign for such a key."""


class PublicKeyInfo(NamedTuple):
    """A public key."""

    material: tuple[str | int, ...]
    """The values of the key, equal for every encoding of it."""
    weakness: str = ""
    """Why its signatures are not accepted; empty: they are."""


def describe_key(der: bytes) -> PublicKeyInfo:
    """Return the public key in a SubjectPublicKeyInfo. An unreadable one is its bytes, with a weakness."""
    try:
        (info,) = _values(der, _SEQUENCE)
        algorithm, bits = _values(info, _SEQUENCE, _BITS)
        (_, identifier), *parameters = _parts(algorithm)
        kind, key = identifier.hex(), bits[1:]
        if kind not in {*_RSA, _EC, _ED25519}:
            return PublicKeyInfo((kind, key.hex()), _unsupported(_UNSUPPORTED.get(kind, "a key of another kind")))
        if not bits[0] and algorithm[0] == _OID:
            if kind == _EC:
                return _elliptic(parameters, key)
            if kind in _RSA and (kind != _RSA_ENCRYPTION or parameters == [(_NULL, b"")]):
                return _rsa(key)
            if kind == _ED25519 and not parameters:
                return _ed25519(key)
    except (ValueError, IndexError):
        pass
    return PublicKeyInfo(
        ("bytes", der.hex()), "contains no readable public key: export it again (openssl pkey -pubout)"
    )


def _unsupported(name: str) -> str:
    return f"is {name}: use Ed25519, ECDSA on P-256, P-384 or P-521, or RSA of {RSA_BITS:,} bits or more"


def _parts(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield tag and content of each value in DER.

    Raises:
        ValueError, IndexError: the bytes are not DER.
    """
    while data:
        tag, size, start = data[0], data[1], 2
        if size & 0x80:
            start += size & 0x7F
            size = int.from_bytes(data[2:start])
            if size < _LONG_FORM or not data[2]:
                raise ValueError("its length could be written shorter")
        if start + size > len(data):
            raise ValueError("it is cut off")
        yield tag, data[start : start + size]
        data = data[start + size :]


def _values(data: bytes, *tags: int) -> list[bytes]:
    """Return the contents of values with exactly these tags.

    Raises:
        ValueError, IndexError: the values have other tags.
    """
    parts = list(_parts(data))
    if tuple(tag for tag, _ in parts) != tags:
        raise ValueError("it contains other values")
    return [value for _, value in parts]


def _rsa(key: bytes) -> PublicKeyInfo:
    (numbers,) = _values(key, _SEQUENCE)
    encoded = _values(numbers, _INTEGER, _INTEGER)
    modulus, exponent = (int.from_bytes(value, signed=True) for value in encoded)
    pairs = zip(encoded, (modulus, exponent), strict=True)
    if any(len(value) > number.bit_length() // 8 + 1 for value, number in pairs):
        raise ValueError("a number could be written shorter")
    if modulus <= 0:
        raise ValueError("it is not a modulus")
    material = ("RSA", modulus)  # the secret for one exponent gives the secret for every other
    if modulus.bit_length() < RSA_BITS:
        required = f"{RSA_BITS:,} bits or more are needed (NIST SP 800-131A)"
        return PublicKeyInfo(material, f"is an RSA key of {modulus.bit_length():,} bits: {required}")
    if exponent < _MIN_EXPONENT or not exponent % 2:
        kind = f"the exponent {exponent}" if exponent < _MIN_EXPONENT else "an even exponent"
        required = f"an odd exponent of {_MIN_EXPONENT} or more is needed (FIPS 186-5)"
        return PublicKeyInfo(material, f"is an RSA key with {kind}: {required}")
    if math.gcd(modulus, _SMALL_FACTORS) != 1:
        return PublicKeyInfo(material, "is not an RSA key: its modulus has a small factor")
    if exponent >= modulus:
        return PublicKeyInfo(material, "is not an RSA key: its exponent is not smaller than its modulus")
    return PublicKeyInfo(material)


def _elliptic(parameters: Sequence[tuple[int, bytes]], key: bytes) -> PublicKeyInfo:
    """Return a key on a curve. Its values are x and the parity of y, as in a compressed point."""
    ((tag, identifier),) = parameters
    curve = identifier.hex()
    if curve not in _CURVES:
        return PublicKeyInfo(("EC", curve, key.hex()), _unsupported("an ECDSA key on another curve"))
    form, half = key[0], len(key) // 2
    compressed = form in (2, 3)
    if not compressed and (form != 4 or len(key) % 2 == 0):  # noqa: PLR2004 - the form of a point: SEC 1, 2.3.3
        raise ValueError("it is not a point")
    if tag != _OID:
        raise ValueError("it does not name a curve")
    x = int.from_bytes(key[1:] if compressed else key[1 : half + 1])
    field, b = _PRIMES[_CURVES[curve]]
    square = (x**3 - 3 * x + b) % field
    y = None if compressed else int.from_bytes(key[half + 1 :])
    on_curve = pow(square, field // 2, field) <= 1 if y is None else y < field and y * y % field == square
    if x >= field or not on_curve or len(key) != 1 + (field.bit_length() + 7) // 8 * (1 if compressed else 2):
        raise ValueError("it is not a point of its curve")
    return PublicKeyInfo(("EC", _CURVES[curve], x, (form if compressed else key[-1]) & 1))


def _ed25519(key: bytes) -> PublicKeyInfo:
    material = ("Ed25519", key.hex())
    if len(key) != _ED25519_BYTES:
        raise ValueError("it has a wrong length")
    if int.from_bytes(key, "little") % 2**255 in _LOW_ORDER:
        return PublicKeyInfo(material, "is not an Ed25519 key: it is a point of low order, for which anybody can sign")
    return PublicKeyInfo(material)
