"""Pins of a review: the requirements and the evidence that it signs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ...claims.catalogue import Requirement
from ...facts.evidence import Evidence
from ...facts.review_basis import PinnedEvidence, PinnedRequirement, ReviewBasis
from ..inputs import UNKNOWN, RunOrigin, run_of
from ..policy import Policy
from ..readiness import RequirementReadiness
from .authority import excluded_people, recorded_by


def pin_requirements(
    requirements: Iterable[RequirementReadiness], origins: Mapping[str, RunOrigin]
) -> tuple[PinnedRequirement, ...]:
    """Return requirements as a review pins them, each with its deciding evidence."""
    return tuple(
        PinnedRequirement(
            requirement.requirement.id,
            requirement.state.value,
            tuple(_pin(execution, origins) for execution in requirement.deciding),
            *requirement_terms(requirement.requirement),
            unproven=len(requirement.policy_states) > 1,
        )
        for requirement in requirements
    )


def requirement_terms(requirement: Requirement) -> tuple[str, int]:
    """Return the kind of proof and the max age that a requirement asks for, as a review pins them."""
    return "" if requirement.proof == "none" else requirement.proof, requirement.max_age_days or 0


def _pin(evidence: Evidence, origins: Mapping[str, RunOrigin]) -> PinnedEvidence:
    origin = origins.get(evidence.run_id, UNKNOWN)
    return PinnedEvidence(
        evidence_id=evidence.id,
        test_id=evidence.test_id,
        started_at=evidence.started_at,
        actor=origin.actor,
        environment=evidence.environment,
        provider_mode=evidence.provider_mode,
        proofs=tuple(sorted({proof.kind for proof in evidence.proofs})),
        started_by=origin.started_by,
    )


def recorders_of(basis: ReviewBasis, origins: Mapping[str, RunOrigin], policy: Policy) -> set[str]:
    """Return the people who must not sign a basis: the recorders of its evidence, by its pins and by the store."""
    if not policy.separate:
        return set()
    pins = [pin for row in basis.requirements for pin in row.pins]
    runs = {run_of(pin.evidence_id) for pin in pins}
    return _pinned_recorders(pins, policy) | excluded_people((origins.get(run, UNKNOWN) for run in runs), policy)


def recorders_now(
    required: Iterable[RequirementReadiness], basis: ReviewBasis, origins: Mapping[str, RunOrigin], policy: Policy
) -> set[str]:
    """Return the people who must not sign the deciding evidence: by the store, else by a basis that pins it.

    Recorders of evidence that newer executions have replaced are not included.
    """
    if not policy.separate:
        return set()
    runs = {execution.run_id for requirement in required for execution in requirement.deciding}
    recorders = excluded_people([origins[run] for run in runs if run in origins], policy)
    if runs <= origins.keys():
        return recorders
    deciding = {
        execution.id
        for requirement in required
        for execution in requirement.deciding
        if execution.run_id not in origins
    }
    return recorders | _pinned_recorders(
        [pin for row in basis.requirements for pin in row.pins if pin.evidence_id in deciding], policy
    )


def _pinned_recorders(pins: Iterable[PinnedEvidence], policy: Policy) -> set[str]:
    """Return the recorders that pins name."""
    return {name for pin in pins for name in recorded_by(pin.actor, pin.started_by, policy)} - {""}
