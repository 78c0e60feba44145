"""Whether what was read for an answer is all as it must be: the line, the one after it, and the index.

The short way to yes. What it does not say yes to is looked up again, and each thing that does not fit is named.
"""

from __future__ import annotations

from functools import lru_cache
from operator import attrgetter
from typing import Any

from ...errors import IntegrityError
from ...facts.evidence import BADNESS, Evidence, standing_text
from ...facts.ledger.line import canonical, canonical_text
from .index import UNREADABLE, EvidenceRow, SlotRow

INDEX = len(EvidenceRow._fields) + len(SlotRow._fields)
"""Columns of a row that are the index of its piece of evidence: how a row begins."""


def matches_index(evidence: Evidence, digest: str, row: tuple[Any, ...]) -> bool:
    """Return whether a line has its digest and says what its index says, and the line after it names that digest.

    Args:
        evidence: read from the line.
        digest: of the text of the line, computed.
        row: its index, text and digest of the line, text of the line after it; as the store has them.
    """
    _, stored, following = row[INDEX:]
    try:
        return bool(
            digest == stored
            # Quotes within a text are escaped, so that only the key itself is spelled so. Nothing rests on what else
            # that line says: where an answer does, it is looked at as one of its own.
            and f'"prev":"{digest}"' in following
            and index_of(evidence, row[2]) == row[:INDEX]
        )
    except (IntegrityError, *UNREADABLE):
        return False


_where_it_ran = attrgetter(
    *("environment", "provider_mode", "claim_environment", "claim_provider_mode", "replay_mode", "parts", "standing"),
    *("environment_by", "provider_mode_by", "beside"),
)


def index_of(evidence: Evidence, number: int) -> tuple[Any, ...]:
    """Return the columns of ``evidence_row`` and ``slot_row``, in a fraction of their time."""
    register, use_case, item, test = evidence.register, evidence.uc, evidence.item, evidence.test_id
    result, where = evidence.result, _where_it_ran(evidence)
    start, columns = _common(register, item, *where)
    return (
        *(evidence.run_id, evidence.seq, number, evidence.started_at, BADNESS[result], result),
        f'{start}{canonical_text(test)},"use_case":{canonical_text(use_case)}}}',
        *(register, use_case, item, test),
        *columns,
    )


@lru_cache(maxsize=1024)
def _common(register: str, item: str, *where: Any) -> tuple[str, tuple[Any, ...]]:
    """Return what many slots have in common: their key as far as the test, and the columns after it."""
    *plain, parts, standing, environment_by, mode_by, beside = where
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
