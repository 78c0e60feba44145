"""What the config says: found upward from a folder, judged as a whole, and frozen.

Finding a config costs next to nothing. The models need pydantic, which takes longer to import than everything else
that a session without evidence does: they are loaded when first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .finder import CONFIG_NAME, PYPROJECT_NAME, TRACKER_NAME, find

if TYPE_CHECKING:
    from .model import (
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
    from .reading import key_place, load, override, problems, shared_names, without_config

__all__ = [
    "CONFIG_NAME",
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
    "find",
    "key_place",
    "load",
    "override",
    "problems",
    "shared_names",
    "without_config",
]

_READING = frozenset({"key_place", "load", "override", "problems", "shared_names", "without_config"})


def __getattr__(name: str) -> Any:
    from importlib import import_module

    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(".reading" if name in _READING else ".model", __name__), name)
