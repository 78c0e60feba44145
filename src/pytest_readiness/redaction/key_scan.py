"""Search for secrets by context: beside a secret name, in a URL, in a phrase, or in a command.

Names are searched for by the stems of such words. Only if the following text may join a value to a name, the rules of
``key_value_rules`` are applied. Names inside a value that was found are skipped.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Container, Iterator
from functools import cache
from operator import methodcaller

from ..late_pattern import late_pattern
from .credential_formats import EXACT_PHRASES, PHRASES, find_credentials
from .match import Match
from .program_options import PREFIX_PATTERNS as PROGRAM_PATTERNS, PROGRAMS, find_in_commands
from .terraform_output import PREFIXES as TERRAFORM_PREFIXES, find_in_terraform

RULES = frozenset({"key", "header", "url"})
"""Names of the rules."""
_LONGEST_NAME = 64
_WORD = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-"
_BLANK = ord(" ")
_BEFORE_A_STEM = frozenset(_WORD + b" ")
"""Bytes before a stem if the name begins earlier."""
_STEMS = (
    rb"pass(?!ed|ing|es\b)", rb"pw(?:d|(?![a-z]))", rb"secret(?!ar)", rb"token", rb"credential", rb"auth", rb"cookie",
    rb"jwt", rb"sess(?:id|ion)", rb"dsn", rb"conn(?:str|ection[_ -]?str)", rb"sig(?:(?==)|nature)", rb"key(?![a-z]{4})",
    rb"assertion", rb"samlresponse", rb"dockerconfig", rb"connect\.sid",
)  # fmt: skip
_STEM_WORDS = tuple(re.split(rb"[^a-z. ]", stem.replace(rb"\.", b"."))[0] for stem in _STEMS)
"""The fixed beginning of each stem."""
PREFIXES = (b"://", b"ENV ", b"setenv ", *EXACT_PHRASES, *TERRAFORM_PREFIXES)
"""Texts that precede what this module finds, in their letter case."""
LOWERCASE_PREFIXES = tuple(dict.fromkeys((*_STEM_WORDS, *PHRASES, *PROGRAMS)))
"""The same in any letter case."""
PREFIX_PATTERNS = {
    b"pass": r"pass(?:[^ei]|e[^ds]|es[a-z0-9_]|i[^n]|in[^g]|e?\Z|in?\Z)",
    b"pw": r"pw(?:d|[^a-z]|\Z)",
    b"sess": r"sess(?:id|ion)",
    b"conn": r"conn(?:str|ection)",
    b"sig": r"sig(?:=|nature)",
    **PROGRAM_PATTERNS,
}
"""Stricter patterns for some of them: most words that begin so in a report of tests are "passed", or "connected"."""
_REST = (
    rb"[\w.-]{0,64}+"
    rb"""(?=[ \t]{0,32}+(?:[:=!<>%,"'\\\]&(|\r\n\x1b]|\Z)|[ \t]+[\w:.-]{1,32}[ ]?=[ ]?["']"""
    rb"""|[ \t]{2,32}+[^\s=:]{8,64}[ \t]*+(?:\r?\n|\Z))"""
)
"""The rest of a name, and what may separate it from its value: most names are in sentences."""
_ANY_NAME = late_pattern(b"(?:" + b"|".join(_STEMS) + b")" + _REST, re.ASCII)
_SHORT = 2048
"""Size in bytes of a text up to which names of all stems are searched for at once."""
_OPTIONS = (
    (b"-", late_pattern(rb"-(?<![\w-]-)-?([A-Za-z][\w.-]{2,63}+)(?=[ \t])", re.ASCII)),
    (b"ENV ", late_pattern(rb"ENV (\w{3,64}+)(?=[ \t])", re.ASCII)),
    (b"setenv ", late_pattern(rb"setenv (\w{3,64}+)(?=[ \t])", re.ASCII)),
)
"""Names with a blank before their value: options, and variables that are set."""
_FIRST_WORD = late_pattern(rb"\b(?:api|access|private|secret|signing|encryption|session) \Z", re.IGNORECASE)
_LAST_OF_FIRST_WORD = b"isetgnISETGN"
_SHOWN_ESCAPE = late_pattern(rb"u00[0-9a-fA-F]{2}|[nrt]")
_span = methodcaller("span")
_FAR_BEHIND = 256
"""More bytes than a name has. If the last value ends this far behind a name, it may hold many names."""
_MAY_EXTEND = 12
"""Bytes before the end of a value in which the value of another name may begin and extend beyond it."""
_AUTHORITY = late_pattern(rb"""://[^\s"'<>\\@]*+(@[^\s"'<>\\]*+)?""")
_USER_INFO = (
    late_pattern(rb"""://(?P<user>[^\s/@:"'<>\\?#]*+):(?P<password>[^\s/"'<>\\]+)@(?=[\w\[.-])"""),
    late_pattern(rb"""://(?P<user>[^\s/@:"'<>\\?#]*+):(?!\d{1,5}[/?#])(?P<password>[^\s@"'<>\\]++)@(?=[\w\[.-])"""),
    late_pattern(rb"""://(?P<password>(?=[A-Za-z_-]*\d)[A-Za-z0-9_-]{16,}+)@(?=[\w\[.-])"""),
)
"""A password, a password with a slash in it, and a token without a user name."""
_NOT_IN_URLS = late_pattern(rb"\*+|\[REDACTED:[a-z0-9-]{1,40}\]|\$?\{.*|\.{2,}|%s")

_COLOUR = rb"(?:[ \t]|\x1b\[[\d;]*m)"
_OLD_AND_NEW = (
    rb"""["']?%b{0,32}+[:=]?%b{0,8}+(?:"[^"\\\n]*+(?:\\.[^"\\\n]*+)*+"|'[^'\\\n]*+'|null|\([a-z ]{1,32}\))"""
    rb"""%b{1,8}+[-=]>%b{1,8}+(?:"([^"\\\n]*+(?:\\.[^"\\\n]*+)*+)"|'([^'\\\n]*+)')""" % ((_COLOUR,) * 4)
)
"""How programs show a change, as in the plans of Terraform. The old value is found by the other rules."""
_JSON_OF_QUERY = (
    rb"""%(?:25)?22(?:\+|%(?:25)?20)?%(?:25)?3[aA](?:\+|%(?:25)?20)?%(?:25)?22((?:[^\s"'<>&%]++|%(?!(?:25)?22))++)"""
)
"""JSON in the query of a URL, encoded once or twice."""
_CHANGED, _IN_QUERY = late_pattern(_OLD_AND_NEW), late_pattern(_JSON_OF_QUERY)
_CHANGED_OR_IN_QUERY = late_pattern(_OLD_AND_NEW + b"|" + _JSON_OF_QUERY)


def find_keyed(
    data: bytes, lower: bytes | None = None, prefixes: Container[bytes] | None = None, *, has_more: bool = False
) -> Iterator[Match]:
    """Yield the secrets that are identified by a name, a URL, a phrase or a command.

    Args:
        data: The text.
        lower: The text in lower case.
        prefixes: Those of ``PREFIXES`` and ``LOWERCASE_PREFIXES`` that it may hold; None: unknown.
        has_more: The text continues after this part.
    """
    if _may_hold(b"://", data, prefixes):
        yield from _find_url_passwords(data)
    lower = data.lower() if lower is None else lower
    yield from find_credentials(data, lower, prefixes)
    yield from find_in_commands(data, lower, prefixes)
    yield from find_in_terraform(data, prefixes)
    names = _find_names(data, lower, prefixes)
    if names:
        yield from _find_values(data, names, has_more=has_more)


def _may_hold(prefix: bytes, data: bytes, prefixes: Container[bytes] | None) -> bool:
    return (prefix in data) if prefixes is None else (prefix in prefixes)


def _find_names(data: bytes, lower: bytes, prefixes: Container[bytes] | None) -> list[tuple[int, int]]:
    """Return the ranges from the first stem of a name to its end, in order. The name may have further stems."""
    names: list[tuple[int, int]] = []
    if len(data) < _SHORT:
        names += map(_span, _ANY_NAME.finditer(lower))
    else:
        for prefix, pattern in _names_by_stem():
            at = lower.find(prefix) if prefixes is None or prefix in prefixes else -1
            if at >= 0:
                names += map(_span, pattern.finditer(lower, at))
    for prefix, pattern in _OPTIONS:
        if prefix == b"-" or _may_hold(prefix, data, prefixes):
            names += [match.span(1) for match in pattern.finditer(data)]
    names.sort()
    return names


@cache
def _names_by_stem() -> tuple[tuple[bytes, re.Pattern[bytes]], ...]:
    """Return one pattern per stem: in a long text a fixed beginning is found many times as fast as alternatives."""
    return tuple((prefix, re.compile(stem + _REST, re.ASCII)) for prefix, stem in zip(_STEM_WORDS, _STEMS, strict=True))


def _name_start(data: bytes, at: int) -> int:
    """Return the start of the name that has a stem at a position; "API key" is one name."""
    if data[at - 1] == _BLANK and data[max(at - 2, 0)] not in _LAST_OF_FIRST_WORD:
        return at
    before = data[at - _LONGEST_NAME if at > _LONGEST_NAME else 0 : at]
    rest = len(before.rstrip(_WORD))
    start = at - len(before) + rest
    if start < at and before[rest - 1 : rest] == b"\\":  # "\nCookie", where the end of a line is shown; "\u003ctoken"
        escape = _SHOWN_ESCAPE.match(before, rest)
        return start if escape is None else min(start + escape.end() - rest, at)
    if start == at and before.endswith(b" ") and (first_word := _FIRST_WORD.search(before)):
        return start - len(before) + first_word.start()
    return start


def _find_values(data: bytes, names: list[tuple[int, int]], *, has_more: bool) -> list[Match]:
    """Return the values of names. A name within a value is skipped."""
    # Late imports: most texts hold no such name, and these patterns take a while to compile.
    from .key_value_rules import find_key_values
    from .name_cache import look_up_name
    from .name_value_fields import ValueFields
    from .repeated_text import RepeatTracker
    from .secret_names import is_harmless
    from .text_scanner import TextLines

    lines, fields = TextLines(data, has_more=has_more), ValueFields(data)
    matches: list[Match] = []
    further_separators = _further_separators(data)
    repeats = RepeatTracker(data, names, matches)
    value_end, last_name_end, index = 0, -1, -1
    while (index := index + 1) < len(names):
        at, end = names[index]
        if end == last_name_end or end + _MAY_EXTEND < value_end:
            if end + _FAR_BEHIND < value_end:
                index = max(index, bisect_left(names, (value_end - _FAR_BEHIND, 0), index) - 1)
            continue
        if skip := repeats.skip_copies(index, value_end):
            index, value_end = skip.next_index, value_end + skip.distance
            at, end = names[index]
        last_name_end = end
        start = _name_start(data, at) if at and data[at - 1] in _BEFORE_A_STEM else at
        name = look_up_name(data[start:end])
        if name is None:
            continue
        if (
            further_separators is not None
            and (new_value := further_separators.match(data, end))
            and not is_harmless(new_value[new_value.lastindex or 0])
        ):
            matches.append(Match(*new_value.span(new_value.lastindex or 0), "key", start))
            value_end = max(value_end, new_value.end())
        for match in find_key_values(data, (start, end), name, lines, fields):
            matches.append(match)
            if match.end > value_end:  # noqa: PLR1730 - a call takes longer, and there are many
                value_end = match.end
    return matches


def _further_separators(data: bytes) -> re.Pattern[bytes] | None:
    """Return the pattern of further separators between a name and its value. None: the text has none, as most."""
    changes = b"->" in data or b"=>" in data
    if b"%22" in data or b"%2522" in data:
        return _CHANGED_OR_IN_QUERY if changes else _IN_QUERY
    return _CHANGED if changes else None


def _find_url_passwords(data: bytes) -> Iterator[Match]:
    """Yield the password in ``https://user:password@host``. Text without "@" after "://" is read once."""
    for authority in _AUTHORITY.finditer(data):
        at, at_sign = authority.start(), authority.start(1)
        if at_sign < 0:
            continue
        for start in dict.fromkeys((at, data.rfind(b"://", at, at_sign))):
            match = next(filter(None, (pattern.match(data, start) for pattern in _USER_INFO)), None)
            if match is not None and _NOT_IN_URLS.fullmatch(match["password"]) is None:
                yield Match(*match.span("password"), "url", start)
                break
