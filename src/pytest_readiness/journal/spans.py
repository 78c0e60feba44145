"""What of a text is to be replaced: the findings of all layers, as spans that do not overlap.

Loaded with the first text that is looked at: the patterns take some milliseconds to compile.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from . import shapes, structured
from .finding import Finding
from .known import KnownValues

_KNOWN = ("registered", "environment")
_RULES = frozenset({*_KNOWN, "hook-failed"}) | shapes.RULES | structured.RULES
_MARK = re.compile(rb"\[REDACTED:([a-z0-9-]{1,24})\]")
_PLACE = re.compile(rb"[0-9a-f]{12}|case-[0-9-]{1,19}")
"""What stands for a secret in the name of a test: its fingerprint, or the place of a parameter."""
_ESCAPED = b"nrtbfuvx0123456789\"'/\\"
"""What may stand after a backslash: a finding takes the backslash with it, as the rest would be no JSON."""


def spans_of(data: bytes, known: KnownValues, least: int = 1, *, goes_on: bool = False) -> list[Finding]:
    """Return what is to be replaced, in order.

    Args:
        data: A text, or a part of one.
        known: The values that are known.
        least: Bytes of a secret that only its surroundings give away.
        goes_on: Whether the text goes on after this part.
    """
    apart: list[Finding] = [*structured.find_structured(data, goes_on=goes_on), *shapes.find_shapes(data)]
    apart = [
        one for one in apart if one.end - one.start >= least and data[one.start : one.end] not in known.fingerprints
    ]
    findings = [*known.find(data), *apart]
    if known.is_shortened(data):
        from .pieces import find_pieces  # few texts are

        findings += find_pieces(data, known)
    return merged(findings, data, known) if findings else []


def merged(findings: Iterable[Finding], data: bytes, known: KnownValues) -> list[Finding]:
    """Return findings as spans: those that overlap are one, and what was redacted before stays as it is.

    A value that is known is told as such, also beside a telling name.
    """
    spans: list[Finding] = []
    every = [*map(_whole_escapes(data), findings), *_marks(data, known)]
    for one in sorted(every, key=lambda one: (one.start, -one.end)):
        last = spans[-1] if spans else None
        if last is None or one.start >= last.end:
            spans.append(one)
        elif one.rule or one.end > last.end:
            spans[-1] = _joined(last, one)
    return [one for one in spans if one.rule]


def _marks(data: bytes, known: KnownValues) -> list[Finding]:
    """Return what was redacted before: a rule's name, or what stands for a secret in a test's name."""
    return [
        Finding(mark.start(), mark.end(), "", mark.start())
        for mark in _MARK.finditer(data)
        if mark[1].decode() in _RULES or (_PLACE.fullmatch(mark[1]) and mark[1] not in known)
    ]


def _whole_escapes(data: bytes) -> Callable[[Finding], Finding]:
    def whole(found: Finding) -> Finding:
        start = found.start
        if data[start - 1 : start] != b"\\" or data[start] not in _ESCAPED:
            return found
        before = data[max(start - 16, 0) : start]
        return found._replace(start=start - 1) if (len(before) - len(before.rstrip(b"\\"))) % 2 else found

    return whole


def _joined(one: Finding, other: Finding) -> Finding:
    if not one.rule and other.end <= one.end:  # inside of a mark
        return one
    first = min((found for found in (one, other) if found.rule), key=_layer)
    end = max(one.end, other.end)
    quote = one.quote if end == one.end else b""
    return Finding(one.start, end, first.rule, min(one.since, other.since), quote)


def _layer(found: Finding) -> int:
    return 0 if found.rule in _KNOWN else 1 if found.rule in shapes.RULES else 2


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


def cut_at(spans: Iterable[Finding], wanted: int, most: int) -> int:
    """Return where a text may be cut: where it is wanted, but never within a secret and what gives it away.

    Where that would be at its beginning, it is where the secrets about ``most`` end.
    """
    cut = wanted
    for one in sorted(spans, key=lambda one: one.since, reverse=True):
        if one.since < cut < one.end:
            cut = one.since
    return cut or max([most, *(one.end for one in spans if one.since < most)])
