"""Search of written texts for secrets that became known later, in a time that does not grow.

Every window of six bytes of a written text sets a bit (a Bloom filter). A spelling of a secret has at least one such
window, and if a bit of one is not set, the spelling was never written. So a new secret costs the same, however much was
written, and a written text costs the same, however many secrets follow. Only where all bits of a spelling are set, the
texts themselves are searched.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from shlex import quote
from typing import Any

from msgspec import Struct
from msgspec.structs import asdict

from ..facts.ledger.line import canonical
from .compared_fields import CORE_FIELDS, EXEMPT_FIELDS
from .encodings import SHORTEST
from .known_secrets import KnownSecrets, shows_truncation

_FRAGMENT = 8
"""Least size in bytes of a fragment of a secret that is searched for in a shortened text (``truncated_secrets``)."""
_BITS = 1 << 24
"""Number of bits: 2 MiB. With the texts of 10,000 tests, about one in twenty is set."""
_CHAINED = frozenset({"prev", "run"})
"""Fields of a line that its chain sets."""
_REMEMBERED = 4096
"""Most texts that are remembered as already added."""
_LONGEST_REMEMBERED = 256
_AT_ONCE = 16
_OTHER_FIELDS = CORE_FIELDS | {"argv"}


class WrittenTexts:
    """The texts that were written so far, as far as a search for secrets needs them."""

    def __init__(self) -> None:
        self._windows = _Windows()
        self._shortened: _Windows | None = None
        """The windows of the texts that show that something was left out, where fragments are secret, too."""
        self._remembered: set[str] = set()

    def add(self, body: Mapping[str, Any]) -> None:
        """Add the texts of a line."""
        for text in texts_of(body):
            if text in self._remembered:
                continue
            if len(text) <= _LONGEST_REMEMBERED:
                if len(self._remembered) >= _REMEMBERED:
                    self._remembered.clear()
                self._remembered.add(text)
            data = text.encode("utf-8", "surrogatepass")
            self._windows.add(data)
            if shows_truncation(data):
                if self._shortened is None:
                    self._shortened = _Windows()
                self._shortened.add(data)

    def may_hold(self, secrets: KnownSecrets) -> bool:
        """Return whether a text may hold one of these secrets, or a fragment of one. False is certain."""
        if any(self._windows.may_hold(spelling) for spelling, _ in secrets.spellings_after(0)):
            return True
        return self._shortened is not None and any(map(self._shortened.may_hold, _fragments(secrets)))


class _Windows:
    """The windows of texts, each as one bit."""

    def __init__(self) -> None:
        self._bits = bytearray(_BITS >> 3)

    def add(self, data: bytes) -> None:
        bits = self._bits
        for at in range(len(data) - SHORTEST + 1):
            number = hash(data[at : at + SHORTEST]) % _BITS
            bits[number >> 3] |= 1 << (number & 7)

    def may_hold(self, data: bytes) -> bool:
        bits = self._bits
        for at in range(len(data) - SHORTEST + 1):
            number = hash(data[at : at + SHORTEST]) % _BITS
            if not bits[number >> 3] >> (number & 7) & 1:
                return False
        return True


class SecretSearch:
    """Search of lines, or tests of a plan, for known secrets, and for fragments of them where something was left out.

    Only what holds one can change when it is redacted again with these secrets.
    """

    def __init__(self, secrets: KnownSecrets) -> None:
        self._secrets = secrets
        self._in_json = KnownSecrets()
        """The spellings as JSON writes them: a body is written in C, much faster than its texts are collected."""
        for spelling, rule in secrets.spellings_after(0):
            with suppress(UnicodeDecodeError):  # then JSON cannot hold it
                self._in_json.add((canonical(spelling.decode()).encode()[1:-1],), rule)

    def __call__(self, bodies: Sequence[Mapping[str, Any]]) -> Iterator[int]:
        """Yield the positions of the bodies that hold a secret. Several are searched at once."""
        for start in range(0, len(bodies), _AT_ONCE):
            some = bodies[start : start + _AT_ONCE]
            if self._may_hold(some):
                yield from (start + number for number, body in enumerate(some) if self.holds(body))

    def holds(self, body: Mapping[str, Any]) -> bool:
        """Return whether a text of a body holds a secret."""
        if not self._may_hold(body):
            return False
        texts = [text.encode("utf-8", "surrogatepass") for text in texts_of(body)]
        if any(self._secrets.find(b"\n".join(texts))):
            return True
        from .truncated_secrets import find_truncated  # few texts are

        secrets = self._secrets
        return any(any(find_truncated(text, secrets)) for text in texts if secrets.is_truncated(text))

    def _may_hold(self, body: Any) -> bool:
        try:
            data = canonical(body).encode()
        except (ValueError, TypeError, RecursionError):
            return True
        return b'"argv":' in data or any(self._in_json.find(data)) or self._secrets.is_truncated(data)


def texts_of(body: Mapping[str, Any]) -> Iterator[str]:
    """Yield every text in plain data that ``Redactor.plain`` searches for known secrets, and a few others."""
    shared: set[int] = set()
    waiting: list[Any] = [{key: value for key, value in body.items() if key not in _CHAINED}]
    while waiting:
        value = waiting.pop()
        if isinstance(value, str):
            yield value
        elif isinstance(value, list | tuple):
            if id(value) not in shared:  # tests with equal claims share the list
                shared.add(id(value))
                waiting += value
        elif isinstance(value, dict | Struct):
            fields = value if isinstance(value, dict) else asdict(value)
            waiting += [inner for key, inner in fields.items() if key not in EXEMPT_FIELDS]
            for key in _OTHER_FIELDS.intersection(fields):
                waiting += _texts_of_field(key, fields[key])


def _texts_of_field(key: str, value: Any) -> Iterator[str]:
    """Yield the texts of a field that is searched otherwise: words also as a line, and names whatever their fields."""
    if key == "argv":
        yield "".join(f"{quote(word)} " for word in value)
    else:
        yield from _all_texts(value)


def _all_texts(value: Any) -> Iterator[str]:
    """Yield every text, whatever the name of its field."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _all_texts(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _all_texts(inner)


def _fragments(secrets: KnownSecrets) -> Iterator[bytes]:
    """Yield a part of every fragment that is secret in a shortened text."""
    for spelling, _ in secrets.spellings_after(0):
        if len(spelling) > _FRAGMENT:
            yield spelling[:_FRAGMENT]
            yield spelling[-_FRAGMENT:]
    for value, _ in secrets.values:
        for text in (value, repr(value)):
            data = text.encode("utf-8", "surrogatepass")
            yield from (data[at : at + _FRAGMENT] for at in range(len(data) - _FRAGMENT + 1))
