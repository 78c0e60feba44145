"""Secrets inside a secret: the values in a document, a connection string or a URL.

The value of a variable such as ``SVC_CREDENTIALS`` is often a whole document. Programs print one field of it, and not
the document.
"""

from __future__ import annotations

from base64 import b64decode
from binascii import Error as BadBase64
from collections.abc import Iterator
from json import loads as _loads
from typing import Any
from urllib.parse import unquote

from ..late_pattern import late_pattern
from .secret_names import is_harmless, is_secret

SHORTEST_LEAF = 12
"""Least length of a text in a document that is secret under any name."""
_GREATEST_DEPTH = 8
"""Greatest depth of documents within documents."""
_BASE64 = late_pattern(r"[A-Za-z0-9+/_-]{16,}={0,2}")
_PASSWORD_OF_URL = late_pattern(r"""://([^\s/@:"'<>\\?#]*):([^\s"'<>]+)@[\w\[.-]""")
_SETTING = late_pattern(
    r"""(?:^|[;\n])[ \t]*(?:export[ \t]+)?([A-Za-z][\w .-]{0,63}?)[ \t]*=[ \t]*("[^"\n]*"|'[^'\n]*'|[^;\n]*)"""
)


def embedded_values(value: str, depth: int = _GREATEST_DEPTH) -> Iterator[str]:
    """Yield the secrets within a secret; a plain secret has none.

    These are the texts of a JSON document (also in base64, or in a text of another document) that have 12 characters or
    a secret name, the password of a URL, and the value of a secret name in ``name=value`` lines or parts.
    """
    document = _document(value) if depth else None
    if document is not None:
        for name, text in _leaves(document):
            if len(text) >= SHORTEST_LEAF or _has_secret_name(name, text):
                yield text
            yield from embedded_values(text, depth - 1)
        return
    for match in _PASSWORD_OF_URL.finditer(value):
        if match[1] != match[2]:  # ``postgres:postgres`` is no secret, and the word is frequent in ordinary texts
            yield from (match[2], unquote(match[2]))
    for setting in _SETTING.finditer(value) if "=" in value else ():
        name, text = setting[1], setting[2].strip()
        text = text[1:-1] if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'" else text
        if _has_secret_name(name, text):
            yield text
        if depth and text != value:
            yield from embedded_values(text, depth - 1)


def embedded_by_name(value: str) -> Iterator[str]:
    """Yield the secrets in a variable whose own name does not indicate a secret.

    These are the texts of ``embedded_values`` that have a secret name or are the password of a URL, with 12 characters
    and more: a shorter one may be an ordinary word.
    """
    document = _document(value)
    if document is not None:
        texts = (text for name, text in _leaves(document) if _has_secret_name(name, text))
    else:
        texts = (text for user, text in _PASSWORD_OF_URL.findall(value) if user != text)
    for text in texts:
        if len(text) >= SHORTEST_LEAF:
            yield from dict.fromkeys((text, unquote(text)))


def _document(value: str) -> Any:
    """Return the object or list that a text encodes in JSON, maybe in base64. None: it is no such text."""
    text = value.strip()
    if _BASE64.fullmatch("".join(text.split())):
        try:
            text = b64decode("".join(text.split()).translate(_URL_SAFE) + "==").decode().strip()
        except (BadBase64, ValueError):
            return None
    if not text.startswith(("{", "[")):
        return None
    try:
        return _loads(text, strict=False)
    except (ValueError, RecursionError):
        return None


_URL_SAFE = str.maketrans("-_", "+/", "=")


def _leaves(document: Any) -> Iterator[tuple[str, str]]:
    """Yield the texts of a document, each with its name. The items of a list have the name of the list."""
    waiting: list[tuple[str, Any]] = [("", document)]
    while waiting:
        name, value = waiting.pop()
        if isinstance(value, str):
            yield name, value
        elif isinstance(value, dict):
            waiting += value.items()
        elif isinstance(value, list):
            waiting += [(name, inner) for inner in value]
        elif isinstance(value, int | float) and not isinstance(value, bool):
            yield name, str(value)


def _has_secret_name(name: str, text: str) -> bool:
    """Return whether a name indicates that this text is secret."""
    return is_secret(name.encode("utf-8", "surrogatepass")) and not is_harmless(text.encode("utf-8", "surrogatepass"))
