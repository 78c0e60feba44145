"""The basis of a review: exactly what is signed, requirement by requirement, down to the evidence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ..facts.decision import Basis, Pin, PinnedRequirement
from ..facts.evidence import Evidence
from .known import UNKNOWN, Origin, run_of
from .readiness import RequirementReadiness, UseCaseReadiness


def basis_of(use_case: UseCaseReadiness, origins: Mapping[str, Origin]) -> Basis:
    """Return what a review of a use case made now rests on: the digest of its requirements, states and evidence.

    Args:
        use_case: where it stands.
        origins: who recorded each run, by run id; a run that is not there is recorded by nobody known.
    """
    return pinned(use_case.review.basis_digest, use_case.requirements, origins)


def pinned(digest: str, requirements: Iterable[RequirementReadiness], origins: Mapping[str, Origin]) -> Basis:
    """Return the basis that these requirements are."""
    return Basis(
        digest,
        tuple(
            PinnedRequirement(
                one.requirement.id, one.state.value, tuple(_pin(piece, origins) for piece in one.deciding)
            )
            for one in requirements
        ),
    )


def _pin(evidence: Evidence, origins: Mapping[str, Origin]) -> Pin:
    return Pin(
        evidence_id=evidence.id,
        test_id=evidence.test_id,
        started_at=evidence.started_at,
        actor=origins.get(evidence.run_id, UNKNOWN).actor,
        environment=evidence.environment,
        provider_mode=evidence.provider_mode,
        proofs=tuple(sorted({proof.kind for proof in evidence.proofs})),
    )


def recorders_of(basis: Basis, origins: Mapping[str, Origin]) -> set[str]:
    """Return who recorded the evidence that a basis pins: as it says, and as the store knows."""
    pins = [pin for one in basis.requirements for pin in one.pins]
    told = {pin.actor for pin in pins}
    return (told | {origins.get(run, UNKNOWN).actor for run in {run_of(pin.evidence_id) for pin in pins}}) - {""}
