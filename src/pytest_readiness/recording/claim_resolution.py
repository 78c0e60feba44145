"""Resolution of claims: environment, provider mode, parts, and the reason if it is a rehearsal.

A resolved claim is plain data, as a recorded line has it.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, KeysView, Sequence
from typing import Any

from ..claims.catalogue import PROOF_OF_PART, REPLAY_MODES, Catalogue, Item
from ..claims.claim import Claim
from ..facts.proofs.comparison import Replay
from ..facts.proofs.values import Credential, Drill, ProofResult, Receipt
from .context import RunContext


def resolve_claims(
    claims: Sequence[Claim], context: RunContext, catalogue: Catalogue, proofs: Sequence[ProofResult]
) -> list[dict[str, Any]]:
    """Return the resolved claims of a test, each with the indexes of the proofs that concern it.

    A proof that concerns no claim is listed with each, where it is harmless. A claim with all proofs lists none.
    """
    concerning = [
        [index for index, proof in enumerate(proofs) if concerns_claim(proof, claim, catalogue)] for claim in claims
    ]
    unclaimed = set(range(len(proofs))).difference(*concerning)
    resolved = []
    for claim, indexes in zip(claims, concerning, strict=True):
        item = catalogue.item(claim.item)
        modes = _proven_modes(proofs, item)
        for group in _group_by_mode(indexes, proofs, item):
            entry = resolve_claim(
                claim, context, catalogue, [proofs[index] for index in group], next(iter(modes), None)
            )
            if len(modes) > 1:
                entry["beside"] = "/".join(sorted(modes - {entry["provider_mode"]}))
            listed = sorted(unclaimed.union(group))
            if len(listed) < len(proofs):
                entry["proofs"] = listed
            resolved.append(entry)
    return resolved


def _group_by_mode(indexes: list[int], proofs: Sequence[ProofResult], item: Item) -> list[list[int]]:
    """Return the indexes of proofs by proven provider mode: two modes are two places, each with its credential."""
    modes = {index: proof.mode for index in indexes if (proof := _mode_proof(proofs[index], item)) is not None}
    if len(set(modes.values())) < 2:  # noqa: PLR2004 - the common case
        return [indexes]
    return [[index for index in indexes if modes.get(index, mode) == mode] for mode in dict.fromkeys(modes.values())]


def resolve_claim(
    claim: Claim,
    context: RunContext,
    catalogue: Catalogue,
    proofs: Sequence[ProofResult] = (),
    other_mode: str | None = None,
) -> dict[str, Any]:
    """Return the resolved claim; its proofs show at most one provider mode.

    The test states the place, else the run does. A claim's environment and provider mode are only a limit: a test
    that is marked for staging did not necessarily run there.

    ``other_mode``: a provider mode that the test proved for the claim's item, but not for this claim. Then the test
    ran in that mode, and not in the mode of the mark or the run.
    """
    proven = next(iter(_proven_modes(proofs, catalogue.item(claim.item))), other_mode)
    environment, mode = context.environment, proven or context.provider_mode or context.usual_provider_mode
    named_parts = (*context.parts, *_named_parts(proofs, catalogue.item(claim.item)))
    parts = [claim.part] if claim.part else [part for part in named_parts if _has_part(catalogue, claim, part)]
    resolved = {
        "use_case": claim.use_case,
        "item": claim.item,
        "environment": environment,
        "provider_mode": mode,
        "environment_by": context.environment_by,
        "provider_mode_by": "credential" if proven else context.provider_mode_by,
        "claim_environment": claim.environment,
        "claim_provider_mode": claim.provider_mode,
        "replay_mode": claim.replay_mode or _proven_replay(proofs),
        "not_real_because": _optimised() or catalogue.not_real_because(environment, mode),
        "simulated": True if _optimised() else None,
        "parts": list(dict.fromkeys(parts)),
    }
    return {name: value for name, value in resolved.items() if value not in (None, [])}


def concerns_claim(proof: ProofResult, claim: Claim, catalogue: Catalogue) -> bool:
    """Return whether a proof is of the kind of the claim's item, and of no other mode or part than claimed."""
    item = catalogue.item(claim.item)
    if item.proof == "none" or isinstance(proof, Receipt):
        return True
    if not asks_for(item, proof):
        return False
    kind = proof.to_proof().kind
    if item.proof == PROOF_OF_PART:
        return claim.part in (None, kind)
    if isinstance(proof, Drill):
        drills = catalogue.parts(claim.use_case, claim.item)
        return claim.part in (None, proof.name) and (not drills or proof.name in drills)
    if isinstance(proof, Credential):
        return claim.provider_mode in (None, proof.mode)
    return not isinstance(proof, Replay) or claim.replay_mode in (None, proof.mode)


def asks_for(item: Item, proof: ProofResult) -> bool:
    """Return whether the item, or a part of it, asks for a proof of this kind."""
    kind = proof.to_proof().kind
    return kind in item.parts if item.proof == PROOF_OF_PART else kind == item.proof


def _proven_modes(proofs: Sequence[ProofResult], item: Item) -> KeysView[str]:
    """Return the proven provider modes, in the order of their proofs."""
    credentials = (_mode_proof(proof, item) for proof in proofs)
    return {credential.mode: None for credential in credentials if credential is not None}.keys()


def _mode_proof(proof: ProofResult, item: Item) -> Credential | None:
    return proof if isinstance(proof, Credential) and asks_for(item, proof) else None


def _proven_replay(proofs: Sequence[ProofResult]) -> str | None:
    """Return the weakest proven replay mode; None if there is no replay."""
    modes = [proof.mode for proof in proofs if isinstance(proof, Replay)]
    return max(modes, key=REPLAY_MODES.index, default=None)


def _named_parts(proofs: Sequence[ProofResult], item: Item) -> Iterator[str]:
    for proof in proofs:
        if isinstance(proof, Drill):
            yield proof.name
        elif item.proof == PROOF_OF_PART:
            yield proof.to_proof().kind


def _has_part(catalogue: Catalogue, claim: Claim, part: str) -> bool:
    return catalogue.open_world or part in catalogue.parts(claim.use_case, claim.item)


def as_rehearsal(claim: dict[str, Any], reason: str) -> dict[str, Any]:
    """Return a resolved claim as a rehearsal; the reason is appended to those that it has."""
    earlier = claim.get("not_real_because")
    return {**claim, "not_real_because": f"{earlier}; {reason}" if earlier else reason}


def as_simulated(claims: list[dict[str, Any]], reason: str | None) -> list[dict[str, Any]]:
    """Return resolved claims of a test that replaced the network or the clock; unchanged without a reason."""
    return claims if reason is None else [{**as_rehearsal(claim, reason), "simulated": True} for claim in claims]


def as_unreal_passes(claims: list[dict[str, Any]], reason: str | None) -> list[dict[str, Any]]:
    """Return resolved claims of a pass that does not count as real; unchanged without a reason."""
    return claims if reason is None else [as_unreal_pass(claim, reason) for claim in claims]


def as_unreal_pass(claim: dict[str, Any], reason: str) -> dict[str, Any]:
    """Return a resolved claim with a reason that applies only to a pass: a failure of it counts as real."""
    flag = {} if "not_real_because" in claim else {"only_a_pass": True}
    return {**as_rehearsal(claim, reason), **flag}


def as_failed(claim: dict[str, Any]) -> dict[str, Any]:
    """Return a resolved claim of a pass as one of a worse result."""
    if "only_a_pass" not in claim:
        return claim
    return {name: value for name, value in claim.items() if name not in ("only_a_pass", "not_real_because")}


def without_connections(claims: list[dict[str, Any]], catalogue: Catalogue) -> list[dict[str, Any]]:
    """Return resolved claims of a pass without observed connections: a rehearsal if the item asks for one."""
    return [
        as_rehearsal(claim, f"item {claim['item']} asks for a connection, and nobody saw what this connects to")
        if catalogue.item(claim["item"]).connection == "seen"
        else claim
        for claim in claims
    ]


def _optimised() -> str | None:
    return "python -O removes assertions" if sys.flags.optimize else None
