"""Environment variables with secret values, selected by their names.

A name that only describes a secret, such as ``TOKEN_EXPIRY``, is not one of them.
"""

# ruff: noqa: SIM905 - words are easier to read than lists of strings
from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from ..late_pattern import late_pattern

_SECRET = late_pattern(
    r"token|secret|passw|pwd|api_?key|access_?key|private_?key|credential|cookie|session_?(id|key)|dsn|"
    r"connection_?string|(^|_)auth(_|$)|(^|_)key$|(^|_)pass$|(^|_)sig(nature)?$",
    re.IGNORECASE,
)
_MAY_BE_SECRET = late_pattern(r"pass|pw|key|sig|jwt|auth|sess|saml|assertion|conn|dockerconfig", re.IGNORECASE)
"""Parts of names that ``secret_names`` knows and ``_SECRET`` does not: most variables have none of them."""
_HARMLESS_VALUE = late_pattern(r"^(/|\.{0,2}/|[A-Za-z]:\\)|^(true|false|none|null|enabled|disabled)$", re.IGNORECASE)
_DESCRIPTIVE_WORDS = frozenset(
    "type types kind class url urls uri uris endpoint endpoints domain domains host hostname port realm region name"
    " names length len size count counts limit limits min max ttl age expiry expires expiration expire timeout interval"
    " days hours minutes seconds ms issuer audience algorithm alg method methods mode version versions path paths file"
    " files dir dirs folder policy format field fields label labels placeholder header prefix suffix scope scopes"
    " enabled disabled required optional provider manager store storage backend driver engine service server flow"
    " strategy rotation rotated strength attempts retries budget encoding charset status state usage used rule rules"
    " regex pattern prompt hint help column env variable samesite secure httponly validation validator validators"
    " hasher hashers ref refs arn".split()
)
"""Last words of names that describe a secret."""
_OTHER_KEYS = frozenset(
    "sort cache partition primary foreign routing group order index range object lookup message dedup deduplication"
    " idempotency project issue space hot shortcut translation public row map dict unique composite natural surrogate"
    " join shard sharding bucket topic".split()
)
"""Words before ``key`` if it is no secret."""
_TOKENS_OF_TEXT = frozenset(
    "max min num total per prompt completion output stop pad special count budget limit".split()
)
"""Words beside ``tokens`` if they are parts of a text."""


def is_secret_variable(name: str) -> bool:
    """Return whether the name of a variable indicates a secret value."""
    return (_SECRET.search(name) is not None or _is_secret_name(name)) and not _is_descriptive(name.lower())


def _is_secret_name(name: str) -> bool:
    """Return whether a name would indicate a secret value in a text."""
    if _MAY_BE_SECRET.search(name) is None:
        return False
    from .secret_names import is_secret  # their pattern takes a while to compile

    return is_secret(name.encode(errors="replace"))


def _is_descriptive(name: str) -> bool:
    words = name.replace("-", "_").split("_")
    last = words[-1]
    if last in _DESCRIPTIVE_WORDS:
        return True
    if last == "key" and len(words) > 1 and words[-2] in _OTHER_KEYS:
        return True
    if last == "id" and len(words) > 1 and words[-2] in ("credential", "credentials"):
        return True
    secret_words = [word for word in words if _SECRET.search(word) is not None]
    if secret_words and all(
        word.startswith(("tokeniz", "tokenis", "secretar", "passwordless")) for word in secret_words
    ):
        return True
    return secret_words == ["tokens"] and not _TOKENS_OF_TEXT.isdisjoint(words)


def secrets_of(environ: Mapping[str, str]) -> Iterator[str]:
    """Yield the secret values of variables, and the secrets within the values of the others, maybe repeatedly."""
    for name, value in environ.items():
        if is_secret_variable(name):
            if not _HARMLESS_VALUE.search(value) and not _is_common(value):
                yield value
        elif "://" in value or value.startswith(("{", "[")):
            # Late import: few variables look like this, and the patterns take a while to compile.
            from .embedded_secrets import embedded_by_name

            yield from (secret for secret in embedded_by_name(value) if not _is_common(secret))


def without_common(spellings: Iterable[bytes]) -> list[bytes]:
    """Return spellings without common words and hosts, which a document or a connection string may hold."""
    return [
        spelling
        for spelling in spellings
        if not ((spelling.isalnum() or b"." in spelling) and _is_common(spelling.decode(errors="ignore")))
    ]


def _is_common(value: str) -> bool:
    from .harmless_values import is_common  # late: without secret variables its words are not needed

    return is_common(value)
