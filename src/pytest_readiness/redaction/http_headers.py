"""Credentials in HTTP headers, which extend to the end of the header whatever quotes they hold."""

from __future__ import annotations

import re
from collections.abc import Mapping

from ..late_pattern import late_pattern
from .match import Match
from .name_cache import SecretName
from .secret_names import is_harmless
from .text_scanner import TextLines

_SCHEME = late_pattern(
    rb"(?:(?P<alone>Bearer|Basic|Token|ApiKey|Api-Key|Api-Token|Negotiate|NTLM|SharedKey|SSWS|GoogleLogin|JWT|DPoP)"
    rb"|Digest|OAuth|Hawk|AWS4-HMAC-SHA256|MAC|Signature|SCRAM-SHA-\d+|EG1-HMAC-SHA256|acquia-http-hmac)"
    rb"(?:[ ]{1,4}|\r?\n[ \t]{1,16})",
    re.IGNORECASE,
)
"""Methods of authentication. After one in the group ``alone`` there is a single credential, and no list."""
_LINE_END = rb"\\[rn](?!\w)|\\[rn]\w[\w-]{0,63}:"
"""The end of a line as Python or JSON shows it."""
_IN_LINE = late_pattern(rb"(?:[^\r\n\\]++|(?!%b)\\)*+" % _LINE_END)
_IN_QUOTES: Mapping[bytes, re.Pattern[bytes]] = {
    quote: late_pattern(rb"(?:[^\r\n\\%b]++|(?!%b)\\.?)*+" % (quote, _LINE_END)) for quote in (b'"', b"'")
}
_QUOTE_BEFORE = late_pattern(rb"""(\\{0,7})(["'])\Z""")
_IN_A_SENTENCE = late_pattern(rb"[a-z,;] [a-z][a-z-]*\Z")
_PAIRS = late_pattern(rb"[\w.%-]+=[^\s;,]+(?:;[ ]?[\w.%-]+=[^\s;,]+)*+")
_WORD = late_pattern(rb"""[^\s"',;]+""")


def find_header(data: bytes, span: tuple[int, int], name: SecretName, at: int, lines: TextLines) -> list[Match] | None:
    """Return the credential of a header whose value begins at ``at``. None: it is no header."""
    if not name.is_header or data[at : at + 1] in (b'"', b"'"):
        return None
    start, name_end = span
    is_cookie = name.is_cookie
    scheme = _SCHEME.match(data, at)
    begin = at if scheme is None else scheme.end()
    end = _header_end(data, start, begin, lines)
    if scheme is None and is_cookie and lines.find(b"=", begin) >= end:
        return []
    if scheme is None and not is_cookie and lines.find(b" ", begin) < end:
        return None
    if _IN_A_SENTENCE.search(data, max(start - 2, 0), name_end):
        pattern = _PAIRS if is_cookie else _WORD if scheme is not None and scheme["alone"] else None
        match = None if pattern is None else pattern.match(data, begin, end)
        end = match.end() if match is not None else begin if is_cookie else end
    value = data[begin:end].rstrip()
    return [] if is_harmless(value) else [Match(begin, begin + len(value), "header", start)]


def _header_end(data: bytes, start: int, begin: int, lines: TextLines) -> int:
    """Return the end of a header: the end of its line, or of the string that holds it."""
    is_quoted = data[start - 1 : start] in (b'"', b"'")
    opening = _QUOTE_BEFORE.search(data, max(start - 8, 0), start) if is_quoted else None
    if opening is not None and opening[1]:
        close = lines.closing_quote(opening)
        return close if close >= begin else lines.run_end(_IN_LINE, begin)
    if opening is not None:
        return lines.run_end(_IN_QUOTES[opening[2]], begin)
    return lines.run_end(_IN_QUOTES[b'"'] if lines.is_in_string(start) else _IN_LINE, begin)
