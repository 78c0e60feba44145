"""Fast check of evidence that was read for an answer: its line, the next line, and its index row.

True means valid. False means unknown: the slow audit reads the evidence again and reports each problem.
"""

from __future__ import annotations

from typing import Any

from .index import EvidenceRow, IndexRows, SlotRow

INDEX_WIDTH = len(EvidenceRow._fields) + len(SlotRow._fields)
"""Number of the first columns of a row, which are the index of its evidence."""


def matches_index(derived: IndexRows, digest: str, row: tuple[Any, ...]) -> bool:
    """Return whether a line has its digest, its index row matches it, and the next line names the digest.

    Args:
        derived: the index of the evidence, derived from the line.
        digest: the computed digest of the line's text.
        row: the stored index columns, text and digest of the line, and text of the next line.
    """
    _, stored, following = row[INDEX_WIDTH:]
    if digest != stored or not isinstance(following, str):
        return False
    # Quotes within a JSON text are escaped, so only the key itself can match. The other content of the next line is not
    # used here.
    evidence, slot = derived
    return f'"prev":"{digest}"' in following and evidence + slot == row[:INDEX_WIDTH]
