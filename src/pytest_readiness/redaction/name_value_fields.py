"""A telling name in one field and its value in the next: ``{"name": "X-Api-Key", "value": "…"}``, tags, forms."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator

from .match import Match
from .secret_names import is_harmless
from .text_scanner import TextLines

COLOUR = rb"(?:(?:\x1b|\\(?:x1b|u001b|033|e))\[[\d;]*m)"
"""What colours a text in a terminal, also where it is shown."""
BLANKS = rb"(?:[ \t]|%b){0,32}+" % COLOUR
OPENING = re.compile(rb"""[bBuUrRfFN]{0,2}(\\{0,7}?)(["']|&(?:quot|apos|#34|#39|#x27);|\\u0022)""")
_VALUE = re.compile(
    rb"""alue(?:\\{0,7}["'])?%b(?:=>|[:=](?![:=]))(?:[ \t\r\n]|%b){0,64}+""" % (BLANKS, COLOUR),
)
_VALUE_BEGINS = re.compile(rb"(?:\A|[^A-Za-z])(?:[A-Z][a-z]{1,16}V|[vV]|[a-z]{1,16}(?:_v|V))\Z")
_NAME_FIELD = re.compile(
    rb"""(?:\A|[^a-z])(?:[a-z]{0,12}[_-]?(?:name|key)|field|header|variable|id|k|n)"""
    rb"""(?:\\{0,7}["'])?%b(?:=>|[:=])%b[bu]?(?:\\{0,7}["'])?\Z""" % (BLANKS, BLANKS),
    re.IGNORECASE,
)
_NAME_FIELDS = (
    b"name",
    b"key",
    b"field",
    b"header",
    b"variable",
    b"id",
    b"'k",
    b"'n",
    b'"k',
    b'"n',
    b" k",
    b" n",
    b"m",
)
"""How such a field ends, or a colour after it."""
_MOST_OF_A_FIELD = 20
"""Bytes of its name, and of what stands before it."""
_TAG_BEGINS = re.compile(rb"(?:<|&lt;|\\u003[cC])(?:[\w.-]{1,32}:)?\Z")
_JOINING = frozenset(b":=><;mcC")
"""What ends before a name where it may be another field's value, or a tag's."""
_PASSED_OVER = frozenset(b"\"'\\ \tbu")
"""What may stand between that and the name."""
MAY_BE_APART = _JOINING | _PASSED_OVER
_NAME_TAG = re.compile(rb"<(?:key|name|Name|Key)>\s{0,16}\Z")
_VALUE_TAG = re.compile(rb"\s{0,16}</\w{1,16}>\s{0,64}<\w{1,16}[^<>]{0,256}>\s{0,64}+")
_REST_OF_TAG = re.compile(rb"""["'](?:[ \t\r\n][^<>]{0,1024}+)?(?<!/)>\s{0,64}+(?:<[Vv]alue>\s{0,64}+)?""")
_CONTENT = re.compile(rb"""["'][ ]content=""")
_TAG = re.compile(rb"(?:[ \t\r\n][^<>]*+)?(?<!/)>\s{0,64}+(<!\[CDATA\[)?")
_CLOSES = re.compile(rb"\s{0,64}(?:</|\]\]>|&lt;/|\\u003)")
_TAG_ESCAPED = re.compile(rb"(?:[ \t][^<>&\\]*+)?(?:&gt;|\\u003[eE])")
_LINE_END = rb"\r?\n(?:E(?=\s))?[ \t]*"
"""The end of a line, and what pytest puts before the next one in a message."""
_PART = re.compile(
    rb"""["'](?:;[^\r\n\\]{0,256})?"""
    rb"(?:%b(?:[\w-]{1,64}:[^\r\n]{0,256}%b){0,8}%b"
    % (_LINE_END, _LINE_END, _LINE_END)
    + rb"|\\r\\n(?:[\w-]{1,64}:[^\r\n\\]{0,256}\\r\\n){0,8}\\r\\n)"
)
_PART_ENDS = re.compile(rb"(?:[^\r\n\\]++|\\(?![rn]))++")
_ENDS_A_FIELD = re.compile(rb"[{}<>]|\n[ \t]*-[ \t]|\)[,;\s]")
_IN_OBJECT = re.compile(
    rb"""\s{0,64}(\\{0,7}["'])(?:S|N|B|stringValue|SecretString|content|text|plaintext|\$)\1\s{0,8}:\s{0,64}"""
)
_NEXT_OF_OBJECT = re.compile(rb"""[\s,]{0,64}+(\\{0,7}["'])[^"'\\\n]{0,128}\1[ ]{0,8}:[ ]{0,64}""")
_PLAIN = re.compile(
    rb"""(?:[^\s"'<>,;(){}\[\]\\]|,(?=\S))++(?:[ ](?=[\w.~+/=-]{8,}\s*[\]),\r\n])[^\s"'<>,;(){}\[\]\\]++)?"""
)
"""A value without quotes, with its scheme where it is that of a header."""
_LINE_OF_YAML = re.compile(rb"(?:\A|\n)[ \t]*(?:- )?[A-Za-z_]*alue:[ \t]+\Z")
_REST_OF_LINE = re.compile(rb"[^\r\n]++")
_QUOTES = (b'"', b"'", b";", b"2")
"""What a quote ends with, also as an entity or an escape."""
_KEY_OF_JSON = re.compile(rb"""(\\{0,7}["']):[ ]{0,8}\Z""")
_BETWEEN = 1024
"""Bytes between a name and its value."""


class ValueFields:
    """The fields of a text that are called "value"; found when they are first asked for, in one pass."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._begin: list[int] | None = None
        self._end: list[int] = []
        self._spans: dict[int, tuple[int, int] | None] = {}

    def after(self, at: int) -> int:
        """Return where the value begins that stands beside a name that ends there; -1: there is none."""
        begin = self._found()
        index = bisect_left(begin, at)
        if index == len(begin) or begin[index] - at > _BETWEEN:
            return -1
        return -1 if _ENDS_A_FIELD.search(self._data, at, begin[index]) else self._end[index]

    def in_list(self, at: int) -> int:
        """Return where the next value of a list of objects begins; -1: the list ends before."""
        begin = self._found()
        index = bisect_left(begin, at)
        if index == len(begin) or begin[index] - at > _BETWEEN or self._data.find(b"]", at, begin[index]) >= 0:
            return -1
        return self._end[index]

    def before(self, at: int, lines: TextLines) -> tuple[int, int] | None:
        """Return the value that stands beside a name that begins there, and before it."""
        index = bisect_left(self._found(), at) - 1
        if index < 0:
            return None
        if index not in self._spans:
            self._spans[index] = span_of(self._data, self._end[index], lines)
        span = self._spans[index]
        if span is None or not 0 <= at - span[1] <= _BETWEEN or _ENDS_A_FIELD.search(self._data, span[1], at):
            return None
        return span

    def _found(self) -> list[int]:
        if self._begin is None:
            self._begin = []
            for found in _VALUE.finditer(self._data):
                if _VALUE_BEGINS.search(self._data, max(found.start() - 19, 0), found.start()):
                    self._begin.append(found.start())
                    self._end.append(found.end())
        return self._begin


def span_of(data: bytes, at: int, lines: TextLines) -> tuple[int, int] | None:
    """Return where a value that begins there stands; None: there is none, or it is no text."""
    opening = OPENING.match(data, at)
    if opening is not None:
        close = lines.closing(opening)
        return None if close < 0 else (opening.end(), close)
    rest_of_line = _LINE_OF_YAML.search(data, max(at - 48, 0), at) is not None and data[at : at + 1] not in (b"|", b">")
    bare = (_REST_OF_LINE if rest_of_line else _PLAIN).match(data, at)
    return None if bare is None else bare.span()


def is_apart(data: bytes, start: int) -> bool:
    """Return whether a name may be the value of another field, or a tag's."""
    at, least = start - 1, max(start - 8, 0)
    while at >= least and data[at] in _PASSED_OVER:
        at -= 1
    return at >= least and data[at] in _JOINING


def find_apart(data: bytes, start: int, end: int, lines: TextLines, fields: ValueFields) -> list[Match] | None:
    """Return the value of a name that is the value of a field ``name`` or ``key``, or a tag; None: it is neither."""
    before = data[max(start - 48, 0) : start]
    last = before[-1:]
    between = _TAG if last == b"<" or (last in b":;cC" and _TAG_BEGINS.search(before)) else None
    if between is None and last == b">" and _NAME_TAG.search(before):
        between = _VALUE_TAG
    if between is not None:
        return _tagged(data, end, start, between, lines)
    if not _names_a_field(before):
        return None
    is_quoted = data[end : end + 1] in (b'"', b"'")
    part = _PART.match(data, end) if is_quoted and b"form-data" in data[max(start - 64, 0) : start] else None
    if part is not None:
        found = _PART_ENDS.match(data, part.end())
        return [] if found is None else _unless_harmless(data, found.span(), start)
    content = _CONTENT.match(data, end) if is_quoted else None
    after = fields.after(end) if content is None else content.end()
    span = fields.before(start, lines) if after < 0 else span_of(data, after, lines)
    if span is not None:
        return _unless_harmless(data, span, min(start, span[0]))
    if after >= 0:
        return []
    return _tagged(data, end, start, _REST_OF_TAG, lines) if is_quoted else None


def _names_a_field(before: bytes) -> bool:
    """Return whether what stands before a name is the beginning of a field ``name`` or ``key``."""
    field = before.rstrip(b"\"'\\ \t:=>bu").lower()
    if not field.endswith(_NAME_FIELDS):
        return False
    since = 0 if field.endswith(b"m") else max(len(field) - _MOST_OF_A_FIELD, 0)
    return _NAME_FIELD.search(before, since) is not None


def _unless_harmless(data: bytes, span: tuple[int, int], since: int) -> list[Match]:
    """Return a value as what is found; a number of JSON becomes a text."""
    start, end = span
    if is_harmless(data[start:end]):
        return []
    key = None if data[start - 1 : start] in _QUOTES else _KEY_OF_JSON.search(data, max(start - 24, 0), start)
    return [Match(start, end, "key", since, b"" if key is None else key[1])]


def _tagged(data: bytes, end: int, since: int, between: re.Pattern[bytes], lines: TextLines) -> list[Match] | None:
    """Return the text within a tag; None: there is no tag."""
    opened = between.match(data, end) or (_TAG_ESCAPED.match(data, end) if between is _TAG else None)
    if opened is None:
        return None
    at = opened.end()
    if opened.re is _TAG_ESCAPED:
        closed = lines.find(b"&lt;/" if data.startswith(b";", at - 1) else b"\\u003", at)
    else:
        closed = lines.find(b"]]>" if opened.re is _TAG and opened[1] else b"<", at)
    close = min(closed, lines.find(b"\n", at))
    value = data[at:close].rstrip()
    cut_off = close == len(data) and b" " not in value and b"\n" not in data[end:at]
    if not cut_off and _CLOSES.match(data, close) is None:
        return []
    return _unless_harmless(data, (at, at + len(value)), since)


def find_in_object(
    data: bytes, at: int, since: int, lines: TextLines, fields: ValueFields, *, all_of: bool
) -> Iterator[Match]:
    """Yield the value in an object that stands beside a name and begins there; ``all_of``: each text in it."""
    while all_of:
        name = _NEXT_OF_OBJECT.match(data, at)
        span = None if name is None else span_of(data, name.end(), lines)
        if span is None:
            return
        yield from _unless_harmless(data, span, since)
        at = span[1] + (len(name[1]) if name is not None and data.startswith(name[1], span[1]) else 0)
    named = _IN_OBJECT.match(data, at)
    begin = named.end() if named is not None else fields.after(at)
    span = None if begin < 0 else span_of(data, begin, lines)
    if span is not None:
        yield from _unless_harmless(data, span, since)


def find_in_objects(data: bytes, at: int, since: int, lines: TextLines, fields: ValueFields) -> Iterator[Match]:
    """Yield the value of each object of a list of cookies that begins there."""
    while True:
        begin = fields.in_list(at)
        span = None if begin < 0 else span_of(data, begin, lines)
        if span is None:
            return
        yield from _unless_harmless(data, span, since)
        at = span[1]
