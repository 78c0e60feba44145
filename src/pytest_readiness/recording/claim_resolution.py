"""What a place and proofs make of a claim: where it ran, what it names, and why it is a rehearsal if it is one."""

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
    """Return the claims of a test as its line holds them, each with the numbers of the proofs that concern it.

    A proof that concerns none of them is shown with each, where it does no harm; a claim that has all of them names
    none.
    """
    concerning = [[n for n, proof in enumerate(proofs) if concerns_claim(proof, claim, catalogue)] for claim in claims]
    loose = set(range(len(proofs))).difference(*concerning)
    found = []
    for claim, numbers in zip(claims, concerning, strict=True):
        item = catalogue.item(claim.item)
        modes = _proven_modes(proofs, item)
        for here in _by_mode(numbers, proofs, item):
            entry = resolve_claim(
                claim, context, catalogue, [proofs[number] for number in here], next(iter(modes), None)
            )
            if len(modes) > 1:
                entry["beside"] = "/".join(sorted(modes - {entry["provider_mode"]}))
            listed = sorted(loose.union(here))
            if len(listed) < len(proofs):
                entry["proofs"] = listed
            found.append(entry)
    return found


def _by_mode(numbers: list[int], proofs: Sequence[ProofResult], item: Item) -> list[list[int]]:
    """Two provider modes that one execution proves are two places, each with its own credential."""
    modes = {number: proof.mode for number in numbers if (proof := _proves_mode(proofs[number], item)) is not None}
    if len(set(modes.values())) < 2:  # noqa: PLR2004 - most often so
        return [numbers]
    return [[n for n in numbers if modes.get(n, mode) == mode] for mode in dict.fromkeys(modes.values())]


def resolve_claim(
    claim: Claim,
    context: RunContext,
    catalogue: Catalogue,
    proofs: Sequence[ProofResult] = (),
    elsewhere: str | None = None,
) -> dict[str, Any]:
    """Return the claim as evidence holds it; its proofs show one provider mode at most.

    Where it took place is what the test says, else what the run says. A claim's environment and provider mode are a
    limit and never say it: a test that is marked for staging has not run there for that.

    ``elsewhere``: a provider mode that the test proved for the claim's item, though not for this claim: then it ran
    there, and not in the mode that the mark names and the run states.
    """
    proven = next(iter(_proven_modes(proofs, catalogue.item(claim.item))), elsewhere)
    environment, mode = context.environment, proven or context.provider_mode or context.usual_provider_mode
    named = (*context.parts, *_named_parts(proofs, catalogue.item(claim.item)))
    parts = [claim.part] if claim.part else [part for part in named if _has_part(catalogue, claim, part)]
    found = {
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
    return {name: value for name, value in found.items() if value not in (None, [])}


def concerns_claim(proof: ProofResult, claim: Claim, catalogue: Catalogue) -> bool:
    """Return whether a proof speaks of what a test claims: its item's kind, and no other mode or part than claimed."""
    item = catalogue.item(claim.item)
    if item.proof == "none" or isinstance(proof, Receipt):
        return True
    if not asks_for(item, proof):
        return False
    kind = proof.to_proof().kind
    if item.proof == PROOF_OF_PART:
        return claim.part in (None, kind)
    if isinstance(proof, Drill):
        known = catalogue.parts(claim.use_case, claim.item)
        return claim.part in (None, proof.name) and (not known or proof.name in known)
    if isinstance(proof, Credential):
        return claim.provider_mode in (None, proof.mode)
    return not isinstance(proof, Replay) or claim.replay_mode in (None, proof.mode)


def asks_for(item: Item, proof: ProofResult) -> bool:
    """Return whether the item, or a part of it, is shown by a proof of this kind."""
    kind = proof.to_proof().kind
    return kind in item.parts if item.proof == PROOF_OF_PART else kind == item.proof


def _proven_modes(proofs: Sequence[ProofResult], item: Item) -> KeysView[str]:
    """In the order in which they were proved."""
    return {proof.mode: None for one in proofs if (proof := _proves_mode(one, item)) is not None}.keys()


def _proves_mode(proof: ProofResult, item: Item) -> Credential | None:
    return proof if isinstance(proof, Credential) and asks_for(item, proof) else None


def _proven_replay(proofs: Sequence[ProofResult]) -> str | None:
    """The lesser of two modes."""
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
    """Return a placed claim with a reason why it is a rehearsal, after those that it has."""
    known = claim.get("not_real_because")
    return {**claim, "not_real_because": f"{known}; {reason}" if known else reason}


def as_simulated(claims: list[dict[str, Any]], because: str | None) -> list[dict[str, Any]]:
    """Return placed claims of a test that replaced its surroundings, if there is a reason to say so."""
    return claims if because is None else [{**as_rehearsal(claim, because), "simulated": True} for claim in claims]


def as_doubted(claims: list[dict[str, Any]], because: str | None) -> list[dict[str, Any]]:
    """Return placed claims of a pass that does not count as real, if there is a reason to say so."""
    return claims if because is None else [doubted_claim(claim, because) for claim in claims]


def doubted_claim(claim: dict[str, Any], because: str) -> dict[str, Any]:
    """Return a placed claim with a reason that stands against a pass alone: should it fail yet, it fails for real."""
    only = {} if "not_real_because" in claim else {"only_a_pass": True}
    return {**as_rehearsal(claim, because), **only}


def as_failed(claim: dict[str, Any]) -> dict[str, Any]:
    """Return what was placed as a claim of a pass as one of something worse."""
    if "only_a_pass" not in claim:
        return claim
    return {name: value for name, value in claim.items() if name not in ("only_a_pass", "not_real_because")}


def without_connections(claims: list[dict[str, Any]], catalogue: Catalogue) -> list[dict[str, Any]]:
    """Return the claims of a pass whose connections nobody saw: where an item asks for one, it is a rehearsal."""
    return [
        as_rehearsal(claim, f"item {claim['item']} asks for a connection, and nobody saw what this connects to")
        if catalogue.item(claim["item"]).connection == "seen"
        else claim
        for claim in claims
    ]


def _optimised() -> str | None:
    return "python -O removes assertions" if sys.flags.optimize else None
