"""Secrets in the outputs and resources that Terraform prints: what says that they are secret is no name of theirs."""

from __future__ import annotations

import re
from collections.abc import Container, Iterator

from .match import Match
from .secret_names import is_harmless

_FIELD = rb"\s{0,8}:\s{0,8}"
_TYPE = (
    rb"""(?P=q)type(?P=q)%b(?:(?P=q)[\w ]{1,64}(?P=q)|\[[^\[\]{}]{0,256}\]"""
    rb"""|\[[^{}\n]{0,256}\{[^{}]{0,512}\}[\]\s]{1,64})""" % _FIELD
)
_TEXT = rb"""(?P=q)(?P<text>(?:(?!(?P=q))[^\n])*+)(?P=q)"""
_OUTPUT = re.compile(
    rb"""sensitive(?P<q>\\{0,7}["'])%b[tT]rue,\s{0,64}(?:%b,\s{0,64})?(?P=q)value(?P=q)%b(?:%b|(?P<many>[\[{]))"""
    % (_FIELD, _TYPE, _FIELD, _TEXT)
)
_STATE = re.compile(
    rb"""value(?P<q>\\{0,7}["'])%b%b,\s{0,64}(?:%b,\s{0,64})?(?P=q)sensitive(?P=q)%b[tT]rue"""
    % (_FIELD, _TEXT, _TYPE, _FIELD)
)
_ONE_OF_MANY = re.compile(rb"""(\\{0,7}["'])((?:(?!\1)[^\n])*+)\1(?=\s{0,64}[,}\]])""")
_MADE = re.compile(
    rb"""(?:result|bcrypt_hash)(?P<q>\\{0,7}["'])?\s{0,64}[:=]\s{0,8}(\\{0,7}["'])((?:(?!\2)[^\n])*+)\2"""
)
_SENSITIVE, _RESOURCE = b"sensitive", b"random_password"
STATES = (_SENSITIVE, _RESOURCE)
"""What is looked for."""
_MOST = 2048
"""Bytes that are looked at behind the kind of a resource, or in the value of an output."""


def find_in_terraform(data: bytes, words: Container[bytes] | None = None) -> Iterator[Match]:
    """Yield the values that are marked as sensitive, and the passwords that Terraform made.

    ``words``: those of ``STATES`` that the text may hold, where that is known.
    """
    if _SENSITIVE in (data if words is None else words):
        for found in _OUTPUT.finditer(data):
            if found["many"]:
                yield from _many(data, found.end(), found.start())
            elif not is_harmless(found["text"]):
                yield Match(*found.span("text"), "key", found.start())
        for found in _STATE.finditer(data):
            if not is_harmless(found["text"]):
                yield Match(*found.span("text"), "key", found.start())
    at = data.find(_RESOURCE) if words is None or _RESOURCE in words else -1
    while at >= 0:
        following = data.find(_RESOURCE, at + 1)
        for found in _MADE.finditer(data, at, min(at + _MOST, following if following >= 0 else len(data))):
            if not is_harmless(found[3]):
                yield Match(*found.span(3), "key", at)
        at = following


def _many(data: bytes, at: int, since: int) -> Iterator[Match]:
    """Yield the texts of a list or an object: to the first bracket that closes, or to the next output."""
    following = data.find(_SENSITIVE, at, at + _MOST)
    for found in _ONE_OF_MANY.finditer(data, at, at + _MOST if following < 0 else following):
        between = data[at : found.start()]
        if b"}" in between or b"]" in between:
            return
        at = found.end()
        if not is_harmless(found[2]):
            yield Match(*found.span(2), "key", since)
