"""Anchors of the page: an id in the file for each use case and item, by which addresses name them."""

from __future__ import annotations

import re
from collections.abc import Iterable

_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,60}", re.ASCII)
"""A name that is its own anchor. An anchor needs no escape in an address, and no script reads code from it."""


def anchors_of(names: Iterable[str], prefix: str) -> dict[str, str]:
    """Return an anchor for each name: the prefix with the name itself, or with its number if it has other signs."""
    anchors: dict[str, str] = {}
    for number, name in enumerate(names, 1):
        anchors[name] = f"{prefix}{name}" if _PLAIN.fullmatch(name) else f"{prefix}.{number}"
    return anchors
