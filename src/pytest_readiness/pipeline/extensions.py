"""Plugins: from the entry-point group ``pytest_readiness``, from ``plugins`` in the config, and in a session pytest's.

They are loaded by every command and by a session that records, never because pytest started.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import redirect_stdout
from dataclasses import replace
from functools import cached_property, partial
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import pluggy

from .. import hookspecs
from ..claims.register import PROOFS
from ..errors import ConfigError, one_line
from ..facts.proofs.values import ProofCheck
from ..fast_values import dataclass
from ..settings import Settings, key_location
from ..third_party import call_hook, class_name, describe_exception, is_failure, plain_text, safe_repr

GROUP = "pytest_readiness"
PREFIX = "pytest_readiness_"


class _Manager(pluggy.PluginManager):
    """Takes hooks by their name, as pytest's own manager does: a plugin needs no decorator."""

    def __init__(self) -> None:
        super().__init__("pytest")
        self.named_at: dict[str, str] = {}
        """Where a plugin is named, by its name."""

    def parse_hookimpl_opts(self, plugin: Any, name: str) -> pluggy.HookimplOpts | None:
        found = super().parse_hookimpl_opts(plugin, name)
        if found is None and name.startswith(PREFIX) and callable(getattr(plugin, name, None)):
            return {
                "wrapper": False,
                "hookwrapper": False,
                "optionalhook": False,
                "tryfirst": False,
                "trylast": False,
                "specname": None,
            }
        return found


@dataclass(frozen=True)
class Plugins:
    """What was loaded, and what was not."""

    managers: tuple[pluggy.PluginManager, ...] = ()
    loaded: pluggy.PluginManager | None = None
    """The one of them that holds what we have loaded."""
    problems: tuple[str, ...] = ()
    """Plugins that cannot be loaded, a line each: by their name, and where that is said."""
    requested_kinds: frozenset[str] = frozenset()
    """Proof kinds beside the built-in ones that the config names."""
    named_at: str = ""
    """Where the config names plugins, as a line begins with it."""

    @cached_property
    def kinds(self) -> Mapping[str, ProofCheck]:
        """The proof kinds that plugins bring, by name.

        Raises:
            ConfigError: a plugin cannot be loaded, or its kinds cannot be used.
        """
        self.check()
        with redirect_stdout(sys.stderr):
            return own_proofs(*self.managers)

    @property
    def unusable_reason(self) -> str | None:
        """Why plugins cannot be used, in a line, if so it is."""
        try:
            self.kinds  # noqa: B018 - asked for what it raises
        except ConfigError as error:
            return str(error)
        return None

    def check(self) -> None:
        """Say that a plugin cannot be loaded.

        Raises:
            ConfigError: so it is.
        """
        if self.problems:
            raise ConfigError("; ".join(self.problems))

    def redactors(self) -> list[Callable[[str], object]]:
        """Return the redactors that plugins bring.

        Raises:
            ConfigError: a plugin cannot be loaded: it might have been one that brings some.
        """
        self.check()
        return own_redactors(*self.managers)

    def simulations(self) -> list[pluggy.HookImpl]:
        """Return who says why a test was a simulation, but for pytest's own plugins: those are asked around it."""
        return list(reversed(self.loaded.hook.pytest_readiness_simulation.get_hookimpls())) if self.loaded else []


def every_kind(plugins: Plugins) -> Collection[str]:
    """Return the kinds that plugins bring, whether or not the config names one.

    Raises:
        ConfigError: a plugin cannot be loaded, or its kinds cannot be used.
    """
    return plugins.kinds


def kinds_if_requested(plugins: Plugins) -> Collection[str]:
    """Return them where the config names one.

    Raises:
        ConfigError: it does, and a plugin cannot be loaded, or its kinds cannot be used.
    """
    return plugins.kinds if plugins.requested_kinds else ()


def kinds_as_named(plugins: Plugins) -> Collection[str]:
    """Return them, and those that the config names, whether or not anybody brings them; nothing is raised."""
    return plugins.requested_kinds if plugins.unusable_reason else {*plugins.kinds, *plugins.requested_kinds}


def load_plugins(settings: Settings, *managers: pluggy.PluginManager) -> Plugins:
    """Load the plugins of the entry-point group and those that the config names; what they print is no answer of ours.

    Args:
        settings: what the config says.
        managers: plugins that are loaded already: pytest's own.
    """
    said = f"{key_location(settings, 'plugins')}: " if settings.plugins else ""
    with redirect_stdout(sys.stderr):
        found = load_named(settings.plugins, settings.folder, said, managers)
    asked = {kind for item in settings.items.values() for kind in _asked(item)}
    return replace(found, requested_kinds=frozenset(asked.difference(PROOFS)))


def load_named(names: Sequence[str], folder: Path, said: str, managers: Sequence[pluggy.PluginManager] = ()) -> Plugins:
    """Load the plugins of the entry-point group and the modules with these names, installed or in the folder.

    Args:
        names: of the modules.
        folder: the config's, where modules may be.
        said: where the names stand, for those that cannot be loaded.
        managers: plugins that are loaded already.
    """
    manager, problems = _Manager(), list[str]()
    manager.add_hookspecs(hookspecs)
    for entry in entry_points(group=GROUP):
        of = f" of {entry.dist.name}" if entry.dist is not None else ""
        where = one_line(f"entry point {entry.name} = {entry.value}{of}: ", 200)
        problems += _register(manager, entry.load, entry.name, where)
    if names and str(folder) not in sys.path:
        sys.path.append(str(folder))  # at the end: a module beside the config hides none that is installed
    for name in names:
        problems += _register(manager, partial(import_module, name), name, said)
    return Plugins((*managers, manager), manager, tuple(problems), named_at=said)


def _register(manager: _Manager, find: Callable[[], Any], name: str, said: str) -> list[str]:
    """Return what is wrong with a plugin, in a line."""
    manager.named_at.setdefault(name, said)
    try:
        plugin = find()
        if not manager.is_registered(plugin):  # an entry point that the config names too
            manager.register(plugin, name)
        manager.check_pending()
    except BaseException as error:
        if not is_failure(error):
            raise
        if (half := manager.get_plugin(name)) is not None:
            manager.unregister(half)
        return [f"{said}the plugin '{one_line(name, 100)}' cannot be loaded: {describe_exception(error)}"]
    return []


def own_proofs(*managers: pluggy.PluginManager) -> dict[str, ProofCheck]:
    """Return the proof kinds that plugins bring, by name.

    Raises:
        ConfigError: a plugin returns something else, or a kind that is there already; the message names the plugin,
            and where that is named.
    """
    found: dict[str, tuple[str, ProofCheck]] = {}
    for by, given, check in _brought(managers):
        if not isinstance(given, str) or not callable(check):
            pair = f"{safe_repr(given)}: {safe_repr(check)}"
            raise ConfigError(f"{by}: {_MUST}, and its dict holds {one_line(pair, 200)}")
        name = plain_text(given)
        told = f"{by} brings a proof '{one_line(name, 100)}'"
        if name in PROOFS:
            raise ConfigError(f"{told}, which is a built-in one: give it another name")
        first, other = found.setdefault(name, (by, check))
        if other is not check:
            raise ConfigError(f"{told}, and so does {first}: give one of them another name")
    return {name: check for name, (_, check) in found.items()}


_MUST = "pytest_readiness_proofs must return a dict of names and functions"


def _brought(managers: Sequence[pluggy.PluginManager]) -> Iterator[tuple[str, Any, Any]]:
    """Yield by whom, name and function of each kind."""
    for manager in managers:
        for hook in manager.hook.pytest_readiness_proofs.get_hookimpls():
            by = _named(manager, hook)
            try:
                kinds: Any = call_hook(hook)
            except BaseException as error:
                if not is_failure(error):
                    raise
                raise ConfigError(f"{by}: pytest_readiness_proofs failed: {describe_exception(error)}") from None
            try:
                found = [] if kinds is None else list(dict(kinds).items())
            except BaseException as error:
                if not is_failure(error):
                    raise
                raise ConfigError(f"{by}: {_MUST}, and returned a value of the kind {class_name(kinds)}") from None
            yield from ((by, name, check) for name, check in found)


def _named(manager: pluggy.PluginManager, hook: pluggy.HookImpl) -> str:
    """Return how a plugin is called, after where it is named."""
    said = getattr(manager, "named_at", {}).get(hook.plugin_name, "")
    return f"{said}the plugin '{one_line(hook.plugin_name, 200)}'"


def own_redactors(*managers: pluggy.PluginManager) -> list[Callable[[str], object]]:
    """Return the redactors that plugins bring, each to be given what the one before it left."""
    return [
        _OwnRedactor(_named(one, hook), hook)
        for one in managers
        for hook in reversed(one.hook.pytest_readiness_redact.get_hookimpls())
    ]


@dataclass(frozen=True, slots=True)
class _OwnRedactor:
    """A plugin's redactor, which can be told."""

    by: str
    """How the plugin is called, after where it is named."""
    hook: pluggy.HookImpl

    def __call__(self, text: str) -> object:
        return call_hook(self.hook, text=text)


def _asked(item: Any) -> tuple[str, ...]:
    return item.parts if item.proof == "part" else (item.proof,)
