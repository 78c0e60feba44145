"""Secrets that stand in a phrase of their own: in commands, SQL, ``.netrc``, JSON Web Keys and the jars of cookies."""

from __future__ import annotations

import re
from collections.abc import Container, Iterator
from functools import cache

from .finding import Finding
from .keys import is_harmless

_PHRASES: tuple[tuple[bytes, bytes], ...] = (
    (b"identified ", rb"identified (?:with [\w'\"]{1,64} )?(?:by|as) (?:password )?'([^'\n]+)'"),
    (b"machine ", rb"machine[ \t]\S{1,256}\s{1,16}(?:login[ \t]\S{1,256}\s{1,16})?password[ \t]{1,8}(\S+)"),
    (b"default ", rb"default\s{1,16}login[ \t]\S{1,256}\s{1,16}password[ \t]{1,8}(\S+)"),
    (b"requirepass ", rb"requirepass[ \t]{1,8}[\"']?([^\s\"']+)"),
    (b"masterauth ", rb"masterauth[ \t]{1,8}[\"']?([^\s\"']+)"),
    (b"<cookie ", rb"<cookie [\w.%-]{1,128}=(\S+) for "),
    (b"cookie(", rb"cookie\([^)\n]{0,256}?value=['\"]([^'\"\n]+)"),
    (b"cookie: ", rb"(?<=<simple)cookie: [\w.%-]{1,128}='([^'\n]+)"),
    (b"morsel: ", rb"<morsel: [\w.%-]{1,128}=([^;>\n]+)"),
)
"""What a phrase holds, and the phrase, in a text without capitals; its group is the secret."""
_COMMANDS: tuple[tuple[bytes, bytes], ...] = (
    (b"sshpass", rb"[\s\"']-p(?:[ ]|[\"'],[ ]?)?[\"']?([^\s\"']+)"),
    (b"mysql", rb"[\s\"']-p([^\s\"',]+)"),
    (b"redis-cli", rb"[\s\"']-a(?:[ ]|[\"'],[ ]?)[\"']?([^\s\"']+)"),
)
"""Options that hold a password, by their command; looked for in the rest of its line."""
_PRIVATE_OF_JWK = re.compile(rb"""(\\{0,7}["'])(?:d|p|q|dp|dq|qi|k)\1\s{0,8}:\s{0,8}\1([^"'\\\n]+)\1""")
_MOST_OF_JWK = 8192
"""Bytes of a JSON Web Key on either side of its type."""


PHRASES = tuple(held for held, _ in (*_PHRASES, *_COMMANDS))
"""What is looked for, in any letter case."""
_KTY = b"kty"
EXACT_PHRASES = (_KTY,)
"""And in its letter case."""


def find_phrases(data: bytes, lower: bytes, words: Container[bytes] | None = None) -> Iterator[Finding]:
    """Yield the secrets that a phrase gives away.

    Args:
        data: the text.
        lower: the text without capitals.
        words: those of ``PHRASES`` and ``EXACT_PHRASES`` that it may hold, where that is known.
    """
    for held, phrase in _PHRASES:
        if (words is None or held in words) and held in lower:
            yield from _found(data, lower, _compiled(phrase))
    for command, option in _COMMANDS:
        at = lower.find(command) if words is None or command in words else -1
        while at >= 0:
            end = data.find(b"\n", at)
            end = len(data) if end < 0 else end
            for found in _compiled(option).finditer(data, at, end):
                if not is_harmless(found[1]):
                    yield Finding(*found.span(1), "key", at)
            at = lower.find(command, end)
    if (words is None or _KTY in words) and _KTY in data:
        yield from _of_jwks(data)


@cache
def _compiled(pattern: bytes) -> re.Pattern[bytes]:
    """Few texts hold any of these."""
    return re.compile(pattern)


def _found(data: bytes, lower: bytes, phrase: re.Pattern[bytes]) -> Iterator[Finding]:
    for found in phrase.finditer(lower):
        start, end = found.span(1)
        if not is_harmless(data[start:end]):
            yield Finding(start, end, "key", found.start())


def _of_jwks(data: bytes) -> Iterator[Finding]:
    """The private numbers of a JSON Web Key stand in the object that has ``kty``."""
    done, at = 0, data.find(b"kty")
    while at >= 0:
        begin = max(data.rfind(b"{", max(at - _MOST_OF_JWK, done), at), done)
        end = data.find(b"}", at, at + _MOST_OF_JWK)
        done = end if end >= 0 else min(len(data), at + _MOST_OF_JWK)
        for found in _PRIVATE_OF_JWK.finditer(data, begin, done):
            yield Finding(*found.span(2), "key", begin)
        at = data.find(b"kty", done)
