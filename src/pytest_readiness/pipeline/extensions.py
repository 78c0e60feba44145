"""Plugins from the entry-point group ``pytest_readiness``, from the config, and from pytest.

Every command looks for them, and every session that records. Starting pytest alone does not.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import redirect_stdout
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from ..claims.catalogue import PROOFS
from ..errors import ConfigError
from ..settings import Settings, key_location
from .installed_plugins import find_entry_points
from .plugin_hooks import own_proofs, own_redactors

if TYPE_CHECKING:  # loaded with a plugin, and most projects have none
    import pluggy

    from ..facts.proofs.values import ProofCheck


class Plugins(Struct, frozen=True, dict=True):
    """The loaded plugins, and the problems of others."""

    managers: tuple[pluggy.PluginManager, ...] = ()
    loaded: pluggy.PluginManager | None = None
    """The manager with the plugins that were loaded here."""
    problems: tuple[str, ...] = ()
    """A message for each plugin that cannot be loaded, with its name and the place that names it."""
    requested_kinds: frozenset[str] = frozenset()
    """Proof kinds in the config that are not built in."""
    named_at: str = ""
    """The place in the config that names plugins, as the beginning of a message."""

    @cached_property
    def kinds(self) -> Mapping[str, ProofCheck]:
        """The proof kinds of plugins, by name.

        Raises:
            ConfigError: a plugin cannot be loaded, or its kinds are invalid.
        """
        self.check()
        with redirect_stdout(sys.stderr):
            return own_proofs(*self.managers)

    @property
    def unusable_reason(self) -> str | None:
        """The reason why plugins cannot be used, in one line; None if they can."""
        try:
            self.kinds  # noqa: B018 - the property may raise an error
        except ConfigError as error:
            return str(error)
        return None

    def check(self) -> None:
        """Raise an error if a plugin cannot be loaded.

        Raises:
            ConfigError: a plugin cannot be loaded.
        """
        if self.problems:
            raise ConfigError("; ".join(self.problems))

    def redactors(self) -> list[Callable[[str], object]]:
        """Return the redactors of plugins.

        Raises:
            ConfigError: a plugin cannot be loaded, which might have a redactor.
        """
        self.check()
        return own_redactors(*self.managers)

    def simulations(self) -> list[pluggy.HookImpl]:
        """Return the hooks that report a simulation, except those of pytest's plugins, which are called separately."""
        return list(reversed(self.loaded.hook.pytest_readiness_simulation.get_hookimpls())) if self.loaded else []


def every_kind(plugins: Plugins) -> Collection[str]:
    """Return the proof kinds of plugins, whether or not the config names one.

    Raises:
        ConfigError: a plugin cannot be loaded, or its kinds are invalid.
    """
    return plugins.kinds


def kinds_if_requested(plugins: Plugins) -> Collection[str]:
    """Return the proof kinds of plugins if the config names one.

    Raises:
        ConfigError: the config names one, and a plugin cannot be loaded or its kinds are invalid.
    """
    return plugins.kinds if plugins.requested_kinds else ()


def kinds_as_named(plugins: Plugins) -> Collection[str]:
    """Return the proof kinds of plugins and of the config, whether or not a plugin defines them. Nothing is raised."""
    return plugins.requested_kinds if plugins.unusable_reason else {*plugins.kinds, *plugins.requested_kinds}


def load_plugins(settings: Settings, *managers: pluggy.PluginManager) -> Plugins:
    """Load the plugins of the entry-point group and of the config. Their output goes to standard error.

    Args:
        settings: the settings of the config.
        managers: managers of loaded plugins: pytest's own.
    """
    named_at = f"{key_location(settings, 'plugins')}: " if settings.plugins else ""
    with redirect_stdout(sys.stderr):
        plugins = load_named(settings.plugins, settings.folder, named_at, managers)
    return replace(plugins, requested_kinds=named_kinds(settings))


def named_kinds(settings: Settings) -> frozenset[str]:
    """Return the proof kinds that the items of a config ask for and that only a plugin can define."""
    kinds = {kind for item in settings.items.values() for kind in _named_kinds(item)}
    return frozenset(kinds.difference(PROOFS))


def _named_kinds(item: Any) -> tuple[str, ...]:
    return item.parts if item.proof == "part" else (item.proof,)


def load_named(
    names: Sequence[str], folder: Path, named_at: str, managers: Sequence[pluggy.PluginManager] = ()
) -> Plugins:
    """Load the plugins of the entry-point group and the modules with these names, installed or in the folder.

    Args:
        names: the names of the modules.
        folder: the folder of the config, which may contain modules.
        named_at: the place with the names, for messages.
        managers: managers of loaded plugins.
    """
    entries = find_entry_points()
    if not (names or managers or entries):
        return Plugins()
    from .plugin_manager import (
        load_manager,  # late: it loads pluggy and what hooks get, and most commands find no plugin
    )

    manager, problems = load_manager(entries, names, folder, named_at)
    return Plugins((*managers, manager), manager, problems, named_at=named_at)
