"""One file of a decision: its name, its size, and its content."""

from __future__ import annotations

import re
from pathlib import Path

from ...errors import IntegrityError, one_line
from ...facts.decision import Decision, parse_decision
from ...regular_files import regular_file

NAME = re.compile(r"\d{8}T\d{6}Z-[0-9a-f]{16}\.json", re.ASCII)
"""Pattern of the file name of a decision."""
SIZE_LIMIT = 1 << 24
"""Bytes that are read of a file; a decision is much smaller."""
SUFFIX = ".json"
"""End of the file name of a decision."""
SIGNED_SUFFIX = ".dsse.json"
"""End of the file name of the signed statement about a decision."""


def parse_decision_file(text: str, name: str, register: str) -> Decision:
    """Return the decision of a register in a file of this name.

    Raises:
        IntegrityError: the text is no such decision.
    """
    decision = parse_decision(text)
    if f"{decision.id}{SUFFIX}" != name:
        raise IntegrityError(f"its name should be {decision.id}{SUFFIX}: it was edited or renamed")
    if decision.register != register:
        raise IntegrityError(f"it belongs to the register '{one_line(decision.register)}'")
    return decision


def read_decision_text(path: Path) -> str:
    """Return the text of a file without its last line end. No link is followed."""
    return without_line_end(read_bytes(path).decode())


def read_bytes(path: Path) -> bytes:
    """Return the content of a file, up to ``SIZE_LIMIT`` bytes. No link is followed.

    Raises:
        OSError: it cannot be read, or is no regular file.
    """
    with regular_file(path, follow=False) as file:
        return file.read(SIZE_LIMIT)


def without_line_end(text: str) -> str:
    """Return a text without its last line end."""
    return text.removesuffix("\n").removesuffix("\r")
