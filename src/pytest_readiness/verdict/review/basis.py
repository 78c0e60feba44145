"""The basis of a review: the requirements of a use case as they are in force, by digest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from functools import lru_cache
from operator import attrgetter
from typing import Any

from ...claims.catalogue import Catalogue, Item, Requirement
from ...facts.ledger.digest import digest
from ...facts.ledger.line import canonical, canonical_text
from ...facts.review_basis import Setting
from ...fast_values import dataclass
from ..policy import Policy

Settings = tuple[tuple[str, Setting], ...]
_GRADED = ("proof", "max_age_days")
"""What can be asked for more or less strictly: compared by itself, and so no part of the definition."""


@dataclass(frozen=True, slots=True)
class RequirementBasis:
    """What the requirements of every use case rest on: items, places and policy, as plain data.

    Of the policy it holds what a state counts for, and not who reviews or what a single gate was asked. What is at its
    default is nowhere said: a version that knows more leaves every digest as it was.
    """

    items: Mapping[str, str]
    """Canonical texts, by key: most use cases require the same items, and each text is made once."""
    common: Mapping[str, str]
    """Canonical texts, by name."""
    policy: Settings
    """The settings that are not at their default."""

    @classmethod
    def build(cls, catalogue: Catalogue, policy: Policy) -> RequirementBasis:
        """Return the basis that a catalogue and a policy are."""
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
        """Return the digest (``sha256:...``) of what a use case's requirements are: items, scopes and environments.

        It changes where what must be shown changes, and not where the row's title, owner, date, notes or declared
        status do, nor where a pass may be older or needs no proof.
        """
        items = ",".join([self.items[key] for key in dict.fromkeys([requirement.item for requirement in requirements])])
        needs = ",".join([_requirement_text(requirement) for requirement in requirements])
        places, modes = self.common["environments"], self.common["provider_modes"]
        text = f'"environments":{places},"items":[{items}],"provider_modes":{modes},"requirements":[{needs}]'
        return f"sha256:{digest('definition-of-use-case', f'{{{text}}}'.encode())}"

    def digest(self, definition: str, requirements: Sequence[Requirement]) -> str:
        """Return the digest (``sha256:...``) of a use case's requirements: the definition and how strict it is."""
        asked = _terms_text(
            self.policy, tuple([(requirement.proof, requirement.max_age_days) for requirement in requirements])
        )
        return f"sha256:{digest('requirements-of-use-case', f'{definition} {asked}'.encode())}"


def _non_default_fields(value: Item | Any) -> dict[str, Any]:
    """Return what a value says beside its name, but what can be asked for by degree, and what is at its default."""
    plain = asdict(value)
    usual = {each_field.name: each_field.default for each_field in fields(value)}
    return {name: value for name, value in plain.items() if name not in _GRADED and value != usual[name]}


@lru_cache(maxsize=256)
def _terms_text(policy: Settings, strictness: tuple[tuple[str, int | None], ...]) -> str:
    """Return the canonical text of a policy and of the proof and age that each requirement asks for."""
    return canonical({"policy": dict(policy), "asked": [list(terms) for terms in strictness]})


_FIELD_DEFAULTS = {
    each.name: each.default for each in fields(Requirement) if each.name not in ("id", "use_case", *_GRADED)
}
_field_values = attrgetter(*_FIELD_DEFAULTS)


def _requirement_text(requirement: Requirement) -> str:
    """Return the canonical text of a requirement. Most differ from another use case's in two names alone."""
    start, between, end = _text_around_ids(*_field_values(requirement))
    return f"{start}{canonical_text(requirement.id)}{between}{canonical_text(requirement.use_case)}{end}"


@lru_cache(maxsize=1024)
def _text_around_ids(*usual: Any) -> tuple[str, str, str]:
    """Return what stands before, between and after the two."""
    differing = {
        name: value for (name, default), value in zip(_FIELD_DEFAULTS.items(), usual, strict=True) if value != default
    }
    text = canonical({**differing, "id": "", "use_case": ""})
    # Within a text each quote has a backslash before it, so that these stand where the keys are.
    start, rest = text.split('"id":""')
    between, end = rest.split('"use_case":""')
    return f'{start}"id":', f'{between}"use_case":', end
