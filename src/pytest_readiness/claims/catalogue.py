"""The catalogue: which use cases, items and scopes exist, and the requirements that follow from them.

A catalogue is plain frozen data, so that an xdist worker gets it from the controller and reads no file.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, field, fields, replace
from functools import cached_property
from operator import attrgetter
from typing import Any

from ..errors import ClaimError, nearest
from ..frozen import dataclass, maker
from .claim import Claim

ENVIRONMENT = "environment"
PROVIDER_MODE = "provider_mode"
SCOPES = (ENVIRONMENT, PROVIDER_MODE)
REPLAY_MODES = ("FULL", "TRACE_ONLY")
PROOF_OF_PART = "part"
"""Proof of an item whose parts are each shown by the proof of their own name (rotation, revocation)."""


@dataclass(frozen=True, slots=True)
class Item:
    """One numbered kind of evidence that each use case needs."""

    key: str
    """Number or name: what ``item=`` in a marker says."""
    title: str
    """The required evidence in a sentence."""
    scope: tuple[str, ...] = ()
    """Where it must hold: ``environment``, ``provider_mode``, both, or nowhere in particular (once)."""
    parts: tuple[str, ...] = ()
    """Named parts that must each be shown, such as ``rotation`` and ``revocation``."""
    proof: str = "none"
    """Kind of proof that makes a pass COMPLETE; ``none``: a real pass is enough; ``part``: each part's own."""
    max_age_days: int | None = None
    """Age in days at which a pass is STALE; None: never."""
    name: str | None = None
    """Short name of a built-in meaning (``trace``); also accepted by ``item=``."""
    connection: str = "none"
    """``seen``: a pass counts only where a connection to an endpoint of its environment was seen."""


@dataclass(frozen=True, slots=True)
class Environment:
    """A declared environment."""

    name: str
    real: bool
    """Whether evidence from it counts."""
    endpoints: tuple[str, ...] = ()
    """Hosts and networks that belong to it."""


@dataclass(frozen=True, slots=True)
class ProviderMode:
    """A declared provider mode, such as BYOK."""

    name: str
    title: str = ""
    real: bool = True


@dataclass(frozen=True, slots=True)
class UseCase:
    """A row of the register."""

    id: str
    title: str = ""
    owner: str = ""
    architecture_status: str = ""
    """Shown beside readiness; never contributes to it."""
    declared_status: str = ""
    """The readiness that the tracker's row says (in our words, see ``[statuses]``); compared, never believed."""
    declared_also: tuple[str, ...] = ()
    """The other statuses that the row's word stands for: a box that is not ticked says more than one."""
    declared_in: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """(environment, the statuses that its cell may stand for) of each column with the status in one; none: no word."""
    last_updated: str = ""
    notes: str = ""
    line: int | None = None
    """Line of the row in the tracker, from 1."""
    environments: tuple[str, ...] | None = None
    """Environments it must be shown in; None: each declared real one."""
    provider_modes: tuple[str, ...] | None = None
    """Provider modes it must be shown with; None: each declared real one."""
    drills: tuple[str, ...] = ()
    """Named failure drills it must go through."""
    not_applicable: tuple[tuple[str, str], ...] = ()
    """(item key or the end of a requirement id such as ``6/rotation``, reason)."""


@dataclass(frozen=True, slots=True)
class Requirement:
    """Use case x item x scope: the smallest thing that is shown or not."""

    id: str
    """``UC-003/2/staging``."""
    use_case: str
    item: str
    environment: str | None = None
    """Environment it must hold in; None: any real one."""
    provider_mode: str | None = None
    part: str | None = None
    proof: str = "none"
    max_age_days: int | None = None
    any_provider_mode: bool = False
    """The item is scoped by provider mode and none is declared: any stated mode satisfies."""
    undeclared_environment: bool = False
    """The item is scoped by environment and no real one is declared: nothing can satisfy it yet."""
    not_applicable: str | None = None
    """Reason why it is not required."""


@dataclass(frozen=True)
class Catalogue:
    """Everything a marker may name, and what each use case requires."""

    register: str
    """Name of the register; nothing counts outside it."""
    use_cases: Mapping[str, UseCase] = field(default_factory=dict)
    items: Mapping[str, Item] = field(default_factory=dict)
    environments: Mapping[str, Environment] = field(default_factory=dict)
    provider_modes: Mapping[str, ProviderMode] = field(default_factory=dict)
    open_world: bool = False
    """No config and no tracker: every use case and item that a marker names exists."""

    @cached_property
    def _item_names(self) -> dict[str, str]:
        names = {item.name.lower(): key for key, item in self.items.items() if item.name}
        return names | {key.lower(): key for key in self.items}

    @cached_property
    def _use_case_names(self) -> dict[str, str]:
        return {key.lower(): key for key in self.use_cases}

    @cached_property
    def looks_at_connections(self) -> bool:
        """Whether it matters what tests connect to: an environment declares endpoints, or an item asks for them."""
        return any(environment.endpoints for environment in self.environments.values()) or any(
            item.connection != "none" for item in self.items.values()
        )

    @cached_property
    def asking_items(self) -> frozenset[str]:
        """Numbers of the items that ask for a connection."""
        return frozenset(number for number, item in self.items.items() if item.connection == "seen")

    @cached_property
    def longest_age_days(self) -> int | None:
        """The longest max age of the items; None: none of them has one."""
        return max((item.max_age_days for item in self.items.values() if item.max_age_days is not None), default=None)

    def declares(self, name: str) -> bool:
        """Return whether it is the name of an environment, a provider mode, a part or a drill."""
        return name in self._names

    @cached_property
    def _names(self) -> frozenset[str]:
        parts = (name for item in self.items.values() for name in item.parts)
        drills = (name for use_case in self.use_cases.values() for name in use_case.drills)
        return frozenset((*self.environments, *self.provider_modes, *parts, *drills))

    def requirements(self, use_case_id: str) -> tuple[Requirement, ...]:
        """Return what the use case requires, in the order of the items.

        Raises:
            ClaimError: there is no such use case.
        """
        use_case = self.use_case(use_case_id)
        said = use_case.drills or use_case.not_applicable
        if not said and use_case.environments is None and use_case.provider_modes is None:
            return tuple([_like(req, use_case.id) for req in self._usual])
        return tuple(req for item in self.items.values() for req in self._requirements_of(use_case, item))

    @cached_property
    def _usual(self) -> tuple[Requirement, ...]:
        """What every use case requires of which the config says nothing of its own."""
        return tuple(req for item in self.items.values() for req in self._requirements_of(UseCase(id=""), item))

    def _requirements_of(self, use_case: UseCase, item: Item) -> Iterable[Requirement]:
        environments, undeclared = self._required_environments(use_case, item)
        modes, any_mode = self._required_modes(use_case, item)
        parts = _parts(use_case, item)
        reasons = dict(use_case.not_applicable)
        for environment in environments:
            for mode in modes:
                for part in parts or (None,):
                    tail = "/".join(name for name in (item.key, environment, mode, part) if name is not None)
                    yield Requirement(
                        id=f"{use_case.id}/{tail}",
                        use_case=use_case.id,
                        item=item.key,
                        environment=environment,
                        provider_mode=mode,
                        part=part,
                        proof=(part or "none") if item.proof == PROOF_OF_PART else item.proof,
                        max_age_days=item.max_age_days,
                        any_provider_mode=any_mode,
                        undeclared_environment=undeclared,
                        not_applicable=reasons.get(tail, reasons.get(item.key)),
                    )

    def _required_environments(self, use_case: UseCase, item: Item) -> tuple[tuple[str | None, ...], bool]:
        if ENVIRONMENT not in item.scope:
            return (None,), False
        declared = tuple(name for name, environment in self.environments.items() if environment.real)
        names = declared if use_case.environments is None else use_case.environments
        return (names, False) if names else ((None,), True)

    def _required_modes(self, use_case: UseCase, item: Item) -> tuple[tuple[str | None, ...], bool]:
        if PROVIDER_MODE not in item.scope:
            return (None,), False
        declared = tuple(name for name, mode in self.provider_modes.items() if mode.real)
        names = declared if use_case.provider_modes is None else use_case.provider_modes
        return (names, False) if names else ((None,), True)

    def use_case(self, name: str) -> UseCase:
        """Return the use case called ``name`` (in any letter case).

        Raises:
            ClaimError: there is none; the message names the nearest known one.
        """
        known = self.use_cases.get(name) or self.use_cases.get(self._use_case_names.get(name.lower(), ""))
        if known is not None:
            return known
        if self.open_world:
            return UseCase(id=name)
        raise ClaimError(f"there is no use case '{name}' in register '{self.register}'{self.near_use_case(name)}")

    def near_use_case(self, name: str) -> str:
        """Return the use case that may be meant, else which there are, as the end of a sentence that there is none."""
        if any(sign in name for sign in "*?["):
            return " (an id is asked for here, and no pattern)"
        ids = list(self.use_cases)
        every = ", ".join(ids) if len(ids) <= _FEW else f"{ids[0]} to {ids[-1]}, {len(ids)} in all"
        return nearest(name, ids) or (f" (there {'is' if len(ids) == 1 else 'are'} {every})" if ids else "")

    def item(self, name: str) -> Item:
        """Return the item with this number or name.

        Raises:
            ClaimError: there is none; the message names the nearest known one.
        """
        key = self._item_names.get(name.lower())
        if key is not None:
            return self.items[key]
        if self.open_world:
            return Item(key=name, title=name)
        raise ClaimError(f"there is no item '{name}'{nearest(name, self._item_names) or self._known_items()}")

    def _known_items(self) -> str:
        return f" (items are {', '.join(self.items)})" if self.items else ""

    def check_environment(self, name: str) -> None:
        """Raise ClaimError if environments are declared and ``name`` is none of them."""
        if self.environments and name not in self.environments:
            raise ClaimError(f"there is no environment '{name}'{_near(name, self.environments)}")

    def check_provider_mode(self, name: str) -> None:
        """Raise ClaimError if provider modes are declared and ``name`` is none of them."""
        if self.provider_modes and name not in self.provider_modes:
            raise ClaimError(f"there is no provider mode '{name}'{_near(name, self.provider_modes)}")

    def parts(self, use_case_id: str, item_key: str) -> tuple[str, ...]:
        """Return the named parts (or drills) of an item of a use case; empty where it has none."""
        return _parts(self.use_case(use_case_id), self.item(item_key))

    def check_part(self, use_case: UseCase, item: Item, part: str) -> None:
        """Raise ClaimError if the item of this use case has named parts and ``part`` is none of them."""
        known = self.parts(use_case.id, item.key)
        if part not in known and (known or item.proof != "drill") and not self.open_world:
            told = nearest(part, known) or (f" (parts are {', '.join(known)})" if known else " (it has no parts)")
            raise ClaimError(f"item {item.key} of {use_case.id} has no part '{part}'{told}")

    def resolve(self, claim: Claim) -> Claim:
        """Return the claim with the names as the register spells them.

        Raises:
            ClaimError: it names something that does not exist.
        """
        use_case, item = self.use_case(claim.use_case), self.item(claim.item)
        if claim.environment is not None:
            self.check_environment(claim.environment)
        if claim.provider_mode is not None:
            self.check_provider_mode(claim.provider_mode)
        if claim.part is not None:
            self.check_part(use_case, item, claim.part)
        if (use_case.id, item.key) == (claim.use_case, claim.item):
            return claim
        return replace(claim, use_case=use_case.id, item=item.key)

    def not_real_because(self, environment: str | None, provider_mode: str | None) -> str | None:
        """Return why evidence from this environment and provider mode is a rehearsal, or None where it is real."""
        if not any(known.real for known in self.environments.values()):
            return "no real environment is declared: add [environments.NAME] real = true to the config"
        if environment is None:
            return "the run states no environment: give --readiness-environment, READINESS_ENVIRONMENT or scope()"
        known = self.environments.get(environment)
        if known is None or not known.real:
            return f"environment '{environment}' is not declared real"
        mode = self.provider_modes.get(provider_mode) if provider_mode is not None else None
        if provider_mode is not None and self.provider_modes and (mode is None or not mode.real):
            return f"provider mode '{provider_mode}' is not declared real"
        return None

    def to_plain(self) -> dict[str, Any]:
        """Return the catalogue as plain data (dicts, lists, texts, numbers), for the way to an xdist worker."""
        return {
            "register": self.register,
            "open_world": self.open_world,
            "use_cases": [asdict(value) for value in self.use_cases.values()],
            "items": [asdict(value) for value in self.items.values()],
            "environments": [asdict(value) for value in self.environments.values()],
            "provider_modes": [asdict(value) for value in self.provider_modes.values()],
        }

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> Catalogue:
        """Return the catalogue that ``to_plain`` described; lists become tuples again."""
        return cls(
            register=plain["register"],
            open_world=plain["open_world"],
            use_cases={row["id"]: UseCase(**_tuples(row)) for row in plain["use_cases"]},
            items={row["key"]: Item(**_tuples(row)) for row in plain["items"]},
            environments={row["name"]: Environment(**_tuples(row)) for row in plain["environments"]},
            provider_modes={row["name"]: ProviderMode(**_tuples(row)) for row in plain["provider_modes"]},
        )


_FEW = 6
"""Names that are listed one by one."""


def _near(name: str, declared: Iterable[str]) -> str:
    return nearest(name, declared) or f" (declared are {', '.join(declared)})"


def _parts(use_case: UseCase, item: Item) -> tuple[str, ...]:
    return use_case.drills if item.proof == "drill" and use_case.drills else item.parts


def _like(usual: Requirement, use_case: str) -> Requirement:
    """Return the requirement of a use case that is as the usual one, whose id is that of none (``/1/staging``)."""
    return _requirement(f"{use_case}{usual.id}", use_case, *_after_the_names(usual))


_requirement = maker(Requirement)
_after_the_names = attrgetter(*[each.name for each in fields(Requirement)][2:])


def _tuples(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _tuple(inner) for key, inner in value.items()}
    return _tuple(value)


def _tuple(value: Any) -> Any:
    return tuple(_tuple(inner) for inner in value) if isinstance(value, (list, tuple)) else value
