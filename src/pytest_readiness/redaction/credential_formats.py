"""Secrets in the fixed phrases of SQL, ``.netrc``, JSON Web Keys, cookie jars and password messages."""

from __future__ import annotations

import re
from collections.abc import Container, Iterator
from functools import cache

from ..late_pattern import late_pattern
from .match import Match
from .secret_names import is_harmless

_NAME = rb"[^\s\\\"',]{1,256}+"
_NEXT = (
    rb"(?:[ \t]{1,16}+|(?:[ \t]{0,8}+(?:\r?\n|\\r\\n|\\n)(?:e(?=[ ]))?[ \t+-]{0,32}+"
    rb"(?:\?[ ^+-]{0,64}+(?=\r?\n))?){1,4})"
)
"""Separator of two words of a .netrc, also if pytest compares two of them line by line. Like all of these patterns it
is applied to a text in lower case."""
_PASSWORD = rb"password[ \t]{1,8}[\"']?((?:[^\s\\\"']|\\(?![rnt\"']))++)"
_ENTRY = rb"(?:%b(?:login|account)[ \t]{1,8}" % _NEXT + _NAME + rb"){%d,2}" + _NEXT + _PASSWORD
_CHANGED = rb"(?:%b%b)?" % (_NEXT, _PASSWORD)
"""The second of two compared passwords."""
_OF_NETRC = rb"(?=%b(?:login|account|machine)\s)" % _NEXT
_WORD_WITH_DIGIT = rb"(?=[^\s\"']{0,64}\d)(?=[^\s\"']{0,64}[a-z])([^\s\"']{6,}?)(?=[.!\"']?(?:\s|\Z))"
"""A word with a digit, which is no word of a sentence."""
_PHRASES: tuple[tuple[bytes, tuple[tuple[bytes, bytes], ...]], ...] = (
    (b"identified ", ((b"identified ", rb"identified (?:with [\w'\"]{1,64} )?(?:by|as) (?:password )?'([^'\n]+)'"),)),
    (
        b"password",
        (
            (b"machine ", rb"machine[ \t]%b" % _NAME + _ENTRY % 0 + _CHANGED),
            (b"machine ", rb"machine[ \t]%b%b%b%b" % (_NAME, _NEXT, _PASSWORD, _OF_NETRC)),
            (b"default", rb"default" + _ENTRY % 1 + _CHANGED),
            (b"\n", rb"\n(?:e[ ]{1,8})?[+-][ ]{1,16}password[ ]%b" % _WORD_WITH_DIGIT),
            (b"password for ", rb"password for (?:user )?['\"]?[\w.@:/-]{1,128}['\"]?:[ ]?%b" % _WORD_WITH_DIGIT),
            (
                b"password is",
                rb"(?:your|temporary|initial|generated|new) (?:new )?password is:?[ ]['\"]?%b" % _WORD_WITH_DIGIT,
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
"""By a text that several phrases hold: a text that one phrase holds, and the phrase, in lower case. The groups are the
secrets."""
_PRIVATE_OF_JWK = late_pattern(rb"""(\\{0,7}["'])(?:d|p|q|dp|dq|qi|k)\1\s{0,8}:\s{0,8}\1([^"'\\\n]+)\1""")
_JWK_REACH = 8192
"""Bytes of a JSON Web Key on either side of its type."""


PHRASES = tuple(family for family, _ in _PHRASES)
"""What is searched for, in any letter case."""
_KTY = b"kty"
EXACT_PHRASES = (_KTY,)
"""What is searched for in its letter case."""


def find_credentials(data: bytes, lower: bytes, prefixes: Container[bytes] | None = None) -> Iterator[Match]:
    """Yield the secrets in a phrase.

    Args:
        data: The text.
        lower: The text in lower case.
        prefixes: Those of ``PHRASES`` and ``EXACT_PHRASES`` that it may hold; None: unknown.
    """
    for family, phrases in _PHRASES:
        if (prefixes is None or family in prefixes) and family in lower:
            for literal, phrase in phrases:
                if literal is family or literal in lower:
                    yield from _find_phrase(data, lower, _compile(phrase))
    if (prefixes is None or _KTY in prefixes) and _KTY in data:
        yield from _find_key_numbers(data)


@cache
def _compile(pattern: bytes) -> re.Pattern[bytes]:
    """Return a pattern, compiled when it is first needed: few texts hold any of these phrases."""
    return re.compile(pattern)


def _find_phrase(data: bytes, lower: bytes, phrase: re.Pattern[bytes]) -> Iterator[Match]:
    for match in phrase.finditer(lower):
        for start, end in match.regs[1:]:
            if start >= 0 and not is_harmless(data[start:end]):
                yield Match(start, end, "key", match.start())


def _find_key_numbers(data: bytes) -> Iterator[Match]:
    """Yield the private numbers of JSON Web Keys, which are in the object that has ``kty``."""
    end, at = 0, data.find(b"kty")
    while at >= 0:
        begin = max(data.rfind(b"{", max(at - _JWK_REACH, end), at), end)
        close = data.find(b"}", at, at + _JWK_REACH)
        end = close if close >= 0 else min(len(data), at + _JWK_REACH)
        for match in _PRIVATE_OF_JWK.finditer(data, begin, end):
            yield Match(*match.span(2), "key", begin)
        at = data.find(b"kty", end)
