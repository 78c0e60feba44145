"""Lines of keys in TOML text: the standard library's reader says what a file holds, not where it says it.

The text has been read successfully before it comes here, so the scanner follows TOML's structure and judges nothing.
"""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_right
from collections.abc import Mapping

KeyPath = tuple[str | int, ...]
"""Keys from the outside in; a number is a position in a list."""

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_SPACE = re.compile(r"[ \t]*")
_STRING = re.compile(
    r'"""(?:[^\\]|\\.)*?"{3,5}' + r"|'''.*?'{3,5}" + r'|"(?:[^"\\\n]|\\.)*"' + r"|'[^'\n]*'",
    re.DOTALL,
)
_SCALAR = re.compile(r"[^,\]}\n#]+")


def key_lines(text: str) -> dict[KeyPath, int]:
    """Return the line (from 1) of every key, table and list entry in valid TOML text."""
    return _Scanner(text.replace("\r\n", "\n")).document()


def nearest_line(lines: Mapping[KeyPath, int], path: KeyPath) -> int | None:
    """Return the line of ``path``, or of the innermost thing around it that has one."""
    for length in range(len(path), 0, -1):
        if path[:length] in lines:
            return lines[path[:length]]
    return None


class _Scanner:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._starts = [0, *(match.end() for match in re.finditer("\n", text))]
        self._lines: dict[KeyPath, int] = {}
        self._entries: dict[KeyPath, int] = {}
        """Position of the newest entry of each list of tables (``[[name]]``)."""

    def document(self) -> dict[KeyPath, int]:
        table: KeyPath = ()
        while self._pass(_BLANK) < len(self._text):
            if self._next("["):
                table = self._header()
            else:
                self._pair(table)
        return self._lines

    def _header(self) -> KeyPath:
        line, is_list = self._line(), self._next("[[")
        self._at += 2 if is_list else 1
        path: KeyPath = ()
        keys = self._key()
        for number, key in enumerate(keys, 1):
            path = (*path, key)
            if is_list and number == len(keys):
                self._entries[path] = self._entries.get(path, -1) + 1
            self._lines.setdefault(path, line)
            if path in self._entries:
                path = (*path, self._entries[path])
                self._lines.setdefault(path, line)
        self._at += 2 if is_list else 1
        return path

    def _pair(self, path: KeyPath) -> None:
        line = self._line()
        for key in self._key():
            path = (*path, key)
            self._lines.setdefault(path, line)
        self._at += 1  # the equals sign
        self._value(path)

    def _key(self) -> list[str]:
        keys = []
        while True:
            self._pass(_SPACE)
            quoted = self._text[self._at] in "\"'"
            raw = self._take(_STRING if quoted else _BARE_KEY)
            keys.append(tomllib.loads(f"key = {raw}")["key"] if quoted else raw)
            self._pass(_SPACE)
            if not self._next("."):
                return keys
            self._at += 1

    def _value(self, path: KeyPath) -> None:
        self._pass(_SPACE)
        if self._next("["):
            self._list(path)
        elif self._next("{"):
            self._table(path)
        else:
            self._take(_STRING if self._text[self._at] in "\"'" else _SCALAR)

    def _list(self, path: KeyPath) -> None:
        self._at += 1
        position = 0
        while self._pass(_BLANK) >= 0 and not self._next("]"):
            self._lines.setdefault((*path, position), self._line())
            self._value((*path, position))
            position += 1
            self._pass(_BLANK)
            self._at += self._next(",")
        self._at += 1

    def _table(self, path: KeyPath) -> None:
        self._at += 1
        while self._pass(_BLANK) >= 0 and not self._next("}"):
            self._pair(path)
            self._pass(_BLANK)
            self._at += self._next(",")
        self._at += 1

    def _line(self) -> int:
        return bisect_right(self._starts, self._at)

    def _next(self, text: str) -> bool:
        return self._text.startswith(text, self._at)

    def _pass(self, pattern: re.Pattern[str]) -> int:
        self._take(pattern)
        return self._at

    def _take(self, pattern: re.Pattern[str]) -> str:
        match = pattern.match(self._text, self._at)
        if match is None:
            raise ValueError(f"TOML that the scanner does not know, at line {self._line()}")
        self._at = match.end()
        return match.group()
