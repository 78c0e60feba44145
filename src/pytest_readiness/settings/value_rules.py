"""Rules for single values of the config: shorthands, and tests beyond the type of a value.

Each returns the value in its final form, or raises a ValueError whose text says what the value must be.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from ..late_pattern import late_pattern
from .endpoints import parse_endpoint
from .subject_form import NAME_RULE, is_digest, is_subject_name

_SIZE = late_pattern(r"\s*(\d+(?:\.\d+)?)\s*(?:([kmgt])(i?)b|b|bytes)?\s*", re.IGNORECASE)
_POWER = {"k": 1, "m": 2, "g": 3, "t": 4}
_WHITE_SPACE = (
    "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f"
    "\u205f\u3000"
)
"""White space around a text. ``str.strip`` removes four control characters, too."""


class Rule(NamedTuple):
    """A part of a field's type: the function that returns the final value."""

    parse: Callable[[Any], Any]


class Shorthand(NamedTuple):
    """A part of a field's type: the function that writes a short form out; the type of the field says the rest."""

    expand: Callable[[Any], Any]


class OtherKeys:
    """A part of a field's type: the field holds all keys of its table that no other field has."""


class EmptyError(ValueError):
    """A text or a list is empty."""

    def __init__(self) -> None:
        super().__init__("must not be empty")


def text(value: Any) -> str:
    """Return a text without the space around it, which may not be all of it."""
    stripped = _plain_text(value).strip(_WHITE_SPACE)
    if not stripped:
        raise EmptyError
    return stripped


def name(value: Any) -> str:
    """Return a name."""
    plain = _plain_text(value)
    if not plain or plain != plain.strip():
        raise ValueError("must be a name without space around it")
    if "/" in plain:
        raise ValueError("must be a name without '/' (requirement ids read UC/item/scope)")
    if not plain.isprintable():
        raise ValueError("must be a name without control characters")
    return plain


def endpoint(value: Any) -> str:
    """Return the text of an endpoint."""
    return parse_endpoint(text(value)).text


def at_least_one(value: Any) -> int:
    """Return a whole number that is not less than 1."""
    if not _is_whole(value):
        raise ValueError("must be a whole number")
    if value < 1:
        raise ValueError("must be at least 1")
    return int(value)


def separation(value: Any) -> Any:
    """Return true, false or ``started_by``."""
    if not isinstance(value, bool) and value != "started_by":
        raise ValueError("must be true or false or 'started_by'")
    return value


def size_in_bytes(value: Any) -> int:
    """Return a size in bytes: ``1 GiB`` is 2**30 bytes, ``1 GB`` 10**9; a number is bytes."""
    if isinstance(value, str) and (match := _SIZE.fullmatch(value)):
        number, prefix, binary = match.groups()
        factor = (1024 if binary else 1000) ** _POWER[prefix.lower()] if prefix else 1
        size = int(min(float(number) * factor, sys.maxsize))
    elif _is_whole(value) and value >= 0:
        size = min(int(value), sys.maxsize)
    else:
        raise ValueError("must be a size such as '1 GiB', '500 MB' or a number of bytes")
    if size < 1:
        raise ValueError("must be at least one byte")
    return size


def words(value: Any) -> tuple[str, ...]:
    """Return the words of one word or a list."""
    listed = (value,) if isinstance(value, str) else value
    if not isinstance(listed, list | tuple) or not listed or not all(isinstance(word, str) for word in listed):
        raise ValueError("must be a word or a list of words")
    stripped = tuple(word.strip() for word in listed)
    if "*" in stripped:
        raise ValueError("must be words, and '*' alone would match any")
    return stripped


def header(value: Any) -> str | int | dict[str, str]:
    """Return the header of a column, its number, or the headers by environment."""
    if isinstance(value, str) and value.strip():
        return value.strip()
    if _is_whole(value) and value > 0:
        return int(value)
    if isinstance(value, Mapping) and value:
        headers = {name: header.strip() for name, header in value.items() if isinstance(header, str) and header.strip()}
        if len(headers) == len(value):
            return headers
    raise ValueError(
        "must be a header; uc may be the number of its column, and status a table of environment and header"
    )


def scope(value: Any) -> Any:
    """Write out ``once``, which is no scope, and a single scope."""
    if value == "once":
        return ()
    return (value,) if isinstance(value, str) else value


def provider_mode(value: Any) -> Any:
    """Write out a mode that is only a title."""
    return {"title": value} if isinstance(value, str) else value


def targets(value: Any) -> Any:
    """Write out a list of one target."""
    if not isinstance(value, str | list | tuple):
        raise ValueError("must be a requirement such as 'UC-001/4', or a list of them")  # noqa: TRY004 - as below
    if not value:
        raise EmptyError
    return [value] if isinstance(value, str) else value


def not_empty(value: Any) -> Any:
    """Refuse an empty list."""
    if isinstance(value, list | tuple) and not value:
        raise EmptyError
    return value


def subject_name(value: Any) -> str:
    """Return the name of a subject."""
    if not is_subject_name(_plain_text(value)):
        raise ValueError(f"must be {NAME_RULE}")
    return str(value)


def subject_digest(value: Any) -> str:
    """Return the digest of a subject, in lower case."""
    if not is_digest(_plain_text(value)):
        raise ValueError("must be a digest: 'sha256:' and 64 hexadecimal digits")
    return str(value).lower()


def subjects(value: Any) -> Any:
    """Refuse an empty table."""
    if isinstance(value, Mapping) and not value:
        raise EmptyError
    return value


def _plain_text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("must be a text in quotes")  # noqa: TRY004 - its text is the message for the user
    try:
        value.encode()
    except UnicodeEncodeError:  # from a variable or an option: its bytes are no UTF-8
        raise ValueError("must be a text in UTF-8") from None
    return value


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
