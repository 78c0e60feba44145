"""Names of the standard library as they were before the first test: one may replace a name, and never put it back.

While tests run, what writes their evidence calls what was taken when it was loaded. What ends a session is large, other
libraries included: it works with the names as they were, and then the tests' are in force again.
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
"""Not the clocks: that one was replaced is to be seen at the end, and what is written has taken the right one."""
_CLASSES = (PurePath, Path, type(Path()))
_PYTHON = frozenset({"__annotations__", "__builtins__", "__doc__", "__dict__", "__weakref__", "_"})
"""Names that Python sets itself."""

Names = tuple[tuple[ModuleType | type, Mapping[str, Any]], ...]
"""Modules and classes, each with what it has."""


def current_names() -> Names:
    """Return the names as they are."""
    loaded = [module for name in _MODULES if (module := sys.modules.get(name)) is not None]
    owners: list[ModuleType | type] = [*loaded, *_CLASSES]
    return tuple((owner, dict(vars(owner))) for owner in owners)


@contextmanager
def restore_names(before: Names) -> Iterator[None]:
    """Run the block with the names as they were."""
    replaced = list(_differing(before))
    for owner, name, _, was in replaced:
        setattr(owner, name, was)
    try:
        yield
    finally:
        for owner, name, now, _ in replaced:
            if now is _differing:
                delattr(owner, name)
            else:
                setattr(owner, name, now)


def _differing(before: Names) -> Iterator[tuple[ModuleType | type, str, Any, Any]]:
    """Yield where a name is, the name, what it is now (this function: nothing), and what it was."""
    for owner, names in before:
        now = vars(owner)
        for name, was in names.items():
            found = now.get(name, _differing)
            if found is not was and name not in _PYTHON:
                yield owner, name, found, was
