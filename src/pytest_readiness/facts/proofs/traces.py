"""Traces as trees of JSON values: masked, canonical (RFC 8785), and compared path by path.

Unlike a line of a run, a trace is the user's data: it may contain floats. A value that JSON cannot carry is refused.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime, time
from hashlib import sha256 as _sha256
from typing import Any

from msgspec import Struct

from ...errors import ProofError, one_line

MASKED = "[MASKED]"
"""Value of a masked field."""
MAX_INTEGER = 2**53 - 1
"""The largest integer that every JSON parser reads exactly."""
MAX_SHOWN = 80
"""Most characters of a value in a message."""

Redact = Callable[[str], str]
"""Removes the secrets from a text."""
_At = tuple[Any, str | int] | None
"""Position of a value: the position of its container, and the key or index in it. It becomes text only in a message."""

_quoted = json.JSONEncoder(ensure_ascii=False).encode


def __tracebackhide__(excinfo: Any) -> bool:  # noqa: N807 - the name that pytest looks for
    return isinstance(excinfo.value, ProofError)


class Absent(Struct, frozen=True):
    """Marker for a value that one of two trees lacks."""


ABSENT = Absent()


class TraceDifference(Struct, frozen=True):
    """First difference between two trees."""

    keys: tuple[str | int, ...]
    first: Any
    """The value in the first tree, or ``ABSENT``."""
    second: Any

    def path(self, redact: Redact = str) -> str:
        """Return the path, such as ``$[3].user.name``."""
        return json_path(self.keys, redact)


def to_tree(value: Any, mask: Collection[str] = frozenset()) -> Any:
    """Return a value as dicts, lists, texts, numbers, booleans and None, with masked fields replaced at any depth.

    Dataclasses and Structs become dicts, tuples lists, dates and times their ISO texts. A masked value may be anything.

    Raises:
        ProofError: JSON cannot carry a value; the message names its path and type.
    """
    try:
        return _tree(value, frozenset(mask), None)
    except RecursionError:
        raise ProofError("the values are nested too deeply, or contain themselves") from None


def _tree(value: Any, mask: frozenset[str], at: _At) -> Any:  # noqa: PLR0911 - one for each kind of value
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return _text(value, at)
    if isinstance(value, int | float):
        return _number(value, at)
    if isinstance(value, Mapping):
        return {_key(key, at): _masked(inner, key, mask, at) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_tree(inner, mask, (at, index)) for index, inner in enumerate(value)]
    if isinstance(value, Struct):
        return {name: _masked(getattr(value, name), name, mask, at) for name in value.__struct_fields__}
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: _masked(getattr(value, field.name), field.name, mask, at) for field in fields(value)}
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    raise ProofError(f"{_path_text(at)} is {kind_text(value)}, which JSON cannot carry: convert it, or mask it")


def _masked(value: Any, key: str, mask: frozenset[str], at: _At) -> Any:
    return MASKED if key in mask else _tree(value, mask, (at, key))


def _key(key: Any, at: _At) -> str:
    if not isinstance(key, str):
        raise ProofError(f"{_path_text(at)} has a key of type {type(key).__name__}: the keys of JSON are texts")
    return _text(key, at)


def _text(value: str, at: _At) -> str:
    try:
        value.encode()
    except UnicodeEncodeError:
        raise ProofError(f"{_path_text(at)} has a text with half a character (a lone surrogate) in it") from None
    return str.__str__(value)


def _number(value: float, at: _At) -> int | float:
    if isinstance(value, int):
        if abs(value) > MAX_INTEGER:
            problem = "is an integer beyond 2**53, which readers of JSON round: give it as a text, or mask it"
            raise ProofError(f"{_path_text(at)} {problem}")
        return int(value)
    if not math.isfinite(value):
        raise ProofError(f"{_path_text(at)} is {float(value)}, which is no JSON number")
    return float(value)


def kind_text(value: object) -> str:
    """Return the type of a value with its article: ``a dict``."""
    name = type(value).__name__
    return f"{'an' if name[:1].lower() in 'aeiou' else 'a'} {name}"


def whole_line(text: str) -> str:
    """Return the text on one line, whatever its length. It is cut only after secrets are removed."""
    return one_line(text, 10 * len(text) + 1)


def _path_text(at: _At) -> str:
    keys: list[str | int] = []
    while at is not None:
        at, key = at
        keys.append(key)
    return json_path(keys[::-1])


def json_path(keys: Iterable[str | int], redact: Redact = str) -> str:
    """Return a path as JSONPath: ``$[3].user['full name']``."""
    return "$" + "".join(_step(key, redact) for key in keys)


def _step(key: str | int, redact: Redact) -> str:
    if isinstance(key, int):
        return f"[{key}]"
    shown = whole_line(redact(key))
    return f".{shown}" if shown.isidentifier() else f"[{shown!r}]"


def canonical_trace(value: Any) -> str:
    """Return the canonical text (RFC 8785) of a tree from ``to_tree``."""
    return "".join(_canonical_parts(value))


def trace_digest(text: str) -> str:
    """Return ``sha256:`` and the SHA-256 of a canonical text, as ``sha256sum`` prints it."""
    return f"sha256:{_sha256(text.encode()).hexdigest()}"


def _canonical_parts(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        yield "{"
        for number, key in enumerate(sorted(value, key=_utf16)):
            yield f"{',' if number else ''}{_quoted(key)}:"
            yield from _canonical_parts(value[key])
        yield "}"
    elif isinstance(value, list):
        yield "["
        for number, inner in enumerate(value):
            if number:
                yield ","
            yield from _canonical_parts(inner)
        yield "]"
    else:
        yield number_text(value) if isinstance(value, float) else _quoted(value)


def _utf16(key: str) -> bytes:
    return key.encode("utf-16-be")  # RFC 8785 sorts keys as JavaScript does


def number_text(value: float) -> str:
    """Return a finite number as ECMAScript writes it: the shortest digits that read back as the same number."""
    if value == 0:
        return "0"
    sign, shortest = ("-" if value < 0 else ""), repr(abs(float(value)))
    mantissa, _, power = shortest.partition("e")
    whole, _, fraction = mantissa.partition(".")
    point = len(whole) + int(power or 0)
    digits = (whole + fraction).lstrip("0")
    point -= len(whole + fraction) - len(digits)
    digits = digits.rstrip("0")
    return sign + _positioned(digits, point)


def _positioned(digits: str, point: int) -> str:
    """Return digits with the decimal point placed; from 1e21 on, and below 1e-6, as a power of ten."""
    count = len(digits)
    if count <= point <= 21:  # noqa: PLR2004 - as ECMAScript prints numbers
        return digits + "0" * (point - count)
    if 0 < point <= 21:  # noqa: PLR2004
        return f"{digits[:point]}.{digits[point:]}"
    if -6 < point <= 0:  # noqa: PLR2004
        return f"0.{'0' * -point}{digits}"
    fraction = f".{digits[1:]}" if count > 1 else ""
    return f"{digits[0]}{fraction}e{point - 1:+d}"


def first_difference(first: Any, second: Any) -> TraceDifference | None:
    """Return the first difference between two trees in the order of the canonical text; None if they are equal."""
    pairs: Iterable[tuple[str | int, Any, Any]]
    if isinstance(first, dict) and isinstance(second, dict):
        keys = sorted(first.keys() | second.keys(), key=_utf16)
        pairs = ((key, first.get(key, ABSENT), second.get(key, ABSENT)) for key in keys)
    elif isinstance(first, list) and isinstance(second, list):
        pairs = ((index, _at(first, index), _at(second, index)) for index in range(max(len(first), len(second))))
    else:
        return None if _same(first, second) else TraceDifference((), first, second)
    for key, first_value, second_value in pairs:
        difference = first_difference(first_value, second_value)
        if difference is not None:
            return TraceDifference((key, *difference.keys), difference.first, difference.second)
    return None


def _at(values: list[Any], index: int) -> Any:
    return values[index] if index < len(values) else ABSENT


def _same(first: Any, second: Any) -> bool:
    """Return whether two values are equal in JSON: 1 and 1.0 are one number, and true is no number."""
    if isinstance(first, bool) or isinstance(second, bool):
        return first is second
    return bool(first == second)


def has_value(value: Any) -> bool:
    """Return whether a tree contains a value that is not masked."""
    if isinstance(value, dict | list):
        return any(map(has_value, value.values() if isinstance(value, dict) else value))
    return value != MASKED or not isinstance(value, str)


def redact_tree(value: Any, redact: Redact) -> Any:
    """Return a tree without secrets, in keys and numbers too. A redacted value becomes a text."""
    if isinstance(value, dict):
        return {redact(key): redact_tree(inner, redact) for key, inner in value.items()}
    if isinstance(value, list):
        return [redact_tree(inner, redact) for inner in value]
    if value is None or isinstance(value, bool):
        return value
    spelling = value if isinstance(value, str) else number_text(value)
    spelled = redact(spelling)
    return value if spelled == spelling else spelled


def shortened(value: Any, redact: Redact = str, key: str | int | None = None) -> str:
    """Return a tree as a short text for a message. It is redacted before it is cut, which could split a secret.

    ``key``: the name of the value in its container, which may show that it is secret.
    """
    if value is ABSENT:
        return "nothing"
    text = canonical_trace(redact_tree(value, redact))
    head = f"{{{_quoted(key)}:" if isinstance(key, str) else ""
    clean = redact(f"{head}{text}}}") if head else redact(text)
    if head:  # redacted together with its key, and shown without it
        clean = clean[len(head) : -1] if clean.startswith(head) else redact(text)
    return one_line(clean, MAX_SHOWN)
