"""Secrets that stand beside a name that says so, or in a URL.

One pass looks for the stems of such names; only where one stands is the text around it looked at (``beside``).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from .finding import Finding

RULES = frozenset({"key", "header", "url"})
"""Names of the rules."""
MOST_OF_A_NAME = 64
_WORD = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-"
_STEMS = re.compile(
    rb"pass(?!ed|ing|es\b)|pwd|secret|token|credential|auth|cookie|jwt|sess(?=id|ion)|dsn|conn(?=str|ection[_ -]?str)"
    rb"|sig(?==|nature)|key(?![a-z]{4})|://|-u |user "
)
_JOINED = re.compile(rb"""[ \t]{0,8}[:=!>%,"'\\\]&]|[ \t]value""")
"""What may stand between a name and its value: most names in a text stand in sentences."""
_REST_OF_NAME = re.compile(rb"[\w.-]{0,64}", re.ASCII)
_FIRST_WORD = re.compile(rb"\b(?:api|access|private|secret|signing|encryption|session) \Z", re.IGNORECASE)
_USER_INFO = re.compile(rb"""://(?P<user>[^\s/@:"'<>\\?#]{0,256}):(?P<password>[^\s/"'<>\\]{1,512})@(?=[\w\[.-])""")
_USER_INFO_WITH_SLASH = re.compile(
    rb"""://(?P<user>[^\s/@:"'<>\\?#]{0,256}):(?!\d{1,5}[/?#])(?P<password>[^\s@"'<>\\]{1,512})@(?=[\w\[.-])"""
)
_USER_ALONE = re.compile(rb"""://(?P<password>(?=[A-Za-z_-]*\d)[A-Za-z0-9_-]{16,256})@(?=[\w\[.-])""")
_USER_OPTION = re.compile(rb"""(?:-u|user) ["']?[\w.@-]{1,128}:(?P<password>[^\s"'/]{4,256})""", re.ASCII)
_NOT_IN_URLS = re.compile(rb"\*+|\[REDACTED:[a-z0-9-]{1,24}\]|\$?\{.*|\.{2,}|%s")
_CURL = re.compile(rb"\bcurl\b")


def find_structured(data: bytes) -> Iterator[Finding]:
    """Yield the values in a text that a name, a URL or a header calls secret."""
    names: list[tuple[int, int]] = []
    done = 0
    for stem in _STEMS.finditer(data.lower()):
        at, what = stem.start(), stem.group()
        if what == b"://":
            yield from _user_info(data, at)
        elif what in (b"-u ", b"user "):
            yield from _user_option(data, at)
        elif at >= done:
            start, done = _name(data, at, what)
            if _JOINED.match(data, done) or data.startswith(b"--", start):
                names.append((start, done))
    if names:
        yield from _beside(data, names)


def _beside(data: bytes, names: list[tuple[int, int]]) -> Iterator[Finding]:
    from .beside import Lines, find_beside  # most texts hold no such name, and these patterns take a while to compile
    from .keys import is_secret

    lines = Lines(data)
    for start, end in names:
        if is_secret(data[start:end].strip(b"-.")):
            yield from find_beside(data, start, end, lines)


def _user_info(data: bytes, at: int) -> Iterator[Finding]:
    found = _USER_INFO.match(data, at) or _USER_INFO_WITH_SLASH.match(data, at) or _USER_ALONE.match(data, at)
    if found is not None and _NOT_IN_URLS.fullmatch(found["password"]) is None:
        yield Finding(*found.span("password"), "url", at)


def _user_option(data: bytes, at: int) -> Iterator[Finding]:
    """``curl -u user:password``."""
    from .keys import is_harmless

    found = _USER_OPTION.match(data, at)
    line = max(data.rfind(b"\n", 0, at) + 1, at - 512)
    if found is not None and _CURL.search(data, line, at) and not is_harmless(found["password"]):
        yield Finding(*found.span("password"), "key", line)


def _name(data: bytes, at: int, stem: bytes) -> tuple[int, int]:
    """Return where the name around a stem begins and ends; "API key" is one name."""
    before = data[max(at - MOST_OF_A_NAME, 0) : at]
    word = len(before) - len(before.rstrip(_WORD))
    if not word and stem in (b"key", b"token") and (first := _FIRST_WORD.search(before)):
        word = len(before) - first.start()
    rest = _REST_OF_NAME.match(data, at)
    return at - word, rest.end() if rest else at
