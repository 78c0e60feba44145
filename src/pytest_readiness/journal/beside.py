"""What stands beside a name: in JSON, Python, YAML, TOML and XML, headers, query parameters, command lines."""

from __future__ import annotations

import re
from collections.abc import Iterator

from .finding import Finding
from .keys import is_code, is_harmless

MOST_OF_A_VALUE = 8192
"""Bytes of a value that are looked at."""
_AFTER = re.compile(
    rb"""(?P<quote>\\{0,7}["']|&(?:quot|apos|#34|#39|#x27);)?\]?(?P<blank>[ \t]{0,8})"""
    rb"""(?P<sep>=>|:=|[=!]={1,2}|:[ ]?(?:str|bytes|string|SecretStr)(?:[ ]\|[ ]None)?[ ]?=|[:=](?![:=])|%3[dD]|,|>"""
    rb"""|(?<=[ \t])value[ ]?=|(?<=[ \t]))[ \t]{0,8}"""
)
_OPENING = re.compile(rb"""[bBuUrRfF]{0,2}(\\{0,7})(["']|&(?:quot|apos|#34|#39|#x27);)""")
_NEXT_OF_LIST = re.compile(rb"""[ \t\r\n,]{0,64}[bBuUrRfF]{0,2}(\\{0,7})(["'])""")
_QUOTES = re.compile(rb"""(\\{0,16})(["'])""")
_BARE = re.compile(
    rb"""(?:[^\s&"'<>,;)\]}\\]|\\(?!["'\s])(?![rnt](?:\\|[\w.-]{1,64}[=:]|["'\s]|\Z))"""
    rb"""|[,;)\]}](?=[^\s,;)\]}&"'<>])(?![\w.-]{1,64}[ ]?[=:])){1,4096}"""
)
_IN_URL = re.compile(rb"""(?:(?!%26)[^\s&"'<>\\]){1,4096}""")
_BARE_AFTER = {b"%3D": _IN_URL, b"%3d": _IN_URL, b">": re.compile(rb"[^<\r\n]{1,4096}")}
_HEADER = re.compile(
    rb"""(?:="[^",:{}\r\n]{0,1024}"(?=[;\s]|\Z)|\\[^rn\s]|\\[rn](?=\w)(?!\w[\w-]{0,63}:)|[^\r\n"\\]){1,8192}"""
)
_UNTIL_APOSTROPHE = re.compile(rb"""[^\r\n"'\\]{1,8192}""")
_SCHEME = re.compile(
    rb"(?:Bearer|Basic|Digest|Token|ApiKey|Api-Key|Negotiate|NTLM|OAuth|Hawk|SharedKey|SSWS|GoogleLogin"
    rb"|AWS4-HMAC-SHA256|MAC|DPoP|JWT)[ ]{1,4}",
    re.IGNORECASE,
)
_ENDS_A_VALUE = re.compile(rb"""[ \t]*(?:[,;)\]}"'&<>|\\]|\r?\n|\Z|#)""")
_ALPHABETIC = re.compile(rb"[A-Za-z-]+[.,:;!?]?")
_NEVER_BARE = frozenset({b"==", b"!=", b"===", b"!==", b","})
_HEADER_NAMES = frozenset({b"authorization", b"proxy-authorization", b"cookie", b"set-cookie", b"x-api-key"})


class Lines:
    """The line of each place in a text. Places are asked for in their order, so that each byte is read once."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0
        self._line = 0
        self._quotes = 0

    def in_json(self, at: int) -> bool:
        """Return whether the line begins as JSON does."""
        self._move(at)
        return self._data[self._line : self._line + 64].lstrip()[:1] in (b"{", b"[", b'"')

    def in_a_text(self, at: int) -> bool:
        """Return whether an odd number of quotes stands before, in the line."""
        self._move(at)
        return self._quotes % 2 == 1

    def _move(self, at: int) -> None:
        newline = self._data.rfind(b"\n", self._at, at)
        if newline >= 0:
            self._line = self._at = newline + 1
            self._quotes = 0
        passed = self._data[self._at : at].replace(b"\\\\", b"")
        self._quotes += passed.count(b'"') - passed.count(b'\\"')
        self._at = max(at, self._at)


def find_beside(data: bytes, start: int, end: int, lines: Lines) -> Iterator[Finding]:
    """Yield the secret values beside a name that stands between these places."""
    name = data[start:end]
    after = _AFTER.match(data, end)
    if after is None or name.endswith(b"."):
        return
    sep, quote, at = after["sep"].strip(), after["quote"] or b"", after.end()
    before = data[max(start - 2, 0) : start]
    if before == b"//" or not _separates(sep, name, quote, before, data[max(start - 9, 0) : start]):
        return
    if (header := _header(data, name, sep, quote, before, at)) is not None:
        yield from (one._replace(since=start) for one in header)
        return
    if data[at : at + 1] == b"[" and quote:
        yield from _listed(data, at + 1, start)
    else:
        in_json = not quote and lines.in_json(start)
        if in_json and data.startswith(b'"', at) and lines.in_a_text(start):
            return  # what seems to open a value closes the text of JSON that ends here
        yield from _single(data, at, start, (sep, quote), in_json=in_json)


def _single(data: bytes, at: int, since: int, around: tuple[bytes, bytes], *, in_json: bool) -> Iterator[Finding]:
    """Yield one value; ``around``: what stands between it and its name, and the quote behind the name."""
    sep, quote = around
    opening = _OPENING.match(data, at)
    close = -1 if opening is None else _closing(data, opening)
    if opening is not None and in_json and opening[2] == b"'" and data.find(b'"', opening.end(), close) >= 0:
        close = -1  # the apostrophe is closed beyond the text of JSON that it stands in
    if opening is not None and close >= 0:
        if not is_harmless(data[opening.end() : close]):
            yield Finding(opening.end(), close, "key", since)
    elif sep not in _NEVER_BARE and not sep.startswith(b"value"):
        yield from _bare(data, at if opening is None else opening.end(), since, sep, quote)


def _separates(sep: bytes, name: bytes, quote: bytes, before: bytes, further: bytes) -> bool:
    """Return whether a name and what follows belong together, as far as what stands between them tells."""
    option = name.startswith(b"--")
    if sep == b"":  # a blank: an option and its value
        return option and not quote
    if sep == b",":  # ("password", "x"), and "--password", "x"
        return bool(quote) and (option or before[:1] in (b"(", b"[") or before[-2:-1] in (b"(", b"["))
    if sep == b">":
        return before[-1:] in (b"<", b":")
    if sep.startswith(b"value"):  # <property name="password" value="x"/>
        return bool(quote) and b"name=" in further
    return True


def _header(data: bytes, name: bytes, sep: bytes, quote: bytes, before: bytes, at: int) -> list[Finding] | None:
    """Return what a header says; None where it is none."""
    lower = name.lower()
    if sep not in (b":", b"=") or quote or not (lower in _HEADER_NAMES or lower.endswith(b"authorization")):
        return None
    scheme = _SCHEME.match(data, at)
    inner = scheme.end() if scheme is not None else at
    pattern = _UNTIL_APOSTROPHE if before[-1:] == b"'" else _HEADER
    found = pattern.match(data, inner)
    if found is None or data[at : at + 1] in (b'"', b"'"):
        return None
    value = found.group().rstrip()
    if scheme is None and not (b"=" in value if lower.endswith(b"cookie") else b" " not in value):
        return None if not lower.endswith(b"cookie") else []
    if is_harmless(value):
        return []
    return [Finding(inner, inner + len(value), "header", at)]


def _listed(data: bytes, at: int, since: int) -> Iterator[Finding]:
    """Yield each text of a list."""
    limit = at + MOST_OF_A_VALUE
    while at < limit:
        opening = _NEXT_OF_LIST.match(data, at)
        if opening is None:
            return
        close = _closing(data, opening)
        if close < 0:
            return
        if not is_harmless(data[opening.end() : close]):
            yield Finding(opening.end(), close, "key", since)
        at = close + len(opening[1]) + 1


def _closing(data: bytes, opening: re.Match[bytes]) -> int:
    r"""Return where a quoted value ends: at the quote that is escaped as often as the one that opened it. Else -1.

    In JSON inside of JSON a value stands between ``\"``, and a quote in it is ``\\\"``.
    """
    level, start = len(opening[1]), opening.end()
    line = data.find(b"\n", start, start + MOST_OF_A_VALUE)
    limit = line if line >= 0 else min(start + MOST_OF_A_VALUE, len(data))
    if len(opening[2]) > 1:  # an entity of XML
        return data.find(opening[2], start, limit)
    for quote in _QUOTES.finditer(data, start, limit):
        if quote[2] == opening[2] and (len(quote[1]) - level) % (2 * (level + 1)) == 0 and len(quote[1]) >= level:
            return quote.end() - 1 - level
    return -1


def _bare(data: bytes, at: int, since: int, sep: bytes, quote: bytes) -> Iterator[Finding]:
    """Yield a value without quotes."""
    found = _BARE_AFTER.get(sep, _BARE).match(data, at)
    if found is None:
        return
    value, end = found.group(), found.end()
    if is_harmless(value) or (sep != b"" and is_code(data[at : end + 1])):
        return
    if sep == b":" and _is_prose(data, value, end):
        return
    if sep == b"" and value.startswith(b"-"):
        return
    yield Finding(at, end, "key", since, quote)


def _is_prose(data: bytes, value: bytes, end: int) -> bool:
    """Return whether "password: must be longer" goes on as a sentence does."""
    return _ALPHABETIC.fullmatch(value) is not None and _ENDS_A_VALUE.match(data, end) is None
