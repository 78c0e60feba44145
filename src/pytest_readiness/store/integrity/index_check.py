"""Fast check of evidence that was read for an answer: its line, the next line, and its index row.

True means valid. False means unknown: the slow audit reads the evidence again and reports each problem.
"""

from __future__ import annotations

from typing import Any

from ...errors import IntegrityError
from ...facts.evidence import Evidence
from .index import UNREADABLE, EvidenceRow, SlotRow, evidence_row, slot_row

INDEX_WIDTH = len(EvidenceRow._fields) + len(SlotRow._fields)
"""Number of the first columns of a row, which are the index of its evidence."""


def matches_index(evidence: Evidence, digest: str, row: tuple[Any, ...]) -> bool:
    """Return whether a line has its digest, its index row matches it, and the next line names the digest.

    Args:
        evidence: the evidence in the line.
        digest: the computed digest of the line's text.
        row: the stored index columns, text and digest of the line, and text of the next line.
    """
    _, stored, following = row[INDEX_WIDTH:]
    try:
        return bool(
            digest == stored
            # Quotes within a JSON text are escaped, so only the key itself can match. The other content of the next
            # line is not used here.
            and f'"prev":"{digest}"' in following
            and (*evidence_row(evidence), *slot_row(evidence)) == row[:INDEX_WIDTH]
        )
    except (IntegrityError, *UNREADABLE):
        return False
