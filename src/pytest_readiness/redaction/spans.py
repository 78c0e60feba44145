"""Merge of the matches of all layers into ranges that do not overlap.

This module is imported with the first text: the patterns take some milliseconds to compile.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from itertools import islice
from operator import itemgetter, le

from ..late_pattern import late_pattern
from . import key_scan, prefix_filter, token_patterns
from .known_secrets import KnownSecrets
from .match import Match, make_match

_KNOWN_RULES = ("registered", "environment")
_RULES = frozenset({*_KNOWN_RULES, "hook-failed"}) | token_patterns.RULES | key_scan.RULES
_MARK = late_pattern(rb"\[REDACTED:([a-z0-9-]{1,40})\]")
_RULE_NAMES = frozenset(rule.encode() for rule in _RULES)
_PLACEHOLDER = late_pattern(rb"[0-9a-f]{12}|case-(?:[0-9-]{1,19}|[0-9a-f]{10})(?:-of-[0-9]{1,9})?(?:-[0-9a-f]{4})?")
"""What replaces a secret in the name of a test: a fingerprint, or the position of a parameter with a digest of the list
that it comes from (``ParameterCases``)."""
_ESCAPED = b"nrtbfuvx0123456789\"'/\\"
"""Bytes that may follow a backslash. A match includes the backslash, because the rest would not be valid JSON."""
_FINGERPRINT = 12
"""Length of a fingerprint, in bytes."""
_BY_START, _BY_END = itemgetter(0), itemgetter(1)
_LAYER = {**dict.fromkeys(token_patterns.RULES, 1), **dict.fromkeys(_KNOWN_RULES, 0)}
"""Priority of a rule if two rules find the same secret: the lowest number wins. Every other rule has 2."""


def spans_of(data: bytes, secrets: KnownSecrets, min_size: int = 1, *, has_more: bool = False) -> list[Match]:
    """Return the ranges to replace, in order.

    Args:
        data: A text, or a part of one.
        secrets: The known secrets.
        min_size: Least size in bytes of a secret that is not a known one.
        has_more: The text continues after this part.
    """
    lower = data.lower()
    prefixes = _prefix_filter().find(data, lower) if len(data) >= prefix_filter.SHORTEST else None
    contextual: list[Match] = [
        *key_scan.find_keyed(data, lower, prefixes, has_more=has_more),
        *token_patterns.find_tokens(data, prefixes),
    ]
    if contextual and (min_size > 1 or secrets.fingerprints):
        contextual = [
            match
            for match in contextual
            if (size := match[1] - match[0]) >= min_size
            and (size != _FINGERPRINT or data[match.start : match.end] not in secrets.fingerprints)
        ]
    matches = [*secrets.find(data), *contextual]
    if secrets.is_truncated(data):
        from .truncated_secrets import find_truncated  # few texts are

        matches += find_truncated(data, secrets)
    return merge_spans(matches, data, secrets) if matches else []


@cache
def _prefix_filter() -> prefix_filter.PrefixFilter:
    return prefix_filter.PrefixFilter(
        (*token_patterns.PREFIXES, *key_scan.PREFIXES),
        key_scan.LOWERCASE_PREFIXES,
        {**token_patterns.PREFIX_PATTERNS, **key_scan.PREFIX_PATTERNS},
    )


def merge_spans(matches: Iterable[Match], data: bytes, secrets: KnownSecrets) -> list[Match]:
    """Return matches as ranges in order. Overlapping ones are merged; marks of an earlier redaction stay.

    A known secret is counted by its own rule, even beside a secret name.
    """
    ordered = list(_include_backslashes(data, matches) if b"\\" in data else matches)
    if marks := list(_find_marks(data, secrets)):
        ordered += marks
    elif all(map(le, map(_BY_END, ordered), map(_BY_START, islice(ordered, 1, None)))):
        return ordered  # in order, and none touches another
    ordered.sort(key=_BY_END, reverse=True)
    ordered.sort(key=_BY_START)
    return _merge_overlapping(ordered)


def _merge_overlapping(matches: Sequence[Match]) -> list[Match]:
    """Merge overlapping matches, which are sorted by start, the longer one first."""
    spans: list[Match] = []
    last: Match | None = matches[0]
    start, end, rule, context_start, quote = matches[0]
    for match in matches:
        if match[0] >= end:
            if rule:
                spans.append(last or make_match((start, end, rule, context_start, quote)))
            last = match
            start, end, rule, context_start, quote = match
        elif match[1] > end or (rule and match[2]):
            last = None
            if match[2] != rule and match[2] and _LAYER.get(match[2], 2) < (_LAYER.get(rule, 2) if rule else 3):
                rule = match[2]
            if match[3] < context_start:  # noqa: PLR1730 - a call takes longer, and there are many
                context_start = match[3]
            if match[1] > end:
                end, quote = match[1], b""
    if rule:
        spans.append(last or make_match((start, end, rule, context_start, quote)))
    return spans


def _find_marks(data: bytes, secrets: KnownSecrets) -> Iterator[Match]:
    """Yield the marks of an earlier redaction: the name of a rule, or a placeholder in the name of a test."""
    for mark in _MARK.finditer(data):
        name = mark[1]
        if name in _RULE_NAMES or (_PLACEHOLDER.fullmatch(name) and name not in secrets):
            yield Match(*mark.span(), "", mark.start())


def _include_backslashes(data: bytes, matches: Iterable[Match]) -> Iterator[Match]:
    """Yield the matches, each with the backslash that escapes its first byte."""
    for match in matches:
        start = match.start
        if data[start - 1 : start] == b"\\" and data[start] in _ESCAPED:
            before = data[max(start - 16, 0) : start]
            is_within = (len(before) - len(before.rstrip(b"\\"))) % 2
            yield match._replace(start=start - 1) if is_within else match
        else:
            yield match


_TAILS = {
    "private-key": late_pattern(rb"[A-Za-z0-9+/=\s\\]*+(?:-----END [A-Z0-9 ]{0,40}-----)?"),
    "header": late_pattern(rb"[^\r\n]*+"),
    "key": late_pattern(rb"""[^\n"']*+"""),
    "url": late_pattern(rb"""[^\s"'<>]*+"""),
}
_RUN = late_pattern(rb"[A-Za-z0-9_.~+/=-]*+")


def tail_pattern(rule: str) -> re.Pattern[bytes] | None:
    """Return the pattern for the rest of a secret that did not fit into the window, by its rule."""
    return None if rule in _KNOWN_RULES else _TAILS.get(rule, _RUN)


def find_cut(spans: Iterable[Match], preferred: int, limit: int) -> int:
    """Return where to cut a text: at ``preferred``, but never within a secret and its context.

    If that is the beginning of the text, return the end of the secrets around ``limit``.
    """
    cut = preferred
    for match in sorted(spans, key=lambda match: match.context_start, reverse=True):
        if match.context_start < cut < match.end:
            cut = match.context_start
    return cut or max([limit, *(match.end for match in spans if match.context_start < limit)])
