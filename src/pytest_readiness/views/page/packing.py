"""Choice of the use cases whose evidence the page writes out; that of the others is packed."""

from __future__ import annotations

import sys
import zlib
from base64 import b64encode
from collections.abc import Iterable, Iterator, Sequence

from jinja2 import Environment
from markupsafe import Markup

from ...verdict.readiness import Status
from .evidence_table import EvidenceTables
from .matrix_rows import Row
from .use_case_details import details_of, packed

PAGE_BYTES = 400_000
"""Size of a page up to which it writes its evidence out."""
LEAST_BYTES = 40_000
"""Size of the evidence that a page writes out even if the rest of it leaves less room."""
_TOO_LARGE_AT_MOST = 8
"""Use cases that did not fit after which no other is tried: to write one out takes time."""
_PIECE = 48 * 1024
"""Bytes of a packed piece; a multiple of 3, so that the pieces of base64 can be joined."""


class Articles:
    """The use cases with their evidence: written out, or packed where the page would be too large.

    The most urgent ones that fit are written out, for readers without JavaScript.
    """

    def __init__(self, environment: Environment, tables: EvidenceTables, rows: tuple[Row, ...]) -> None:
        self._article = environment.get_template("use_case.html.j2")
        self._list = environment.get_template("not_written.html.j2")
        self._tables = tables
        self._rows = rows
        self._written: dict[str, Markup] = {}
        self._packed = b""

    def choose(self, room: int, *, has_list: bool) -> tuple[Row, ...]:
        """Choose what is written out and pack the rest, both in so many bytes, and return the packed use cases.

        A page about one use case packs nothing, whatever its size.

        ``has_list``: the page has a list of the packed use cases for readers without JavaScript.
        """
        if len(self._rows) == 1:
            room = sys.maxsize
        self._written = _fitting(map(self._write_out, sorted(self._rows, key=_urgency)), max(room, LEAST_BYTES))
        if len(self._written) == len(self._rows):
            return ()
        if room > LEAST_BYTES:
            room -= 4 * (len(self._pack(self._rows)) // 3 + 1) + (len(self.names(self._rows)) if has_list else 0)
            self._written = _fitting(self._written.items(), max(room, LEAST_BYTES))
        not_written = tuple(row for row in self._rows if row.anchor not in self._written)
        self._packed = self._pack(not_written)
        return not_written

    def names(self, rows: Sequence[Row]) -> Markup:
        """Return the list of packed use cases, to which the cells of the matrix lead without a script."""
        return Markup(self._list.render(rows=rows))  # noqa: S704 - rendered by a template that sanitises

    def written(self) -> Iterator[Markup]:
        """Yield the use cases that are written out, in the order of the register."""
        yield from (self._written[row.anchor] for row in self._rows if row.anchor in self._written)

    def packed(self) -> Iterator[Markup]:
        """Yield the packed use cases as base64."""
        for start in range(0, len(self._packed), _PIECE):
            yield Markup(b64encode(self._packed[start : start + _PIECE]).decode())  # noqa: S704 - base64

    def _write_out(self, row: Row) -> tuple[str, Markup]:
        """Return the anchor of a use case, and the use case with its evidence."""
        # Rendered by a template that sanitises.
        return row.anchor, Markup(self._article.render(uc=details_of(row, self._tables)))  # noqa: S704

    def _pack(self, rows: Sequence[Row]) -> bytes:
        compressor, separator, pieces = gzip_compressor(), b"", bytearray()
        for row in rows:
            pieces += compressor.compress(separator + packed(details_of(row, self._tables)))
            separator = b"\n"
        return bytes(pieces + compressor.flush())


def _fitting(articles: Iterable[tuple[str, Markup]], room: int) -> dict[str, Markup]:
    """Return the articles that fit into so many bytes, by anchor; after a few that do not fit it looks no further."""
    fitting: dict[str, Markup] = {}
    too_large = 0
    for anchor, article in articles:
        size = len(article.encode())
        if size <= room:
            fitting[anchor] = article
            room -= size
        elif (too_large := too_large + 1) == _TOO_LARGE_AT_MOST:
            break
    return fitting


def gzip_compressor() -> zlib._Compress:
    """Return a compressor to gzip, whose header has no time, so that equal input gives equal bytes."""
    return zlib.compressobj(9, zlib.DEFLATED, 31)


def _urgency(row: Row) -> tuple[bool, int]:
    """Return a sort key that puts blocked use cases first, then those with most evidence that proves nothing yet."""
    readiness = row.readiness
    unproven = sum(len(req.evidence) for req in readiness.required if req.completes_it)
    return readiness.status is not Status.BLOCKED, -unproven
