"""Secrets that stand in a phrase of their own: in SQL, ``.netrc``, JSON Web Keys and the jars of cookies."""

from __future__ import annotations

import re
from collections.abc import Container, Iterator
from functools import cache

from .match import Match
from .secret_names import is_harmless

_NAME = rb"[^\s\\\"',]{1,256}+"
_NEXT = (
    rb"(?:[ \t]{1,16}+|(?:[ \t]{0,8}+(?:\r?\n|\\r\\n|\\n)(?:e(?=[ ]))?[ \t+-]{0,32}+"
    rb"(?:\?[ ^+-]{0,64}+(?=\r?\n))?){1,4})"
)
"""What stands between two words of a .netrc: also where pytest compares two of them, line by line.
Like all of these it is looked for in a text without capitals."""
_PASSWORD = rb"password[ \t]{1,8}[\"']?((?:[^\s\\\"']|\\(?![rnt\"']))++)"
_ENTRY = rb"(?:%b(?:login|account)[ \t]{1,8}" % _NEXT + _NAME + rb"){%d,2}" + _NEXT + _PASSWORD
_CHANGED = rb"(?:%b%b)?" % (_NEXT, _PASSWORD)
"""The other of two that are compared."""
_OF_NETRC = rb"(?=%b(?:login|account|machine)\s)" % _NEXT
_TELLING = rb"(?=[^\s\"']{0,64}\d)(?=[^\s\"']{0,64}[a-z])([^\s\"']{6,}?)(?=[.!\"']?(?:\s|\Z))"
"""What is no word of a sentence: it has a digit."""
_PHRASES: tuple[tuple[bytes, tuple[tuple[bytes, bytes], ...]], ...] = (
    (b"identified ", ((b"identified ", rb"identified (?:with [\w'\"]{1,64} )?(?:by|as) (?:password )?'([^'\n]+)'"),)),
    (
        b"password",
        (
            (b"machine ", rb"machine[ \t]%b" % _NAME + _ENTRY % 0 + _CHANGED),
            (b"machine ", rb"machine[ \t]%b%b%b%b" % (_NAME, _NEXT, _PASSWORD, _OF_NETRC)),
            (b"default", rb"default" + _ENTRY % 1 + _CHANGED),
            (b"\n", rb"\n(?:e[ ]{1,8})?[+-][ ]{1,16}password[ ]%b" % _TELLING),
            (b"password for ", rb"password for (?:user )?['\"]?[\w.@:/-]{1,128}['\"]?:[ ]?%b" % _TELLING),
            (
                b"password is",
                rb"(?:your|temporary|initial|generated|new) (?:new )?password is:?[ ]['\"]?%b" % _TELLING,
            ),
            (b"password is ", rb"password is generated for \S{1,128}: (\S+)"),
        ),
    ),
    (b"requirepass ", ((b"requirepass ", rb"requirepass[ \t]{1,8}[\"']?([^\s\"']+)"),)),
    (b"masterauth ", ((b"masterauth ", rb"masterauth[ \t]{1,8}[\"']?([^\s\"']+)"),)),
    (
        b"cookie",
        (
            (b"<cookie ", rb"<cookie [\w.%-]{1,128}=(\S+) for "),
            (b"cookie(", rb"cookie\([^)\n]{0,256}?value=['\"]([^'\"\n]+)"),
            (b"cookie: ", rb"(?<=<simple)cookie: [\w.%-]{1,128}='([^'\n]+)"),
        ),
    ),
    (b"morsel: ", ((b"morsel: ", rb"<morsel: [\w.%-]{1,128}=([^;>\n]+)"),)),
)
"""What a phrase holds, and the phrase, in a text without capitals; its group is the secret."""
_PRIVATE_OF_JWK = re.compile(rb"""(\\{0,7}["'])(?:d|p|q|dp|dq|qi|k)\1\s{0,8}:\s{0,8}\1([^"'\\\n]+)\1""")
_MOST_OF_JWK = 8192
"""Bytes of a JSON Web Key on either side of its type."""


PHRASES = tuple(family for family, _ in _PHRASES)
"""What is looked for, in any letter case."""
_KTY = b"kty"
EXACT_PHRASES = (_KTY,)
"""And in its letter case."""


def find_credentials(data: bytes, lower: bytes, words: Container[bytes] | None = None) -> Iterator[Match]:
    """Yield the secrets that a phrase gives away.

    Args:
        data: the text.
        lower: the text without capitals.
        words: those of ``PHRASES`` and ``EXACT_PHRASES`` that it may hold, where that is known.
    """
    for family, phrases in _PHRASES:
        if (words is None or family in words) and family in lower:
            for held, phrase in phrases:
                if held is family or held in lower:
                    yield from _found(data, lower, _compiled(phrase))
    if (words is None or _KTY in words) and _KTY in data:
        yield from _of_jwks(data)


@cache
def _compiled(pattern: bytes) -> re.Pattern[bytes]:
    """Few texts hold any of these."""
    return re.compile(pattern)


def _found(data: bytes, lower: bytes, phrase: re.Pattern[bytes]) -> Iterator[Match]:
    for found in phrase.finditer(lower):
        for start, end in found.regs[1:]:
            if start >= 0 and not is_harmless(data[start:end]):
                yield Match(start, end, "key", found.start())


def _of_jwks(data: bytes) -> Iterator[Match]:
    """The private numbers of a JSON Web Key stand in the object that has ``kty``."""
    done, at = 0, data.find(b"kty")
    while at >= 0:
        begin = max(data.rfind(b"{", max(at - _MOST_OF_JWK, done), at), done)
        end = data.find(b"}", at, at + _MOST_OF_JWK)
        done = end if end >= 0 else min(len(data), at + _MOST_OF_JWK)
        for found in _PRIVATE_OF_JWK.finditer(data, begin, done):
            yield Match(*found.span(2), "key", begin)
        at = data.find(b"kty", done)
