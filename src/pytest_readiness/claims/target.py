"""Targets of mappings and rules: the texts ``UC/ITEM`` and ``UC/ITEM/SCOPE``."""

from __future__ import annotations

from msgspec.structs import replace

from ..errors import ClaimError, ConfigError, one_line, suggestion
from .catalogue import Catalogue
from .claim import Claim


def claim_of(target: str, catalogue: Catalogue, part: str | None = None, replay_mode: str | None = None) -> Claim:
    """Return the claim of a target: ``UC-003/4``, or a requirement such as ``UC-003/6/rotation``.

    Args:
        target: the target of a rule or of a test case.
        catalogue: the known use cases and items.
        part: the part of the item, unless the target names one.
        replay_mode: the mode of a replay.

    Raises:
        ReadinessError: the target has another form, or names something unknown.
    """
    use_case, _, rest = target.partition("/")
    item, *scope = rest.split("/")
    if not use_case or not item or not all(scope):
        raise ConfigError(f"'{one_line(target, 60)}' is not of the form UC/ITEM, such as UC-003/4")
    claim = catalogue.resolve(Claim(use_case, item, part=None if scope else part, replay_mode=replay_mode))
    for name in scope:
        claim = _limit_claim(claim, name, catalogue)
    return claim if claim.part or not part else catalogue.resolve(replace(claim, part=part))


def _limit_claim(claim: Claim, name: str, catalogue: Catalogue) -> Claim:
    """Return the claim limited to the environment, provider mode or part of this name."""
    if name in catalogue.environments and claim.environment is None:
        return replace(claim, environment=name)
    if name in catalogue.provider_modes and claim.provider_mode is None:
        return replace(claim, provider_mode=name)
    if claim.part is not None:
        raise ConfigError(f"'{one_line(name, 60)}' is one scope too many: {claim.use_case}/{claim.item}/{claim.part}")
    try:
        return catalogue.resolve(replace(claim, part=name))
    except ClaimError:
        if near := suggestion(name, [*catalogue.environments, *catalogue.provider_modes]):
            message = f"there is no environment or provider mode '{one_line(name, 60)}'{near}"
            raise ClaimError(message) from None
        raise
