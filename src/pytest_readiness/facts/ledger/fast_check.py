"""Shapes: what tells of one canonical text that the next one, which differs in its values alone, is canonical too.

The lines of a run are alike: the same keys in the same order, and other values. Once one is proven canonical the long
way (it is what its content is written as), any text that has the same keys at the same places, and between them only
values that can be written in a single way, is proven by one match: texts without quotes and backslashes, whole numbers
without a leading zero, and the words ``true``, ``false`` and ``null``. Control characters are left to whoever reads the
JSON: within a text they are not allowed at all.
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
"""Characters of a text from which a shape is made; nothing is learned from longer ones."""
LEARN_AFTER = 8
"""Texts that are proven the long way before a shape is worth making."""
MAX_SHAPES = 64
"""Shapes that are remembered; what is not like them is proven the long way."""
MAX_SHAPES_PER_COUNT = 4
"""Of those, how many with the same number of quotes: so many are tried for a text."""


class CanonicalShapes:
    """The shapes of the texts that were proven canonical, as far as they are remembered."""

    def __init__(self) -> None:
        self._known: dict[int, list[re.Pattern[str]]] = {}
        """By number of quotes, which all texts of a shape have in common; the one that fitted last comes first."""
        self._seen: Counter[int] = Counter()
        self._left = MAX_SHAPES

    def matches(self, text: str) -> bool:
        """Return whether a text, if it is JSON, is canonical by its shape; where that is not known, False."""
        shapes = self._known.get(text.count('"'))
        if shapes is None or "\\" in text:
            return False
        for place, shape in enumerate(shapes):
            if shape.fullmatch(text):
                if place:
                    shapes.insert(0, shapes.pop(place))
                return True
        return False

    def learn(self, text: str) -> None:
        """Take in a text that was proven canonical, and that no known shape fitted."""
        quotes = text.count('"')
        self._seen[quotes] += 1
        shapes = self._known.get(quotes, ())
        if self._seen[quotes] % LEARN_AFTER or not self._left or len(shapes) >= MAX_SHAPES_PER_COUNT:
            return
        if len(text) <= MAX_LENGTH and "\\" not in text and (shape := shape_of(text)) is not None:
            self._known.setdefault(quotes, []).insert(0, shape)
            self._left -= 1


def shape_of(text: str) -> re.Pattern[str] | None:
    """Return the pattern of all texts that differ in their values alone from this one, which must be canonical.

    It must have no backslash, so that each quote in it begins or ends a key or a text. None: it holds a value of
    another kind, such as a fraction, that can be written in more than one way.
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
