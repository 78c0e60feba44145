"""Form of a subject: a name, and the SHA-256 of what is under test."""

from __future__ import annotations

import re

from ..late_pattern import late_pattern

FORM = "[NAME=]sha256:HEX, with 64 hexadecimal digits"
"""The form of a subject, for messages."""
NAME_RULE = "a name of letters, digits and ._-/:@+%~ that begins with a letter or digit (at most 200)"
_NAME = late_pattern(r"[A-Za-z0-9][A-Za-z0-9._/:@+%~-]{0,199}", re.ASCII)
_DIGEST = late_pattern(r"sha256:[0-9a-fA-F]{64}", re.ASCII)


def is_subject_name(text: str) -> bool:
    """Return whether a text can name a subject (``NAME_RULE``)."""
    return _NAME.fullmatch(text) is not None


def is_digest(text: str) -> bool:
    """Return whether a text is ``sha256:`` and 64 hexadecimal digits, in upper or lower case."""
    return _DIGEST.fullmatch(text) is not None
