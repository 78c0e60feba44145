"""Filter for the prefixes that a long text holds, tested all at once.

The regular expressions of pydantic-core search for any number of words in one pass, but only answer yes or no. So a
text is tested in parts. In the few parts with a yes, each prefix is searched for on its own.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

_PART = 4096
"""Size of a part, in bytes."""
_LONGEST = 48
"""Overlap of two parts, in bytes: more than the longest prefix and what must follow it."""
SHORTEST = 1 << 16
"""Least size in bytes of a text that is filtered: in a shorter one it takes longer than it saves."""
_MOST_PARTS = 3
"""If more than one part in this many holds a prefix, the filter gives up, and each prefix is searched for in the whole
text."""


class PrefixFilter:
    """The prefixes of secrets, as one pattern."""

    def __init__(self, exact: Iterable[bytes], lowercase: Iterable[bytes], patterns: Mapping[bytes, str]) -> None:
        """Compile the prefixes.

        Args:
            exact: Prefixes in their letter case.
            lowercase: Prefixes in lower case, which stand for any letter case.
            patterns: By prefix, a stricter pattern to test instead, as pydantic-core writes it. It matches at least
                wherever a rule for the prefix does.
        """
        self._exact, self._lowercase = tuple(exact), tuple(lowercase)
        exact_pattern, lowercase_pattern = (
            "|".join(patterns.get(prefix) or re.escape(prefix.decode()) for prefix in prefixes)
            for prefixes in (self._exact, self._lowercase)
        )
        self._holds = _compile_test(f"(?i:{lowercase_pattern})|{exact_pattern}")

    def find(self, data: bytes, lower: bytes) -> frozenset[bytes] | None:
        """Return the prefixes that a text may hold, and none that it does not hold. None: it may hold all.

        ``lower``: the text in lower case.
        """
        parts = range(0, len(data), _PART)
        prefixes: set[bytes] = set()
        parts_left = len(parts) // _MOST_PARTS
        for at in parts:
            end = at + _PART + _LONGEST
            if self._holds(data[at:end].decode("latin-1")):
                parts_left -= 1
                if parts_left < 0:
                    return None
                part, small = data[at:end], lower[at:end]
                prefixes.update(prefix for prefix in self._exact if prefix in part)
                prefixes.update(prefix for prefix in self._lowercase if prefix in small)
        return frozenset(prefixes)


def _compile_test(pattern: str) -> Callable[[str], bool]:
    from pydantic_core import SchemaValidator, core_schema  # here: short texts do without it

    validator: Any = SchemaValidator(core_schema.str_schema(pattern=pattern, regex_engine="rust-regex"))
    is_valid: Callable[[str], bool] = validator.isinstance_python
    return is_valid
