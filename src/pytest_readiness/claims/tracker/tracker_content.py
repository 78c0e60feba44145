"""The content of a tracker, as its readers return it and the cache of recording sessions holds it."""

from __future__ import annotations

from pathlib import Path

from msgspec import Struct

from ..catalogue import Item, UseCase


class Tracker(Struct, frozen=True):
    """The content of a tracker."""

    path: Path
    rows: tuple[UseCase, ...]
    """The register, in the order of its lines."""
    items: tuple[Item, ...]
    """The required evidence, with built-in meanings if the text matches one; empty: the tracker lists none."""
    legend: tuple[str, ...]
    """The status legend, as it is written."""
    unmatched_patterns: tuple[str, ...] = ()
    """The patterns for skipped headings that match no heading."""
    skipped_rows: tuple[tuple[int, str], ...] = ()
    """(line, reason) of each row that is no use case because of its words, or because it is struck out."""
