"""Evidence in the words of the tracker's template: one Markdown table of ten fields for each piece."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ...facts.evidence import Evidence
from ...store.protocol import RunSummary
from ..evidence import evidence_fields
from ..sanitise.markdown import to_markdown


def render_template(pieces: Iterable[tuple[Evidence, RunSummary | None]]) -> Iterator[str]:
    """Yield a table with the columns ``Field`` and ``Value`` for each piece, with a blank line between two.

    Several references are separated by ``; ``. The runs are not shown.
    """
    for number, (piece, _) in enumerate(pieces):
        rows = (f"| {name} | {to_markdown('; '.join(values))} |\n" for name, values in evidence_fields(piece))
        blank = "\n" if number else ""
        yield f"{blank}| Field | Value |\n| --- | --- |\n{''.join(rows)}"
