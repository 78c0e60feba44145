"""Standing of one piece of evidence: whether it counts, why not, and what it alone shows."""

from __future__ import annotations

from msgspec import Struct

from ..claims.catalogue import Requirement
from ..facts.evidence import BAD, Evidence, Result
from .readiness import RequirementReadiness, State

RAN_HERE = frozenset({"test", "command"})
"""Methods whose proofs count; examined or imported results are ASSERTED at most."""


class EvidenceStanding(Struct, frozen=True):
    """What a piece of evidence is worth for one requirement."""

    state: State
    """The state that the requirement would have with this evidence alone."""
    proven: bool = False
    """Whether it is a pass with the proof that the item asks for."""
    why_not: str = ""
    """Why it does not count, in a sentence; empty: it counts."""

    @property
    def counts(self) -> bool:
        """Whether it counts for or against the requirement."""
        return not self.why_not


MATCHES_NOTHING = EvidenceStanding(State.MISSING, why_not="it matches no requirement in force")
"""The standing of evidence that is about no requirement."""


def standing_at(readiness: RequirementReadiness, evidence: Evidence) -> EvidenceStanding:
    """Return what a piece of evidence that is shown at a requirement is worth for it."""
    if readiness.state is State.NOT_APPLICABLE:
        return EvidenceStanding(State.NOT_APPLICABLE, why_not="the requirement does not apply")
    proven = evidence.result is Result.PASSED and proves(readiness.requirement, evidence)
    if (uncounted := readiness.uncounted.get(evidence.id)) is not None:
        state, why = uncounted
        return EvidenceStanding(state, proven, why)
    if evidence.result in BAD:
        return EvidenceStanding(State.FAILING)
    if evidence.result is Result.INTERRUPTED:
        return EvidenceStanding(State.INTERRUPTED)
    if evidence.flaky:
        return EvidenceStanding(State.FLAKY, proven)
    return EvidenceStanding(State.COMPLETE if proven else State.ASSERTED, proven)


def proves(requirement: Requirement, evidence: Evidence) -> bool:
    """Return whether a pass has the proof that the requirement's item asks for, if it asks for any."""
    if evidence.method not in RAN_HERE:
        return False
    kind, part = requirement.proof, requirement.part
    if kind == "none":
        return True
    for proof in evidence.proofs:  # noqa: SIM110 - ``any`` takes several times as long to start
        if proof.shows(kind, part):
            return True
    return False
