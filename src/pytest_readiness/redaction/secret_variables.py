"""Which environment variables hold secrets: those whose names say so, and do not only speak about a secret."""

# ruff: noqa: SIM905 - words are read better than lists of texts
from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

_TELLING = re.compile(
    r"token|secret|passw|pwd|api_?key|access_?key|private_?key|credential|cookie|session_?(id|key)|dsn|"
    r"connection_?string|(^|_)auth(_|$)|(^|_)key$|(^|_)pass$|(^|_)sig(nature)?$",
    re.IGNORECASE,
)
_MAY_TELL = re.compile(r"pass|pw|key|sig|jwt|auth|sess|saml|assertion|conn|dockerconfig", re.IGNORECASE)
"""What is in each name that tells beside a value, and not here yet: most variables have names without any of it."""
_NO_SECRET = re.compile(r"^(/|\.{0,2}/|[A-Za-z]:\\)|^(true|false|none|null|enabled|disabled)$", re.IGNORECASE)
_ABOUT = frozenset(
    "type types kind class url urls uri uris endpoint endpoints domain domains host hostname port realm region name"
    " names length len size count counts limit limits min max ttl age expiry expires expiration expire timeout interval"
    " days hours minutes seconds ms issuer audience algorithm alg method methods mode version versions path paths file"
    " files dir dirs folder policy format field fields label labels placeholder header prefix suffix scope scopes"
    " enabled disabled required optional provider manager store storage backend driver engine service server flow"
    " strategy rotation rotated strength attempts retries budget encoding charset status state usage used rule rules"
    " regex pattern prompt hint help column env variable samesite secure httponly validation validator validators"
    " hasher hashers ref refs arn".split()
)
"""Last words of names that speak about a secret."""
_OTHER_KEYS = frozenset(
    "sort cache partition primary foreign routing group order index range object lookup message dedup deduplication"
    " idempotency project issue space hot shortcut translation public row map dict unique composite natural surrogate"
    " join shard sharding bucket topic".split()
)
"""What stands before ``key`` where it opens nothing."""
_TOKENS_OF_TEXT = frozenset(
    "max min num total per prompt completion output stop pad special count budget limit".split()
)
"""What stands beside ``tokens`` where they are pieces of a text."""


def is_secret_variable(name: str) -> bool:
    """Return whether the name of a variable says that its value is secret."""
    return (_TELLING.search(name) is not None or _tells_beside_values(name)) and not _is_about(name.lower())


def _tells_beside_values(name: str) -> bool:
    """Return whether a name is one of those that say so beside a value in a text."""
    if _MAY_TELL.search(name) is None:
        return False
    from .secret_names import is_secret  # their pattern takes a while to compile

    return is_secret(name.encode(errors="replace"))


def _is_about(name: str) -> bool:
    words = name.replace("-", "_").split("_")
    last = words[-1]
    if last in _ABOUT:
        return True
    if last == "key" and len(words) > 1 and words[-2] in _OTHER_KEYS:
        return True
    if last == "id" and len(words) > 1 and words[-2] in ("credential", "credentials"):
        return True
    telling = [word for word in words if _TELLING.search(word) is not None]
    if telling and all(word.startswith(("tokeniz", "tokenis", "secretar", "passwordless")) for word in telling):
        return True
    return telling == ["tokens"] and not _TOKENS_OF_TEXT.isdisjoint(words)


def secrets_of(environ: Mapping[str, str]) -> Iterator[str]:
    """Yield the values of variables that are secret, and the secrets within those of the others, each maybe twice."""
    for name, value in environ.items():
        if is_secret_variable(name):
            if not _NO_SECRET.search(value) and not _is_common(value):
                yield value
        elif "://" in value or value.startswith(("{", "[")):
            from .embedded_secrets import (
                embedded_by_name,  # few variables look like this, and the names take a while to compile
            )

            yield from (one for one in embedded_by_name(value) if not _is_common(one))


def without_common(spelled: Iterable[bytes]) -> list[bytes]:
    """Return spellings without what a document or a connection string may hold in a secret's place: a word, a host."""
    return [one for one in spelled if not ((one.isalnum() or b"." in one) and _is_common(one.decode(errors="ignore")))]


def _is_common(value: str) -> bool:
    from .harmless_values import is_common  # where no name tells, its words are not needed

    return is_common(value)
