"""Spellings of a secret: as it is, and as JSON, URLs, XML, shells, Python, hex and base64 write it."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterator
from html import escape
from json import dumps as _dumps
from shlex import quote as shell_quote
from urllib.parse import quote, quote_plus

from ..late_pattern import late_pattern

SHORTEST = 6
"""Least length of a secret: a search for shorter ones would black out ordinary words."""
SHORTEST_LINE = 12
"""Least length of a line that is searched for on its own."""
_SAME_EVERYWHERE = late_pattern(r"[A-Za-z0-9_]*")
"""Values that no encoding changes."""
_WRITERS = (
    ("<>&\u2028\u2029", False),
    ("<>&\u2028\u2029", True),
    ("<>&='\u2028\u2029", False),
    ("<>&\"'", True),
    ("<>&\"'+`", True),
    ("<>&\"'+`", False),
    ("<>&\"'=;-`\u2028\u2029", True),
)
"""Characters that a JSON writer escapes besides those that it must, and whether its digits are capitals: Go and Rails,
Django's ``json_script``, gson, PHP, .NET (in either case), Django's ``escapejs``."""
_MARKUP = (
    str.maketrans({'"': "&#34;", "'": "&#39;", "+": "&#43;"}),
    str.maketrans({'"': "&quot;", "'": "&#x27;", "+": "&#x2B;", "`": "&#x60;"}),
    str.maketrans({'"': "&quot;", "'": "&#39;", "/": "&#x2F;", "=": "&#x3D;", "`": "&#x60;"}),
    str.maketrans({'"': "&quot;", "'": "&#x27;", "=": "&#x3D;", "`": "&#x60;"}),
)
"""Characters that templates write as entities in HTML, besides those that all of them escape: Go, .NET, mustache.js,
Handlebars."""
_ESCAPED_BY_SOME = late_pattern(r"""[<>&=;"'+`-]|[^\x20-\x7e]""")
_PLAIN = 2
"""Number of the first JSON texts, which escape only what they must, or also all that is not ASCII."""
_ESCAPE = late_pattern(r"(\\u)([0-9a-f]{4})")
_HEX_OF_URL = late_pattern(r"%[0-9A-F]{2}")
_ESCAPED_BY_SHELLS = late_pattern(r"([^\w@%+=:,./-])", re.ASCII)
_ESCAPED_IN_DOUBLE_QUOTES = late_pattern(r'(["$`\\])')


def spellings(value: str) -> set[bytes]:
    """Return the bytes of every spelling of a secret. Those under six bytes would black out ordinary words."""
    parts = dict.fromkeys(part for secret in (value, *_embedded(value)) for part in _lines_of(secret))
    encoded: set[bytes] = set()
    for part in parts:
        texts = dict.fromkeys(_texts_of(part))
        encoded.update(text.encode("utf-8", "surrogatepass") for text in texts)
        encoded.update(_binary_texts(part.encode("utf-8", "surrogatepass")))
        if len(texts) > 1:
            for text in _json_texts(part)[:_PLAIN]:
                encoded.update(_base64(text.encode("utf-8", "surrogatepass")))
    return {spelling for spelling in encoded if len(spelling) >= SHORTEST}


def _embedded(value: str) -> Iterator[str]:
    """Yield the secrets inside a value that may be a document (also in base64), a connection string or a URL."""
    if "=" in value or "://" in value or value.lstrip()[:1] in ("{", "[", "e", "W"):
        from .embedded_secrets import embedded_values  # most secrets are plain, and the names take a while to compile

        yield from embedded_values(value)


def _lines_of(value: str) -> Iterator[str]:
    """Yield the value and its lines that are long enough, because programs print line by line."""
    yield value
    if "\n" in value or "\r" in value:
        for line in value.splitlines():
            if len(line.strip()) >= SHORTEST_LINE and not line.startswith("-----"):
                yield line.strip()


def _texts_of(value: str) -> Iterator[str]:
    """Yield a value as each format writes it."""
    yield value
    if _SAME_EVERYWHERE.fullmatch(value):
        return
    json, python, markup = _json_texts(value), _python_texts(value), list(_in_markup(value))
    yield from (*json, *python, *markup)
    yield value.encode("unicode_escape").decode("ascii")
    for text in json:  # JSON inside a string of JSON or Python
        yield _json(text)
        yield from _python_texts(text)
    for text in json[:_PLAIN]:
        raw = text.encode("utf-8", "replace")
        yield from (quote(raw), quote(raw, ""), quote_plus(raw))
    for text in (*python, *markup):
        yield _json(text)
        yield _dumps(text, ensure_ascii=False)[1:-1]
    for text in markup:
        yield _dumps(text, ensure_ascii=False)[1:-1].replace("&", "\\u0026")
    yield from _in_urls(value)
    yield from _in_shells(value)


def _capitalise_escapes(text: str) -> str:
    return _ESCAPE.sub(lambda match: match.group(1) + match.group(2).upper(), text)


def _json(value: str) -> str:
    return _dumps(value)[1:-1]


def _json_texts(value: str) -> list[str]:
    """Return a value as the writers of JSON write it. Each escapes other characters besides those that it must."""
    try:
        forms = dict.fromkeys(_dumps(value, ensure_ascii=ascii_only)[1:-1] for ascii_only in (True, False))
    except UnicodeError:
        forms = {}
    texts = dict.fromkeys((*forms, *(form.replace("/", "\\/") for form in forms)))
    if _ESCAPED_BY_SOME.search(value):
        for characters, is_upper in _WRITERS:
            for form in forms:
                text = form.replace('\\"', '"') if '"' in characters else form
                digits = "%04X" if is_upper else "%04x"
                escapes = {ord(character): "\\u" + digits % ord(character) for character in characters}
                escaped = _capitalise_escapes(text.translate(escapes)) if is_upper else text.translate(escapes)
                texts |= dict.fromkeys((escaped, escaped.replace("/", "\\/")))
    return list(texts)


def _python_texts(value: str) -> list[str]:
    """Return a value as the ``repr`` of a ``str`` or ``bytes`` shows it, between either quotes."""
    parts = value.split("'")
    texts = [repr(f"'\"{part}")[4:-1] for part in parts]
    raw = [repr(b"'\"" + part.encode("utf-8", "surrogatepass"))[5:-1] for part in parts]
    return list(dict.fromkeys(quote.join(text) for text in (texts, raw) for quote in ("'", "\\'")))


def _in_urls(value: str) -> Iterator[str]:
    raw = value.encode("utf-8", "replace")
    for safe in ("", "/", "!~*'()"):
        for text in (quote(raw, safe), quote_plus(raw, safe)):
            yield text
            yield _HEX_OF_URL.sub(lambda match: match.group().lower(), text)
            yield quote(text, "")


def _in_markup(value: str) -> Iterator[str]:
    """Yield a value as HTML and XML write it: quotes have several spellings, and other characters may be numbers."""
    plain = escape(value, quote=False)
    for text in (plain, plain.replace('"', "&quot;"), escape(value), escape(value).replace("&#x27;", "&#39;")):
        yield text
        yield text.encode("ascii", "xmlcharrefreplace").decode("ascii")
    yield escape(value).replace("&#x27;", "&apos;")
    yield plain.replace('"', "&quot;").replace("\r", "&#13;").replace("\n", "&#10;").replace("\t", "&#09;")
    yield from map(plain.translate, _MARKUP)
    if '"' in value or "\\" in value:  # JSON in an attribute
        yield escape(_json(value))


def _in_shells(value: str) -> Iterator[str]:
    yield shell_quote(value)[1:-1]
    yield value.replace("'", "'\\''")
    yield value.replace("'", "''")
    yield _ESCAPED_BY_SHELLS.sub(r"\\\1", value)
    yield _ESCAPED_IN_DOUBLE_QUOTES.sub(r"\\\1", value)


def _binary_texts(raw: bytes) -> Iterator[bytes]:
    """Yield a value in hex and base64."""
    if len(raw) < SHORTEST:
        return
    digits = raw.hex()
    yield digits.encode()
    yield digits.upper().encode()
    yield from _base64(raw)


def _base64(raw: bytes) -> Iterator[bytes]:
    """Yield the base64 and base64url of a value, at each position in a group of three bytes.

    Characters that depend on bytes around the value are left out. So the value is found in the base64 of any text that
    holds it, such as ``user:password``.
    """
    for shift in range(3):
        whole = b64encode(b"\0" * shift + raw)
        core = whole[(0, 2, 3)[shift] : (shift + len(raw)) * 8 // 6]
        yield core
        yield core.replace(b"+", b"-").replace(b"/", b"_")
