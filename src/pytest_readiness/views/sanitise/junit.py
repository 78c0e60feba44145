"""For XML such as JUnit's: text, and the value of an attribute."""

from __future__ import annotations

from .html import escape_line
from .terminal import LIMIT, visible, visible_lines


def to_xml(text: str, limit: int = LIMIT) -> str:
    """Return the text as it may stand between tags, with its lines, and no character that XML 1.0 forbids.

    ``]]>`` is no more in it than a tag. Not for CDATA. Done twice it shows the entities: do it once.
    """
    return "\n".join(map(escape_line, visible_lines(text, limit)))


def to_xml_attribute(text: str, limit: int = LIMIT) -> str:
    """Return the text as the value of an attribute, in quotes of either kind: one line."""
    return escape_line(visible(text, limit))
