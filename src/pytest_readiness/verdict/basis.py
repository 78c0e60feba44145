"""The basis of a review: the requirements of a use case as they are in force, by digest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from functools import lru_cache
from operator import attrgetter
from typing import Any

from ..claims.catalogue import Catalogue, Requirement
from ..facts.digest import digest
from ..facts.line import canonical, quoted
from .policy import Policy


@dataclass(frozen=True, slots=True)
class Basis:
    """What the requirements of every use case rest on: items, places and policy, as plain data.

    Of the policy it holds what a state counts for, and not who reviews or what a single gate was asked.
    """

    items: Mapping[str, str]
    """Canonical texts, by key: most use cases require the same items, and each text is made once."""
    common: Mapping[str, str]
    """Canonical texts, by name."""

    @classmethod
    def of(cls, catalogue: Catalogue, policy: Policy) -> Basis:
        """Return the basis that a catalogue and a policy are."""
        return cls(
            items={key: canonical(asdict(item)) for key, item in catalogue.items.items()},
            common={
                "environments": canonical([asdict(known) for known in catalogue.environments.values() if known.real]),
                "provider_modes": canonical([mode.name for mode in catalogue.provider_modes.values() if mode.real]),
                "policy": canonical(
                    {"asserted": policy.asserted, "flaky": policy.flaky, "clean_commit": policy.clean_commit}
                ),
            },
        )

    def digest(self, requirements: Sequence[Requirement]) -> str:
        """Return the digest (``sha256:...``) of a use case's requirements.

        It changes where what must be shown changes, and not where the row's title, owner, date, notes or declared
        status do.
        """
        items = dict.fromkeys(one.item for one in requirements)
        texts = {
            **self.common,
            "items": f"[{','.join([self.items[key] for key in items])}]",
            "requirements": f"[{','.join([_text(one) for one in requirements])}]",
        }
        text = ",".join(f'"{name}":{texts[name]}' for name in sorted(texts))
        return f"sha256:{digest('requirements-of-use-case', f'{{{text}}}'.encode())}"


_USUAL = tuple(each.name for each in fields(Requirement) if each.name not in ("id", "use_case"))
_usual = attrgetter(*_USUAL)


def _text(requirement: Requirement) -> str:
    """Return the canonical text of a requirement. Most differ from another use case's in two names alone."""
    start, between, end = _around(*_usual(requirement))
    return f"{start}{quoted(requirement.id)}{between}{quoted(requirement.use_case)}{end}"


@lru_cache(maxsize=1024)
def _around(*usual: Any) -> tuple[str, str, str]:
    """Return what stands before, between and after the two."""
    text = canonical({**dict(zip(_USUAL, usual, strict=True)), "id": "", "use_case": ""})
    # Within a text each quote has a backslash before it, so that these stand where the keys are.
    start, rest = text.split('"id":""')
    between, end = rest.split('"use_case":""')
    return f'{start}"id":', f'{between}"use_case":', end
