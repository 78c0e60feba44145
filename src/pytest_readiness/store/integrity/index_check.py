"""Fast check of evidence that was read for an answer: its line, the next line, and its index row.

True means valid. False means unknown: the slow audit reads the evidence again and reports each problem.
"""

from __future__ import annotations

from functools import lru_cache
from operator import attrgetter
from typing import Any

from ...errors import IntegrityError
from ...facts.evidence import BADNESS, Evidence, standing_text
from ...facts.ledger.line import canonical, canonical_text
from .index import UNREADABLE, EvidenceRow, SlotRow

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
            and index_columns(evidence, row[2]) == row[:INDEX_WIDTH]
        )
    except (IntegrityError, *UNREADABLE):
        return False


_slot_fields = attrgetter(
    *("environment", "provider_mode", "claim_environment", "claim_provider_mode", "replay_mode", "parts", "standing"),
    *("environment_by", "provider_mode_by", "beside"),
)


def index_columns(evidence: Evidence, number: int) -> tuple[Any, ...]:
    """Return the columns of ``evidence_row`` and ``slot_row``, but much faster."""
    register, use_case, item, test = evidence.register, evidence.uc, evidence.item, evidence.test_id
    result, fields = evidence.result, _slot_fields(evidence)
    start, columns = _common_columns(register, item, *fields)
    return (
        *(evidence.run_id, evidence.seq, number, evidence.started_at, BADNESS[result], result),
        f'{start}{canonical_text(test)},"use_case":{canonical_text(use_case)}}}',
        *(register, use_case, item, test),
        *columns,
    )


@lru_cache(maxsize=1024)
def _common_columns(register: str, item: str, *fields: Any) -> tuple[str, tuple[Any, ...]]:
    """Return the common part of many slots: the key up to the test id, and the columns after it."""
    *plain, parts, standing, environment_by, mode_by, beside = fields
    standing = standing_text(standing, (environment_by, mode_by), beside)
    environment, provider_mode, claim_environment, claim_provider_mode, replay_mode = plain
    parts = canonical({"parts": sorted(set(parts))}) if parts else ""
    named = {
        "claim_environment": claim_environment,
        "claim_provider_mode": claim_provider_mode,
        "environment": environment,
        "item": item,
        "parts": parts,
        "provider_mode": provider_mode,
        "register": register,
        "replay_mode": replay_mode,
        "standing": standing,
    }
    return f'{canonical(named)[:-1]},"test_id":', (*plain, parts, standing)
