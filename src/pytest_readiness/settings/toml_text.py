"""TOML parser that reports every unreadable text as a syntax error.

The standard library's parser fails otherwise on deeply nested or very long values.
"""

from __future__ import annotations

import tomllib
from typing import Any

from ..late_pattern import late_pattern

BARE_KEY = late_pattern(r"[A-Za-z0-9_-]+")
"""A key without quotes."""
_LONG_NUMBER = late_pattern(r"\d[\d_]{4000}")
_BRACKET_OR_BREAK = late_pattern(r"[\[\]{}\n]")


def parsed_toml(text: str) -> dict[str, Any]:
    """Return the data of a TOML text.

    Raises:
        tomllib.TOMLDecodeError: it is no TOML, is nested too deep or has too long numbers; the message ends with the
            place, as in those of the standard library.
    """
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        raise
    except RecursionError:
        message = f"lists or tables are nested too deep (at line {_deepest_line(text)}, column 1)"
    except ValueError:  # Python refuses to parse a number of several thousand digits.
        number = _LONG_NUMBER.search(text)
        line = text.count("\n", 0, number.start() if number else len(text)) + 1
        message = f"a number has too many digits (at line {line}, column 1)"
    raise tomllib.TOMLDecodeError(message)


def _deepest_line(text: str) -> int:
    """Return the line with the most open brackets."""
    line = deepest_line = 1
    depth = max_depth = 0
    for match in _BRACKET_OR_BREAK.finditer(text):
        if match[0] == "\n":
            line += 1
            continue
        depth += 1 if match[0] in "[{" else -1
        if depth > max_depth:
            max_depth, deepest_line = depth, line
    return deepest_line
