"""Which beginnings of secrets a long text holds: most of it holds none, and one pass tells that of all of them.

The pass is made by the regular expressions of pydantic, which look for any number of words at once. They say only yes
or no, so a text is taken in parts; in those with a yes each word is looked for by itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

_PART = 4096
"""Bytes of a text that are looked at at once."""
_LONGEST = 48
"""More bytes than a word has, with what follows it: parts overlap by so many."""
SHORTEST = 1 << 16
"""Bytes of a text that is worth it."""
_MOST_PARTS = 3
"""Where more than one part of so many holds a word, each word is looked for in the whole text, as in a short one."""


class PrefixFilter:
    """Words that secrets begin with, or stand behind."""

    def __init__(self, exact: Iterable[bytes], small: Iterable[bytes], closer: Mapping[bytes, str]) -> None:
        """Take in the words.

        Args:
            exact: words in their letter case.
            small: words without capitals, which stand for those with capitals as well.
            closer: patterns that are looked for in place of words, as pydantic writes them: each matches at least
                wherever what begins with the word is meant.
        """
        self._exact, self._small = tuple(exact), tuple(small)
        of_exact, of_small = (
            "|".join(closer.get(word) or re.escape(word.decode()) for word in words)
            for words in (self._exact, self._small)
        )
        self._holds = _yes_or_no(f"(?i:{of_small})|{of_exact}")

    def among(self, data: bytes, lower: bytes) -> frozenset[bytes] | None:
        """Return the words that may stand in a text, and none that do not; None: it may be all.

        ``lower``: the text without capitals.
        """
        parts = range(0, len(data), _PART)
        found: set[bytes] = set()
        most = len(parts) // _MOST_PARTS
        for at in parts:
            end = at + _PART + _LONGEST
            if self._holds(data[at:end].decode("latin-1")):
                most -= 1
                if most < 0:
                    return None
                part, small = data[at:end], lower[at:end]
                found.update(word for word in self._exact if word in part)
                found.update(word for word in self._small if word in small)
        return frozenset(found)


def _yes_or_no(pattern: str) -> Callable[[str], bool]:
    from pydantic_core import SchemaValidator, core_schema  # here: short texts do without it

    validator: Any = SchemaValidator(core_schema.str_schema(pattern=pattern, regex_engine="rust-regex"))
    is_valid: Callable[[str], bool] = validator.isinstance_python
    return is_valid
