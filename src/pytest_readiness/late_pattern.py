"""Regular expressions that are compiled at their first use.

Compiling all of the redaction's at import is 10 % of the instructions that a recording session of one test adds to
pytest (47 of 480 million, Python 3.11), and most sessions search for few of them. Those of the other rooms are another
4 % (18 of 437), and 3 % of a gate on a small store (17 of 595). Once compiled, they are as fast as any other.
"""

from __future__ import annotations

import re
from re import compile as _compile  # taken here: a test may replace names of the module later
from typing import Any, AnyStr, cast


class _LatePattern:
    """Stand-in for a pattern: its attributes are those of the compiled pattern, from the first use on."""

    def __init__(self, source: Any, flags: int) -> None:
        self._source, self._flags = source, flags

    def __getattr__(self, name: str) -> Any:
        """Return an attribute of the compiled pattern, and keep it: later uses find it without this method."""
        value = getattr(_compile(self._source, self._flags), name)  # ``re`` remembers what it compiled
        self.__dict__[name] = value
        return value


def late_pattern(source: AnyStr, flags: int = 0) -> re.Pattern[AnyStr]:
    """Return the pattern of a regular expression, which is compiled when it is first used.

    A mistake in the expression shows only then, so a test compiles every one of them. ``match.re`` is the compiled
    pattern, and never the one returned here.
    """
    return cast("re.Pattern[AnyStr]", _LatePattern(source, flags))
