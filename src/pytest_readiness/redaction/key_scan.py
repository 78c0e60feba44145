"""Secrets that stand beside a name that says so, or in a URL.

Names are found by the stems of such words, and only where what follows may join a value to one the text around it is
looked at (``beside``). Names within a value that was found are passed over.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Container, Iterator
from functools import cache
from operator import methodcaller

from .credential_formats import EXACT_PHRASES, PHRASES, find_credentials
from .match import Match
from .program_options import CLOSER as OF_PROGRAMS, PROGRAMS, find_in_commands
from .terraform_output import STATES, find_in_terraform

RULES = frozenset({"key", "header", "url"})
"""Names of the rules."""
MOST_OF_A_NAME = 64
_WORD = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-"
_BLANK = ord(" ")
_BEFORE_A_STEM = frozenset(_WORD + b" ")
"""What stands before the stem of a name where the name begins before it."""
_STEMS = (
    rb"pass(?!ed|ing|es\b)", rb"pw(?:d|(?![a-z]))", rb"secret(?!ar)", rb"token", rb"credential", rb"auth", rb"cookie",
    rb"jwt", rb"sess(?:id|ion)", rb"dsn", rb"conn(?:str|ection[_ -]?str)", rb"sig(?:(?==)|nature)", rb"key(?![a-z]{4})",
    rb"assertion", rb"samlresponse", rb"dockerconfig", rb"connect\.sid",
)  # fmt: skip
_STEM_WORDS = tuple(re.split(rb"[^a-z. ]", stem.replace(rb"\.", b"."))[0] for stem in _STEMS)
"""What each of them begins with."""
WORDS = (b"://", b"ENV ", b"setenv ", *EXACT_PHRASES, *STATES)
"""What stands before what is found here, in its letter case."""
SMALL_WORDS = tuple(dict.fromkeys((*_STEM_WORDS, *PHRASES, *PROGRAMS)))
"""And in any letter case."""
CLOSER = {
    b"pass": r"pass(?:[^ei]|e[^ds]|es[a-z0-9_]|i[^n]|in[^g]|e?\z|in?\z)",
    b"pw": r"pw(?:d|[^a-z]|\z)",
    b"sess": r"sess(?:id|ion)",
    b"conn": r"conn(?:str|ection)",
    b"sig": r"sig(?:=|nature)",
    **OF_PROGRAMS,
}
"""In which of them more is asked for: most of what begins so in a report of tests is "passed", or "connected"."""
_REST = (
    rb"[\w.-]{0,64}+"
    rb"""(?=[ \t]{0,32}+(?:[:=!<>%,"'\\\]&(|\r\n\x1b]|\Z)|[ \t]+[\w:.-]{1,32}[ ]?=[ ]?["']"""
    rb"""|[ \t]{2,32}+[^\s=:]{8,64}[ \t]*+(?:\r?\n|\Z))"""
)
"""The rest of a name, and what may stand between it and its value: most names stand in sentences."""
_ANY_NAME = re.compile(b"(?:" + b"|".join(_STEMS) + b")" + _REST, re.ASCII)
_SHORT = 2048
"""Bytes of a text in which names of all stems are looked for at once."""
_OPTIONS = (
    (b"-", re.compile(rb"-(?<![\w-]-)-?([A-Za-z][\w.-]{2,63}+)(?=[ \t])", re.ASCII)),
    (b"ENV ", re.compile(rb"ENV (\w{3,64}+)(?=[ \t])", re.ASCII)),
    (b"setenv ", re.compile(rb"setenv (\w{3,64}+)(?=[ \t])", re.ASCII)),
)
"""Names with a blank before their value: of options, and of variables that are set."""
_FIRST_WORD = re.compile(rb"\b(?:api|access|private|secret|signing|encryption|session) \Z", re.IGNORECASE)
_LAST_OF_FIRST_WORD = b"isetgnISETGN"
_SHOWN = re.compile(rb"u00[0-9a-fA-F]{2}|[nrt]")
_span = methodcaller("span")
_FAR = 256
"""More bytes than a name has: what is found ends this far behind one, and may hold many."""
_STILL_OPEN = 12
"""Bytes before the end of a value in which a name may have one that ends after it."""
_AUTHORITY = re.compile(rb"""://[^\s"'<>\\@]*+(@[^\s"'<>\\]*+)?""")
_USER_INFO = (
    re.compile(rb"""://(?P<user>[^\s/@:"'<>\\?#]*+):(?P<password>[^\s/"'<>\\]+)@(?=[\w\[.-])"""),
    re.compile(rb"""://(?P<user>[^\s/@:"'<>\\?#]*+):(?!\d{1,5}[/?#])(?P<password>[^\s@"'<>\\]++)@(?=[\w\[.-])"""),
    re.compile(rb"""://(?P<password>(?=[A-Za-z_-]*\d)[A-Za-z0-9_-]{16,}+)@(?=[\w\[.-])"""),
)
"""A password, also with a slash in it, and a token without a user's name."""
_NOT_IN_URLS = re.compile(rb"\*+|\[REDACTED:[a-z0-9-]{1,40}\]|\$?\{.*|\.{2,}|%s")

_COLOUR = rb"(?:[ \t]|\x1b\[[\d;]*m)"
_OLD_AND_NEW = (
    rb"""["']?%b{0,32}+[:=]?%b{0,8}+(?:"[^"\\\n]*+(?:\\.[^"\\\n]*+)*+"|'[^'\\\n]*+'|null|\([a-z ]{1,32}\))"""
    rb"""%b{1,8}+[-=]>%b{1,8}+(?:"([^"\\\n]*+(?:\\.[^"\\\n]*+)*+)"|'([^'\\\n]*+)')""" % ((_COLOUR,) * 4)
)
"""How programs tell what changes, as in the plans of Terraform; the old value is found as any other is."""
_JSON_OF_QUERY = (
    rb"""%(?:25)?22(?:\+|%(?:25)?20)?%(?:25)?3[aA](?:\+|%(?:25)?20)?%(?:25)?22((?:[^\s"'<>&%]++|%(?!(?:25)?22))++)"""
)
"""JSON in the query of a URL, or twice so."""
_CHANGED, _IN_QUERY = re.compile(_OLD_AND_NEW), re.compile(_JSON_OF_QUERY)
_CHANGED_OR_IN_QUERY = re.compile(_OLD_AND_NEW + b"|" + _JSON_OF_QUERY)


def find_keyed(
    data: bytes, lower: bytes | None = None, words: Container[bytes] | None = None, *, goes_on: bool = False
) -> Iterator[Match]:
    """Yield the values in a text that a name, a URL or a header calls secret.

    Args:
        data: the text.
        lower: the text without capitals.
        words: those of ``WORDS`` and ``SMALL_WORDS`` that it may hold, where that is known.
        goes_on: whether it is cut off.
    """
    if _may_hold(b"://", data, words):
        yield from _in_urls(data)
    lower = data.lower() if lower is None else lower
    yield from find_credentials(data, lower, words)
    yield from find_in_commands(data, lower, words)
    yield from find_in_terraform(data, words)
    names = _names(data, lower, words)
    if names:
        yield from _beside(data, names, goes_on=goes_on)


def _may_hold(word: bytes, data: bytes, words: Container[bytes] | None) -> bool:
    return (word in data) if words is None else (word in words)


def _names(data: bytes, lower: bytes, words: Container[bytes] | None) -> list[tuple[int, int]]:
    """Return where the first stem of a name begins and where the name ends, in order; others of it may follow."""
    names: list[tuple[int, int]] = []
    if len(data) < _SHORT:
        names += map(_span, _ANY_NAME.finditer(lower))
    else:
        for word, pattern in _names_by_stem():
            at = lower.find(word) if words is None or word in words else -1
            if at >= 0:
                names += map(_span, pattern.finditer(lower, at))
    for held, pattern in _OPTIONS:
        if held == b"-" or _may_hold(held, data, words):
            names += [found.span(1) for found in pattern.finditer(data)]
    names.sort()
    return names


@cache
def _names_by_stem() -> tuple[tuple[bytes, re.Pattern[bytes]], ...]:
    """One for each stem: in a long text what begins with a fixed text is found many times as fast as one of several."""
    return tuple((word, re.compile(stem + _REST, re.ASCII)) for word, stem in zip(_STEM_WORDS, _STEMS, strict=True))


def _begin(data: bytes, at: int) -> int:
    """Return where the name begins that has a stem at a place; "API key" is one name."""
    if data[at - 1] == _BLANK and data[max(at - 2, 0)] not in _LAST_OF_FIRST_WORD:
        return at
    before = data[at - MOST_OF_A_NAME if at > MOST_OF_A_NAME else 0 : at]
    rest = len(before.rstrip(_WORD))
    start = at - len(before) + rest
    if start < at and before[rest - 1 : rest] == b"\\":  # "\nCookie", where the end of a line is shown; "\u003ctoken"
        shown = _SHOWN.match(before, rest)
        return start if shown is None else min(start + shown.end() - rest, at)
    if start == at and before.endswith(b" ") and (first := _FIRST_WORD.search(before)):
        return start - len(before) + first.start()
    return start


def _beside(data: bytes, names: list[tuple[int, int]], *, goes_on: bool) -> list[Match]:
    """Return the values that stand beside names; a name within one is passed over."""
    from .key_value_rules import (
        find_key_values,  # most texts hold no such name, and these patterns take a while to compile
    )
    from .name_cache import look_up_name
    from .name_value_fields import ValueFields
    from .repeated_text import RepeatTracker
    from .secret_names import is_harmless
    from .text_scanner import TextLines

    lines, fields = TextLines(data, goes_on=goes_on), ValueFields(data)
    every: list[Match] = []
    other = _other(data)
    repeats = RepeatTracker(data, names, every)
    done, last, index = 0, -1, -1
    while (index := index + 1) < len(names):
        at, end = names[index]
        if end == last or end + _STILL_OPEN < done:
            if end + _FAR < done:
                index = max(index, bisect_left(names, (done - _FAR, 0), index) - 1)
            continue
        if jump := repeats.pass_over(index, done):
            index, done = jump.name, done + jump.by
            at, end = names[index]
        last = end
        start = _begin(data, at) if at and data[at - 1] in _BEFORE_A_STEM else at
        name = look_up_name(data[start:end])
        if name is None:
            continue
        if other is not None and (new := other.match(data, end)) and not is_harmless(new[new.lastindex or 0]):
            every.append(Match(*new.span(new.lastindex or 0), "key", start))
            done = max(done, new.end())
        for found in find_key_values(data, (start, end), name, lines, fields):
            every.append(found)
            if found.end > done:  # noqa: PLR1730 - a call takes longer, and there are many
                done = found.end
    return every


def _other(data: bytes) -> re.Pattern[bytes] | None:
    """Return how else a value stands beside a name; None: it does so nowhere in a text, as in most."""
    changes = b"->" in data or b"=>" in data
    if b"%22" in data or b"%2522" in data:
        return _CHANGED_OR_IN_QUERY if changes else _IN_QUERY
    return _CHANGED if changes else None


def _in_urls(data: bytes) -> Iterator[Match]:
    """The password of ``https://user:password@host``; what has no "@" behind "://" is read once."""
    for authority in _AUTHORITY.finditer(data):
        at, sign = authority.start(), authority.start(1)
        if sign < 0:
            continue
        for begin in dict.fromkeys((at, data.rfind(b"://", at, sign))):
            found = next(filter(None, (form.match(data, begin) for form in _USER_INFO)), None)
            if found is not None and _NOT_IN_URLS.fullmatch(found["password"]) is None:
                yield Match(*found.span("password"), "url", begin)
                break
