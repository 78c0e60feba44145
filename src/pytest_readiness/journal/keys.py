"""Names that say that their value is secret, and values that say that there is none."""

from __future__ import annotations

import re
from functools import lru_cache

_SECRET = re.compile(
    rb"passw|passphrase|passcode|^pass$|(?:db|smtp|ftp|user|my|sql|admin|root|proxy|redis|rabbit|ldap|mail)pass$|pwd"
    rb"|secret|token|credential|authorization|cookie|connectionstring|connstr|dsn$|jwt|sessid"
    rb"|(?:api|access|private|signing|signature|encryption|master|auth|account|storage|shared|sharedaccess|client"
    rb"|consumer|webhook|deploy|subscription|function|session|ssh|hmac|service)keys?$"
    rb"|(?:api|access|private|signing|encryption|master)key(?:prod|production|staging|test|dev|live|base|old|new|\d+)"
    rb"|session(?:id|cookie)$|connectsid$|(?:^|x|basic|proxy|http)auth$|(?:amz|goog|ms)signature$|^sig$|^signature$"
)
"""In a name without hyphens, underscores, dots, blanks and capitals."""
_HARMLESS = re.compile(
    rb"(?:counts?|limits?|length|len|sizes?|types?|ur[il]s?|endpoints?|names?|policy|fields?|labels?|placeholder|ids?"
    rb"|index|usage|used|expir\w*|ttl|age|issuer|issued\w*|algorithm|alg|methods?|modes?|status|state|required|enabled"
    rb"|valid\w*|versions?|paths?|files?|dirs?|folder|rotation|rotated|hint|strength|min|max|regex|pattern|format|help"
    rb"|prompt|fingerprints?|scopes?|refs?|arn|budget|error|manager|provider|store|domain"
    rb"|samesite|secure|httponly|changed\w*|updated\w*|created\w*|at|column|input|element|selector|test|tests|per\w+"
    rb"|tokeni[sz]\w*|authori[sz](?:ed|e|er|es|ing)|digest|checks?|reset|consent|banner|rule|rules|kind|class|prefix|suffix|header|param\w*|env|envvar|variable)$"
    rb"|^(?:max|min|num|total|prompt|completion|input|output|stop|pad|eos|bos|unk|sep|cls|n|has|is|no|use|with|test)"
    rb"(?:\w*)tokens?$|^(?:is|has|show|hide|require|requires|needs|forgot|reset|change|wrong|invalid|test)pass\w*$"
)
_SECRET_IDS = re.compile(rb"(?:session|sess)id$|sessid$")
_BLANKS = b"-_. "
_NONE = re.compile(
    rb"\*+|x{3,}|X{3,}|\.{2,}|-+|_+|\?+|<[^<>]*>|%\(?\w*\)?[srd]?|\$\{[^}]*\}?|\$\w*|\{\{?[\w.! ]*\}?\}?|\$\(.*"
    rb"|\[REDACTED:[a-z0-9-]{1,24}\]"
)
_WORDS = frozenset(
    b"none null nil true false undefined unset empty missing required optional invalid valid wrong incorrect expired"
    b" revoked rotated changed disabled enabled failed failure denied ok yes no not is was are has must should may can"
    b" cannot the a an in on of for from by to with and or str string bytes int float bool text object any hidden"
    b" masked redacted removed secret password token default unknown error warning basic digest bearer number"
    b" anonymous oauth oauth2 rejected accepted found mismatch unchanged present absent".split()
)
_NUMBER = re.compile(rb"[-+]?\d{1,5}(?:\.\d+)?")
_NAME_OF_CODE = re.compile(rb"(?:self|cls|os|settings|config|request|args|kwargs|options|env|environ|secrets)[.\[]\S*")
_CALL = re.compile(rb"[A-Za-z_][\w.]*\(")
_LEAST = 4
"""Bytes of a value that can be a secret."""


@lru_cache(maxsize=2048)
def is_secret(key: bytes) -> bool:
    """Return whether a name, as it stands in a text, says that its value is secret."""
    name = key.lower().translate(None, _BLANKS)
    if _SECRET.search(name) is None:
        return False
    return _HARMLESS.search(name) is None or _SECRET_IDS.search(name) is not None


def is_harmless(value: bytes) -> bool:
    """Return whether a value beside such a name says that there is none: a placeholder, a word, a small number."""
    stripped = value.strip()
    if len(stripped) < _LEAST or stripped.lower().rstrip(b".!:") in _WORDS:
        return True
    return any(form.fullmatch(stripped) is not None for form in (_NONE, _NUMBER, _NAME_OF_CODE))


def is_code(value: bytes) -> bool:
    """Return whether a value without quotes is a call in a program, such as ``get_token(``."""
    return _CALL.match(value) is not None
