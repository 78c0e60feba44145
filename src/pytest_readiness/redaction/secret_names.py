"""Names that indicate a secret value, and values that are placeholders."""

from __future__ import annotations

from functools import lru_cache

from ..late_pattern import late_pattern

_SECRET = late_pattern(
    rb"passw|passphrase|passcode|^pass$|pwd|(?:account|admin|app|auth|become|bind|cert|client|db|enc|ftp|http|imap|jdbc|key"
    rb"|keystore|ldap|login|mail|master|mongo|my|ora|pg|pop3|postgres|private|proxy|rabbit|redis|require|root|secret"
    rb"|service|smtp|sql|ssh|ssl|store|sudo|tls|truststore|user|vault|web|wifi|wpa)pass$"
    rb"|^(?:admin|bind|db|ldap|mail|my|root|sa|smtp|sql|user)pw$"
    rb"|secret(?!ar)|token|credential|authorization|cookie|connectionstring|connstr|dsn$|jwt|sessid"
    rb"|clientassertion$|samlresponse$|samlassertion$|dockerconfigjson$|clientkeydata$|unicodepwd"
    rb"|(?:api|access|private|signing|signature|encryption|master|auth|account|storage|shared|sharedaccess|client"
    rb"|consumer|webhook|deploy|subscription|function|session|ssh|hmac|service)keys?$"
    rb"|(?:api|access|private|signing|encryption|master)key(?:prod|production|staging|test|dev|live|base|old|new|\d+"
    rb"|pem|data|b64|base64|value|hex|json|content)$"
    rb"|session(?:id|cookie)$|connectsid$|(?:^|x|basic|proxy|http|twilio|npm|docker|registry|redis)auth$|^sig$|^signature$"
    rb"|(?:amz|goog|ms|hub|line|paddle|slack|stripe|svix|twilio|webhook|zm)signature(?:256|v\d)?$"
    rb"|(?:anthropic|aws|azure|datadog|mailgun|newrelic|openai|pagerduty|sendgrid|stripe|twilio)keys?$"
)
"""Searched for in a name without hyphens, underscores, dots, blanks and capitals."""
_HARMLESS = late_pattern(
    rb"(?:counts?|limits?|length|len|sizes?|types?|ur[il]s?|endpoints?|names?|policy|fields?|labels?|placeholder|ids?"
    rb"|index|usage|used|expir\w*|ttl|age|issuer|issued\w*|algorithm|alg|methods?|modes?|status|state|required|enabled"
    rb"|valid\w*|versions?|paths?|files?|dirs?|folder|rotation|rotated|hint|strength|min|max|regex|pattern|format|help"
    rb"|prompt|fingerprints?|scopes?|refs?|arn|budget|error|manager|provider|store|domain"
    rb"|samesite|secure|httponly|changed\w*|updated\w*|created\w*|at|column|input|element|selector|test|tests|per\w+"
    rb"|tokeni[sz]\w*|authori[sz](?:ed|e|er|es|ing)|digest|checks?|reset|consent|banner|rule|rules|kind|class|prefix|suffix|header|param\w*|env|envvar|variable)$"
    rb"|^(?:max|min|num|total|prompt|completion|input|output|stop|pad|eos|bos|unk|sep|cls|n|has|is|no|use|with|test)"
    rb"(?:\w*)tokens?$|^(?:is|has|show|hide|requires|needs|forgot|reset|change|wrong|invalid|test)pass\w*$"
    rb"|^requirepass\w+$"
)
_SECRET_IDS = late_pattern(rb"(?:session|sess)id$|sessid$|connectsid$")
_BLANKS = b"-_. "
_PLACEHOLDERS = late_pattern(
    rb"\*+|x{3,}|X{3,}|\.{2,}|-+|_+|\?+|<[^<>]*>|%\(?\w*\)?[srd]?|\$\{[^}]*\}?|\$\w*|\{\{?[\w.! ]*\}?\}?|\$\(.*"
    rb"|\[REDACTED:[a-z0-9-]{1,40}\]|[-+]?\d{1,5}(?:\.\d+)?"
    rb"|(?:self|cls|os|settings|config|request|args|kwargs|options|env|environ|secrets)[.\[]\S*"
)
"""Placeholders, small numbers, and names in a program."""
_PLACEHOLDER_BEGINS = frozenset(b"*xX.-_?<%${[+0123456789scorake")
"""First bytes of these."""
_WORDS = frozenset(
    b"none null nil true false undefined unset empty missing required optional invalid valid wrong incorrect expired"
    b" revoked rotated changed disabled enabled failed failure denied ok yes no not is was are has must should may can"
    b" cannot the a an in on of for from by to with and or str string bytes int float bool text object any hidden"
    b" masked redacted removed secret password token default unknown error warning basic digest bearer number"
    b" anonymous oauth oauth2 rejected accepted found mismatch unchanged present absent".split()
)
CODE = rb"(?:[A-Za-z_][\w.]*\(|[(\[][A-Za-z_][\w.]*[,)\]\s])"
"""A call or a tuple in a program, which has no quotes: ``get_token(``."""
_MIN_SIZE = 4
"""Least size in bytes of a secret."""
_MAX_SIZE = 200
"""Greatest size in bytes of a placeholder or word."""
_AUTH_METHODS = late_pattern(
    rb"(?:oauth2?|oidc|openid|saml2?|basic|digest|bearer|ntlm|kerberos|negotiate|mtls|tls|pkce|jwt|iam|ldap|sso"
    rb"|cookies?|sessions?|tokens?|keys?|api|access|client|credentials?|password|code|implicit|hmac|aws|gcp|none|x509)"
    rb"(?:[-_ +/](?:\d+(?:\.\d+)?|oauth2?|oidc|basic|pkce|code|flow|jwt|grant|keys?|tokens?|client|credentials?"
    rb"|password|auth|sha\d+|v\d))*"
)
"""Methods of authentication, which may be the value of ``auth``."""
_IN_SENTENCES = frozenset(
    b"a about after again all already also an and any are at be because been before but by can cannot change changed"
    b" character characters check contain contains could did different does doesn't don't expired failed field fields"
    b" for from had has have header headers here if in incorrect into invalid is it its later least length letters long"
    b" longer match matches may minimum missing more must my need needs new not of old on one only or our please reset"
    b" required see set should so than that the their them there these this those to today too try until use used user"
    b" using via was we were when where which while will with without wrong yet you your".split()
)


@lru_cache(maxsize=2048)
def is_secret(key: bytes) -> bool:
    """Return whether a name, as written in a text, indicates that its value is secret."""
    name = key.lower().translate(None, _BLANKS)
    if _SECRET.search(name) is None:
        return False
    return _HARMLESS.search(name) is None or _SECRET_IDS.search(name) is not None


def is_harmless(value: bytes) -> bool:
    """Return whether the value of such a name is no secret: a placeholder, a word, a small number."""
    if len(value) > _MAX_SIZE:
        return len(value.strip()) < _MIN_SIZE
    stripped = value.strip()
    if len(stripped) < _MIN_SIZE or stripped.lower().rstrip(b".!:") in _WORDS:
        return True
    return stripped[0] in _PLACEHOLDER_BEGINS and _PLACEHOLDERS.fullmatch(stripped) is not None


def is_auth_method(value: bytes) -> bool:
    """Return whether a value is only a method of authentication: ``"auth": "oauth2-pkce"``."""
    return _AUTH_METHODS.fullmatch(value.lower()) is not None


def is_sentence(text: bytes) -> bool:
    """Return whether a text is a sentence, and no passphrase: it has a word that only sentences have."""
    return any(word.strip(b".,:;!?()\"'").lower() in _IN_SENTENCES for word in text[:_MAX_SIZE].split())
