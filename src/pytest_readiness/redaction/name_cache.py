"""Properties of the names of secrets, computed once for each name: a text repeats the same few."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from ..late_pattern import late_pattern
from .secret_names import is_secret

_HEADERS = frozenset({b"cookie", b"set-cookie", b"x-api-key"})
_OF_HEADERS = (b"authorization", b"-signature", b"-signature-256")
_OF_LISTS = frozenset({b"authorization", b"proxy-authorization", b"cookie", b"set-cookie"})
_CONSTRUCTORS = frozenset(b"PASSWORD Password Secret SecretString ApiKey AccessToken SecretKey".split())
_NOT_PLAIN = (b"auth", b"tion", b"okie")
_OF_PASSWORDS = late_pattern(rb"passw|passphrase|pwd|passcode")


class SecretName(NamedTuple):
    """The properties of a name that indicates a secret value."""

    is_option: bool
    """It begins with a dash."""
    has_plain_value: bool
    """Its value is a plain one, and not that of a header."""
    is_header: bool
    """It may be the name of a header, whose value extends to the end of the line."""
    is_cookie: bool
    is_jar: bool
    """It may have several cookies as its value."""
    is_in_lists: bool
    """It is the name of a header as flat lists hold it, with names and values in turn."""
    is_auth: bool
    """Its value may be a method of authentication, or a user and a password."""
    is_constructor: bool
    """It may be a class whose ``repr`` shows the secret in parentheses."""
    may_be_passphrase: bool
    """Its value may be a passphrase of several words."""
    is_password: bool
    """It is the keyword of SQL."""
    may_be_text_tokens: bool
    """Its values may be the tokens of a text."""
    ends_a_sentence: bool
    """It ends with a full stop, as a sentence does."""


@lru_cache(maxsize=2048)
def look_up_name(name: bytes) -> SecretName | None:
    """Return the properties of a name. None: its value is not secret."""
    if not is_secret(name.strip(b"-.")):
        return None
    lower = name.lower()
    return SecretName(
        is_option=name.startswith(b"-"),
        has_plain_value=not lower.endswith(_NOT_PLAIN),
        is_header=lower in _HEADERS or lower.endswith(_OF_HEADERS),
        is_cookie=lower.endswith(b"cookie"),
        is_jar=lower.endswith(b"cookies"),
        is_in_lists=lower.startswith(b"x-") or lower in _OF_LISTS,
        is_auth=lower.endswith(b"auth"),
        is_constructor=name in _CONSTRUCTORS or name.endswith(b"Auth"),
        may_be_passphrase=_OF_PASSWORDS.search(lower) is not None,
        is_password=lower == b"password",
        may_be_text_tokens=lower.endswith(b"tokens"),
        ends_a_sentence=name.endswith(b"."),
    )
