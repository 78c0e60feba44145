"""Badge of a report as an SVG image that loads nothing."""

from __future__ import annotations

from collections.abc import Iterator

from ..report import Report
from ..sanitise import sanitise
from ..sanitise.junit import to_xml, to_xml_attribute
from .badge import LABEL, badge_of

_COLORS = {"brightgreen": "#3a7d0a", "red": "#c0392b", "yellow": "#8a6500", "lightgrey": "#6a6a6a"}
"""Darker than shields' own: white text on them has a contrast of at least 4.5."""
_CHARACTER = 6.6
"""Average width of a character of the font, in pixels."""


def render(report: Report) -> Iterator[str]:
    """Yield the badge as SVG. It loads nothing, runs nothing, and has its text as a title."""
    message, color = badge_of(report)
    first, second = (round(len(text) * _CHARACTER) + 12 for text in (LABEL, message))
    width, text = first + second, sanitise(f"{LABEL}: {message}")
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="20" role="img"'
        f' aria-label="{to_xml_attribute(text)}">\n<title>{to_xml(text)}</title>\n'
        f'<rect width="{width}" height="20" rx="3" fill="#444"/>\n'
        f'<path d="M{first} 0h{second - 3}a3 3 0 0 1 3 3v14a3 3 0 0 1-3 3h-{second - 3}z" fill="{_COLORS[color]}"/>\n'
        '<g fill="#fff" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11" text-anchor="middle">\n'
        f'<text x="{first / 2:g}" y="14" textLength="{first - 12}">{to_xml(LABEL)}</text>\n'
        f'<text x="{first + second / 2:g}" y="14" textLength="{second - 12}">{to_xml(message)}</text>\n</g>\n</svg>\n'
    )
