"""What the config says: found upward from a folder, judged as a whole, and frozen.

Finding a config costs next to nothing. The models need pydantic, which takes longer to import than everything else
that a session without evidence does: they are loaded when first used.
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
    with _nothing_plugged_in():
        return getattr(import_module(".reading" if name in _READING else ".model", __name__), name)


@contextmanager
def _nothing_plugged_in() -> Iterator[None]:
    """Keep pydantic from asking its plugins about our models: the config means what it says, whoever is installed.

    It loads them from the entry points of all distributions, where the first model of a process is made. Models of
    others, made later, find them as ever.
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
