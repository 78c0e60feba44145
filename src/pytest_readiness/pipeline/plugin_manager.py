"""Loader of plugins: it registers them with pluggy, as pytest does."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pluggy

from .. import hookspecs
from ..errors import one_line
from ..third_party import describe_exception, is_failure

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

PREFIX = "pytest_readiness_"


class HookManager(pluggy.PluginManager):
    """Plugin manager that finds hooks by their name, as pytest's does: a plugin needs no decorator."""

    def __init__(self) -> None:
        super().__init__("pytest")
        self.named_at: dict[str, str] = {}
        """The place that names a plugin, by the plugin's name."""

    def parse_hookimpl_opts(self, plugin: Any, name: str) -> pluggy.HookimplOpts | None:
        """Return the options of a hook, and those without a decorator for a function with the name of one."""
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


def load_manager(
    entries: Iterable[EntryPoint], names: Sequence[str], folder: Path, named_at: str
) -> tuple[HookManager, tuple[str, ...]]:
    """Load entry points, and the modules with these names, installed or in the folder.

    Args:
        entries: the entry points.
        names: the names of the modules.
        folder: the folder of the config, which may contain modules.
        named_at: the place with the names, for messages.

    Returns:
        The manager with the plugins, and a message for each one that cannot be loaded.
    """
    manager, problems = HookManager(), list[str]()
    manager.add_hookspecs(hookspecs)
    for entry in entries:
        distribution = f" of {entry.dist.name}" if entry.dist is not None else ""
        entry_place = one_line(f"entry point {entry.name} = {entry.value}{distribution}: ", 200)
        problems += _register(manager, entry.load, entry.name, entry_place)
    if names and str(folder) not in sys.path:
        sys.path.append(str(folder))  # at the end: installed modules come first
    for name in names:
        problems += _register(manager, partial(import_module, name), name, named_at)
    return manager, tuple(problems)


def _register(manager: HookManager, find: Callable[[], Any], name: str, named_at: str) -> list[str]:
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
