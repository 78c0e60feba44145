"""Picture of the terminal report in the docs: made from the report itself, so that it never shows an older one."""

from __future__ import annotations

import os
from collections.abc import Sequence
from html import escape

from msgspec.structs import replace

from pytest_readiness.verdict.changes import Change
from pytest_readiness.views.line_writer import Line
from pytest_readiness.views.terminal import render_report
from tests.pages import ROOT

from .values import mixed

PICTURE = ROOT / "docs" / "pictures" / "report.svg"
WIDTH = 100
CELL, LINE, MARGIN = 7.8, 17, 14
"""Width of a character, height of a line, and the space around the text, in pixels."""
COLOURS = {"good": "#4ade80", "bad": "#f87171", "warn": "#facc15", "dim": "#94a3b8", "strong": "#f8fafc"}
BOLD = frozenset({"bad", "strong"})


def draw(lines: Sequence[Line]) -> str:
    """Return the lines of a report as SVG, in the colours of a dark terminal."""
    width, height = WIDTH * CELL + 2 * MARGIN, len(lines) * LINE + 2 * MARGIN
    rows = "\n".join(_row(line, MARGIN + (number + 0.75) * LINE) for number, line in enumerate(lines) if line)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" width="{width:g}" role="img"'
        ' aria-label="The report in a terminal">\n'
        f'<rect width="{width:g}" height="{height:g}" rx="8" fill="#0f172a"/>\n'
        '<g font-family="ui-monospace, Menlo, Consolas, monospace" font-size="13" fill="#e2e8f0"'
        ' xml:space="preserve">\n'
        f"{rows}\n</g>\n</svg>\n"
    )


def _row(line: Line, y: float) -> str:
    """Return one line: each segment stands where it stands in the terminal, whatever the font's width."""
    pieces, column = [], 0
    for text, style in line:
        fill = f' fill="{COLOURS[style]}"' if style in COLOURS else ""
        weight = ' font-weight="bold"' if style in BOLD else ""
        if shown := text.strip():
            size = f' textLength="{len(shown) * CELL:g}" lengthAdjust="spacingAndGlyphs"'
            x = f'x="{MARGIN + (column + len(text) - len(text.lstrip())) * CELL:g}"'
            pieces.append(f'<text {x} y="{y:g}"{size}{fill}{weight}>{escape(shown)}</text>')
        column += len(text)
    return "".join(pieces)


def test_the_picture_shows_the_report_of_today() -> None:
    """The picture in the docs is the report as it is printed now; KEEP_PICTURES=1 draws it anew."""
    change = Change("UC-007", "READY_FOR_GO_LIVE", "BLOCKED", because="2/staging failed")
    drawn = draw(render_report(replace(mixed(), changes=(change,)), WIDTH))
    if os.environ.get("KEEP_PICTURES"):
        PICTURE.write_text(drawn, encoding="utf-8")
    assert PICTURE.read_text(encoding="utf-8") == drawn, "run it with KEEP_PICTURES=1, look at the picture, and keep it"
