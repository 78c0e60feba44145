"""What a public key is, whatever way it is written, and whether it is strong enough to be believed.

Read here, without the library that verifies: a session that only records asks for the keys of its config, and that
library takes 200 ms to load. What this lets pass, the library can verify with.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

RSA_BITS = 2048
"""NIST SP 800-131A: fewer give less than 112 bits of security."""
_LEAST_EXPONENT = (1 << 16) + 1
"""FIPS 186-5: the public exponent is odd, and greater than 2^16."""
_SMALL_FACTORS = math.prod(n for n in range(2, 752) if all(n % m for m in range(2, math.isqrt(n) + 1)))
"""NIST SP 800-89: no modulus has a factor below 752."""

_SEQUENCE, _INTEGER, _BITS, _NULL, _OID = 0x30, 0x02, 0x03, 0x05, 0x06
_RSA_PLAIN = "2a864886f70d010101"
_RSA = frozenset({_RSA_PLAIN, "2a864886f70d01010a"})
"""rsaEncryption, and the same key for PSS alone."""
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
"""Of each curve y² = x³ - 3x + b: its field, and b (NIST SP 800-186)."""
_KINDS = {
    "2a8648ce380401": "a DSA key",
    "2b6571": "an Ed448 key",
    "2b656e": "an X25519 key, which signs nothing",
    "2b656f": "an X448 key, which signs nothing",
}
"""Of what verifies nothing here."""
_ED25519_BYTES = 32
_SHORT = 0x80
"""DER: the least length that takes more than one byte."""
_FIELD = 2**255 - 19
_LOW_ORDER = frozenset(
    {
        *(0, 1, _FIELD - 1, _FIELD, _FIELD + 1),
        2707385501144840649318225287225658788936804267575313519463743609750303402022,
        55188659117513257062467267217118295137698188065244968500265048394206261417927,
    }
)
"""The y of the points whose order is 8 or less: under such a key anybody can sign."""


class PublicKeyInfo(NamedTuple):
    """A public key."""

    material: tuple[str | int, ...]
    """Equal for one key, however it is written."""
    weakness: str = ""
    """Why nothing that it signs is believed; empty: nothing speaks against it."""


def describe_key(der: bytes) -> PublicKeyInfo:
    """Return what the public key in a SubjectPublicKeyInfo is; what cannot be read as one is nothing but its bytes."""
    try:
        (info,) = _values(der, _SEQUENCE)
        algorithm, bits = _values(info, _SEQUENCE, _BITS)
        (_, named), *parameters = _parts(algorithm)
        kind, key = named.hex(), bits[1:]
        if kind not in {*_RSA, _EC, _ED25519}:
            return PublicKeyInfo((kind, key.hex()), _no_kind(_KINDS.get(kind, "a key of another kind")))
        if not bits[0] and algorithm[0] == _OID:
            if kind == _EC:
                return _elliptic(parameters, key)
            if kind in _RSA and (kind != _RSA_PLAIN or parameters == [(_NULL, b"")]):
                return _rsa(key)
            if kind == _ED25519 and not parameters:
                return _ed25519(key)
    except (ValueError, IndexError):
        pass
    return PublicKeyInfo(
        ("bytes", der.hex()), "holds no public key that can be read: make it anew (openssl pkey -pubout)"
    )


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
            if size < _SHORT or not data[2]:
                raise ValueError("its length could be written shorter")
        if start + size > len(data):
            raise ValueError("it is cut off")
        yield tag, data[start : start + size]
        data = data[start + size :]


def _values(data: bytes, *tags: int) -> list[bytes]:
    """Return the contents of values with exactly these tags.

    Raises:
        ValueError, IndexError: these are others.
    """
    found = list(_parts(data))
    if tuple(tag for tag, _ in found) != tags:
        raise ValueError("it holds something else")
    return [value for _, value in found]


def _rsa(key: bytes) -> PublicKeyInfo:
    (numbers,) = _values(key, _SEQUENCE)
    said = _values(numbers, _INTEGER, _INTEGER)
    modulus, exponent = (int.from_bytes(value, signed=True) for value in said)
    if any(len(value) > number.bit_length() // 8 + 1 for value, number in zip(said, (modulus, exponent), strict=True)):
        raise ValueError("a number could be written shorter")
    if modulus <= 0:
        raise ValueError("it is no modulus")
    material = ("RSA", modulus)  # who knows the secret of one exponent knows that of every other
    if modulus.bit_length() < RSA_BITS:
        least = f"{RSA_BITS:,} bits is the least (NIST SP 800-131A)"
        return PublicKeyInfo(material, f"is an RSA key of {modulus.bit_length():,} bits: {least}")
    if exponent < _LEAST_EXPONENT or not exponent % 2:
        told = f"is an RSA key with the exponent {exponent if exponent < _LEAST_EXPONENT else 'that is even'}"
        return PublicKeyInfo(material, f"{told}: an odd one from {_LEAST_EXPONENT} on is needed (FIPS 186-5)")
    if math.gcd(modulus, _SMALL_FACTORS) != 1:
        return PublicKeyInfo(material, "is no RSA key: its modulus has a small factor")
    if exponent >= modulus:
        return PublicKeyInfo(material, "is no RSA key: its exponent is no smaller than its modulus")
    return PublicKeyInfo(material)


def _elliptic(parameters: Sequence[tuple[int, bytes]], key: bytes) -> PublicKeyInfo:
    """A point is told by its x and the parity of its y, as it is when it is written compressed."""
    ((tag, named),) = parameters
    curve = named.hex()
    if curve not in _CURVES:
        return PublicKeyInfo(("EC", curve, key.hex()), _no_kind("an ECDSA key on another curve"))
    form, half = key[0], len(key) // 2
    compressed = form in (2, 3)
    if not compressed and (form != 4 or len(key) % 2 == 0):  # noqa: PLR2004 - the form of a point: SEC 1, 2.3.3
        raise ValueError("it is no point")
    if tag != _OID:
        raise ValueError("it names no curve")
    x = int.from_bytes(key[1:] if compressed else key[1 : half + 1])
    field, b = _PRIMES[_CURVES[curve]]
    square = (x**3 - 3 * x + b) % field
    y = None if compressed else int.from_bytes(key[half + 1 :])
    on_curve = pow(square, field // 2, field) <= 1 if y is None else y < field and y * y % field == square
    if x >= field or not on_curve or len(key) != 1 + (field.bit_length() + 7) // 8 * (1 if compressed else 2):
        raise ValueError("it is no point of its curve")
    return PublicKeyInfo(("EC", _CURVES[curve], x, (form if compressed else key[-1]) & 1))


def _ed25519(key: bytes) -> PublicKeyInfo:
    material = ("Ed25519", key.hex())
    if len(key) != _ED25519_BYTES:
        raise ValueError("it has another length")
    if int.from_bytes(key, "little") % 2**255 in _LOW_ORDER:
        return PublicKeyInfo(material, "is no Ed25519 key: it is a point of low order, for which anybody can sign")
    return PublicKeyInfo(material)
