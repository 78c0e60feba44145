"""Tokens that are known by their shape: prefixes that providers chose so that they can be found, and private keys.

Every pattern begins with its prefix and is bounded, so that one pass over the prefixes finds where to look closer.
"""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Iterator
from functools import cache

from .finding import Finding

MOST_OF_A_KEY = 32 << 10
"""Bytes of a private key block that are looked at."""
_ALONE = rb"(?:(?<![A-Za-z0-9_-])|(?<=\\[nrt]))"
"""Not inside of a word; a letter after a backslash is an escape's."""

_SHAPES: tuple[tuple[str, str, bytes], ...] = (
    ("aws", "AKIA|ASIA", rb"(?<![A-Z0-9])A[KS]IA[A-Z0-9]{16}(?![A-Z0-9])(?:[^\w\r\n/+]{1,20}[\w/+]{40}(?![\w/+=]))?"),
    ("github", "ghp_|gho_|ghu_|ghs_|ghr_", rb"gh[pousr]_[A-Za-z0-9]{36,255}"),
    ("github", "github_pat_", rb"github_pat_[A-Za-z0-9_]{22,255}"),
    ("gitlab", "glpat-|gldt-|glrt-|glcbt-|glptt-|gloas-|glsoat-", rb"gl[a-z]{2,4}-[A-Za-z0-9_.-]{20,255}"),
    ("slack", "xox", rb"xox[abceoprs]-[A-Za-z0-9-]{10,255}"),
    ("slack", "xapp-", rb"xapp-\d-[A-Za-z0-9-]{20,255}"),
    ("slack", "hooks.slack.com/", rb"hooks\.slack\.com/(?:services|workflows)/([A-Za-z0-9/_+-]{20,255})"),
    ("stripe", "sk_live_|rk_live_|sk_test_|rk_test_", rb"[sr]k_(?:live|test)_[A-Za-z0-9]{10,255}"),
    ("stripe", "whsec_", rb"whsec_[A-Za-z0-9+/=]{24,255}"),
    ("google", "AIza", rb"AIza[A-Za-z0-9_-]{35}"),
    ("google", "ya29.", rb"ya29\.[A-Za-z0-9_.-]{20,2048}"),
    ("google", "GOCSPX-", rb"GOCSPX-[A-Za-z0-9_-]{24,64}"),
    ("anthropic", "sk-ant-", rb"sk-ant-[A-Za-z0-9_-]{20,512}"),
    ("openai", "sk-proj-|sk-svcacct-|sk-admin-", rb"sk-[a-z]{4,8}-[A-Za-z0-9_-]{20,512}"),
    ("openai", "sk-", _ALONE + rb"sk-[A-Za-z0-9]{32,255}"),
    ("npm", "npm_", rb"npm_[A-Za-z0-9]{36,255}"),
    ("pypi", "pypi-", rb"pypi-[A-Za-z0-9_-]{50,1024}"),
    ("sendgrid", "SG.", rb"SG\.[A-Za-z0-9_-]{16,64}\.[A-Za-z0-9_-]{16,128}"),
    ("twilio", "SK", _ALONE + rb"SK[0-9a-f]{32}(?![A-Za-z0-9])"),
    ("jwt", "eyJ", rb"eyJ[A-Za-z0-9_-]{8,4096}\.[A-Za-z0-9_-]{4,16384}(?:\.[A-Za-z0-9_-]{0,4096}){1,3}"),
    ("hugging-face", "hf_", _ALONE + rb"hf_[A-Za-z0-9]{30,255}"),
    ("digitalocean", "dop_v1_|doo_v1_|dor_v1_", rb"do[opr]_v1_[0-9a-f]{64}"),
    ("age", "AGE-SECRET-KEY-1", rb"AGE-SECRET-KEY-1[A-Z0-9]{50,70}"),
    ("vault", "hvs.|hvb.", rb"hv[sb]\.[A-Za-z0-9_-]{20,512}"),
    ("docker", "dckr_pat_", rb"dckr_pat_[A-Za-z0-9_-]{20,255}"),
    ("grafana", "glsa_|glc_", rb"gl(?:sa|c)_[A-Za-z0-9_+/=]{30,512}"),
    ("databricks", "dapi", _ALONE + rb"dapi[0-9a-f]{32}(?![0-9a-f])"),
    ("shopify", "shpat_|shpss_|shpca_|shppa_", rb"shp[a-z]{2}_[0-9a-fA-F]{32,64}"),
    ("bearer", "earer ", rb"earer {1,4}((?=[A-Za-z_.~+/-]{0,200}\d)[A-Za-z0-9_.~+/-]{16,8192}={0,2})"),
    ("basic", "asic ", rb"asic {1,4}([A-Za-z0-9+/_-]{8,4096}={0,2})"),
)
_PEM = b"-----BEGIN "
_LITERALS = {literal.encode(): (rule, text) for rule, literals, text in _SHAPES for literal in literals.split("|")}
_ANCHOR = re.compile(b"|".join(map(re.escape, sorted([*_LITERALS, _PEM], key=len, reverse=True))))
_PEM_HEAD = re.compile(rb"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----")
_PEM_END = re.compile(rb"-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----")
_PEM_BODY = re.compile(rb"""(?:[\s"',+|>]|\\[nrt]){0,80}(?:[A-Za-z0-9+/=]{16,}(?:[\s"',+|>]|\\[nrt]){0,80}){1,900}""")
"""Of a block that does not end: lines of base64, as long as they come."""

RULES = frozenset({"private-key", *(rule for rule, _, _ in _SHAPES)})
"""Names of the rules."""


def find_shapes(data: bytes) -> Iterator[Finding]:
    """Yield the tokens and private keys in a text."""
    for anchor in _ANCHOR.finditer(data):
        literal, at = anchor.group(), anchor.start()
        if literal == _PEM:
            yield from _private_key(data, at)
            continue
        rule, text = _LITERALS[literal]
        found = _compiled(text).match(data, at)
        if found is not None and (rule != "basic" or _is_basic(found[1])):
            start, end = found.span(found.lastindex or 0)
            yield Finding(start, end, rule, max(at - 1, 0))


@cache
def _compiled(text: bytes) -> re.Pattern[bytes]:
    """Each with the first prefix of its kind: most texts hold none."""
    return re.compile(text)


def _is_basic(token: bytes) -> bool:
    """Return whether it is ``user:password`` in base64; else it is a word after "basic"."""
    try:
        return b":" in b64decode(token.replace(b"-", b"+").replace(b"_", b"/") + b"==")
    except ValueError:
        return False


def _private_key(data: bytes, at: int) -> Iterator[Finding]:
    head = _PEM_HEAD.match(data, at)
    if head is None:
        return
    end = _PEM_END.search(data, head.end(), head.end() + MOST_OF_A_KEY)
    if end is not None and _PEM_HEAD.search(data, head.end(), end.start()) is None:
        yield Finding(at, end.end(), "private-key", at)
    elif (body := _PEM_BODY.match(data, head.end(), head.end() + MOST_OF_A_KEY)) is not None:
        yield Finding(at, body.end(), "private-key", at)
