"""Names of the standard library as they were before the first test: one may replace a name, and never put it back.

While tests run, what writes their evidence calls what was taken when it was loaded. What ends a session is large, other
libraries included: it works with the names and the modules as they were, and then the tests' are in force again.
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
"""Not the clocks: that one was replaced is to be seen at the end, and what is written has taken the right one."""
_CLASSES = (PurePath, Path, type(Path()))
_PACKAGE = __name__.partition(".")[0]
_modules = sys.modules
_PYTHON = frozenset({"__annotations__", "__builtins__", "__doc__", "__dict__", "__weakref__", "_"})
"""Names that Python sets itself."""

_Owners = Sequence[tuple[ModuleType | type, Mapping[str, Any]]]


class Names(NamedTuple):
    """What names stand for."""

    owners: _Owners = ()
    """Modules and classes, each with what it has."""
    modules: Mapping[str, ModuleType] = MappingProxyType({})
    """The modules that are loaded, ours among them."""


def names_now() -> Names:
    """Return the names as they are."""
    loaded = [module for name in _MODULES if (module := _modules.get(name)) is not None]
    owners: list[ModuleType | type] = [*loaded, *_CLASSES]
    return Names(tuple((owner, dict(vars(owner))) for owner in owners), dict(_modules))


@contextmanager
def put_back(before: Names) -> Iterator[None]:
    """Run the block with the names as they were."""
    replaced, now = list(_differing(before.owners)), _other_modules(before.modules)
    for owner, name, _, was in replaced:
        setattr(owner, name, was)
    for name in now:
        _put(name, before.modules.get(name))
    try:
        yield
    finally:
        for name, module in now.items():
            _put(name, module)
        for owner, name, found, _ in replaced:
            if found is _differing:
                delattr(owner, name)
            else:
                setattr(owner, name, found)


def _other_modules(before: Mapping[str, ModuleType]) -> dict[str, ModuleType | None]:
    """Return what there is under the names of modules that a test unloaded or replaced; None: nothing.

    Where ours are among them, those of ours that were loaded since are made of others, and go with them.
    """
    found = {name: _modules.get(name) for name, was in before.items() if _modules.get(name) is not was}
    if any(map(_is_ours, found)):
        found |= {name: module for name, module in list(_modules.items()) if name not in before and _is_ours(name)}
    return found


def _is_ours(name: str) -> bool:
    return name.partition(".")[0] == _PACKAGE


def _put(name: str, module: ModuleType | None) -> None:
    if module is None:
        _modules.pop(name, None)
    else:
        _modules[name] = module


def _differing(before: _Owners) -> Iterator[tuple[ModuleType | type, str, Any, Any]]:
    """Yield where a name is, the name, what it is now (this function: nothing), and what it was."""
    for owner, names in before:
        now = vars(owner)
        for name, was in names.items():
            found = now.get(name, _differing)
            if found is not was and name not in _PYTHON:
                yield owner, name, found, was
