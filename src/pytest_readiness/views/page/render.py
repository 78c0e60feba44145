"""Rendering of the page from a report, in pieces."""

from __future__ import annotations

import re
import zlib
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
from .sections import overview
from .use_case_details import UseCaseDetails, details_of, packed

CELLS_AT_MOST = 2_000
"""Cells of a matrix up to which each has its link in the file; in a larger one a script makes them."""
WRITTEN_USE_CASES = 5
"""Use cases of a large page whose evidence is written out; that of the others is packed."""
_STANDINGS = frozenset(word.value for word in (*Status, *Phase))
"""Words of where a use case stands, which are long and have no blanks."""
_SHORT = 100
"""Characters of a text that is remembered."""
_PIECE = 48 * 1024
"""Bytes of a packed piece; a multiple of 3, so that the pieces of base64 can be joined."""


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
    details = _Details(environment, report, material, matrix.rows, compact=compact)
    yield from environment.get_template("page.html.j2").generate(
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
        articles=details.written(),
        line_island=lambda: Markup(_packed_lines(material)),  # noqa: S704 - base64
        article_island=details.packed,
    )


def _environment() -> Environment:
    """Return the environment of the templates, in which each value goes through the sanitiser."""
    names = ("page.html.j2", "use_case.html.j2")
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


def _compressor() -> zlib._Compress:
    """Return a compressor to gzip, whose header has no time, so that equal input gives equal bytes."""
    return zlib.compressobj(9, zlib.DEFLATED, 31)


def _packed_lines(material: PageMaterial) -> str:
    compressor = _compressor()
    text = "\n".join(line for _, line in sorted(material.lines.items()))
    return b64encode(compressor.compress(text.encode()) + compressor.flush()).decode()


class _Details:
    """The use cases with their evidence: written out, or packed if there is very much."""

    def __init__(
        self, environment: Environment, report: Report, material: PageMaterial, rows: tuple[Row, ...], *, compact: bool
    ) -> None:
        self._compact = compact
        self._template = environment.get_template("use_case.html.j2")
        self._tables = EvidenceTables(material, report.origins)
        self._rows = rows
        self._packed = bytearray()

    def written(self) -> Iterator[Markup]:
        """Yield the use cases that are written out, and pack the others."""
        if not self._compact:
            yield from (self._article(details_of(row, self._tables)) for row in self._rows)
            return
        urgent = {row.anchor for row in sorted(self._rows, key=_urgency)[:WRITTEN_USE_CASES]}
        compressor, separator = _compressor(), b""
        for row in self._rows:
            details = details_of(row, self._tables)
            if row.anchor in urgent:
                yield self._article(details)
            else:
                self._packed += compressor.compress(separator + packed(details))
                separator = b"\n"
        self._packed += compressor.flush()

    def packed(self) -> Iterator[Markup]:
        """Yield the packed use cases as base64, after the others were written."""
        for start in range(0, len(self._packed), _PIECE):
            yield Markup(b64encode(self._packed[start : start + _PIECE]).decode())  # noqa: S704 - base64

    def _article(self, details: UseCaseDetails) -> Markup:
        # Rendered by a template that sanitises.
        return Markup(self._template.render(uc=details))  # noqa: S704


def _urgency(row: Row) -> tuple[bool, int]:
    """Return a sort key that puts blocked use cases first, then those with most evidence that proves nothing yet."""
    readiness = row.readiness
    unproven = sum(len(req.evidence) for req in readiness.required if req.completes_it)
    return readiness.status is not Status.BLOCKED, -unproven
