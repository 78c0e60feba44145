"""Secrets in the outputs and resources that Terraform prints, which it marks as sensitive."""

from __future__ import annotations

from collections.abc import Container, Iterator

from ..late_pattern import late_pattern
from .match import Match
from .secret_names import is_harmless

_FIELD = rb"\s{0,8}:\s{0,8}"
_TYPE = (
    rb"""(?P=q)type(?P=q)%b(?:(?P=q)[\w ]{1,64}(?P=q)|\[[^\[\]{}]{0,256}\]"""
    rb"""|\[[^{}\n]{0,256}\{[^{}]{0,512}\}[\]\s]{1,64})""" % _FIELD
)
_TEXT = rb"""(?P=q)(?P<text>(?:(?!(?P=q))[^\n])*+)(?P=q)"""
_OUTPUT = late_pattern(
    rb"""sensitive(?P<q>\\{0,7}["'])%b[tT]rue,\s{0,64}(?:%b,\s{0,64})?(?P=q)value(?P=q)%b(?:%b|(?P<many>[\[{]))"""
    % (_FIELD, _TYPE, _FIELD, _TEXT)
)
_STATE = late_pattern(
    rb"""value(?P<q>\\{0,7}["'])%b%b,\s{0,64}(?:%b,\s{0,64})?(?P=q)sensitive(?P=q)%b[tT]rue"""
    % (_FIELD, _TEXT, _TYPE, _FIELD)
)
_ITEM = late_pattern(rb"""(\\{0,7}["'])((?:(?!\1)[^\n])*+)\1(?=\s{0,64}[,}\]])""")
_GENERATED = late_pattern(
    rb"""(?:result|bcrypt_hash)(?P<q>\\{0,7}["'])?\s{0,64}[:=]\s{0,8}(\\{0,7}["'])((?:(?!\2)[^\n])*+)\2"""
)
_SENSITIVE, _RESOURCE = b"sensitive", b"random_password"
PREFIXES = (_SENSITIVE, _RESOURCE)
"""What is searched for."""
_REACH = 2048
"""Bytes to read after the kind of a resource, or in the value of an output."""


def find_in_terraform(data: bytes, prefixes: Container[bytes] | None = None) -> Iterator[Match]:
    """Yield the values that are marked as sensitive, and the passwords that Terraform generated.

    ``prefixes``: those of ``PREFIXES`` that the text may hold; None: unknown.
    """
    if _SENSITIVE in (data if prefixes is None else prefixes):
        for match in _OUTPUT.finditer(data):
            if match["many"]:
                yield from _find_items(data, match.end(), match.start())
            elif not is_harmless(match["text"]):
                yield Match(*match.span("text"), "key", match.start())
        for match in _STATE.finditer(data):
            if not is_harmless(match["text"]):
                yield Match(*match.span("text"), "key", match.start())
    at = data.find(_RESOURCE) if prefixes is None or _RESOURCE in prefixes else -1
    while at >= 0:
        following = data.find(_RESOURCE, at + 1)
        for match in _GENERATED.finditer(data, at, min(at + _REACH, following if following >= 0 else len(data))):
            if not is_harmless(match[3]):
                yield Match(*match.span(3), "key", at)
        at = following


def _find_items(data: bytes, at: int, context_start: int) -> Iterator[Match]:
    """Yield the texts of a list or an object, up to the first closing bracket or the next output."""
    following = data.find(_SENSITIVE, at, at + _REACH)
    for match in _ITEM.finditer(data, at, at + _REACH if following < 0 else following):
        between = data[at : match.start()]
        if b"}" in between or b"]" in between:
            return
        at = match.end()
        if not is_harmless(match[2]):
            yield Match(*match.span(2), "key", context_start)
