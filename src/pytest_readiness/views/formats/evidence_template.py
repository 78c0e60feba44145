"""Evidence in the words of the tracker's template: one Markdown table of ten fields for each piece."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ..evidence import COUNTS, ShownPiece, evidence_fields
from ..sanitise.markdown import to_markdown


def render_template(pieces: Iterable[ShownPiece]) -> Iterator[str]:
    """Yield a table with the columns ``Field`` and ``Value`` for each piece, with a blank line between two.

    After the ten fields of the template a row says whether the piece counts, and why not. Several references are
    separated by ``; ``. The runs are not shown.
    """
    for number, piece in enumerate(pieces):
        fields = (*evidence_fields(piece.evidence), (COUNTS, (piece.counts,)))
        rows = (f"| {name} | {to_markdown('; '.join(values))} |\n" for name, values in fields)
        blank = "\n" if number else ""
        yield f"{blank}| Field | Value |\n| --- | --- |\n{''.join(rows)}"
