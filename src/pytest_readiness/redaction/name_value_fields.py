"""Secret names in one field with their value in the next, as in tags, forms and lists of headers.

An example is ``{"name": "X-Api-Key", "value": "…"}``.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator

from ..late_pattern import late_pattern
from .match import Match
from .secret_names import is_harmless
from .text_scanner import TextLines

COLOUR = rb"(?:(?:\x1b|\\(?:x1b|u001b|033|e))\[[\d;]*m)"
"""Escape sequence for the colour of a text in a terminal, raw or as source code shows it."""
BLANKS = rb"(?:[ \t]|%b){0,32}+" % COLOUR
OPENING = late_pattern(rb"""[bBuUrRfFN]{0,2}(\\{0,7}?)(["']|&(?:quot|apos|#34|#39|#x27);|\\u0022)""")
_VALUE = late_pattern(
    rb"""alue(?:\\{0,7}["'])?%b(?:=>|[:=](?![:=]))(?:[ \t\r\n]|%b){0,64}+""" % (BLANKS, COLOUR),
)
_VALUE_BEGINS = late_pattern(rb"(?:\A|[^A-Za-z])(?:[A-Z][a-z]{1,16}V|[vV]|[a-z]{1,16}(?:_v|V))\Z")
_NAME_FIELD = late_pattern(
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
"""Ends of such a field, or of a colour after it."""
_FIELD_SIZE = 20
"""Greatest size in bytes of the name of a field, and of what precedes it."""
_TAG_BEGINS = late_pattern(rb"(?:<|&lt;|\\u003[cC])(?:[\w.-]{1,32}:)?\Z")
_JOINING = frozenset(b":=><;mcC")
"""Last bytes before a name that may be the value of a field, or a tag."""
_SKIPPED = frozenset(b"\"'\\ \tbu")
"""Bytes that may be between these and the name."""
BEFORE_FIELD_NAME = _JOINING | _SKIPPED
_NAME_TAG = late_pattern(rb"<(?:key|name|Name|Key)>\s{0,16}\Z")
_VALUE_TAG = late_pattern(rb"\s{0,16}</\w{1,16}>\s{0,64}<\w{1,16}[^<>]{0,256}>\s{0,64}+")
_REST_OF_TAG = late_pattern(rb"""["'](?:[ \t\r\n][^<>]{0,1024}+)?(?<!/)>\s{0,64}+(?:<[Vv]alue>\s{0,64}+)?""")
_CONTENT = late_pattern(rb"""["'][ ]content=""")
_TAG = late_pattern(rb"(?:[ \t\r\n][^<>]*+)?(?<!/)>\s{0,64}+(<!\[CDATA\[)?")
_CLOSES = late_pattern(rb"\s{0,64}(?:</|\]\]>|&lt;/|\\u003)")
_TAG_ESCAPED = late_pattern(rb"(?:[ \t][^<>&\\]*+)?(?:&gt;|\\u003[eE])")
_LINE_END = rb"\r?\n(?:E(?=\s))?[ \t]*"
"""The end of a line, and the prefix that pytest writes before the next line of a message."""
_PART = late_pattern(
    rb"""["'](?:;[^\r\n\\]{0,256})?"""
    rb"(?:%b(?:[\w-]{1,64}:[^\r\n]{0,256}%b){0,8}%b"
    % (_LINE_END, _LINE_END, _LINE_END)
    + rb"|\\r\\n(?:[\w-]{1,64}:[^\r\n\\]{0,256}\\r\\n){0,8}\\r\\n)"
)
_PART_ENDS = late_pattern(rb"(?:[^\r\n\\]++|\\(?![rn]))++")
_ENDS_A_FIELD = late_pattern(rb"[{}<>]|\n[ \t]*-[ \t]|\)[,;\s]")
_IN_OBJECT = late_pattern(
    rb"""\s{0,64}(\\{0,7}["'])(?:S|N|B|stringValue|SecretString|content|text|plaintext|\$)\1\s{0,8}:\s{0,64}"""
)
_NEXT_OF_OBJECT = late_pattern(rb"""[\s,]{0,64}+(\\{0,7}["'])[^"'\\\n]{0,128}\1[ ]{0,8}:[ ]{0,64}""")
_PLAIN = late_pattern(
    rb"""(?:[^\s"'<>,;(){}\[\]\\]|,(?=\S))++(?:[ ](?=[\w.~+/=-]{8,}\s*[\]),\r\n])[^\s"'<>,;(){}\[\]\\]++)?"""
)
"""A value without quotes, with the authentication scheme of a header."""
_LINE_OF_YAML = late_pattern(rb"(?:\A|\n)[ \t]*(?:- )?[A-Za-z_]*alue:[ \t]+\Z")
_REST_OF_LINE = late_pattern(rb"[^\r\n]++")
_QUOTES = (b'"', b"'", b";", b"2")
"""Last byte of a quote, also as an entity or an escape."""
_KEY_OF_JSON = late_pattern(rb"""(\\{0,7}["']):[ ]{0,8}\Z""")
_BETWEEN = 1024
"""Greatest number of bytes between a name and its value."""


class ValueFields:
    """The fields of a text that are called "value"; found with the first query, in one pass."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._starts: list[int] | None = None
        self._ends: list[int] = []
        self._spans: dict[int, tuple[int, int] | None] = {}

    def after(self, at: int) -> int:
        """Return the start of the value after a name that ends at a position. -1: there is none."""
        starts = self._positions()
        index = bisect_left(starts, at)
        if index == len(starts) or starts[index] - at > _BETWEEN:
            return -1
        return -1 if _ENDS_A_FIELD.search(self._data, at, starts[index]) else self._ends[index]

    def in_list(self, at: int) -> int:
        """Return the start of the next value in a list of objects. -1: the list ends before."""
        starts = self._positions()
        index = bisect_left(starts, at)
        if index == len(starts) or starts[index] - at > _BETWEEN or self._data.find(b"]", at, starts[index]) >= 0:
            return -1
        return self._ends[index]

    def before(self, at: int, lines: TextLines) -> tuple[int, int] | None:
        """Return the range of the value before a name that begins at a position. None: there is none."""
        index = bisect_left(self._positions(), at) - 1
        if index < 0:
            return None
        if index not in self._spans:
            self._spans[index] = span_of(self._data, self._ends[index], lines)
        span = self._spans[index]
        if span is None or not 0 <= at - span[1] <= _BETWEEN or _ENDS_A_FIELD.search(self._data, span[1], at):
            return None
        return span

    def _positions(self) -> list[int]:
        if self._starts is None:
            self._starts = []
            for match in _VALUE.finditer(self._data):
                if _VALUE_BEGINS.search(self._data, max(match.start() - 19, 0), match.start()):
                    self._starts.append(match.start())
                    self._ends.append(match.end())
        return self._starts


def span_of(data: bytes, at: int, lines: TextLines) -> tuple[int, int] | None:
    """Return the range of a value that begins at a position. None: there is none, or it is no text."""
    opening = OPENING.match(data, at)
    if opening is not None:
        close = lines.closing_quote(opening)
        return None if close < 0 else (opening.end(), close)
    rest_of_line = _LINE_OF_YAML.search(data, max(at - 48, 0), at) is not None and data[at : at + 1] not in (b"|", b">")
    unquoted = (_REST_OF_LINE if rest_of_line else _PLAIN).match(data, at)
    return None if unquoted is None else unquoted.span()


def may_be_field_name(data: bytes, start: int) -> bool:
    """Return whether a name may be the value of a field, or a tag."""
    at, lowest = start - 1, max(start - 8, 0)
    while at >= lowest and data[at] in _SKIPPED:
        at -= 1
    return at >= lowest and data[at] in _JOINING


def find_field_value(data: bytes, start: int, end: int, lines: TextLines, fields: ValueFields) -> list[Match] | None:
    """Return the value of a name in a field ``name`` or ``key``, or in a tag. None: the name is in neither."""
    before = data[max(start - 48, 0) : start]
    last = before[-1:]
    between = _TAG if last == b"<" or (last in b":;cC" and _TAG_BEGINS.search(before)) else None
    if between is None and last == b">" and _NAME_TAG.search(before):
        between = _VALUE_TAG
    if between is not None:
        return _find_in_tag(data, end, start, between, lines)
    if not _is_name_field(before):
        return None
    is_quoted = data[end : end + 1] in (b'"', b"'")
    part = _PART.match(data, end) if is_quoted and b"form-data" in data[max(start - 64, 0) : start] else None
    if part is not None:
        body = _PART_ENDS.match(data, part.end())
        return [] if body is None else _match_unless_harmless(data, body.span(), start)
    content = _CONTENT.match(data, end) if is_quoted else None
    after = fields.after(end) if content is None else content.end()
    span = fields.before(start, lines) if after < 0 else span_of(data, after, lines)
    if span is not None:
        return _match_unless_harmless(data, span, min(start, span[0]))
    if after >= 0:
        return []
    return _find_in_tag(data, end, start, _REST_OF_TAG, lines) if is_quoted else None


def _is_name_field(before: bytes) -> bool:
    """Return whether the text before a name is the beginning of a field ``name`` or ``key``."""
    field = before.rstrip(b"\"'\\ \t:=>bu").lower()
    if not field.endswith(_NAME_FIELDS):
        return False
    since = 0 if field.endswith(b"m") else max(len(field) - _FIELD_SIZE, 0)
    return _NAME_FIELD.search(before, since) is not None


def _match_unless_harmless(data: bytes, span: tuple[int, int], context_start: int) -> list[Match]:
    """Return a value as a match. A number of JSON becomes a string."""
    start, end = span
    if is_harmless(data[start:end]):
        return []
    key = None if data[start - 1 : start] in _QUOTES else _KEY_OF_JSON.search(data, max(start - 24, 0), start)
    return [Match(start, end, "key", context_start, b"" if key is None else key[1])]


def _find_in_tag(
    data: bytes, end: int, context_start: int, between: re.Pattern[bytes], lines: TextLines
) -> list[Match] | None:
    """Return the text within a tag. None: there is no tag."""
    opened = between.match(data, end)
    is_escaped = opened is None and between is _TAG
    if is_escaped:
        opened = _TAG_ESCAPED.match(data, end)
    if opened is None:
        return None
    at = opened.end()
    if is_escaped:
        closed = lines.find(b"&lt;/" if data.startswith(b";", at - 1) else b"\\u003", at)
    else:
        closed = lines.find(b"]]>" if between is _TAG and opened[1] else b"<", at)
    close = min(closed, lines.find(b"\n", at))
    value = data[at:close].rstrip()
    cut_off = close == len(data) and b" " not in value and b"\n" not in data[end:at]
    if not cut_off and _CLOSES.match(data, close) is None:
        return []
    return _match_unless_harmless(data, (at, at + len(value)), context_start)


def find_in_object(
    data: bytes, at: int, context_start: int, lines: TextLines, fields: ValueFields, *, every_text: bool
) -> Iterator[Match]:
    """Yield the value in an object that belongs to a name. ``every_text``: yield each text in it."""
    while every_text:
        name = _NEXT_OF_OBJECT.match(data, at)
        span = None if name is None else span_of(data, name.end(), lines)
        if span is None:
            return
        yield from _match_unless_harmless(data, span, context_start)
        at = span[1] + (len(name[1]) if name is not None and data.startswith(name[1], span[1]) else 0)
    named = _IN_OBJECT.match(data, at)
    begin = named.end() if named is not None else fields.after(at)
    span = None if begin < 0 else span_of(data, begin, lines)
    if span is not None:
        yield from _match_unless_harmless(data, span, context_start)


def find_in_objects(data: bytes, at: int, context_start: int, lines: TextLines, fields: ValueFields) -> Iterator[Match]:
    """Yield the value of each object in a list of cookies."""
    while True:
        begin = fields.in_list(at)
        span = None if begin < 0 else span_of(data, begin, lines)
        if span is None:
            return
        yield from _match_unless_harmless(data, span, context_start)
        at = span[1]
