"""Sanitisers for terminals and CI logs: one or more lines in which nothing is executed."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

from ...late_pattern import late_pattern

LIMIT = 4000
"""Default maximum length of a text in characters."""
_MARKS = 3
"""Maximum combining marks on one character; more of them would cover the lines above and below."""
_BLANK = frozenset(
    {"\u034f", "\u115f", "\u1160", "\u17b4", "\u17b5", "\u2800", "\u3164", "\uffa0"}
    | {chr(code) for code in (*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0))}
)
"""Invisible characters that Unicode calls printable: fillers and variation selectors."""
_COMMAND = late_pattern(r"#(?=#\w*\[)")
_LINE_END = late_pattern(r"\r\n|\n|\r")


def sanitise(text: str, limit: int = LIMIT, *, ascii_only: bool = False) -> str:
    r"""Return the text as one harmless line of at most about ``limit`` characters.

    Control, bidirectional and invisible characters, line separators and lone surrogates become visible escapes
    (``\x1b``, ``\u202e``). CI commands are broken (see ``break_commands``). A text that is cut off ends with an
    ellipsis. A second call changes nothing.
    """
    return break_commands(visible(text, limit, ascii_only=ascii_only))


def sanitise_lines(text: str, limit: int = LIMIT, *, ascii_only: bool = False) -> str:
    """Return the text with its line ends, each line harmless. ``limit`` applies to all lines together."""
    return "\n".join(map(break_commands, visible_lines(text, limit, ascii_only=ascii_only)))


def visible(text: str, limit: int = LIMIT, *, ascii_only: bool = False) -> str:
    """Return the text as one visible line. A CI server may still read it as a command."""
    if len(text) <= limit and text.isascii() and text.isprintable():
        return text
    pieces: list[str] = []
    length = 0
    for piece in _visible(text, ascii_only=ascii_only):
        length += len(piece)
        if length > limit:
            pieces.append("..." if ascii_only else "…")
            break
        pieces.append(piece)
    return "".join(pieces)


def visible_lines(text: str, limit: int = LIMIT, *, ascii_only: bool = False) -> list[str]:
    """Return the visible lines of a text, of at most about ``limit`` characters together."""
    lines: list[str] = []
    text_lines = _LINE_END.split(text)
    for line in text_lines:
        lines.append(visible(line, limit, ascii_only=ascii_only))
        limit -= len(lines[-1]) + 1
        if limit <= 0:
            break
    if len(lines) < len(text_lines):
        lines.append("..." if ascii_only else "…")
    return lines


def break_commands(line: str) -> str:
    """Return the line with escapes that keep a CI server from executing it.

    GitHub executes ``::name::`` at the start of a line, after blanks too, and ``##[name]`` anywhere; Azure executes
    ``##vso[name]``.
    """
    stripped = line.lstrip()
    if stripped.startswith("::"):
        line = f"{line[: len(line) - len(stripped)]}\\x3a{stripped[1:]}"
    return _COMMAND.sub(r"\\x23", line) if "##" in line else line


def _visible(text: str, *, ascii_only: bool) -> Iterator[str]:
    marks = _MARKS  # a mark at the start would combine with whatever is printed before it
    for char in text:
        is_mark = unicodedata.category(char).startswith("M")
        marks = marks + 1 if is_mark else 0
        hidden = not char.isprintable() or char in _BLANK or marks > _MARKS
        yield _escape(char) if hidden or (ascii_only and not char.isascii()) else char


def _escape(char: str) -> str:
    return char.encode("unicode_escape").decode("ascii")
