"""The catalogue of use cases, items and scopes, and the requirements derived from them.

A catalogue is plain frozen data: an xdist worker gets it from the controller and reads no file.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Any

from msgspec import Struct, field
from msgspec.structs import asdict, replace

from ..errors import ClaimError, suggestion
from .claim import Claim

ENVIRONMENT = "environment"
PROVIDER_MODE = "provider_mode"
SCOPES = (ENVIRONMENT, PROVIDER_MODE)
REPLAY_MODES = ("FULL", "TRACE_ONLY")
NO_REAL_ENVIRONMENT = "no real environment is declared: add [environments.NAME] real = true to the config"
"""Why everything is a rehearsal; stored with the evidence."""
NO_ENVIRONMENT = "the run states no environment: give --readiness-environment, READINESS_ENVIRONMENT or scope()"
"""Why evidence without an environment is a rehearsal; stored with the evidence."""
PROOF_OF_PART = "part"
"""Proof of an item whose parts each need the proof of the same name (rotation, revocation)."""
RECORDED_PROOFS = (
    "credential",
    "handshake",
    "attestation",
    "trace",
    "replay",
    "rotation",
    "revocation",
    "drill",
    "receipt",
)
"""Built-in kinds of proof that a test records; plugins add their own."""
PROOFS = ("none", PROOF_OF_PART, *RECORDED_PROOFS)
"""Built-in kinds of proof that an item may ask for."""


class Item(Struct, frozen=True):
    """One numbered kind of evidence that each use case needs."""

    key: str
    """Number or name, as ``item=`` in a marker has it."""
    title: str
    """The required evidence in a sentence."""
    scope: tuple[str, ...] = ()
    """Scopes it is required for: ``environment``, ``provider_mode`` or both; empty: once."""
    parts: tuple[str, ...] = ()
    """Named parts that each need evidence, such as ``rotation`` and ``revocation``."""
    proof: str = "none"
    """Kind of proof that makes a pass COMPLETE; ``none``: a real pass is enough; ``part``: the proof named as it."""
    max_age_days: int | None = None
    """Age in days at which a pass is STALE; None: never."""
    name: str | None = None
    """Short name of a built-in meaning (``trace``); also accepted by ``item=``."""
    connection: str = "none"
    """``seen``: a pass counts only if a connection to an endpoint of its environment was recorded."""


class Environment(Struct, frozen=True):
    """A declared environment."""

    name: str
    real: bool
    """Whether evidence from it counts."""
    endpoints: tuple[str, ...] = ()
    """Hosts and networks that belong to it."""


class ProviderMode(Struct, frozen=True):
    """A declared provider mode, such as BYOK."""

    name: str
    title: str = ""
    real: bool = True


class UseCase(Struct, frozen=True):
    """A row of the register."""

    id: str
    title: str = ""
    owner: str = ""
    architecture_status: str = ""
    """Shown with the readiness; never contributes to it."""
    declared_status: str = ""
    """The status in the tracker's row, as one of the four statuses (see ``[statuses]``); compared, never trusted."""
    declared_also: tuple[str, ...] = ()
    """The other statuses that the row's text may mean: an empty box means several."""
    declared_in: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """(environment, statuses that its cell may mean) for each status column of one environment; empty: no status."""
    last_updated: str = ""
    notes: str = ""
    line: int | None = None
    """Line of the row in the tracker, from 1."""
    environments: tuple[str, ...] | None = None
    """Environments it needs evidence from; None: each declared real one."""
    provider_modes: tuple[str, ...] | None = None
    """Provider modes it needs evidence for; None: each declared real one."""
    drills: tuple[str, ...] = ()
    """Names of the failure drills it requires."""
    not_applicable: tuple[tuple[str, str], ...] = ()
    """(item key or end of a requirement id such as ``6/rotation``, reason)."""


class Requirement(Struct, frozen=True):
    """The smallest unit that has evidence or not: use case x item x scope."""

    id: str
    """``UC-003/2/staging``."""
    use_case: str
    item: str
    environment: str | None = None
    """Environment it needs evidence from; None: any real one."""
    provider_mode: str | None = None
    part: str | None = None
    proof: str = "none"
    max_age_days: int | None = None
    any_provider_mode: bool = False
    """The item is scoped by provider mode and none is declared: any stated mode satisfies it."""
    undeclared_environment: bool = False
    """The item is scoped by environment and no real one is declared: nothing can satisfy it yet."""
    not_applicable: str | None = None
    """Reason why it is not required; None: it is required."""


class Catalogue(Struct, frozen=True, dict=True):
    """The names that a marker may use, and the requirements of each use case."""

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
    def checks_connections(self) -> bool:
        """Whether the connections of tests are checked: an environment declares endpoints, or an item requires them."""
        return any(environment.endpoints for environment in self.environments.values()) or any(
            item.connection != "none" for item in self.items.values()
        )

    @cached_property
    def items_requiring_connection(self) -> frozenset[str]:
        """Keys of the items that require a connection."""
        return frozenset(key for key, item in self.items.items() if item.connection == "seen")

    @cached_property
    def longest_max_age_days(self) -> int | None:
        """The longest max age of the items in days; None: none of them has one."""
        return max((item.max_age_days for item in self.items.values() if item.max_age_days is not None), default=None)

    def declares(self, name: str) -> bool:
        """Return whether a name is that of an environment, a provider mode, a part or a drill."""
        return name in self._names

    @cached_property
    def _names(self) -> frozenset[str]:
        parts = (name for item in self.items.values() for name in item.parts)
        drills = (name for use_case in self.use_cases.values() for name in use_case.drills)
        return frozenset((*self.environments, *self.provider_modes, *parts, *drills))

    def requirements(self, use_case_id: str) -> tuple[Requirement, ...]:
        """Return the requirements of a use case, in the order of the items.

        Raises:
            ClaimError: there is no such use case.
        """
        use_case = self.use_case(use_case_id)
        is_changed = use_case.drills or use_case.not_applicable
        if not is_changed and use_case.environments is None and use_case.provider_modes is None:
            return tuple([_copy_for(use_case.id, requirement) for requirement in self._default_requirements])
        return self._derived_requirements(use_case)

    @cached_property
    def _default_requirements(self) -> tuple[Requirement, ...]:
        """The requirements of each use case for which the config sets nothing of its own."""
        return self._derived_requirements(UseCase(id=""))

    def _derived_requirements(self, use_case: UseCase) -> tuple[Requirement, ...]:
        return tuple([derived for item in self.items.values() for derived in self._requirements_of(use_case, item)])

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
        use_case = self.use_cases.get(name) or self.use_cases.get(self._use_case_names.get(name.lower(), ""))
        if use_case is not None:
            return use_case
        if self.open_world:
            return UseCase(id=name)
        raise ClaimError(f"no use case '{name}'{self.use_case_hint(name)}")

    def use_case_hint(self, name: str) -> str:
        """Return the end of an error about an unknown use case: the nearest id, else the existing ones."""
        if any(character in name for character in "*?["):
            return " (this must be an id, not a pattern)"
        return suggestion(name, self.use_cases) or (f" ({self.listed})" if self.use_cases else "")

    @property
    def listed(self) -> str:
        """The use cases in a few words: ``there are UC-001, UC-002``, or the first and the last."""
        ids = list(self.use_cases)
        if not ids:
            return "there is none"
        existing = ", ".join(ids) if len(ids) <= _LISTED_NAMES else f"{ids[0]} to {ids[-1]}, {len(ids)} in all"
        return f"there {'is' if len(ids) == 1 else 'are'} {existing}"

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
        raise ClaimError(f"no item '{name}'{suggestion(name, self._item_names) or self._items_hint()}")

    def _items_hint(self) -> str:
        return f" (items are {', '.join(self.items)})" if self.items else ""

    def check_environment(self, name: str) -> None:
        """Raise ClaimError if environments are declared and ``name`` is none of them."""
        if self.environments and name not in self.environments:
            raise ClaimError(f"no environment '{name}'{_name_hint(name, self.environments)}")

    def check_provider_mode(self, name: str) -> None:
        """Raise ClaimError if provider modes are declared and ``name`` is none of them."""
        if self.provider_modes and name not in self.provider_modes:
            raise ClaimError(f"no provider mode '{name}'{_name_hint(name, self.provider_modes)}")

    def parts(self, use_case_id: str, item_key: str) -> tuple[str, ...]:
        """Return the named parts (or drills) of an item of a use case; empty: it has none."""
        return _parts(self.use_case(use_case_id), self.item(item_key))

    def check_part(self, use_case: UseCase, item: Item, part: str) -> None:
        """Raise ClaimError if the item of this use case has named parts and ``part`` is none of them."""
        parts = self.parts(use_case.id, item.key)
        if part not in parts and (parts or item.proof != "drill") and not self.open_world:
            hint = suggestion(part, parts) or (f" (parts are {', '.join(parts)})" if parts else " (it has no parts)")
            raise ClaimError(f"item {item.key} of {use_case.id} has no part '{part}'{hint}")

    def resolve(self, claim: Claim) -> Claim:
        """Return the claim with its names spelled as in the register.

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
        """Return why evidence from this environment and provider mode is a rehearsal; None: it is real.

        The texts are stored with the evidence.
        """
        if not any(declared.real for declared in self.environments.values()):
            return NO_REAL_ENVIRONMENT
        if environment is None:
            return NO_ENVIRONMENT
        declared = self.environments.get(environment)
        if declared is None or not declared.real:
            return f"environment '{environment}' is not declared real"
        mode = self.provider_modes.get(provider_mode) if provider_mode is not None else None
        if provider_mode is not None and self.provider_modes and (mode is None or not mode.real):
            return f"provider mode '{provider_mode}' is not declared real"
        return None

    def to_plain(self) -> dict[str, Any]:
        """Return the catalogue as plain data (dicts, lists, texts, numbers), for an xdist worker."""
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
        """Return the catalogue from the data of ``to_plain``; lists become tuples again."""
        return cls(
            register=plain["register"],
            open_world=plain["open_world"],
            use_cases={row["id"]: UseCase(**_tuples(row)) for row in plain["use_cases"]},
            items={row["key"]: Item(**_tuples(row)) for row in plain["items"]},
            environments={row["name"]: Environment(**_tuples(row)) for row in plain["environments"]},
            provider_modes={row["name"]: ProviderMode(**_tuples(row)) for row in plain["provider_modes"]},
        )


_LISTED_NAMES = 6
"""Maximum number of names that a message lists one by one."""


def _name_hint(name: str, declared: Iterable[str]) -> str:
    return suggestion(name, declared) or f" (declared are {', '.join(declared)})"


def _parts(use_case: UseCase, item: Item) -> tuple[str, ...]:
    return use_case.drills if item.proof == "drill" and use_case.drills else item.parts


def _copy_for(use_case: str, default: Requirement) -> Requirement:
    """Return a default requirement, whose id has no use case yet (``/1/staging``), for a use case."""
    return replace(default, id=f"{use_case}{default.id}", use_case=use_case)


def _tuples(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _tuple(inner) for key, inner in value.items()}
    return _tuple(value)


def _tuple(value: Any) -> Any:
    return tuple(_tuple(inner) for inner in value) if isinstance(value, (list, tuple)) else value
