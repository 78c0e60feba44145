"""Coverage: the requirements that a piece of evidence can count for."""

from __future__ import annotations

from msgspec import Struct

from ..claims.catalogue import Catalogue, Requirement
from ..facts.evidence import Evidence, Result

Place = tuple[str | None, str | None]
"""Environment and provider mode; None: not stated."""


class RealPlaces(Struct, frozen=True):
    """Environments and provider modes that are declared real, in which evidence can count."""

    environments: frozenset[str]
    provider_modes: frozenset[str] | None
    """None: no provider mode is declared, and any stated one is real."""

    @classmethod
    def from_catalogue(cls, catalogue: Catalogue) -> RealPlaces:
        """Return the real places of a catalogue."""
        environments = frozenset(name for name, environment in catalogue.environments.items() if environment.real)
        modes = frozenset(name for name, mode in catalogue.provider_modes.items() if mode.real)
        return cls(environments, modes if catalogue.provider_modes else None)

    def is_real(self, place: Place) -> bool:
        """Return whether a place is declared real."""
        environment, mode = place
        real_modes = self.provider_modes
        return environment in self.environments and (mode is None or real_modes is None or mode in real_modes)

    def counts(self, evidence: Evidence) -> bool:
        """Return whether the evidence was real when it was recorded, and its place is still declared real.

        A pass in a provider mode that is no longer real shows nothing; a failure in it stays.
        """
        if not evidence.real or evidence.environment not in self.environments:
            return False
        mode, real_modes = evidence.provider_mode, self.provider_modes  # inlined: called for every piece of evidence
        return mode is None or real_modes is None or mode in real_modes or evidence.result is not Result.PASSED

    def covers(self, requirement: Requirement, evidence: Evidence) -> bool:
        """Return whether the evidence is real and has exactly this requirement's scope."""
        return self.is_exact(requirement, evidence) and self.could_cover(requirement, evidence)

    def is_exact(self, requirement: Requirement, evidence: Evidence) -> bool:
        """Return whether evidence that could cover the requirement does: it is real, and states the full scope."""
        needs_mode = requirement.provider_mode is not None or requirement.any_provider_mode
        stated = evidence.provider_mode is not None or not needs_mode
        return stated and not requirement.undeclared_environment and self.counts(evidence)

    def could_cover(self, requirement: Requirement, evidence: Evidence) -> bool:
        """Return whether the evidence has this scope, or states too little (or is not real) to exclude it."""
        # All checks are in one function: every piece of evidence is compared with every requirement of its item.
        required, limit, place = requirement.environment, evidence.claim_environment, evidence.environment
        real = evidence.real
        if not real and evidence.covered:
            return False
        if real or place in self.environments:
            if not (required is None or required == place) or not (limit is None or limit == place):
                return False
        elif not (required is None or limit is None or limit == required):
            # Outside real environments it is a rehearsal of any place in its claim.
            return False
        required, limit, mode = requirement.provider_mode, evidence.claim_provider_mode, evidence.provider_mode
        if mode is not None and (real or self.provider_modes is None or mode in self.provider_modes):
            if not (required is None or required == mode) or not (limit is None or limit == mode):
                return False
        elif not (required is None or limit is None or limit == required):
            return False
        return requirement.part is None or names_part(requirement, evidence)


def lies_in(requirement: Requirement, place: Place) -> bool:
    """Return whether a real place is within the scope of the requirement."""
    environment, mode = place
    if requirement.undeclared_environment or requirement.environment not in (None, environment):
        return False
    return requirement.provider_mode in (None, mode) and not (requirement.any_provider_mode and mode is None)


def is_within(evidence: Evidence, place: Place) -> bool:
    """Return whether the limits of its claim include a place."""
    environment, mode = place
    return evidence.claim_environment in (None, environment) and evidence.claim_provider_mode in (None, mode)


def names_part(requirement: Requirement, evidence: Evidence) -> bool:
    """Return whether the evidence is about the requirement's part. Evidence that names no part is about all parts."""
    return requirement.part is None or not evidence.parts or requirement.part in evidence.parts
