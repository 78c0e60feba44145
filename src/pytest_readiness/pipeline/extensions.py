"""Plugins from the entry-point group ``pytest_readiness``, from the config, and from pytest.

Every command loads them, and every session that records. Starting pytest alone does not.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import redirect_stdout
from copy import deepcopy
from functools import cached_property, partial
from importlib import import_module
from pathlib import Path
from typing import Any

import pluggy
from msgspec import Struct
from msgspec.structs import replace

from .. import hookspecs
from ..claims.catalogue import PROOFS
from ..errors import ConfigError, one_line
from ..facts.proofs.values import ProofCheck
from ..settings import Settings, key_location
from ..third_party import call_hook, class_name, describe_exception, is_failure, plain_text, safe_repr
from .installed_plugins import find_entry_points

PREFIX = "pytest_readiness_"


class _PluginManager(pluggy.PluginManager):
    """Plugin manager that finds hooks by their name, as pytest's does: a plugin needs no decorator."""

    def __init__(self) -> None:
        super().__init__("pytest")
        self.named_at: dict[str, str] = {}
        """The place that names a plugin, by the plugin's name."""

    def parse_hookimpl_opts(self, plugin: Any, name: str) -> pluggy.HookimplOpts | None:
        options = super().parse_hookimpl_opts(plugin, name)
        if options is None and name.startswith(PREFIX) and callable(getattr(plugin, name, None)):
            return {
                "wrapper": False,
                "hookwrapper": False,
                "optionalhook": False,
                "tryfirst": False,
                "trylast": False,
                "specname": None,
            }
        return options


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
    manager, problems = _PluginManager(), list[str]()
    manager.add_hookspecs(hookspecs)
    for entry in find_entry_points():
        distribution = f" of {entry.dist.name}" if entry.dist is not None else ""
        entry_place = one_line(f"entry point {entry.name} = {entry.value}{distribution}: ", 200)
        problems += _register(manager, entry.load, entry.name, entry_place)
    if names and str(folder) not in sys.path:
        sys.path.append(str(folder))  # at the end: installed modules come first
    for name in names:
        problems += _register(manager, partial(import_module, name), name, named_at)
    return Plugins((*managers, manager), manager, tuple(problems), named_at=named_at)


def _register(manager: _PluginManager, find: Callable[[], Any], name: str, named_at: str) -> list[str]:
    """Register a plugin, and return messages about its problems."""
    manager.named_at.setdefault(name, named_at)
    try:
        plugin = find()
        if not manager.is_registered(plugin):  # the config may name an entry point too
            manager.register(plugin, name)
        manager.check_pending()
    except BaseException as error:
        if not is_failure(error):
            raise
        if (partly_registered := manager.get_plugin(name)) is not None:
            manager.unregister(partly_registered)
        return [f"{named_at}the plugin '{one_line(name, 100)}' cannot be loaded: {describe_exception(error)}"]
    return []


def own_proofs(*managers: pluggy.PluginManager) -> dict[str, ProofCheck]:
    """Return the proof kinds of plugins, by name.

    Raises:
        ConfigError: a plugin returns something else, or a kind that exists already. The message has the plugin's name
            and the place that names it.
    """
    kinds: dict[str, tuple[str, ProofCheck]] = {}
    for plugin, kind, check in _defined_kinds(managers):
        if not isinstance(kind, str) or not callable(check):
            pair = f"{safe_repr(kind)}: {safe_repr(check)}"
            raise ConfigError(f"{plugin}: {_RETURN_RULE}, and its dict holds {one_line(pair, 200)}")
        name = plain_text(kind)
        defined = f"{plugin} brings a proof '{one_line(name, 100)}'"
        if name in PROOFS:
            raise ConfigError(f"{defined}, which is a built-in one: give it another name")
        first, other = kinds.setdefault(name, (plugin, check))
        if other is not check:
            raise ConfigError(f"{defined}, and so does {first}: give one of them another name")
    return {name: check for name, (_, check) in kinds.items()}


_RETURN_RULE = "pytest_readiness_proofs must return a dict of names and functions"


def _defined_kinds(managers: Sequence[pluggy.PluginManager]) -> Iterator[tuple[str, Any, Any]]:
    """Yield the plugin, the name and the function of each proof kind."""
    for manager in managers:
        for hook in manager.hook.pytest_readiness_proofs.get_hookimpls():
            plugin = _plugin_text(manager, hook)
            try:
                kinds: Any = call_hook(hook)
            except BaseException as error:
                if not is_failure(error):
                    raise
                raise ConfigError(f"{plugin}: pytest_readiness_proofs failed: {describe_exception(error)}") from None
            try:
                pairs = [] if kinds is None else list(dict(kinds).items())
            except BaseException as error:
                if not is_failure(error):
                    raise
                raise ConfigError(
                    f"{plugin}: {_RETURN_RULE}, and returned a value of the kind {class_name(kinds)}"
                ) from None
            yield from ((plugin, name, check) for name, check in pairs)


def _plugin_text(manager: pluggy.PluginManager, hook: pluggy.HookImpl) -> str:
    """Return a text with the plugin's name, after the place that names it."""
    named_at = getattr(manager, "named_at", {}).get(hook.plugin_name, "")
    return f"{named_at}the plugin '{one_line(hook.plugin_name, 200)}'"


def own_redactors(*managers: pluggy.PluginManager) -> list[Callable[[str], object]]:
    """Return the redactors of plugins, in the order in which they are applied."""
    return [
        _OwnRedactor(_plugin_text(manager, hook), hook)
        for manager in managers
        for hook in reversed(manager.hook.pytest_readiness_redact.get_hookimpls())
    ]


class _OwnRedactor(Struct, frozen=True):
    """A plugin's redactor, with a text for messages."""

    by: str
    """The plugin's name, after the place that names it."""
    hook: pluggy.HookImpl

    def __call__(self, text: str) -> object:
        return call_hook(self.hook, text=text)


def _named_kinds(item: Any) -> tuple[str, ...]:
    return item.parts if item.proof == "part" else (item.proof,)


def render_own(plugins: Plugins, document: Mapping[str, Any], name: str) -> str | None:
    """Return the report in a plugin's format; None: no plugin has it.

    Args:
        plugins: the plugins.
        document: the document of the JSON report.
        name: the name of the format.

    Raises:
        ConfigError: the plugin fails, or returns something else than a text.
    """
    for manager in plugins.managers:
        for hook in reversed(manager.hook.pytest_readiness_render.get_hookimpls()):
            plugin = f"{_plugin_text(manager, hook)}: pytest_readiness_render"
            try:
                with redirect_stdout(sys.stderr):
                    text: Any = call_hook(hook, report=deepcopy(document), format=name)
            except BaseException as error:
                if not is_failure(error):
                    raise
                raise ConfigError(f"{plugin} failed: {describe_exception(error)}") from None
            if isinstance(text, str):
                return plain_text(text)
            if text is not None:
                raise ConfigError(f"{plugin} must return a text or None, not a value of the kind {class_name(text)}")
    return None
