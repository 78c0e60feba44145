"""What of a text is to be replaced: the findings of all layers, as spans that do not overlap.

Loaded with the first text that is looked at: the patterns take some milliseconds to compile.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from itertools import islice
from operator import itemgetter, le

from . import key_scan, prefix_filter, token_patterns
from .known_secrets import KnownValues
from .match import Match, finding

_KNOWN = ("registered", "environment")
_RULES = frozenset({*_KNOWN, "hook-failed"}) | token_patterns.RULES | key_scan.RULES
_MARK = re.compile(rb"\[REDACTED:([a-z0-9-]{1,40})\]")
_OWN_MARKS = frozenset(rule.encode() for rule in _RULES)
_PLACE = re.compile(rb"[0-9a-f]{12}|case-(?:[0-9-]{1,19}|[0-9a-f]{10})(?:-of-[0-9]{1,9})?(?:-[0-9a-f]{4})?")
"""What stands for a secret in the name of a test: its fingerprint, or the place of a parameter, with what it is a place
in (``cases``)."""
_ESCAPED = b"nrtbfuvx0123456789\"'/\\"
"""What may stand after a backslash: a finding takes the backslash with it, as the rest would be no JSON."""
_FINGERPRINT = 12
"""Bytes of a fingerprint."""
_BY_START, _BY_END = itemgetter(0), itemgetter(1)
_LAYER = {**dict.fromkeys(token_patterns.RULES, 1), **dict.fromkeys(_KNOWN, 0)}
"""Which of two rules that found the same is told: the one with the lower number; of any other rule it is 2."""


def spans_of(data: bytes, known: KnownValues, least: int = 1, *, goes_on: bool = False) -> list[Match]:
    """Return what is to be replaced, in order.

    Args:
        data: A text, or a part of one.
        known: The values that are known.
        least: Bytes of a secret that only its surroundings give away.
        goes_on: Whether the text goes on after this part.
    """
    lower = data.lower()
    words = _hints().among(data, lower) if len(data) >= prefix_filter.SHORTEST else None
    apart: list[Match] = [
        *key_scan.find_keyed(data, lower, words, goes_on=goes_on),
        *token_patterns.find_tokens(data, words),
    ]
    if apart and (least > 1 or known.fingerprints):
        apart = [
            one
            for one in apart
            if (size := one[1] - one[0]) >= least
            and (size != _FINGERPRINT or data[one.start : one.end] not in known.fingerprints)
        ]
    findings = [*known.find(data), *apart]
    if known.is_shortened(data):
        from .truncated_secrets import find_truncated  # few texts are

        findings += find_truncated(data, known)
    return merge_spans(findings, data, known) if findings else []


@cache
def _hints() -> prefix_filter.PrefixFilter:
    return prefix_filter.PrefixFilter(
        (*token_patterns.WORDS, *key_scan.WORDS), key_scan.SMALL_WORDS, {**token_patterns.CLOSER, **key_scan.CLOSER}
    )


def merge_spans(findings: Iterable[Match], data: bytes, known: KnownValues) -> list[Match]:
    """Return findings as spans: those that overlap are one, and what was redacted before stays as it is.

    A value that is known is told as such, also beside a telling name.
    """
    every = list(_whole_escapes(data, findings) if b"\\" in data else findings)
    if marks := list(_marks(data, known)):
        every += marks
    elif all(map(le, map(_BY_END, every), map(_BY_START, islice(every, 1, None)))):
        return every  # in order, and none touches another
    every.sort(key=_BY_END, reverse=True)
    every.sort(key=_BY_START)
    return _apart(every)


def _apart(every: Sequence[Match]) -> list[Match]:
    """Return what is in order of where it begins, the longer first, with those that overlap as one."""
    spans: list[Match] = []
    last: Match | None = every[0]
    start, end, rule, since, quote = every[0]
    for one in every:
        if one[0] >= end:
            if rule:
                spans.append(last or finding((start, end, rule, since, quote)))
            last = one
            start, end, rule, since, quote = one
        elif one[1] > end or (rule and one[2]):
            last = None
            if one[2] != rule and one[2] and _LAYER.get(one[2], 2) < (_LAYER.get(rule, 2) if rule else 3):
                rule = one[2]
            if one[3] < since:  # noqa: PLR1730 - a call takes longer, and there are many
                since = one[3]
            if one[1] > end:
                end, quote = one[1], b""
    if rule:
        spans.append(last or finding((start, end, rule, since, quote)))
    return spans


def _marks(data: bytes, known: KnownValues) -> Iterator[Match]:
    """Yield what was redacted before: a rule's name, or what stands for a secret in a test's name."""
    for mark in _MARK.finditer(data):
        said = mark[1]
        if said in _OWN_MARKS or (_PLACE.fullmatch(said) and said not in known):
            yield Match(*mark.span(), "", mark.start())


def _whole_escapes(data: bytes, findings: Iterable[Match]) -> Iterator[Match]:
    for found in findings:
        start = found.start
        if data[start - 1 : start] == b"\\" and data[start] in _ESCAPED:
            before = data[max(start - 16, 0) : start]
            is_within = (len(before) - len(before.rstrip(b"\\"))) % 2
            yield found._replace(start=start - 1) if is_within else found
        else:
            yield found


_REST = {
    "private-key": re.compile(rb"[A-Za-z0-9+/=\s\\]*+(?:-----END [A-Z0-9 ]{0,40}-----)?"),
    "header": re.compile(rb"[^\r\n]*+"),
    "key": re.compile(rb"""[^\n"']*+"""),
    "url": re.compile(rb"""[^\s"'<>]*+"""),
}
_RUN = re.compile(rb"[A-Za-z0-9_.~+/=-]*+")


def rest_of(rule: str) -> re.Pattern[bytes] | None:
    """Return what else belongs to a secret that was longer than what could be looked at, by its rule."""
    return None if rule in _KNOWN else _REST.get(rule, _RUN)


def cut_at(spans: Iterable[Match], wanted: int, most: int) -> int:
    """Return where a text may be cut: where it is wanted, but never within a secret and what gives it away.

    Where that would be at its beginning, it is where the secrets about ``most`` end.
    """
    cut = wanted
    for one in sorted(spans, key=lambda one: one.since, reverse=True):
        if one.since < cut < one.end:
            cut = one.since
    return cut or max([most, *(one.end for one in spans if one.since < most)])
