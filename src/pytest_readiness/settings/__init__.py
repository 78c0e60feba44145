"""Settings of a project: finder, reader and model of its config.

Finding a config is fast. The models need pydantic, whose import takes longer than everything else in a session without
evidence. So they are loaded at their first use.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from .finder import CONFIG_NAME, PYPROJECT_NAME, TRACKER_NAME, find_config

if TYPE_CHECKING:
    from .model import (
        DEFAULT_REGISTER,
        ContextSettings,
        EnvironmentSettings,
        GateSettings,
        ItemSettings,
        KeySettings,
        PersonSettings,
        ProviderModeSettings,
        ReviewSettings,
        Settings,
        UseCaseSettings,
    )
    from .reading import config_problems, default_settings, key_location, load_settings, override_settings, shared_names

__all__ = [
    "CONFIG_NAME",
    "DEFAULT_REGISTER",
    "PYPROJECT_NAME",
    "TRACKER_NAME",
    "ContextSettings",
    "EnvironmentSettings",
    "GateSettings",
    "ItemSettings",
    "KeySettings",
    "PersonSettings",
    "ProviderModeSettings",
    "ReviewSettings",
    "Settings",
    "UseCaseSettings",
    "config_problems",
    "default_settings",
    "find_config",
    "key_location",
    "load_settings",
    "override_settings",
    "shared_names",
]

_READING = frozenset(
    {"config_problems", "default_settings", "key_location", "load_settings", "override_settings", "shared_names"}
)


def __getattr__(name: str) -> Any:
    from importlib import import_module

    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    with _without_pydantic_plugins():
        return getattr(import_module(".reading" if name in _READING else ".model", __name__), name)


@contextmanager
def _without_pydantic_plugins() -> Iterator[None]:
    """Disable pydantic's plugins for our models, so that no installed package can change the meaning of the config.

    Pydantic loads them from the entry points of all distributions for the first model of a process. Models that others
    define later still get them.
    """
    before = os.environ.get(_PYDANTIC_PLUGINS)
    os.environ[_PYDANTIC_PLUGINS] = "__all__"
    try:
        yield
    finally:
        if before is None:
            os.environ.pop(_PYDANTIC_PLUGINS, None)
        else:
            os.environ[_PYDANTIC_PLUGINS] = before


_PYDANTIC_PLUGINS = "PYDANTIC_DISABLE_PLUGINS"
