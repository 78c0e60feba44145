"""Sanitiser for GitHub workflow commands, which a job prints as lines."""

from __future__ import annotations

from typing import Literal

from .terminal import LIMIT, sanitise, sanitise_lines

Level = Literal["error", "warning", "notice"]
ANNOTATIONS_AT_MOST = 10
"""GitHub shows at most this many annotations of a step and level."""


def to_command_data(text: str, limit: int = LIMIT) -> str:
    """Return the text as the data of a command, which follows its second ``::``.

    Line ends stay, and each line is harmless in the log. Call it once: a second call shows the escapes.
    """
    return sanitise_lines(text, limit).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def to_command_property(text: str, limit: int = LIMIT) -> str:
    """Return the text as the value of a property of a command: one line without delimiters."""
    return sanitise(text, limit).replace("%", "%25").replace(":", "%3A").replace(",", "%2C")


def annotation(
    level: Level, message: str, *, file: str | None = None, line: int | None = None, title: str | None = None
) -> str:
    """Return the command, without a line end, that shows a message at a line of a file, or for the whole run."""
    values = {"file": file, "line": None if line is None else str(line), "title": title}
    properties = ",".join(f"{name}={to_command_property(value)}" for name, value in values.items() if value)
    return f"::{level}{' ' if properties else ''}{properties}::{to_command_data(message)}"
