"""Line writer, the only way to put text into a line: each line is sanitised and fits the width."""

from __future__ import annotations

import unicodedata
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct

from ..hints import typable
from ..late_pattern import late_pattern
from ..verdict.cells import Cell, CellProgress
from ..verdict.readiness import State, Status
from .sanitise import LIMIT, break_commands, sanitise

Segment = tuple[str, str]
"""A text and the name of its style; an empty name means no style."""
Line = tuple[Segment, ...]
"""One line of a report."""

WIDEST_TEXT = 120
"""Most columns of a wrapped text: longer lines are hard to read. A table may be wider."""

MARKUP: dict[str, dict[str, bool]] = {
    "": {},
    "good": {"green": True},
    "bad": {"red": True, "bold": True},
    "warn": {"yellow": True},
    "dim": {"light": True},
    "strong": {"bold": True},
}
"""Arguments of pytest's terminal writer by style name: ``write(text, **MARKUP[style])``."""
_ANSI = {"good": "32", "bad": "31;1", "warn": "33", "dim": "2", "strong": "1"}
_ASCII_SIGNS: dict[Cell, str] = {
    State.COMPLETE: "C",
    State.NOT_APPLICABLE: "-",
    State.MISSING: ".",
    State.FAILING: "X",
    CellProgress.PARTLY: "%",
    CellProgress.SKIPPED: ">",
}
_STATE_STYLES: dict[Cell, str] = {
    State.COMPLETE: "good",
    State.FAILING: "bad",
    State.MISSING: "dim",
    State.NOT_APPLICABLE: "dim",
    State.REHEARSED: "dim",
    CellProgress.SKIPPED: "dim",
    CellProgress.NOT_RUN: "dim",
}
_STATUS_STYLES = {
    Status.NOT_STARTED: "dim",
    Status.IN_PROGRESS: "warn",
    Status.BLOCKED: "bad",
    Status.READY_FOR_GO_LIVE: "good",
}


_COMMAND = late_pattern(r"`(?:readiness|pytest) [^`]{1,300}`")
"""A command in backticks that is to be copied."""
_JOINT = "\0"
"""Blank within a command while a text is wrapped. No sanitised text has it."""
_NARROW = late_pattern("[ -~\xa1-\xac\xae-\u02ff–…✓✗◐]*")  # noqa: RUF001 - the signs of the report
"""Characters of one column: those of most reports."""


def plain_lines(lines: Iterable[Line]) -> str:
    """Return the lines as text without styles and without a final newline."""
    return "\n".join("".join(text for text, _ in line) for line in lines)


def styled_lines(lines: Iterable[Line]) -> str:
    """Return the lines as text with ANSI styles, for a terminal, without a final newline."""
    return "\n".join("".join(_ansi(text, style) for text, style in line) for line in lines)


def _ansi(text: str, style: str) -> str:
    return f"\x1b[{_ANSI[style]}m{text}\x1b[0m" if style else text


def cell_width(text: str) -> int:
    """Return the width of a sanitised text in terminal columns."""
    if _is_narrow(text):
        return len(text)
    from wcwidth import wcswidth  # loaded late: 46 M instructions, 6 % of a gate, and seldom needed

    return wcswidth(text)


def _is_narrow(text: str) -> bool:
    return text.isascii() or _NARROW.fullmatch(text) is not None


def style_of(state: Cell | Status) -> str:
    """Return the style of a state or a status."""
    return _STATUS_STYLES[state] if isinstance(state, Status) else _STATE_STYLES.get(state, "warn")


def can_show_signs(encoding: str | None) -> bool:
    """Return whether an output in this encoding can show the signs of the matrix."""
    try:
        "✓·✗–…◐»".encode(encoding or "ascii")  # noqa: RUF001 - the signs of the matrix
    except (UnicodeEncodeError, LookupError):
        return False
    return True


class LineWriter(Struct, frozen=True):
    """Writer of lines that are at most ``width`` columns wide and contain no control character."""

    width: int
    unicode: bool = True
    """False: only ASCII, for terminals and encodings that support nothing else."""

    @property
    def ellipsis(self) -> str:
        """The ellipsis that replaces omitted text."""
        return "…" if self.unicode else "..."

    def sign(self, state: Cell) -> str:
        """Return the sign of a state, one column wide."""
        return state.sign if self.unicode else _ASCII_SIGNS.get(state, state.sign)

    def state_label(self, state: Cell) -> str:
        """Return the sign and the name of a state."""
        return f"{self.sign(state)} {state}"

    def clean(self, text: str, limit: int = LIMIT) -> str:
        """Return the text as one sanitised line."""
        return sanitise(typable(text), limit, ascii_only=not self.unicode)

    def fit(self, text: str, width: int) -> str:
        """Return the sanitised text in at most ``width`` columns, cut off with an ellipsis if it is longer."""
        clean = self.clean(text)
        if cell_width(clean) <= width:
            return clean
        return _beginning(clean, max(width - len(self.ellipsis), 0)) + self.ellipsis[:width]

    def pad(self, text: str, width: int) -> str:
        """Return the sanitised text in exactly ``width`` columns."""
        fitted = self.fit(text, width)
        return fitted + " " * (width - cell_width(fitted))

    def line(self, *segments: Segment | str) -> Line:
        """Return one line of these segments. Text that does not fit is cut off at the end."""
        pairs = [(segment, "") if isinstance(segment, str) else segment for segment in segments]
        cleaned = [(self.clean(text), style) for text, style in pairs if text]
        joined = "".join(text for text, _ in cleaned)
        if break_commands(joined) != joined:  # two harmless segments may form a CI command together
            cleaned = [(break_commands(joined), "")]
        while cleaned and not (stripped := cleaned[-1][0].rstrip()):
            cleaned.pop()
        if cleaned:
            cleaned[-1] = (stripped, cleaned[-1][1])
        return tuple(self._cut(cleaned))

    def _cut(self, segments: list[Segment]) -> Iterator[Segment]:
        room = self.width
        if sum(cell_width(text) for text, _ in segments) > room:
            room = max(room - len(self.ellipsis), 0)
        for text, style in segments:
            fitting = _beginning(text, room)
            room -= cell_width(fitting)
            if fitting != text:
                yield f"{fitting}{self.ellipsis[: self.width]}", style
                return
            yield text, style

    def paragraph(
        self,
        text: str,
        *,
        lead: Segment = ("", ""),
        indent: int = 0,
        style: str = "",
        most: int | None = None,
        commands: Sequence[str] = (),
    ) -> list[Line]:
        """Return the text wrapped at blanks, with ``lead`` before its first line.

        No command is broken: it is in one line, which is longer than the others, and than the width, only if it has
        to be. Half a command would be copied and typed.

        Args:
            text: the text.
            lead: what stands before it.
            indent: number of blanks before the lead.
            style: style of the text.
            most: limit of the number of lines; the last one then ends with an ellipsis.
            commands: commands in the text that are not in backticks.
        """
        head = self.fit(lead[0], max(self.width // 2, 1))
        clean = self.clean(text)
        stripped = clean.lstrip(" ")
        text_indent = min(
            len(clean) - len(stripped), self.width // 4
        )  # an indented text, such as a step, stays indented
        hang = indent + cell_width(head) + text_indent
        room = max(min(self.width, WIDEST_TEXT) - hang, 8)
        pieces = list(_pieces(self._with_joints(stripped, commands), room)) or [""]
        if most is not None and len(pieces) > most:
            rest = " ".join(pieces[most - 1 :]).replace(_JOINT, " ")
            pieces = self._without_half_command([*pieces[: most - 1], self.fit(rest, room)])
        if _JOINT in pieces[0] and _piece_width(pieces[0]) > room:
            # The command has the whole width of a line of its own.
            pieces = ["", *pieces] if most is None or len(pieces) < most else [self.ellipsis, *pieces[1:]]
        lines = [self.line(" " * indent, (head, lead[1]), " " * text_indent, (pieces[0].replace(_JOINT, " "), style))]
        for piece in pieces[1:]:
            blanks = max(min(hang, self.width - _piece_width(piece)), 0)
            text = piece.replace(_JOINT, " ")
            is_long = _JOINT in piece and blanks + cell_width(text) > self.width
            lines.append(((text, style),) if is_long else self.line(" " * blanks, (text, style)))
        return lines

    def _with_joints(self, text: str, commands: Sequence[str]) -> str:
        """Return a sanitised text with joints for the blanks within its commands."""
        for command in map(self.clean, commands):
            text = text.replace(command, command.replace(" ", _JOINT))
        return _COMMAND.sub(lambda match: match[0].replace(" ", _JOINT), text) if "`" in text else text

    def _without_half_command(self, pieces: list[str]) -> list[str]:
        """Return the pieces of a text that was cut, without a command in backticks that lost its end.

        Half a command would be copied and typed.
        """
        if "".join(pieces).count("`") % 2 == 0:
            return pieces
        while "`" not in pieces[-1]:
            pieces = pieces[:-1]
        head = pieces[-1][: pieces[-1].rindex("`")].rstrip()
        return [*pieces[:-1], f"{head} {self.ellipsis}".lstrip()]


def _beginning(text: str, width: int) -> str:
    """Return the longest beginning that is at most ``width`` columns wide. A mark stays with its letter."""
    if _is_narrow(text):
        return text[:width]
    end = bisect_right(range(len(text) + 1), width, key=lambda end: cell_width(text[:end])) - 1
    while 0 < end < len(text) and unicodedata.category(text[end]).startswith("M"):
        end -= 1
    return text[:end]


def _piece_width(piece: str) -> int:
    return cell_width(piece.replace(_JOINT, " ") if _JOINT in piece else piece)


def _pieces(text: str, room: int) -> Iterator[str]:
    """Yield the text in pieces of at most ``room`` columns, cut at blanks, or in a longer word but no command."""
    piece = ""
    for word in text.split(" "):
        if piece and _piece_width(piece) + 1 + _piece_width(word) <= room:
            piece = f"{piece} {word}"
            continue
        if piece:
            yield piece
        # A word at the start of a line may be a CI command; breaking it makes it longer.
        piece = break_commands(word)
        while _JOINT not in piece and cell_width(piece) > room:  # the width of a joint would load wcwidth
            first = _before_colon(piece, _beginning(piece, room))
            yield first
            piece = break_commands(piece[len(first) :])
    if piece:
        yield piece


def _before_colon(word: str, beginning: str) -> str:
    """Return a beginning that no colon follows, so that the rest of a node id needs no escape."""
    for end in range(len(beginning), max(len(beginning) - 3, 0), -1):
        if word[end : end + 1] != ":":
            return word[:end]
    return beginning
