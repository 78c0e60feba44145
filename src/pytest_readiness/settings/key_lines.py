"""The line of each key in a TOML text, which the standard library's parser does not return.

The text has been parsed before. So the scanner follows the structure of TOML and validates nothing. Libraries that keep
the layout of a file (tomlkit) tell no lines either, and move a list of tables (``[[a]]``, ``[b]``, ``[[a]]``) together.
"""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_right
from collections.abc import Mapping

from ..late_pattern import late_pattern
from .toml_text import BARE_KEY

KeyPath = tuple[str | int, ...]
"""Keys from the outermost to the innermost; a number is a position in a list."""

_BLANK = late_pattern(r"(?:[ \t\r\n]|#[^\n]*)*")
_SPACE = late_pattern(r"[ \t]*")
_STRING = late_pattern(
    r'"""(?:[^\\]|\\.)*?"{3,5}' + r"|'''.*?'{3,5}" + r'|"(?:[^"\\\n]|\\.)*"' + r"|'[^'\n]*'",
    re.DOTALL,
)
_SCALAR = late_pattern(r"[^,\]}\n#]+")


def key_lines(text: str) -> dict[KeyPath, int]:
    """Return the line (from 1) of each key, table and list entry in valid TOML text."""
    return _Scanner(text.replace("\r\n", "\n")).scan()


def nearest_line(lines: Mapping[KeyPath, int], path: KeyPath) -> int | None:
    """Return the line of ``path``, or of the innermost table or list around it that has one; None: none has."""
    for length in range(len(path), 0, -1):
        if path[:length] in lines:
            return lines[path[:length]]
    return None


class _Scanner:
    def __init__(self, text: str) -> None:
        self._text = text
        self._position = 0
        self._line_starts = [0, *(match.end() for match in re.finditer("\n", text))]
        self._lines: dict[KeyPath, int] = {}
        self._last_entries: dict[KeyPath, int] = {}
        """Position of the last entry of each list of tables (``[[name]]``)."""

    def scan(self) -> dict[KeyPath, int]:
        table: KeyPath = ()
        while self._skip(_BLANK) < len(self._text):
            if self._starts_with("["):
                table = self._header()
            else:
                self._pair(table)
        return self._lines

    def _header(self) -> KeyPath:
        line, is_list = self._line(), self._starts_with("[[")
        self._position += 2 if is_list else 1
        path: KeyPath = ()
        keys = self._key()
        for number, key in enumerate(keys, 1):
            path = (*path, key)
            if is_list and number == len(keys):
                self._last_entries[path] = self._last_entries.get(path, -1) + 1
            self._lines.setdefault(path, line)
            if path in self._last_entries:
                path = (*path, self._last_entries[path])
                self._lines.setdefault(path, line)
        self._position += 2 if is_list else 1
        return path

    def _pair(self, path: KeyPath) -> None:
        line = self._line()
        for key in self._key():
            path = (*path, key)
            self._lines.setdefault(path, line)
        self._position += 1  # The equals sign.
        self._value(path)

    def _key(self) -> list[str]:
        keys = []
        while True:
            self._skip(_SPACE)
            is_quoted = self._text[self._position] in "\"'"
            raw = self._take(_STRING if is_quoted else BARE_KEY)
            keys.append(tomllib.loads(f"key = {raw}")["key"] if is_quoted else raw)
            self._skip(_SPACE)
            if not self._starts_with("."):
                return keys
            self._position += 1

    def _value(self, path: KeyPath) -> None:
        self._skip(_SPACE)
        if self._starts_with("["):
            self._list(path)
        elif self._starts_with("{"):
            self._table(path)
        else:
            self._take(_STRING if self._text[self._position] in "\"'" else _SCALAR)

    def _list(self, path: KeyPath) -> None:
        self._position += 1
        index = 0
        while self._skip(_BLANK) >= 0 and not self._starts_with("]"):
            self._lines.setdefault((*path, index), self._line())
            self._value((*path, index))
            index += 1
            self._skip(_BLANK)
            self._position += self._starts_with(",")
        self._position += 1

    def _table(self, path: KeyPath) -> None:
        self._position += 1
        while self._skip(_BLANK) >= 0 and not self._starts_with("}"):
            self._pair(path)
            self._skip(_BLANK)
            self._position += self._starts_with(",")
        self._position += 1

    def _line(self) -> int:
        return bisect_right(self._line_starts, self._position)

    def _starts_with(self, text: str) -> bool:
        return self._text.startswith(text, self._position)

    def _skip(self, pattern: re.Pattern[str]) -> int:
        self._take(pattern)
        return self._position

    def _take(self, pattern: re.Pattern[str]) -> str:
        match = pattern.match(self._text, self._position)
        if match is None:
            raise ValueError(f"TOML that the scanner does not know, at line {self._line()}")
        self._position = match.end()
        return match.group()
