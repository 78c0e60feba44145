"""Sanitiser for OpenMetrics: label values."""

from __future__ import annotations

from .terminal import LIMIT, sanitise

_ESCAPES = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n"})


def to_label_value(text: str, limit: int = LIMIT) -> str:
    """Return the text as one line for use between the quotes of a label. Call it once: a second call escapes again."""
    return sanitise(text, limit).translate(_ESCAPES)
