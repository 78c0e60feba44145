"""What a name beside a value says of it: asked once for each name, as texts are full of the same few."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from .secret_names import is_secret

_HEADERS = frozenset({b"cookie", b"set-cookie", b"x-api-key"})
_OF_HEADERS = (b"authorization", b"-signature", b"-signature-256")
_OF_LISTS = frozenset({b"authorization", b"proxy-authorization", b"cookie", b"set-cookie"})
_CONSTRUCTORS = frozenset(b"PASSWORD Password Secret SecretString ApiKey AccessToken SecretKey".split())
_NOT_PLAIN = (b"auth", b"tion", b"okie")
_OF_PASSWORDS = re.compile(rb"passw|passphrase|pwd|passcode")


class SecretName(NamedTuple):
    """A name that says that the value beside it is secret."""

    is_option: bool
    """It begins with a dash."""
    is_plain: bool
    """What stands beside it is no more than a value, as a header's may be."""
    is_header: bool
    """It may be a header's, whose value goes to the end of the line."""
    is_cookie: bool
    is_jar: bool
    """It may be that of several cookies."""
    is_in_lists: bool
    """It is that of a header as it stands in flat lists, name and value in turn."""
    is_auth: bool
    """Beside it may stand a way to authenticate, or a user and a password."""
    is_constructor: bool
    """It may be a class whose instance is written with the secret in brackets."""
    is_of_passwords: bool
    """Beside it may stand a passphrase of several words."""
    is_password: bool
    """It is SQL's."""
    is_of_tokens: bool
    """Beside it may stand the tokens of a text."""
    is_cut: bool
    """It ends as a sentence does."""


@lru_cache(maxsize=2048)
def look_up_name(name: bytes) -> SecretName | None:
    """Return what a name says, as it stands in a text; None: that no value beside it is secret."""
    if not is_secret(name.strip(b"-.")):
        return None
    lower = name.lower()
    return SecretName(
        is_option=name.startswith(b"-"),
        is_plain=not lower.endswith(_NOT_PLAIN),
        is_header=lower in _HEADERS or lower.endswith(_OF_HEADERS),
        is_cookie=lower.endswith(b"cookie"),
        is_jar=lower.endswith(b"cookies"),
        is_in_lists=lower.startswith(b"x-") or lower in _OF_LISTS,
        is_auth=lower.endswith(b"auth"),
        is_constructor=name in _CONSTRUCTORS or name.endswith(b"Auth"),
        is_of_passwords=_OF_PASSWORDS.search(lower) is not None,
        is_password=lower == b"password",
        is_of_tokens=lower.endswith(b"tokens"),
        is_cut=name.endswith(b"."),
    )
