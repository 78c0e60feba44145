"""How a secret may be spelled: as it is, and as JSON, URLs, XML, shells, Python, hex and base64 write it."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterator
from html import escape
from json import dumps as _dumps
from shlex import quote as shell_quote
from urllib.parse import quote, quote_plus

SHORTEST = 6
"""Values with fewer characters are not looked for: they would black out ordinary words."""
SHORTEST_LINE = 12
"""Characters of a line of a multi-line secret that is looked for by itself."""
_SAME_EVERYWHERE = re.compile(r"[A-Za-z0-9_]*")
"""Values that no quoting changes."""
_HEX_OF_URL = re.compile(r"%[0-9A-F]{2}")
_ESCAPED_BY_SHELLS = re.compile(r"([^\w@%+=:,./-])", re.ASCII)
_ESCAPED_IN_DOUBLE_QUOTES = re.compile(r'(["$`\\])')


def spellings(value: str) -> set[bytes]:
    """Return the bytes of every spelling that is looked for; those under six bytes would black out ordinary words."""
    parts = dict.fromkeys(part for secret in (value, *_within(value)) for part in _parts(secret))
    found = {text.encode("utf-8", "surrogatepass") for part in parts for text in _texts(part)}
    for part in parts:
        found.update(_encoded(part.encode("utf-8", "surrogatepass")))
    return {spelling for spelling in found if len(spelling) >= SHORTEST}


def _within(value: str) -> Iterator[str]:
    """Yield the secrets within a value that may be a document (also in base64), a connection string or a URL."""
    if "=" in value or "://" in value or value.lstrip()[:1] in ("{", "[", "e", "W"):
        from .embedded import values_within  # most secrets are plain, and the names take a while to compile

        yield from values_within(value)


def _parts(value: str) -> Iterator[str]:
    """Yield the value, and of a multi-line one each line that is long enough: programs print line by line."""
    yield value
    if "\n" in value or "\r" in value:
        for line in value.splitlines():
            if len(line.strip()) >= SHORTEST_LINE and not line.startswith("-----"):
                yield line.strip()


def _texts(value: str) -> Iterator[str]:
    yield value
    if _SAME_EVERYWHERE.fullmatch(value):
        return
    yield from _as_programs_write(value)
    yield from _in_urls(value)
    yield from _in_markup(value)
    yield from _in_shells(value)


def _as_programs_write(value: str) -> Iterator[str]:
    """As pytest's node ids, Python and JSON write it; JSON also inside of JSON."""
    yield value.encode("unicode_escape").decode("ascii")
    for shown in (repr(value)[1:-1], repr(value.encode("utf-8", "surrogatepass"))[2:-1]):
        yield shown
        yield shown.replace("\\'", "'").replace("'", "\\'")
    for ascii_only in (True, False):
        once = _dumps(value, ensure_ascii=ascii_only)[1:-1]
        yield once
        yield once.replace("/", "\\/")
        yield _dumps(once, ensure_ascii=ascii_only)[1:-1]


def _in_urls(value: str) -> Iterator[str]:
    raw = value.encode("utf-8", "replace")
    for safe in ("", "/", "!~*'()"):
        for shown in (quote(raw, safe), quote_plus(raw, safe)):
            yield shown
            yield _HEX_OF_URL.sub(lambda found: found.group().lower(), shown)
    yield quote(quote(raw, ""), "")


def _in_markup(value: str) -> Iterator[str]:
    """As HTML and XML write it: quotes have three spellings, and what is not ASCII may be a number."""
    plain = escape(value, quote=False)
    for shown in (plain, plain.replace('"', "&quot;"), escape(value), escape(value).replace("&#x27;", "&#39;")):
        yield shown
        yield shown.encode("ascii", "xmlcharrefreplace").decode("ascii")
    yield escape(value).replace("&#x27;", "&apos;")
    yield plain.replace('"', "&quot;").replace("\r", "&#13;").replace("\n", "&#10;").replace("\t", "&#09;")


def _in_shells(value: str) -> Iterator[str]:
    yield shell_quote(value)[1:-1]
    yield value.replace("'", "'\\''")
    yield value.replace("'", "''")
    yield _ESCAPED_BY_SHELLS.sub(r"\\\1", value)
    yield _ESCAPED_IN_DOUBLE_QUOTES.sub(r"\\\1", value)


def _encoded(raw: bytes) -> Iterator[bytes]:
    """Hex, and base64 wherever the value may begin in a group of three, without the characters it shares with others.

    So it is found in the base64 of whatever holds it, such as ``user:password``.
    """
    if len(raw) < SHORTEST:
        return
    shown = raw.hex()
    yield shown.encode()
    yield shown.upper().encode()
    for shift in range(3):
        whole = b64encode(b"\0" * shift + raw)
        core = whole[(0, 2, 3)[shift] : (shift + len(raw)) * 8 // 6]
        yield core
        yield core.replace(b"+", b"-").replace(b"/", b"_")
