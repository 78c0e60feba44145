"""Digest of the requirements that a review signs, as they are in force."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from operator import attrgetter
from typing import Any

from msgspec import NODEFAULT, Struct
from msgspec.structs import asdict

from ...claims.catalogue import Catalogue, Item, Requirement
from ...facts.ledger.digest import digest
from ...facts.ledger.line import canonical
from ...facts.review_basis import Setting
from ..policy import Policy

Settings = tuple[tuple[str, Setting], ...]
_GRADED = ("proof", "max_age_days")
"""Fields that can be stricter or weaker. They are compared separately, and are not part of the definition."""


class RequirementBasis(Struct, frozen=True):
    """Base of every use case's requirements: items, places and policy, as plain data.

    From the policy it contains the meaning of the states, not the reviewers or the options of a single gate. Defaults
    are omitted, so that a later version with more settings leaves every digest unchanged.
    """

    items: Mapping[str, str]
    """Canonical texts by key; each is built once, as most use cases require the same items."""
    common: Mapping[str, str]
    """Canonical texts by name."""
    policy: Settings
    """Settings that are not at their default."""

    @classmethod
    def build(cls, catalogue: Catalogue, policy: Policy) -> RequirementBasis:
        """Return the basis of a catalogue and a policy."""
        return cls(
            items={key: canonical(_non_default_fields(item)) for key, item in catalogue.items.items()},
            common={
                "environments": canonical(
                    [
                        _non_default_fields(environment)
                        for environment in catalogue.environments.values()
                        if environment.real
                    ]
                ),
                "provider_modes": canonical([mode.name for mode in catalogue.provider_modes.values() if mode.real]),
            },
            policy=policy.signed,
        )

    def definition(self, requirements: Sequence[Requirement]) -> str:
        """Return the digest (``sha256:...``) of a use case's definition: the items, scopes and environments required.

        It changes if what must be shown changes. Title, owner, date, notes, declared status, max age and proof of a row
        do not change it.
        """
        items = ",".join([self.items[key] for key in dict.fromkeys([requirement.item for requirement in requirements])])
        requirement_texts = ",".join([_requirement_text(requirement) for requirement in requirements])
        places, modes = self.common["environments"], self.common["provider_modes"]
        text = (
            f'"environments":{places},"items":[{items}],"provider_modes":{modes},"requirements":[{requirement_texts}]'
        )
        return f"sha256:{digest('definition-of-use-case', f'{{{text}}}'.encode())}"

    def digest(self, definition: str, requirements: Sequence[Requirement]) -> str:
        """Return the digest (``sha256:...``) of a use case's requirements: the definition, and how strict they are."""
        terms = _terms_text(
            self.policy, tuple([(requirement.proof, requirement.max_age_days) for requirement in requirements])
        )
        return f"sha256:{digest('requirements-of-use-case', f'{definition} {terms}'.encode())}"


def _non_default_fields(value: Item | Any) -> dict[str, Any]:
    """Return the fields of a value except its name, graded fields and defaults."""
    defaults = _defaults(type(value))
    return {name: value for name, value in asdict(value).items() if name not in _GRADED and value != defaults[name]}


def _defaults(kind: type[Struct]) -> dict[str, Any]:
    """Return the default of each field; ``NODEFAULT``: it has none."""
    names, defaults = kind.__struct_fields__, kind.__struct_defaults__
    return dict(zip(names, (*[NODEFAULT] * (len(names) - len(defaults)), *defaults), strict=True))


@lru_cache(maxsize=256)
def _terms_text(policy: Settings, strictness: tuple[tuple[str, int | None], ...]) -> str:
    """Return the canonical text of a policy and of each requirement's proof and max age."""
    return canonical({"policy": dict(policy), "asked": [list(terms) for terms in strictness]})


_FIELD_DEFAULTS = {
    name: default for name, default in _defaults(Requirement).items() if name not in ("id", "use_case", *_GRADED)
}
_field_values = attrgetter(*_FIELD_DEFAULTS)


def _requirement_text(requirement: Requirement) -> str:
    """Return the canonical text of a requirement without the fields that are at their defaults."""
    values = zip(_FIELD_DEFAULTS.items(), _field_values(requirement), strict=True)
    differing = {name: value for (name, default), value in values if value != default}
    return canonical({**differing, "id": requirement.id, "use_case": requirement.use_case})
