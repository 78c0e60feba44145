"""Rendering of the page from a report, in pieces."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterator
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version
from importlib.resources import files
from typing import Any

from jinja2 import DictLoader, Environment, StrictUndefined
from markupsafe import Markup

from ...verdict.readiness import Phase, Status
from ..page_material import PIECES_AT_ONCE, PageMaterial, shown_evidence
from ..report import Report
from ..sanitise.html import to_href, to_html
from .evidence_table import INLINE_BYTES, EvidenceTables
from .matrix_rows import STATE_CLASSES, Row, matrix_of
from .packing import PAGE_BYTES, Articles, gzip_compressor
from .sections import overview

CELLS_AT_MOST = 2_000
"""Cells of a matrix up to which each has its link in the file; in a larger one a script makes them."""
_STANDINGS = frozenset(word.value for word in (*Status, *Phase))
"""Words of where a use case stands, which are long and have no blanks."""
_SHORT = 100
"""Characters of a text that is remembered."""
_FRAME_BYTES = 2_500
"""Size of what the template has behind the evidence, and of what it says of packed evidence, at most."""


def render(report: Report) -> Iterator[str]:
    """Yield the page in pieces. Equal reports give equal bytes.

    Its script and its style are named by their hashes in a content security policy, so nothing else is executed.
    """
    environment = _environment()
    style, script = _compact(_text("page.css")), _compact(_text("page.js"))
    material = report.page or PageMaterial(no_burn_up="the history was not replayed for this page")
    pieces = len(shown_evidence(report.readiness))
    matrix = matrix_of(report.readiness)
    compact = pieces > PIECES_AT_ONCE or len(matrix.rows) * len(matrix.items) > CELLS_AT_MOST
    lines = _packed_lines(material)
    articles = Articles(environment, EvidenceTables(material, report.origins), matrix.rows)
    size = len(lines) + len(script) + _FRAME_BYTES

    def choose() -> tuple[Row, ...]:
        # The template calls it when all before the evidence was yielded.
        return articles.choose(PAGE_BYTES - size, has_list=not compact)

    page = environment.get_template("page.html.j2").generate(
        overview(report, material),
        style=Markup(style),  # noqa: S704 - a file of this package
        style_hash=_csp_hash(style),
        script=Markup(script),  # noqa: S704 - a file of this package
        script_hash=_csp_hash(script),
        version=_version(),
        matrix=matrix,
        classes=STATE_CLASSES,
        compact=compact,
        pieces=pieces,
        lines=len(material.lines),
        choose=choose,
        articles=articles,
        line_island=Markup(lines),  # noqa: S704 - base64
    )
    for text in page:
        size += len(text.encode())
        yield text


def _environment() -> Environment:
    """Return the environment of the templates, in which each value goes through the sanitiser."""
    names = ("page.html.j2", "use_case.html.j2", "not_written.html.j2")
    environment = Environment(
        autoescape=True,
        loader=DictLoader({name: _text(name) for name in names}),
        finalize=_Sanitiser(),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["pre"] = _lines
    environment.filters["href"] = _href
    environment.filters["words"] = _words
    return environment


class _Sanitiser:
    """The sanitiser of all values of a template. It remembers short texts, most of which a page has many times."""

    def __init__(self) -> None:
        self._harmless: dict[str, Markup] = {}

    def __call__(self, value: Any) -> Markup:
        """Return a value as harmless HTML. Only what this package made itself is Markup already."""
        if isinstance(value, Markup):
            return value
        text = str(value)
        if (html := self._harmless.get(text)) is None:
            html = Markup(to_html(text))  # noqa: S704 - sanitised
            if len(text) < _SHORT:
                self._harmless[text] = html
        return html


def _lines(text: str) -> Markup:
    return Markup(to_html(text, 2 * INLINE_BYTES, lines=True))  # noqa: S704 - sanitised


def _words(text: str, compact: bool) -> str:  # noqa: FBT001 - an argument of a filter
    """Return a status or phase with places to break its line, except in a large page; another text as it is."""
    return text if compact or text not in _STANDINGS else Markup(text.replace("_", "_<wbr>"))  # noqa: S704 - our word


def _href(address: str) -> Markup:
    return Markup(to_href(address) or "")  # noqa: S704 - sanitised


def _text(name: str) -> str:
    return files(__package__ or "").joinpath(name).read_text(encoding="utf-8").replace("\r\n", "\n")


def _compact(text: str) -> str:
    """Return a style or script without its indents, and without the lines that are comments."""
    return re.sub(r"^\s*(//.*)?\n|^[ ]+", "", text, flags=re.MULTILINE)


def _csp_hash(text: str) -> Markup:
    return Markup(f"sha256-{b64encode(sha256(text.encode()).digest()).decode()}")  # noqa: S704 - base64


def _version() -> str:
    try:
        return f" {version('pytest-readiness')}"
    except PackageNotFoundError:  # run from a source tree
        return ""


def _packed_lines(material: PageMaterial) -> str:
    compressor = gzip_compressor()
    text = "\n".join(line for _, line in sorted(material.lines.items()))
    return b64encode(compressor.compress(text.encode()) + compressor.flush()).decode()
