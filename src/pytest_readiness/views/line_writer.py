"""The pen: the only way text gets into a line, so that a line is clean and fits whatever was written into it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ..fast_values import dataclass
from ..verdict.readiness import State, Status
from .sanitise import LIMIT, break_commands, sanitise

Segment = tuple[str, str]
"""A text and the name of its style; an empty name is no style."""
Line = tuple[Segment, ...]
"""One line of a report."""

MARKUP: dict[str, dict[str, bool]] = {
    "": {},
    "good": {"green": True},
    "bad": {"red": True, "bold": True},
    "warn": {"yellow": True},
    "dim": {"light": True},
    "strong": {"bold": True},
}
"""What each style name is for pytest's terminal writer: ``write(text, **MARKUP[style])``."""
_ANSI = {"good": "32", "bad": "31;1", "warn": "33", "dim": "2", "strong": "1"}
_ASCII_SIGNS = {State.COMPLETE: "C", State.NOT_APPLICABLE: "-", State.MISSING: ".", State.FAILING: "X"}
_STATE_STYLES = {
    State.COMPLETE: "good",
    State.FAILING: "bad",
    State.MISSING: "dim",
    State.NOT_APPLICABLE: "dim",
    State.REHEARSED: "dim",
}
_STATUS_STYLES = {
    Status.NOT_STARTED: "dim",
    Status.IN_PROGRESS: "warn",
    Status.BLOCKED: "bad",
    Status.READY_FOR_GO_LIVE: "good",
}


def plain_lines(lines: Iterable[Line]) -> str:
    """Return the lines as text without styles, without a newline at the end."""
    return "\n".join("".join(text for text, _ in line) for line in lines)


def styled_lines(lines: Iterable[Line]) -> str:
    """Return the lines as text with ANSI styles, without a newline at the end. For a terminal only."""
    return "\n".join("".join(_ansi(text, style) for text, style in line) for line in lines)


def _ansi(text: str, style: str) -> str:
    return f"\x1b[{_ANSI[style]}m{text}\x1b[0m" if style else text


def cell_width(text: str) -> int:
    """Return how many columns of a terminal the text takes."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len  # tables of Unicode: read only where a text needs them

    return cell_len(text)


def style_of(state: State | Status) -> str:
    """Return the style of a state or a status."""
    return _STATUS_STYLES[state] if isinstance(state, Status) else _STATE_STYLES.get(state, "warn")


@dataclass(frozen=True, slots=True)
class LineWriter:
    """Writes lines that are never wider than ``width`` and hold no control character; ASCII where that is asked."""

    width: int
    unicode: bool = True
    """False: ASCII only, for terminals and encodings that have nothing else."""

    @property
    def ellipsis(self) -> str:
        """What stands for something left out."""
        return "…" if self.unicode else "..."

    def sign(self, state: State) -> str:
        """Return the sign of a state, one column wide."""
        return state.sign if self.unicode else _ASCII_SIGNS.get(state, state.sign)

    def told(self, state: State) -> str:
        """Return the sign and the word of a state."""
        return f"{self.sign(state)} {state}"

    def clean(self, text: str, limit: int = LIMIT) -> str:
        """Return the text as one harmless line."""
        return sanitise(text, limit, ascii_only=not self.unicode)

    def fit(self, text: str, width: int) -> str:
        """Return the clean text in at most ``width`` columns, cut with an ellipsis where it is longer."""
        clean = self.clean(text)
        if cell_width(clean) <= width:
            return clean
        return _take(clean, max(width - len(self.ellipsis), 0)) + self.ellipsis[:width]

    def pad(self, text: str, width: int) -> str:
        """Return the clean text in exactly ``width`` columns."""
        fitted = self.fit(text, width)
        return fitted + " " * (width - cell_width(fitted))

    def line(self, *segments: Segment | str) -> Line:
        """Return one line of these segments; what does not fit is cut off at the end."""
        pairs = [(segment, "") if isinstance(segment, str) else segment for segment in segments]
        cleaned = [(self.clean(text), style) for text, style in pairs if text]
        joined = "".join(text for text, _ in cleaned)
        if break_commands(joined) != joined:  # two harmless segments can make a command together
            cleaned = [(break_commands(joined), "")]
        while cleaned and not (bare := cleaned[-1][0].rstrip()):
            cleaned.pop()
        if cleaned:
            cleaned[-1] = (bare, cleaned[-1][1])
        return tuple(self._cut(cleaned))

    def _cut(self, segments: list[Segment]) -> Iterator[Segment]:
        room = self.width
        if sum(cell_width(text) for text, _ in segments) > room:
            room = max(room - len(self.ellipsis), 0)
        for text, style in segments:
            taken = _take(text, room)
            room -= cell_width(taken)
            if taken != text:
                yield f"{taken}{self.ellipsis}"[: self.width], style
                return
            yield text, style

    def paragraph(
        self, text: str, *, lead: Segment = ("", ""), indent: int = 0, style: str = "", most: int | None = None
    ) -> list[Line]:
        """Return the text wrapped at blanks, after a ``lead`` that only the first line shows.

        With ``most``, the last of so many lines ends in an ellipsis where there would be more.
        """
        head = self.fit(lead[0], max(self.width // 2, 1))
        clean = self.clean(text)
        bare = clean.lstrip(" ")
        own = min(len(clean) - len(bare), self.width // 4)  # what is indented stays indented, nested steps for one
        hang = indent + cell_width(head) + own
        room = max(self.width - hang, 8)
        pieces = list(_pieces(bare, room)) or [""]
        if most is not None and len(pieces) > most:
            pieces = [*pieces[: most - 1], self.fit(" ".join(pieces[most - 1 :]), room)]
        first = self.line(" " * indent, (head, lead[1]), " " * own, (pieces[0], style))
        return [first, *(self.line(" " * hang, (piece, style)) for piece in pieces[1:])]


def _take(text: str, width: int) -> str:
    """Return the longest beginning of the text that takes at most ``width`` columns."""
    end = min(len(text), width)
    while end and cell_width(text[:end]) > width:
        end -= 1
    return text[:end]


def _pieces(text: str, room: int) -> Iterator[str]:
    """Yield the text in pieces of at most ``room`` columns, cut at blanks; within a word only where it is longer."""
    piece = ""
    for word in text.split(" "):
        if piece and cell_width(piece) + 1 + cell_width(word) <= room:
            piece = f"{piece} {word}"
            continue
        if piece:
            yield piece
        # What a wrap moves to the start of a line may be a command there, and breaking it makes it longer.
        piece = break_commands(word)
        while cell_width(piece) > room:
            taken = _before_colon(piece, _take(piece, room))
            yield taken
            piece = break_commands(piece[len(taken) :])
    if piece:
        yield piece


def _before_colon(word: str, taken: str) -> str:
    """Return a beginning after which no colon follows, so that a node id is cut without an escape."""
    for end in range(len(taken), max(len(taken) - 3, 0), -1):
        if word[end : end + 1] != ":":
            return word[:end]
    return taken
