"""Where a session or a command is: the nearest config, the register, and the requirements in force."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Sequence
from fnmatch import fnmatchcase
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pluggy import PluginManager

from ..claims.catalogue import Catalogue
from ..claims.register import read_catalogue
from ..errors import ConfigError
from ..facts.snapshot import Snapshot, snapshot
from ..frozen import dataclass
from ..journal.key import load_key
from ..journal.recovery import leftovers
from ..journal.ways import way_to
from ..settings import Settings, find, load, override, without_config
from ..store.address import open_store, sqlite_path
from ..store.port import DecisionHome, Store
from .extensions import Plugins, every_kind, load_plugins

if TYPE_CHECKING:  # these are heavy: loaded where something is judged, or said
    from ..journal.redaction import Redactor
    from ..verdict.policy import Policy
    from .gathering import Sources

HOME = ".readiness"


@dataclass(frozen=True)
class Place:
    """Where a session or a command is: its config, its register and the requirements in force."""

    settings: Settings
    catalogue: Catalogue
    plugins: Plugins = Plugins()

    @property
    def journals(self) -> Path:
        """Folder of the journals."""
        return self.settings.folder / HOME / "journal"

    @property
    def artifacts(self) -> Path:
        """Folder of the artifacts."""
        return self.settings.folder / self.settings.artifacts

    @property
    def store_file(self) -> Path:
        """Where evidence is kept.

        Raises:
            ConfigError: the store's address cannot be used.
        """
        return sqlite_path(self.settings.store, self.settings.folder)

    @property
    def configured(self) -> bool:
        """A config was found."""
        return self.settings.path is not None

    @property
    def trouble(self) -> str | None:
        """Why plugins, or the kinds of proof that the config asks them for, cannot be used, if so it is."""
        if self.plugins.trouble or self.plugins.asked <= self.plugins.kinds.keys():
            return self.plugins.trouble
        try:
            read_catalogue(self.settings, proofs=self.plugins.kinds)
        except ConfigError as error:
            return str(error)
        return None

    @cached_property
    def policy(self) -> Policy:
        """What the gate asks for."""
        from .gathering import policy_of  # late, as in ``sources``: who only records does not judge

        return policy_of(self._policy)

    @cached_property
    def _policy(self) -> dict[str, Any]:
        """The policy as plain data, as a snapshot holds it."""
        people = {name: list(person.also) for name, person in self.settings.people.items()}
        plain = {"gate": self.settings.gate.model_dump(), "review": self.settings.review.model_dump()}
        keys = self._keys
        return {**plain, **({"people": people} if people else {}), **({"keys": keys} if keys else {})}

    @cached_property
    def _keys(self) -> dict[str, Any]:
        """The trusted keys as plain data, by name.

        Raises:
            ConfigError: the file of one cannot be read or holds no public key.
        """
        if not self.settings.keys:
            return {}
        from .keys import trusted_keys  # only where there are any

        return trusted_keys(self.settings)

    @cached_property
    def redactor(self) -> Redactor:
        """Takes secrets out of what a person says here."""
        from ..journal.redaction import Redactor

        return Redactor(load_key(self.settings.folder / HOME), own=self.plugins.redactors)

    def declares(self, name: str) -> bool:
        """Return whether the config declares a name: of an environment, provider mode, part, drill or person."""
        if self.catalogue.declares(name) or name in self.settings.review.reviewers:
            return True
        return any(name == person or name in known.also for person, known in self.settings.people.items())

    @property
    def public_keys(self) -> tuple[str, ...]:
        """The trusted keys (SubjectPublicKeyInfo, base64)."""
        return tuple(key["public"] for key in self._keys.values())

    @cached_property
    def requirements(self) -> Snapshot:
        """The requirements in force."""
        return snapshot(self.catalogue, self._policy)

    def store(self, *, create: bool = False) -> Store | None:
        """Open the store; None where there is none yet and none is to be made.

        Raises:
            StorageError: it cannot be read, or is no store of ours.
            ConfigError: its address cannot be used.
        """
        return open_store(self.settings.store, self.settings.folder, create=create)

    def way_to(self, folder: Path) -> str:
        """Return the way from the config's folder to another; empty: it is the same.

        What runs there is named with it: two packages may each have a test, or a command, of the same name.
        """
        return way_to(folder, self.settings.folder)

    def decisions(self, store: Store | None) -> DecisionHome | None:
        """Return where decisions live: the store (None where there is none yet), or a folder of the repository."""
        from ..store.folder import open_decisions

        return open_decisions(self.settings.decisions, store, self.settings.folder, self.policy.people.same)

    def sources(self, store: Store | None) -> Sources:
        """Return where the facts of the register are.

        Raises:
            StorageError: the journals cannot be read.
        """
        from .gathering import Sources
        from .trust import Trust

        left, trust = leftovers(self.journals), Trust.of(self.policy)
        return Sources(self.catalogue.register, store, self.decisions(store), left, self.settings.folder, trust)


def locate(
    start: Path,
    *,
    config: str | None = None,
    store: str | None = None,
    artifacts: str | None = None,
    hooks: Sequence[PluginManager] = (),
    kinds: Callable[[Plugins], Collection[str]] = every_kind,
) -> Place:
    """Return the place that the config nearest to ``start`` describes.

    Args:
        start: where to look for a config, upward.
        config: the config to use; None: what ``READINESS_CONFIG`` says, else the nearest.
        store: the store to use; None: what ``READINESS_STORE`` says, else the config's.
        artifacts: where artifacts are; None: the same.
        hooks: plugins beside those of the entry-point group and of the config: pytest's own.
        kinds: returns the proof kinds that the config may name. Where evidence is about to be recorded, it raises
            nothing: a plugin that cannot be used costs none, and is told from ``plugins`` of the place.

    Raises:
        ConfigError: the config, the tracker or a plugin cannot be used.
    """
    environ = os.environ
    config = config or environ.get("READINESS_CONFIG")
    path = Path(config) if config else find(start)
    settings = load(path) if path is not None else without_config(start)
    settings = override(
        settings,
        store=store or environ.get("READINESS_STORE"),
        artifacts=artifacts or environ.get("READINESS_ARTIFACTS"),
    )
    plugins = load_plugins(settings, *hooks)
    return Place(settings, read_catalogue(settings, proofs=kinds(plugins)), plugins)


def select(catalogue: Catalogue, patterns: Sequence[str], gone: Collection[str] = ()) -> tuple[str, ...] | None:
    """Return the use cases that match any of the patterns (glob); None, meaning all, where there is no pattern.

    ``gone``: names without a row that a pattern may match instead.

    Raises:
        ConfigError: a pattern matches no use case.
    """
    if not patterns:
        return None
    if catalogue.open_world:
        return tuple(patterns)
    chosen: dict[str, None] = {}
    for pattern in patterns:
        found = [name for name in catalogue.use_cases if fnmatchcase(name.lower(), pattern.lower())]
        if not found and not any(fnmatchcase(name.lower(), pattern.lower()) for name in gone):
            told = "" if any(sign in pattern for sign in "*?[") else catalogue.near_use_case(pattern)
            raise ConfigError(f"no use case in register '{catalogue.register}' matches '{pattern}'{told}")
        chosen |= dict.fromkeys(found)
    return tuple(name for name in catalogue.use_cases if name in chosen)
