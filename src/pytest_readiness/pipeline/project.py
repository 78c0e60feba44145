"""A project: the nearest config, its register, and the requirements in force."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Sequence
from fnmatch import fnmatchcase
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import asdict

from ..claims.catalogue import Catalogue
from ..claims.register import read_catalogue, tracker_of
from ..errors import ConfigError, StorageError, location
from ..facts.requirements_snapshot import Snapshot, take_snapshot
from ..journal.folder import find_leftovers, ignore_folder
from ..recording.provenance.relative_path import relative_path
from ..redaction.fingerprint_key import load_key
from ..settings import (
    GateSettings,
    ReviewSettings,
    Settings,
    default_settings,
    find_config,
    load_settings,
    override_settings,
)
from ..store.address import missing_store, open_store, sqlite_path
from ..store.protocol import DecisionStore, RegisterDecisions, Store
from .extensions import Plugins, every_kind, load_plugins

if TYPE_CHECKING:  # slow to import: loaded for an evaluation, a redaction or a recording
    from pluggy import PluginManager

    from ..claims.tracker.tracker_content import Tracker
    from ..redaction.redactor import Redactor
    from ..verdict.policy import Policy
    from .load_inputs import FactSources
    from .tracker_cache import UncachedTracker

HOME = ".readiness"
_LATER_KEYS = (("gate", "subject"), ("gate", "enforce"), ("review", "subject"))
"""Keys of later versions: at their default a snapshot omits them, so that its digest is the one it was."""
_DEFAULTS = {"gate": GateSettings(), "review": ReviewSettings()}


class Project(Struct, frozen=True, dict=True):
    """A project: its settings, its register and the requirements in force."""

    settings: Settings
    catalogue: Catalogue
    plugins: Plugins = Plugins()
    uncached: UncachedTracker | None = None
    """The tracker's content for the cache of recording sessions; None: it is there, or is not to be cached."""

    @property
    def journals(self) -> Path:
        """The folder of the journals."""
        return self.settings.folder / HOME / "journal"

    @property
    def artifacts(self) -> Path:
        """The folder of the artifacts."""
        return self.settings.folder / self.settings.artifacts

    @property
    def store_file(self) -> Path:
        """The file of the store.

        Raises:
            ConfigError: the store's address is invalid.
        """
        return sqlite_path(self.settings.store, self.settings.folder)

    @property
    def configured(self) -> bool:
        """Whether there is a config."""
        return self.settings.path is not None

    @property
    def missing_store(self) -> str:
        """The sentence that the store does not exist.

        Empty if it does, if a left-over journal is about to become it, or if neither a config nor a user names one.

        Raises:
            ConfigError: the store's address is invalid.
        """
        url = self.settings.store
        if not self.configured and url == default_settings(self.settings.folder).store:
            return ""
        try:
            if self.store_file.stat().st_size:
                return ""
        except OSError:
            pass
        return "" if any(self.journals.glob("*.jsonl")) else missing_store(url)

    @property
    def nothing_there(self) -> str:
        """The sentence that there is no store, or neither a config nor a store; empty if there is something to read.

        Raises:
            ConfigError: the store's address is invalid.
        """
        folder = self.settings.folder
        if self.configured or self.missing_store:
            return self.missing_store
        is_there = self.store_file.exists() or any(self.journals.glob("*.jsonl"))
        go = "run `readiness init`, or go to the folder of the project"
        return "" if is_there else f"there is neither a config in {location(folder)} or above nor a store: {go}"

    @property
    def plugin_problem(self) -> str | None:
        """The reason why plugins, or the proof kinds that the config needs, cannot be used; None if they can."""
        if self.plugins.unusable_reason or self.plugins.requested_kinds <= self.plugins.kinds.keys():
            return self.plugins.unusable_reason
        try:
            read_catalogue(self.settings, proofs=self.plugins.kinds)
        except ConfigError as error:
            return str(error)
        return None

    @cached_property
    def policy(self) -> Policy:
        """The policy of the gate."""
        from .load_inputs import policy_of  # late: recording needs no evaluation

        return policy_of(self._policy)

    @cached_property
    def _policy(self) -> dict[str, Any]:
        """The policy as plain data for a snapshot."""
        people = {name: list(person.also) for name, person in self.settings.people.items()}
        plain: dict[str, Any] = {"gate": asdict(self.settings.gate), "review": asdict(self.settings.review)}
        for table, key in _LATER_KEYS:
            if getattr(getattr(self.settings, table), key) == getattr(_DEFAULTS[table], key):
                del plain[table][key]
        keys = self._keys
        return {**plain, **({"people": people} if people else {}), **({"keys": keys} if keys else {})}

    @cached_property
    def _keys(self) -> dict[str, Any]:
        """The trusted keys as plain data, by name.

        Raises:
            ConfigError: the file of a key cannot be read, or is not a public key.
        """
        if not self.settings.keys:
            return {}
        from ..signing.keys import trusted_keys  # late: only with keys

        return trusted_keys(self.settings)

    @cached_property
    def redactor(self) -> Redactor:
        """The redactor for texts that a person enters."""
        from ..redaction.redactor import Redactor

        return Redactor(load_key(self.settings.folder / HOME), find_plugins=self.plugins.redactors)

    def declares(self, name: str) -> bool:
        """Return whether the config declares a name: of an environment, provider mode, part, drill or person."""
        if self.catalogue.declares(name) or name in self.settings.review.reviewers:
            return True
        return any(name == person or name in settings.also for person, settings in self.settings.people.items())

    @property
    def public_keys(self) -> tuple[str, ...]:
        """The trusted keys (SubjectPublicKeyInfo, base64)."""
        return tuple(key["public"] for key in self._keys.values())

    @cached_property
    def requirements(self) -> Snapshot:
        """The requirements in force."""
        return take_snapshot(self.catalogue, self._policy)

    def store(self, *, create: bool = False) -> Store | None:
        """Return the open store; None if it does not exist and is not to be created.

        Raises:
            StorageError: it cannot be read, or is not a store of this tool.
            ConfigError: its address is invalid.
        """
        return open_store(self.settings.store, self.settings.folder, create=create)

    def path_to(self, folder: Path) -> str:
        """Return the relative path from the config's folder to another; empty if it is the same.

        The path is part of test ids: two packages may have tests or commands with equal names.
        """
        return relative_path(folder, self.settings.folder)

    def decisions(self, store: DecisionStore | None) -> DecisionStore | None:
        """Return the place of decisions: the store (None if it does not exist), or a folder of the repository."""
        if self.settings.decisions == "store":
            return store
        from ..store.decision_files.folder import open_decisions  # late: it loads what asks git

        return open_decisions(self.settings.decisions, store, self.settings.folder, self.policy.people.is_same_person)

    def register_decisions(self, store: Store | None) -> RegisterDecisions:
        """Return the decisions of the register that count, and notes on the others. No journal is read.

        Raises:
            StorageError, IntegrityError: the store cannot be read, or a decision in it is not what was decided.
        """
        from ..signing.trust import TrustStore
        from .decision_sources import read_decisions

        trust = TrustStore.from_policy(self.policy)
        return read_decisions(self.decisions(store), store, self.settings.folder, self.catalogue.register, trust)

    def sources(self, store: Store | None) -> FactSources:
        """Return the sources of the register's facts.

        Raises:
            StorageError: the journals cannot be read.
        """
        from ..signing.trust import TrustStore
        from .load_inputs import FactSources

        leftovers, trust = find_leftovers(self.journals), TrustStore.from_policy(self.policy)
        return FactSources(
            self.catalogue.register, store, self.decisions(store), leftovers, self.settings.folder, trust
        )


def find_project(
    start: Path,
    *,
    config: str | None = None,
    store: str | None = None,
    artifacts: str | None = None,
    hooks: Sequence[PluginManager] = (),
    kinds: Callable[[Plugins], Collection[str]] = every_kind,
    use_cache: bool = False,
) -> Project:
    """Return the project of the config nearest to ``start``.

    Args:
        start: the folder in which the search for a config starts, upwards.
        config: the config; None means the value of ``READINESS_CONFIG``, else the nearest.
        store: the store; None means the value of ``READINESS_STORE``, else that of the config.
        artifacts: the folder of artifacts; None means the value of ``READINESS_ARTIFACTS``, else that of the config.
        hooks: plugins in addition to those of the entry-point group and the config: pytest's own.
        kinds: returns the proof kinds that the config may use. When evidence is recorded, it raises nothing: an
            unusable plugin must not prevent that, and ``plugins`` of the project reports it.
        use_cache: whether the tracker's content may come from the cache, if it is unchanged: for recording alone.

    Raises:
        ConfigError: the config, the tracker or a plugin cannot be used.
    """
    environ = os.environ
    config = config or environ.get("READINESS_CONFIG")
    path = Path(config) if config else find_config(start)
    settings = load_settings(path) if path is not None else default_settings(start)
    settings = override_settings(
        settings,
        store=store or environ.get("READINESS_STORE"),
        artifacts=artifacts or environ.get("READINESS_ARTIFACTS"),
    )
    plugins = load_plugins(settings, *hooks)
    tracker, uncached = _through_cache(settings) if use_cache else (None, None)
    return Project(settings, read_catalogue(settings, proofs=kinds(plugins), tracker=tracker), plugins, uncached)


def _through_cache(settings: Settings) -> tuple[Tracker | None, UncachedTracker | None]:
    """Return the content of the tracker, and the same for the cache, if it is new; None: it is not cached.

    Raises:
        ConfigError: the tracker cannot be read or has a problem.
    """
    from .tracker_cache import UncachedTracker, cache_path, load_tracker  # late: for recording alone

    folder = settings.folder / HOME / "cache"
    path = cache_path(folder, settings)
    if path is None or settings.tracker is None:
        return None, None
    if (tracker := load_tracker(path, settings.tracker)) is not None:
        return tracker, None
    tracker = tracker_of(settings)
    if tracker is None or path != cache_path(folder, settings):  # it changed meanwhile
        return tracker, None
    return tracker, UncachedTracker(path, tracker)


def writable_store(project: Project) -> Store:
    """Return the open store. It is created if necessary, in a folder that git ignores.

    Raises:
        StorageError: the store cannot be created or opened.
    """
    try:
        ignore_folder(project.settings.folder / HOME)
    except OSError as error:
        raise StorageError(f"{project.settings.folder / HOME}: cannot be created: {error.strerror}") from error
    store = project.store(create=True)
    assert store is not None  # noqa: S101 - for the type checker
    return store


def select_use_cases(
    catalogue: Catalogue, patterns: Sequence[str], removed: Collection[str] = ()
) -> tuple[str, ...] | None:
    """Return the use cases that match any of the patterns (glob); None, which means all, without a pattern.

    ``removed``: names without a row that a pattern may match instead.

    Raises:
        ConfigError: a pattern matches no use case.
    """
    if not patterns:
        return None
    if catalogue.open_world:
        return tuple(patterns)
    chosen: dict[str, None] = {}
    for pattern in patterns:
        names = [name for name in catalogue.use_cases if fnmatchcase(name.lower(), pattern.lower())]
        if not names and not any(fnmatchcase(name.lower(), pattern.lower()) for name in removed):
            hint = (
                f" ({catalogue.listed})" if any(sign in pattern for sign in "*?[") else catalogue.use_case_hint(pattern)
            )
            raise ConfigError(f"no use case in register '{catalogue.register}' matches '{pattern}'{hint}")
        chosen |= dict.fromkeys(names)
    return tuple(name for name in catalogue.use_cases if name in chosen)


def exact_pattern(name: str) -> str:
    """Return the glob that matches only this use case, for ``select_use_cases``."""
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in name)
