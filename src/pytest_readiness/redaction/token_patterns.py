"""Patterns of tokens with a known format: prefixes that providers chose, and private keys.

Each kind is searched for by its prefix, and read to the end of its run of characters. A run that is no token is skipped
as a whole, so that each byte is read once for a kind.
"""

from __future__ import annotations

import re
from binascii import a2b_base64
from collections.abc import Callable, Container, Iterator, Mapping
from functools import cache

from ..late_pattern import late_pattern
from .match import Match

_ALONE = rb"(?:(?<![A-Za-z0-9_-]%b)|(?<=\\[nrt]%b))"
"""Not inside a word. A letter after a backslash belongs to an escape. This test follows the prefix, because a fixed
text at the beginning is found fast."""


def _alone(prefix: bytes) -> bytes:
    return prefix + _ALONE % (prefix, prefix)


_JWT = b"eyJ"
_PEM_SHARED = b"tLS"
_PEM_IN_BASE64 = {b"LS0tLS1CRUdJTi": b"", b"0tLS0tQkVHSU4": b"AA", b"tLS0tLUJFR0lO": b"AAA"}
"""How a private key begins in base64, at each of the three alignments, and what completes its first group."""
_BASE64_OF_PEM = rb"%b[A-Za-z0-9+/_-]{16,}+(?:(?:\r?\n|\\n)[ \t]{0,64}[A-Za-z0-9+/_-]{16,}+(?=[=\s\"'\\]|\Z))*+={0,2}"
"""In one line, or in several."""
_PATTERNS: tuple[tuple[str, bytes, bytes], ...] = (
    ("aws", b"AKIA", rb"AKIA(?<![A-Z0-9]AKIA)[A-Z0-9]{16}(?![A-Z0-9])(?:[^\w\r\n/+]{1,20}[\w/+]{40}(?![\w/+=]))?"),
    ("aws", b"ASIA", rb"ASIA(?<![A-Z0-9]ASIA)[A-Z0-9]{16}(?![A-Z0-9])(?:[^\w\r\n/+]{1,20}[\w/+]{40}(?![\w/+=]))?"),
    ("github", b"gh", rb"gh[pousr]_[A-Za-z0-9]{36,}+"),
    ("github", b"github_pat_", rb"github_pat_[A-Za-z0-9_]{22,}+"),
    ("gitlab", b"gl", rb"gl(?:pat|dt|rt|cbt|ptt|oas|soat)-[A-Za-z0-9_.-]{20,}+"),
    ("slack", b"xox", rb"xox[abceoprs]-[A-Za-z0-9-]{10,}+"),
    ("slack", b"xapp-", rb"xapp-\d-[A-Za-z0-9-]{20,}+"),
    ("slack", b"hooks.slack.com/", rb"hooks\.slack\.com/(?:services|workflows)/([A-Za-z0-9/_+-]{20,}+)"),
    ("stripe", b"sk_live_", rb"sk_live_[A-Za-z0-9]{10,}+"),
    ("stripe", b"rk_live_", rb"rk_live_[A-Za-z0-9]{10,}+"),
    ("stripe", b"sk_test_", rb"sk_test_[A-Za-z0-9]{10,}+"),
    ("stripe", b"rk_test_", rb"rk_test_[A-Za-z0-9]{10,}+"),
    ("stripe", b"whsec_", rb"whsec_[A-Za-z0-9+/=]{24,}+"),
    ("google", b"AIza", rb"AIza[A-Za-z0-9_-]{35}"),
    ("google", b"ya29.", rb"ya29\.[A-Za-z0-9_.-]{20,}+"),
    ("google", b"GOCSPX-", rb"GOCSPX-[A-Za-z0-9_-]{24,}+"),
    ("anthropic", b"sk-ant-", rb"sk-ant-[A-Za-z0-9_-]{20,}+"),
    ("openai", b"sk-", rb"sk-(?:proj|svcacct|admin)-[A-Za-z0-9_-]{20,}+"),
    ("openai", b"sk-", _alone(b"sk-") + rb"[A-Za-z0-9]{32,}+"),
    ("npm", b"npm_", rb"npm_[A-Za-z0-9]{36,}+"),
    ("pypi", b"pypi-", rb"pypi-[A-Za-z0-9_-]{50,}+"),
    ("sendgrid", b"SG.", rb"SG\.[A-Za-z0-9_-]{16,}+\.[A-Za-z0-9_-]{16,}+"),
    ("twilio", b"SK", _alone(b"SK") + rb"[0-9a-f]{32}(?![A-Za-z0-9])"),
    ("jwt", _JWT, rb"eyJ[A-Za-z0-9_-]{8,}+\.[A-Za-z0-9_-]{4,}+(?:(?:\.[A-Za-z0-9_-]*+){1,3}|(?<=[A-Za-z0-9_-]{64}))"),
    ("hugging-face", b"hf_", _alone(b"hf_") + rb"[A-Za-z0-9]{30,}+"),
    ("digitalocean", b"dop_v1_", rb"dop_v1_[0-9a-f]{64}"),
    ("digitalocean", b"doo_v1_", rb"doo_v1_[0-9a-f]{64}"),
    ("digitalocean", b"dor_v1_", rb"dor_v1_[0-9a-f]{64}"),
    ("age", b"AGE-SECRET-KEY-1", rb"AGE-SECRET-KEY-1[A-Z0-9]{50,}+"),
    ("vault", b"hvs.", rb"hvs\.[A-Za-z0-9_-]{20,}+"),
    ("vault", b"hvb.", rb"hvb\.[A-Za-z0-9_-]{20,}+"),
    ("docker", b"dckr_pat_", rb"dckr_pat_[A-Za-z0-9_-]{20,}+"),
    ("grafana", b"glsa_", rb"glsa_[A-Za-z0-9_+/=]{30,}+"),
    ("grafana", b"glc_", rb"glc_[A-Za-z0-9_+/=]{30,}+"),
    ("databricks", b"dapi", _alone(b"dapi") + rb"[0-9a-f]{32}(?![0-9a-f])"),
    ("shopify", b"shp", rb"shp(?:at|ss|ca|pa)_[0-9a-fA-F]{32,}+"),
    ("bearer", b"earer ", rb"earer {1,4}((?=[A-Za-z_.~+/-]{0,200}\d)[A-Za-z0-9_.~+/-]{16,}+={0,2})"),
    ("bearer", b"pi-Token ", rb"pi-Token {1,4}((?=[A-Za-z_.~+/-]{0,200}\d)[A-Za-z0-9_.~+/-]{16,}+={0,2})"),
    ("basic", b"asic ", rb"asic {1,4}([A-Za-z0-9+/_-]{8,}+={0,2})"),
    *(("private-key", begin, _BASE64_OF_PEM % begin) for begin in _PEM_IN_BASE64),
)
_SHARED = (_PEM_SHARED, b"gl", b"sk-", b"k_live_", b"k_test_", b"_v1_")
"""Texts that several prefixes hold: if one is missing, none of these prefixes is searched for."""
_FAMILIES = tuple(
    (shared, tuple(entry for entry in _PATTERNS if entry[1] == shared or (shared in _SHARED and shared in entry[1])))
    for shared in dict.fromkeys(
        next((text for text in _SHARED if text in prefix), prefix) for _, prefix, _ in _PATTERNS
    )
)
_ANY_PREFIX = late_pattern(b"|".join(map(re.escape, sorted({prefix for _, prefix, _ in _PATTERNS} | {b"-----BEGIN "}))))
_SHORT = 2048
"""Size in bytes of a text up to which all prefixes are searched for at once."""
_RUN = late_pattern(rb"[A-Za-z0-9_-]*+")
_HEAD_SIZE = 80
_URL_SAFE = bytes.maketrans(b"-_", b"+/")
_PEM = b"-----BEGIN "
_PEM_HEAD = late_pattern(rb"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----")
_PEM_END = late_pattern(rb"-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----")
_PEM_BODY = late_pattern(
    rb"""(?:\s{0,4}(?:[A-Z][A-Za-z-]{1,20}:[ ][^\r\n\\]{1,120}))*+"""
    rb"""(?:[\s"',+|>]|\\[nrt]){0,80}+(?:[A-Za-z0-9+/=]{16,}+(?:[\s"',+|>]|\\[nrt]){0,80}+)++"""
)
"""The lines of base64 in a block without an end."""

PREFIXES = (*(shared for shared, _ in _FAMILIES), _PEM)
"""The prefixes of tokens and private keys, or texts that these prefixes hold."""
PREFIX_PATTERNS = {
    b"gh": r"gh[pousr]_",
    b"gl": r"gl(?:pat|dt|rt|cbt|ptt|oas|soat|sa_|c_)",
    b"sk-": r"sk-(?:[A-Za-z0-9]{8}|proj|svcacct|admin|ant)",
}
"""Stricter patterns for some of them: most words with such letters are no token."""

RULES = frozenset({"private-key", *(rule for rule, _, _ in _PATTERNS)})
"""Names of the rules."""


def find_tokens(data: bytes, prefixes: Container[bytes] | None = None) -> Iterator[Match]:
    """Yield the tokens and private keys in a text. ``prefixes``: those that it may hold; None: unknown."""
    if len(data) < _SHORT and _ANY_PREFIX.search(data) is None:
        return
    for shared, patterns in _FAMILIES:
        if shared in (data if prefixes is None else prefixes):
            for rule, prefix, pattern in patterns:
                at = data.find(prefix)
                if at >= 0:
                    yield from _find_matches(data, at, rule, pattern)
    at = data.find(_PEM) if prefixes is None or _PEM in prefixes else -1
    if at >= 0:
        yield from _find_private_keys(data, at)


def _find_matches(data: bytes, at: int, rule: str, pattern_text: bytes) -> Iterator[Match]:
    pattern = _compile(pattern_text)
    for match in _find_web_tokens(data, at, pattern) if rule == "jwt" else pattern.finditer(data, at):
        if rule not in _FURTHER_TESTS or _FURTHER_TESTS[rule](match):
            start, end = match.span(match.lastindex or 0)
            yield Match(start, end, rule, max(match.start() - 1, 0))


def _find_web_tokens(data: bytes, at: int, pattern: re.Pattern[bytes]) -> Iterator[re.Match[bytes]]:
    """Yield the JSON web tokens. If one fails, every other start in the same run of characters fails as well."""
    while at >= 0:
        match = pattern.match(data, at)
        if match is not None:
            yield match
        run = match or _RUN.match(data, at + len(_JWT))
        at = -1 if run is None else data.find(_JWT, run.end())


@cache
def _compile(text: bytes) -> re.Pattern[bytes]:
    """Return a pattern, compiled when its prefix is first found: most texts hold none."""
    return re.compile(text)


def _is_basic(token: bytes) -> bool:
    """Return whether a text is ``user:password`` in base64, and not a word after "basic"."""
    try:
        return b":" in a2b_base64(token.translate(_URL_SAFE) + b"==")
    except ValueError:
        return False


def _is_private_key(match: re.Match[bytes]) -> bool:
    """Return whether a match is a private key in base64, and not a certificate or a public key."""
    begin = next(prefix for prefix in _PEM_IN_BASE64 if match[0].startswith(prefix))
    head = (_PEM_IN_BASE64[begin] + match[0][:_HEAD_SIZE].translate(_URL_SAFE, b"\r\n\\ \t"))[:_HEAD_SIZE]
    return b"PRIVATE KEY" in a2b_base64(head[: len(head) // 4 * 4])


_FURTHER_TESTS: Mapping[str, Callable[[re.Match[bytes]], bool]] = {
    "basic": lambda match: _is_basic(match[1]),
    "private-key": _is_private_key,
}
"""Further tests for what looks like a token, by rule."""


def _find_private_keys(data: bytes, at: int) -> Iterator[Match]:
    """Yield the blocks of private keys. One without an end extends as far as its lines of base64."""
    end = -1
    while at >= 0:
        following = data.find(_PEM, at + 1)
        head = _PEM_HEAD.match(data, at)
        if head is not None:
            if end < head.end():
                close = _PEM_END.search(data, head.end())
                end = len(data) + 1 if close is None else close.end()
            if end <= (following if following >= 0 else len(data)):
                yield Match(at, end, "private-key", at)
            elif (body := _PEM_BODY.match(data, head.end())) is not None:
                yield Match(at, body.end(), "private-key", at)
        at = following
