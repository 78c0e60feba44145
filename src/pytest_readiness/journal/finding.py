"""A place in a text where a secret stands."""

from __future__ import annotations

from typing import NamedTuple


class Finding(NamedTuple):
    """What is to be replaced."""

    start: int
    end: int
    rule: str
    """What it is counted as."""
    since: int
    """Where what gives it away begins, such as its key; a text must not be cut between here and the end."""
    quote: bytes = b""
    """What is put around the replacement: a number of JSON becomes a text."""
