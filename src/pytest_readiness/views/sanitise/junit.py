"""Sanitisers for XML such as JUnit's: text and attribute values."""

from __future__ import annotations

from .html import escape_line
from .terminal import LIMIT, visible, visible_lines


def to_xml(text: str, limit: int = LIMIT) -> str:
    """Return the text for use between tags, with its line ends, and without characters that XML 1.0 forbids.

    Tags and ``]]>`` are escaped. Not for CDATA. Call it once: a second call shows the entities.
    """
    return "\n".join(map(escape_line, visible_lines(text, limit)))


def to_xml_attribute(text: str, limit: int = LIMIT) -> str:
    """Return the text as one line, for use as an attribute value in either kind of quotes."""
    return escape_line(visible(text, limit))
