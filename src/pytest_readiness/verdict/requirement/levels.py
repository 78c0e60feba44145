"""Levels of evidence: how hard it would be to forge or to change."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from ...facts.evidence import Evidence
from ...settings.model import Level
from ..inputs import SignedRun

RECORDED: Level = "L0"
SEALED: Level = "L1"
SIGNED: Level = "L2"
RECEIVED: Level = "L3"


DESCRIPTIONS: Mapping[str, str] = {
    RECORDED: "recorded",
    SEALED: "sealed",
    SIGNED: "sealed, and signed with a trusted key",
    RECEIVED: "signed, with a receipt of the provider",
}
"""Description of each level."""
_HOW_TO_REACH: Mapping[str, str] = {
    SEALED: "wait until its run ends, or import it with `readiness recover`",
    SIGNED: "run its tests again where runs are signed with a trusted key",
    RECEIVED: "run its tests again where runs are signed, and record a receipt for the run's nonce",
}


def how_to_reach(level: str) -> str:
    """Return how to bring evidence to a level."""
    return _HOW_TO_REACH.get(level, "")


def level_of(evidence: Evidence, open_runs: Collection[str], signed: Mapping[str, SignedRun]) -> Level:
    """Return the level of a piece of evidence.

    Args:
        evidence: the piece.
        open_runs: ids of the runs that are not sealed.
        signed: by run id, the runs that are signed with a trusted key.
    """
    if evidence.run_id in open_runs:
        return RECORDED
    by = signed.get(evidence.run_id)
    if by is None:
        return SEALED
    return RECEIVED if by.nonce and by.nonce in _nonces(evidence) else SIGNED


def weakest_level(levels: Iterable[Level]) -> Level | None:
    """Return the weakest of these levels; None if there are none."""
    return min(levels, default=None)


def _nonces(evidence: Evidence) -> set[str]:
    """Return the nonces of the provider's receipts in a piece of evidence."""
    details = (dict(proof.details) for proof in evidence.proofs if proof.kind == "receipt")
    return {receipt["nonce"] for receipt in details if receipt.get("request_id") and receipt.get("nonce")}
