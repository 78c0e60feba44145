"""Headers of HTTP that hold a credential: to the end of their value, whatever is quoted in it."""

from __future__ import annotations

import re
from collections.abc import Mapping

from .match import Match
from .name_cache import SecretName
from .secret_names import is_harmless
from .text_scanner import TextLines

_SCHEME = re.compile(
    rb"(?:(?P<alone>Bearer|Basic|Token|ApiKey|Api-Key|Api-Token|Negotiate|NTLM|SharedKey|SSWS|GoogleLogin|JWT|DPoP)"
    rb"|Digest|OAuth|Hawk|AWS4-HMAC-SHA256|MAC|Signature|SCRAM-SHA-\d+|EG1-HMAC-SHA256|acquia-http-hmac)"
    rb"(?:[ ]{1,4}|\r?\n[ \t]{1,16})",
    re.IGNORECASE,
)
"""Ways to authenticate; after one that stands ``alone`` there is one credential, and no list."""
_LINE_END = rb"\\[rn](?!\w)|\\[rn]\w[\w-]{0,63}:"
"""The end of a line where Python or JSON shows it."""
_IN_LINE = re.compile(rb"(?:[^\r\n\\]++|(?!%b)\\)*+" % _LINE_END)
_IN_QUOTES: Mapping[bytes, re.Pattern[bytes]] = {
    quote: re.compile(rb"(?:[^\r\n\\%b]++|(?!%b)\\.?)*+" % (quote, _LINE_END)) for quote in (b'"', b"'")
}
_QUOTE_BEFORE = re.compile(rb"""(\\{0,7})(["'])\Z""")
_IN_A_SENTENCE = re.compile(rb"[a-z,;] [a-z][a-z-]*\Z")
_PAIRS = re.compile(rb"[\w.%-]+=[^\s;,]+(?:;[ ]?[\w.%-]+=[^\s;,]+)*+")
_WORD = re.compile(rb"""[^\s"',;]+""")


def find_header(data: bytes, span: tuple[int, int], name: SecretName, at: int, lines: TextLines) -> list[Match] | None:
    """Return what a header of this name says, whose value begins at a place; None: it is no header."""
    if not name.is_header or data[at : at + 1] in (b'"', b"'"):
        return None
    start, end = span
    is_cookie = name.is_cookie
    scheme = _SCHEME.match(data, at)
    inner = at if scheme is None else scheme.end()
    ended = _end(data, start, inner, lines)
    if scheme is None and is_cookie and lines.find(b"=", inner) >= ended:
        return []
    if scheme is None and not is_cookie and lines.find(b" ", inner) < ended:
        return None
    if _IN_A_SENTENCE.search(data, max(start - 2, 0), end):
        one = _PAIRS if is_cookie else _WORD if scheme is not None and scheme["alone"] else None
        found = None if one is None else one.match(data, inner, ended)
        ended = found.end() if found is not None else inner if is_cookie else ended
    value = data[inner:ended].rstrip()
    return [] if is_harmless(value) else [Match(inner, inner + len(value), "header", start)]


def _end(data: bytes, start: int, inner: int, lines: TextLines) -> int:
    """Return where a header ends: with its line, or with the text that it stands in."""
    is_quoted = data[start - 1 : start] in (b'"', b"'")
    opening = _QUOTE_BEFORE.search(data, max(start - 8, 0), start) if is_quoted else None
    if opening is not None and opening[1]:
        close = lines.closing(opening)
        return close if close >= inner else lines.run(_IN_LINE, inner)
    if opening is not None:
        return lines.run(_IN_QUOTES[opening[2]], inner)
    return lines.run(_IN_QUOTES[b'"'] if lines.in_a_text(start) else _IN_LINE, inner)
