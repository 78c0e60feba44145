"""Random changes of bytes: bits, tokens, ranges and lines, always the same for one seed."""

from __future__ import annotations

import random
from collections.abc import Sequence

LARGEST = 1 << 16
"""Bytes of the largest input that bytes are added to."""
_ODD = b"\x00\xff\xfe\x80\x7f\xc3\xed\r\n\t \"'`|,;:#=-*~<>&/\\[]{}()0129azAZ"
_HOW_MANY = (1, 1, 1, 1, 2, 2, 3, 5)


def mutated(data: bytes, chance: random.Random, tokens: Sequence[bytes], other: bytes) -> bytes:
    """Return the bytes with one to five changes.

    Args:
        data: the bytes.
        chance: decides what is changed.
        tokens: what has a meaning to the parser.
        other: another input, of which a range may be put in.
    """
    for _ in range(chance.choice(_HOW_MANY)):
        data = chance.choice(_CHANGES)(data, chance, tokens, other)[:LARGEST]
    return data


def _range(data: bytes, chance: random.Random) -> tuple[int, int]:
    start = chance.randrange(len(data) + 1)
    return start, min(len(data), start + chance.choice((1, 1, 2, 4, 9, 33, 200)))


def _bit(data: bytes, chance: random.Random, _tokens: Sequence[bytes], _other: bytes) -> bytes:
    if not data:
        return b"\0"
    at = chance.randrange(len(data))
    return data[:at] + bytes([data[at] ^ 1 << chance.randrange(8)]) + data[at + 1 :]


def _byte(data: bytes, chance: random.Random, _tokens: Sequence[bytes], _other: bytes) -> bytes:
    at = chance.randrange(len(data) + 1)
    return data[:at] + bytes([chance.choice(_ODD)]) + data[at + chance.randrange(2) :]


def _delete(data: bytes, chance: random.Random, _tokens: Sequence[bytes], _other: bytes) -> bytes:
    start, end = _range(data, chance)
    return data[:start] + data[end:]


def _repeat(data: bytes, chance: random.Random, _tokens: Sequence[bytes], _other: bytes) -> bytes:
    start, end = _range(data, chance)
    times = chance.choice((2, 2, 3, 10, 10, 100, 3000 if chance.random() < 0.1 else 4))
    return data[:start] + data[start:end] * times + data[end:]


def _token(data: bytes, chance: random.Random, tokens: Sequence[bytes], _other: bytes) -> bytes:
    start, end = _range(data, chance)
    return data[:start] + chance.choice(tokens) + data[end if chance.randrange(2) else start :]


def _splice(data: bytes, chance: random.Random, _tokens: Sequence[bytes], other: bytes) -> bytes:
    start, end = _range(other, chance)
    at = chance.randrange(len(data) + 1)
    return data[:at] + other[start : end + chance.randrange(200)] + data[at + chance.choice((0, 0, end - start)) :]


def _line(data: bytes, chance: random.Random, _tokens: Sequence[bytes], other: bytes) -> bytes:
    lines = data.splitlines(keepends=True)
    others = other.splitlines(keepends=True)
    if not lines or not others:
        return data
    one, another = chance.randrange(len(lines)), chance.randrange(len(lines))
    how = chance.randrange(4)
    if how == 0:
        lines[one], lines[another] = lines[another], lines[one]
    elif how == 1:
        del lines[one]
    elif how == 2:
        lines.insert(one, lines[another])
    else:
        lines.insert(one, chance.choice(others))
    return b"".join(lines)


def _cut(data: bytes, chance: random.Random, _tokens: Sequence[bytes], _other: bytes) -> bytes:
    return data[: chance.randrange(len(data) + 1)]


_CHANGES = (_bit, _byte, _byte, _delete, _delete, _repeat, _token, _token, _token, _splice, _line, _line, _cut)
