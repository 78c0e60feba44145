"""Tokens that are known by their shape: prefixes that providers chose so that they can be found, and private keys.

Each kind is looked for by what it begins with, and read to the end of its run of characters. A run that turns out to be
no token is passed over as a whole, so that each byte is read once for a kind.
"""

from __future__ import annotations

import re
from binascii import a2b_base64
from collections.abc import Callable, Container, Iterator, Mapping
from functools import cache

from .match import Match

_ALONE = rb"(?:(?<![A-Za-z0-9_-]%b)|(?<=\\[nrt]%b))"
"""Not inside of a word; a letter after a backslash is an escape's. It stands after the prefix: that is found fast."""


def _alone(prefix: bytes) -> bytes:
    return prefix + _ALONE % (prefix, prefix)


_JWT = b"eyJ"
_PEM_HELD = b"tLS"
_PEM_IN_BASE64 = {b"LS0tLS1CRUdJTi": b"", b"0tLS0tQkVHSU4": b"AA", b"tLS0tLUJFR0lO": b"AAA"}
"""How a private key begins in base64, at each of the three alignments; and what makes whole bytes of it."""
_BASE64_OF_PEM = rb"%b[A-Za-z0-9+/_-]{16,}+(?:(?:\r?\n|\\n)[ \t]{0,64}[A-Za-z0-9+/_-]{16,}+(?=[=\s\"'\\]|\Z))*+={0,2}"
"""In one line, or in several."""
_SHAPES: tuple[tuple[str, bytes, bytes], ...] = (
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
_SHARED = (_PEM_HELD, b"gl", b"sk-", b"k_live_", b"k_test_", b"_v1_")
"""What several prefixes hold: where it is missing, none of them has to be looked for."""
_FAMILIES = tuple(
    (held, tuple(shape for shape in _SHAPES if shape[1] == held or (held in _SHARED and held in shape[1])))
    for held in dict.fromkeys(next((one for one in _SHARED if one in prefix), prefix) for _, prefix, _ in _SHAPES)
)
_ANY = re.compile(b"|".join(map(re.escape, sorted({prefix for _, prefix, _ in _SHAPES} | {b"-----BEGIN "}))))
_SHORT = 2048
"""Bytes of a text in which all prefixes are looked for at once."""
_RUN = re.compile(rb"[A-Za-z0-9_-]*+")
_HEAD = 80
_OF_URLS = bytes.maketrans(b"-_", b"+/")
_PEM = b"-----BEGIN "
_PEM_HEAD = re.compile(rb"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----")
_PEM_END = re.compile(rb"-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----")
_PEM_BODY = re.compile(
    rb"""(?:\s{0,4}(?:[A-Z][A-Za-z-]{1,20}:[ ][^\r\n\\]{1,120}))*+"""
    rb"""(?:[\s"',+|>]|\\[nrt]){0,80}+(?:[A-Za-z0-9+/=]{16,}+(?:[\s"',+|>]|\\[nrt]){0,80}+)++"""
)
"""Of a block that does not end: lines of base64, as long as they come."""

WORDS = (*(held for held, _ in _FAMILIES), _PEM)
"""What the tokens and private keys begin with, or hold at their beginning."""
CLOSER = {
    b"gh": r"gh[pousr]_",
    b"gl": r"gl(?:pat|dt|rt|cbt|ptt|oas|soat|sa_|c_)",
    b"sk-": r"sk-(?:[A-Za-z0-9]{8}|proj|svcacct|admin|ant)",
}
"""In which of them more is asked for: most words with such letters are no token."""

RULES = frozenset({"private-key", *(rule for rule, _, _ in _SHAPES)})
"""Names of the rules."""


def find_tokens(data: bytes, words: Container[bytes] | None = None) -> Iterator[Match]:
    """Yield the tokens and private keys in a text; ``words``: those of ``WORDS`` that it may hold, if that is known."""
    if len(data) < _SHORT and _ANY.search(data) is None:
        return
    for held, shapes in _FAMILIES:
        if held in (data if words is None else words):
            for rule, prefix, text in shapes:
                at = data.find(prefix)
                if at >= 0:
                    yield from _tokens(data, at, rule, text)
    at = data.find(_PEM) if words is None or _PEM in words else -1
    if at >= 0:
        yield from _private_keys(data, at)


def _tokens(data: bytes, at: int, rule: str, text: bytes) -> Iterator[Match]:
    pattern = _compiled(text)
    for found in _in_runs(data, at, pattern) if rule == "jwt" else pattern.finditer(data, at):
        if rule not in _IS_ONE or _IS_ONE[rule](found):
            start, end = found.span(found.lastindex or 0)
            yield Match(start, end, rule, max(found.start() - 1, 0))


def _in_runs(data: bytes, at: int, pattern: re.Pattern[bytes]) -> Iterator[re.Match[bytes]]:
    """Yield the tokens of JSON; where one fails, whatever begins in the same run of characters fails as well."""
    while at >= 0:
        found = pattern.match(data, at)
        if found is not None:
            yield found
        run = found or _RUN.match(data, at + len(_JWT))
        at = -1 if run is None else data.find(_JWT, run.end())


@cache
def _compiled(text: bytes) -> re.Pattern[bytes]:
    """Each with the first prefix of its kind: most texts hold none."""
    return re.compile(text)


def _is_basic(token: bytes) -> bool:
    """Return whether it is ``user:password`` in base64; else it is a word after "basic"."""
    try:
        return b":" in a2b_base64(token.translate(_OF_URLS) + b"==")
    except ValueError:
        return False


def _is_private(found: re.Match[bytes]) -> bool:
    """Return whether it is a private key in base64; else it is a certificate, or a public key."""
    begin = next(one for one in _PEM_IN_BASE64 if found[0].startswith(one))
    head = (_PEM_IN_BASE64[begin] + found[0][:_HEAD].translate(_OF_URLS, b"\r\n\\ \t"))[:_HEAD]
    return b"PRIVATE KEY" in a2b_base64(head[: len(head) // 4 * 4])


_IS_ONE: Mapping[str, Callable[[re.Match[bytes]], bool]] = {
    "basic": lambda found: _is_basic(found[1]),
    "private-key": _is_private,
}
"""What else must hold of what looks like a token."""


def _private_keys(data: bytes, at: int) -> Iterator[Match]:
    """Yield the blocks of private keys; one that does not end goes as far as its lines of base64 do."""
    end = -1
    while at >= 0:
        following = data.find(_PEM, at + 1)
        head = _PEM_HEAD.match(data, at)
        if head is not None:
            if end < head.end():
                found = _PEM_END.search(data, head.end())
                end = len(data) + 1 if found is None else found.end()
            if end <= (following if following >= 0 else len(data)):
                yield Match(at, end, "private-key", at)
            elif (body := _PEM_BODY.match(data, head.end())) is not None:
                yield Match(at, body.end(), "private-key", at)
        at = following
