"""Settings of a project: finder, reader and model of its config.

A session without evidence only looks for a config. So what reads one is loaded at its first use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .finder import CONFIG_NAME, PYPROJECT_NAME, TRACKER_NAME, find_config

if TYPE_CHECKING:
    from .model import (
        DEFAULT_REGISTER,
        ClaimSettings,
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
    from .reading import (
        config_problems,
        default_settings,
        key_location,
        key_locations,
        load_settings,
        override_settings,
        shared_names,
    )

__all__ = [
    "CONFIG_NAME",
    "DEFAULT_REGISTER",
    "PYPROJECT_NAME",
    "TRACKER_NAME",
    "ClaimSettings",
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
    "key_locations",
    "load_settings",
    "override_settings",
    "shared_names",
]

_READING = frozenset({
    "config_problems", "default_settings", "key_location", "key_locations", "load_settings", "override_settings",
    "shared_names",
})  # fmt: skip


def __getattr__(name: str) -> Any:
    from importlib import import_module

    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(".reading" if name in _READING else ".model", __name__), name)
