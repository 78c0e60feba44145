"""One secret in a text: its range, its rule and the start of its context."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import NamedTuple


class Match(NamedTuple):
    """A range of bytes in a text that is replaced."""

    start: int
    end: int
    rule: str
    """The rule that found the secret; redactions are counted by it. Empty: a mark of an earlier redaction."""
    context_start: int
    """Start of what identifies the secret, such as its key. A text must not be cut between here and ``end``."""
    quote: bytes = b""
    """Quote put around the replacement: a number in JSON becomes a string."""


make_match: Callable[[tuple[int, int, str, int, bytes]], Match] = partial(tuple.__new__, Match)
"""Make a match of all fields. It is several times as fast as the class: a text may have a match every ten bytes."""
