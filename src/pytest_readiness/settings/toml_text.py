"""TOML as it may come from anybody: what the standard library's reader gives up on is no TOML either, and no defect."""

from __future__ import annotations

import re
import tomllib
from typing import Any

_LONG = re.compile(r"\d[\d_]{4000}")
_NESTING = re.compile(r"[\[\]{}\n]")


def parsed_toml(text: str) -> dict[str, Any]:
    """Return what a text holds.

    Raises:
        tomllib.TOMLDecodeError: it is no TOML, or nests deeper or has longer numbers than can be read; the message ends
            with the place, as in those of the standard library.
    """
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        raise
    except RecursionError:
        told = f"lists or tables are nested too deep (at line {_deepest(text)}, column 1)"
    except ValueError:  # Python reads no number of more than some thousand digits
        found = _LONG.search(text)
        line = text.count("\n", 0, found.start() if found else len(text)) + 1
        told = f"a number has too many digits (at line {line}, column 1)"
    raise tomllib.TOMLDecodeError(told)


def _deepest(text: str) -> int:
    """Return the line in which most brackets are open."""
    line = deepest = 1
    depth = most = 0
    for found in _NESTING.finditer(text):
        if found[0] == "\n":
            line += 1
            continue
        depth += 1 if found[0] in "[{" else -1
        if depth > most:
            most, deepest = depth, line
    return deepest
