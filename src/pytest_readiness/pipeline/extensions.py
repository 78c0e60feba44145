"""Plugins: from the entry-point group ``pytest_readiness``, from ``plugins`` in the config, and in a session pytest's.

They are loaded where something asks for them, never because pytest started.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Iterator, Sequence
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import pluggy

from .. import hookspecs
from ..claims.register import PROOFS
from ..errors import ConfigError, one_line
from ..facts.proofs import ProofCheck
from ..settings import Settings

GROUP = "pytest_readiness"
PREFIX = "pytest_readiness_"


class _Manager(pluggy.PluginManager):
    """Takes hooks by their name, as pytest's own manager does: a plugin needs no decorator."""

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


def load_plugins(settings: Settings) -> pluggy.PluginManager:
    """Return the plugins of the entry-point group and those that the config names.

    Raises:
        ConfigError: one of them cannot be loaded, or implements no hook that exists.
    """
    return load_named(settings.plugins, settings.folder)


def load_named(names: Sequence[str], folder: Path) -> pluggy.PluginManager:
    """Return the plugins of the entry-point group and the modules with these names, installed or in the folder.

    Raises:
        ConfigError: one of them cannot be loaded, or implements no hook that exists.
    """
    manager = _Manager("pytest")
    manager.add_hookspecs(hookspecs)
    for entry in entry_points(group=GROUP):
        _register(manager, entry.load, entry.name)
    if names and str(folder) not in sys.path:
        sys.path.append(str(folder))  # at the end: a module beside the config hides none that is installed
    for name in names:
        _register(manager, lambda name=name: import_module(name), name)
    return manager


def _register(manager: pluggy.PluginManager, find: Any, name: str) -> None:
    try:
        plugin = find()
        if not manager.is_registered(plugin):  # an entry point that the config names too
            manager.register(plugin, name)
        manager.check_pending()
    except Exception as error:  # whatever a plugin's own code raises
        told = one_line(f"{type(error).__name__}: {error}", 300)
        raise ConfigError(f"the plugin '{one_line(name, 100)}' cannot be loaded: {told}") from error


def own_proofs(*managers: pluggy.PluginManager) -> dict[str, ProofCheck]:
    """Return the proof kinds that plugins bring, by name.

    Raises:
        ConfigError: a plugin returns something else, or two bring a kind of the same name.
    """
    found: dict[str, ProofCheck] = {}
    for name, check in _brought(managers):
        if not isinstance(name, str) or not callable(check):
            raise ConfigError("pytest_readiness_proofs must return a dict of names and functions")
        if name in PROOFS:
            raise ConfigError(f"a plugin brings a proof '{name}', which is a built-in one: give it another name")
        if found.setdefault(name, check) is not check:
            raise ConfigError(f"two plugins bring a proof '{one_line(name, 100)}': one of them must go")
    return found


def _brought(managers: Sequence[pluggy.PluginManager]) -> Iterator[tuple[Any, Any]]:
    for manager in managers:
        for kinds in manager.hook.pytest_readiness_proofs():
            try:
                yield from dict(kinds).items()
            except (TypeError, ValueError):
                yield None, None


def own_redactors(*managers: pluggy.PluginManager) -> list[Callable[[str], object]]:
    """Return the redactors that plugins bring, each to be given what the one before it left."""
    return [
        _redactor(found) for one in managers for found in reversed(one.hook.pytest_readiness_redact.get_hookimpls())
    ]


def _redactor(found: pluggy.HookImpl) -> Callable[[str], object]:
    def redact(text: str) -> object:
        if found.wrapper or found.hookwrapper:
            raise TypeError("pytest_readiness_redact can be no wrapper")
        return found.function(*[{"text": text}[name] for name in found.argnames])

    return redact


def proof_kinds(settings: Settings, *managers: pluggy.PluginManager) -> Collection[str]:
    """Return the kinds beside the built-in ones; none, and nothing is loaded, where the config asks for no other.

    Raises:
        ConfigError: a plugin cannot be loaded, or its kinds cannot be used.
    """
    asked = {kind for item in settings.items.values() for kind in _asked(item)}
    return own_proofs(*managers, load_plugins(settings)) if asked.difference(PROOFS) else ()


def _asked(item: Any) -> tuple[str, ...]:
    return item.parts if item.proof == "part" else (item.proof,)
