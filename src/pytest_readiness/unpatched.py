"""Snapshot of the standard library's names from before the first test, which may replace one for good.

While tests run, the code that writes their evidence calls functions that it imported when it was loaded. The code that
ends a session is too large for that, with the libraries that it calls: it runs with the original names and modules
restored.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePath
from types import MappingProxyType, ModuleType
from typing import Any, NamedTuple

_MODULES = (
    "builtins", "codecs", "datetime", "fnmatch", "functools", "genericpath", "getpass", "hashlib", "hmac", "importlib",
    "io", "json", "json.decoder", "json.encoder", "ntpath", "os", "pathlib", "platform", "posixpath", "random", "re",
    "secrets", "shutil", "sqlite3", "stat", "subprocess", "tempfile", "uuid",
)  # fmt: skip
"""Modules whose names are restored. ``time`` is not: a replaced clock must be detected at the end."""
_CLASSES = (PurePath, Path, type(Path()))
_PACKAGE = __name__.partition(".")[0]
_modules = sys.modules
_PYTHON = frozenset({"__annotations__", "__builtins__", "__doc__", "__dict__", "__weakref__", "_"})
"""Names that Python itself sets."""

_ABSENT = object()

_Owners = Sequence[tuple[ModuleType | type, Mapping[str, Any]]]


class Names(NamedTuple):
    """A snapshot of names."""

    owners: _Owners = ()
    """Modules and classes, each with its attributes."""
    modules: Mapping[str, ModuleType] = MappingProxyType({})
    """The loaded modules, with those of this package."""


def current_names() -> Names:
    """Return the names as they are now."""
    loaded = [module for name in _MODULES if (module := _modules.get(name)) is not None]
    owners: list[ModuleType | type] = [*loaded, *_CLASSES]
    return Names(tuple((owner, dict(vars(owner))) for owner in owners), dict(_modules))


@contextmanager
def restore_names(before: Names) -> Iterator[None]:
    """Run the block with the names and modules of the snapshot."""
    replaced, current_modules = list(_differing(before.owners)), _differing_modules(before.modules)
    for owner, name, _, original in replaced:
        setattr(owner, name, original)
    for name in current_modules:
        _set_module(name, before.modules.get(name))
    try:
        yield
    finally:
        for name, module in current_modules.items():
            _set_module(name, module)
        for owner, name, current, _ in replaced:
            if current is _ABSENT:
                delattr(owner, name)
            else:
                setattr(owner, name, current)


def _differing_modules(before: Mapping[str, ModuleType]) -> dict[str, ModuleType | None]:
    """Return the current modules, by name, in place of those that a test unloaded or replaced; None: there is none.

    If modules of this package are among them, its modules that were loaded later are included: they use the new ones.
    """
    modules = {name: _modules.get(name) for name, original in before.items() if _modules.get(name) is not original}
    if any(map(_is_in_package, modules)):
        modules |= {
            name: module for name, module in list(_modules.items()) if name not in before and _is_in_package(name)
        }
    return modules


def _is_in_package(name: str) -> bool:
    return name.partition(".")[0] == _PACKAGE


def _set_module(name: str, module: ModuleType | None) -> None:
    if module is None:
        _modules.pop(name, None)
    else:
        _modules[name] = module


def _differing(before: _Owners) -> Iterator[tuple[ModuleType | type, str, Any, Any]]:
    """Yield owner, name, current value (``_ABSENT`` if there is none) and original value of each replaced name."""
    for owner, names in before:
        attributes = vars(owner)
        for name, original in names.items():
            current = attributes.get(name, _ABSENT)
            if current is not original and name not in _PYTHON:
                yield owner, name, current, original
