"""Standing of one piece of evidence: whether it counts, why not, and what it alone shows."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from ..claims.catalogue import Requirement
from ..facts.evidence import BAD, Evidence, ExecutionStanding, Result
from .explanations import first_line
from .readiness import Readiness, RequirementReadiness, State

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
REPLACED = "a newer execution of the test replaced it"
"""Why evidence does not count that no other reason concerns."""

RequirementStanding = tuple[str, EvidenceStanding]
"""Id of a requirement, and what evidence is worth for it; the id is empty if it is about none."""


def own_reason(evidence: Evidence) -> tuple[State, str] | None:
    """Return why evidence counts nowhere, and what it shows; None: nothing in itself speaks against it."""
    if evidence.standing is ExecutionStanding.IDLE:
        return State.MISSING, f"{evidence.result.value} neither satisfies nor replaces anything"
    if evidence.real:
        return None
    because = first_line(evidence.not_real_because or "the reason was not recorded")
    return State.REHEARSED, because if evidence.covered else f"a rehearsal: {because}"


class EvidenceStandings:
    """Standings of all evidence in the register's scope, whether the readiness shows it or not."""

    def __init__(self, readiness: Readiness) -> None:
        self._shown: dict[str, tuple[RequirementStanding, ...]] = {}
        for requirement in (row for use_case in readiness.use_cases for row in use_case.requirements):
            for piece in requirement.evidence:
                entry = requirement.requirement.id, standing_at(requirement, piece)
                self._shown[piece.id] = (*self._shown.get(piece.id, ()), entry)
        self._others = {piece.id for piece in readiness.other_evidence}

    def find(self, evidence: Evidence, *, retired: bool | None = None) -> tuple[RequirementStanding, ...]:
        """Return what a piece of evidence is worth for each requirement that shows it; one entry if none does.

        ``retired``: whether its run was retired; None: not known.
        """
        if (shown := self._shown.get(evidence.id)) is not None:
            return shown
        if evidence.id in self._others:
            return (("", MATCHES_NOTHING),)
        state, why = own_reason(evidence) or (State.MISSING, REPLACED)
        if retired:
            why = "its run was retired"
        elif retired is None and why == REPLACED:
            why = f"{why}, or its run was retired"
        return (("", EvidenceStanding(state, why_not=why)),)


def counts_text(standings: Sequence[RequirementStanding]) -> str:
    """Return whether evidence counts: ``yes, for UC-001/1``, ``yes, against UC-001/1`` or ``no: a rehearsal: ...``."""
    against = (State.FAILING, State.INTERRUPTED)
    parts = [
        f"{word} {', '.join(ids)}"
        for word, ids in (
            ("for", [id_ for id_, standing in standings if standing.counts and standing.state not in against]),
            ("against", [id_ for id_, standing in standings if standing.counts and standing.state in against]),
        )
        if ids
    ]
    uncounted = [(id_, standing) for id_, standing in standings if not standing.counts]
    reasons = "; ".join(dict.fromkeys(standing.why_not for _, standing in uncounted))
    if not parts:
        return f"no: {reasons}"
    not_for = [f"not for {', '.join(id_ for id_, _ in uncounted)}: {reasons}"] if uncounted else []
    return f"yes, {'; '.join((*parts, *not_for))}"


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
