"""Snapshot of the standard library's names from before the first test, which may replace one for good.

While tests run, the code that writes their evidence calls functions that it imported when it was loaded. The code that
ends a session is too large for that, with the libraries that it calls: it runs with the original names restored.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path, PurePath
from types import ModuleType
from typing import Any

_MODULES = (
    "builtins", "codecs", "datetime", "fnmatch", "functools", "genericpath", "getpass", "hashlib", "hmac", "importlib",
    "io", "json", "json.decoder", "json.encoder", "ntpath", "os", "pathlib", "platform", "posixpath", "random", "re",
    "secrets", "shutil", "sqlite3", "stat", "subprocess", "tempfile", "uuid",
)  # fmt: skip
"""Modules whose names are restored. ``time`` is not: a replaced clock must be detected at the end."""
_CLASSES = (PurePath, Path, type(Path()))
_PYTHON = frozenset({"__annotations__", "__builtins__", "__doc__", "__dict__", "__weakref__", "_"})
"""Names that Python itself sets."""

_ABSENT = object()

Names = tuple[tuple[ModuleType | type, Mapping[str, Any]], ...]
"""Modules and classes, each with its attributes."""


def current_names() -> Names:
    """Return the names as they are now."""
    loaded = [module for name in _MODULES if (module := sys.modules.get(name)) is not None]
    owners: list[ModuleType | type] = [*loaded, *_CLASSES]
    return tuple((owner, dict(vars(owner))) for owner in owners)


@contextmanager
def restore_names(before: Names) -> Iterator[None]:
    """Run the block with the names of the snapshot."""
    replaced = list(_differing(before))
    for owner, name, _, original in replaced:
        setattr(owner, name, original)
    try:
        yield
    finally:
        for owner, name, current, _ in replaced:
            if current is _ABSENT:
                delattr(owner, name)
            else:
                setattr(owner, name, current)


def _differing(before: Names) -> Iterator[tuple[ModuleType | type, str, Any, Any]]:
    """Yield owner, name, current value (``_ABSENT`` if there is none) and original value of each replaced name."""
    for owner, names in before:
        attributes = vars(owner)
        for name, original in names.items():
            current = attributes.get(name, _ABSENT)
            if current is not original and name not in _PYTHON:
                yield owner, name, current, original
