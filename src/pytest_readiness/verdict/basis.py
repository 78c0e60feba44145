"""The basis of a review: the requirements of a use case as they are in force, by digest."""

from __future__ import annotations

from dataclasses import asdict

from ..claims.catalogue import Catalogue, Requirement
from ..facts.digest import digest
from ..facts.line import canonical
from .policy import Policy


def basis_digest(catalogue: Catalogue, policy: Policy, requirements: tuple[Requirement, ...]) -> str:
    """Return the digest (``sha256:...``) of a use case's requirements: items, scopes, environments, policy.

    It changes where what must be shown changes, and not where the row's title, owner, date, notes or declared status
    do. Of the policy it holds what a state counts for, and not who reviews or what a single gate was asked.
    """
    keys = {requirement.item for requirement in requirements}
    plain = {
        "requirements": [asdict(requirement) for requirement in requirements],
        "items": [asdict(item) for key, item in catalogue.items.items() if key in keys],
        "environments": [asdict(known) for known in catalogue.environments.values() if known.real],
        "provider_modes": [mode.name for mode in catalogue.provider_modes.values() if mode.real],
        "policy": {"asserted": policy.asserted, "flaky": policy.flaky, "clean_commit": policy.clean_commit},
    }
    return f"sha256:{digest('requirements-of-use-case', canonical(plain).encode())}"
