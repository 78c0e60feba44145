"""Fast check of canonical JSON by the pattern of an earlier line with the same keys.

The lines of a run have the same keys in the same order. After one line is proven canonical by encoding its content
again, a line with the same keys in the same places needs only one match of a pattern. Between the keys the pattern
accepts only values with a single spelling: texts without quotes and backslashes, integers without leading zeros, and
``true``, ``false`` and ``null``. The JSON parser rejects control characters, which no text may contain.
"""

from __future__ import annotations

import re
from collections import Counter

_TOKEN = re.compile(r'"[^"\\\x00-\x1f]*"(:?)|-?[0-9]+|true|false|null')
_TEXT = '"[^"]*"'
_NUMBER = "(?:0|-?[1-9][0-9]{0,14})"
_MARKS = "{}[],"
_WORD = "(?:true|false|null)"

MAX_LENGTH = 8192
"""Most characters of a text from which a pattern is made."""
LEARN_AFTER = 8
"""Texts that are proven by encoding before a pattern is made."""
MAX_SHAPES = 64
"""Most patterns that are remembered; other texts are proven by encoding."""
MAX_SHAPES_PER_COUNT = 4
"""Most patterns with the same number of quotes; this many are tried for a text."""


class CanonicalShapes:
    """Remembered patterns of texts that were proven canonical."""

    def __init__(self) -> None:
        self._patterns: dict[int, list[re.Pattern[str]]] = {}
        """Patterns by number of quotes, which all texts of a pattern share; the last match comes first."""
        self._seen: Counter[int] = Counter()
        self._free_places = MAX_SHAPES

    def matches(self, text: str) -> bool:
        """Return whether a text, provided that it is JSON, is canonical by a known pattern. False: not known."""
        shapes = self._patterns.get(text.count('"'))
        if shapes is None or "\\" in text:
            return False
        for place, shape in enumerate(shapes):
            if shape.fullmatch(text):
                if place:
                    shapes.insert(0, shapes.pop(place))
                return True
        return False

    def learn(self, text: str) -> None:
        """Learn from a text that was proven canonical and matched no known pattern."""
        quotes = text.count('"')
        self._seen[quotes] += 1
        shapes = self._patterns.get(quotes, ())
        if self._seen[quotes] % LEARN_AFTER or not self._free_places or len(shapes) >= MAX_SHAPES_PER_COUNT:
            return
        if len(text) <= MAX_LENGTH and "\\" not in text and (shape := shape_of(text)) is not None:
            self._patterns.setdefault(quotes, []).insert(0, shape)
            self._free_places -= 1


def shape_of(text: str) -> re.Pattern[str] | None:
    """Return the pattern of all texts that differ from this canonical one in their values only.

    The text must not contain a backslash, so that each quote begins or ends a key or a text. None: it contains a value
    with several spellings, such as a fraction.
    """
    parts: list[str] = []
    end = 0
    for token in _TOKEN.finditer(text):
        between, end, token_text = text[end : token.start()], token.end(), token[0]
        if between.strip(_MARKS):
            return None
        parts.append(re.escape(between))
        if token[1]:
            parts.append(re.escape(token_text))
        else:
            parts.append(_TEXT if token_text[0] == '"' else _WORD if token_text.isalpha() else _NUMBER)
    return None if text[end:].strip(_MARKS) else re.compile("".join([*parts, re.escape(text[end:])]))
