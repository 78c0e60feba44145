"""Patterns of the headings under which nothing of a tracker is read."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from fnmatch import fnmatchcase

from .markdown_parser import fold_text

_MAGIC = frozenset("*?[")


class HeadingPatterns:
    """Patterns (glob) of headings. Most are plain headings, which are looked up: a tracker may have many of both."""

    def __init__(self, patterns: Iterable[str]) -> None:
        self._plain = defaultdict[str, list[str]](list)
        self._globs: list[tuple[str, str]] = []
        """Each folded pattern with the pattern itself."""
        for pattern in patterns:
            folded = fold_text(pattern)
            if _MAGIC.isdisjoint(folded):
                self._plain[folded].append(pattern)
            else:
                self._globs.append((folded, pattern))

    def matching(self, heading: str) -> list[str]:
        """Return the patterns that match a heading, in any letter case."""
        folded = fold_text(heading)
        globs = (pattern for glob, pattern in self._globs if fnmatchcase(folded, glob))
        return [*self._plain.get(folded, ()), *globs]
