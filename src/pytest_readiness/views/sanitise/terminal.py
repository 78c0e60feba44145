"""For a terminal and for the log of a CI server: one line, or several, that nothing executes."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

LIMIT = 4000
"""Longest text in characters that is shown in one piece."""
_MARKS = 3
"""Combining marks on one character; more of them paint over the lines above and below."""
_BLANK = frozenset(
    {"\u034f", "\u115f", "\u1160", "\u17b4", "\u17b5", "\u2800", "\u3164", "\uffa0"}
    | {chr(code) for code in (*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0))}
)
"""Printable by Unicode's letter, and yet nothing is seen: fillers and variation selectors."""
_COMMAND = re.compile(r"#(?=#\w*\[)")
_LINE_END = re.compile(r"\r\n|\n|\r")


def sanitise(text: str, limit: int = LIMIT, *, ascii_only: bool = False) -> str:
    r"""Return the text as one harmless line of at most about ``limit`` characters.

    Control, bidirectional and invisible characters, line separators and lone surrogates become visible escapes
    (``\x1b``, ``\u202e``); what CI servers take for a command is broken (see ``break_commands``); what is cut
    off ends in an ellipsis. Sanitising twice changes nothing more.
    """
    return break_commands(visible(text, limit, ascii_only=ascii_only))


def sanitise_lines(text: str, limit: int = LIMIT, *, ascii_only: bool = False) -> str:
    """Return the text with its lines, each of them harmless; ``limit`` holds for all of them together."""
    return "\n".join(map(break_commands, visible_lines(text, limit, ascii_only=ascii_only)))


def visible(text: str, limit: int = LIMIT, *, ascii_only: bool = False) -> str:
    """Return the text as one line in which everything can be seen; a CI server may still take it for a command."""
    if len(text) <= limit and text.isascii() and text.isprintable():
        return text
    shown: list[str] = []
    length = 0
    for piece in _visible(text, ascii_only=ascii_only):
        length += len(piece)
        if length > limit:
            shown.append("..." if ascii_only else "…")
            break
        shown.append(piece)
    return "".join(shown)


def visible_lines(text: str, limit: int = LIMIT, *, ascii_only: bool = False) -> list[str]:
    """Return the lines of a text, each as ``visible`` returns it, of at most about ``limit`` characters together."""
    lines: list[str] = []
    every = _LINE_END.split(text)
    for line in every:
        lines.append(visible(line, limit, ascii_only=ascii_only))
        limit -= len(lines[-1]) + 1
        if limit <= 0:
            break
    if len(lines) < len(every):
        lines.append("..." if ascii_only else "…")
    return lines


def break_commands(line: str) -> str:
    """Return the line so that no CI server executes it.

    GitHub takes ``::name::`` at the start of a line (blanks aside) and ``##[name]`` anywhere for a command, Azure
    ``##vso[name]``.
    """
    bare = line.lstrip()
    if bare.startswith("::"):
        line = f"{line[: len(line) - len(bare)]}\\x3a{bare[1:]}"
    return _COMMAND.sub(r"\\x23", line) if "##" in line else line


def _visible(text: str, *, ascii_only: bool) -> Iterator[str]:
    marks = _MARKS  # a mark with no character before it would sit on whatever we print there
    for char in text:
        is_mark = unicodedata.category(char).startswith("M")
        marks = marks + 1 if is_mark else 0
        hidden = not char.isprintable() or char in _BLANK or marks > _MARKS
        yield _escape(char) if hidden or (ascii_only and not char.isascii()) else char


def _escape(char: str) -> str:
    return char.encode("unicode_escape").decode("ascii")
